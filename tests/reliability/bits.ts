// Every single bit of a small archive, and many of a large one: what is changed is found, with the article that needs it, and what is
// not changed is not reported. Whoever reads gets the right bytes or an error. A block that is damaged is healed by publishing the
// article again, and by a repair from its CAR.

import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CID } from 'multiformats/cid'
import { type Archive, openArchive } from '../../src/archive/archive.ts'
import { publish } from '../../src/commands/publish.ts'
import { repairEdition } from '../../src/commands/repair.ts'
import { listFiles } from '../../src/dag/list-files.ts'
import { streamFile } from '../../src/dag/stream-file.ts'
import { writeCar } from '../../src/dag/write-car.ts'
import { OvnError } from '../../src/errors.ts'
import { findEdition } from '../../src/links/find-edition.ts'
import { createGateway } from '../../src/server/gateway.ts'
import { Published } from '../../src/server/published.ts'
import type { ArchiveChecked } from '../../src/verify/verify-archive.ts'
import { ovn, ovnJson, type RunOptions, startOvn } from '../cli/ovn.ts'
import {
  areReported,
  type Block,
  blocksOf,
  type Content,
  changedBlocks,
  check,
  contentOf,
  contextOf,
  edit,
  keyOf,
  makeArchive,
  type Sample,
  sampleOf,
  told,
} from '../verify/archives.ts'
import { inFolder, type Outcome, pick, type Random, type Row, randomFrom } from './harness.ts'

/** An archive of which everything is known. */
class Specimen {
  readonly folder: string
  readonly database: string
  readonly manifest: string
  readonly sample: Sample
  readonly content: Content
  readonly blocks: readonly Block[]
  /** What can be read of it, by a name for the way and the place. */
  readonly readings: ReadonlyMap<string, Buffer>
  /** Live roots, by `slug@version`. */
  readonly roots: ReadonlyMap<string, string>

  private constructor(sample: Sample, roots: ReadonlyMap<string, string>, readings: ReadonlyMap<string, Buffer>) {
    this.folder = sample.folder
    this.database = join(sample.folder, 'blocks.sqlite')
    this.manifest = join(sample.folder, 'manifest.jsonl')
    this.sample = sample
    this.content = contentOf(sample.folder)
    this.blocks = edit(sample.folder, blocksOf)
    this.roots = roots
    this.readings = readings
  }

  static async of(sample: Sample, ways = everyWay): Promise<Specimen> {
    const before = await check(sample.folder)
    if (!isClean(before)) throw new Error(`the specimen is not intact: ${toldOf(before)}`)
    const listed = ovnJson(['list', '--all-versions', '-C', sample.folder], { cwd: sample.folder })
    const articles = listed.articles as { slug: string; version: number; root: string }[]
    const roots = new Map(articles.map(({ slug, version, root }) => [`${slug}@${version}`, root]))
    const readings = new Map<string, Buffer>()
    for await (const { way, parts } of read(sample.folder, [...roots.values()], ways)) {
      readings.set(way, Buffer.concat(await Array.fromAsync(parts)))
    }
    return new Specimen(sample, roots, readings)
  }

  /**
   * What is wrong with how this archive, after something was done to it, is checked and read: in some way, what may be affected.
   * Returns the rows of the blocks that were changed, too.
   */
  async judge(way: Way): Promise<{ wrong: string[]; changed: 'nothing' | 'other' | readonly number[] }> {
    const found = contentOf(this.folder)
    const rows = found.rest === this.content.rest ? changedBlocks(this.content, found) : undefined
    const changed = rows === undefined ? 'other' : rows.length === 0 ? 'nothing' : rows
    const checked = await check(this.folder).catch((error: unknown) => asKnown(error))
    const wrong: string[] = []
    if (typeof changed === 'object' && !this.#isReported(checked, changed)) {
      wrong.push(`blocks ${changed.join(' ')} were changed; found was: ${toldOf(checked)}`)
    }
    if (changed === 'other' && isClean(checked)) wrong.push('was not found')
    if (changed === 'nothing' && !isClean(checked) && !isHeader(this.folder)) {
      wrong.push(`changed nothing, and was reported: ${toldOf(checked)}`)
    }
    // Where SQLite reads what it read before, so does everybody.
    if (changed !== 'nothing') wrong.push(...(await this.misreadings([way], changed === 'other' ? undefined : changed)))
    return { wrong, changed }
  }

