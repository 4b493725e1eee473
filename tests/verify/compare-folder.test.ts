import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryBlockstore } from 'blockstore-core'
import { importer } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import type { GetStore } from '../../src/dag/read-block.ts'
import { writeDag } from '../../src/dag/write-dag.ts'
import { writeFolder } from '../../src/dag/write-folder.ts'
import { type Comparison, compareFolder } from '../../src/verify/compare-folder.ts'
import { directoryBlock, rawBlock, shardBlock } from '../dag/hostile-cars.ts'
import { anyDirectory, hello, storeOf, symlinkBlock } from '../dag/hostile-folders.ts'
import { temporaryFolder } from '../temporary.ts'

const signal = new AbortController().signal
const mebibyte = 1_048_576

interface Archived {
  readonly blocks: MemoryBlockstore
  readonly root: CID
  readonly cids: ReadonlyMap<string, CID>
  readonly picture: Buffer
}

async function edition(): Promise<Archived> {
  const blocks = new MemoryBlockstore()
  const picture = Buffer.concat([0, 1, 2].map((value) => Buffer.alloc(mebibyte, value + 1)))
  const cids = new Map<string, CID>()
  const entries = {
    'article.md': Buffer.from('# On Clocks\n'),
    'assets/picture.jpg': picture,
    'assets/small.jpg': Buffer.from('small'),
    'index.html': Buffer.from('<!doctype html><title>On Clocks</title>'),
    'metadata.json': Buffer.from('{}'),
  }
  const { cid } = await writeDag(
    { blockstore: blocks as never },
    Object.entries(entries).map(([path, content]) => ({ path, content })),
    { onFile: ({ path, cid: file }) => cids.set(path, file) },
  )
  return { blocks, root: cid, cids, picture }
}

function compare(path: string, { blocks, root }: { blocks: GetStore; root: CID }): Promise<Comparison> {
  return compareFolder(path, { root, label: 'clocks@2' }, blocks, { signal })
}

/** A folder as it is fetched. */
async function fetched(archived: { blocks: GetStore; root: CID }): Promise<string> {
  const out = join(temporaryFolder(), 'clocks')
  await writeFolder(archived.blocks, archived.root, out)
  return out
}

