// A stack of things to read, depth first, whose next few are read before they are asked for: a store that is far away answers
// them together. Memory is bounded by their number and the limit of a block.

/** Reads that are under way at once, unless somebody wants another number. */
const usualAhead = 8

interface Pending<T, R> {
  readonly item: T
  result?: Promise<R>
}

/** A stack of items; `start` reads one. Whatever fails ahead of time is thrown when it is taken. */
export class ReadAhead<T, R> {
  readonly #stack: Pending<T, R>[] = []
  readonly #start: (item: T) => Promise<R>
  readonly #ahead: number

  constructor(start: (item: T) => Promise<R>, ahead = usualAhead) {
    this.#start = start
    this.#ahead = ahead
  }

  /** Puts items on top, the first of them uppermost. */
  push(items: readonly T[]): void {
    for (let index = items.length - 1; index >= 0; index -= 1) this.#stack.push({ item: items[index] as T })
  }

  get size(): number {
    return this.#stack.length
  }

  /** Takes the uppermost item; undefined where there is none. Throws what reading it threw. */
  async take(): Promise<{ item: T; result: R } | undefined> {
    for (let index = this.#stack.length - 1; index >= Math.max(0, this.#stack.length - this.#ahead); index -= 1) {
      const pending = this.#stack[index] as Pending<T, R>
      if (pending.result !== undefined) continue
      pending.result = this.#start(pending.item)
      pending.result.catch(() => undefined)
    }
    const next = this.#stack.pop()
    return next?.result === undefined ? undefined : { item: next.item, result: await next.result }
  }
}
