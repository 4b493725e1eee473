import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { MemoryBlockstore } from 'blockstore-core'
import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import type { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { diskName } from '../../src/dag/entry-name.ts'
import type { GetStore } from '../../src/dag/read-block.ts'
import { writeDag } from '../../src/dag/write-dag.ts'
import { type WriteFolderOptions, writeFolder } from '../../src/dag/write-folder.ts'
import { OvnError } from '../../src/errors.ts'
import { temporaryFolder } from '../temporary.ts'
import { type Block, directoryBlock, fileBlock, rawBlock } from './hostile-cars.ts'
import { anyDirectory, hello, hostileFolders, oneEntry, storeOf, symlinkBlock } from './hostile-folders.ts'

/** All that is in a folder: kinds, modes, contents, where links lead. No link is followed. */
function snapshot(folder: string, path = ''): Record<string, string> {
  const found = readdirSync(join(folder, path)).sort()
  return Object.assign({}, ...found.map((name) => describeEntry(folder, path === '' ? name : `${path}/${name}`)))
}

function describeEntry(folder: string, path: string): Record<string, string> {
  const place = join(folder, path)
  const found = lstatSync(place)
  if (found.isSymbolicLink()) return { [path]: `link to ${readlinkSync(place)}` }
  if (found.isDirectory()) return { [path]: 'folder', ...snapshot(folder, path) }
  const digest = createHash('sha256').update(readFileSync(place)).digest('hex')
  return { [path]: `${found.nlink} ${(found.mode & 0o777).toString(8)} ${digest}` }
}

/** A folder among others' files, to write into. */
function surroundings(): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'work', 'neighbour'), { recursive: true })
  for (const path of ['evil', 'work/evil', 'work/neighbour/evil', 'article.md']) {
    writeFileSync(join(folder, path), `precious ${path}`)
  }
  return folder
}

async function caught(promise: Promise<unknown>): Promise<OvnError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(OvnError)
  return error as OvnError
}

async function failing(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )
}

function partialsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.partial'))
}

interface Counting extends GetStore {
  readonly asked: string[]
}

/** A store that notes what it is asked for, and fails from some block on. */
function counting(blocks: GetStore, failAt = Number.POSITIVE_INFINITY): Counting {
  const asked: string[] = []
  return {
    asked,
    async *get(cid, options) {
      if (asked.length >= failAt) throw new OvnError('offline', 'the line is cut')
      asked.push(cid.toString())
      yield* blocks.get(cid, options)
    },
  }
}

