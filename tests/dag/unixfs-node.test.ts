import { CarReader } from '@ipld/car'
import { MemoryBlockstore } from 'blockstore-core'
import { UnixFS } from 'ipfs-unixfs'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/dag/hash.ts'
import { readBlock } from '../../src/dag/read-block.ts'
import { type DagNode, readNode } from '../../src/dag/unixfs-node.ts'
import { walkBlocks } from '../../src/dag/walk.ts'
import {
  type Block,
  directoryBlock,
  fileBlock,
  heavyCars,
  hostileDags,
  pbBlock,
  rawBlock,
  shardBlock,
  unixFsData,
  varint,
} from './hostile-cars.ts'

function read({ cid, bytes }: Block): DagNode {
  return readNode(cid, bytes)
}

const leaf = rawBlock('leaf')
const refused = (says: RegExp) => expect.objectContaining({ code: 'damaged', message: expect.stringMatching(says) })

/** Reads every block of a CAR that is reached from its roots, but not the content of files. */
async function readDag(car: Uint8Array): Promise<void> {
  const reader = await CarReader.fromBytes(car)
  const store = new MemoryBlockstore()
  for await (const { cid, bytes } of reader.blocks()) await store.put(cid as CID, bytes)
  for await (const { cid, bytes } of walkBlocks(store, (await reader.getRoots()) as CID[])) readNode(cid, bytes)
}

describe('a DAG', () => {
  // What a part of a file says of its size is found out where its bytes are read.
  it.each(hostileDags.filter(({ says }) => says.source !== 'bytes'))('is refused: $name', async ({ make, says }) => {
    await expect(readDag((await make()) as Uint8Array)).rejects.toMatchObject({
      name: 'OvnError',
      message: expect.stringMatching(says),
    })
  })

  it.each(heavyCars)('is read soon: $name', async ({ make }) => {
    await readDag((await make()) as Uint8Array)
  })
})

