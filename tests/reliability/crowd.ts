// Many processes that publish at once: different articles, the same ones, and versions of the same ones. Nothing may be lost, nothing
// recorded twice, and every line must follow from the one before it.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { type Ended, ovn, startOvn } from '../cli/ovn.ts'
import { checkIndependently } from '../independent/check.ts'
import { inFolder, type Outcome, type Row } from './harness.ts'

export interface CrowdOptions {
  readonly processes: number
  /** Articles that each process publishes. */
  readonly articles: number
  /** Articles that a command is given; a process runs one command after another. */
  readonly batch: number
  /** Articles of which every process publishes a version of its own. */
  readonly shared: number
  /** Seconds that all processes together may take for different articles, and for the same ones. */
  readonly limit?: number
}

/** An article as it was written, and the CID of its file. */
interface Written {
  readonly file: string
  readonly slug: string
  readonly source: string
}

/** Publishes from many processes at once, three times, and judges what was recorded. */
export async function crowd(options: CrowdOptions): Promise<Outcome> {
  const failures: string[] = []
  const done: string[] = []
  for (const scene of [publishDifferent, publishSame, publishVersions]) {
    await inFolder(async (cwd) => {
      const start = performance.now()
      const result = await scene(cwd, options, failures)
      const seconds = (performance.now() - start) / 1000
      done.push(`${result} in ${seconds.toFixed(1)} s`)
      if (seconds > (options.limit ?? Number.POSITIVE_INFINITY)) failures.push(`${result}: ${seconds.toFixed(1)} s`)
      judgeArchive(cwd, failures)
    })
  }
  return { done: done.join('; '), failures }
}

/** Every process has articles of its own. */
async function publishDifferent(cwd: string, options: CrowdOptions, failures: string[]): Promise<string> {
  const own = everyProcess(options, (process) =>
    writeArticles(cwd, `p${process}`, options.articles, `Process ${process}`),
  )
  const reading = startOvn(['list', '-C', 'archive'], { cwd }).ended
  const runs = await Promise.all(own.map((articles) => publishInTurn(cwd, articles, options.batch)))
  assertPublished(runs.flat(), failures)
  const { status, stderr } = await reading
  if (status !== 0 && status !== 4) failures.push(`ovn list ended with ${status} meanwhile: ${stderr}`)
  const all = own.flat()
  const lines = readManifest(cwd, failures)
  judgeOnce(lines, all, failures)
  return `${lines.length} records of ${all.length} different articles`
}

/** All processes have the same articles, and each begins with another. */
async function publishSame(cwd: string, options: CrowdOptions, failures: string[]): Promise<string> {
  const articles = writeArticles(cwd, 'same', options.articles, 'The same')
  const runs = await Promise.all(
    everyProcess(options, (process) => {
      const from = Math.floor((process * articles.length) / options.processes / 2)
      return publishInTurn(cwd, [...articles.slice(from), ...articles.slice(0, from)], options.batch)
    }),
  )
  assertPublished(runs.flat(), failures)
  const lines = readManifest(cwd, failures)
  judgeOnce(lines, articles, failures)
  const recorded = lines.map(({ root }) => root).sort()
  for (const [process, ended] of runs.entries()) {
    const answered = ended.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== '')).sort()
    if (String(answered) !== String(recorded)) failures.push(`process ${process} answered other CIDs than are recorded`)
  }
  return `${lines.length} records of ${articles.length} articles that all published`
}

/** Every process has a version of its own of the same articles. */
async function publishVersions(cwd: string, options: CrowdOptions, failures: string[]): Promise<string> {
  const own = everyProcess(options, (process) =>
    writeArticles(cwd, `v${process}`, options.shared, `Text of process ${process}`, 'shared'),
  )
  const runs = await Promise.all(own.map((articles) => publishInTurn(cwd, articles, options.batch)))
  assertPublished(runs.flat(), failures)
  const lines = readManifest(cwd, failures)
  const bySlug = Map.groupBy(lines, ({ slug }) => slug)
  for (const { slug } of own[0] ?? []) {
    const versions = bySlug.get(slug) ?? []
    const wanted = own.flat().filter((article) => article.slug === slug)
    if (String(versions.map(({ source }) => source).sort()) !== String(wanted.map(({ source }) => source).sort())) {
      failures.push(
        `${slug}: ${versions.length} versions are recorded, which are not the ${wanted.length} that were published`,
      )
    }
    for (const [index, { version, previous }] of versions.entries()) {
      if (version !== index + 1 || previous !== versions[index - 1]?.root) {
        failures.push(`${slug}@${version}, record ${index + 1} of it, replaces ${previous}, not the one before it`)
      }
    }
  }
  return `${lines.length} versions of ${options.shared} articles`
}

