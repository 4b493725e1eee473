// Blocks that came before they were asked for, and those that were handed over and may be wanted again, in bounded memory.

interface Kept {
  readonly bytes: Uint8Array
  /** Whether it was asked for by itself, not as part of a CAR. */
  readonly single: boolean
}

export class BlockCache {
  readonly #memory: number
  /** In the order in which they came, and were handed over. */
  readonly #kept = new Map<string, Kept>()
  readonly #spent = new Map<string, Kept>()
  #keptBytes = 0
  #spentBytes = 0

  constructor(memory: number) {
    this.#memory = memory
  }

  /** Whether the blocks that nobody asked for yet take all of the memory. */
  get isFull(): boolean {
    return this.#keptBytes > this.#memory
  }

  keep(key: string, bytes: Uint8Array, single: boolean): void {
    if (this.#kept.has(key)) return
    this.#kept.set(key, { bytes, single })
    this.#keptBytes += bytes.byteLength
    this.#makeRoom()
  }

  /** A block that came before; undefined where it did not, or was dropped. */
  take(key: string): Kept | undefined {
    const kept = this.#kept.get(key) ?? this.#spent.get(key)
    if (kept === undefined) return undefined
    if (this.#kept.delete(key)) {
      this.#keptBytes -= kept.bytes.byteLength
      this.#spentBytes += kept.bytes.byteLength
    }
    // The last one that was handed over is the last to go.
    this.#spent.delete(key)
    this.#spent.set(key, kept)
    this.#makeRoom()
    return kept
  }

  /** Takes note of a block that was handed over without being kept before. */
  spend(key: string, bytes: Uint8Array): void {
    this.keep(key, bytes, false)
    this.take(key)
  }

  /** Drops the block that has waited longest. */
  dropOldest(): void {
    const [first] = this.#kept
    if (first === undefined) return
    this.#kept.delete(first[0])
    this.#keptBytes -= first[1].bytes.byteLength
  }

  #makeRoom(): void {
    for (const [key, { bytes }] of this.#spent) {
      if (this.#keptBytes + this.#spentBytes <= this.#memory) return
      this.#spent.delete(key)
      this.#spentBytes -= bytes.byteLength
    }
  }
}
