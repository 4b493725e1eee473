// CARs that strangers could send, made by code: each must be refused soon, in words, and at little cost. Three tables: what is
// no CAR, CARs of right blocks whose DAG is a trap, and CARs that look like traps and are lawful.

import { CarWriter } from '@ipld/car'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { encode as encodePb, type PBLink } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha256 } from '../../src/dag/hash.ts'

/** A whole file, or a stream that has no end: for a file, see {@link fileOf}. */
type Made = Uint8Array | AsyncIterable<Uint8Array>

export interface HostileCar {
  readonly name: string
  make(): Promise<Made> | Made
  /** What the error says that it must end in. */
  readonly says: RegExp
}

export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

const rawCode = 0x55
const pbCode = 0x70
const mebibyte = 1_048_576

export function varint(value: number): number[] {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return [...bytes, value]
}

function cidOf(codec: number, bytes: Uint8Array): CID {
  return CID.decode(CID.createV1(codec, sha256(bytes)).bytes)
}

export function rawBlock(bytes: string | Uint8Array): Block {
  const content = Buffer.from(bytes)
  return { cid: cidOf(rawCode, content), bytes: content }
}

/** A dag-pb block. Its links must be in order. */
export function pbBlock(data: Uint8Array | undefined, links: readonly PBLink[]): Block {
  const bytes = encodePb({ ...(data === undefined ? {} : { Data: data }), Links: [...links] })
  return { cid: cidOf(pbCode, bytes), bytes }
}

/** The `Data` of a UnixFS node, with any number in any field: 1 type, 3 file size, 4 size of a part, 5 hash, 6 fan-out. */
export function unixFsData(fields: readonly (readonly [field: number, value: number | Uint8Array])[]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([field, value]) =>
      typeof value === 'number'
        ? [...varint(field * 8), ...varint(value)]
        : [...varint(field * 8 + 2), ...varint(value.byteLength), ...value],
    ),
  )
}

const directory = new UnixFS({ type: 'directory' }).marshal()

export function directoryBlock(entries: readonly (readonly [name: string, cid: CID])[]): Block {
  return pbBlock(
    directory,
    entries.map(([Name, Hash]) => ({ Name, Hash, Tsize: 1 })),
  )
}

/** A file of parts, each with the size that it is said to have. */
export function fileBlock(parts: readonly (readonly [cid: CID, size: number])[], fileSize?: number): Block {
  const size = fileSize ?? parts.reduce((sum, [, each]) => sum + each, 0)
  const data = unixFsData([[1, 2], [3, size], ...parts.map(([, each]) => [4, each] as const)])
  return pbBlock(
    data,
    parts.map(([Hash]) => ({ Name: '', Hash, Tsize: 1 })),
  )
}

export function shardBlock(
  fanout: number,
  entries: readonly (readonly [name: string, cid: CID])[],
  hash = 0x22,
): Block {
  const data = unixFsData([
    [1, 5],
    [5, hash],
    [6, fanout],
  ])
  return pbBlock(
    data,
    entries.map(([Name, Hash]) => ({ Name, Hash, Tsize: 1 })),
  )
}

/** Writes a CAR, version 1, as @ipld/car does. */
export async function carOf(roots: readonly CID[], blocks: readonly Block[]): Promise<Buffer> {
  const { writer, out } = CarWriter.create([...roots])
  const parts = Array.fromAsync(out)
  for (const block of blocks) await writer.put(block)
  await writer.close()
  return Buffer.concat(await parts)
}

export function headerOf(header: unknown): Buffer {
  const bytes = encodeCbor(header)
  return Buffer.concat([Buffer.from(varint(bytes.byteLength)), bytes])
}

/** The section of a block, whatever stands in front of it. */
export function sectionOf(cid: Uint8Array, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(varint(cid.byteLength + bytes.byteLength)), cid, bytes])
}

/** A CARv2 around a CARv1, with no index; any field of its header can be said otherwise. */
export function v2Of(
  car: Uint8Array,
  { offset = 51n, size = BigInt(car.byteLength), index = 0n, padding = 0 } = {},
): Buffer {
  const header = Buffer.alloc(40)
  header.writeBigUInt64LE(offset, 16)
  header.writeBigUInt64LE(size, 24)
  header.writeBigUInt64LE(index, 32)
  return Buffer.concat([Buffer.from('0aa16776657273696f6e02', 'hex'), header, Buffer.alloc(padding), car])
}

