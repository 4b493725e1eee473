// Articles leave the archive: as CARs, folders and bags.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { CarReader } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/dag/hash.ts'
import { encodeLine, sealRecord } from '../../src/manifest/record.ts'
import { temporaryFolder } from '../temporary.ts'
import { binary, environment, fixtures, ovn, ovnJson } from './ovn.ts'

interface Source {
  readonly cwd: string
  /** Roots of harbour@1, harbour@2 and quay@1. */
  readonly roots: readonly [string, string, string]
}

let template: Source

beforeAll(() => {
  template = publishAll(mkdtempSync(join(tmpdir(), 'ovn-export-')), ['harbour', 'quay'])
})

afterAll(() => rmSync(template.cwd, { recursive: true, force: true }))

/** A copy of an archive with an article of two versions and another one; all of them have one picture. */
function setUp(): Source {
  const cwd = temporaryFolder()
  cpSync(template.cwd, cwd, { recursive: true })
  return { cwd, roots: template.roots }
}

function publishAll(cwd: string, order: readonly string[]): Source {
  mkdirSync(join(cwd, 'images'))
  writeFileSync(join(cwd, 'images/a.png'), Buffer.alloc(1_500_000, 'picture'))
  const publish = (slug: string, text: string) => {
    const head = `---\ntitle: ${slug}, told\nslug: ${slug}\ndate: 2025-08-22\n---\n\n![A](images/a.png)\n\n`
    writeFileSync(join(cwd, `${slug}.md`), `${head}${text}`)
    return ovnJson(['publish', `${slug}.md`], { cwd }).articles[0].root as string
  }
  const roots: Record<string, string[]> = {}
  for (const slug of order)
    roots[slug] = [publish(slug, 'First'), ...(slug === 'harbour' ? [publish(slug, 'Second')] : [])]
  return { cwd, roots: [...(roots.harbour ?? []), ...(roots.quay ?? [])] as unknown as Source['roots'] }
}

/** What a CAR holds, as @ipld/car reads it; every block is hashed. */
async function readCar(file: string): Promise<{ roots: string[]; cids: string[] }> {
  const reader = await CarReader.fromBytes(readFileSync(file))
  const cids: string[] = []
  for await (const { cid, bytes } of reader.blocks()) {
    expect(Buffer.compare(sha256(bytes).digest, cid.multihash.digest)).toBe(0)
    cids.push(cid.toString())
  }
  return { roots: (await reader.getRoots()).map(String), cids }
}

/** Changes the stored bytes of a block, or takes it away. */
function damage(cwd: string, cid: string, bytes?: Uint8Array): void {
  const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
  const key = CID.parse(cid).multihash.bytes
  const { changes } =
    bytes === undefined
      ? database.prepare('delete from block where multihash = ?').run(key)
      : database.prepare('update block set bytes = ? where multihash = ?').run(bytes, key)
  database.close()
  expect(changes).toBe(1)
}

/** The CID of a file of an article. */
function cidOf(cwd: string, ref: string, path: string): string {
  const { files } = ovnJson(['show', ref], { cwd })
  return files.find((file: { path: string }) => file.path === path).cid
}

