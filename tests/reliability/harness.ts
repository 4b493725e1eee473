// What a harness is: it does something to the real binary, many times, and lists every time that a promise did not hold. The tests
// beside it run a sample of it; `npm run test:long` runs all of it and prints a table (run.ts).

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Outcome {
  /** What was done, with numbers: "200 cuts on ext4, 2,113 acknowledged". */
  readonly done: string
  /** Each time that something did not hold, in words that are enough to repeat it; empty where all held. */
  readonly failures: readonly string[]
}

/** One row of the table. */
export interface Row {
  /** By which it is called: `npm run test:long -- <name>`. */
  readonly name: string
  /** What must hold. */
  readonly holds: string
  /** Does all of it. Whatever is random follows from the seed. Throws where it cannot be done here, and says why. */
  readonly run: (seed: number) => Promise<Outcome>
}

/** A place for folders in memory, where the system has one: for what is about many runs, and not about the disk. */
export const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Runs something in a new folder, which is gone afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>, parent = tmpdir()): Promise<T> {
  const folder = mkdtempSync(join(parent, 'ovn-test-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A whole number from 0 to below the one that is given. */
export type Random = (below: number) => number

/** Numbers that follow from a seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** One of a list that has some. */
export function pick<T>(random: Random, all: readonly T[]): T {
  return all[random(all.length)] as T
}

/** Flags of Node for a process whose memory is looked at: a heap that nobody limits grows before it is cleaned. That so much is enough is what is asserted. */
export const smallHeap = ['--max-old-space-size=128', '--max-semi-space-size=4'] as const
