// Checking waits for nothing: without a pause no signal would be heard, no progress seen, and no writer let in. Between two pauses the
// database stands still: a transaction around many small queries costs less than the locks of each.

import { uptime } from 'node:process'
import type { DatabaseSync } from 'node:sqlite'

/** Milliseconds after which the event loop gets a turn. */
const every = 50

export class Pace {
  readonly #signal: AbortSignal
  readonly #database: DatabaseSync | undefined
  /** Whether the database stands still anyway. */
  readonly #held: boolean
  #restedAt = 1000 * uptime()

  /** With a database that is read meanwhile, if there is one. */
  constructor(signal: AbortSignal, database?: DatabaseSync) {
    this.#signal = signal
    this.#database = database
    this.#held = database?.isTransaction ?? true
    this.#begin()
  }

  get isDue(): boolean {
    return 1000 * uptime() - this.#restedAt >= every
  }

  /** Lets others go on. Throws where the work was interrupted. */
  async rest(): Promise<void> {
    this.end()
    this.#signal.throwIfAborted()
    await new Promise((resolve) => setImmediate(resolve))
    this.#signal.throwIfAborted()
    this.#begin()
    this.#restedAt = 1000 * uptime()
  }

  /** Ends the work. Nothing was written: a commit would only fail where a read has failed before. */
  end(): void {
    if (!this.#held && this.#database?.isTransaction) this.#database.exec('rollback')
  }

  #begin(): void {
    if (!this.#held) this.#database?.exec('begin')
  }
}