  /** Whether all of these rows are ends of their DAGs. */
  areLeaves(rows: readonly number[]): boolean {
    return this.blocks.every(({ id, bytes }) => !rows.includes(id) || ![0x0a, 0x12].includes(bytes[0] as number))
  }

  /** The roots that need some of these rows. */
  #rootsAbove(rows: readonly number[]): string[] {
    const needs = this.blocks
      .filter(({ id }) => rows.includes(id))
      .flatMap(({ multihash }) => [...(this.sample.needs.get(keyOf(multihash)) ?? [])])
    const labels = new Set(needs.map((need) => need.slice(0, need.indexOf(':'))))
    return [...this.roots].flatMap(([label, root]) => (labels.has(label) ? [root] : []))
  }

  #isReported(checked: ArchiveChecked | OvnError, rows: readonly number[]): boolean {
    if (checked instanceof OvnError) return false
    const blocks = this.blocks.filter(({ id }) => rows.includes(id))
    return areReported(
      this.sample,
      checked,
      blocks.map((block) => ({ block, state: 'damaged' })),
    )
  }

  /** Bytes that were handed out and are not those of the article. `rows`: only of what needs these blocks. */
  async misreadings(ways: readonly Way[], rows?: readonly number[]): Promise<string[]> {
    const wrong: string[] = []
    const roots = rows === undefined ? [...this.roots.values()] : this.#rootsAbove(rows)
    try {
      for await (const { way, parts } of read(this.folder, roots, ways)) {
        const expected = this.readings.get(way)
        let length = 0
        try {
          for await (const part of parts) {
            const isRight = expected?.subarray(length, length + part.byteLength).equals(part) === true
            length += part.byteLength
            if (!isRight) wrong.push(`${way}: wrong bytes`)
            if (!isRight) break
          }
          if (expected !== undefined && length < expected.byteLength) wrong.push(`${way}: ended well, and too early`)
        } catch (error) {
          asKnown(error)
        }
      }
    } catch (error) {
      asKnown(error)
    }
    return wrong
  }
}

/** `export` writes CARs; `fetch` files, as a whole and as `ovn fetch <root>/<path>`; `serve` answers requests. */
type Way = 'export' | 'fetch' | 'serve'
const everyWay: readonly Way[] = ['export', 'fetch', 'serve']

interface Reading {
  readonly way: string
  readonly parts: AsyncIterable<Uint8Array>
}

/** Reads everything below some roots, as the commands do. */
async function* read(folder: string, roots: readonly string[], ways: readonly Way[]): AsyncGenerator<Reading> {
  const archive = openArchive(folder, { readOnly: true })
  const ask = ways.includes('serve') ? gatewayOf(archive) : undefined
  try {
    for (const root of roots) {
      const cid = CID.parse(root)
      if (ways.includes('export')) yield { way: `export ${root}`, parts: writeCar(archive.blocks.unhashed, [cid]) }
      if (ways.includes('fetch')) {
        for (const { path, cid: file } of await filesBelow(archive, cid)) {
          yield { way: `fetch ${root}/${path}`, parts: streamFile(archive.blocks.unhashed, file) }
        }
      }
      if (ask !== undefined) {
        yield { way: `serve ${root}?format=car`, parts: ask(`/ipfs/${root}?format=car`) }
        yield { way: `serve ${root}?format=raw`, parts: ask(`/ipfs/${root}?format=raw`) }
        for (const { path } of await filesBelow(archive, cid)) {
          yield {
            way: `serve ${root}/${path}`,
            parts: ask(`/ipfs/${root}/${path.split('/').map(encodeURIComponent).join('/')}`),
          }
        }
      }
    }
  } finally {
    archive.close()
  }
}

