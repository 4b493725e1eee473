import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { writeCar } from '../../src/dag/write-car.ts'
import { writeDag } from '../../src/dag/write-dag.ts'
import { type CarFindings, checkCarFile } from '../../src/verify/check-car.ts'
import {
  type Block,
  carOf,
  directoryBlock,
  fileBlock,
  fileOf,
  headerOf,
  heavyCars,
  hostileCars,
  hostileDags,
  rawBlock,
  sectionOf,
  v2Of,
} from '../dag/hostile-cars.ts'
import { temporaryFolder } from '../temporary.ts'

const signal = new AbortController().signal
const hello = rawBlock('hello')
const world = rawBlock('world')

function fileWith(bytes: Uint8Array): string {
  const file = join(temporaryFolder(), 'article.car')
  writeFileSync(file, bytes)
  return file
}

function check(bytes: Uint8Array): Promise<CarFindings> {
  return checkCarFile(fileWith(bytes), { signal })
}

/** Where the section of a block begins in a CAR. */
function offsetOf(car: Buffer, { cid, bytes }: Block): number {
  return car.indexOf(sectionOf(cid.bytes, bytes))
}

/** A CAR of a bundle like ours, with a picture of some blocks. */
async function bundle(version = 2): Promise<{ car: Buffer; root: CID; blocks: MemoryBlockstore; picture: Buffer }> {
  const blocks = new MemoryBlockstore()
  const picture = Buffer.concat([0, 1, 2].map((value) => Buffer.alloc(1_048_576, value)))
  const metadata = { schemaVersion: 'ovn-bundle/1', identifier: 'clocks', version, headline: 'On Clocks' }
  const { cid } = await writeDag({ blockstore: blocks as never }, [
    { path: 'article.md', content: Buffer.from('# On Clocks') },
    { path: 'assets/picture.jpg', content: picture },
    { path: 'metadata.json', content: Buffer.from(JSON.stringify(metadata)) },
  ])
  return { car: Buffer.concat(await Array.fromAsync(writeCar(blocks, [cid]))), root: cid, blocks, picture }
}

describe('a CAR that is whole', () => {
  it('is intact, and its articles are named', async () => {
    const { car, root } = await bundle()
    const totals: number[] = []
    const findings = await checkCarFile(fileWith(car), { signal, onBytes: (done, total) => totals.push(done, total) })
    expect(findings).toEqual({
      state: 'intact',
      version: 1,
      roots: [
        {
          root: root.toString(),
          state: 'intact',
          slug: 'clocks',
          version: 2,
          title: 'On Clocks',
          size: expect.any(Number),
        },
      ],
      blocks: 8,
      bytes: expect.any(Number),
      damage: [],
      unlisted: 0,
      extra: { blocks: 0, bytes: 0, listed: [] },
      duplicates: { blocks: 0, bytes: 0, listed: [] },
      notices: [],
    })
    expect(totals.at(-1)).toBe(car.byteLength)
    expect(totals.at(-2)).toBe(car.byteLength)
  })

  it('may be of version 2, have several roots, and no bundle of ours', async () => {
    const car = v2Of(await carOf([hello.cid, world.cid], [hello, world]))
    expect(await check(car)).toMatchObject({
      state: 'intact',
      version: 2,
      roots: [
        { root: hello.cid.toString(), state: 'intact', size: 5 },
        { root: world.cid.toString(), state: 'intact', size: 5 },
      ],
    })
  })

  it('may hold more than its roots need, and blocks twice: that is said', async () => {
    const car = await carOf([hello.cid], [hello, world, hello])
    const findings = await check(car)
    expect(findings.state).toBe('intact')
    expect(findings.extra).toEqual({
      blocks: 1,
      bytes: 5,
      listed: [{ cid: world.cid.toString(), offset: offsetOf(car, world) }],
    })
    expect(findings.duplicates).toEqual({
      blocks: 1,
      bytes: 5,
      listed: [{ cid: hello.cid.toString(), offset: car.byteLength - 42 }],
    })
    expect(findings.notices.map(({ message }) => message)).toEqual([
      '1 of its blocks are needed by none of its roots',
      '1 of its blocks repeat others',
    ])
  })
})

