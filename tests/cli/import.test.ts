// What comes from elsewhere: CARs, folders, standard input.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CarReader, CarWriter } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { writeCar } from '../../src/dag/write-car.ts'
import { copiesOf, temporaryFolder } from '../temporary.ts'
import { fixtures, ovn, ovnJson } from './ovn.ts'

const ipfsCar = fileURLToPath(new URL('../../node_modules/ipfs-car/bin.js', import.meta.url))

interface Source {
  readonly cwd: string
  readonly roots: readonly string[]
  /** Writes a CAR with these roots and returns its path. */
  car(name: string, roots: readonly string[]): Promise<string>
}

const roots: string[] = []
const copy = copiesOf((cwd) => {
  mkdirSync(join(cwd, 'images'))
  writeFileSync(join(cwd, 'images/a.png'), Buffer.alloc(3_000_000, 'picture'))
  const article = (text: string) =>
    `---\ntitle: Harbour\ndate: 2025-08-22\ncategories: Defence\n---\n\n![A](images/a.png)\n\n${text}`
  writeFileSync(join(cwd, 'harbour.md'), article('First'))
  roots.push(ovnJson(['publish', 'harbour.md'], { cwd }).articles[0].root)
  writeFileSync(join(cwd, 'harbour.md'), article('Second'))
  roots.push(ovnJson(['publish', 'harbour.md', '--note', 'It was wrong.'], { cwd }).articles[0].root)
})

/** An archive with an article of two versions and a picture, and CARs made from it. */
function setUp(): Source {
  const cwd = copy()
  const car = async (name: string, roots: readonly string[]) => {
    const archive = openArchive(join(cwd, 'ovn-archive'))
    const parts: Uint8Array[] = []
    for await (const part of writeCar(
      archive.blocks,
      roots.map((root) => CID.parse(root)),
    ))
      parts.push(part)
    archive.close()
    writeFileSync(join(cwd, name), Buffer.concat(parts))
    return join(cwd, name)
  }
  return { cwd, roots, car }
}

/** What an archive holds, to see that nothing of it changed. */
function stateOf(cwd: string): string {
  const hash = createHash('sha256')
  for (const file of ['manifest.jsonl', 'blocks.sqlite']) hash.update(readFileSync(join(cwd, 'ovn-archive', file)))
  return hash.digest('hex')
}

