// The decoders of the script that readers run: against other implementations, and against everything a stranger could send.

import { CarReader } from '@ipld/car'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { decode as decodeWithIpld } from '@ipld/dag-pb'
import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { readNode as readNodeWithOvn } from '../../src/dag/unixfs-node.ts'
import { writeCar } from '../../src/dag/write-car.ts'
import { writeDag } from '../../src/dag/write-dag.ts'
import { decodeHeader, openCar } from '../../src/site/browser/car.ts'
import { type CheckedDag, checkDag, findFile, isFile, readFile } from '../../src/site/browser/check-dag.ts'
import { decodeCid, hashAs, parseCid } from '../../src/site/browser/cid.ts'
import { Malformed } from '../../src/site/browser/cursor.ts'
import { decodePb } from '../../src/site/browser/dag-pb.ts'
import { findDifference } from '../../src/site/browser/find-difference.ts'
import { namedCid } from '../../src/site/browser/named-cid.ts'
import { Stop } from '../../src/site/browser/problem.ts'
import { readNode } from '../../src/site/browser/unixfs.ts'
import { type ProblemWord, wordsIn } from '../../src/site/browser/words.ts'
import {
  type Block,
  carOf,
  directoryBlock,
  endless,
  fileBlock,
  fileOf,
  headerOf,
  heavyCars,
  hostileCars,
  hostileDags,
  pbBlock,
  rawBlock,
  sectionOf,
  shardBlock,
} from '../dag/hostile-cars.ts'

const hello = rawBlock('hello')

async function* inChunks(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

function check(car: Uint8Array | AsyncIterable<Uint8Array>, root: CID | string): Promise<CheckedDag> {
  return checkDag(car instanceof Uint8Array ? inChunks(car) : car, parseCid(String(root)))
}

function wordsOf({ problems }: CheckedDag): ProblemWord[] {
  return problems.map(({ word }) => word)
}

/** What `decode` returns, or that the bytes are malformed; anything else that is thrown is a bug. */
function attempt<T>(decode: () => T): T | 'malformed' {
  try {
    return decode()
  } catch (error) {
    if (error instanceof Malformed) return 'malformed'
    throw error
  }
}

async function dagOf(files: Record<string, Uint8Array>): Promise<{ root: CID; car: Buffer; store: MemoryBlockstore }> {
  const store = new MemoryBlockstore()
  const entries = Object.entries(files).map(([path, content]) => ({ path, content }))
  const { cid } = await writeDag({ blockstore: store }, entries)
  return { root: cid, car: Buffer.concat(await Array.fromAsync(writeCar(store, [cid]))), store }
}

describe('CIDs', () => {
  it('are read and written as multiformats does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 99 }),
        fc.constantFrom(0x55, 0x70, 0x71, 0x0129),
        async (bytes, codec) => {
          const cid = CID.createV1(codec, create(0x12, Buffer.from(await crypto.subtle.digest('SHA-256', bytes))))
          expect(decodeCid(cid.bytes).text).toBe(cid.toString())
          expect(parseCid(cid.toString())).toEqual(decodeCid(cid.bytes))
          expect((await hashAs(parseCid(cid.toString()), Uint8Array.from(bytes))).text).toBe(cid.toString())
          const inline = CID.createV1(codec, create(0, bytes))
          expect(parseCid(inline.toString()).text).toBe(inline.toString())
        },
      ),
      { numRuns: 50 },
    )
  })

  it('of version 0 are those of version 1 that name the same', () => {
    const { cid } = directoryBlock([['a', hello.cid]])
    expect(decodeCid(cid.toV0().bytes).text).toBe(cid.toString())
  })

  it.each([
    ['nothing', ''],
    ['another base', 'zdj7WYbTzvUMoa5yMBu2ENPGTbjcHtvkZxmUEJ4KKNTHr1z2Y'],
    ['upper case', hello.cid.toString().toUpperCase()],
    ['version 0', 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR'],
    ['a letter too many', `${hello.cid}a`],
    ['a letter too few', hello.cid.toString().slice(0, -1)],
    [
      'bits that are left over',
      `${hello.cid.toString().slice(0, -1)}${hello.cid.toString().endsWith('b') ? 'c' : 'b'}`,
    ],
    ['sha2-512', CID.createV1(0x55, create(0x13, new Uint8Array(64))).toString()],
    ['sha2-256 cut short', CID.createV1(0x55, create(0x12, new Uint8Array(8))).toString()],
    ['an identity of 129 bytes', CID.createV1(0x55, create(0, new Uint8Array(129))).toString()],
    ['a megabyte', `b${'a'.repeat(1_000_000)}`],
  ])('are refused: %s', (_, text) => {
    expect(attempt(() => parseCid(text))).toBe('malformed')
  })
})

