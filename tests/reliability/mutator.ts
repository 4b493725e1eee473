// Small changes to right input, as damage and malice make them: of bytes, of text, of JSON, and of whole DAGs whose hashes are
// made right again, so that what is wrong lies deeper. All of it follows from the random numbers that are given.

import { encode as encodeCbor } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { sha256 } from '../../src/dag/hash.ts'
import { type Block, headerOf, sectionOf, v2Of, varint } from '../dag/hostile-cars.ts'
import { pick, type Random } from './harness.ts'

const tellingBytes = [
  0, 1, 2, 8, 10, 18, 26, 34, 42, 0x12, 0x20, 0x22, 0x55, 0x70, 0x71, 0x7f, 0x80, 0xa0, 0xbf, 0xd8, 0xff,
]
const tellingNumbers = [
  ...[0, 1, 2, 31, 32, 33, 127, 128, 255, 256, 1023, 1024, 1025, 16_383, 16_384, 65_535, 65_536, 262_144],
  ...[2 ** 20, 2 ** 21, 2 ** 21 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 52, 2 ** 53 - 1],
]

/** A number as a varint: sometimes one that is not as short as it can be, has no end, or is beyond 64 bits. */
function oddVarint(random: Random): Buffer {
  const bytes = Buffer.from(varint(pick(random, tellingNumbers)))
  switch (random(6)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) | 128, 0)])
    case 1:
      return Buffer.alloc(1 + random(12), 0xff)
    default:
      return bytes
  }
}

/** Replaces what stands from one place to another. */
function replace(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)])
}

/** Changes bytes in one to four places. `others` are what pieces may be taken from. */
export function mutateBytes(random: Random, bytes: Uint8Array, others: readonly Uint8Array[] = [bytes]): Uint8Array {
  let changed: Uint8Array = bytes
  for (let left = 1 + random(4); left > 0; left -= 1) changed = changeBytes(random, changed, pick(random, others))
  return changed
}

function changeBytes(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random(bytes.byteLength + 1)
  const end = Math.min(bytes.byteLength, at + 1 + random(random(4) === 0 ? 4096 : 16))
  const copy = Buffer.from(bytes)
  switch (random(11)) {
    case 0:
      if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << random(8))
      return copy
    case 1:
      if (at < copy.length) copy[at] = random(2) === 0 ? random(256) : pick(random, tellingBytes)
      return copy
    case 2:
      return copy.subarray(0, at)
    case 3:
      return replace(bytes, at, end, Buffer.of())
    case 4:
      return replace(bytes, at, at, Buffer.from(Array.from({ length: 1 + random(8) }, () => random(256))))
    case 5:
      return replace(bytes, at, at, bytes.subarray(at, end))
    case 6:
      return replace(bytes, at, end, oddVarint(random))
    case 7: {
      const from = random(other.byteLength + 1)
      return replace(bytes, at, end, other.subarray(from, from + 1 + random(64)))
    }
    case 8:
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.byteLength + 1))])
    case 9:
      return replace(bytes, at, Math.min(bytes.byteLength, at + 1), oddVarint(random))
    default:
      if (at + 8 <= copy.length) copy.writeBigUInt64LE(BigInt(pick(random, tellingNumbers)), at)
      return copy
  }
}

/** Changes a text in one to four places, with words that mean something in it. */
export function mutateText(
  random: Random,
  text: string,
  words: readonly string[],
  others: readonly string[] = [text],
): string {
  let changed = text
  for (let left = 1 + random(4); left > 0; left -= 1) changed = changeText(random, changed, words, pick(random, others))
  return changed
}

const oddCharacters = [
  '\0',
  '\u001b',
  '\u0085',
  '\u00a0',
  '\u200b',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\u{1f600}',
  'e\u0301',
]

function changeText(random: Random, text: string, words: readonly string[], other: string): string {
  const at = random(text.length + 1)
  const end = Math.min(text.length, at + 1 + random(random(4) === 0 ? 400 : 12))
  const around = (by: string, to = at) => text.slice(0, at) + by + text.slice(to)
  switch (random(9)) {
    case 0:
      return around('', end)
    case 1:
      return around(pick(random, words))
    case 2:
      return around(pick(random, words), end)
    case 3:
      return around(pick(random, words).repeat(1 + random(random(8) === 0 ? 1000 : 8)))
    case 4:
      return around(pick(random, oddCharacters))
    case 5:
      return around(text.slice(at, end))
    case 6:
      return text.slice(0, at)
    case 7:
      return text.slice(0, at) + other.slice(random(other.length + 1))
    default: {
      const lines = text.split('\n')
      const line = lines.splice(random(lines.length), 1)
      lines.splice(random(lines.length + 1), 0, ...line)
      return lines.join('\n')
    }
  }
}