/** A stream that goes on for ever, and counts the bytes that were taken of it. */
export interface Endless extends AsyncIterable<Uint8Array> {
  readonly taken: number
}

export function endless(beginning: Uint8Array, chunk: Uint8Array = new Uint8Array(65_536)): Endless {
  const stream = {
    taken: 0,
    async *[Symbol.asyncIterator]() {
      stream.taken += beginning.byteLength
      yield beginning
      for (;;) {
        stream.taken += chunk.byteLength
        yield chunk
      }
    },
  }
  return stream
}

/** What was made as a file: the beginning of a stream that has no end. */
export async function fileOf(made: Made, limit = 4 * mebibyte): Promise<Uint8Array> {
  if (made instanceof Uint8Array) return made
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of made) {
    parts.push(part)
    size += part.byteLength
    if (size >= limit) break
  }
  return Buffer.concat(parts)
}

const hello = rawBlock('hello')
const header = headerOf({ version: 1, roots: [hello.cid] })
const good = sectionOf(hello.cid.bytes, hello.bytes)

function after(section: Uint8Array | readonly number[]): Buffer {
  return Buffer.concat([header, good, Uint8Array.from(section)])
}

/** A CID of version 1 with a digest of any function, which nobody checked. */
function anyCid(code: number, digest: Uint8Array): CID {
  return CID.createV1(rawCode, createDigest(code, digest))
}

