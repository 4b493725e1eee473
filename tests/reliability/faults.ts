// What a machine does to a process now and then, done to any process that is started with this environment: faults.c is compiled, and
// put before the system's own functions.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('faults.c', import.meta.url))

/** Whether such a library can be made here: it needs Linux and a C compiler. CI has both: with OVN_NO_SKIP=1 there must be. */
export const canInjectFaults: boolean = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0

if (!canInjectFaults) {
  const message = 'no cc, or no Linux: no read is made to fail, and no process is stopped on its way'
  if (process.env.OVN_NO_SKIP === '1') throw new Error(message)
  process.stderr.write(`${message}\n`)
}

/** Compiles the library into a folder and returns its path. */
export function compileFaults(folder: string): string {
  const library = join(folder, 'faults.so')
  const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`cc ended with ${status}: ${stderr}`)
  return library
}

/** What is done to a process. Nothing of it where there is nothing here. */
export interface Faults {
  /** One read in so many fails. */
  readonly readsIn?: number
  /** The read with this number fails, counted from 1. */
  readonly readAt?: number
  /** It is stopped after it let go of a lock so often. */
  readonly stopAfter?: number
}

export interface Place {
  readonly library: string
  /** Whose files cannot always be read; without symbolic links in its path. */
  readonly below: string
  readonly log: string
  readonly seed: number
}

/** The environment of a process to which this is done. */
export function faultEnvironment({ readsIn = 0, readAt = 0, stopAfter = 0 }: Faults, place: Place): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: place.library,
    FAULTS_BELOW: place.below,
    FAULTS_LOG: place.log,
    FAULTS_SEED: String(place.seed),
    FAULTS_READS_IN: String(readsIn),
    FAULTS_READ_AT: String(readAt),
    FAULTS_STOP_AFTER: String(stopAfter),
  }
}

export interface Done {
  /** The files of which reads were made to fail, in that order. */
  readonly reads: readonly string[]
  /** How often a lock was let go; undefined where the process was killed before it ended. */
  readonly locks: number | undefined
}

/** What was done to a process, by its log. */
export function readFaultLog(log: string): Done {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
  const end = lines.findLast((line) => /^\d+ locks$/.test(line))
  return {
    reads: lines.filter((line) => line.startsWith('/')),
    locks: end === undefined ? undefined : Number.parseInt(end, 10),
  }
}
