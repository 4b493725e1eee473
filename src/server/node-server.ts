// Sockets → the gateway, and back: limits of what is let in, backpressure of what goes out, and a good end. A body that fails
// after its head was sent destroys the connection: a client must never take a part for the whole.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { storageError } from '../archive/storage-error.ts'
import { OvnError } from '../errors.ts'
import type { Gateway } from './gateway.ts'
import { type GatewayRequest, type GatewayResponse, plainText } from './message.ts'
import type { Metrics } from './metrics.ts'

export interface Limits {
  /** Bytes of the head of a request. */
  readonly headBytes: number
  /** Milliseconds in which a head must be here, and a whole request. */
  readonly headTimeout: number
  readonly requestTimeout: number
  /** Milliseconds for which a connection without a request is kept. */
  readonly keepAlive: number
  /** Milliseconds for which a client may take nothing of what it is sent. */
  readonly idle: number
  /** Milliseconds that one answer may take. */
  readonly answer: number
  /** Requests that are answered at one time: of all clients, and of one address. */
  readonly requests: number
  readonly requestsOfOne: number
  readonly connections: number
}

export const usualLimits: Limits = {
  headBytes: 16_384,
  headTimeout: 10_000,
  requestTimeout: 30_000,
  keepAlive: 15_000,
  idle: 30_000,
  answer: 3_600_000,
  requests: 1024,
  requestsOfOne: 256,
  connections: 4096,
}

/** One line of the access log. */
export interface Access {
  readonly time: string
  readonly remote: string
  readonly method: string
  readonly host: string
  readonly url: string
  readonly status: number
  readonly bytes: number
  readonly milliseconds: number
  /** Whether the answer was sent to its end. */
  readonly whole: boolean
}

export interface ServerOptions {
  readonly gateway: Gateway
  readonly metrics: Metrics
  readonly limits?: Partial<Limits>
  /** Told of every request when it has ended. */
  readonly onAccess?: ((access: Access) => void) | undefined
  /** Told of what must not happen, and of what the disk would not give. */
  readonly onError: (error: unknown) => void
}

/** A server that listens on some addresses of one port. */
export class HttpServer {
  readonly #options: ServerOptions
  readonly #limits: Limits
  readonly #servers: Server[] = []
  readonly #busy = new Map<string, number>()
  /** Requests that are answered on each connection. */
  readonly #connections = new Map<Socket, number>()
  #isEnding = false

  constructor(options: ServerOptions) {
    this.#options = options
    this.#limits = { ...usualLimits, ...options.limits }
  }