/** What is no CAR, or has a block that is not right. Nobody who reads them may take more than a few MiB of their streams. */
export const hostileCars: readonly HostileCar[] = [
  { name: 'nothing', make: () => new Uint8Array(), says: /is not a CAR .* empty/ },
  { name: 'a web page', make: () => Buffer.from('<!doctype html><title>404</title>'.repeat(9)), says: /not a CAR/ },
  { name: 'zeros', make: () => new Uint8Array(4096), says: /its header would have 0 bytes/ },
  {
    name: 'a header of 2^40 bytes',
    make: () => endless(Buffer.from(varint(2 ** 40))),
    says: /its header would have 1099511627776 bytes/,
  },
  {
    name: 'a header of 1 MiB and a byte',
    make: () => endless(Buffer.from(varint(mebibyte + 1))),
    says: /header would have/,
  },
  { name: 'a header that is cut short', make: () => header.subarray(0, 20), says: /it ends in its header/ },
  {
    name: 'a length of the header that never ends',
    make: () => endless(Buffer.from([0x80]), new Uint8Array(65_536).fill(0x80)),
    says: /beyond all measure/,
  },
  {
    name: 'a length of the header of 2^63',
    make: () => Buffer.from([...Array.from({ length: 9 }, () => 0x80), 1]),
    says: /beyond all measure/,
  },
  {
    name: 'a length of the header with needless zeros',
    make: () => Buffer.concat([Buffer.from([(header[0] as number) | 0x80, 0]), header.subarray(1), good]),
    says: /shortest way/,
  },
  { name: 'a header that is no CBOR', make: () => Buffer.from([4, 0xff, 0xff, 0xff, 0xff]), says: /not DAG-CBOR/ },
  {
    name: 'a header of lists in lists, half a MiB of them',
    make: () => Buffer.concat([Buffer.from(varint(mebibyte / 2)), Buffer.alloc(mebibyte / 2, 0x81)]),
    says: /not DAG-CBOR/,
  },
  {
    name: 'a header of tags in tags',
    make: () => Buffer.concat([Buffer.from(varint(2 * 1000)), Buffer.alloc(2000, Buffer.from('d82a', 'hex'))]),
    says: /not DAG-CBOR/,
  },
  {
    name: 'a header whose list would have 2^32 roots',
    make: () => endless(Buffer.concat([Buffer.from(varint(1000)), Buffer.from('a265726f6f74739affffffff', 'hex')])),
    says: /not DAG-CBOR/,
  },
  { name: 'a header that is a number', make: () => headerOf(7), says: /no version/ },
  { name: 'a header that is null', make: () => headerOf(null), says: /no version/ },
  { name: 'a CAR of version 3', make: () => headerOf({ version: 3, roots: [] }), says: /no version/ },
  { name: 'a header without roots', make: () => headerOf({ version: 1 }), says: /no list of roots/ },
  { name: 'roots that are text', make: () => headerOf({ version: 1, roots: ['bafy'] }), says: /not a CID/ },
  {
    name: 'a root that is a map with the keys of a CID',
    // {"roots": [{"/": "x", "bytes": "x"}], "version": 1}
    make: () => Buffer.from('1ea265726f6f747381a2612f617865627974657361786776657273696f6e01', 'hex'),
    says: /not a CID/,
  },
  {
    name: '100,000 roots',
    make: () => headerOf({ version: 1, roots: Array.from({ length: 100_000 }, () => hello.cid) }),
    says: /its header would have/,
  },
  {
    name: '20,000 short roots',
    make: () => {
      const short = anyCid(0, new Uint8Array(1))
      return headerOf({ version: 1, roots: Array.from({ length: 20_000 }, () => short) })
    },
    says: /no list of roots|too many roots/,
  },
  { name: 'an empty section', make: () => after([0]), says: /the section at byte \d+ is empty/ },
  { name: 'zeros behind the last block', make: () => endless(after([])), says: /is empty/ },
  {
    name: 'a section of 2^40 bytes',
    make: () => endless(after(varint(2 ** 40))),
    says: /would be larger than 2097152 bytes/,
  },
  { name: 'a section of 3 MiB', make: () => endless(after(varint(3 * mebibyte))), says: /would be larger than/ },
  {
    name: 'a length of a section that never ends',
    make: () => endless(after([0x80]), new Uint8Array(65_536).fill(0x80)),
    says: /beyond all measure/,
  },
  {
    name: 'a length of a section with needless zeros',
    make: () => Buffer.concat([header, Uint8Array.of((good[0] as number) | 0x80, 0), good.subarray(1)]),
    says: /shortest way/,
  },
  {
    name: 'a block of 3 MiB that matches its CID',
    make: () => carFrom([rawBlock(new Uint8Array(3 * mebibyte))]),
    says: /larger than 2097152 bytes/,
  },
  {
    name: 'a block of 2 MiB and a byte that matches its CID',
    make: () => carFrom([rawBlock(new Uint8Array(2 * mebibyte + 1))]),
    says: /larger than 2097152 bytes/,
  },
  { name: 'a section without a CID', make: () => after([5, 1, 2, 3, 4, 5]), says: /does not begin with a CID/ },
  {
    name: 'a section that ends in its CID',
    make: () => Buffer.concat([header, sectionOf(hello.cid.bytes.subarray(0, 20), new Uint8Array())]),
    says: /does not begin with a CID/,
  },
  {
    name: 'a CID of version 7',
    make: () => after(sectionOf(Uint8Array.of(7, ...hello.cid.bytes.subarray(1)), hello.bytes)),
    says: /does not begin with a CID/,
  },
  {
    name: 'a CID of nothing but beginnings of numbers',
    make: () => after(sectionOf(new Uint8Array(mebibyte).fill(0x80), new Uint8Array())),
    says: /does not begin with a CID/,
  },
  {
    name: 'a CID whose digest would have 2^40 bytes',
    make: () => after(sectionOf(Uint8Array.of(1, 0x55, 0x12, ...varint(2 ** 40)), new Uint8Array(64))),
    says: /does not begin with a CID/,
  },
  {
    name: 'a CID with needless zeros',
    make: () => after(sectionOf(Uint8Array.of(0x81, 0, ...hello.cid.bytes.subarray(1)), hello.bytes)),
    says: /does not begin with a CID/,
  },
  {
    name: 'an identity CID of 1 MiB',
    make: () => after(sectionOf(anyCid(0, new Uint8Array(mebibyte)).bytes, new Uint8Array(mebibyte))),
    says: /begins with a CID that is too long/,
  },
  {
    name: 'an identity CID of 129 bytes',
    make: () => after(sectionOf(anyCid(0, new Uint8Array(129)).bytes, new Uint8Array(129))),
    says: /cannot be checked: it holds 129 bytes itself/,
  },
  {
    name: 'an identity CID with other bytes behind it',
    make: () => after(sectionOf(anyCid(0, Buffer.from('one')).bytes, Buffer.from('two'))),
    says: /do not match its CID/,
  },
  {
    name: 'a small block that does not match its CID',
    make: () => after(sectionOf(hello.cid.bytes, Buffer.from('hallo'))),
    says: /at byte \d+ is damaged: its bytes do not match its CID/,
  },
  {
    name: 'a large block that does not match its CID',
    make: () => after(sectionOf(rawBlock(new Uint8Array(mebibyte)).cid.bytes, new Uint8Array(mebibyte).fill(1))),
    says: /do not match its CID/,
  },
  {
    name: 'a CID of version 0 whose bytes do not match',
    make: () => after(sectionOf(CID.createV0(sha256(Buffer.from('x'))).bytes, Buffer.from('y'))),
    says: /do not match its CID/,
  },
  ...(
    [
      ['murmur3', 0x22, 8],
      ['sha1', 0x11, 20],
      ['sha2-512', 0x13, 64],
      ['crc32', 0x0132, 4],
      ['no function that anybody knows', 0x3fffff, 32],
      ['sha2-256 cut to 4 bytes', 0x12, 4],
    ] as const
  ).map(([name, code, length]) => ({
    name: `a hash of ${name}`,
    make: () => after(sectionOf(anyCid(code, new Uint8Array(length)).bytes, Buffer.from('anything'))),
    says: /cannot be checked: its hash/,
  })),
  { name: 'a CAR that is cut short in a block', make: () => after(good.subarray(0, -1)), says: /cut short/ },
  { name: 'a CAR that is cut short in a length', make: () => after([0x80]), says: /cut short/ },
  { name: 'a CARv2 that ends in its header', make: () => v2Of(header).subarray(0, 30), says: /ends in its header/ },
  {
    name: 'a CARv2 that points into its own header',
    make: () => v2Of(Buffer.concat([header, good]), { offset: 11n }),
    says: /points outside of it/,
  },
  {
    name: 'a CARv2 that points to 2^64 - 1',
    make: () => endless(v2Of(header, { offset: 2n ** 64n - 1n })),
    says: /points outside of it/,
  },
  {
    name: 'a CARv2 of 2^64 - 1 bytes',
    make: () => endless(v2Of(header, { size: 2n ** 64n - 1n })),
    says: /points outside of it/,
  },
  {
    name: 'a CARv2 whose offset and size overflow together',
    make: () => endless(v2Of(header, { offset: 2n ** 63n, size: 2n ** 63n + 51n })),
    says: /points outside of it/,
  },
  {
    name: 'a CARv2 that begins 2^40 bytes on',
    make: () => endless(v2Of(header, { offset: 2n ** 40n })),
    says: /bytes behind it/,
  },
  { name: 'a CARv2 that points behind its end', make: () => v2Of(header, { offset: 100_000n }), says: /cut short/ },
  {
    name: 'a CARv2 that is shorter than it says',
    make: () => v2Of(Buffer.concat([header, good]), { size: 100_000n }),
    says: /cut short/,
  },
  {
    name: 'a CARv2 whose size ends in a block',
    make: () => v2Of(Buffer.concat([header, good]), { size: BigInt(header.byteLength + good.byteLength - 1) }),
    says: /cut short/,
  },
  { name: 'a CARv2 with nothing in it', make: () => v2Of(header, { size: 0n }), says: /cut short/ },
  {
    name: 'a CARv2 in a CARv2',
    make: () => v2Of(v2Of(Buffer.concat([header, good]))),
    says: /what is inside the CARv2 is not a CARv1/,
  },
]

