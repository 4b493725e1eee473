// What older versions wrote is read by this one, and what a newer one wrote is refused by every command, and left as it is.

import { hash } from 'node:crypto'
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { MemoryBlockstore } from 'blockstore-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeCar } from '../../src/dag/write-car.ts'
import { writeDag } from '../../src/dag/write-dag.ts'
import { cidOf, type EditionRecord, encodeCanonical } from '../../src/manifest/record.ts'
import { ovn, ovnJson } from '../cli/ovn.ts'
import { checkIndependently } from '../independent/check.ts'
import { temporaryFolder } from '../temporary.ts'
import { edit } from '../verify/archives.ts'
import { type Expected, expectedOf, goldenFolder, goldenVersions, unpackGolden } from './golden.ts'

/** Path → sha2-256 of every file below a folder. */
function hashesOf(folder: string): { [path: string]: string } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return Object.fromEntries(paths.map((path) => [relative(folder, path), hash('sha256', readFileSync(path))]))
}

describe.each(goldenVersions)('an archive of the format %s', (version) => {
  const golden = goldenFolder(version)
  const expected: Expected = expectedOf(version)
  const cars = readdirSync(join(golden, 'cars'))
  let cwd: string
  let archive: string
  beforeEach(() => {
    cwd = temporaryFolder()
    archive = join(cwd, 'ovn-archive')
    unpackGolden(version, archive)
  })

  it('is read as it was by the version that wrote it, and stays as it is', () => {
    const before = hashesOf(archive)
    for (const [args, result] of Object.entries(expected.results)) {
      expect(ovnJson(args.split(' '), { cwd }), args).toMatchObject(result)
    }
    expect(hashesOf(archive)).toEqual(before)
    expect(checkIndependently(archive)?.state ?? 'intact').toBe('intact')
  })

  it('gives the same files and CARs', () => {
    expect(ovn(['export', '--all', '--format', 'folder', '-o', 'folders'], { cwd }).status).toBe(0)
    expect(hashesOf(join(cwd, 'folders'))).toEqual(expected.folders)
    expect(ovn(['export', '--all', '-o', 'cars'], { cwd }).status).toBe(0)
    const written = readdirSync(join(cwd, 'cars'))
    expect(written).toEqual(cars.filter((name) => !name.startsWith('a-rumour')))
    for (const name of written) {
      expect(readFileSync(join(cwd, 'cars', name)).equals(readFileSync(join(golden, 'cars', name))), name).toBe(true)
    }
  })

  it('takes the same article for the same, a withdrawn one back, and a changed one for the next version', () => {
    const again = ovnJson(['publish', join(golden, 'sources/2/ferry.md')], { cwd })
    expect(again.articles[0]).toMatchObject({ status: 'unchanged', ...rootOf('last-ferry@2') })
    expect(ovnJson(['publish', join(golden, 'sources/rumour.md'), '--author', 'Jo Marsh'], { cwd }).failed).toEqual([])
    cpSync(join(golden, 'sources/2'), join(cwd, 'sources'), { recursive: true })
    appendFileSync(join(cwd, 'sources/ferry.md'), '\nA third version.\n')
    const next = ovnJson(['publish', join(cwd, 'sources/ferry.md')], { cwd })
    expect(next.articles[0]).toMatchObject({
      status: 'published',
      version: 3,
      previous: rootOf('last-ferry@2').root,
    })
    expect(ovnJson(['verify'], { cwd })).toMatchObject({ state: 'intact', notices: [] })
    expect(checkIndependently(archive) ?? { state: 'intact' }).toMatchObject({ state: 'intact' })
    const manifest = readFileSync(join(archive, 'manifest.jsonl'))
    const old = readFileSync(join(golden, 'manifest.jsonl'))
    expect(manifest.subarray(0, old.length).equals(old)).toBe(true)
  })

  it('can be withdrawn from, swept and rebuilt', () => {
    expect(ovn(['unpublish', 'last-ferry@1', '--reason', 'Superseded.'], { cwd }).status).toBe(0)
    expect(ovnJson(['gc'], { cwd }).blocks).toBeGreaterThan(0)
    expect(ovnJson(['verify'], { cwd })).toMatchObject({ state: 'intact', notices: [] })
    renameSync(join(archive, 'manifest.jsonl'), join(cwd, 'lost'))
    const rebuilt = ovnJson(['rebuild'], { cwd })
    expect(rebuilt.recorded.map(({ root }: { root: string }) => root).sort()).toEqual(
      [rootOf('last-ferry@2').root, rootOf('tide-tables@1').root].sort(),
    )
  })

  it.each(cars)('%s is intact, and can be kept elsewhere', (name) => {
    const car = join(golden, 'cars', name)
    const elsewhere = join(cwd, 'elsewhere')
    expect(ovnJson(['verify', car], { cwd })).toMatchObject({ state: 'intact', damage: [] })
    const [imported] = ovnJson(['import', car, '-C', elsewhere], { cwd }).articles
    expect(imported).toMatchObject({ status: 'imported', ...rootOf(name.replace('.car', '')) })
    expect(ovnJson(['export', imported.root, '-o', 'again.car', '-C', elsewhere], { cwd }).failed).toEqual([])
    expect(readFileSync(join(cwd, 'again.car')).equals(readFileSync(car))).toBe(true)
  })

  function rootOf(name: string): { root: string; version: number } {
    const { articles } = expected.results['list --all-versions --withdrawn'] as { articles: EditionRecord[] }
    const found = articles.find((record) => `${record.slug}@${record.version}` === name)
    if (found === undefined) throw new Error(name)
    return { root: found.root, version: found.version }
  }
})