describe('headers', () => {
  it('are read as @ipld/dag-cbor writes them', () => {
    for (const count of [0, 1, 2, 23, 24, 255, 256, 1000]) {
      const roots = Array.from({ length: count }, (_, index) => rawBlock(String(index)).cid)
      expect(decodeHeader(encodeCbor({ version: 1, roots })).map(({ text }) => text)).toEqual(roots.map(String))
    }
  })

  it('of any other bytes are malformed, and nothing worse', () => {
    const good = encodeCbor({ version: 1, roots: [hello.cid] })
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const bytes = Uint8Array.from(good).subarray(0, Math.max(length, at + 1))
        bytes[at] = byte
        const read = attempt(() => decodeHeader(bytes))
        if (read !== 'malformed')
          expect(Buffer.from(encodeCbor({ version: 1, roots: read.map(({ text }) => CID.parse(text)) }))).toEqual(
            Buffer.from(bytes),
          )
      }),
    )
  })
})

/** The same of a node as both readers see it. */
function essence(cid: CID, bytes: Uint8Array): unknown {
  const ours = attempt(() => readNode(parseCid(cid.toString()), bytes))
  let theirs: ReturnType<typeof readNodeWithOvn> | 'malformed'
  try {
    theirs = readNodeWithOvn(cid, bytes)
  } catch {
    theirs = 'malformed'
  }
  if (ours === 'malformed' || theirs === 'malformed') return { ours, theirs }
  // What a symbolic link links to has no meaning; its blocks are wanted all the same.
  const children = (ours.kind === 'symlink' ? [] : ours.children).map((child) => ({
    cid: child.cid.text,
    name: child.name,
    size: child.size,
  }))
  const same = { kind: ours.kind, size: 'size' in ours ? ours.size : undefined, children }
  const links: { cid: CID; name?: string | undefined; size?: number }[] =
    theirs.kind === 'file' ? [...theirs.parts] : theirs.kind === 'symlink' ? [] : [...theirs.entries]
  const reference = {
    kind: theirs.kind,
    size: theirs.kind === 'file' ? theirs.size : undefined,
    children: links.map((link) => ({ cid: link.cid.toV1().toString(), name: link.name, size: link.size })),
  }
  expect(same).toEqual(reference)
  return { ours: 'read', theirs: 'read' }
}

describe('nodes', () => {
  const nodes: Block[] = [
    directoryBlock([]),
    directoryBlock([
      ['a', hello.cid],
      ['é', rawBlock('b').cid],
    ]),
    fileBlock([
      [hello.cid, 5],
      [hello.cid, 5],
    ]),
    shardBlock(256, [
      ['00', hello.cid],
      ['0Fname', hello.cid],
    ]),
    shardBlock(16, [['Aname', hello.cid]]),
    hello,
  ]

  it.each(nodes.map((block, index) => [index, block] as const))(
    'are read as ovn reads them: %i',
    (_, { cid, bytes }) => {
      expect(essence(cid, bytes)).toEqual({ ours: 'read', theirs: 'read' })
    },
  )

  it('with any byte changed are refused wherever @ipld/dag-pb and ovn refuse them, or read the same', () => {
    for (const { bytes } of nodes.slice(0, 5)) {
      for (let at = 0; at < bytes.length; at += 1) {
        for (const flip of [1, 2, 8, 0x80, 0xff]) {
          const changed = Uint8Array.from(bytes)
          changed[at] = (changed[at] as number) ^ flip
          const ours = attempt(() => decodePb(changed))
          if (ours !== 'malformed') {
            const { Links, Data } = decodeWithIpld(changed)
            expect(ours.links.map(({ cid, name }) => [cid.text, name])).toEqual(
              Links.map(({ Hash, Name }) => [Hash.toV1().toString(), Name ?? '']),
            )
            expect(Buffer.from(ours.data ?? [])).toEqual(Buffer.from(Data ?? []))
          }
          const { ours: read, theirs } = essence(pbBlock(undefined, []).cid, changed) as Record<string, unknown>
          if (theirs === 'malformed') expect(read).toBe('malformed')
        }
      }
    }
  })

  it('of any bytes are malformed, and nothing worse', () => {
    const { cid } = directoryBlock([])
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void essence(cid, bytes)))
  })
})

