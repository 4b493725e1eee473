import { CarBufferReader, CarReader } from '@ipld/car'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/dag/hash.ts'
import { type Car, type CarSection, readCar, readCarSections } from '../../src/dag/read-car.ts'
import { OvnError } from '../../src/errors.ts'
import {
  type Block,
  carOf,
  directoryBlock,
  endless,
  headerOf,
  heavyCars,
  hostileCars,
  hostileDags,
  rawBlock,
  sectionOf,
  v2Of,
} from './hostile-cars.ts'

async function* inChunks(bytes: Uint8Array, size = bytes.byteLength): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

async function readAll(
  source: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<Omit<Car, 'blocks'> & { blocks: CarSection[] }> {
  const car = await readCar(source instanceof Uint8Array ? inChunks(source) : source, 'x.car')
  return { ...car, blocks: await Array.fromAsync(car.blocks) }
}

/** A CAR of small blocks, of a large one that is hashed aside, of an identity CID, one of version 0, and one block twice. */
async function mixedCar(): Promise<{ car: Buffer; roots: CID[]; blocks: Block[] }> {
  const large = rawBlock(new Uint8Array(300_000).fill(7))
  const inline = { cid: CID.createV1(0x55, create(0, Buffer.from('inside'))), bytes: Buffer.from('inside') }
  const folder = directoryBlock([['large', large.cid]])
  const old = { cid: CID.createV0(sha256(folder.bytes)), bytes: folder.bytes }
  const empty = rawBlock('')
  const blocks = [folder, rawBlock('a'), large, inline, empty, old, rawBlock('a'), rawBlock('b')]
  const roots = [folder.cid, old.cid]
  return { car: await carOf(roots, blocks), roots, blocks }
}

describe('readCar', () => {
  it('reads what @ipld/car writes, however the stream is cut', async () => {
    const { car, roots, blocks } = await mixedCar()
    for (const size of [1, 2, 7, 64, 4096, 65_536, car.byteLength]) {
      const read = await readAll(inChunks(car, size))
      expect(read.version).toBe(1)
      expect(read.roots.map(String)).toEqual(roots.map(String))
      expect(read.blocks.map(({ cid }) => String(cid))).toEqual(blocks.map(({ cid }) => String(cid)))
      for (const [index, { bytes }] of read.blocks.entries()) {
        expect(Buffer.compare(bytes, blocks[index]?.bytes as Uint8Array)).toBe(0)
      }
    }
  })

  it('says where a block stands, as @ipld/car sees it', async () => {
    const { car } = await mixedCar()
    const { blocks } = await readAll(car)
    for (const { bytes, bytesOffset } of blocks) {
      expect(Buffer.compare(car.subarray(bytesOffset, bytesOffset + bytes.byteLength), bytes)).toBe(0)
    }
    expect(blocks[0]?.offset).toBeGreaterThan(0)
    const wrapped = await readAll(v2Of(car, { padding: 100, offset: 151n }))
    expect(wrapped.blocks.map(({ offset }) => offset)).toEqual(blocks.map(({ offset }) => offset + 151))
  })

  it('reads a CARv2, with padding, with an index behind it, and in any chunks', async () => {
    const { car, blocks } = await mixedCar()
    const file = Buffer.concat([
      v2Of(car, { padding: 13, offset: 64n, index: BigInt(64 + car.byteLength) }),
      Buffer.from('an index that nobody reads'),
    ])
    expect((await CarReader.fromBytes(file)).version).toBe(2)
    for (const size of [1, 50, file.byteLength]) {
      const read = await readAll(inChunks(file, size))
      expect(read.version).toBe(2)
      expect(read.blocks).toHaveLength(blocks.length)
    }
  })

  it('reads a CAR without roots and without blocks', async () => {
    expect(await readAll(headerOf({ version: 1, roots: [] }))).toMatchObject({ roots: [], blocks: [] })
  })

  it('reads at the limits: blocks of 2 MiB, 10,000 roots, identities of 128 bytes', async () => {
    const largest = rawBlock(new Uint8Array(2 * 1_048_576))
    expect((await readAll(await carOf([], [largest]))).blocks[0]?.bytes.byteLength).toBe(2_097_152)
    const roots = Array.from({ length: 10_000 }, () => largest.cid)
    expect((await readAll(headerOf({ version: 1, roots }))).roots).toHaveLength(10_000)
    const bytes = new Uint8Array(128)
    const inline = { cid: CID.createV1(0x55, create(0, bytes)), bytes }
    expect((await readAll(await carOf([], [inline]))).blocks).toHaveLength(1)
  })

  it('hands over nothing that is not right, and all that is right before it', async () => {
    const large = [1, 2, 3].map((fill) => rawBlock(new Uint8Array(100_000).fill(fill)))
    const bad = { cid: (large[0] as Block).cid, bytes: new Uint8Array(100_000) }
    const right = await carOf([], large)
    const more = right.subarray(headerOf({ version: 1, roots: [] }).byteLength)
    for (const [rest, says] of [
      [Buffer.concat([sectionOf(bad.cid.bytes, bad.bytes), more]), /do not match/],
      [Buffer.concat([sectionOf(bad.cid.bytes, Buffer.from('short')), more]), /do not match/],
      [Uint8Array.of(100, 1), /cut short/],
    ] as const) {
      const { blocks } = await readCar(inChunks(Buffer.concat([right, rest])), 'x.car')
      const seen: string[] = []
      const reading = (async () => {
        for await (const { cid } of blocks) seen.push(String(cid))
      })()
      await expect(reading).rejects.toThrow(says)
      expect(seen).toEqual(large.map(({ cid }) => String(cid)))
    }
  })

  it('finds every truncation, at every byte', async () => {
    const blocks = [rawBlock('one'), rawBlock('two'), directoryBlock([['a', rawBlock('one').cid]])]
    const car = await carOf([(blocks[2] as Block).cid], blocks)
    const sections = (await readAll(car)).blocks
    const ends = new Set([
      sections[0]?.offset,
      ...sections.map(({ bytes, bytesOffset }) => bytesOffset + bytes.byteLength),
    ])
    for (let length = 0; length < car.byteLength; length += 1) {
      const read = await readAll(car.subarray(0, length)).catch((error: unknown) => error)
      // A CAR that ends between two blocks is a CAR: only a walk from its roots finds what it lacks.
      if (ends.has(length)) expect((read as Awaited<ReturnType<typeof readAll>>).blocks.length).toBeLessThan(3)
      else expect(read, `${length} bytes`).toMatchObject({ name: 'OvnError', code: 'damaged' })
    }
    const wrapped = v2Of(car)
    for (let length = 0; length < wrapped.byteLength; length += 1) {
      await expect(readAll(wrapped.subarray(0, length))).rejects.toMatchObject({ name: 'OvnError', code: 'damaged' })
    }
  })

  it('finds every flipped bit, or reads what was written all the same', async () => {
    const blocks = [rawBlock('one'), directoryBlock([['a', rawBlock('one').cid]])]
    const car = await carOf([(blocks[1] as Block).cid], blocks)
    const first = (await readAll(car)).blocks[0]?.offset as number
    for (let bit = first * 8; bit < car.byteLength * 8; bit += 1) {
      const flipped = Buffer.from(car)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      const read = await readAll(flipped).catch((error: unknown) => error)
      if (read instanceof OvnError) expect(read.code).toBe('damaged')
      // The codec of a CID is no part of what is hashed.
      else
        expect(
          (read as { blocks: CarSection[] }).blocks.map(({ bytes }) => Buffer.from(bytes).toString('hex')),
        ).toEqual(blocks.map(({ bytes }) => Buffer.from(bytes).toString('hex')))
    }
  })

  it('throws nothing but OvnError `damaged`, whatever it is given', async () => {
    const { car } = await mixedCar()
    const small = car.subarray(0, 400)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(small.byteLength - 1), fc.nat(255)), { maxLength: 6 }),
        fc.integer({ min: 1, max: 64 }),
        async (changes, chunk) => {
          const changed = Buffer.from(small)
          for (const [at, value] of changes) changed[at] = value
          const read = await readAll(inChunks(changed, chunk)).catch((error: unknown) => error)
          if (read instanceof Error) expect(read).toMatchObject({ name: 'OvnError', code: 'damaged' })
        },
      ),
      { numRuns: 500 },
    )
  })

  it.each(hostileCars)('refuses $name', async ({ make, says }) => {
    const made = await make()
    const started = process.memoryUsage().arrayBuffers
    const failure = await readAll(made).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'OvnError', code: 'damaged', message: expect.stringMatching(says) })
    expect((failure as Error).message).toContain('x.car')
    if ('taken' in made) expect(made.taken).toBeLessThan(3 * 1_048_576)
    expect(process.memoryUsage().arrayBuffers - started).toBeLessThan(16 * 1_048_576)
  })

  it.each([...hostileDags, ...heavyCars])('reads the blocks of $name, which are right', async ({ make }) => {
    const made = (await make()) as Uint8Array
    const wanted = CarBufferReader.fromBytes(made).blocks()
    expect((await readAll(made)).blocks.map(({ cid }) => String(cid))).toEqual(wanted.map(({ cid }) => String(cid)))
  })

  it('closes the stream when whoever reads it leaves', async () => {
    let closed = 0
    async function* source() {
      try {
        yield await carOf([], [rawBlock('a'), rawBlock('b')])
        for (;;) yield sectionOf(rawBlock('c').cid.bytes, Buffer.from('c'))
      } finally {
        closed += 1
      }
    }
    const { blocks } = await readCar(source(), 'x.car')
    for await (const _ of blocks) break
    expect(closed).toBe(1)
  })

  it('passes a failure of the stream on as it is', async () => {
    async function* source() {
      yield headerOf({ version: 1, roots: [] })
      throw new Error('the line is down')
    }
    const { blocks } = await readCar(source(), 'x.car')
    await expect(Array.fromAsync(blocks)).rejects.toThrow('the line is down')
  })
})

describe('readCarSections', () => {
  it('hands over what does not match, for those that list it', async () => {
    const { cid } = rawBlock('right')
    const car = Buffer.concat([headerOf({ version: 1, roots: [cid] }), sectionOf(cid.bytes, Buffer.from('wrong'))])
    const { sections } = await readCarSections(inChunks(car), 'x.car')
    expect(await Array.fromAsync(sections, ({ bytes }) => Buffer.from(bytes).toString())).toEqual(['wrong'])
  })

  it('holds no more of an endless stream than one block', async () => {
    const block = rawBlock(new Uint8Array(1_048_576))
    const stream = endless(headerOf({ version: 1, roots: [] }), sectionOf(block.cid.bytes, block.bytes))
    const { sections } = await readCarSections(stream, 'x.car')
    let count = 0
    for await (const _ of sections) {
      count += 1
      if (count === 100) break
    }
    expect(stream.taken).toBeLessThan(101 * 1_050_000)
  })
})
