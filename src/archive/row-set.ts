// A set of row ids, a bit each: what a sweep must remember of millions of blocks fits into memory.

/** Ids in a chunk: 8 KiB of bits. */
const chunkLength = 65_536

export class RowSet {
  readonly #chunks = new Map<number, Uint8Array>()

  add(id: number): void {
    const key = Math.floor(id / chunkLength)
    let chunk = this.#chunks.get(key)
    if (chunk === undefined) {
      chunk = new Uint8Array(chunkLength / 8)
      this.#chunks.set(key, chunk)
    }
    const bit = id % chunkLength
    chunk[bit >> 3] = (chunk[bit >> 3] as number) | (1 << (bit & 7))
  }

  has(id: number): boolean {
    const bit = id % chunkLength
    return (((this.#chunks.get(Math.floor(id / chunkLength))?.[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1
  }

  /** The ids in ascending order. */
  [Symbol.iterator](): Generator<number> {
    return this.after(-1)
  }

  /** Those above a certain one, in ascending order. */
  *after(last: number): Generator<number> {
    for (const key of [...this.#chunks.keys()].sort((a, b) => a - b)) {
      for (let id = Math.max(key * chunkLength, last + 1); id < (key + 1) * chunkLength; id += 1) {
        if (this.has(id)) yield id
      }
    }
  }
}
