// What goes into the gateway and what comes out of it: plain values, so that all of it can be tested without a socket.

/** A request as it was sent. Names of headers are in lower case. */
export interface GatewayRequest {
  readonly method: string
  /** Path and query, as they stand in the first line of the request. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Aborted when the client has gone. */
  readonly signal?: AbortSignal | undefined
}

export type Headers = Readonly<Record<string, string>>

/** The answer. A body that throws must break the connection: what was sent before it is not the whole. */
export interface GatewayResponse {
  readonly status: number
  readonly headers: Headers
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>
}

/** An answer that is thrown: a request that cannot be met, and why. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly headers: Headers

  constructor(status: number, message: string, headers: Headers = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** A text/plain answer, which nobody may keep. */
export function plainText(status: number, text: string, headers: Headers = {}): GatewayResponse {
  const body = Buffer.from(`${text}\n`)
  return {
    status,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(body.byteLength),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
    body,
  }
}
