// Articles of 1 MiB, the most there may be, made to cost more than their size. Each is read in a process of its own, whose time on the
// processor and whose memory are looked at. `tests/article/hostile.test.ts` reads smaller ones.

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { slowTexts } from '../article/slow-texts.ts'
import { type Outcome, type Row, smallHeap } from './harness.ts'

/** Just below the limit of a text. */
export const textSize = 1_048_000

/** Milliseconds of the processor, and bytes of memory, that one may take. */
const maxTime = 1000
const maxMemory = 256 * 1_048_576

export interface SlowTextReport {
  readonly time: number
  readonly memory: number
  /** What was thrown, where that is no OvnError. */
  readonly failure?: string
}

const worker = fileURLToPath(new URL('slow-text-worker.ts', import.meta.url))

export async function readSlowTexts(): Promise<Outcome> {
  const failures: string[] = []
  let slowest = { name: '', time: 0 }
  let most = 0
  const waiting = Object.keys(slowTexts).values()
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const name of waiting) {
        const { time, memory, failure } = await read(name)
        if (time > slowest.time) slowest = { name, time }
        most = Math.max(most, memory)
        if (failure !== undefined) failures.push(`${name}: ${failure}`)
        if (time > maxTime) failures.push(`${name} took ${Math.round(time)} ms of the processor`)
        if (memory > maxMemory) failures.push(`${name} took ${Math.round(memory / 1_048_576)} MiB`)
      }
    }),
  )
  const figures = `the slowest ${Math.round(slowest.time)} ms (${slowest.name}), the largest ${Math.round(most / 1_048_576)} MiB`
  return { done: `${Object.keys(slowTexts).length} texts of 1 MiB; ${figures}`, failures }
}

async function read(name: string): Promise<SlowTextReport> {
  const child = spawn(process.execPath, [...smallHeap, worker, name])
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 120_000)
  const status = await new Promise<number | null>((done) => child.on('close', done))
  clearTimeout(late)
  if (status === 0) return JSON.parse(stdout)
  return { time: 0, memory: 0, failure: `its process ended with ${status}: ${stderr.slice(-1000)}` }
}

export const rows: readonly Row[] = [
  { name: 'slow-texts', holds: 'a page or an error within 1 s, below 256 MiB', run: () => readSlowTexts() },
]