describe('a CAR that is not', () => {
  it('has every wrong block listed, with the files that need it, and what was found', async () => {
    const { car, root, picture } = await bundle()
    const leaves = [0, 2].map((part) => rawBlock(picture.subarray(part * 1_048_576, (part + 1) * 1_048_576)))
    for (const leaf of leaves) car[offsetOf(car, leaf) + 100_000] = 77
    const findings = await check(car)
    expect(findings.state).toBe('damaged')
    expect(findings.roots).toMatchObject([{ root: root.toString(), state: 'damaged', slug: 'clocks' }])
    expect(findings.damage).toEqual(
      leaves.map((leaf) => ({
        code: 'block-hash',
        state: 'damaged',
        kind: 'block',
        message: expect.stringContaining(`block ${leaf.cid} at byte`),
        hint: expect.any(String),
        cid: leaf.cid.toString(),
        offset: expect.any(Number),
        expected: leaf.cid.toString(),
        found: expect.stringMatching(/^bafkrei/),
        needs: [{ root: root.toString(), article: 'clocks@2', path: 'assets/picture.jpg' }],
      })),
    )
    expect(findings.blocks).toBe(8)
  })

  it('has every missing block listed, with the files that need it', async () => {
    const { root, blocks, picture } = await bundle()
    const gone = [rawBlock('# On Clocks'), rawBlock(picture.subarray(0, 1_048_576))]
    const all: Block[] = []
    for await (const { cid, bytes } of blocks.getAll()) {
      const [content] = (await Array.fromAsync(bytes)) as [Uint8Array]
      const code = cid.multihash.bytes.every((byte, index) => byte === root.multihash.bytes[index]) ? 0x70 : cid.code
      all.push({ cid: CID.createV1(code, cid.multihash), bytes: content })
    }
    const findings = await check(
      await carOf(
        [root],
        all.filter(({ cid }) => !gone.some((block) => block.cid.equals(cid))),
      ),
    )
    expect(findings.state).toBe('missing')
    expect(findings.damage.map(({ state, cid, needs }) => [state, cid, needs[0]?.path])).toEqual([
      ['missing', gone[0]?.cid.toString(), 'article.md'],
      ['missing', gone[1]?.cid.toString(), 'assets/picture.jpg'],
    ])
  })

  it('is cut short somewhere: what is behind that is missing, and the place is told', async () => {
    const { car } = await bundle()
    const file = fileWith(car)
    truncateSync(file, 2_500_000)
    const findings = await checkCarFile(file, { signal })
    expect(findings.state).toBe('damaged')
    expect(findings.damage[0]).toMatchObject({
      kind: 'file',
      state: 'damaged',
      message: expect.stringContaining('it ends at byte 2500000'),
    })
    expect(findings.damage.slice(1).map(({ state }) => state)).toEqual(findings.damage.slice(1).map(() => 'missing'))
    expect(findings.damage.length).toBeGreaterThan(2)
  })

  it('makes no sense from some place on: what could stand there is not checked', async () => {
    const root = directoryBlock([
      ['a', hello.cid],
      ['b', world.cid],
    ])
    const car = Buffer.concat([
      headerOf({ version: 1, roots: [root.cid] }),
      sectionOf(root.cid.bytes, root.bytes),
      sectionOf(hello.cid.bytes, hello.bytes),
      Buffer.alloc(1),
      sectionOf(world.cid.bytes, world.bytes),
    ])
    const { state, damage } = await check(car)
    expect(state).toBe('damaged')
    expect(damage.map((each) => [each.kind, each.state])).toEqual([
      ['file', 'damaged'],
      ['block', 'not checked'],
    ])
  })

  it('has one section that is no block: the others are checked all the same', async () => {
    const root = directoryBlock([
      ['a', hello.cid],
      ['b', world.cid],
    ])
    const broken = sectionOf(hello.cid.bytes, hello.bytes)
    broken[1] = 9
    const car = Buffer.concat([
      headerOf({ version: 1, roots: [root.cid] }),
      sectionOf(root.cid.bytes, root.bytes),
      broken,
      sectionOf(world.cid.bytes, Buffer.from('w0rld')),
    ])
    const { damage } = await check(car)
    expect(damage.map(({ kind, state, cid, needs }) => [kind, state, cid, needs.map(({ path }) => path)])).toEqual([
      ['file', 'damaged', undefined, []],
      ['block', 'damaged', world.cid.toString(), ['b']],
      ['block', 'missing', hello.cid.toString(), ['a']],
    ])
  })

  it('has a wrong copy of a block and a right one: the first is damage, and nothing is missing', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const copies = [Buffer.from('hallo'), Buffer.from('hello')].map((bytes) => sectionOf(hello.cid.bytes, bytes))
      const sections = order.map((index) => copies[index] as Buffer)
      const { roots, damage, state } = await check(
        Buffer.concat([headerOf({ version: 1, roots: [hello.cid] }), ...sections]),
      )
      expect(roots).toMatchObject([{ state: 'intact' }])
      expect(state).toBe('damaged')
      expect(damage).toMatchObject([{ state: 'damaged', needs: [] }])
    }
  })

  it('has blocks that nobody can check: they are not damage', async () => {
    const odd = CID.createV1(0x55, create(0x22, new Uint8Array(8)))
    const root = directoryBlock([['a', odd]])
    const { state, damage, roots } = await check(await carOf([root.cid], [root, { cid: odd, bytes: Buffer.from('x') }]))
    expect(state).toBe('not checked')
    expect(roots).toMatchObject([{ state: 'not checked' }])
    expect(damage).toMatchObject([
      { state: 'not checked', message: expect.stringContaining('is not trusted'), needs: [{ path: 'a' }] },
    ])
  })

  it('names no root: what is missing cannot be told', async () => {
    expect(await check(await carOf([], [hello]))).toMatchObject({
      state: 'not checked',
      damage: [{ kind: 'file', state: 'not checked' }],
      extra: { blocks: 1 },
    })
  })

  it('has files that are not as long as they are said to be', async () => {
    const file = fileBlock([[hello.cid, 6]])
    expect(await check(await carOf([file.cid], [file, hello]))).toMatchObject({
      state: 'damaged',
      damage: [{ kind: 'bundle', state: 'damaged', cid: file.cid.toString() }],
    })
  })

  it('finds every flipped byte', async () => {
    const root = directoryBlock([
      ['a', hello.cid],
      ['b', world.cid],
    ])
    const car = await carOf([root.cid], [root, hello, world])
    for (let index = 0; index < car.byteLength; index += 1) {
      const flipped = Buffer.from(car)
      flipped[index] = (flipped[index] as number) ^ (1 << (index % 8))
      const { state, notices } = await check(flipped)
      // The codec of a CID says how bytes are read, not which they are.
      if (state === 'intact') expect(notices[0]?.message, `byte ${index}`).toContain('another codec')
    }
  })

  it('finds every place where it can be cut', async () => {
    const car = await carOf([directoryBlock([['a', hello.cid]]).cid], [directoryBlock([['a', hello.cid]]), hello])
    for (let length = 0; length < car.byteLength; length += 1) {
      expect((await check(car.subarray(0, length))).state, `${length}`).not.toBe('intact')
    }
  })
})

