// How long somebody is waited for. Time counts while there is something to wait for, and from the last thing that was of use.

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
    return this.#limit - this.#spent - (this.#waiting > 0 ? performance.now() - this.#since : 0)
  }

  /** Waiting begins; calls may overlap. */
  begin(): void {
    this.#waiting += 1
    if (this.#waiting > 1) return
    this.#since = performance.now()
    this.#arm()
  }

  /** Waiting ends, as often as it began. */
  end(): void {
    this.#waiting -= 1
    if (this.#waiting > 0) return
    this.#spent += performance.now() - this.#since
    clearTimeout(this.#timer)
  }

  /** Something of use has come: time counts anew. */
  progress(): void {
    this.#spent = 0
    this.#since = performance.now()
  }

  /** Ends at once where time is up: for work that never lets a timer run. */
  check(): void {
    if (this.#ended || this.left > 0) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#onEnd()
  }

  #arm(): void {
    if (this.#ended) return
    this.#timer = setTimeout(
      () => {
        this.check()
        // There was progress since the timer was set.
        this.#arm()
      },
      Math.max(1, Math.ceil(this.left)),
    )
  }
}
