// One source in a session: what it brought, what went wrong with it, and whether it is asked again.

import { Patience } from './patience.ts'
import type { Source } from './source.ts'
import { type SourceCode, SourceError } from './source-error.ts'

/** Blocks of one source that are asked for at a time, at most. */
export const maxWindow = 8

/** CARs that may fail, and blocks in a row, before a source is asked for no more of them; also reasons that are remembered. */
const maxFailures = 3

export class Peer {
  readonly source: Source
  readonly patience: Patience
  readonly failures: { code: SourceCode; message: string }[] = []
  blocks = 0
  bytes = 0
  /** Blocks that are asked for at a time: more while they come quickly. */
  window = 1
  /** CARs that it may still be asked for. */
  carsLeft = maxFailures
  ended = false
  readonly #controller = new AbortController()
  readonly #share: number
  #failuresInRow = 0
  #restsUntil = 0
  #hasRested = false

  /** `share`: milliseconds without a new block after which it is given up. */
  constructor(source: Source, share: number, signal: AbortSignal) {
    this.source = source
    this.#share = share
    this.patience = new Patience(share, () => this.giveUp(share))
    const abort = () => this.#controller.abort(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  }

  /** Aborted when nothing more is wanted of it. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get rests(): boolean {
    return this.restsFor > 0
  }

  /** Milliseconds for which it asked not to be asked. */
  get restsFor(): number {
    return Math.max(0, this.#restsUntil - performance.now())
  }

  stop(): void {
    this.ended = true
    this.#controller.abort(new SourceError('offline', 'it is not needed any more'))
  }

  /** It was waited for in vain, for so many milliseconds. */
  giveUp(time: number): void {
    if (!this.patience.isRunning) return
    const error = new SourceError('offline', `no new block came from it in ${seconds(time)}`, { final: true })
    this.failed(error)
    this.#controller.abort(error)
  }

  /** A block came, after so many milliseconds. */
  succeeded(time: number): void {
    this.#failuresInRow = 0
    this.window = time > this.#share / 4 ? 1 : Math.min(maxWindow, this.window * 2)
  }

  /** Remembers what went wrong, and decides what is still to be asked. Throws what is no failure of a source. */
  failed(error: unknown, withCar = false): void {
    if (!(error instanceof SourceError)) throw error
    if (this.ended) return
    const { code, message, retryAfter, final } = error
    if (!this.failures.some((known) => known.message === message) && this.failures.length < maxFailures) {
      this.failures.push({ code, message })
    }
    if (retryAfter !== undefined && !this.#hasRested) {
      this.#hasRested = true
      this.#restsUntil = performance.now() + retryAfter
      return
    }
    if (withCar) this.carsLeft -= 1
    else this.#failuresInRow += 1
    if (final || this.#failuresInRow >= maxFailures) this.ended = true
  }
}

export function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1000).toFixed(1))} s`
}