describe('checkDag', () => {
  const big = Buffer.alloc(2_500_000, 'a picture')
  const files = {
    'article.md': Buffer.from('# A\n'),
    'assets/big.bin': big,
    'assets/copy.bin': big.subarray(0, 1_048_576),
    'index.html': Buffer.from('<!doctype html>'),
    'metadata.json': Buffer.from('{}'),
  }

  it('reads what ovn writes, however the stream is cut', async () => {
    const { root, car } = await dagOf(files)
    const reader = await CarReader.fromBytes(car)
    const blocks = await Array.fromAsync(reader.blocks())
    for (const size of [101, 4096, car.length]) {
      const dag = await check(inChunks(car, size), root)
      expect(dag.problems).toEqual([])
      expect(dag.blocks).toBe(blocks.length)
      expect(dag.size).toBe(blocks.reduce((sum, { bytes }) => sum + bytes.length, 0))
      for (const [path, bytes] of Object.entries(files)) {
        const key = findFile(dag, path.split('/')) ?? ''
        expect(Buffer.compare(readFile(dag, key) ?? Buffer.of(), bytes)).toBe(0)
        expect(await isFile(dag, key, Uint8Array.from(bytes))).toBe(true)
        expect(await isFile(dag, key, Uint8Array.from(bytes).reverse())).toBe(false)
        expect(await isFile(dag, key, Uint8Array.from(bytes).subarray(1))).toBe(false)
      }
      expect(findFile(dag, ['assets', 'none'])).toBeUndefined()
      expect(findFile(dag, ['article.md', 'x'])).toBeUndefined()
    }
  })

  it('tells files that were not kept by the hashes of their parts', async () => {
    const large = Buffer.alloc(30_000_000, 'a film that nobody keeps in memory')
    const { root, car } = await dagOf({ 'assets/a.mp4': large, 'index.html': Buffer.from('x') })
    const dag = await check(car, root)
    const key = findFile(dag, ['assets', 'a.mp4']) ?? ''
    expect(readFile(dag, key)).toBeUndefined()
    expect(await isFile(dag, key, Uint8Array.from(large))).toBe(true)
    large[29_999_999] = 0
    expect(await isFile(dag, key, Uint8Array.from(large))).toBe(false)
    expect(readFile(dag, findFile(dag, ['index.html']) ?? '')).toEqual(Uint8Array.from(Buffer.from('x')))
  })

  it('reads sharded folders', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [
        `assets/a long name of a picture, number ${index}.txt`,
        Buffer.from(String(index % 9)),
      ]),
    )
    const { root, car } = await dagOf({ ...many, 'index.html': Buffer.from('x') })
    const dag = await check(car, root)
    expect(dag.problems).toEqual([])
    const key = findFile(dag, ['assets', 'a long name of a picture, number 4711.txt']) ?? ''
    expect(Buffer.from(readFile(dag, key) ?? []).toString()).toBe(String(4711 % 9))
  })

  it('names the damaged block, what it is, and its file, for every block of a CAR', async () => {
    const { root, car } = await dagOf(files)
    const { index } = await indexOf(car)
    for (const { cid, start, length } of index) {
      const changed = Buffer.from(car)
      changed[start + (length >> 1)] = (changed[start + (length >> 1)] as number) ^ 1
      const dag = await check(changed, root)
      const found = decodeCid(
        CID.createV1(CID.parse(cid).code, create(0x12, await digest(changed.subarray(start, start + length)))).bytes,
      ).text
      expect(dag.problems[0]).toMatchObject({ word: 'blockDamaged', values: { cid, found } })
      expect(wordsOf(dag)).toEqual(['blockDamaged'])
    }
    const leaf = index.at(-1)
    const changed = Buffer.from(car)
    changed[leaf?.start as number] = 0
    expect((await check(changed, root)).problems[0]?.values.file).toBe('metadata.json')
  })

  it('finds every changed byte of a CAR, wherever it is', async () => {
    const { root, car } = await dagOf({ 'article.md': Buffer.from('# A\n'), 'index.html': Buffer.from('<p>') })
    for (let at = 0; at < car.length; at += 1) {
      const changed = Buffer.from(car)
      changed[at] = (changed[at] as number) ^ (1 << (at % 8))
      expect((await check(changed, root)).problems.length, `byte ${at}`).toBeGreaterThan(0)
    }
  })

  it('finds every CAR that ends too early', async () => {
    const { root, car } = await dagOf({ 'article.md': Buffer.from('# A\n'), 'index.html': Buffer.from('<p>') })
    for (let length = 0; length < car.length; length += 1) {
      const words = wordsOf(await check(car.subarray(0, length), root))
      expect(words.length, `length ${length}`).toBeGreaterThan(0)
      expect(words.every((word) => ['notCar', 'cutShort', 'blockMissing'].includes(word))).toBe(true)
    }
  })

  it('refuses a block that nobody asked for, one that is there twice, and one before its parent', async () => {
    const folder = directoryBlock([['a', hello.cid]])
    const stray = rawBlock('stray')
    expect(wordsOf(await check(await carOf([folder.cid], [folder, hello, stray]), folder.cid))).toEqual([
      'blockForeign',
    ])
    expect(wordsOf(await check(await carOf([folder.cid], [folder, hello, hello]), folder.cid))).toEqual([
      'blockForeign',
    ])
    expect(wordsOf(await check(await carOf([folder.cid], [hello, folder]), folder.cid))).toEqual([
      'blockForeign',
      'blockMissing',
    ])
  })

  it('tells what it was given from what it was asked for', async () => {
    const folder = directoryBlock([['a', hello.cid]])
    const car = await carOf([folder.cid], [folder, hello])
    expect((await check(car, hello.cid)).problems).toEqual([
      { word: 'wrongRoot', values: { cid: hello.cid.toString(), found: folder.cid.toString() } },
    ])
    expect(wordsOf(await check(await carOf([], [folder, hello]), folder.cid))).toEqual(['wrongRoot'])
    expect(wordsOf(await check(await carOf([folder.cid, hello.cid], [folder, hello]), folder.cid))).toEqual([
      'wrongRoot',
    ])
  })

  it('reads blocks that are inside of CIDs', async () => {
    const inline = CID.createV1(0x55, create(0, Buffer.from('inside')))
    const folder = directoryBlock([['index.html', inline]])
    const dag = await check(await carOf([folder.cid], [folder]), folder.cid)
    expect(dag.problems).toEqual([])
    expect(Buffer.from(readFile(dag, findFile(dag, ['index.html']) ?? '') ?? []).toString()).toBe('inside')
  })

  it.each(hostileCars)('refuses $name', async ({ name, make }) => {
    const made = await make()
    const dag = await check(made, hello.cid)
    expect(dag.problems.length, name).toBeGreaterThan(0)
    const words = await wordsIn('en')
    for (const { word } of dag.problems) expect(words[word]).toBeTypeOf('string')
    if (!(made instanceof Uint8Array)) expect((made as unknown as { taken: number }).taken).toBeLessThan(4_000_000)
  })

  it.each(hostileDags)('refuses $name', async ({ make }) => {
    const bytes = await fileOf(await make())
    const { roots } = await openCar(inChunks(bytes))
    const dag = await check(bytes, roots[0]?.text ?? '')
    expect(dag.problems.length).toBeGreaterThan(0)
  })

  it.each(heavyCars)('ends soon with $name', async ({ make, blocks }) => {
    const bytes = await fileOf(await make())
    const { roots } = await openCar(inChunks(bytes))
    const dag = await check(bytes, roots[0]?.text ?? '')
    if (dag.problems.length === 0) expect(dag.blocks).toBe(blocks)
    const key = findFile(dag, ['a']) ?? dag.root.text
    expect(readFile(dag, key)?.length ?? 0).toBeLessThan(100)
  })

  it('ends with a CAR that has too much wrong with it', async () => {
    const folder = directoryBlock([['a', hello.cid]])
    const stray = sectionOf(hello.cid.bytes, Buffer.from('hallo'))
    const start = Buffer.concat([
      headerOf({ version: 1, roots: [folder.cid] }),
      sectionOf(folder.cid.bytes, folder.bytes),
    ])
    const stream = endless(start, stray)
    const dag = await check(stream, folder.cid)
    expect(dag.problems.at(-1)?.word).toBe('tooMany')
    expect(stream.taken).toBeLessThan(50_000)
  })

  it('lets pass what its source throws', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield headerOf({ version: 1, roots: [hello.cid] })
      throw new Stop('network')
    }
    await expect(check(broken(), hello.cid)).rejects.toThrow('network')
  })
})

