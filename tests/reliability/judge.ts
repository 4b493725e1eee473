// What is in an archive, and what is wrong with it, by the checker that shares no code with ovn.

import { existsSync } from 'node:fs'
import { openArchive } from '../../src/archive/archive.ts'
import { layout } from '../../src/archive/layout.ts'
import { checkArchive } from '../cli/check-archive.ts'
import { type IndependentlyChecked, startChecker } from '../independent/check.ts'

export interface Verdict {
  /** Each thing that is wrong, in words. */
  readonly wrong: readonly string[]
  /** `slug@version` of all that is live, sorted. */
  readonly live: readonly string[]
  /** Stored blocks that nothing needs. */
  readonly strays: number
}

export interface Judge {
  /** Judges an archive, also one that a crash has left: where a transaction was cut off, ovn opens it once, as the next command would. */
  judge(folder: string): Promise<Verdict>
  end(): void
}

/** Starts the checker; where there is no Python for it, ovn's own reading must do, and that was said aloud. */
export function startJudge(): Judge {
  const checker = startChecker()
  return {
    async judge(folder) {
      // Killed before there was anything.
      if (!existsSync(layout.blocks(folder))) return { wrong: [], live: [], strays: 0 }
      if (checker === undefined) return { wrong: [], live: (await checkArchive(folder)).sort(), strays: 0 }
      let checked = await checker.check(folder)
      if (checked.state === 'not checked') {
        openArchive(folder).close()
        checked = await checker.check(folder)
      }
      return verdictOf(checked)
    },
    end: () => checker?.end(),
  }
}

function verdictOf({ state, damage, editions, strays }: IndependentlyChecked): Verdict {
  const live = editions.map(({ article }) => article).sort()
  if (state === 'intact') return { wrong: [], live, strays }
  return { wrong: [`it is ${state}`, ...damage.map(({ code, message }) => `${code}: ${message}`)], live, strays }
}
