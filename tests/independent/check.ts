// The checker that shares no code with ovn, called from tests. Python does the work: check_archive.py says what it looks at.

import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What the checker says of an archive. */
export interface IndependentlyChecked {
  readonly folder: string
  /** The worst of what was found. */
  readonly state: 'intact' | 'damaged' | 'missing' | 'not checked'
  /** Whole and right lines of the manifest, and the CID of the last of them. */
  readonly records: number
  readonly lastCid: string | null
  /** All live editions, as `slug@version`, each with its root. */
  readonly editions: readonly { readonly article: string; readonly root: string }[]
  /** Roots that were withdrawn, and not recorded again. */
  readonly withdrawn: readonly string[]
  readonly blocks: number
  readonly bytes: number
  readonly pins: number
  /** Blocks that no article, no pin and no hold needs. */
  readonly strays: number
  /** Codes as those of `ovn verify --json`. */
  readonly damage: readonly {
    readonly code: string
    readonly state: 'damaged' | 'missing' | 'not checked'
    readonly message: string
    readonly line?: number
    readonly cid?: string
    /** Who is concerned, as `slug@version`. */
    readonly articles?: readonly string[]
    readonly needs?: readonly { readonly article?: string; readonly root: string; readonly path: string }[]
  }[]
  readonly notices: readonly { readonly code: string; readonly message: string; readonly line?: number }[]
}

const program = fileURLToPath(new URL('check_archive.py', import.meta.url))

/** The Python itself: what is called python3 may be a script that looks for it, each time. */
const python = spawnSync('python3', ['-c', 'import sqlite3, sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout?.trim()

/** Whether there is a Python with SQLite. CI has one: with OVN_NO_SKIP=1 there must be. */
export const hasChecker: boolean = python !== undefined && python !== ''

if (!hasChecker) {
  const message = 'no python3 with sqlite3: archives are not checked independently of ovn'
  if (process.env.OVN_NO_SKIP === '1') throw new Error(message)
  process.stderr.write(`${message}\n`)
}

/**
 * Checks an archive in a process of its own, in about 60 ms. Undefined where there is no Python, which is said once on stderr.
 * It may be called while others write: it reads in one transaction, and they wait. After a kill in the middle of a commit the
 * state is `not checked` with the code `database-journal`, until any command of ovn was run: only a writer takes a journal back.
 *
 *     const checked = checkIndependently(folder)
 *     if (checked !== undefined && checked.state !== 'intact') failures.push(JSON.stringify(checked.damage))
 */
export function checkIndependently(folder: string): IndependentlyChecked | undefined {
  if (!hasChecker) return undefined
  const { stdout, stderr, error } = spawnSync(python as string, ['-I', '-S', program, folder, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (error !== undefined || stdout === '') throw new Error(`check_archive.py failed: ${error?.message ?? stderr}`)
  return JSON.parse(stdout) as IndependentlyChecked
}

export interface Checker {
  /** As {@link checkIndependently}, in a few milliseconds. One after another. */
  check(folder: string): Promise<IndependentlyChecked>
  end(): void
}

/** Starts a process that checks many archives; `end` it. Undefined where there is no Python. */
export function startChecker(): Checker | undefined {
  if (!hasChecker) return undefined
  const child = spawn(python as string, ['-I', '-S', program, '--stdin'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async check(folder) {
      child.stdin.write(`${JSON.stringify(folder)}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`check_archive.py ended while it checked ${folder}`)
      return JSON.parse(value) as IndependentlyChecked
    },
    end: () => child.stdin.end(),
  }
}