describe('words', () => {
  it.each('ar de es fr it pl pt ru tr uk zh zh-hant'.split(' '))(
    'name in %s what they name in English',
    async (language) => {
      const english = await wordsIn('en')
      const words = await wordsIn(language)
      expect(words).not.toBe(english)
      const named = (each: typeof words) =>
        Object.entries(each).map(([word, text]) => [word, ...(text.match(/\{\w+\}/g) ?? []).toSorted()])
      expect(named(words).toSorted()).toEqual(named(english).toSorted())
    },
  )

  it('are English in a language that they do not know', async () => {
    expect(await wordsIn('cy')).toBe(await wordsIn('en'))
  })
})

describe('findDifference', () => {
  const text = 'The pier was measured again in the spring, by two parties who did not speak.'

  it.each([
    ['nothing', text, undefined],
    ['a word', text.replace('two', 'three'), ['three', 'two']],
    ['a letter', text.replace('spring', 'sprang'), ['sprang', 'spring']],
    ['a word that is gone', text.replace('again ', ''), ['in', 'again in']],
    ['the end', `${text} They do now.`, [' They do now.', '']],
    ['everything', '', ['', text]],
    ['a character that nobody sees', text.replace('by two', 'by\u00a0two'), ['by[U+00A0]two', 'by two']],
    ['one outside of the first plane', text.replace('two', '😀'), ['😀', 'two']],
  ])('finds %s', (_, here, differs) => {
    const found = findDifference(here, text)
    expect(found && [found.here.differs, found.archived.differs]).toEqual(differs)
  })

  it('is short', () => {
    const found = findDifference('a'.repeat(100_000), 'b'.repeat(100_000))
    for (const { before, differs, after } of [found?.here, found?.archived].flatMap((each) => each ?? [])) {
      expect(before.length + differs.length + after.length).toBeLessThan(210)
    }
  })
})