describe('a folder', () => {
  it('that was fetched is the same', async () => {
    const archived = await edition()
    const out = await fetched(archived)
    expect(await compare(out, archived)).toEqual({
      path: out,
      subject: 'folder',
      against: 'clocks@2',
      root: archived.root.toString(),
      counterparts: [],
      state: 'same',
      archive: 'intact',
      files: 5,
      bytes: 3 * mebibyte + 58,
      differences: [],
      unlisted: 0,
      faults: [],
      notices: [],
    })
  })

  it('has all that is missing, over or different listed, in the order of the paths', async () => {
    const archived = await edition()
    const out = await fetched(archived)
    const picture = Buffer.from(archived.picture)
    picture[1_000_000] = 99
    picture[2_500_000] = 99
    writeFileSync(join(out, 'assets/picture.jpg'), picture)
    truncateSync(join(out, 'article.md'), 4)
    writeFileSync(join(out, 'index.html'), '<!doctype html><title>On Clocks</title> and more')
    rmSync(join(out, 'metadata.json'))
    rmSync(join(out, 'assets/small.jpg'))
    mkdirSync(join(out, 'assets/small.jpg'))
    mkdirSync(join(out, 'new/empty'), { recursive: true })
    writeFileSync(join(out, 'new/file'), 'abc')
    writeFileSync(join(out, '.DS_Store'), '')
    symlinkSync('article.md', join(out, 'link'))
    const { state, archive, differences, files } = await compare(out, archived)
    expect({ state, archive, files }).toEqual({ state: 'different', archive: 'intact', files: 0 })
    expect(differences).toEqual([
      { path: '.DS_Store', how: 'extra', found: 0, note: expect.stringContaining('hidden') },
      { path: 'article.md', how: 'differs', archived: 12, found: 4, first: 4 },
      {
        path: 'assets/picture.jpg',
        how: 'differs',
        archived: 3 * mebibyte,
        found: 3 * mebibyte,
        first: 1_000_000,
        last: 2_500_000,
      },
      { path: 'assets/small.jpg', how: 'kind', note: 'the archived one is a file' },
      { path: 'index.html', how: 'differs', archived: 39, found: 48, first: 39 },
      { path: 'link', how: 'extra', note: 'a symbolic link' },
      { path: 'metadata.json', how: 'missing' },
      { path: 'new/empty', how: 'extra', note: 'an empty folder' },
      { path: 'new/file', how: 'extra', found: 3 },
    ])
  })

  it('that lacks a folder lacks its files', async () => {
    const archived = await edition()
    const out = await fetched(archived)
    rmSync(join(out, 'assets'), { recursive: true })
    expect((await compare(out, archived)).differences).toEqual([
      { path: 'assets/picture.jpg', how: 'missing', archived: 3 * mebibyte },
      { path: 'assets/small.jpg', how: 'missing' },
    ])
  })

  it('is compared byte for byte, also at the very ends', async () => {
    const archived = await edition()
    const out = await fetched(archived)
    for (const at of [0, mebibyte - 1, mebibyte, 3 * mebibyte - 1]) {
      const picture = Buffer.from(archived.picture)
      picture[at] = 99
      writeFileSync(join(out, 'assets/picture.jpg'), picture)
      expect((await compare(out, archived)).differences).toMatchObject([{ first: at, last: at }])
    }
    truncateSync(join(out, 'assets/picture.jpg'), mebibyte)
    expect((await compare(out, archived)).differences).toMatchObject([
      { first: mebibyte, archived: 3 * mebibyte, found: mebibyte },
    ])
  })

  it('of a sharded directory, with names that had to be escaped', async () => {
    const blocks = new MemoryBlockstore()
    let root: CID | undefined
    const source = Array.from({ length: 300 }, (_, index) => ({ path: `n${index}?`, content: Buffer.from(`${index}`) }))
    for await (const { cid } of importer(source, blocks, { wrapWithDirectory: true, shardSplitThresholdBytes: 0 }))
      root = cid
    const archived = { blocks, root: root as CID }
    const out = await fetched(archived)
    expect(await compare(out, archived)).toMatchObject({ state: 'same', files: 300 })
    rmSync(join(out, 'n7%3F'))
    expect((await compare(out, archived)).differences).toEqual([{ path: 'n7%3F', how: 'missing' }])
  })

  it('may lack symbolic links, which are as a rule not written', async () => {
    const link = symlinkBlock('a')
    const archived = storeOf([
      anyDirectory([
        ['a', hello.cid],
        ['l', link.cid],
      ]),
      hello,
      link,
    ])
    const out = await fetched(archived)
    const { state, notices } = await compare(out, archived)
    expect(state).toBe('same')
    expect(notices).toMatchObject([{ file: 'l' }])
    symlinkSync('a', join(out, 'l'))
    expect((await compare(out, archived)).state).toBe('same')
    rmSync(join(out, 'l'))
    symlinkSync('b', join(out, 'l'))
    expect((await compare(out, archived)).differences).toMatchObject([{ path: 'l', how: 'differs' }])
    rmSync(join(out, 'l'))
    writeFileSync(join(out, 'l'), 'a')
    expect((await compare(out, archived)).differences).toMatchObject([{ path: 'l', how: 'kind' }])
  })
})

describe('damage of the archive', () => {
  it('is told as such, and is no difference', async () => {
    const archived = await edition()
    const out = await fetched(archived)
    const article = archived.cids.get('article.md') as CID
    await archived.blocks.delete(article)
    await archived.blocks.put(archived.cids.get('index.html') as CID, Buffer.from('damaged'))
    const { state, archive, differences, faults, files } = await compare(out, archived)
    expect({ state, archive, files }).toEqual({ state: 'not checked', archive: 'damaged', files: 3 })
    expect(differences).toEqual([])
    expect(faults.map(({ path, state: each, where }) => [path, each, where])).toEqual([
      ['article.md', 'missing', 'archive'],
      ['index.html', 'damaged', 'archive'],
    ])
  })

  it('of a folder makes nothing in it extra', async () => {
    const archived = await edition()
    const out = await fetched(archived)
    await archived.blocks.delete(archived.cids.get('assets') as CID)
    const { state, archive, differences, faults } = await compare(out, archived)
    expect({ state, archive, differences }).toEqual({ state: 'not checked', archive: 'missing', differences: [] })
    expect(faults).toMatchObject([{ path: 'assets', where: 'archive' }])
    await archived.blocks.delete(archived.root)
    expect(await compare(out, archived)).toMatchObject({ state: 'not checked', archive: 'missing', differences: [] })
  })

  it('of one shard leaves the names of the others', async () => {
    const below = shardBlock(8, [['0b', rawBlock('world').cid]])
    const archived = storeOf([
      shardBlock(8, [
        ['0', below.cid],
        ['1a', hello.cid],
      ]),
      hello,
    ])
    const out = temporaryFolder()
    writeFileSync(join(out, 'a'), 'hallo')
    writeFileSync(join(out, 'b'), 'world')
    const { differences, faults } = await compare(out, archived)
    expect(differences).toMatchObject([{ path: 'a', how: 'differs', first: 1, last: 1 }])
    expect(faults).toMatchObject([{ state: 'missing' }])
  })

  it('that is a trap ends in an error', async () => {
    const blocks = [hello]
    for (let level = 0; level < 40; level += 1) {
      const { cid } = blocks[0] as typeof hello
      blocks.unshift(
        directoryBlock([
          ['a', cid],
          ['b', cid],
        ]),
      )
    }
    const folder = temporaryFolder()
    await expect(compare(folder, storeOf(blocks))).rejects.toMatchObject({ code: 'damaged' })
    writeFileSync(join(folder, 'x'), '')
    await expect(compare(join(folder, 'x'), storeOf(blocks))).rejects.toMatchObject({ code: 'damaged' })
  })

  it('is told apart from a disk that cannot be read', async () => {
    const archived = await edition()
    const out = await fetched(archived)
    const failing: GetStore = {
      async *get(cid) {
        if (cid.equals(archived.cids.get('article.md'))) throw Object.assign(new Error('EIO'), { code: 'EIO' })
        yield* archived.blocks.get(cid)
      },
    }
    const { state, archive, faults } = await compare(out, { ...archived, blocks: failing })
    expect({ state, archive }).toEqual({ state: 'not checked', archive: 'not checked' })
    expect(faults).toMatchObject([{ path: 'article.md', where: 'archive', state: 'not checked' }])
  })
})