/** One of them, as nobody else has it. */
function oddValue(random: Random): Json {
  return structuredClone(pick(random, oddValues))
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Values of which code that takes JSON for what it should be makes something else. */
const oddValues: readonly Json[] = [
  ...[null, true, 0, -1, 1.5, 1e308, 2 ** 53, '', ' ', '\0', '\u202e', 'a'.repeat(300), 'ovn-bundle/2', 'ovn-bundle/1'],
  ...[[], [[]], [null], {}, { toString: 1, valueOf: 1 }, { length: 1e9 }, { '/': 'x' }, { '@id': null }],
  JSON.parse('{"__proto__": {"a": 1}}'),
  JSON.parse('{"then": 1}'),
]

/** Changes a value of JSON in one to three places. */
export function mutateJson(random: Random, value: unknown): string {
  let changed = structuredClone(value) as Json
  for (let left = 1 + random(3); left > 0; left -= 1) changed = changeJson(random, changed)
  return JSON.stringify(changed)
}

function changeJson(random: Random, value: Json): Json {
  if (typeof value !== 'object' || value === null || random(8) === 0) return oddValue(random)
  const keys = Object.keys(value)
  if (keys.length === 0) return oddValue(random)
  const fields = value as { [key: string]: Json }
  const key = pick(random, keys)
  switch (random(6)) {
    case 0:
      if (Array.isArray(value)) value.splice(Number(key), 1)
      else delete fields[key]
      return value
    case 1:
      fields[key] = oddValue(random)
      return value
    case 2:
      fields[key] = structuredClone(fields[pick(random, keys)] as Json)
      return value
    case 3:
      fields[pick(random, ['toString', 'valueOf', '', 'a', ...keys])] = oddValue(random)
      return value
    default:
      fields[key] = changeJson(random, fields[key] as Json)
      return value
  }
}

/** A DAG with all that it has. */
export interface Tree {
  readonly roots: readonly CID[]
  readonly blocks: readonly Block[]
}

/** Changes a block of a tree, and then all that link to it, so that every hash is right. */
export function mutateTree(random: Random, tree: Tree, others: readonly Uint8Array[]): Tree {
  const chosen = pick(random, tree.blocks)
  const codec = random(12) === 0 ? pick(random, [0x55, 0x70, 0x71, 0x129, 0x0200]) : chosen.cid.code
  return replaceBlock(tree, chosen.cid, blockOf(codec, mutateBytes(random, chosen.bytes, others)))
}

/** Gives the bundle of a tree another slug, and all of it right hashes: it is another article then. */
export function renameBundle(tree: Tree, slug: string): Tree {
  const metadata = tree.blocks.find(({ bytes }) => Buffer.from(bytes).includes('"identifier": "'))
  if (metadata === undefined) return tree
  const text = Buffer.from(metadata.bytes).toString('utf8')
  const bytes = Buffer.from(text.replace(/"identifier": "[^"]*"/, `"identifier": "${slug}"`))
  return replaceBlock(tree, metadata.cid, blockOf(metadata.cid.code, bytes))
}

function blockOf(codec: number, bytes: Uint8Array): Block {
  return { cid: CID.createV1(codec, sha256(bytes)), bytes }
}

function replaceBlock({ roots, blocks }: Tree, old: CID, by: Block): Tree {
  const changed = new Map([[old.toString(), by]])
  // Children first: what links to them comes before them in the order of a CAR.
  const renewed = blocks.toReversed().map((block) => {
    const own = changed.get(block.cid.toString()) ?? block
    let { bytes } = own
    for (const [name, next] of changed) {
      const before = CID.parse(name).bytes
      if (before.byteLength !== next.cid.bytes.byteLength) continue
      for (let at = Buffer.from(bytes).indexOf(before); at >= 0; at = Buffer.from(bytes).indexOf(before, at + 1)) {
        bytes = replace(bytes, at, at + before.byteLength, next.cid.bytes)
      }
    }
    if (bytes === own.bytes) return own
    const next = blockOf(own.cid.code, bytes)
    changed.set(block.cid.toString(), next)
    return next
  })
  return { roots: roots.map((root) => changed.get(root.toString())?.cid ?? root), blocks: renewed.reverse() }
}

/** A CAR of a tree with something wrong in how it is put together; of each kind now and then. */
export function mutateCar(random: Random, tree: Tree, others: readonly Uint8Array[]): Uint8Array {
  const blocks = [...tree.blocks]
  const at = random(blocks.length)
  const chosen = blocks[at] as Block
  let roots: unknown = tree.roots
  let header: Uint8Array | undefined
  switch (random(12)) {
    case 0:
      blocks.splice(at, 1)
      break
    case 1:
      blocks.splice(random(blocks.length), 0, chosen)
      break
    case 2:
      blocks.splice(at, 1)
      blocks.splice(random(blocks.length + 1), 0, chosen)
      break
    case 3:
      blocks[at] = { ...chosen, bytes: mutateBytes(random, chosen.bytes, others) }
      break
    case 4:
      roots = pick<unknown>(random, [
        [],
        [chosen.cid],
        [...tree.roots, chosen.cid],
        [...tree.roots, ...tree.roots],
        {},
        'x',
        [1],
      ])
      break
    case 5:
      header = mutateBytes(random, headerOf({ version: 1, roots: tree.roots }), others)
      break
    case 6:
      header = headerOf({ version: pick<unknown>(random, [0, 1, 2, 3, -1, '1', null, 2 ** 40]), roots: tree.roots })
      break
    case 7: {
      const foreign = blockOf(0x55, Buffer.from(String(random(1000))))
      blocks.splice(random(blocks.length + 1), 0, foreign)
      break
    }
  }
  const sections = blocks.map((block, index) =>
    index === at ? oddSection(random, block, others) : sectionOf(block.cid.bytes, block.bytes),
  )
  const car = Buffer.concat([header ?? headerOf({ version: 1, roots }), ...sections])
  const whole = random(8) === 0 ? oddV2(random, car) : car
  return random(5) === 0 ? mutateBytes(random, whole, others) : whole
}

function oddSection(random: Random, { cid, bytes }: Block, others: readonly Uint8Array[]): Uint8Array {
  const section = sectionOf(cid.bytes, bytes)
  switch (random(8)) {
    case 0:
      return Buffer.concat([oddVarint(random), cid.bytes, bytes])
    case 1:
      return sectionOf(mutateBytes(random, cid.bytes, others), bytes)
    case 2:
      return sectionOf(cid.bytes, mutateBytes(random, bytes, others))
    case 3:
      return sectionOf(oddCid(random, bytes), bytes)
    default:
      return section
  }
}

/** A CID in some other way: of another hash, cut short, inline, of version 0 and 2. */
function oddCid(random: Random, bytes: Uint8Array): Uint8Array {
  const { digest } = sha256(bytes)
  const version = pick(random, [[], [1], [0], [2]])
  const codec = varint(pick(random, [0x55, 0x70, 0x71, 0, 0x1234567]))
  const hash = varint(pick(random, [0x12, 0, 0x13, 0x1e, 0xb220]))
  const size = pick(random, [digest.byteLength, 0, 20, 31, 129, 2 ** 31])
  const inline = random(3) === 0 ? bytes.subarray(0, 128) : digest
  return Buffer.from([...version, ...(version.length === 0 ? [] : codec), ...hash, ...varint(size), ...inline])
}

function oddV2(random: Random, car: Uint8Array): Uint8Array {
  const number = () => BigInt(pick(random, tellingNumbers))
  return v2Of(car, {
    ...(random(3) === 0 ? { offset: number() } : {}),
    ...(random(3) === 0 ? { size: number() } : {}),
    ...(random(3) === 0 ? { index: number() } : {}),
    padding: random(3) === 0 ? random(200) : 0,
  })
}

/** A node of dag-pb from fields of any kind in any order, as no writer makes it. */
export function oddNode(random: Random, others: readonly Uint8Array[]): Uint8Array {
  const field = (number: number, bytes: Uint8Array) => [
    ...varint(number * 8 + 2),
    ...varint(bytes.byteLength),
    ...bytes,
  ]
  const some = () => pick(random, others)
  const any = () => some().subarray(0, random(48))
  const link = () => {
    const parts = [
      field(1, random(4) === 0 ? any() : blockOf(pick(random, [0x55, 0x70]), any()).cid.bytes),
      field(2, random(4) === 0 ? any() : Buffer.from(pick(random, ['', 'a', '..', 'a/b', '00', '0Aa', 'FFb', 'é']))),
      [...varint(3 * 8), ...oddVarint(random)],
    ]
    return Uint8Array.from(parts.filter(() => random(8) > 0).flat())
  }
  const data = () => {
    const numbers = [1, 3, 4, 4, 5, 6, 7].filter(() => random(2) === 0)
    const fields = numbers.map((number) => {
      const value = number === 1 ? varint(random(8)) : random(2) === 0 ? varint(random(300)) : [...oddVarint(random)]
      return [...varint(number * 8), ...value]
    })
    return Uint8Array.from([...(random(3) === 0 ? field(2, any()) : []), ...fields.flat()])
  }
  const parts = Array.from({ length: random(5) }, () => field(2, link()))
  parts.splice(random(2) === 0 ? parts.length : random(parts.length + 1), 0, field(1, data()))
  if (random(8) === 0) parts.splice(random(parts.length + 1), 0, field(random(4), any()))
  return Uint8Array.from(parts.flat())
}

/** A value of DAG-CBOR with something in the place of one of its fields. */
export function mutateCbor(random: Random, value: Readonly<Record<string, unknown>>): Uint8Array {
  const key = pick(random, Object.keys(value))
  return encodeCbor({
    ...value,
    [key]: pick<unknown>(random, [...oddValues, Buffer.of(), Buffer.from('/ipfs/x'), 2n ** 60n]),
  })
}