function nest(levels: number, wrap: (below: CID) => Block, bottom: Block): Block[] {
  const blocks = [bottom]
  for (let level = 0; level < levels; level += 1) blocks.unshift(wrap((blocks[0] as Block).cid))
  return blocks
}

function carFrom(blocks: readonly Block[]): Promise<Buffer> {
  return carOf([(blocks[0] as Block).cid], blocks)
}

/** CARs whose blocks all match their CIDs, and whose DAG is no UnixFS, or not whole. `says` is of whoever reads the DAG to its end. */
export const hostileDags: readonly HostileCar[] = [
  {
    name: 'a root that is not in the CAR',
    make: () => carOf([rawBlock('elsewhere').cid], [hello]),
    says: /is missing/,
  },
  {
    name: 'a leaf that is not in the CAR',
    make: () => carFrom([directoryBlock([['a', rawBlock('elsewhere').cid]]), hello]),
    says: /is missing/,
  },
  {
    name: 'a link that cannot be checked',
    make: () => carFrom([directoryBlock([['a', anyCid(0x22, new Uint8Array(8))]])]),
    says: /cannot be checked/,
  },
  {
    name: 'a link to an identity CID of 129 bytes',
    make: () => carFrom([directoryBlock([['a', anyCid(0, new Uint8Array(129))]])]),
    says: /cannot be checked/,
  },
  {
    name: 'a root of DAG-CBOR',
    make: () => {
      const bytes = encodeCbor({ hello: 'world' })
      return carFrom([{ cid: cidOf(0x71, bytes), bytes }])
    },
    says: /not UnixFS/,
  },
  {
    name: 'a dag-pb root of no sense',
    make: () => {
      const bytes = Buffer.from('this is no protobuf')
      return carFrom([{ cid: cidOf(pbCode, bytes), bytes }])
    },
    says: /not a dag-pb node/,
  },
  { name: 'a dag-pb root without data', make: () => carFrom([pbBlock(undefined, [])]), says: /not a UnixFS node/ },
  ...[1, 3, 4, 255, 2048, 2 ** 31, 2 ** 40].map((fanout) => ({
    name: `a shard with a fan-out of ${fanout}`,
    make: () => carFrom([shardBlock(fanout, [['00a', hello.cid]]), hello]),
    says: /fan-out of its shards/,
  })),
  {
    name: 'a shard of another hash function',
    make: () => carFrom([shardBlock(256, [['00a', hello.cid]], 0x12), hello]),
    says: /murmur3/,
  },
  {
    name: 'a shard with a link that has no place',
    make: () => carFrom([shardBlock(256, [['zza', hello.cid]]), hello]),
    says: /no place/,
  },
  {
    name: 'a shard with two links in one place',
    make: () =>
      carFrom([
        shardBlock(256, [
          ['00a', hello.cid],
          ['00b', hello.cid],
        ]),
        hello,
      ]),
    says: /one place/,
  },
  {
    name: 'a file that says it is longer than its parts',
    make: () => carFrom([fileBlock([[hello.cid, 5]], 6), hello]),
    says: /its size is not that of its parts/,
  },
  {
    name: 'a file whose part is shorter than it says',
    make: () => carFrom([fileBlock([[hello.cid, 2 ** 40]]), hello]),
    says: /bytes/,
  },
  {
    name: 'a file whose part is longer than it says',
    make: () => carFrom([fileBlock([[hello.cid, 1]]), hello]),
    says: /bytes/,
  },
  {
    name: 'a file of 2^60 bytes',
    make: () => carFrom([fileBlock(Array.from({ length: 256 }, () => [hello.cid, 2 ** 52] as const)), hello]),
    says: /beyond all measure/,
  },
  {
    name: 'a file with fewer sizes than parts',
    make: () =>
      carFrom([
        pbBlock(unixFsData([[1, 2]]), [
          { Name: '', Hash: hello.cid, Tsize: 1 },
          { Name: '', Hash: hello.cid, Tsize: 1 },
        ]),
        hello,
      ]),
    says: /another number of parts/,
  },
  {
    name: '2^40 empty parts',
    make: () =>
      carFrom(
        nest(
          40,
          (below) =>
            fileBlock([
              [below, 0],
              [below, 0],
            ]),
          rawBlock(''),
        ),
      ),
    says: /no bytes/,
  },
  {
    name: 'a directory with two entries of one name',
    make: () =>
      carFrom([
        directoryBlock([
          ['a', hello.cid],
          ['a', rawBlock('other').cid],
        ]),
        hello,
        rawBlock('other'),
      ]),
    says: /one name/,
  },
  {
    name: 'a directory with an entry without a name',
    make: () => carFrom([directoryBlock([['', hello.cid]]), hello]),
    says: /without a name/,
  },
]