function everyProcess<T>({ processes }: CrowdOptions, work: (process: number) => T): T[] {
  return Array.from({ length: processes }, (_, process) => work(process))
}

/** Writes articles that share a picture. */
function writeArticles(cwd: string, name: string, count: number, text: string, slug = name): Written[] {
  mkdirSync(join(cwd, name))
  writeFileSync(join(cwd, name, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><!-- the same in all --></svg>')
  return Array.from({ length: count }, (_, index) => {
    const article = `---\ntitle: Article ${index}\nslug: ${slug}-${index}\n---\n\n![Logo](logo.svg)\n\n${text}, ${index}.\n`
    const file = join(name, `${index}.md`)
    writeFileSync(join(cwd, file), article)
    const digest = createHash('sha256').update(article).digest()
    return { file, slug: `${slug}-${index}`, source: CID.createV1(rawCode, createDigest(0x12, digest)).toString() }
  })
}

/** One process after another, as one user publishes. */
async function publishInTurn(cwd: string, articles: readonly Written[], batch: number): Promise<Ended[]> {
  const ended: Ended[] = []
  for (let from = 0; from < articles.length; from += batch) {
    const files = articles.slice(from, from + batch).map(({ file }) => file)
    ended.push(await startOvn(['publish', ...files, '-q', '-C', 'archive'], { cwd }).ended)
  }
  return ended
}

function assertPublished(ended: readonly Ended[], failures: string[]): void {
  for (const { status, stderr } of ended) {
    if (status !== 0 || stderr !== '') failures.push(`a process ended with ${status}: ${stderr}`)
  }
}

interface ManifestLine {
  readonly event: string
  readonly slug: string
  readonly version: number
  readonly root: string
  readonly source: string
  readonly previous?: string
  readonly parent?: string
  readonly cid: string
}

/** The manifest as it stands in its file. Every line must follow from the one before it. */
function readManifest(cwd: string, failures: string[]): ManifestLine[] {
  const text = readFileSync(join(cwd, 'archive/manifest.jsonl'), 'utf8')
  if (!text.endsWith('\n')) failures.push('the manifest ends in the middle of a line')
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ManifestLine)
  for (const [index, { parent, event }] of lines.entries()) {
    if (parent !== lines[index - 1]?.cid)
      failures.push(`line ${index + 1} of the manifest does not follow from the one before it`)
    if (event !== 'publish') failures.push(`line ${index + 1} of the manifest is a ${event}`)
  }
  return lines
}

/** Each article has one record, with its own text. */
function judgeOnce(lines: readonly ManifestLine[], articles: readonly Written[], failures: string[]): void {
  const bySlug = Map.groupBy(lines, ({ slug }) => slug)
  for (const { slug, source } of articles) {
    const records = bySlug.get(slug) ?? []
    if (records.length !== 1) failures.push(`${slug} is recorded ${records.length} times`)
    else if (records[0]?.version !== 1 || records[0].source !== source)
      failures.push(`${slug} is recorded with another text`)
  }
  if (lines.length !== articles.length) failures.push(`${lines.length} records of ${articles.length} articles`)
}

function judgeArchive(cwd: string, failures: string[]): void {
  const { status, stdout, stderr } = ovn(['verify', '-C', 'archive'], { cwd })
  if (status !== 0 || stderr !== '') failures.push(`ovn verify ended with ${status}: ${stdout}${stderr}`)
  const checked = checkIndependently(join(cwd, 'archive'))
  if (checked === undefined) return
  const { state, damage, notices } = checked
  if (state !== 'intact' || notices.length > 0) failures.push(`it is ${state}: ${JSON.stringify([damage, notices])}`)
}

export const rows: readonly Row[] = [
  {
    name: 'crowd',
    holds: '8 processes at once: every article recorded once, every version in its place, 4,000 in 60 s or less',
    run: () => crowd({ processes: 8, articles: 500, batch: 100, shared: 100, limit: 60 }),
  },
]
