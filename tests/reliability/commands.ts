// Every command once, each with what it leaves, in a folder where all that it needs is there.

import { type SpawnOptions, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, environment, ovn } from '../cli/ovn.ts'

export interface Step {
  readonly args: readonly string[]
  /** What is live when it is done, and was not before, or the other way round. */
  readonly adds?: string
  readonly removes?: string
  /** Writes to the archive. */
  readonly writes?: boolean
}

/** What is live in a folder of {@link makePlace}. */
export const liveBefore: readonly string[] = ['one@1', 'two@1']

/** What is live after a step. */
export function liveAfter({ adds, removes }: Step, before: readonly string[]): readonly string[] {
  return [...new Set([...before, ...(adds === undefined ? [] : [adds])])].filter((each) => each !== removes).sort()
}

/** Every command that ends by itself. They may also be run in this order in one folder. */
export const steps: readonly Step[] = [
  { args: ['list'] },
  { args: ['show', 'one'] },
  { args: ['log', 'one'] },
  { args: ['links', 'one'] },
  { args: ['verify'] },
  { args: ['export', 'one', '-o', 'one.car'] },
  { args: ['export', 'one', '-o', '-'] },
  { args: ['fetch', 'one', '-o', 'fetched'] },
  { args: ['site', '-o', 'public'] },
  { args: ['cid', 'one.md'] },
  { args: ['completion', 'bash'] },
  { args: ['init', '--url', 'https://news.example', '--name', 'News', '--force'], writes: true },
  { args: ['rebuild'], writes: true },
  { args: ['import', 'three.car'], adds: 'three@1', writes: true },
  { args: ['publish', 'three.md'], adds: 'three@1', writes: true },
  { args: ['unpublish', 'two', '--reason', 'r'], removes: 'two@1', writes: true },
  { args: ['gc'], writes: true },
]

/**
 * Makes articles, a CAR of one of them, `three.car`, and an archive of the others, `ovn-archive`. Returns the roots of all by
 * their slugs.
 */
export function makePlace(folder: string): ReadonlyMap<string, string> {
  writeArticles(folder)
  const roots = new Map<string, string>()
  for (const args of [
    ['publish', 'three.md', '-C', 'elsewhere'],
    ['export', 'three', '-C', 'elsewhere', '-o', 'three.car'],
    ['init', '--url', 'https://news.example'],
    ['publish', 'one.md', 'two.md'],
  ]) {
    const { status, stdout, stderr } = ovn([...args, '--json'], { cwd: folder })
    if (status !== 0) throw new Error(`ovn ${args.join(' ')}: ${stderr}`)
    for (const { slug, root } of JSON.parse(stdout).articles ?? []) roots.set(slug, root)
  }
  return roots
}

/** Writes three articles that share a picture. */
export function writeArticles(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><!-- the same in all --></svg>')
  for (const name of ['one', 'two', 'three']) {
    writeFileSync(join(folder, `${name}.md`), `# ${name}\n\n![Logo](logo.svg)\n\nText of ${name}.\n`)
  }
}

export interface Ran {
  /** null where a signal ended it. */
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  readonly stdio?: SpawnOptions['stdio']
  /** What runs it: `['faketime', …]`. */
  readonly through?: readonly string[]
  /** Called when it was started. */
  readonly onStart?: (child: ReturnType<typeof spawn>) => void
}

/** Milliseconds after which a command that does not end is ended: what it does then is not what it should. */
const tooLong = 60_000

/** Runs `ovn` beside others. */
export function run(args: readonly string[], { cwd, env, stdio, through = [], onStart }: RunOptions): Promise<Ran> {
  const [program = '', ...rest] = [...through, process.execPath, binary, ...args]
  const options = { cwd, env: environment(env), timeout: tooLong, killSignal: 'SIGKILL' } as const
  const child = spawn(program, rest, { ...options, ...(stdio === undefined ? {} : { stdio }) })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  onStart?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
  })
}

/** Does all of some work, two things at a time. */
export async function inPairs<T>(all: readonly T[], work: (each: T, index: number) => Promise<void>): Promise<void> {
  const entries = all.entries()
  const takeTurns = async () => {
    for (const [index, each] of entries) await work(each, index)
  }
  await Promise.all([takeTurns(), takeTurns()])
}
