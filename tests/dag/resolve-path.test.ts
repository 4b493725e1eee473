import { encode, prepare } from '@ipld/dag-pb'
import { MemoryBlockstore } from 'blockstore-core'
import { UnixFS } from 'ipfs-unixfs'
import { importer } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/dag/hash.ts'
import { resolvePath } from '../../src/dag/resolve-path.ts'
import { OvnError } from '../../src/errors.ts'

interface Tree {
  readonly blocks: MemoryBlockstore
  readonly root: CID
  readonly cids: ReadonlyMap<string, CID>
}

async function importTree(paths: readonly string[], sharded: boolean, fanoutBits = 8): Promise<Tree> {
  const blocks = new MemoryBlockstore()
  const cids = new Map<string, CID>()
  const source = paths.map((path) => ({ path, content: Buffer.from(path) }))
  const options = {
    wrapWithDirectory: true,
    rawLeaves: true,
    cidVersion: 1 as const,
    shardFanoutBits: fanoutBits,
    shardSplitThresholdBytes: sharded ? 0 : 262_144,
  }
  let root: CID | undefined
  for await (const { path, cid } of importer(source, blocks, options)) {
    cids.set(path ?? '', cid)
    root = cid
  }
  return { blocks, root: root as CID, cids }
}

const manyNames = Array.from(
  { length: 500 },
  (_, index) => [`file-${index}.txt`, `Ålesund ${index}`, `日本語-${index}.md`, `🗞️${index}`][index % 4] as string,
)

async function put(blocks: MemoryBlockstore, Data: Uint8Array, links: readonly { Name: string; Hash: CID }[]) {
  const bytes = encode(prepare({ Data, Links: [...links] }))
  const cid = CID.createV1(0x70, sha256(bytes))
  await blocks.put(cid, bytes)
  return cid
}

async function caught(promise: Promise<unknown>): Promise<OvnError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(OvnError)
  return error as OvnError
}

describe('resolvePath', () => {
  it('answers the empty path with the root', async () => {
    const { blocks, root } = await importTree(['a'], false)
    expect(await resolvePath(blocks, root, [])).toMatchObject({
      cid: root,
      node: { kind: 'directory' },
      name: undefined,
    })
  })

  it.each([
    ['plain', false, 8],
    ['sharded by 8', true, 3],
    ['sharded by 16', true, 4],
    ['sharded by 256', true, 8],
    ['sharded by 1024', true, 10],
  ])('finds every entry of a directory of 500 that is %s', async (_, sharded, bits) => {
    const { blocks, root, cids } = await importTree(manyNames, sharded, bits)
    for (const name of manyNames) {
      const found = await resolvePath(blocks, root, [name])
      expect(found.cid.equals(cids.get(name))).toBe(true)
      expect(found).toMatchObject({ name, node: { kind: 'file', data: Buffer.from(name) } })
    }
    await expect(resolvePath(blocks, root, ['file-1.txt'])).rejects.toThrow('no "file-1.txt" in')
  })

  it('goes through directories and shards in turn', async () => {
    const deep = manyNames.map((name) => `one/${name}/three/four`)
    const { blocks, root, cids } = await importTree(deep, true)
    for (const path of deep.slice(0, 40)) {
      expect((await resolvePath(blocks, root, path.split('/'))).cid.equals(cids.get(path))).toBe(true)
    }
  })

  it('says which segment is not there, and what is', async () => {
    const { blocks, root } = await importTree(['a/one', 'a/two', 'a/\u001b[2J'], false)
    const error = await caught(resolvePath(blocks, root, ['a', 'three', 'four']))
    expect(error).toMatchObject({
      code: 'not-found',
      message: `no "three" in ${root}/a`,
      hint: 'it has "\\u001b[2J", "one", "two"',
    })
    expect((await caught(resolvePath(blocks, root, ['']))).hint).toBe('it has "a"')
    expect((await caught(resolvePath(blocks, root, ['..']))).code).toBe('not-found')
  })

  it('lists a few names of a large folder, and some of a sharded one', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`)
    const plain = await importTree(names, false)
    expect((await caught(resolvePath(plain.blocks, plain.root, ['x']))).hint).toMatch(
      /^it has ("n\d+", ){7}"n\d+", and more$/,
    )
    const sharded = await importTree(names, true)
    expect((await caught(resolvePath(sharded.blocks, sharded.root, ['x']))).hint).toMatch(
      /^it has ("n\d+"(, )?)+and more$/,
    )
  })

  it('does not go into files and through symbolic links', async () => {
    const { blocks, root } = await importTree(['a'], false)
    expect((await caught(resolvePath(blocks, root, ['a', 'b']))).message).toBe(`no "b" in ${root}/a: that is a file`)
    const link = await put(blocks, new UnixFS({ type: 'symlink', data: Buffer.from('..') }).marshal(), [])
    const folder = await put(blocks, new UnixFS({ type: 'directory' }).marshal(), [{ Name: 'l', Hash: link }])
    expect(await resolvePath(blocks, folder, ['l'])).toMatchObject({ node: { kind: 'symlink', target: '..' } })
    expect((await caught(resolvePath(blocks, folder, ['l', 'a']))).message).toContain('symbolic link')
  })

  it('tells a block that is missing from a name that is', async () => {
    const { blocks, root, cids } = await importTree(['a/b'], false)
    await blocks.delete(cids.get('a') as CID)
    expect((await caught(resolvePath(blocks, root, ['a', 'b']))).message).toBe(`block ${cids.get('a')} is missing`)
  })

  it('goes no deeper into shards than a hash reaches, and not on for ever', async () => {
    const blocks = new MemoryBlockstore()
    const shard = new UnixFS({ type: 'hamt-sharded-directory', fanout: 8n, hashType: 0x22n }).marshal()
    let cid = await put(blocks, shard, [])
    for (let level = 0; level < 40; level += 1) {
      cid = await put(
        blocks,
        shard,
        Array.from({ length: 8 }, (_, slot) => ({ Name: `${slot}`, Hash: cid })),
      )
    }
    expect(await caught(resolvePath(blocks, cid, ['x']))).toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('more deeply'),
    })
    expect(
      (
        await caught(
          resolvePath(
            blocks,
            cid,
            Array.from({ length: 300 }, () => 'x'),
          ),
        )
      ).code,
    ).toBe('usage')
  })

  it('refuses a shard below another that is none, or has another fan-out', async () => {
    const blocks = new MemoryBlockstore()
    const shardOf = (fanout: bigint) =>
      new UnixFS({ type: 'hamt-sharded-directory', fanout, hashType: 0x22n }).marshal()
    for (const data of [new UnixFS({ type: 'directory' }).marshal(), shardOf(16n)]) {
      const below = await put(blocks, data, [])
      const root = await put(
        blocks,
        shardOf(8n),
        Array.from({ length: 8 }, (_, slot) => ({ Name: `${slot}`, Hash: below })),
      )
      expect((await caught(resolvePath(blocks, root, ['x']))).message).toContain('should be a shard')
    }
  })
})
