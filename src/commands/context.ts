// What every command is given: its surroundings, as values. No command looks at the process itself.

import { locateArchive } from '../archive/layout.ts'
import type { Report } from '../output/progress.ts'

export interface Context {
  /** `--archive`. */
  readonly archive?: string | undefined
  readonly environment: NodeJS.ProcessEnv
  /** The current folder. */
  readonly cwd: string
  /** The time that is recorded. */
  readonly now: Date
  readonly signal: AbortSignal
  readonly report: Report
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<Uint8Array>
  /** Standard input as it comes. */
  readonly streamInput: () => AsyncIterable<Uint8Array>
  /** Writes bytes to standard output, and waits until they are taken. */
  readonly writeOutput: (bytes: Uint8Array) => Promise<void>
  readonly outputIsTerminal: boolean
}

/** The folder of the archive that a command works on. */
export function archiveFolder({ archive, environment, cwd }: Context): string {
  return locateArchive({ archive, environment: environment.OVN_ARCHIVE, cwd })
}