describe('ovn export', () => {
  it('writes a CAR named after the version, as @ipld/car reads it', async () => {
    const { cwd, roots } = setUp()
    const { status, stdout, stderr } = ovn(['export', 'harbour'], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^exported harbour, told → harbour@2\.car \(\d+ blocks, 1\.5 MB\)\n$/)
    const car = await readCar(join(cwd, 'harbour@2.car'))
    expect(car.roots).toEqual([roots[1]])
    expect(car.cids[0]).toBe(roots[1])
    expect(new Set(car.cids).size).toBe(car.cids.length)
    expect(statSync(join(cwd, 'harbour@2.car')).mode & 0o777).toBe(0o666 & ~process.umask())
    expect(ovn(['export', 'harbour@1', '-q'], { cwd }).stdout).toBe(`${roots[0]}\n`)
    const [place] = ovnJson(['export', `ipfs://${roots[2]}`, '-o', 'q.car'], { cwd }).places
    expect(place).toMatchObject({ path: 'q.car', format: 'car', status: 'exported' })
    expect(place.articles).toEqual([{ root: roots[2], slug: 'quay', version: 1, title: 'quay, told' }])
    expect(place).toMatchObject({ blocks: (await readCar(join(cwd, 'q.car'))).cids.length })
    expect(place.size).toBe(statSync(join(cwd, 'q.car')).size)
  })

  it('writes the same bytes from every archive that has the article', () => {
    const one = setUp()
    const other = publishAll(temporaryFolder(), ['quay', 'harbour'])
    expect(other.roots).toEqual(one.roots)
    for (const { cwd } of [one, other]) ovn(['export', 'harbour', 'quay', '-o', 'both.car'], { cwd })
    expect(readFileSync(join(one.cwd, 'both.car')).equals(readFileSync(join(other.cwd, 'both.car')))).toBe(true)
  })

  it('leaves a file that holds the same, and replaces another only with --force', () => {
    const { cwd } = setUp()
    const file = join(cwd, 'a.car')
    ovn(['export', 'quay', '-o', 'a.car'], { cwd })
    const { ino } = statSync(file)
    expect(ovn(['export', 'quay', '-o', 'a.car'], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^unchanged: quay, told → a\.car/),
    })
    expect(statSync(file).ino).toBe(ino)
    const right = readFileSync(file)
    for (const wrong of [right.subarray(0, -1), Buffer.concat([right, Buffer.of(0)]), Buffer.from('mine')]) {
      writeFileSync(file, wrong)
      expect(ovnJson(['export', 'quay', '-o', 'a.car'], { cwd })).toMatchObject({ exit: 2, code: 'usage' })
      expect(readFileSync(file).equals(wrong)).toBe(true)
      expect(ovnJson(['export', 'quay', '-o', 'a.car', '--force'], { cwd }).places[0].status).toBe('exported')
      expect(readFileSync(file).equals(right)).toBe(true)
    }
    expect(readdirSync(cwd).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('writes several into one CAR, or a CAR of each', async () => {
    const { cwd, roots } = setUp()
    ovn(['export', 'quay', 'harbour@1', 'quay@1', '-o', 'several.car'], { cwd })
    const car = await readCar(join(cwd, 'several.car'))
    expect(car.roots).toEqual([roots[2], roots[0]])
    expect(new Set(car.cids).size).toBe(car.cids.length)
    const { stdout } = ovn(['export', 'quay', 'harbour@1', '-o', 'out/deep/'], { cwd })
    expect(stdout).toMatch(/2 articles exported\n$/)
    expect(readdirSync(join(cwd, 'out/deep')).sort()).toEqual(['harbour@1.car', 'quay@1.car'])
    ovn(['export', 'quay', '-o', 'out'], { cwd })
    expect(existsSync(join(cwd, 'out/quay@1.car'))).toBe(true)
    ovn(['export', 'quay', 'harbour'], { cwd })
    expect(existsSync(join(cwd, 'harbour@2.car'))).toBe(true)
    expect(ovn(['export', 'quay', '-o', 'named.bin'], { cwd }).status).toBe(0)
    expect((await readCar(join(cwd, 'named.bin'))).roots).toEqual([roots[2]])
  })

  it('--all writes every version that is not withdrawn', async () => {
    const { cwd, roots } = setUp()
    expect(ovn(['unpublish', 'harbour@1', '--reason', 'A court said so.'], { cwd }).status).toBe(0)
    expect(ovn(['export', '--all', '-o', 'all.car'], { cwd })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^exported 2 articles → all\.car/),
    })
    expect((await readCar(join(cwd, 'all.car'))).roots).toEqual([roots[1], roots[2]])
    expect(ovn(['export', '--all', '-o', 'all', '-q'], { cwd }).stdout).toBe(`${roots[1]}\n${roots[2]}\n`)
    expect(readdirSync(join(cwd, 'all')).sort()).toEqual(['harbour@2.car', 'quay@1.car'])
    expect(ovn(['export', '--all', '-o', 'all'], { cwd }).stdout).toMatch(/0 articles exported, 2 unchanged\n$/)
    // Its blocks are there still, and whoever names it gets it.
    expect(ovn(['export', 'harbour@1'], { cwd }).status).toBe(0)
  })

  it('names two editions of one number after their CIDs', () => {
    const { cwd, roots } = setUp()
    const manifest = join(cwd, 'ovn-archive/manifest.jsonl')
    const first = JSON.parse(readFileSync(manifest, 'utf8').split('\n')[0] as string)
    const { cid: _, v: __, parent: ___, ...draft } = { ...first, root: roots[2] }
    writeFileSync(manifest, `${encodeLine(sealRecord(draft, first.cid))}\n`, { flag: 'a' })
    ovn(['export', '--all', '-o', 'all/'], { cwd })
    expect(readdirSync(join(cwd, 'all')).sort()).toEqual([`${roots[0]}.car`, `${roots[2]}.car`, 'harbour@2.car'].sort())
  })

  it('writes a CAR to standard output, and its CIDs to stderr', () => {
    const { cwd, roots } = setUp()
    ovn(['export', 'quay', 'harbour', '-o', 'a.car'], { cwd })
    const piped = spawnSync(process.execPath, [binary, 'export', 'quay', 'harbour', '-o', '-'], {
      cwd,
      env: environment(),
      maxBuffer: 1 << 26,
    })
    expect(piped.status).toBe(0)
    expect(piped.stdout.equals(readFileSync(join(cwd, 'a.car')))).toBe(true)
    expect(piped.stderr.toString()).toMatch(new RegExp(`^ovn: ${roots[2]}\novn: ${roots[1]}\novn: exported 2 articles`))
    expect(ovn(['export', 'quay', '-o', '-', '-q'], { cwd }).stderr).toBe(`${roots[2]}\n`)
    expect(JSON.parse(ovn(['export', 'quay', '-o', '-', '--json'], { cwd }).stderr)).toMatchObject({
      kind: 'exported',
      places: [{ path: '-' }],
    })
  })

  it('writes nothing binary to a terminal', () => {
    const { cwd } = setUp()
    const command = `'${process.execPath}' '${binary}' export quay -o -`
    const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd,
      env: environment(),
      encoding: 'utf8',
    })
    expect(status).toBe(2)
    expect(stdout).toContain('ovn: a CAR is binary, and standard output is a terminal')
  })

  it('says that standard output was closed', () => {
    const { cwd } = setUp()
    const command = `'${process.execPath}' '${binary}' export quay -o - | head -c 10 >/dev/null; exit \${PIPESTATUS[0]}`
    const { status, stderr } = spawnSync('bash', ['-c', command], { cwd, env: environment(), encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 6,
      stderr: 'ovn: standard output was closed before all was written\n',
    })
  })

  it('stops at Ctrl-C, also while nobody reads', async () => {
    const { cwd } = setUp()
    const child = spawn(process.execPath, [binary, 'export', 'quay', '-o', '-'], { cwd, env: environment() })
    await once(child.stdout, 'readable')
    child.kill('SIGINT')
    const [status] = await once(child, 'exit')
    expect(status).toBe(130)
    child.stdout.destroy()
  })

  it('leaves nothing behind at Ctrl-C', async () => {
    const { cwd } = setUp()
    mkdirSync(join(cwd, 'out'))
    for (const format of ['car', 'folder', 'bag']) {
      const args = ['export', 'harbour', '--format', format, '-o', `out/${format}`]
      const child = spawn(process.execPath, [binary, ...args], { cwd, env: environment() })
      const ended = once(child, 'exit')
      while (readdirSync(join(cwd, 'out')).length === 0 && child.exitCode === null) await new Promise(setImmediate)
      child.kill('SIGINT')
      const [status] = await ended
      // It may have ended just before.
      expect(readdirSync(join(cwd, 'out'))).toEqual(status === 130 ? [] : [format])
      rmSync(join(cwd, 'out', format), { recursive: true, force: true })
    }
  })

  it('exports what is stored and not recorded, and nothing that is not', async () => {
    const { cwd } = setUp()
    const cid = cidOf(cwd, 'quay', 'article.md')
    expect(ovn(['export', cid], { cwd }).stdout).toContain(`exported ${cid} → ${cid}.car (1 block, `)
    expect((await readCar(join(cwd, `${cid}.car`))).cids).toEqual([cid])
    const other = CID.createV1(0x55, sha256(Buffer.from('not here'))).toString()
    expect(ovnJson(['export', other], { cwd })).toMatchObject({ code: 'not-found', exit: 4 })
    expect(ovnJson(['export', 'quay', 'nothing', '-o', 'x.car'], { cwd })).toMatchObject({ code: 'not-found', exit: 4 })
    expect(ovnJson(['export', `${cid}/index.html`], { cwd })).toMatchObject({ code: 'usage', exit: 2 })
    expect(existsSync(join(cwd, 'x.car'))).toBe(false)
  })

  it.each([
    ['nothing', []],
    ['--all and a name', ['--all', 'quay', '-o', 'x/']],
    ['--all without a place', ['--all']],
    ['a format that nobody knows', ['quay', '--format', 'zip']],
    ['a folder on standard output', ['quay', '--format', 'folder', '-o', '-']],
    ['a bag on standard output', ['quay', '--format', 'bag', '-o', '-']],
    ['a device', ['quay', '-o', '/dev/null', '--force']],
    ['a place in the archive', ['quay', '-o', 'ovn-archive/blocks.sqlite', '--force']],
    ['a folder in the archive', ['quay', '-o', 'ovn-archive/cars/']],
    ['the archive as a bag', ['quay', '--format', 'bag', '-o', 'ovn-archive', '--force']],
    ['a folder that is a file', ['quay', '-o', 'quay.md/']],
  ])('refuses %s', (_, args) => {
    const { cwd } = setUp()
    expect(ovnJson(['export', ...args], { cwd })).toMatchObject({ code: 'usage', exit: 2 })
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
    expect(readdirSync(cwd).sort()).toEqual(readdirSync(template.cwd).sort())
    expect(readdirSync(join(cwd, 'ovn-archive')).sort()).toEqual(readdirSync(join(template.cwd, 'ovn-archive')).sort())
    const blocks = readFileSync(join(template.cwd, 'ovn-archive/blocks.sqlite'))
    expect(readFileSync(join(cwd, 'ovn-archive/blocks.sqlite')).equals(blocks)).toBe(true)
  })

  it('refuses a place whose folder is not there, and writes through a symbolic link', () => {
    const { cwd } = setUp()
    for (const format of ['car', 'folder', 'bag']) {
      const args = ['export', 'quay', '--format', format, '-o', 'no/where/x.car']
      expect(ovnJson(args, { cwd })).toMatchObject({ code: 'not-found', exit: 4 })
    }
    mkdirSync(join(cwd, 'far'))
    writeFileSync(join(cwd, 'far/real.car'), 'old')
    symlinkSync('far/real.car', join(cwd, 'link.car'))
    expect(ovn(['export', 'quay', '-o', 'link.car', '--force'], { cwd }).status).toBe(0)
    expect(statSync(join(cwd, 'far/real.car')).size).toBeGreaterThan(1_500_000)
    expect(readdirSync(join(cwd, 'far'))).toEqual(['real.car'])
  })

  it('says when the disk would not take it, and leaves nothing behind', () => {
    const { cwd } = setUp()
    mkdirSync(join(cwd, 'out'))
    for (const format of ['car', 'folder', 'bag']) {
      const command = `ulimit -f 1000; '${process.execPath}' '${binary}' export quay --format ${format} -o out/x.car`
      const { status, stderr } = spawnSync('bash', ['-c', command], { cwd, env: environment(), encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 6, stderr: expect.stringMatching(/^ovn: .*would be too large\n$/) })
      expect(readdirSync(join(cwd, 'out'))).toEqual([])
    }
  })
})

