import { createCipheriv, createHash } from 'node:crypto'
import { decode as decodePb } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { importFile } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'
import { sha256 as mfSha256 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { chunkSize, profile } from '../../src/dag/profile.ts'
import { type DagEntry, writeDag, writeFileDag } from '../../src/dag/write-dag.ts'

/** A store that keeps nothing but the last block. */
class LastBlock {
  bytes: Uint8Array = new Uint8Array()
  put(cid: CID, bytes: Uint8Array): CID {
    this.bytes = bytes
    return cid
  }
  has() {
    return false
  }
  async *get(): AsyncGenerator<Uint8Array> {
    yield this.bytes
  }
}

function node() {
  return { blockstore: new LastBlock() as never }
}

/** The key stream that IPIP-499 takes its input from: ChaCha20, key = sha256(seed), nonce 0. */
function keyStream(seed: string) {
  const cipher = createCipheriv('chacha20', createHash('sha256').update(seed).digest(), Buffer.alloc(16))
  return (length: number) => cipher.update(Buffer.alloc(length))
}

function* streamOf(seed: string, length: number): Generator<Uint8Array> {
  const next = keyStream(seed)
  for (let left = length; left > 0; left -= chunkSize) yield next(Math.min(left, chunkSize))
}

/** A directory of 4766 files whose last name decides whether it is sharded. */
function* directoryOf(lastName: number): Generator<DagEntry> {
  const next = keyStream('hamt-unixfs-v1-2025')
  const alphabet = 'abcdefghijklmnopqrstuvwxyz01234567890-_'
  for (let index = 0; index < 4766; index += 1) {
    const length = index === 4765 ? lastName : 11
    yield {
      path: Array.from(next(length), (byte) => alphabet[byte % alphabet.length]).join(''),
      content: Buffer.from('x'),
    }
  }
}

const gibibyte = 1024 * chunkSize

describe('the vectors of IPIP-499, profile unixfs-v1-2025', () => {
  const files: [name: string, content: () => Uint8Array | (() => AsyncIterable<Uint8Array>), cid: string][] = [
    ['a small file', () => Buffer.from('hello world'), 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'],
    [
      'one chunk',
      () => stream('chunk-v1-seed', chunkSize),
      'bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta',
    ],
    [
      'one chunk and a byte',
      () => stream('chunk-v1-seed', chunkSize + 1),
      'bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64',
    ],
    [
      '1024 chunks',
      () => stream('v1-2025-seed', gibibyte),
      'bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm',
    ],
    [
      '1024 chunks and a byte',
      () => stream('v1-2025-seed', gibibyte + 1),
      'bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe',
    ],
  ]

  function stream(seed: string, length: number) {
    return async function* () {
      yield* streamOf(seed, length)
    }
  }

  it.each(files)('%s', async (_, content, cid) => {
    expect((await writeFileDag(node(), content())).cid.toString()).toBe(cid)
  })

  it.each([
    ['a directory at the threshold', 21, 'bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4'],
    ['a directory above it', 22, 'bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu'],
  ] as const)('%s', async (_, lastName, cid) => {
    expect((await writeDag(node(), directoryOf(lastName))).cid.toString()).toBe(cid)
  })
})

describe('files of 2 to 4 GiB', () => {
  const mebibyte = new Uint8Array(chunkSize).fill(1)

  /** Makes every leaf from one block and hashes it once: the sizes are real, the disk and the memory are not needed. */
  async function rootOf(mebibytes: number) {
    const digest = await mfSha256.digest(mebibyte)
    const store = new LastBlock()
    const { CID } = await import('multiformats/cid')
    const cid = CID.createV1(0x55, digest)
    const { cid: root } = await importFile(
      {
        content: (async function* () {
          for (let index = 0; index < mebibytes; index += 1) yield mebibyte
        })(),
      },
      store as never,
      {
        profile,
        bufferImporter: async function* (file) {
          for await (const chunk of file.content) yield async () => ({ cid, size: BigInt(chunk.length), block: chunk })
        },
      },
    )
    return { root: root.toString(), block: store.bytes }
  }

  // The CIDs are those of Kubo 0.43: `head -c <size> /dev/zero | tr '\\0' '\\1' | ipfs add --only-hash`.
  it.each([
    [2047, 'bafybeihnl6kynvx3tmsjba5mi73fyufvxpvdodbwe2vpavgcuyr7lbtehi'],
    [2048, 'bafybeigegl2la5zgxdwfgemncya2liow66hzc7u4zwkvtwpstosf3tqqaa'],
    [3072, 'bafybeidqmznqcgx3lxtqbvi7qol3rdglvfggglfl5s7o7nuumaz3o5as7q'],
    [4095, 'bafybeidxanw235swdqwjl3o5v77szy3numewymkpqlhlkwzftl4lylfxhm'],
    [4096, 'bafybeieh757rrz4p5iknj5lnfyrajhseiwmb3mmavyuuawvbqnvdxo4jzq'],
  ])(
    '%i MiB: the root says the size of its content, in a message that any reader decodes',
    async (mebibytes, expected) => {
      const { root, block } = await rootOf(mebibytes)
      const fields = decodeProtobuf(decodePb(block).Data ?? new Uint8Array())
      const blockSizes = Array.from({ length: Math.ceil(mebibytes / 1024) }, (_, index) =>
        BigInt(Math.min(1024, mebibytes - index * 1024) * chunkSize),
      )
      expect(fields).toEqual([
        [1, 2n],
        [3, BigInt(mebibytes) * BigInt(chunkSize)],
        ...blockSizes.map((size) => [4, size]),
      ])
      expect(root).toBe(expected)
    },
  )

  it('refuses to write a node that it would write wrongly', () => {
    const unixFs = new UnixFS({ type: 'file', mode: 0o600, blockSizes: [2n ** 31n] })
    expect(() => unixFs.marshal()).toThrow('cannot be written')
  })
})

/** Reads varint fields strictly, as a reader that shares no code with the writer would. */
function decodeProtobuf(bytes: Uint8Array): [field: number, value: bigint][] {
  const fields: [number, bigint][] = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('truncated')
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7n) !== 0n || tag >> 3n === 0n) throw new Error(`illegal tag ${tag}`)
    fields.push([Number(tag >> 3n), varint()])
  }
  return fields
}

