// One CAR as it comes: which blocks it may hold by what it held before, and who waits for them.

export class Stream {
  /** Depth of each block that may come, or, below zero, of one that came: -1 is the root. */
  readonly #scope = new Map<string, number>()
  readonly #waiting = new Map<string, PromiseWithResolvers<Uint8Array | undefined>>()
  readonly #handed = new Set<string>()
  readonly #end = Promise.withResolvers<void>()
  #missing = 1
  #ended = false

  /** `root` is the key of the block that comes first. */
  constructor(root: string) {
    this.#scope.set(root, 0)
  }

  /** Whether a block came. */
  get isBegun(): boolean {
    return this.#missing < this.#scope.size
  }

  /** Whether a block that was linked to has not come. */
  get isMissing(): boolean {
    return this.#missing > 0
  }

  /** A block that somebody waits for; undefined where nobody does. */
  wanted(): string | undefined {
    return this.#waiting.keys().next().value
  }

  /** Hands a block that came another way to whoever waits for it; it may still come this way. */
  hand(key: string, bytes: Uint8Array): void {
    this.#handed.add(key)
    this.#waiting.get(key)?.resolve(bytes)
    this.#waiting.delete(key)
  }

  /** Whether a block was handed over before it came. */
  isHanded(key: string): boolean {
    return this.#handed.has(key)
  }

  get whenEnded(): Promise<void> {
    return this.#end.promise
  }

  /** How many links lead from the root to a block; undefined where none does, as far as it is known. */
  depthOf(key: string): number | undefined {
    const depth = this.#scope.get(key)
    return depth === undefined || depth >= 0 ? depth : -1 - depth
  }

  /** Whether a block may come, and has not. */
  expects(key: string): boolean {
    return !this.#ended && (this.#scope.get(key) ?? -1) >= 0
  }

  /** Blocks may come that one that came links to. */
  expect(keys: readonly string[], depth: number): void {
    for (const key of keys) {
      if (this.#scope.has(key)) continue
      this.#scope.set(key, depth)
      this.#missing += 1
    }
  }

  /** Resolves to a block when it comes, and to nothing where the stream ends without it. */
  wait(key: string): Promise<Uint8Array | undefined> {
    if (this.#ended) return Promise.resolve(undefined)
    const waiting = this.#waiting.get(key) ?? Promise.withResolvers<Uint8Array | undefined>()
    this.#waiting.set(key, waiting)
    return waiting.promise
  }

  /** Hands an expected block that came to whoever waits for it. Returns false where nobody does. */
  deliver(key: string, bytes: Uint8Array): boolean {
    this.#scope.set(key, -1 - (this.#scope.get(key) ?? 0))
    this.#missing -= 1
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    waiting?.resolve(bytes)
    return waiting !== undefined
  }

  end(): void {
    this.#ended = true
    for (const { resolve } of this.#waiting.values()) resolve(undefined)
    this.#waiting.clear()
    this.#end.resolve()
  }
}