/** The files below a root; none where they cannot be listed. */
async function filesBelow(archive: Archive, root: CID) {
  try {
    return await listFiles(archive.blocks.unhashed, root)
  } catch (error) {
    asKnown(error)
    return []
  }
}

/** A gateway, as `ovn serve` makes it. An answer that is none throws. */
function gatewayOf(archive: Archive): (url: string) => AsyncGenerator<Uint8Array> {
  const blocks = archive.blocks.unhashed
  const published = new Published(archive, blocks)
  const source = {
    blocks,
    generation: () => published.generation(),
    standingOf: (cid: CID) => published.standingOf(cid),
    recordOf: async () => undefined,
    now: () => new Date(0),
  }
  const options = { anyAddress: false, anyHost: false, trustProxy: false, cors: true, allowScripts: false }
  const gateway = createGateway(source, { ...options, publicHosts: [], dnsLinks: new Map() }, async () => undefined)
  return async function* ask(url) {
    const { status, body } = await gateway({ method: 'GET', url, headers: { host: '127.0.0.1:8080' } })
    if (status !== 200) throw new OvnError('damaged', `${url}: ${status}`)
    if (body instanceof Uint8Array) yield body
    else if (body !== undefined) yield* body
  }
}

/** An error that a user can be told; any other is a bug, and thrown on. */
function asKnown(error: unknown): OvnError {
  if (error instanceof OvnError) return error
  const { code, name } = error as { code?: string; name?: string }
  if (code === 'ERR_SQLITE_ERROR' || code === 'ERR_OUT_OF_RANGE' || name === 'NotFoundError') {
    return new OvnError('damaged', (error as Error).message, { cause: error })
  }
  throw error
}

function isClean(checked: ArchiveChecked | OvnError): boolean {
  return !(checked instanceof OvnError) && checked.damage.length === 0 && checked.notices.length === 0
}

function toldOf(checked: ArchiveChecked | OvnError): string {
  return checked instanceof OvnError ? checked.message : told(checked).join('; ') || 'nothing'
}

/** Whether the header says that the file cannot be written to, which SQLite does not mind when it reads. */
function isHeader(folder: string): boolean {
  return (readFileSync(join(folder, 'blocks.sqlite')).at(18) as number) > 2
}

/** Changes bits of a file, runs something, and changes them back. */
async function withBits<T>(file: string, bits: readonly number[], work: () => Promise<T>): Promise<T> {
  for (const bit of bits) flip(file, bit)
  try {
    return await work()
  } finally {
    for (const bit of bits) flip(file, bit)
  }
}

function flip(file: string, bit: number): void {
  const handle = openSync(file, 'r+')
  try {
    const byte = Buffer.alloc(1)
    readSync(handle, byte, 0, 1, bit >> 3)
    writeSync(handle, Buffer.of((byte[0] as number) ^ (1 << (bit & 7))), 0, 1, bit >> 3)
  } finally {
    closeSync(handle)
  }
}

export interface BitOptions {
  readonly seed: number
  /** Bits that are changed one at a time, of the database and of the manifest; all of them where it is absent. */
  readonly some?: number
  /** Of so many damaged blocks one is healed. */
  readonly healEvery: number
}

/** Changes every bit of a small archive, or some of them. */
export async function changeBits({ seed, some, healEvery }: BitOptions): Promise<Outcome> {
  return inFolder(async (folder) => {
    const random = randomFrom(seed)
    const sample = await makeArchive(folder, { small: true })
    // Smaller pages have fewer bytes that mean nothing.
    edit(sample.folder, (database) => database.exec('pragma page_size = 1024; vacuum'))
    const specimen = await Specimen.of(sample)
    const database = await changeDatabase(specimen, bitsOf(specimen.database, some, random), healEvery)
    const manifest = await changeManifest(specimen, bitsOf(specimen.manifest, some, random))
    return {
      done: `${database.done}; ${manifest.done}`,
      failures: [...database.failures, ...manifest.failures],
    }
  })
}

