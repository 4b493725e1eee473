import { encode, prepare } from '@ipld/dag-pb'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/dag/hash.ts'
import { listFiles, readFile } from '../../src/dag/list-files.ts'
import { linksOf, toV1, walkDag } from '../../src/dag/walk.ts'
import { type DagEntry, writeDag } from '../../src/dag/write-dag.ts'

function store() {
  return new MemoryBlockstore()
}

async function putNode(
  blocks: MemoryBlockstore,
  children: readonly CID[],
  name = (index: number) => `${index}`,
): Promise<CID> {
  const bytes = encode(
    prepare({ Data: Buffer.of(8, 1), Links: children.map((Hash, index) => ({ Name: name(index), Hash })) }),
  )
  const cid = CID.createV1(0x70, sha256(bytes))
  await blocks.put(cid, bytes)
  return cid
}

async function putLeaf(blocks: MemoryBlockstore, text: string): Promise<CID> {
  const cid = CID.createV1(0x55, sha256(Buffer.from(text)))
  await blocks.put(cid, Buffer.from(text))
  return cid
}

describe('walkDag', () => {
  it('visits a block once, however many paths lead to it', async () => {
    const blocks = store()
    let cid = await putLeaf(blocks, 'bottom')
    // 2^40 paths from 41 blocks.
    for (let level = 0; level < 40; level += 1) cid = await putNode(blocks, [cid, cid])
    expect(await Array.fromAsync(walkDag(blocks, cid))).toHaveLength(41)
  })

  it('goes as deep as a chain goes, without recursion', async () => {
    const blocks = store()
    let cid = await putLeaf(blocks, 'bottom')
    for (let level = 0; level < 5000; level += 1) cid = await putNode(blocks, [cid])
    expect(await Array.fromAsync(walkDag(blocks, cid))).toHaveLength(5001)
  })

  it('stops at a depth, counted on the shortest path', async () => {
    const blocks = store()
    const leaf = await putLeaf(blocks, 'leaf')
    const middle = await putNode(blocks, [leaf])
    const low = await putNode(blocks, [middle])
    // `middle` is met first two levels down, where its leaf is out of reach, then one level down.
    const root = await putNode(blocks, [low, middle])
    const seen = (await Array.fromAsync(walkDag(blocks, root, { depth: 2 }))).map(String)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toContain(leaf.toString())
    expect(await Array.fromAsync(walkDag(blocks, root, { depth: 0 }))).toHaveLength(1)
  })

  it('stops when it is told to', async () => {
    const blocks = store()
    const root = await putNode(blocks, [await putLeaf(blocks, 'leaf')])
    await expect(Array.fromAsync(walkDag(blocks, root, { signal: AbortSignal.abort() }))).rejects.toThrow('aborted')
  })

  it('refuses what is not UnixFS', () => {
    const bytes = Buffer.from('x')
    expect(() => linksOf(CID.createV1(0x71, sha256(bytes)), bytes)).toThrow(
      expect.objectContaining({ code: 'damaged' }),
    )
    expect(() => linksOf(CID.createV1(0x70, sha256(bytes)), bytes)).toThrow(
      expect.objectContaining({ code: 'damaged' }),
    )
    expect(linksOf(CID.createV1(0x55, sha256(bytes)), bytes)).toEqual([])
  })

  it('compares CIDs in version 1', () => {
    const v0 = CID.parse('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')
    expect(toV1(v0).toString()).toBe('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
  })
})

describe('listFiles', () => {
  const write = (blocks: MemoryBlockstore, entries: Iterable<DagEntry>) => writeDag({ blockstore: blocks }, entries)

  it('lists what was written, in the order of names, with sizes', async () => {
    const blocks = store()
    const content = Buffer.alloc(1_048_577, 'x')
    const { cid } = await write(blocks, [
      { path: 'b.txt', content: Buffer.from('bee') },
      { path: 'a/large.bin', content },
      { path: 'a/empty', content: new Uint8Array() },
    ])
    const files = await listFiles(blocks, cid)
    expect(files.map(({ path, size }) => ({ path, size }))).toEqual([
      { path: 'a/empty', size: 0 },
      { path: 'a/large.bin', size: 1_048_577 },
      { path: 'b.txt', size: 3 },
    ])
    expect(Buffer.from(await readFile(blocks, files[1]?.cid as CID)).equals(content)).toBe(true)
  })

  it('lists a sharded directory by its names', async () => {
    const blocks = store()
    const names = Array.from(
      { length: 6000 },
      (_, index) => `a file with a long name ${String(index).padStart(5, '0')}.txt`,
    )
    const { cid } = await write(
      blocks,
      names.map((path) => ({ path, content: Buffer.from('x') })),
    )
    expect((await listFiles(blocks, cid)).map(({ path }) => path).sort()).toEqual(names)
  })

  it('refuses a trap', async () => {
    const blocks = store()
    let doubling = await putLeaf(blocks, 'bottom')
    for (let level = 0; level < 40; level += 1) doubling = await putNode(blocks, [doubling, doubling])
    await expect(listFiles(blocks, doubling)).rejects.toMatchObject({ code: 'damaged' })
    let deep = await putLeaf(blocks, 'bottom')
    for (let level = 0; level < 100; level += 1) deep = await putNode(blocks, [deep])
    await expect(listFiles(blocks, deep)).rejects.toMatchObject({ code: 'damaged' })
    const unnamed = await putNode(blocks, [deep], () => '')
    await expect(listFiles(blocks, unnamed)).rejects.toMatchObject({ code: 'damaged' })
  })

  it('refuses to read a huge file whole', async () => {
    const blocks = store()
    const leaf = await putLeaf(blocks, 'x'.repeat(1_000_000))
    const file = await putNode(
      blocks,
      Array.from({ length: 20 }, () => leaf),
    )
    await expect(readFile(blocks, file)).rejects.toMatchObject({ code: 'damaged' })
  })
})
