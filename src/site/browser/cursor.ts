// Bytes, read from front to back by the decoders. Nothing is read beyond the end, and nothing is believed that could have been
// written in another way.

/** What a decoder throws for bytes that are not what they should be. The message is for developers. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

/** A place in some bytes. */
export class Cursor {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.at >= this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new Malformed('the bytes end too early')
    return byte
  }

  /** The next bytes, exactly so many, without a copy. */
  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw new Malformed('the bytes end too early')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  /** An unsigned LEB128 number of at most 53 bits, as short as it can be. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale <= Number.MAX_SAFE_INTEGER; scale *= 128) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte > 127) continue
      if ((byte === 0 && scale > 1) || value > Number.MAX_SAFE_INTEGER) break
      return value
    }
    throw new Malformed('a number is too large, or not written in the shortest way')
  }
}

/** UTF-8 alone; a byte order mark is a character like others. */
export function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Malformed('the text is not UTF-8')
  }
}

export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
