// Checking waits for nothing: without a pause no signal would be heard, and no progress seen.

import { uptime } from 'node:process'

/** Milliseconds after which the event loop gets a turn. */
const every = 50

export class Pace {
  readonly #signal: AbortSignal
  #restedAt = 1000 * uptime()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  get isDue(): boolean {
    return 1000 * uptime() - this.#restedAt >= every
  }

  /** Throws where the work was interrupted. */
  async rest(): Promise<void> {
    this.#signal.throwIfAborted()
    await new Promise((resolve) => setImmediate(resolve))
    this.#restedAt = 1000 * uptime()
    this.#signal.throwIfAborted()
  }
}