describe('ovn import', () => {
  it('keeps what a CAR holds, with the record of its own metadata, and changes nothing the second time', async () => {
    const { roots, car } = setUp()
    const [first, second] = roots as [string, string]
    const file = await car('second.car', [second])
    const cwd = temporaryFolder()
    const { status, stdout, stderr } = ovn(['import', file], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`Harbour\n  ${second}\n  kept in ${join(cwd, 'ovn-archive')} as harbour@2 (`)
    expect(ovnJson(['show', 'harbour'], { cwd })).toMatchObject({
      pinned: true,
      article: {
        title: 'Harbour',
        datePublished: '2025-08-22',
        categories: ['Defence'],
        version: 2,
        previous: first,
        note: 'It was wrong.',
      },
      files: expect.arrayContaining([expect.objectContaining({ path: 'assets/images/a.png', size: 3_000_000 })]),
    })
    const before = stateOf(cwd)
    expect(ovn(['import', file], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('unchanged: kept'),
    })
    expect(stateOf(cwd)).toBe(before)
  })

  it('takes versions in any order, several roots, CARv2, a folder of CARs, and standard input', async () => {
    const { roots, car, cwd: source } = setUp()
    const [first, second] = roots as [string, string]
    const cwd = temporaryFolder()
    const both = await car('both.car', [second, first])
    expect(ovnJson(['import', both], { cwd }).articles.map(({ version }: never) => version)).toEqual([1, 2])
    expect(ovnJson(['log', 'harbour'], { cwd }).versions.map(({ root }: never) => root)).toEqual([second, first])

    const folder = join(source, 'cars')
    mkdirSync(folder)
    await car('cars/b.car', [first])
    await car('cars/a.car', [second])
    const other = temporaryFolder()
    expect(ovnJson(['import', folder], { cwd: other }).articles.map(({ version }: never) => version)).toEqual([2, 1])
    expect(ovnJson(['show', 'harbour'], { cwd: other }).article.root).toBe(second)
    expect(ovnJson(['show', 'harbour@1'], { cwd: other }).article.root).toBe(first)

    const one = readFileSync(join(folder, 'b.car'))
    const stdin = temporaryFolder()
    expect(ovn(['import', '-', '-q'], { cwd: stdin, input: one })).toMatchObject({ status: 0, stdout: `${first}\n` })

    const header = Buffer.alloc(40)
    header.writeBigUInt64LE(51n, 16)
    header.writeBigUInt64LE(BigInt(one.length), 24)
    const v2 = Buffer.concat([Buffer.from('0aa16776657273696f6e02', 'hex'), header, one, Buffer.from('an index')])
    writeFileSync(join(source, 'v2.car'), v2)
    const third = temporaryFolder()
    expect(ovn(['import', join(source, 'v2.car'), '-q'], { cwd: third })).toMatchObject({ stdout: `${first}\n` })
  })

  it('brings an archive back from nothing but CARs, and publishing goes on from there', async () => {
    const { roots, car, cwd } = setUp()
    const [first, second] = roots as [string, string]
    await car('1.car', [first])
    await car('2.car', [second])
    rmSync(join(cwd, 'ovn-archive'), { recursive: true })
    expect(ovn(['import', '2.car', '1.car'], { cwd }).status).toBe(0)
    expect(ovnJson(['publish', 'harbour.md'], { cwd }).articles[0]).toMatchObject({ status: 'unchanged', root: second })
    writeFileSync(join(cwd, 'harbour.md'), `${readFileSync(join(cwd, 'harbour.md'), 'utf8')}\nThird`)
    expect(ovnJson(['publish', 'harbour.md'], { cwd }).articles[0]).toMatchObject({ version: 3, previous: second })
  })

  it('takes the folder of a bundle, which has the same CID', async () => {
    const { roots, cwd } = setUp()
    const [, second] = roots as [string, string]
    const archive = openArchive(join(cwd, 'ovn-archive'))
    const { listFiles, readFile } = await import('../../src/dag/list-files.ts')
    for (const { path, cid } of await listFiles(archive.blocks, CID.parse(second))) {
      mkdirSync(join(cwd, 'bundle', path, '..'), { recursive: true })
      writeFileSync(join(cwd, 'bundle', path), await readFile(archive.blocks, cid))
    }
    archive.close()
    const other = temporaryFolder()
    expect(ovnJson(['import', join(cwd, 'bundle')], { cwd: other }).articles[0]).toMatchObject({
      root: second,
      slug: 'harbour',
    })
  })

  it('asks for the title of what has none, and keeps it under that', async () => {
    const cwd = temporaryFolder()
    mkdirSync(join(cwd, 'report'))
    writeFileSync(join(cwd, 'report', 'a.txt'), 'A')
    expect(ovn(['import', 'report'], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('ovn: hint: give it one with --title'),
    })
    const args = ['import', 'report', '--title', 'Annual Report']
    expect(ovnJson(args, { cwd }).articles[0]).toMatchObject({
      slug: 'annual-report',
      version: 1,
      title: 'Annual Report',
    })
    expect(ovnJson(['import', 'report'], { cwd })).toMatchObject({
      kind: 'imported',
      articles: [{ status: 'unchanged' }],
    })
    writeFileSync(join(cwd, 'report', 'a.txt'), 'B')
    expect(ovn(args, { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('hint: keep it under another name with --slug'),
    })
    expect(ovnJson([...args, '--slug', 'report-2'], { cwd }).articles[0]).toMatchObject({ slug: 'report-2' })
  })

  it('adds nothing unasked to an article that the archive publishes itself', async () => {
    const { roots, car } = setUp()
    const [first, second] = roots as [string, string]
    await car('first.car', [first])
    const later = await car('second.car', [second])
    const cwd = temporaryFolder()
    cpSync(join(later, '..', 'images'), join(cwd, 'images'), { recursive: true })
    writeFileSync(
      join(cwd, 'harbour.md'),
      readFileSync(join(later, '..', 'harbour.md'), 'utf8').replace('Second', 'First'),
    )
    expect(ovnJson(['publish', 'harbour.md'], { cwd }).articles[0].root).toBe(first)
    const before = stateOf(cwd)
    expect(ovn(['import', later], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('this archive publishes that article itself'),
    })
    expect(readFileSync(join(cwd, 'ovn-archive/manifest.jsonl'), 'utf8').split('\n')).toHaveLength(2)
    expect(stateOf(cwd)).toBe(before)
    // Its own newsroom moving from one machine to another says so.
    expect(ovnJson(['import', later, '--slug', 'harbour'], { cwd }).articles[0]).toMatchObject({
      version: 2,
      root: second,
    })
  })

  it('takes what ipfs-car packs, whose root stands at the end of the blocks', () => {
    const cwd = temporaryFolder()
    mkdirSync(join(cwd, 'report/pages'), { recursive: true })
    writeFileSync(join(cwd, 'report/pages/1.txt'), 'A page')
    writeFileSync(join(cwd, 'report/video.bin'), Buffer.alloc(5_000_000, 'video'))
    const { stdout } = spawnSync(process.execPath, [ipfsCar, 'pack', 'report', '--no-wrap', '--output', 'report.car'], {
      cwd,
      encoding: 'utf8',
    })
    const [imported] = ovnJson(['import', 'report.car', '--title', 'Report'], { cwd }).articles
    expect(imported).toMatchObject({ status: 'imported', root: stdout.trim(), size: 5_000_006 })
    expect(ovnJson(['show', 'report'], { cwd }).files.map(({ path }: never) => path)).toEqual([
      'pages/1.txt',
      'video.bin',
    ])
  })

  it('heals damaged blocks of what it has', async () => {
    const { roots, car, cwd } = setUp()
    const [first] = roots as [string, string]
    const file = await car('first.car', [first])
    const archive = openArchive(join(cwd, 'ovn-archive'))
    const root = CID.parse(first)
    await archive.exclusively(() => archive.blocks.insert(root, Buffer.from('damaged')))
    archive.close()
    expect(ovn(['show', first], { cwd }).status).toBe(3)
    expect(ovnJson(['import', file], { cwd }).articles[0]).toMatchObject({ status: 'unchanged' })
    expect(ovn(['show', first], { cwd }).status).toBe(0)
  })

  it('refuses a CAR that is not whole, and leaves the archive as it was', async () => {
    const { roots, car } = setUp()
    const [first] = roots as [string, string]
    const file = await car('first.car', [first])
    const cwd = temporaryFolder()
    ovn(['publish', join(fixtures, 'articles/harbour-inquiry.md')], { cwd })
    const before = stateOf(cwd)
    const reader = await CarReader.fromBytes(readFileSync(file))
    const blocks: { cid: CID; bytes: Uint8Array }[] = []
    for await (const block of reader.blocks()) blocks.push(block)
    const write = async (name: string, kept: typeof blocks) => {
      const { writer, out } = CarWriter.create([CID.parse(first)])
      const whole = (async () => {
        const parts = []
        for await (const part of out) parts.push(part)
        return Buffer.concat(parts)
      })()
      for (const block of kept) await writer.put(block)
      await writer.close()
      writeFileSync(join(cwd, name), await whole)
    }
    await write('incomplete.car', blocks.slice(0, -1))
    const last = blocks.at(-1)?.cid
    expect(ovn(['import', 'incomplete.car'], { cwd })).toEqual({
      status: 3,
      stdout: '',
      stderr: `ovn: incomplete.car is not whole: block ${last} of ${first} is missing\novn: hint: get it again from where it came\n`,
    })
    const wrong = blocks.map(({ cid, bytes }, index) => ({ cid, bytes: index === 2 ? Buffer.from('wrong') : bytes }))
    await write('wrong.car', wrong)
    expect(ovn(['import', 'wrong.car'], { cwd })).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(
        /^ovn: wrong.car: block \w+ at byte \d+ is damaged: its bytes do not match its CID\n/,
      ),
    })
    writeFileSync(join(cwd, 'short.car'), readFileSync(file).subarray(0, -1))
    expect(ovn(['import', 'short.car'], { cwd })).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('cut short'),
    })
    writeFileSync(join(cwd, 'text.car'), '# Not a CAR')
    expect(ovn(['import', 'text.car'], { cwd })).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('not a CAR'),
    })
    expect(ovn(['import', 'nothing.car'], { cwd })).toMatchObject({ status: 4 })
    expect(stateOf(cwd)).toBe(before)
    // In a batch, a bad one stops no other.
    const { status, stdout, stderr } = ovn(['import', 'wrong.car', file, 'short.car'], { cwd })
    expect(status).toBe(7)
    expect(stdout).toContain('1 article imported')
    expect(stdout).toContain('2 failed')
    expect(stderr.split('\n').filter((line) => /wrong\.car|short\.car/.test(line))).toHaveLength(2)
    expect(ovn(['import', 'wrong.car', 'short.car', '--json'], { cwd })).toMatchObject({ status: 3, stdout: '' })
  })
})