describe('readNode', () => {
  it('reads a raw block as a file', () => {
    expect(read(leaf)).toEqual({ kind: 'file', size: 4, data: leaf.bytes, parts: [] })
    expect(read(rawBlock(''))).toMatchObject({ kind: 'file', size: 0 })
  })

  it('reads files, whose bytes are their own, of their parts, or both', () => {
    const own = new UnixFS({ type: 'file', data: Buffer.from('own') })
    expect(read(pbBlock(own.marshal(), []))).toMatchObject({ kind: 'file', size: 3, parts: [] })
    expect(read(pbBlock(new UnixFS({ type: 'raw', data: Buffer.from('own') }).marshal(), []))).toMatchObject({
      size: 3,
    })
    own.addBlockSize(4n)
    const both = read(pbBlock(own.marshal(), [{ Name: '', Hash: leaf.cid, Tsize: 4 }]))
    expect(both).toMatchObject({ kind: 'file', size: 7, parts: [{ cid: leaf.cid, size: 4 }] })
    expect(Buffer.from((both as { data: Uint8Array }).data).toString()).toBe('own')
  })

  it('reads sizes up to 2^53, in every form of protobuf', () => {
    for (const size of [1, 127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      expect(read(fileBlock([[leaf.cid, size]]))).toMatchObject({ size })
    }
    const packed = unixFsData([
      [1, 2],
      [3, 300],
      [4, Uint8Array.from([...varint(100), ...varint(200)])],
    ])
    const links = [leaf, leaf].map(({ cid }) => ({ Name: '', Hash: cid, Tsize: 1 }))
    expect(read(pbBlock(packed, links))).toMatchObject({ size: 300, parts: [{ size: 100 }, { size: 200 }] })
  })

  it('passes over fields that it does not know', () => {
    const mode = Uint8Array.of(
      ...unixFsData([[1, 1]]),
      7 * 8,
      ...varint(0o644),
      8 * 8 + 2,
      2,
      8,
      1,
      0x7d,
      1,
      2,
      3,
      4,
      0x71,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
    )
    expect(read(pbBlock(mode, []))).toEqual({ kind: 'directory', entries: [] })
  })

  it('reads directories and symbolic links', () => {
    const folder = directoryBlock([
      ['a', leaf.cid],
      ['b', leaf.cid],
    ])
    expect(read(folder)).toEqual({
      kind: 'directory',
      entries: [
        { name: 'a', cid: leaf.cid },
        { name: 'b', cid: leaf.cid },
      ],
    })
    const link = (target: Uint8Array) =>
      pbBlock(
        unixFsData([
          [1, 4],
          [2, target],
        ]),
        [],
      )
    expect(read(link(Buffer.from('../é')))).toEqual({ kind: 'symlink', target: '../é' })
    expect(read(link(Buffer.from('\ufeffa')))).toEqual({ kind: 'symlink', target: '\ufeffa' })
    expect(() => read(link(Uint8Array.of(0xff)))).toThrow(refused(/not UTF-8/))
  })

  it.each([8, 16, 256, 1024])('reads shards with a fan-out of %i', (fanout) => {
    const last = (fanout - 1).toString(16).toUpperCase()
    const first = '0'.repeat(last.length)
    expect(
      read(
        shardBlock(fanout, [
          [`${first}name`, leaf.cid],
          [last, leaf.cid],
        ]),
      ),
    ).toEqual({
      kind: 'shard',
      fanout,
      entries: [
        { slot: 0, name: 'name', cid: leaf.cid },
        { slot: fanout - 1, name: undefined, cid: leaf.cid },
      ],
    })
  })

  it.each([0, 1, 2, 3, 4, 7, 9, 255, 257, 2048, 2 ** 31, 2 ** 32, 2 ** 32 + 256])(
    'refuses a fan-out of %d',
    (fanout) => {
      expect(() => read(shardBlock(fanout, []))).toThrow(refused(/fan-out/))
    },
  )

  it.each([
    ['in lower case', 'ffa'],
    ['too short', 'F'],
    ['of no digits', '  a'],
    ['with a sign', '+1a'],
    ['empty', ''],
  ])('refuses a place in a shard %s', (_, name) => {
    expect(() => read(shardBlock(256, [[name, leaf.cid]]))).toThrow(refused(/no place/))
  })

  it('refuses names that stand twice, and places', () => {
    const twice = [
      ['a', leaf.cid],
      ['a', leaf.cid],
    ] as const
    expect(() => read(directoryBlock(twice))).toThrow(refused(/one name/))
    expect(() =>
      read(
        shardBlock(256, [
          ['00', leaf.cid],
          ['00a', leaf.cid],
        ]),
      ),
    ).toThrow(refused(/one place/))
    expect(() =>
      read(
        shardBlock(256, [
          ['00a', leaf.cid],
          ['01a', leaf.cid],
        ]),
      ),
    ).toThrow(refused(/one name/))
  })

  it.each([
    ['no data', undefined, /no data/],
    ['empty data', new Uint8Array(), /type/],
    ['an unknown type', unixFsData([[1, 6]]), /type/],
    ['metadata', unixFsData([[1, 3]]), /type/],
    ['a huge type', unixFsData([[1, 2 ** 40]]), /type/],
    ['a number that ends early', Uint8Array.of(8, 0x82), /middle of a number/],
    [
      'a number beyond all measure',
      Uint8Array.of(8, ...Array.from({ length: 12 }, () => 0xff), 1),
      /beyond all measure/,
    ],
    ['bytes that end early', Uint8Array.of(8, 2, 18, 100, 1), /cut short/],
    ['a length of 2^50', Uint8Array.of(8, 2, 18, ...varint(2 ** 50)), /cut short/],
    ['a packed number that ends early', Uint8Array.of(8, 2, 34, 1, 0x80), /middle of a number/],
    ['a group', Uint8Array.of(8, 2, 11), /cut short/],
    ['a field without a number', Uint8Array.of(8, 2, 0, 1), /no number/],
    [
      'a file size that is not that of its bytes',
      unixFsData([
        [1, 2],
        [2, Buffer.from('abc')],
        [3, 4],
      ]),
      /not that of its parts/,
    ],
  ] as const)('refuses %s', (_, data, says) => {
    expect(() => read(pbBlock(data, []))).toThrow(refused(says))
  })

  it('refuses numbers without end soon, however many bytes they have', () => {
    const zeros = new Uint8Array(1_000_000).fill(0x80)
    expect(() => read(pbBlock(Uint8Array.of(8, ...zeros.subarray(0, 1000)), []))).toThrow(refused(/UnixFS node/))
    const bytes = Buffer.concat([Uint8Array.of(10, ...varint(zeros.byteLength)), zeros])
    expect(() => readNode(CID.createV1(0x70, sha256(bytes)), bytes)).toThrow(refused(/UnixFS node/))
  })

  it('refuses what is not dag-pb', () => {
    const bytes = Buffer.from('no protobuf')
    expect(() => readNode(CID.createV1(0x70, sha256(bytes)), bytes)).toThrow(refused(/not a dag-pb node/))
    expect(() => readNode(CID.createV1(0x71, sha256(bytes)), bytes)).toThrow(refused(/not/))
  })

  it('reads all that the importer writes', async () => {
    const blocks = new MemoryBlockstore()
    const files = Array.from({ length: 300 }, (_, index) => ({
      path: `a/${index}.txt`,
      content: Buffer.from(`${index}`),
    }))
    const profiles = [
      {},
      { rawLeaves: false, cidVersion: 0 as const },
      { shardSplitThresholdBytes: 100, shardFanoutBits: 4 },
    ]
    for (const options of profiles) {
      const kinds = new Set<string>()
      for await (const { cid } of importer([...files, { path: 'big', content: Buffer.alloc(3_000_000, 1) }], blocks, {
        wrapWithDirectory: true,
        ...options,
      })) {
        const stack = [cid]
        for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
          const node = readNode(next, await readBlock(blocks, next))
          kinds.add(node.kind)
          if (node.kind === 'file') stack.push(...node.parts.map((part) => part.cid))
          else if (node.kind !== 'symlink') stack.push(...node.entries.map((entry) => entry.cid))
        }
      }
      expect(kinds).toContain('file')
      expect(kinds).toContain('shardFanoutBits' in options ? 'shard' : 'directory')
    }
  })
})