describe('writeDag', () => {
  it('gives the CIDs that Kubo gives for an empty directory and an empty file', async () => {
    expect((await writeFileDag(node(), new Uint8Array())).cid.toString()).toBe(
      'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
    )
    const blocks = new LastBlock()
    await writeDag({ blockstore: blocks as never }, [{ path: 'empty' }])
    // The last block that is written is the root, whose one link is the empty directory.
    expect(decodePb(blocks.bytes).Links.map(({ Name, Hash }) => [Name, Hash.toString()])).toEqual([
      ['empty', 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'],
    ])
  })

  it('does not depend on the order of the entries', async () => {
    const entries = ['b/2.txt', 'a.txt', 'b/1.txt', 'c/d/e.txt'].map((path) => ({ path, content: Buffer.from(path) }))
    const roots = [entries, [...entries].reverse()].map(async (each) => (await writeDag(node(), each)).cid.toString())
    const [one, other] = await Promise.all(roots)
    expect(one).toBe(other)
  })

  it('asks for an entry after it told of the one before', async () => {
    const told: string[] = []
    async function* entries(): AsyncGenerator<DagEntry> {
      yield { path: 'assets/a.png', content: Buffer.from('a') }
      expect(told).toEqual(['assets/a.png'])
      yield { path: 'article.md', content: () => streamInPieces('text') }
      expect(told).toEqual(['assets/a.png', 'article.md'])
      yield { path: 'index.html', content: Buffer.from('page') }
    }
    const root = await writeDag(node(), entries(), { onFile: ({ path }) => told.push(path) })
    expect(told).toEqual(['assets/a.png', 'article.md', 'index.html', 'assets'])
    expect(root.path).toBe('')
  })

  it('tells the size of a file of several blocks', async () => {
    const sizes: number[] = []
    const content = async function* () {
      yield* streamOf('size', 2 * chunkSize + 5)
    }
    await writeDag(node(), [{ path: 'film.mp4', content }], { onFile: ({ size }) => sizes.push(size) })
    expect(sizes).toEqual([2 * chunkSize + 5])
  })

  it('passes on what a file throws while it is read', async () => {
    const content = async function* () {
      yield new Uint8Array(chunkSize)
      throw new Error('the disk is gone')
    }
    await expect(writeDag(node(), [{ path: 'a', content }])).rejects.toThrow('the disk is gone')
  })
})

async function* streamInPieces(text: string): AsyncGenerator<Uint8Array> {
  for (const character of text) yield Buffer.from(character)
}
