// Measures two things in turn, A B A B …, so that a machine that slows down slows both, and gives the ratio of each pair.

import { spawnSync } from 'node:child_process'

/** One row of the table: a figure, what it is compared with, and the budget it must keep. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly peer: string
  readonly ratio: number
  /** The largest ratio, or the smallest, that the budget allows; some rows are there to be known. */
  readonly atMost?: number
  readonly atLeast?: number
}

/** Seconds that some work takes. */
export async function secondsOf(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

export interface Pair {
  readonly a: number
  readonly b: number
  /** Median of a/b over the pairs. */
  readonly ratio: number
}

/** Runs two works in turn and returns the medians of their seconds. */
export async function compare(times: number, a: () => unknown, b: () => unknown, warmUp = 1): Promise<Pair> {
  for (let run = 0; run < warmUp; run += 1) {
    await a()
    await b()
  }
  const pairs: [number, number][] = []
  for (let run = 0; run < times; run += 1) pairs.push([await secondsOf(a), await secondsOf(b)])
  return {
    a: median(pairs.map(([each]) => each)),
    b: median(pairs.map(([, each]) => each)),
    ratio: median(pairs.map(([first, second]) => first / second)),
  }
}

/** Runs a program to its end. What it prints is thrown away. Throws where it fails. */
export function runProgram(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

/** Peak resident memory of a program, in MiB: its own `ru_maxrss`, printed by a module that it is made to load first. */
export function peakMemory(program: string, args: readonly string[]): number {
  const report =
    'data:text/javascript,process.on("exit",()=>process.stderr.write("\\nmaxrss "+process.resourceUsage().maxRSS))'
  const stdio = ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe']
  const { status, stderr } = spawnSync(program, ['--import', report, ...args], { encoding: 'utf8', stdio })
  const kibibytes = /maxrss (\d+)\s*$/.exec(stderr)?.[1]
  if (status !== 0 || kibibytes === undefined) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  return Number(kibibytes) / 1024
}

export function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(0)} ms`
}

/** Prints rows as a Markdown table. Returns false where a budget is not kept. */
export function printRows(rows: readonly Row[]): boolean {
  const kept = (row: Row) => row.ratio <= (row.atMost ?? Number.POSITIVE_INFINITY) && row.ratio >= (row.atLeast ?? 0)
  console.log('| what | ovn | compared with | ratio | budget | kept |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const row of rows) {
    const { atMost, atLeast } = row
    const budget = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : 'none'
    const { what, ours, peer, ratio } = row
    console.log(`| ${what} | ${ours} | ${peer} | ${ratio.toFixed(2)} | ${budget} | ${kept(row) ? 'yes' : 'NO'} |`)
  }
  return rows.every(kept)
}