async function changeDatabase(specimen: Specimen, bits: Iterable<number>, healEvery: number): Promise<Outcome> {
  const failures: string[] = []
  const count = { nothing: 0, other: 0, blocks: 0, healed: 0 }
  let turn = 0
  for (const bit of bits) {
    if (failures.length >= 20) break
    turn += 1
    const way = everyWay[turn % everyWay.length] as Way
    const wrong = await withBits(specimen.database, [bit], async () => {
      const { wrong, changed } = await specimen.judge(way)
      if (typeof changed === 'string') count[changed] += 1
      else {
        count.blocks += 1
        if (count.blocks % healEvery === 0) wrong.push(...(await heal(specimen, changed[0] as number)))
        if (count.blocks % healEvery === 0) count.healed += 1
      }
      return wrong
    })
    failures.push(...wrong.map((each) => `${nameOf(bit)} of the database: ${each}`))
  }
  const { nothing, other, blocks, healed } = count
  const done = `${turn} bits of a database: ${blocks} in blocks (${healed} of them healed), ${other} elsewhere, ${nothing} that mean nothing`
  return { done, failures }
}

/** Every line is damaged by any bit of it, and what is stored is still to be had. */
async function changeManifest(specimen: Specimen, bits: Iterable<number>): Promise<Outcome> {
  const failures: string[] = []
  const text = readFileSync(specimen.manifest)
  let turn = 0
  for (const bit of bits) {
    if (failures.length >= 20) break
    turn += 1
    const line = text.subarray(0, bit >> 3).filter((byte) => byte === 0x0a).length + 1
    const wrong = await withBits(specimen.manifest, [bit], async () => {
      const checked = await check(specimen.folder)
      const isFound = checked.damage.some(
        (each) =>
          each.kind === 'manifest' && each.state === 'damaged' && (each.line === line || text[bit >> 3] === 0x0a),
      )
      const found = isFound ? [] : [`was found to be: ${toldOf(checked)}`]
      return [...found, ...(await specimen.misreadings([everyWay[turn % everyWay.length] as Way]))]
    })
    failures.push(...wrong.map((each) => `${nameOf(bit)} of the manifest, line ${line}: ${each}`))
  }
  return { done: `${turn} bits of a manifest`, failures }
}

function nameOf(bit: number): string {
  return `bit ${bit & 7} of byte ${bit >> 3}`
}

/** The bits of a file, or some of them. */
function* bitsOf(file: string, some: number | undefined, random: Random): Generator<number> {
  const length = 8 * statSync(file).size
  for (let index = 0; index < (some ?? length); index += 1) yield some === undefined ? index : random(length)
}

/** Heals a block: by publishing its article again, or from its blocks elsewhere; one that nobody needs is swept away. */
async function heal({ folder, database, sample, blocks }: Specimen, row: number): Promise<string[]> {
  const damaged = readFileSync(database)
  const block = blocks.find(({ id }) => id === row) as Block
  const needs = [...(sample.needs.get(keyOf(block.multihash)) ?? [])]
  const articles = needs.map((need) => need.slice(0, need.indexOf(':')))
  try {
    if (articles.includes('library@1')) {
      await publish([join(folder, '../in/library.md')], { overrides: {} }, contextOf(folder))
    } else {
      await repairOrSweep(folder, articles[0], blocks)
    }
    const checked = await check(folder)
    return isClean(checked) ? [] : [`block ${row} of ${articles.join(' ')} was not healed: ${toldOf(checked)}`]
  } finally {
    writeFileSync(database, damaged)
  }
}