describe('namedCid', () => {
  const cid = directoryBlock([]).cid.toString()
  it.each([
    [`https://x.example/ipfs/${cid}`, cid],
    [`https://x.example/ipfs/${cid}/`, cid],
    [`https://x.example/${cid}/index.html?a=/b#c`, cid],
    [`https://x.example/a/${cid}.html`, cid],
    [`ipfs://${cid}`, cid],
    [`ipfs://${cid}/`, cid],
    [`https://x.example/ipfs/${cid}/2025/an-article/`, undefined],
    [`https://${cid}.ipfs.localhost/an-article/`, undefined],
    ['https://x.example/bafybeing/', undefined],
    ['https://x.example/', undefined],
  ])('%s', (address, named) => {
    expect(namedCid(address)).toBe(named)
  })
})

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)))
}

/** Where every block of a CAR is, by the word of @ipld/car. */
async function indexOf(car: Uint8Array): Promise<{ index: { cid: string; start: number; length: number }[] }> {
  const { CarIndexer } = await import('@ipld/car')
  const index = await Array.fromAsync(await CarIndexer.fromBytes(car))
  return {
    index: index.map(({ cid, blockOffset, blockLength }) => ({
      cid: cid.toString(),
      start: blockOffset,
      length: blockLength,
    })),
  }
}
