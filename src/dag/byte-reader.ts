// A stream of chunks, read by the number of bytes that are wanted. Nothing is allocated for more than was asked for, and whoever
// asks has looked at the number first.

/** Reads bytes of a stream in order. Leaving before its end closes it. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0
  #position = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Bytes that were read. */
  get position(): number {
    return this.#position
  }

  /** The next bytes, exactly so many; undefined where the stream ends before. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    for (let done = 0; done < length; ) {
      if (!(await this.#fill())) return undefined
      const part = this.#chunk.subarray(this.#at, this.#at + length - done)
      bytes.set(part, done)
      done += part.byteLength
      this.#at += part.byteLength
      this.#position += part.byteLength
    }
    return bytes
  }

  /** The next byte; undefined at the end. */
  async readByte(): Promise<number | undefined> {
    if (this.#at >= this.#chunk.byteLength && !(await this.#fill())) return undefined
    this.#position += 1
    return this.#chunk[this.#at++]
  }

  /** Passes over bytes. Returns false where the stream ends before. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0; ) {
      if (!(await this.#fill())) return false
      const part = Math.min(left, this.#chunk.byteLength - this.#at)
      this.#at += part
      this.#position += part
      left -= part
    }
    return true
  }

  /** Says that no more will be read. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #fill(): Promise<boolean> {
    while (this.#at >= this.#chunk.byteLength) {
      const { done, value } = await this.#source.next()
      if (done === true) return false
      this.#chunk = value
      this.#at = 0
    }
    return true
  }
}
