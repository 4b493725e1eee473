// Parts of files: the right bytes, of no more blocks than are needed, at the pace of the reader.

import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import type { GetStore } from '../../src/dag/read-block.ts'
import { type FileNode, readRange } from '../../src/dag/read-range.ts'
import { readNode } from '../../src/dag/unixfs-node.ts'
import { type Block, fileBlock, rawBlock } from './hostile-cars.ts'

function storeOf(blocks: readonly Block[]): GetStore & { readonly read: string[] } {
  const all = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
  const read: string[] = []
  return {
    read,
    async *get(cid) {
      read.push(cid.toString())
      const bytes = all.get(cid.toString())
      if (bytes === undefined) throw Object.assign(new Error('missing'), { name: 'NotFoundError' })
      yield bytes
    },
  }
}

/** A file of chunks of 10 bytes, four parts to a block, three levels high. */
function tree(size: number): { bytes: Buffer; root: Block; blocks: Block[] } {
  const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + (index >> 5)) % 251))
  const blocks: Block[] = []
  let level = Array.from({ length: Math.ceil(size / 10) }, (_, index) => {
    const part = bytes.subarray(index * 10, index * 10 + 10)
    return { block: rawBlock(part), size: part.byteLength }
  })
  while (level.length > 1) {
    blocks.push(...level.map(({ block }) => block))
    level = Array.from({ length: Math.ceil(level.length / 4) }, (_, index) => {
      const parts = level.slice(index * 4, index * 4 + 4)
      return {
        block: fileBlock(parts.map(({ block, size }) => [block.cid, size] as [CID, number])),
        size: parts.reduce((sum, part) => sum + part.size, 0),
      }
    })
  }
  const root = level[0]?.block as Block
  return { bytes, root, blocks: [...blocks, root] }
}

const fileOf = ({ cid, bytes }: Block) => readNode(cid, bytes) as FileNode

describe('a range of a file', () => {
  it('is the bytes that it names, for any range', async () => {
    const { bytes, root, blocks } = tree(333)
    const store = storeOf(blocks)
    const ends = fc.tuple(fc.nat(332), fc.nat(332)).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))
    await fc.assert(
      fc.asyncProperty(ends, async ({ first, last }) => {
        store.read.length = 0
        const parts = await Array.fromAsync(readRange(store, root.cid, fileOf(root), { first, last }))
        expect(Buffer.concat(parts)).toEqual(bytes.subarray(first, last + 1))
        const leaves = Math.floor(last / 10) - Math.floor(first / 10) + 1
        // No leaf too many, and of the blocks above no more than lead there.
        expect(store.read.length).toBeLessThanOrEqual(leaves + Math.ceil(leaves / 4) + 1 + Math.ceil(leaves / 16) + 1)
      }),
    )
  })

  it('is read no faster than somebody takes it', async () => {
    const { root, blocks } = tree(4000)
    const store = storeOf(blocks)
    const parts = readRange(store, root.cid, fileOf(root), { first: 0, last: 3999 })
    for (let taken = 0; taken < 20; taken += 1) await parts.next()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(store.read.length).toBeLessThan(20 + 20)
    await parts.return(undefined)
  })

  it('of a part that has another size than it is said to have fails there', async () => {
    const [leaf, other] = [rawBlock('0123456789'), rawBlock('01234')]
    const root = fileBlock([
      [leaf.cid, 10],
      [other.cid, 10],
    ])
    const parts = readRange(storeOf([leaf, other]), root.cid, fileOf(root), { first: 0, last: 19 })
    expect((await parts.next()).value).toEqual(leaf.bytes)
    await expect(parts.next()).rejects.toThrow(/is not the 10 bytes/)
  })

  it('of a file that is deeper than any is refuses to go on', async () => {
    let block = rawBlock('x')
    const blocks = [block]
    for (let level = 0; level < 50; level += 1) {
      block = fileBlock([[block.cid, 1]])
      blocks.push(block)
    }
    const parts = readRange(storeOf(blocks), block.cid, fileOf(block), { first: 0, last: 0 })
    await expect(parts.next()).rejects.toThrow(/more than 32 levels/)
  })

  it('of a file of 2^50 bytes that are all the same begins at once', async () => {
    let block = rawBlock('xy')
    const blocks = [block]
    for (let size = 2; blocks.length < 25; size *= 4) {
      const part: [CID, number] = [block.cid, size]
      block = fileBlock([part, part, part, part])
      blocks.push(block)
    }
    const first = 2 ** 48 + 5
    const parts = readRange(storeOf(blocks), block.cid, fileOf(block), { first, last: first + 3 })
    expect(Buffer.concat(await Array.fromAsync(parts)).toString()).toBe('yxyx')
  })
})