/** The newest format there is, in which newer ones are written. */
const newest = goldenVersions.at(-1) as string
const golden = goldenFolder(newest)
const rumour = join(golden, 'cars/a-rumour-about-the-bridge@1.car')
const rumourRoot = 'bafybeidgr7lqotsg6jq4hygsvgmgmrxpjasfiwjjjmak2oy6hygxuxd37i'

/** Every way in which a command comes to an archive. */
const comings: readonly (readonly [command: string, ...args: string[]])[] = [
  ['publish', join(golden, 'sources/1/ferry.md')],
  ['publish', join(golden, 'sources/tides.md')],
  ['publish', '--dry-run', join(golden, 'sources/tides.md')],
  ['list'],
  ['show', 'last-ferry'],
  ['log', 'last-ferry'],
  ['verify'],
  ['verify', 'last-ferry'],
  ['verify', golden, '--against', 'last-ferry'],
  ['fetch', 'last-ferry', '-o', 'ferry'],
  ['fetch', rumourRoot, '--pin', '--car', rumour],
  ['fetch', 'last-ferry', '--repair', '--car', join(golden, 'cars/last-ferry@2.car')],
  ['export', '--all', '-o', 'cars'],
  ['import', rumour],
  ['unpublish', 'last-ferry', '--reason', 'No more.'],
  ['gc'],
  ['gc', '--dry-run'],
  ['rebuild'],
  ['site', '-o', 'site'],
  ['links', 'last-ferry'],
  ['serve', '--port', '0'],
  ['init', '--name', 'Another', '--force'],
]

/** Commands that look at no archive. */
const elsewhere = ['cid', 'completion', 'help']

function appendNewer(archive: string): { readonly size: number; readonly start: number; readonly cid: string } {
  const file = join(archive, 'manifest.jsonl')
  const text = readFileSync(file, 'utf8')
  const { cid: parent } = JSON.parse(text.trimEnd().split('\n').at(-1) as string)
  const body = { v: 2, event: 'publish', time: '2030-01-01T00:00:00.000Z', parent, heading: 'in another form' }
  const cid = cidOf(body)
  const line = `${encodeCanonical({ ...body, cid })}\n`
  appendFileSync(file, line)
  return { start: Buffer.byteLength(text), size: Buffer.byteLength(text + line), cid }
}

interface Newer {
  readonly what: string
  readonly make: (archive: string) => void
  /** Where not every command is tried. */
  readonly only?: readonly string[]
}