  /**
   * Listens on one more address; port 0 is one that is free. Returns the port. Throws an OvnError `usage` for an address that
   * cannot be had.
   */
  async listen(host: string, port: number): Promise<number> {
    const { headBytes, headTimeout, requestTimeout, keepAlive, connections } = this.#limits
    const server = createServer({
      maxHeaderSize: headBytes,
      headersTimeout: headTimeout,
      requestTimeout,
      keepAliveTimeout: keepAlive,
      connectionsCheckingInterval: Math.min(1000, headTimeout),
      noDelay: true,
    })
    server.maxConnections = connections
    // Whoever takes nothing of what was sent to him, and asks nothing, is let go.
    server.timeout = this.#limits.idle
    server.on('request', (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.#options.onError(error)
        response.destroy()
      })
    })
    server.on('connection', (socket) => {
      this.#connections.set(socket, 0)
      socket.once('close', () => this.#connections.delete(socket))
    })
    // Nobody is a proxy here, and nothing but HTTP is spoken.
    server.on('connect', (_, socket) => socket.destroy())
    server.on('upgrade', (_, socket) => socket.destroy())
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)))
      server.listen({ host, port, ipv6Only: host.includes(':') }, resolve)
    })
    this.#servers.push(server)
    return (server.address() as AddressInfo).port
  }

  /** Takes no more requests, ends those that are under way, and returns when they have ended. */
  async close(): Promise<void> {
    this.#isEnding = true
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)))
    // Node waits for a connection on which nothing was asked yet until its time is over.
    for (const [socket, requests] of this.#connections) if (requests === 0) socket.destroy()
    await Promise.all(closed)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics, onAccess } = this.#options
    const start = performance.now()
    const { socket, method = '', url = '' } = request
    const remote = socket.remoteAddress ?? ''
    const asked = new Asked(request)
    let bytes = 0
    // Whoever asks keeps a place until the answer has gone, or the client has.
    metrics.inFlight += 1
    this.#connections.set(socket, (this.#connections.get(socket) ?? 0) + 1)
    this.#busy.set(remote, (this.#busy.get(remote) ?? 0) + 1)
    response.once('close', () => {
      asked.abort()
      metrics.inFlight -= 1
      if (!socket.destroyed) this.#connections.set(socket, (this.#connections.get(socket) ?? 1) - 1)
      const left = (this.#busy.get(remote) ?? 1) - 1
      if (left === 0) this.#busy.delete(remote)
      else this.#busy.set(remote, left)
      const seconds = (performance.now() - start) / 1000
      const status = response.headersSent ? response.statusCode : 0
      const whole = response.writableFinished
      metrics.count({ method, status, seconds, bytes, isWhole: whole })
      if (onAccess === undefined) return
      const host = request.headers.host ?? ''
      const milliseconds = Math.round(seconds * 1e6) / 1e3
      onAccess({ time: new Date().toISOString(), remote, method, host, url, status, bytes, milliseconds, whole })
    })
    const answer = this.#refusal(request, remote) ?? (await this.#ask(asked))
    if (asked.isGone) return
    // A body of the request that nobody reads would be taken for the next request.
    const isLast = this.#isEnding || hasBody(request)
    response.writeHead(answer.status, isLast ? { ...answer.headers, Connection: 'close' } : answer.headers)
    if (method === 'HEAD' || answer.body === undefined) {
      response.end()
    } else if (answer.body instanceof Uint8Array) {
      bytes = answer.body.byteLength
      response.end(answer.body)
    } else {
      await this.#send(answer.body, response, asked, (count) => {
        bytes += count
      })
    }
  }

  /** Why a request is not even looked at; undefined where it is. */
  #refusal(request: IncomingMessage, remote: string): GatewayResponse | undefined {
    const { requests, requestsOfOne } = this.#limits
    const wait = { 'Retry-After': '5' }
    if (this.#isEnding) return plainText(503, 'this server is about to end', wait)
    if (this.#options.metrics.inFlight > requests) return plainText(503, 'this server is busy', wait)
    if ((this.#busy.get(remote) ?? 0) > requestsOfOne) return plainText(429, 'too many requests at one time', wait)
    let hosts = 0
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      const name = request.rawHeaders[index] as string
      if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1
    }
    return hosts > 1 ? plainText(400, 'the request has two Host headers') : undefined
  }

  async #ask(asked: Asked): Promise<GatewayResponse> {
    try {
      return await this.#options.gateway(asked)
    } catch (error) {
      if (asked.isGone) return plainText(500, 'the client has gone')
      this.#options.onError(error)
      return storageError(error, 'the archive') instanceof OvnError
        ? plainText(503, 'the archive cannot be read at this moment', { 'Retry-After': '10' })
        : plainText(500, 'this is a bug in ovn; its log has more')
    }
  }

  /** Sends a body at the pace of whoever reads it. */
  async #send(
    body: AsyncIterable<Uint8Array>,
    response: ServerResponse,
    asked: Asked,
    onBytes: (count: number) => void,
  ): Promise<void> {
    const deadline = setTimeout(() => response.destroy(), this.#limits.answer)
    try {
      for await (const part of body) {
        if (asked.isGone) return
        onBytes(part.byteLength)
        if (!response.write(part)) await this.#drained(response)
      }
      response.end()
    } catch (error) {
      // The head is out: the broken connection is the only way left to say that this is not the whole.
      breakOff(response.socket)
      if (!asked.isGone) this.#options.onError(error)
    } finally {
      clearTimeout(deadline)
    }
  }

  /** Waits until what was written has gone to the client. One that takes nothing for too long is let go. */
  #drained(response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => response.destroy(), this.#limits.idle)
      const done = () => {
        clearTimeout(timer)
        response.off('drain', done)
        response.off('close', done)
        resolve()
      }
      response.once('drain', done)
      response.once('close', done)
    })
  }
}

/** A request as the gateway sees it. Its signal is only made where somebody wants it: most answers are there at once. */
class Asked implements GatewayRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  isGone = false
  #gone: AbortController | undefined

  constructor({ method = '', url = '', headers }: IncomingMessage) {
    this.method = method
    this.url = url
    // All that is looked at are headers that Node joins into one line.
    this.headers = headers as Record<string, string>
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController()
    if (this.isGone) this.#gone.abort()
    return this.#gone.signal
  }

  abort(): void {
    this.isGone = true
    this.#gone?.abort()
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function breakOff(socket: Socket | null): void {
  // A reset is no end: nobody can take it for one.
  socket?.resetAndDestroy()
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return new OvnError('usage', `${place} is taken by another program`, {
        hint: 'name another port with --port, or 0 for one that is free',
        cause: error,
      })
    case 'EACCES':
      return new OvnError('usage', `${place} cannot be used without more rights`, {
        hint: 'name a port above 1023 with --port',
        cause: error,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return new OvnError('usage', `${host} is no address of this machine`, { cause: error })
    default:
      return error
  }
}
