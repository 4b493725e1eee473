// What is known of every row of the table `block`: a few bytes per row, found by its number, however many rows there are.

const pageBits = 12
const pageLength = 1 << pageBits

interface Page {
  readonly flags: Uint8Array
  readonly lengths: Float64Array
  readonly sizes: Float64Array
}

/** The bits of a row. */
export const hashed = 1
export const bad = 2
export const needed = 4
/** The DAG below the row, read as a node of dag-pb, was walked; it is broken; it is a file, not a directory. */
export const walked = 8
export const broken = 16
export const isFile = 32

export class RowStates {
  readonly #pages = new Map<number, Page>()

  flags(id: number): number {
    return this.#pages.get(Math.floor(id / pageLength))?.flags[modulo(id)] ?? 0
  }

  mark(id: number, bits: number): void {
    const { flags } = this.#page(id)
    flags[modulo(id)] = (flags[modulo(id)] as number) | bits
  }

  /** Bytes of the block, once it was hashed. */
  length(id: number): number {
    return this.#pages.get(Math.floor(id / pageLength))?.lengths[modulo(id)] ?? 0
  }

  setLength(id: number, length: number): void {
    this.#page(id).lengths[modulo(id)] = length
  }

  /** Bytes of the file, or of all files below the directory, once it was walked. */
  size(id: number): number {
    return this.#pages.get(Math.floor(id / pageLength))?.sizes[modulo(id)] ?? 0
  }

  setSize(id: number, size: number): void {
    this.#page(id).sizes[modulo(id)] = size
  }

  /** The rows that have all bits of `set` and none of `unset`. */
  *select(set: number, unset: number): Generator<number> {
    for (const [number, { flags }] of this.#pages) {
      for (let index = 0; index < pageLength; index += 1) {
        const each = flags[index] as number
        if ((each & set) === set && (each & unset) === 0) yield number * pageLength + index
      }
    }
  }

  #page(id: number): Page {
    const number = Math.floor(id / pageLength)
    let page = this.#pages.get(number)
    if (page === undefined) {
      page = {
        flags: new Uint8Array(pageLength),
        lengths: new Float64Array(pageLength),
        sizes: new Float64Array(pageLength),
      }
      this.#pages.set(number, page)
    }
    return page
  }
}

function modulo(id: number): number {
  return ((id % pageLength) + pageLength) % pageLength
}