/** CARs that look like traps and are lawful: whoever reads them ends soon, whether they are taken or refused. */
export const heavyCars: readonly (Omit<HostileCar, 'says'> & { readonly blocks: number })[] = [
  {
    name: '2^40 paths from 41 blocks',
    make: () =>
      carFrom(
        nest(
          40,
          (below) =>
            directoryBlock([
              ['a', below],
              ['b', below],
            ]),
          hello,
        ),
      ),
    blocks: 41,
  },
  {
    name: 'a file of 5 TB from 41 blocks',
    make: () => {
      let size = 2.5
      return carFrom(
        nest(
          40,
          (below) => {
            size *= 2
            return fileBlock([
              [below, size],
              [below, size],
            ])
          },
          hello,
        ),
      )
    },
    blocks: 41,
  },
  {
    name: '3,000 folders in one another',
    make: () => carFrom(nest(3000, (below) => directoryBlock([['a', below]]), hello)),
    blocks: 3001,
  },
  {
    name: '3,000 shards in one another',
    make: () => carFrom(nest(3000, (below) => shardBlock(256, [['00', below]]), hello)),
    blocks: 3001,
  },
  {
    name: 'a folder of 20,000 entries that are one block',
    make: () =>
      carFrom([
        directoryBlock(
          Array.from({ length: 20_000 }, (_, index) => [String(index).padStart(5, '0'), hello.cid] as const),
        ),
        hello,
      ]),
    blocks: 2,
  },
]