async function repairOrSweep(folder: string, article: string | undefined, blocks: readonly Block[]): Promise<void> {
  const archive = openArchive(folder)
  try {
    archive.editions.refresh()
    if (article === undefined) {
      await archive.collect()
      return
    }
    const right = new Map(blocks.map(({ multihash, bytes }) => [keyOf(multihash), bytes]))
    const elsewhere = {
      async *get(cid: CID) {
        yield right.get(keyOf(cid.multihash.bytes)) as Uint8Array
      },
    }
    const { record } = findEdition(archive, article)
    await repairEdition(archive, record, { elsewhere, signal: new AbortController().signal, onBytes: () => undefined })
  } finally {
    archive.close()
  }
}

export interface LargeOptions {
  readonly seed: number
  readonly mebibytes: number
  /** Random bits that are changed. */
  readonly bits: number
  /** Bits that are changed at a time; each must be found. */
  readonly together: number
}

/** Changes random bits of a large archive. */
export async function changeLarge({ seed, mebibytes, bits, together }: LargeOptions): Promise<Outcome> {
  return inFolder(async (folder) => {
    const random = randomFrom(seed)
    const specimen = await Specimen.of(await makeLarge(folder, mebibytes), ['export'])
    const length = 8 * statSync(specimen.database).size
    const failures: string[] = []
    const count = { found: 0, nothing: 0, alone: 0 }
    async function change(chosen: readonly number[]): Promise<void> {
      const { wrong, changed } = await withBits(specimen.database, chosen, () => specimen.judge('export'))
      const hides = typeof changed === 'object' ? !specimen.areLeaves(changed) : changed === 'other'
      if (hides && chosen.length > 1) {
        // What is below a damaged directory is not seen, and where the structure is damaged perhaps nothing.
        for (const bit of chosen) await change([bit])
        return
      }
      if (chosen.length === 1) count.alone += 1
      if (changed === 'nothing') count.nothing += chosen.length
      else count.found += chosen.length
      failures.push(...wrong.map((each) => `${chosen.map(nameOf).join(', ')}: ${each}`))
    }
    for (let done = 0; done < bits && failures.length < 20; done += together) {
      await change(Array.from({ length: Math.min(together, bits - done) }, () => random(length)))
    }
    const size = Math.round(length / 8 / 1_048_576)
    const { found, nothing, alone } = count
    const few = `${alone} of them alone, ${nothing} of those without meaning`
    return { done: `${found + nothing} bits of a database of ${size} MiB (${few})`, failures }
  })
}

/** Articles with attachments of 10 MiB that no two share. */
async function makeLarge(folder: string, mebibytes: number): Promise<Sample> {
  mkdirSync(join(folder, 'in'))
  for (let index = 0; 10 * index < mebibytes; index += 1) {
    const bytes = Buffer.alloc(1_048_576 * Math.min(10, mebibytes - 10 * index))
    writeFileSync(join(folder, 'in', `${index}.bin`), randomFillSync(bytes))
    writeFileSync(join(folder, 'in', `${index}.md`), `# Article ${index}\n\n[All of it](${index}.bin)\n`)
  }
  const { status, stderr } = ovn(['publish', 'in'], { cwd: folder })
  if (status !== 0) throw new Error(stderr)
  return sampleOf(join(folder, 'ovn-archive'))
}

