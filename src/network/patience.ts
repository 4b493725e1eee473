// How long somebody is waited for. Time counts while there is something to wait for, and from the last thing that was of use.
// Time in which this process itself did not run, because the machine was busy or asleep, hardly counts.

/** Times that the clock is looked at before the limit. */
const looks = 10

export class Patience {
  readonly #limit: number
  readonly #onEnd: () => void
  #waiting = 0
  #spent = 0
  #since = 0
  #timer: NodeJS.Timeout | undefined
  #ended = false

  /** `onEnd` is called once, when `limit` milliseconds of waiting have passed without {@link progress}. */
  constructor(limit: number, onEnd: () => void) {
    this.#limit = limit
    this.#onEnd = onEnd
  }

  /** Whether there is something to wait for. */
  get isRunning(): boolean {
    return this.#waiting > 0
  }

  /** Milliseconds that are left. */
  get left(): number {
    return this.#limit - this.#spent - this.#passed
  }

  /** Waiting begins; calls may overlap. */
  begin(): void {
    this.#waiting += 1
    if (this.#waiting > 1) return
    this.#since = performance.now()
    this.#look()
  }

  /** Waiting ends, as often as it began. */
  end(): void {
    this.#spent += this.#passed
    this.#since = performance.now()
    this.#waiting -= 1
    if (this.#waiting === 0) clearTimeout(this.#timer)
  }

  /** Something of use has come: time counts anew. */
  progress(): void {
    this.#spent = 0
    this.#since = performance.now()
  }

  /** Ends at once where time is up: for work that never lets a timer run. */
  check(): void {
    this.#spent += this.#passed
    this.#since = performance.now()
    if (this.#ended || this.#spent < this.#limit) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#onEnd()
  }

  get #passed(): number {
    return this.isRunning ? Math.min(performance.now() - this.#since, (2 * this.#limit) / looks) : 0
  }

  #look(): void {
    this.check()
    if (!this.#ended) this.#timer = setTimeout(() => this.#look(), Math.max(1, this.#limit / looks))
  }
}