describe('ovn export of a damaged archive', () => {
  const cases = [
    ['missing', undefined, /block \S+ is missing/],
    ['damaged', Buffer.from('other bytes'), /block \S+ is damaged/],
  ] as const

  it.each(cases)('fails where a block is %s, and leaves nothing behind', (_, bytes, says) => {
    const { cwd } = setUp()
    const cid = cidOf(cwd, 'quay', 'index.html')
    damage(cwd, cid, bytes)
    mkdirSync(join(cwd, 'out'))
    for (const format of ['car', 'folder', 'bag']) {
      const error = ovnJson(['export', 'quay', '--format', format, '-o', 'out/x'], { cwd })
      expect(error).toMatchObject({ code: 'damaged', exit: 3, message: expect.stringMatching(says) })
      expect(error.message).toContain('quay@1 cannot be exported')
      expect(error.message).toContain(cid)
      expect(error.hint).toContain('ovn fetch --repair quay@1')
      expect(readdirSync(join(cwd, 'out'))).toEqual([])
    }
    expect(ovn(['export', 'quay', '-o', '-'], { cwd })).toMatchObject({ status: 3, stdout: '' })
    expect(ovn(['export', 'harbour', 'quay', '-o', 'out/x.car'], { cwd })).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('quay@1 cannot be exported'),
    })
    expect(readdirSync(join(cwd, 'out'))).toEqual([])
    writeFileSync(join(cwd, 'kept.car'), 'mine')
    expect(ovn(['export', 'quay', '-o', 'kept.car', '--force'], { cwd }).status).toBe(3)
    expect(readFileSync(join(cwd, 'kept.car'), 'utf8')).toBe('mine')
  })

  it.each(cases)('--all exports the others where a block is %s', async (_, bytes) => {
    const { cwd, roots } = setUp()
    damage(cwd, cidOf(cwd, 'harbour@1', 'article.md'), bytes)
    for (const format of ['car', 'folder', 'bag']) {
      const args = ['export', '--all', '--format', format, '-o', `${format}s`]
      const { status, stderr } = ovn(args, { cwd })
      expect({ status, stderr }).toEqual({
        status: 7,
        stderr: expect.stringContaining('ovn: harbour@1 cannot be exported'),
      })
      const end = format === 'car' ? '.car' : ''
      expect(readdirSync(join(cwd, `${format}s`)).sort()).toEqual([`harbour@2${end}`, `quay@1${end}`])
    }
    expect(ovn(['export', '--all', '-o', 'all.car'], { cwd })).toMatchObject({ status: 7 })
    expect((await readCar(join(cwd, 'all.car'))).roots).toEqual([roots[1], roots[2]])
    const piped = spawnSync(process.execPath, [binary, 'export', '--all', '-o', '-'], {
      cwd,
      env: environment(),
      maxBuffer: 1 << 26,
    })
    expect(piped.status).toBe(7)
    expect(piped.stdout.equals(readFileSync(join(cwd, 'all.car')))).toBe(true)
  })

  it('--all fails where nothing is whole', () => {
    const { cwd, roots } = setUp()
    for (const root of roots) damage(cwd, root)
    for (const output of ['all.car', 'all/']) {
      expect(ovnJson(['export', '--all', '-o', output], { cwd })).toMatchObject({ code: 'damaged', exit: 3 })
    }
    expect(existsSync(join(cwd, 'all.car'))).toBe(false)
  })

  it('says of a withdrawn article whose blocks are gone that it was withdrawn', () => {
    const { cwd } = setUp()
    for (const args of [['unpublish', 'quay', '--reason', 'A court said so.'], ['gc']]) {
      expect(ovn(args, { cwd }).status).toBe(0)
    }
    expect(ovnJson(['export', 'quay@1'], { cwd })).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/^quay@1 was withdrawn on \d{4}-\d\d-\d\d, and its blocks are gone$/),
    })
  })
})