describe('a hostile DAG', () => {
  it('has many kinds', () => expect(hostileFolders.length).toBeGreaterThan(80))

  it.each(hostileFolders)('$name', async ({ make, says, code = 'damaged', isHeavy = false }) => {
    const folder = surroundings()
    const before = snapshot(folder)
    const { blocks, root } = storeOf(make())
    const target = join(folder, 'work', 'out')
    for (const symlinks of isHeavy ? [false] : [false, true]) {
      const error = await caught(writeFolder(blocks, root, target, { keepPartial: false, symlinks }))
      expect(error.message).toMatch(says)
      expect(error.code).toBe(code)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be in a message.
      expect(`${error.message}${error.hint}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      expect(error.message.length).toBeLessThan(400)
      expect(snapshot(folder)).toEqual(before)
    }
    if (isHeavy) return
    // What may stay for the next run is in one folder, and goes with it.
    await caught(writeFolder(blocks, root, target))
    const left = Object.entries(snapshot(folder)).filter(
      ([path]) => !/^work\/\.out\.[a-z2-7]{12}\.\d+\.partial(\/|$)/.test(path),
    )
    expect(Object.fromEntries(left)).toEqual(before)
    await caught(writeFolder(blocks, root, target, { keepPartial: false }))
    expect(snapshot(folder)).toEqual(before)
  })
})

describe('a name that is merely odd', () => {
  it.each([
    ['ab:c', 'ab%3Ac'],
    ['10:30 what?.md', '10%3A30 what%3F.md'],
    ['*<>|"', '%2A%3C%3E%7C%22'],
    ['100% sure?', '100%25 sure%3F'],
    [' leading', '%20leading'],
    ['trailing\u00a0', 'trailing%C2%A0'],
    ['\u202egpj.exe', '%E2%80%AEgpj.exe'],
    ['zero\u200bwidth', 'zero%E2%80%8Bwidth'],
    ['e\u0301.md', 'e%CC%81.md'],
    ['é e\u0301', '%C3%A9 e%CC%81'],
    [Uint8Array.of(0x61, 0xff, 0x62), 'a%EF%BF%BDb'],
    ['a\u2028b', 'a%E2%80%A8b'],
  ])('%j is escaped as %j, with a notice', async (name, written) => {
    const folder = surroundings()
    const { blocks, root } = storeOf(oneEntry(name))
    const { path, files, notices } = await writeFolder(blocks, root, join(folder, 'out'))
    expect(readdirSync(path)).toEqual([written])
    expect(files).toBe(1)
    expect(notices).toEqual([{ file: written, message: expect.stringContaining('is written under this name') }])
    if (typeof name === 'string') expect(decodeURIComponent(written)).toBe(name)
  })

  it.each([
    '100% sure',
    'a%20b',
    'a%3Ab',
    '.hidden',
    '-rf',
    'äöü',
    '日本語.md',
    '👨‍👩‍👧.jpg',
    'نیم‌فاصله',
    "it's",
    'a;b&c$(d)`e`',
    '~',
    'CONSOLE',
    'nul1',
    'a b',
  ])('%j is not odd', (name) => {
    expect(diskName(name)).toBe(name)
  })

  it('gives its name back when decoded, and is a name like any other', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(names, (name) => {
        let written: string
        try {
          written = diskName(name)
        } catch (error) {
          return error instanceof OvnError && error.code === 'damaged'
        }
        return written === name || (decodeURIComponent(written) === name && diskName(written) === written)
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused where it is not Unicode text', () => {
    expect(() => diskName('a\ud800')).toThrow('it is not Unicode text')
  })

  it('is told of a hundred times, and then counted', async () => {
    const odd = anyDirectory(
      Array.from({ length: 150 }, (_, index) => [`${String(index).padStart(3, '0')}?`, hello.cid] as const),
    )
    const { blocks, root } = storeOf([odd, hello])
    const { notices } = await writeFolder(blocks, root, join(temporaryFolder(), 'out'))
    expect(notices).toHaveLength(101)
    expect(notices.at(-1)?.message).toBe('50 more entries under escaped names')
  })
})

describe('what is written', () => {
  it('is the same tree: folders, sharded folders, large and empty files', async () => {
    const folder = temporaryFolder()
    const files = new Map<string, Buffer>([
      ['index.html', Buffer.from('<p>')],
      ['empty', Buffer.alloc(0)],
      ['assets/large', Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251))],
      ...Array.from({ length: 400 }, (_, index): [string, Buffer] => [
        `many/n${index}/ü ${index}.txt`,
        Buffer.from(`${index}`),
      ]),
    ])
    for (const shardSplitThresholdBytes of [262_144, 0]) {
      const blocks = new MemoryBlockstore()
      let root: CID | undefined
      const source = Array.from(files, ([path, content]) => ({ path, content }))
      for await (const { cid } of importer(source, blocks, { wrapWithDirectory: true, shardSplitThresholdBytes }))
        root = cid
      const out = join(folder, `out-${shardSplitThresholdBytes}`)
      let told = 0
      const written = await writeFolder(blocks, root as CID, out, { onBytes: (bytes) => (told += bytes) })
      const size = [...files.values()].reduce((sum, { length }) => sum + length, 0)
      expect(written).toEqual({ path: realpathSync(out), files: files.size, size, notices: [] })
      expect(told).toBe(size)
      for (const [path, content] of files) expect(readFileSync(join(out, path)).equals(content)).toBe(true)
      const found = readdirSync(out, { recursive: true, withFileTypes: true })
      expect(found.filter((entry) => entry.isFile())).toHaveLength(files.size)
      expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
    }
  })

  it('is also an empty folder, and folders in it', async () => {
    const empty = directoryBlock([])
    const out = join(temporaryFolder(), 'out')
    const { blocks, root } = storeOf([directoryBlock([['a', empty.cid]]), empty])
    expect(await writeFolder(blocks, root, out)).toMatchObject({ files: 0, size: 0 })
    expect(snapshot(out)).toEqual({ a: 'folder' })
  })

  it.each([
    ['one raw block', [hello], 'hello'],
    ['no bytes', [rawBlock('')], ''],
    [
      'some blocks',
      [
        fileBlock([
          [hello.cid, 5],
          [hello.cid, 5],
        ]),
        hello,
      ],
      'hellohello',
    ],
  ])('is a file where the root is one: %s', async (_, all, content) => {
    const folder = surroundings()
    const before = snapshot(folder)
    const { blocks, root } = storeOf(all as Block[])
    const out = join(folder, 'out.txt')
    expect(await writeFolder(blocks, root, out)).toMatchObject({
      files: 1,
      size: content.length,
      path: realpathSync(out),
    })
    expect(readFileSync(out, 'utf8')).toBe(content)
    rmSync(out)
    expect(snapshot(folder)).toEqual(before)
  })

  it('is for everyone to read, as the umask allows', async () => {
    const program = `
      import { writeFolder } from '${resolve('src/dag/write-folder.ts')}'
      import { storeOf, hello } from '${resolve('tests/dag/hostile-folders.ts')}'
      import { directoryBlock } from '${resolve('tests/dag/hostile-cars.ts')}'
      process.umask(Number(process.argv[2]))
      const below = directoryBlock([['a', hello.cid]])
      const { blocks, root } = storeOf([directoryBlock([['b', below.cid]]), below, hello])
      await writeFolder(blocks, root, process.argv[1])`
    for (const [umask, folderMode, fileMode] of [
      [0o000, 0o755, 0o644],
      [0o027, 0o750, 0o640],
    ] as const) {
      const out = join(temporaryFolder(), 'out')
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', program, out, String(umask)],
        { encoding: 'utf8' },
      )
      expect(status, stderr).toBe(0)
      expect([out, join(out, 'b'), join(out, 'b', 'a')].map((path) => statSync(path).mode & 0o777)).toEqual([
        folderMode,
        folderMode,
        fileMode,
      ])
    }
  })

  it('never needs other names for what an author could publish', async () => {
    // The names that the law of bundles allows are names that any disk may hold.
    const names = [
      'index.html',
      'article.md',
      'metadata.json',
      '100% sure.jpg',
      'a%3Ab.jpg',
      'Größe – “é”.png',
      '家族👨‍👩‍👧.webp',
    ]
    for (const name of names) expect(diskName(name)).toBe(name)
  })
})

describe('symbolic links', () => {
  async function write(links: readonly (readonly [name: string, target: string])[], options: WriteFolderOptions = {}) {
    const all = links.map(([name, target]) => [name, symlinkBlock(target)] as const)
    const inner = anyDirectory([['file', hello.cid], ...all.map(([name, { cid }]) => [name, cid] as const)])
    const { blocks, root } = storeOf([
      directoryBlock([['sub', inner.cid]]),
      inner,
      hello,
      ...all.map(([, block]) => block),
    ])
    const folder = surroundings()
    const out = join(folder, 'out')
    const before = snapshot(folder)
    const { notices } = await writeFolder(blocks, root, out, options)
    const written = snapshot(out)
    rmSync(out, { recursive: true })
    expect(snapshot(folder)).toEqual(before)
    return { notices, written: Object.keys(written).filter((path) => written[path]?.startsWith('link')) }
  }

  it('are not written, and that is said', async () => {
    const { notices, written } = await write([['l', 'file']])
    expect(written).toEqual([])
    expect(notices).toEqual([{ file: 'sub/l', message: 'a symbolic link: not written' }])
  })

  it.each(['file', './file', '..', '../sub/file', '../sub', '.', '../nowhere', 'file/', '../sub//file'])(
    'that stay inside are written where they are asked for: %s',
    async (target) => {
      expect((await write([['l', target]], { symlinks: true })).written).toEqual(['sub/l'])
    },
  )

  it.each([
    '/etc/passwd',
    '../..',
    '../../evil',
    '../../out/sub/file',
    'x/../../../evil',
    '',
    '..\\..\\evil',
    'C:\\evil',
    'a\nb',
    'file/..',
    'sub/../file',
    '\\\\server\\x',
    'a'.repeat(5000),
    'odd?',
  ])('that could lead elsewhere are not: %j', async (target) => {
    const { notices, written } = await write([['l', target]], { symlinks: true })
    expect(written).toEqual([])
    expect(notices).toEqual([{ file: 'sub/l', message: 'a symbolic link that leads elsewhere: not written' }])
  })

  it('do not lead out over each other', async () => {
    const { written } = await write(
      [
        ['up', '..'],
        ['out', 'up/../evil'],
        ['deeper', 'up/sub/../../../evil'],
      ],
      { symlinks: true },
    )
    expect(written).toEqual(['sub/up'])
  })
})

describe('the target', () => {
  const simple = () => storeOf(oneEntry('a'))

  it.each([
    ['a file', (path: string) => writeFileSync(path, 'precious')],
    ['a folder', (path: string) => mkdirSync(join(path, 'precious'), { recursive: true })],
    ['an empty folder', (path: string) => mkdirSync(path)],
    ['a link to a folder', (path: string) => symlinkSync('work', path)],
    ['a link to nothing', (path: string) => symlinkSync('nothing', path)],
  ])('that is there already is left as it is, or replaced by force: %s', async (_, make) => {
    const folder = surroundings()
    const out = join(folder, 'out')
    const clean = snapshot(folder)
    make(out)
    const before = snapshot(folder)
    for (const { blocks, root } of [simple(), storeOf([hello])]) {
      const asked = counting(blocks)
      expect(await caught(writeFolder(asked, root, out))).toMatchObject({
        code: 'usage',
        hint: expect.stringContaining('--force'),
      })
      expect(asked.asked).toEqual([])
      expect(snapshot(folder)).toEqual(before)
    }
    for (const [{ blocks, root }, now] of [
      [simple(), 'folder'],
      [storeOf([hello]), '1 644'],
    ] as const) {
      await writeFolder(blocks, root, out, { force: true })
      expect(snapshot(folder).out).toContain(now)
      rmSync(out, { recursive: true })
      expect(snapshot(folder)).toEqual(clean)
      make(out)
    }
  })

  it('stays as it was where replacing it fails', async () => {
    const folder = surroundings()
    const before = snapshot(folder)
    const { blocks, root } = storeOf([directoryBlock([['a', rawBlock('gone').cid]])])
    expect((await caught(writeFolder(blocks, root, join(folder, 'work'), { force: true }))).code).toBe('not-found')
    expect(snapshot(folder)).toEqual(before)
  })

  it('is in a folder that is there', async () => {
    const { blocks, root } = simple()
    const folder = temporaryFolder()
    expect(await caught(writeFolder(blocks, root, join(folder, 'no', 'out')))).toMatchObject({ code: 'not-found' })
    writeFileSync(join(folder, 'file'), '')
    expect(await caught(writeFolder(blocks, root, join(folder, 'file', 'out')))).toMatchObject({ code: 'storage' })
    expect((await caught(writeFolder(blocks, root, '/'))).code).toBe('usage')
    expect(readdirSync(folder)).toEqual(['file'])
  })

  it('may lie behind a link; what is beside it stays', async () => {
    const folder = surroundings()
    symlinkSync('work', join(folder, 'way'))
    const { blocks, root } = simple()
    expect((await writeFolder(blocks, root, join(folder, 'way', 'out'))).path).toBe(
      join(realpathSync(folder), 'work', 'out'),
    )
    expect(lstatSync(join(folder, 'way')).isSymbolicLink()).toBe(true)
    expect(readdirSync(join(folder, 'work')).sort()).toEqual(['evil', 'neighbour', 'out'])
  })

  it('is never the folder one stands in, the home, or an archive, even by force', async () => {
    const { blocks, root } = simple()
    for (const target of ['.', '..', process.env.HOME as string]) {
      expect(await caught(writeFolder(blocks, root, target, { force: true }))).toMatchObject({
        code: 'usage',
        message: expect.stringContaining('will not be replaced'),
      })
    }
    const archive = temporaryFolder()
    writeFileSync(join(archive, 'blocks.sqlite'), '')
    expect((await caught(writeFolder(blocks, root, archive, { force: true }))).message).toContain('it is an archive')
    expect(existsSync(join(archive, 'blocks.sqlite'))).toBe(true)
  })

  it('may have the longest name there is', async () => {
    const { blocks, root } = simple()
    const folder = temporaryFolder()
    const name = 'ä'.repeat(127)
    await writeFolder(blocks, root, join(folder, name))
    expect(readdirSync(folder)).toEqual([name])
    expect(await caught(writeFolder(blocks, root, join(folder, 'a'.repeat(300))))).toMatchObject({ code: 'storage' })
  })

  it('that appears meanwhile is not overwritten', async () => {
    for (const { blocks, root } of [simple(), storeOf([hello])]) {
      const folder = temporaryFolder()
      const out = join(folder, 'out')
      const late: GetStore = {
        async *get(cid) {
          if (!existsSync(out)) writeFileSync(out, 'precious')
          yield* blocks.get(cid)
        },
      }
      expect((await caught(writeFolder(late, root, out))).code).toBe('usage')
      expect(readFileSync(out, 'utf8')).toBe('precious')
    }
  })
})

/** A folder of three files of three leaves each. */
async function nineLeaves() {
  const blocks = new MemoryBlockstore()
  const contents = [0, 1, 2].map((file) =>
    Buffer.concat([0, 1, 2].map((part) => Buffer.alloc(1_048_576, `${file}${part}`))),
  )
  const entries = contents.map((content, index) => ({ path: `f${index}`, content }))
  const { cid } = await writeDag({ blockstore: blocks as never }, entries)
  return { blocks, root: cid, contents }
}

describe('a run that is cut off', () => {
  it('leaves nothing where not one block came', async () => {
    const { blocks, root } = await nineLeaves()
    const folder = surroundings()
    const before = snapshot(folder)
    for (const failAt of [0, 1, 2, 3, 4]) {
      expect((await caught(writeFolder(counting(blocks, failAt), root, join(folder, 'out')))).code).toBe('offline')
      expect(snapshot(folder)).toEqual(before)
    }
  })

  it('is gone on with: what was verified is not asked for again', async () => {
    const { blocks, root, contents } = await nineLeaves()
    const folder = temporaryFolder()
    const out = join(folder, 'out')
    const first = counting(blocks, 11)
    expect((await caught(writeFolder(first, root, out))).code).toBe('offline')
    expect(existsSync(out)).toBe(false)
    const [partial] = partialsIn(folder)
    expect(partial).toMatch(new RegExp(`^\\.out\\.${root.toString().slice(-12)}\\.\\d+\\.partial$`))
    expect(statSync(join(folder, partial as string)).mode & 0o777).toBe(0o700)

    const second = counting(blocks)
    let told = 0
    await writeFolder(second, root, out, { onBytes: (bytes) => (told += bytes) })
    expect(told).toBe(9 * 1_048_576)
    const leaves = (asked: readonly string[]) => asked.filter((cid) => cid.startsWith('bafkrei'))
    expect(leaves(second.asked).length).toBeLessThan(9)
    expect(leaves(second.asked).length).toBeGreaterThanOrEqual(9 - leaves(first.asked).length)
    for (const [index, content] of contents.entries())
      expect(readFileSync(join(out, `f${index}`)).equals(content)).toBe(true)
    expect(readdirSync(folder)).toEqual(['out'])
  })

  it('does not believe what it finds: damaged, foreign and linked things are made new', async () => {
    const { blocks, root, contents } = await nineLeaves()
    const folder = surroundings()
    const out = join(folder, 'out')
    await caught(writeFolder(counting(blocks, 11), root, out))
    const inside = join(folder, partialsIn(folder)[0] as string, 'new')
    const before = snapshot(join(folder, 'work'))
    // A flipped byte, a longer file, a second name of a stranger's file, a link, a foreign folder, a folder for a file.
    const damaged = Buffer.concat([contents[0] as Buffer, Buffer.from('and more')])
    damaged[1_500_000] = 0
    writeFileSync(join(inside, 'f0'), damaged)
    rmSync(join(inside, 'f1'), { force: true })
    linkSync(join(folder, 'work', 'evil'), join(inside, 'f1'))
    rmSync(join(inside, 'f2'), { force: true })
    symlinkSync('../../work/neighbour/evil', join(inside, 'f2'))
    mkdirSync(join(inside, 'foreign', 'folder'), { recursive: true })
    symlinkSync('../../work', join(inside, 'foreign', 'link'))
    writeFileSync(join(inside, 'extra'), '')

    await writeFolder(blocks, root, out)
    for (const [index, content] of contents.entries()) {
      expect(readFileSync(join(out, `f${index}`)).equals(content)).toBe(true)
      expect(lstatSync(join(out, `f${index}`)).isFile()).toBe(true)
    }
    expect(readdirSync(out)).toEqual(['f0', 'f1', 'f2'])
    expect(snapshot(join(folder, 'work'))).toEqual(before)
  })

  it('leaves nothing where that is asked for', async () => {
    const { blocks, root } = await nineLeaves()
    const folder = surroundings()
    const before = snapshot(folder)
    await caught(writeFolder(counting(blocks, 11), root, join(folder, 'out'), { keepPartial: false }))
    expect(snapshot(folder)).toEqual(before)
  })

  it('ends when it is told to, and tells the store', async () => {
    const { blocks, root } = await nineLeaves()
    const folder = temporaryFolder()
    const stop = new AbortController()
    const signals: (AbortSignal | undefined)[] = []
    const hanging: GetStore = {
      async *get(cid, options) {
        signals.push(options?.signal)
        if (signals.length > 8) {
          stop.abort()
          await new Promise((_, reject) =>
            options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
          )
        }
        yield* blocks.get(cid, options)
      },
    }
    expect(await failing(writeFolder(hanging, root, join(folder, 'out'), { signal: stop.signal }))).toMatchObject({
      name: 'AbortError',
    })
    expect(signals.every((signal) => signal?.aborted)).toBe(true)
    await expect(writeFolder(blocks, root, join(folder, 'out'), { signal: AbortSignal.abort() })).rejects.toThrow(
      'aborted',
    )
    await writeFolder(blocks, root, join(folder, 'out'))
    expect(readdirSync(folder)).toEqual(['out'])
  })

  it.each([
    ['a link', (path: string, folder: string) => symlinkSync(join(folder, 'work'), path)],
    [
      'a folder that others can write to',
      (path: string) => mkdirSync(join(path, 'new'), { recursive: true, mode: 0o777 }),
    ],
    ['a file', (path: string) => writeFileSync(path, 'precious')],
  ])('is not gone on with in what is not ours: %s', async (_, plant) => {
    const { blocks, root } = await nineLeaves()
    const folder = surroundings()
    const planted = join(folder, `.out.${root.toString().slice(-12)}.${process.pid}.partial`)
    plant(planted, folder)
    const before = snapshot(folder)
    expect(await caught(writeFolder(blocks, root, join(folder, 'out')))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is in the way'),
    })
    expect(snapshot(folder)).toEqual(before)
  })

  it('is left alone while its process lives, and taken over when that is gone', async () => {
    const { blocks, root } = await nineLeaves()
    const folder = temporaryFolder()
    await caught(writeFolder(counting(blocks, 11), root, join(folder, 'out')))
    const mine = join(folder, partialsIn(folder)[0] as string)
    const named = (id: number) => join(folder, `.out.${root.toString().slice(-12)}.${id}.partial`)
    const gone = spawnSync('true').pid
    for (const [id, isUsed] of [
      [process.ppid, true],
      [gone, false],
    ] as const) {
      spawnSync('cp', ['-a', mine, named(id)])
      const asked = counting(blocks, 0)
      await caught(writeFolder(asked, root, join(folder, 'other')))
      await caught(writeFolder(asked, root, join(folder, 'out')))
      expect(existsSync(named(id))).toBe(isUsed)
    }
  })

  it('does not meet another of the same process in one folder', async () => {
    const { blocks, root } = await nineLeaves()
    const out = join(temporaryFolder(), 'out')
    const first = writeFolder(blocks, root, out)
    expect((await caught(writeFolder(blocks, root, out))).code).toBe('locked')
    await first
    expect(readdirSync(out)).toHaveLength(3)
  })

  it.each(['before the new one is in', 'after it'])(
    'by a crash while the old target is replaced, %s: one of them is there after the next run',
    async (when) => {
      const { blocks, root } = storeOf(oneEntry('a'))
      const folder = temporaryFolder()
      const out = join(folder, 'out')
      const partial = join(folder, `.out.${root.toString().slice(-12)}.${spawnSync('true').pid}.partial`)
      mkdirSync(join(partial, 'old'), { recursive: true, mode: 0o700 })
      writeFileSync(join(partial, 'old', 'precious'), 'old')
      if (when === 'after it') mkdirSync(out)
      expect((await caught(writeFolder(blocks, root, out))).code).toBe('usage')
      expect(readdirSync(folder)).toEqual(['out'])
      expect(readdirSync(out)).toEqual(when === 'after it' ? [] : ['precious'])
      await writeFolder(blocks, root, out, { force: true })
      expect(readdirSync(out)).toEqual(['a'])
    },
  )
})

describe('reading', () => {
  it('asks for a few blocks at a time, in order, and for no more than it needs', async () => {
    const leaves = Array.from({ length: 60 }, (_, index) => rawBlock(`leaf ${index}`))
    const files = leaves.map((leaf, index) => [`${String(index).padStart(2, '0')}`, leaf.cid] as const)
    const { blocks, root } = storeOf([directoryBlock(files), ...leaves])
    let open = 0
    let most = 0
    const asked: string[] = []
    const slow: GetStore = {
      async *get(cid) {
        asked.push(cid.toString())
        open += 1
        most = Math.max(most, open)
        await new Promise((done) => setTimeout(done, 2))
        open -= 1
        yield* blocks.get(cid)
      },
    }
    await writeFolder(slow, root, join(temporaryFolder(), 'out'))
    expect(most).toBe(8)
    expect(asked).toEqual([root, ...leaves.map(({ cid }) => cid)].map(String))
  })

  it('reads a folder that stands in many places once, or a few times', async () => {
    const doubling = hostileFolders.find(
      ({ name }) => name === '2^40 folders from 41 blocks',
    ) as (typeof hostileFolders)[number]
    const { blocks, root } = storeOf(doubling.make())
    const asked = counting(blocks)
    await caught(writeFolder(asked, root, join(temporaryFolder(), 'out')))
    expect(asked.asked.length).toBeLessThan(100)
  })

  it('does not hold a large file in memory', async () => {
    const leaf = rawBlock(new Uint8Array(1_048_576))
    const inner = fileBlock(Array.from({ length: 128 }, () => [leaf.cid, 1_048_576] as const))
    const { blocks, root } = storeOf([
      fileBlock([
        [inner.cid, 2 ** 27],
        [inner.cid, 2 ** 27],
      ]),
      inner,
      leaf,
    ])
    let open = 0
    const copying: GetStore = {
      async *get(cid) {
        for await (const bytes of blocks.get(cid)) {
          open += bytes.byteLength
          yield Uint8Array.from(bytes)
        }
      },
    }
    const before = process.memoryUsage().rss
    const out = join(temporaryFolder(), 'out')
    await writeFolder(copying, root, out)
    expect(statSync(out).size).toBe(2 ** 28)
    expect(open).toBeGreaterThan(2 ** 28)
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1_048_576)
  })
})

const hasStrace = spawnSync('strace', ['-V']).status === 0
if (!hasStrace) process.stderr.write('strace is not installed: where files are written is NOT tested\n')
if (!hasStrace && process.env.OVN_NO_SKIP) throw new Error('strace must be installed where no test may be skipped')

describe.skipIf(!hasStrace)('seen from outside', () => {
  it('opens files for writing only inside the partial folder, none of them through a link, and names none outside', () => {
    const folder = surroundings()
    const before = snapshot(folder)
    const log = join(temporaryFolder(), 'strace.log')
    const program = `
      import { writeFolder } from '${resolve('src/dag/write-folder.ts')}'
      import { hostileFolders, storeOf, hello, oneEntry, symlinkBlock, anyDirectory } from '${resolve('tests/dag/hostile-folders.ts')}'
      const target = process.argv[1]
      for (const { make } of hostileFolders.filter(({ isHeavy }) => !isHeavy)) {
        const { blocks, root } = storeOf(make())
        await writeFolder(blocks, root, target, { symlinks: true }).then(() => process.exit(9), () => undefined)
      }
      const link = symlinkBlock('a')
      const { blocks, root } = storeOf([anyDirectory([['a', hello.cid], ['l', link.cid]]), hello, link])
      await writeFolder(blocks, root, target, { symlinks: true })
      await writeFolder(blocks, root, target, { symlinks: true, force: true })`
    const calls =
      'open,openat,openat2,creat,mkdir,mkdirat,symlink,symlinkat,link,linkat,rename,renameat,renameat2,mknod,mknodat,chmod,fchmodat,chown,lchown,fchownat,truncate'
    const { status, stderr } = spawnSync(
      'strace',
      [
        '-f',
        '-s',
        '4096',
        '-o',
        log,
        '-e',
        `trace=${calls}`,
        process.execPath,
        '--input-type=module',
        '-e',
        program,
        join(folder, 'work', 'out'),
      ],
      { encoding: 'utf8' },
    )
    expect(status, stderr).toBe(0)
    const work = realpathSync(join(folder, 'work'))
    const lines = readFileSync(log, 'utf8').split('\n')
    const changing = lines.filter((line) => /^\d+ +\w+\(/.test(line) && !/^\d+ +open\w*\(.*O_RDONLY/.test(line))
    const opened = changing.filter((line) => /^\d+ +open/.test(line) && !line.includes('"/dev/null"'))
    expect(opened.length).toBeGreaterThan(10)
    const inside = /^\.out\.[a-z2-7]{12}\.\d+\.partial(\/|$)/
    for (const line of changing) {
      if (line.includes('"/dev/')) continue
      const paths = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, path]) => path as string)
      const places = line.includes('symlink') ? paths.slice(1) : paths
      expect(places.length, line).toBeGreaterThan(0)
      for (const path of places) {
        expect(path.startsWith(`${work}/`), line).toBe(true)
        const name = path.slice(work.length + 1)
        const isRename = / (rename|link)/.test(line)
        expect(inside.test(name) || (isRename && name === 'out'), line).toBe(true)
        expect(name.split('/'), line).not.toContain('..')
      }
      if (/^\d+ +open/.test(line)) expect(line).toContain('O_NOFOLLOW')
      if (line.includes('O_CREAT')) expect(line).toContain('O_EXCL')
    }
    rmSync(join(folder, 'work', 'out'), { recursive: true })
    for (const name of partialsIn(join(folder, 'work'))) rmSync(join(folder, 'work', name), { recursive: true })
    expect(snapshot(folder)).toEqual(before)
  })
})