/** What the binary does with damaged blocks: it names the article, hands out nothing wrong, and heals. */
export async function changeForBinary({
  seed,
  bits,
}: {
  readonly seed: number
  readonly bits: number
}): Promise<Outcome> {
  return inFolder(async (folder) => {
    const random = randomFrom(seed)
    const specimen = await Specimen.of(await makeArchive(folder, { small: true }))
    const run = { cwd: folder, env: { OVN_ARCHIVE: specimen.folder } }
    const needed = specimen.blocks.filter(({ multihash }) => specimen.sample.needs.has(keyOf(multihash)))
    const failures: string[] = []
    for (const [article, root] of specimen.roots) {
      const { status, stderr } = ovn(['export', root, '-o', `${article}.car`], run)
      if (status !== 0) throw new Error(stderr)
    }
    for (let turn = 0; turn < bits; turn += 1) {
      const block = pick(random, needed)
      const [need = ''] = specimen.sample.needs.get(keyOf(block.multihash)) ?? []
      const [article = '', path = ''] = need.split(':')
      const root = specimen.roots.get(article) as string
      const bit = random(8 * block.bytes.byteLength)
      const bytes = Buffer.from(block.bytes)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      edit(specimen.folder, (database) =>
        database.prepare('update block set bytes = ? where id = ?').run(bytes, block.id),
      )
      const tell = (what: string) => failures.push(`${nameOf(bit)} of block ${block.id}, ${article}:${path}: ${what}`)

      const verified = ovn(['verify'], run)
      if (verified.status !== 3 || !verified.stdout.includes(article))
        tell(`verify: ${verified.status} ${verified.stdout}`)
      for (const args of [
        ['export', root, '-o', 'again.car'],
        ['export', root, '-o', '-'],
        ['fetch', root, '-o', 'again'],
        ['fetch', `${root}/${path}`, '-o', 'again'],
      ]) {
        const { status, stdout } = ovn(args, run)
        const isWrong = args.includes('-') ? stdout !== '' : existsSync(join(folder, args.at(-1) as string))
        if (status === 0 || isWrong)
          tell(`ovn ${args.join(' ')}: ${status}${isWrong ? ', and something is there' : ''}`)
      }
      const served = await serveOnce(run, `/ipfs/${root}/${path}`)
      if (served !== undefined) tell(`serve answers with ${served} bytes`)
      const repaired = ovn(['fetch', root, '--repair', '--car', `${article}.car`], run)
      if (repaired.status !== 0) tell(`repair: ${repaired.status} ${repaired.stderr}`)
      const after = ovn(['verify'], run)
      if (after.status !== 0) tell(`after the repair: ${after.stdout}`)
    }
    return { done: `${bits} bits of blocks for the binary`, failures }
  })
}

/** Asks `ovn serve` for one path. Returns how many bytes it answers with; undefined where it does not answer, or not to the end. */
async function serveOnce(run: RunOptions, path: string): Promise<number | undefined> {
  const { child, ended } = startOvn(['serve', '--port', '0', '--json'], run)
  try {
    const ready = await new Promise<string>((resolve) => child.stdout.once('data', resolve))
    const answer = await fetch(`http://127.0.0.1:${JSON.parse(ready).port}${path}`)
    return answer.ok ? (await answer.arrayBuffer()).byteLength : undefined
  } catch {
    return undefined
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

const repository = fileURLToPath(new URL('../..', import.meta.url))

export const rows: readonly Row[] = [
  {
    name: 'bits',
    holds:
      'every bit of a small archive: found with the article named, no false alarm, no wrong bytes; blocks are healed',
    run: (seed) => changeBits({ seed, healEvery: 50 }),
  },
  {
    name: 'bits-large',
    holds: 'random bits of an archive of 100 MB: each is found with the article named, no wrong bytes',
    run: (seed) => changeLarge({ seed, mebibytes: 100, bits: 10_000, together: 20 }),
  },
  {
    name: 'damages',
    holds: 'truncations, deletions, swapped and doubled blocks and lines, edited records: all found, no false alarm',
    run: async (seed) => {
      const { status, stdout } = spawnSync('npx', ['vitest', 'run', 'tests/verify/damages.test.ts'], {
        cwd: repository,
        env: { ...process.env, OVN_LONG: '1', OVN_SEED: String(seed) },
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      })
      return { done: 'tests/verify/damages.test.ts, 60 times as long', failures: status === 0 ? [] : [stdout] }
    },
  },
]
