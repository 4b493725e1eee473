// Mutated input for everything that reads what strangers wrote: each is refused in words, or read for what it is, within a second
// of the processor and 256 MiB. Processes of their own read it, so that none can hide a hang, a crash or its memory.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publish } from '../../src/commands/publish.ts'
import { fixtures } from '../cli/ovn.ts'
import { inFolder, inMemory, type Outcome, type Row, smallHeap } from './harness.ts'

export interface MutationTask {
  readonly archive: string
  /** Articles that are mutated. */
  readonly fixtures: readonly string[]
  readonly seed: number
  /** Numbers of the first input, and how many there are. */
  readonly first: number
  readonly count: number
  /** `read` mutates for each reader, `import` CARs that are imported. */
  readonly kind: 'read' | 'import'
  /** The file in which the process writes where it is. */
  readonly place: string
}

export interface MutationReport {
  readonly failures: readonly string[]
  readonly slowest: { readonly what: string; readonly time: number }
  /** Bytes that the process held at most. */
  readonly memory: number
  readonly imported?: number
  readonly unchanged?: number
  readonly refused?: number
}

const worker = fileURLToPath(new URL('mutation-worker.ts', import.meta.url))
const maxMemory = 256 * 1_048_576

/** Inputs that one process reads: then another goes on. */
const mostInputs = 500_000

/** Milliseconds after which a process that is at one and the same input is ended. */
const patience = 120_000

/** Reads so many mutated inputs, in so many processes. */
export async function readMutations(
  seed: number,
  count: number,
  kind: MutationTask['kind'],
  processes: number,
): Promise<Outcome> {
  const articles = readdirSync(join(fixtures, 'articles')).filter((name) => name.endsWith('.md'))
  const size = Math.min(mostInputs, Math.ceil(count / processes))
  const firsts = Array.from({ length: Math.ceil(count / size) }, (_, index) => index * size).values()
  const reports: MutationReport[] = []
  async function runNext(): Promise<void> {
    for (const first of firsts) {
      reports.push(
        await inFolder(async (own) => {
          mkdirSync(join(own, 'configured'))
          return runTask({
            archive: await makeArchive(own),
            fixtures: articles.map((name) => join(fixtures, 'articles', name)),
            seed,
            first,
            count: Math.min(size, count - first),
            kind,
            place: join(own, 'place'),
          })
        }, inMemory),
      )
    }
  }
  await Promise.all(Array.from({ length: processes }, runNext))
  const memory = Math.max(...reports.map((report) => report.memory))
  const slowest = reports.map((report) => report.slowest).reduce((a, b) => (b.time > a.time ? b : a))
  const sum = (name: 'imported' | 'unchanged' | 'refused') =>
    reports.reduce((all, report) => all + (report[name] ?? 0), 0)
  const kinds =
    kind === 'import' ? `; ${sum('refused')} refused, ${sum('unchanged')} there already, ${sum('imported')} right` : ''
  const most = `the slowest ${Math.round(slowest.time)} ms (${slowest.what}), the largest ${Math.round(memory / 1_048_576)} MiB`
  const failures = reports.flatMap((report) => report.failures)
  if (memory > maxMemory) failures.push(`a process held ${memory} bytes`)
  return { done: `${count} inputs${kinds}; ${most}`, failures }
}

async function makeArchive(folder: string): Promise<string> {
  const archive = join(folder, 'archive')
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  const first =
    '---\ntitle: Ärger\ndate: 2025-01-02\ncategory: Local\nlang: de\n---\n\n![Logo](logo.svg "Ein Logo")\n\nEin *Text*[^1].\n\n[^1]: Note\n'
  writeFileSync(join(folder, 'one.md'), first)
  writeFileSync(
    join(folder, 'two.md'),
    '# Two\n\n| a | b |\n|---|--:|\n| c | d |\n\n1. e\n2. <sub>f</sub>\n\n> g\n\n```js\nh\n```\n',
  )
  const context = {
    archive,
    environment: {},
    cwd: folder,
    now: new Date(0),
    signal: new AbortController().signal,
    report: () => undefined,
    readInput: () => Promise.reject(new Error('nothing is read')),
    streamInput: () => {
      throw new Error('nothing is read')
    },
    writeOutput: () => Promise.reject(new Error('nothing is written')),
    outputIsTerminal: false,
  }
  await publish([join(folder, 'one.md'), join(folder, 'two.md')], { overrides: {} }, context)
  writeFileSync(join(folder, 'one.md'), `${first}\nMehr.\n`)
  await publish([join(folder, 'one.md')], { overrides: {} }, context)
  return archive
}

async function runTask(task: MutationTask): Promise<MutationReport> {
  const child = spawn(process.execPath, [...smallHeap, worker, JSON.stringify(task)])
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const stopWatching = watch(child, task.place)
  const status = await new Promise<number | null>((done) => child.on('close', done))
  stopWatching()
  try {
    return JSON.parse(stdout)
  } catch {
    const failure = `the process ended with ${status} at #${placeIn(task.place)}: ${stderr.slice(-2000)}`
    return { failures: [failure], slowest: { what: '', time: 0 }, memory: 0 }
  }
}

/** Ends a process that does not get on. Returns what ends the watch. */
function watch(child: ChildProcess, place: string): () => void {
  let last = placeIn(place)
  const timer = setInterval(() => {
    const now = placeIn(place)
    if (now === last) child.kill('SIGKILL')
    last = now
  }, patience)
  return () => clearInterval(timer)
}

function placeIn(file: string): number {
  try {
    return Number(readFileSync(file).readBigUInt64LE())
  } catch {
    return -1
  }
}

export const rows: readonly Row[] = [
  {
    name: 'mutations-read',
    holds: 'a right result or an error within 1 s, below 256 MiB',
    run: (seed) => readMutations(seed, 10_000_000, 'read', 2),
  },
  {
    name: 'mutations-imported',
    holds: 'refused with the archive unchanged, or imported whole; within 1 s, below 256 MiB',
    run: (seed) => readMutations(seed, 1_000_000, 'import', 2),
  },
]
