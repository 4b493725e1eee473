// A stream of chunks, read by the number of bytes that are wanted. Nothing is allocated for more than was asked for, and whoever
// asks has looked at the number first.

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #chunk = new Uint8Array(0) as Uint8Array
  #at = 0
  #before = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Bytes that were read. */
  get position(): number {
    return this.#before + this.#at
  }

  /** The next bytes, exactly so many; undefined where the stream ends before. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      if (!(await this.#fill())) return undefined
      const part = this.#chunk.subarray(this.#at, this.#at + length - done)
      bytes.set(part, done)
      done += part.length
      this.#at += part.length
    }
    return bytes
  }

  /** The next byte; undefined at the end. */
  async byte(): Promise<number | undefined> {
    return (await this.#fill()) ? this.#chunk[this.#at++] : undefined
  }

  /** Says that no more will be read. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #fill(): Promise<boolean> {
    while (this.#at >= this.#chunk.length) {
      const { done, value } = await this.#source.next()
      if (done === true) return false
      this.#before += this.#chunk.length
      this.#chunk = value
      this.#at = 0
    }
    return true
  }
}