const newer: readonly Newer[] = [
  { what: 'a line of a newer manifest', make: appendNewer },
  {
    what: 'a newer database',
    make: (archive) => edit(archive, (database) => database.exec('pragma user_version = 2')),
  },
  {
    what: 'a line of a newer manifest that the cache knows',
    make: (archive) => {
      const { size, start, cid } = appendNewer(archive)
      const sql = 'update manifest_mark set size = ?, lines = 6, last_start = ?, last_cid = ?'
      edit(archive, (database) => database.prepare(sql).run(size, start, cid))
    },
    only: ['publish', 'show'],
  },
  {
    what: 'a newer database whose journal is another',
    make: (archive) => edit(archive, (database) => database.exec('pragma user_version = 2; pragma journal_mode = wal')),
    only: ['publish', 'list', 'verify'],
  },
]

describe.each(newer)('an archive with $what', ({ make, only = comings.map(([name]) => name) }) => {
  it.each(
    comings
      .filter(([name]) => only.includes(name))
      .map((args) => [args.slice(0, 3).join(' ').replaceAll(golden, ''), args] as const),
  )('is refused by ovn %s, and left as it is', (_, args) => {
    const { cwd, archive } = newArchive()
    make(archive)
    const before = hashesOf(archive)
    const { status, stdout, stderr } = ovn([...args, '--json'], { cwd, timeout: 10_000 })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    const error = JSON.parse(stderr)
    expect(error).toMatchObject({
      code: 'unsupported',
      exit: 2,
      hint: expect.stringContaining('install the newest ovn'),
    })
    expect(error.message).toMatch(
      /(manifest\.jsonl(:\d+)?|line \d+ of the manifest|blocks\.sqlite) was written by a newer ovn \(format 2\)/,
    )
    // SQLite may leave empty files of its own beside a database with another journal, for whoever may only read.
    const { 'blocks.sqlite-shm': _shm, 'blocks.sqlite-wal': _wal, ...after } = hashesOf(archive)
    expect(after).toEqual(before)
    expect(readdirSync(cwd)).toEqual(['ovn-archive'])
  })

  it('is refused by the independent checker', () => {
    const { archive } = newArchive()
    make(archive)
    expect(checkIndependently(archive)?.damage ?? [{ code: 'unsupported' }]).toMatchObject([{ code: 'unsupported' }])
  })
})

function newArchive(): { readonly cwd: string; readonly archive: string } {
  const cwd = temporaryFolder()
  const archive = join(cwd, 'ovn-archive')
  unpackGolden(newest, archive)
  return { cwd, archive }
}

describe('a bundle of a newer format', () => {
  it.each([
    ['import', (car: string) => ['import', car]],
    ['fetch --pin', (car: string, root: string) => ['fetch', root, '--pin', '--car', car]],
  ])('is refused by ovn %s, and nothing of it stays', async (_, argsOf) => {
    const { cwd, archive } = newArchive()
    const metadata = { schemaVersion: 'ovn-bundle/2', identifier: 'x', title: 'in another form' }
    const blockstore = new MemoryBlockstore()
    const { cid } = await writeDag({ blockstore }, [
      { path: 'metadata.json', content: Buffer.from(JSON.stringify(metadata)) },
      { path: 'article.txt', content: Buffer.from('The text.') },
    ])
    mkdirSync(join(cwd, 'in'))
    const car = join(cwd, 'in/newer.car')
    writeFileSync(car, Buffer.concat(await Array.fromAsync(writeCar(blockstore, [cid]))))
    const before = hashesOf(archive)
    const { status, stderr } = ovn([...argsOf(car, cid.toString()), '--json'], { cwd })
    expect(status).toBe(2)
    expect(stderr).toContain('ovn-bundle/2, which is newer than this ovn')
    // The archive itself is of this format: whoever opens it to write may put room by.
    const { reserve: _reserve, ...after } = hashesOf(archive)
    expect(after).toEqual(before)
    // Nothing is wrong with its bytes.
    expect(ovnJson(['verify', car], { cwd }).state).toBe('intact')
  })
})

it('every command is tried on newer archives', () => {
  const { stdout } = ovn(['--help'], { cwd: temporaryFolder() })
  const commands = stdout.slice(stdout.indexOf('Commands:')).match(/^ {2}\w+/gm) ?? []
  const tried = new Set([...comings.map(([name]) => name), ...elsewhere])
  expect(commands.map((name) => name.trim()).filter((name) => !tried.has(name))).toEqual([])
})