describe('a hostile CAR', () => {
  it.each([...hostileCars, ...hostileDags])('$name is not called intact', async ({ make }) => {
    const before = process.memoryUsage().rss
    const { state, damage } = await check(await fileOf(await make()))
    expect(state).not.toBe('intact')
    expect(damage.length).toBeGreaterThan(0)
    for (const { message } of damage) expect(message).toMatch(/^\S/)
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1_048_576)
  })

  it.each(heavyCars)('$name is checked to its end', async ({ make, blocks }) => {
    const findings = await check(await fileOf(await make()))
    expect(findings.blocks).toBe(blocks)
    expect(findings.damage.length).toBeLessThan(2)
  })

  it.each(['missing', 'damaged'])('with 2^40 paths to a block that is %s ends, and tells of it', async (how) => {
    const blocks: Block[] = []
    let below = hello.cid
    for (let level = 0; level < 40; level += 1) {
      blocks.unshift(
        directoryBlock([
          ['a', below],
          ['b', below],
        ]),
      )
      below = (blocks[0] as Block).cid
    }
    const bad = how === 'missing' ? [] : [{ cid: hello.cid, bytes: Buffer.from('hallo') }]
    const { damage } = await check(await carOf([below], [...blocks, ...bad]))
    expect(damage).toMatchObject([{ state: how, cid: hello.cid.toString() }])
    expect(damage[0]?.needs.length).toBe(100)
  })

  it('with ten thousand wrong blocks lists a thousand and counts the rest', async () => {
    const blocks = Array.from({ length: 10_000 }, (_, index) => ({
      cid: rawBlock(`${index}`).cid,
      bytes: Buffer.from('x'),
    }))
    const { damage, unlisted } = await check(await carOf([hello.cid], [hello, ...blocks]))
    expect(damage.length + unlisted).toBe(10_000)
    expect(damage).toHaveLength(1000)
  })
})

describe('what is no file', () => {
  it('is told apart from damage', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'sub'))
    await expect(checkCarFile(join(folder, 'none.car'), { signal })).rejects.toMatchObject({ code: 'not-found' })
    await expect(checkCarFile(join(folder, 'sub'), { signal })).rejects.toMatchObject({ code: 'usage' })
    await expect(
      checkCarFile(fileWith(await carOf([hello.cid], [hello])), { signal: AbortSignal.abort() }),
    ).rejects.toThrow('aborted')
  })

  it('is not held in memory, however large', async () => {
    const file = fileWith(headerOf({ version: 1, roots: [hello.cid] }))
    for (let round = 0; round < 8; round += 1) {
      const parts = Array.from({ length: 32 }, (_, index) => {
        const block = rawBlock(Buffer.alloc(1_048_576, round * 32 + index))
        return sectionOf(block.cid.bytes, block.bytes)
      })
      appendFileSync(file, Buffer.concat(parts))
    }
    appendFileSync(file, sectionOf(hello.cid.bytes, hello.bytes))
    const before = process.memoryUsage().rss
    const findings = await checkCarFile(file, { signal })
    expect(findings).toMatchObject({ state: 'intact', blocks: 257, extra: { blocks: 256 } })
    expect(process.memoryUsage().rss - before).toBeLessThan(160 * 1_048_576)
    expect(readFileSync(file).byteLength).toBeGreaterThan(2 ** 28)
  })
})
