import { CarReader } from '@ipld/car'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/dag/hash.ts'
import { readCar } from '../../src/dag/read-car.ts'
import { writeCar } from '../../src/dag/write-car.ts'
import { writeDag } from '../../src/dag/write-dag.ts'
import { type Block, carOf, directoryBlock, heavyCars, pbBlock, rawBlock } from './hostile-cars.ts'

async function storeOf(blocks: readonly Block[]): Promise<MemoryBlockstore> {
  const store = new MemoryBlockstore()
  for (const { cid, bytes } of blocks) await store.put(cid, bytes)
  return store
}

async function carBytes(store: MemoryBlockstore, ...roots: CID[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(writeCar(store, roots)))
}

async function cidsOf(car: Uint8Array): Promise<string[]> {
  return Array.fromAsync((await CarReader.fromBytes(car)).cids(), String)
}

const leaf = rawBlock('leaf')
const other = rawBlock('other')
const inner = directoryBlock([
  ['x', other.cid],
  ['y', leaf.cid],
])
const root = directoryBlock([
  ['a', leaf.cid],
  ['b', inner.cid],
  ['c', other.cid],
])
const all = [leaf, other, inner, root]

describe('writeCar', () => {
  it('writes a CAR as @ipld/car would: root first, depth first, links in order, no block twice', async () => {
    const car = await carBytes(await storeOf(all), root.cid)
    expect(car.equals(await carOf([root.cid], [root, leaf, inner, other]))).toBe(true)
    const reader = await CarReader.fromBytes(car)
    expect(reader.version).toBe(1)
    expect((await reader.getRoots()).map(String)).toEqual([String(root.cid)])
  })

  it('writes the same bytes from any store, in whatever order it got its blocks', async () => {
    const store = new MemoryBlockstore()
    const files = Array.from({ length: 40 }, (_, index) => ({
      path: `f${index}/x`,
      content: Buffer.alloc(index * 9000, index),
    }))
    const { cid } = await writeDag({ blockstore: store }, files)
    const first = await carBytes(store, cid)
    const turned = new MemoryBlockstore()
    for (const { cid: each, bytes } of await Array.fromAsync((await CarReader.fromBytes(first)).blocks()).then(
      (blocks) => blocks.reverse(),
    )) {
      await turned.put(each, bytes)
    }
    await turned.put(rawBlock('stray').cid, rawBlock('stray').bytes)
    expect((await carBytes(turned, cid)).equals(first)).toBe(true)
  })

  it('writes what two roots share once, and keeps the order of the roots', async () => {
    const store = await storeOf(all)
    const car = await carBytes(store, inner.cid, root.cid)
    expect(await cidsOf(car)).toEqual([inner, other, leaf, root].map(({ cid }) => String(cid)))
    expect((await (await CarReader.fromBytes(car)).getRoots()).map(String)).toEqual(
      [inner, root].map(({ cid }) => String(cid)),
    )
    expect(await cidsOf(await carBytes(store, root.cid, root.cid))).toHaveLength(4)
  })

  it('writes no block whose bytes are inside its CID, and follows its links', async () => {
    const folder = directoryBlock([['l', leaf.cid]])
    const inline = CID.createV1(0x70, create(0, folder.bytes))
    const text = CID.createV1(0x55, create(0, Buffer.from('inside')))
    const outer = directoryBlock([
      ['f', inline],
      ['t', text],
    ])
    const car = await carBytes(await storeOf([outer, leaf]), outer.cid)
    expect(await cidsOf(car)).toEqual([outer, leaf].map(({ cid }) => String(cid)))
    expect(await cidsOf(await carBytes(await storeOf([leaf]), inline))).toEqual([String(leaf.cid)])
  })

  it('keeps CIDs of version 0 as the links have them', async () => {
    const old = CID.createV0(sha256(inner.bytes))
    const outer = pbBlock(Uint8Array.of(8, 1), [{ Name: 'old', Hash: old, Tsize: 1 }])
    expect(await cidsOf(await carBytes(await storeOf([...all, outer]), outer.cid))).toContain(String(old))
  })

  it.each(heavyCars.filter(({ name }) => !name.includes('20,000')))('writes $name', async ({ make, blocks }) => {
    const bytes = (await make()) as Uint8Array
    const reader = await CarReader.fromBytes(bytes)
    const store = await storeOf((await Array.fromAsync(reader.blocks())) as Block[])
    const car = await carBytes(store, ...(await reader.getRoots()))
    expect(await cidsOf(car)).toHaveLength(blocks)
  })

  it('reads back what it wrote', async () => {
    const car = await carBytes(await storeOf(all), root.cid)
    const { roots, blocks } = await readCar(new Blob([car]).stream(), 'x.car')
    expect(roots.map(String)).toEqual([String(root.cid)])
    expect(await Array.fromAsync(blocks, ({ cid }) => String(cid))).toEqual(await cidsOf(car))
  })

  it('ends with an error at a block that is missing, damaged, or cannot be checked', async () => {
    await expect(carBytes(await storeOf([root, leaf, other]), root.cid)).rejects.toMatchObject({ code: 'not-found' })
    await expect(
      carBytes(await storeOf([root, leaf, other, { cid: inner.cid, bytes: Buffer.from('wrong') }]), root.cid),
    ).rejects.toMatchObject({ code: 'damaged' })
    const odd = directoryBlock([['a', CID.createV1(0x55, create(0x22, new Uint8Array(8)))]])
    await expect(carBytes(await storeOf([odd]), odd.cid)).rejects.toMatchObject({ code: 'damaged' })
  })

  it('stops when it is told to', async () => {
    const store = await storeOf(all)
    await expect(Array.fromAsync(writeCar(store, [root.cid], AbortSignal.abort()))).rejects.toThrow('aborted')
  })

  it('refuses a DAG with more links side by side than any has', async () => {
    const wide = (below: CID, level: number) =>
      pbBlock(Uint8Array.of(8, 1), [
        { Name: '0', Hash: below, Tsize: 1 },
        ...Array.from({ length: 30_000 }, (_, index) => ({
          Name: '1',
          Hash: CID.createV1(0x55, create(0x12, Buffer.alloc(32, `${level}-${index}-`))),
          Tsize: 1,
        })),
      ])
    const blocks = [leaf]
    for (let level = 0; level < 7; level += 1) blocks.unshift(wide((blocks[0] as Block).cid, level))
    await expect(carBytes(await storeOf(blocks), (blocks[0] as Block).cid)).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('side by side'),
    })
  })
})