describe('ovn export --format folder', () => {
  it('writes the files, which have the CID of the article', () => {
    const { cwd, roots } = setUp()
    expect(ovn(['export', 'harbour', '--format', 'folder'], { cwd }).stdout).toMatch(
      /→ harbour@2 \(4 files, 1\.5 MB\)\n$/,
    )
    expect(ovn(['cid', 'harbour@2'], { cwd }).stdout).toBe(`${roots[1]}\n`)
    expect(ovn(['export', 'harbour', '--format', 'folder'], { cwd }).stdout).toMatch(/^unchanged: /)
    writeFileSync(join(cwd, 'harbour@2/article.md'), 'edited')
    expect(ovnJson(['export', 'harbour', '--format', 'folder'], { cwd })).toMatchObject({ code: 'usage' })
    expect(readFileSync(join(cwd, 'harbour@2/article.md'), 'utf8')).toBe('edited')
    expect(ovn(['export', 'harbour', '--format', 'folder', '--force'], { cwd }).status).toBe(0)
    expect(ovn(['cid', 'harbour@2'], { cwd }).stdout).toBe(`${roots[1]}\n`)
    expect(readdirSync(cwd).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('writes a single file as a file', () => {
    const { cwd } = setUp()
    const cid = cidOf(cwd, 'quay', 'assets/images/a.png')
    ovn(['export', cid, '--format', 'folder', '-o', 'picture.png'], { cwd })
    expect(readFileSync(join(cwd, 'picture.png')).equals(Buffer.alloc(1_500_000, 'picture'))).toBe(true)
    expect(ovn(['export', cid, '--format', 'folder', '-o', 'picture.png'], { cwd }).stdout).toMatch(/^unchanged: /)
  })
})

const validator = { PYTHONPATH: fileURLToPath(new URL('../../node_modules/.cache/bagit', import.meta.url)) }
const hasBagit = spawnSync('python3', ['-c', 'import bagit'], { env: { ...process.env, ...validator } }).status === 0
if (!hasBagit && process.env.OVN_NO_SKIP) throw new Error('bagit.py must be installed where no test may be skipped')
if (!hasBagit) process.stderr.write('bagit.py is not installed: that it accepts our bags is NOT tested\n')

/** Asks bagit.py whether all of these are valid bags. */
function validate(...bags: string[]) {
  const env = { ...process.env, ...validator }
  return spawnSync('python3', ['-m', 'bagit', '--validate', ...bags], { env, encoding: 'utf8' })
}

/** Checks the hashes of a bag with the tools that every system has. */
function checkSums(bag: string): void {
  for (const list of ['manifest-sha256', 'manifest-sha512', 'tagmanifest-sha256', 'tagmanifest-sha512']) {
    const program = `${list.split('-')[1]}sum`
    const { status, stdout, stderr } = spawnSync(program, ['--check', '--strict', `${list}.txt`], {
      cwd: bag,
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(4)
  }
}

describe('ovn export --format bag', () => {
  it('writes files, CAR, and manifests that sha256sum and sha512sum accept', () => {
    const { cwd, roots } = setUp()
    ovn(['init', '--name', 'Open Voice\u2028News', '--force'], { cwd })
    expect(ovn(['export', 'harbour', '--format', 'bag'], { cwd }).stdout).toMatch(/→ harbour@2 \(5 files, 3\.0 MB\)\n$/)
    const bag = join(cwd, 'harbour@2')
    checkSums(bag)
    expect(readFileSync(join(bag, 'bagit.txt'), 'utf8')).toBe(
      'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n',
    )
    expect(readdirSync(join(bag, 'data')).sort()).toEqual([`${roots[1]}.car`, 'harbour'].sort())
    const today = new Date().toISOString().slice(0, 10)
    const info = readFileSync(join(bag, 'bag-info.txt'), 'utf8').split('\n')
    expect(info.slice(0, 4)).toEqual([
      'Source-Organization: Open Voice News',
      'External-Description: harbour, told',
      `External-Identifier: ipfs://${roots[1]}`,
      'Internal-Sender-Identifier: harbour@2',
    ])
    expect(info[4]?.replace(today, 'today')).toMatch(/^Bagging-Date: (today|\d{4}-\d\d-\d\d)$/)
    const files = ['article.md', 'index.html', 'metadata.json', 'assets/images/a.png'].map((path) => `harbour/${path}`)
    const size = [...files, `${roots[1]}.car`].reduce((sum, path) => sum + statSync(join(bag, 'data', path)).size, 0)
    expect(info.slice(5)).toEqual([`Payload-Oxum: ${size}.5`, ''])
    expect(ovn(['cid', 'harbour@2/data/harbour'], { cwd }).stdout).toBe(`${roots[1]}\n`)
    ovn(['export', 'harbour', '-o', 'x.car'], { cwd })
    expect(readFileSync(join(cwd, 'x.car')).equals(readFileSync(join(bag, `data/${roots[1]}.car`)))).toBe(true)
    expect(ovnJson(['import', bag, '-C', 'other'], { cwd }).articles[0]).toMatchObject({
      root: roots[1],
      slug: 'harbour',
    })
  })

  it.skipIf(!hasBagit)('is valid to bagit.py, until a byte of it changes', () => {
    const { cwd, roots } = setUp()
    ovn(['export', '--all', '--format', 'bag', '-o', 'bags'], { cwd })
    const bags = readdirSync(join(cwd, 'bags')).map((name) => join(cwd, 'bags', name))
    expect(bags).toHaveLength(3)
    expect(validate(...bags)).toMatchObject({ status: 0 })
    writeFileSync(join(cwd, `bags/quay@1/data/${roots[2]}.car`), 'x', { flag: 'a' })
    expect(validate(join(cwd, 'bags/quay@1')).status).not.toBe(0)
    writeFileSync(join(cwd, 'bags/harbour@1/bag-info.txt'), 'Contact-Name: x\n', { flag: 'a' })
    expect(validate(join(cwd, 'bags/harbour@1')).status).not.toBe(0)
  })

  it.skipIf(!hasBagit)('is valid to bagit.py, whatever the script of its names', () => {
    const cwd = temporaryFolder()
    ovn(['publish', join(fixtures, 'articles')], { cwd })
    const { notices } = ovnJson(['export', '--all', '--format', 'bag', '-o', 'bags'], { cwd })
    // RFC 8493 wants %25 for a percent sign in a name, which bagit.py does not read.
    const odd = notices.map(({ file }: { file: string }) => file)
    expect(odd).toEqual([expect.stringContaining('100% covered.png')])
    const isOdd = (name: string) => odd.some((file: string) => file.startsWith(`bags/${name}/`))
    const names = readdirSync(join(cwd, 'bags'))
    const [refused, valid] = [names.filter(isOdd), names.filter((name) => !isOdd(name))].map((some) =>
      some.map((name) => join(cwd, 'bags', name)),
    ) as [string[], string[]]
    expect(valid.length).toBeGreaterThan(10)
    expect(validate(...valid)).toMatchObject({ status: 0 })
    expect(refused).toHaveLength(1)
    expect(validate(...refused).status).not.toBe(0)
    expect(readFileSync(join(refused[0] as string, 'manifest-sha256.txt'), 'utf8')).toContain('/100%25 covered.png')
  })

  it('leaves the same bag, whenever it was made, and replaces nothing but another bag', () => {
    const { cwd } = setUp()
    const bag = join(cwd, 'bag')
    const args = ['export', 'quay', '--format', 'bag', '-o', 'bag']
    ovn(args, { cwd })
    expect(ovn(args, { cwd }).stdout).toMatch(/^unchanged: /)
    const before = readdirSync(bag, { recursive: true }).sort()
    writeFileSync(join(bag, 'data/quay/article.md'), 'edited')
    expect(ovnJson(args, { cwd })).toMatchObject({ code: 'usage', exit: 2 })
    expect(ovn([...args, '--force'], { cwd }).stdout).toMatch(/^exported /)
    checkSums(bag)
    expect(readdirSync(bag, { recursive: true }).sort()).toEqual(before)
    mkdirSync(join(cwd, 'mine'))
    writeFileSync(join(cwd, 'mine/diary.txt'), 'dear')
    expect(ovnJson(['export', 'quay', '--format', 'bag', '-o', 'mine', '--force'], { cwd })).toMatchObject({
      code: 'usage',
    })
    expect(readdirSync(join(cwd, 'mine'))).toEqual(['diary.txt'])
    expect(readdirSync(cwd).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

describe('ipfs-car', () => {
  it('unpacks our CARs to the same files', () => {
    const cwd = temporaryFolder()
    const { articles } = ovnJson(['publish', join(fixtures, 'articles')], { cwd })
    expect(articles.length).toBeGreaterThan(10)
    ovn(['export', '--all', '-o', 'cars'], { cwd })
    ovn(['export', '--all', '--format', 'folder', '-o', 'folders'], { cwd })
    const ipfsCar = fileURLToPath(new URL('../../node_modules/ipfs-car/bin.js', import.meta.url))
    // The one with most files, the one in another script, and one more.
    const chosen = articles.filter(
      ({ files, slug }: { files: number; slug: string }) => files > 6 || /[\u0600-\u06ff]/.test(slug),
    )
    expect(chosen.length).toBeGreaterThan(0)
    for (const { slug, version } of chosen) {
      const name = `${slug}@${version}`
      const unpacked = spawnSync(process.execPath, [ipfsCar, 'unpack', `cars/${name}.car`, '-o', `unpacked-${name}`], {
        cwd,
      })
      expect(unpacked.status).toBe(0)
      expect(spawnSync('diff', ['-r', `unpacked-${name}`, `folders/${name}`], { cwd, encoding: 'utf8' })).toMatchObject(
        {
          status: 0,
          stdout: '',
        },
      )
    }
  })
})