describe('a single file', () => {
  it.each([
    ['article.md', 'article.md', ['article.md']],
    ['article.md', 'renamed.txt', ['article.md']],
    ['assets/picture.jpg', 'photo (1).jpg', ['assets/picture.jpg']],
  ])('that is %s, saved as %s, is found to be it', async (path, name, counterparts) => {
    const archived = await edition()
    const file = join(temporaryFolder(), name)
    cpSync(join(await fetched(archived), path), file)
    expect(await compare(file, archived)).toMatchObject({
      subject: 'file',
      state: 'same',
      counterparts,
      differences: [],
      files: 1,
    })
  })

  it.each([
    ['index.html', 'index.html', 0],
    ['On Clocks – OpenVoiceNews.html', 'index.html', 0],
    ['page.htm', 'index.html', 0],
    ['my notes.md', 'article.md', 0],
    ['picture.jpg', 'assets/picture.jpg', 0],
    ['other.jpg', 'assets/picture.jpg', 0],
  ])('%s is compared with %s', async (name, like, first) => {
    const archived = await edition()
    const file = join(temporaryFolder(), name)
    writeFileSync(file, 'X')
    expect(await compare(file, archived)).toMatchObject({
      state: 'different',
      counterparts: [like],
      differences: [{ path: like, how: 'differs', found: 1, first }],
    })
  })

  it('that is like none is told so', async () => {
    const archived = await edition()
    const file = join(temporaryFolder(), 'movie.mp4')
    writeFileSync(file, 'X')
    expect(await compare(file, archived)).toMatchObject({
      state: 'different',
      counterparts: [],
      differences: [{ path: 'movie.mp4', how: 'extra', found: 1 }],
    })
  })

  it('is not called different where the archived one is damaged', async () => {
    const archived = await edition()
    const file = join(temporaryFolder(), 'article.md')
    writeFileSync(file, '# On Clocks\n')
    await archived.blocks.put(archived.cids.get('article.md') as CID, Buffer.from('damaged'))
    expect(await compare(file, archived)).toMatchObject({
      state: 'not checked',
      archive: 'damaged',
      differences: [],
      faults: [{ path: 'article.md', state: 'damaged', where: 'archive' }],
    })
  })

  it('is the same as one archived file, whatever became of others', async () => {
    const archived = await edition()
    const file = join(temporaryFolder(), 'article.md')
    writeFileSync(file, '# On Clocks\n')
    await archived.blocks.put(archived.cids.get('assets/small.jpg') as CID, Buffer.from('damaged'))
    expect(await compare(file, archived)).toMatchObject({
      state: 'same',
      archive: 'intact',
      counterparts: ['article.md'],
      faults: [],
    })
  })

  it('may be an archived root itself', async () => {
    const archived = storeOf([hello])
    const folder = temporaryFolder()
    const file = join(folder, 'x')
    writeFileSync(file, 'hello')
    expect(await compare(file, archived)).toMatchObject({ state: 'same', counterparts: [''] })
    writeFileSync(file, 'help!')
    expect(await compare(file, archived)).toMatchObject({
      state: 'different',
      differences: [{ path: '', first: 3, last: 4 }],
    })
    expect(await compare(folder, archived)).toMatchObject({
      state: 'different',
      differences: [{ path: '', how: 'kind' }],
    })
    expect(readFileSync(file, 'utf8')).toBe('help!')
  })
})

describe('what is no folder and no file', () => {
  it('is an error', async () => {
    const archived = storeOf([hello])
    const folder = temporaryFolder()
    await expect(compare(join(folder, 'none'), archived)).rejects.toMatchObject({ code: 'not-found' })
    await expect(compare('/dev/null', archived)).rejects.toMatchObject({ code: 'usage' })
  })
})
