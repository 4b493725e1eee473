// Small answers that were made before: what a CID names does not change. They count until the manifest does.

import type { GatewayResponse } from './message.ts'

/** Bytes of all bodies together, and of one. */
const maxBytes = 32 * 1024 * 1024
const maxBody = 256 * 1024
/** What an answer needs beside its body, in bytes, about. */
const overhead = 2048

export class ResponseCache {
  #answers = new Map<string, GatewayResponse>()
  #bytes = 0
  #generation = -1

  get(key: string, generation: number): GatewayResponse | undefined {
    if (generation !== this.#generation) return undefined
    const answer = this.#answers.get(key)
    if (answer === undefined) return undefined
    // The one that was used last goes last.
    this.#answers.delete(key)
    this.#answers.set(key, answer)
    return answer
  }

  /** Keeps an answer that says itself that it never changes, and that is whole. */
  put(key: string, generation: number, answer: GatewayResponse): void {
    if (generation !== this.#generation) {
      this.#answers = new Map()
      this.#bytes = 0
      this.#generation = generation
    }
    const size = sizeOf(answer)
    if (size === undefined || size > maxBody || this.#answers.has(key)) return
    this.#answers.set(key, answer)
    this.#bytes += size
    for (const [oldest, { body }] of this.#answers) {
      if (this.#bytes <= maxBytes) break
      this.#answers.delete(oldest)
      this.#bytes -= (body as Uint8Array).byteLength + overhead
    }
  }
}

function sizeOf({ status, headers, body }: GatewayResponse): number | undefined {
  const isKept =
    status === 200 && body instanceof Uint8Array && headers['Cache-Control']?.endsWith('immutable') === true
  return isKept ? body.byteLength + overhead : undefined
}
