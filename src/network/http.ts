// One HTTP request, and what strangers can do with the answer: nothing but bytes. No redirect is followed here, nothing is
// decompressed, no cookie is kept, and TLS is always verified. Not the global fetch: it does all of these, and loads slowly.

import {
  Agent,
  type AgentOptions,
  type ClientRequestArgs,
  type IncomingMessage,
  request,
  STATUS_CODES,
} from 'node:http'
import type { LookupFunction } from 'node:net'
import { OvnError } from '../errors.ts'
import { SourceError } from './source-error.ts'

/** Bytes of the header of an answer. */
const maxHeader = 32_768

/** Bytes of a body that costs less to read than a new connection. */
const shortBody = 16_384

/** Requests that may be under way to one host. */
const maxSockets = 16

export interface Answer {
  readonly url: URL
  readonly status: number
  /** Media type in lower case, without parameters; empty where none is named, or none that can be shown. */
  readonly type: string
  /** Bytes that the body is said to have. */
  readonly length: number | undefined
  /** Where a redirect leads, as it is written. */
  readonly location: string | undefined
  /** Milliseconds from now, as `Retry-After` has it. */
  readonly retryAfter: number | undefined
  /** The body as it comes; it waits where nobody reads. Throws a SourceError where the connection breaks. */
  readonly body: AsyncGenerator<Uint8Array>
  /** Says that no more will be read. */
  close(): void
}

export interface Client {
  /** Asks once. Throws a SourceError where no answer comes, and the signal's reason where it is aborted. */
  get(url: URL, accept: string, signal: AbortSignal): Promise<Answer>
  /** Asks ahead of the `get` that will want the answer: what that needs can be loaded meanwhile. */
  begin(url: URL, accept: string): void
  /** Closes all connections. */
  close(): void
}

/** A request that is under way. */
interface Asking {
  readonly message: Promise<IncomingMessage>
  abort(): void
}

/** The proxies that the environment names. Throws an OvnError `usage` for what is none: Node would go without it then. */
function readProxies(environment: NodeJS.ProcessEnv): AgentOptions {
  const names = Object.keys(environment).filter((name) => /^https?_proxy$/i.test(name) && environment[name] !== '')
  const wrong = names.find((name) => !/^https?:$/.test(URL.parse(environment[name] ?? '')?.protocol ?? ''))
  if (wrong !== undefined) {
    throw new OvnError('usage', `$${wrong} does not name a proxy`, {
      hint: 'set it to an address that begins with http:// or https://, or to nothing',
    })
  }
  return names.length === 0 ? {} : { proxyEnv: environment as NonNullable<AgentOptions['proxyEnv']> }
}

/** A client that keeps connections open, and goes through the proxies that the environment names (`HTTPS_PROXY` and others). */
export function createClient(environment: NodeJS.ProcessEnv): Client {
  let options: AgentOptions | undefined
  let agent: Agent | undefined
  const begun = new Map<string, Asking>()
  let secure: Promise<{ request: typeof request; agent: Agent }> | undefined

  async function forProtocol(url: URL): Promise<{ request: typeof request; agent: Agent }> {
    options ??= { keepAlive: true, maxSockets, ...readProxies(environment) }
    if (url.protocol === 'http:') {
      agent ??= new Agent(options)
      return { request, agent }
    }
    secure ??= import('node:https').then((https) => ({
      request: https.request as typeof request,
      agent: new https.Agent(options),
    }))
    return secure
  }

  function ask(url: URL, accept: string): Asking {
    const stop = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    forProtocol(url).then((by) => {
      const asked = by.request(url, {
        agent: by.agent,
        maxHeaderSize: maxHeader,
        headers: { accept, 'accept-encoding': 'identity', 'user-agent': 'ovn' },
        ...(isLocalhost(url.hostname) ? { lookup: lookupLoopback } : {}),
      } satisfies ClientRequestArgs)
      asked.on('response', (message) => {
        // A connection may break when nobody reads yet, or any more.
        message.on('error', () => undefined)
        resolve(message)
      })
      asked.on('error', reject)
      asked.end()
      if (stop.signal.aborted) asked.destroy()
      stop.signal.addEventListener('abort', () => asked.destroy(), { once: true })
    }, reject)
    // A request that waits for a proxy, or for its turn, has no connection yet that could break.
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true })
    return { message: promise, abort: () => stop.abort() }
  }

  return {
    async get(url, accept, signal) {
      signal.throwIfAborted()
      const asking = begun.get(url.href) ?? ask(url, accept)
      begun.delete(url.href)
      signal.addEventListener('abort', asking.abort, { once: true })
      try {
        const message = await asking.message
        message.on('close', () => signal.removeEventListener('abort', asking.abort))
        return toAnswer(url, message, signal)
      } catch (error) {
        signal.removeEventListener('abort', asking.abort)
        signal.throwIfAborted()
        throw explain(error)
      }
    },
    begin(url, accept) {
      const asking = ask(url, accept)
      // Whoever wants the answer is told.
      asking.message.catch(() => undefined)
      begun.set(url.href, asking)
    },
    close() {
      for (const asking of begun.values()) asking.abort()
      agent?.destroy()
      secure?.then(
        (loaded) => loaded.agent.destroy(),
        () => undefined,
      )
    },
  }
}

function toAnswer(url: URL, message: IncomingMessage, signal: AbortSignal): Answer {
  const { headers, statusCode: status = 0 } = message
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity') {
    message.destroy()
    throw new SourceError('offline', 'it sent compressed bytes that nobody asked for')
  }
  const length = /^\d{1,15}$/.exec(headers['content-length'] ?? '')?.[0]
  return {
    url,
    status,
    type: /^[\w.+-]{1,60}\/[\w.+-]{1,60}/.exec(headers['content-type'] ?? '')?.[0].toLowerCase() ?? '',
    length: length === undefined ? undefined : Number(length),
    location: headers.location,
    retryAfter: readRetryAfter(headers['retry-after'], headers.date),
    body: read(message, signal),
    close() {
      // What is short is read to its end, so that the connection can be used again.
      if (length !== undefined && Number(length) <= shortBody && !message.readableDidRead) message.resume()
      else message.destroy()
    },
  }
}

async function* read(message: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of message) yield chunk as Buffer
  } catch (error) {
    signal.throwIfAborted()
    throw explain(error)
  }
}

/** Seconds, or a date, which is compared with the clock of the same server. */
function readRetryAfter(text: string | undefined, date: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const wait = Date.parse(text) - Date.parse(date ?? '')
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

/** Names below `localhost` are this machine's, whatever the resolver knows of them (RFC 6761). */
function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost')
}

const lookupLoopback: LookupFunction = (_name, { all }, callback) => {
  if (all === true) {
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ])
  } else callback(null, '127.0.0.1', 4)
}

const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name could not be looked up (DNS)',
  EAI_FAIL: 'its name could not be looked up (DNS)',
  ECONNREFUSED: 'it refused the connection',
  ECONNRESET: 'it broke the connection off',
  EPIPE: 'it broke the connection off',
  ERR_STREAM_PREMATURE_CLOSE: 'it broke the connection off',
  ETIMEDOUT: 'no connection came about in time',
  ENETUNREACH: 'its network is out of reach',
  EHOSTUNREACH: 'it is out of reach',
  EADDRNOTAVAIL: 'it is out of reach',
  HPE_HEADER_OVERFLOW: `the header of its answer is larger than ${maxHeader} bytes`,
  ERR_PROXY_TUNNEL: 'the proxy did not let it through',
}

/** What may go better the next time. */
const brokenOff = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']

/** Turns what Node says of a connection into a SourceError; passes everything else on, which is a bug. */
function explain(error: unknown): unknown {
  if (error instanceof OvnError) return error
  const code = codeOf(error)
  if (code === undefined) return error
  const meaning =
    meanings[code] ??
    (code.startsWith('HPE_') ? 'what it answered is not HTTP' : undefined) ??
    (/CERT|SIGNATURE|TLS|SSL|EPROTO|CRL/.test(code)
      ? `its certificate or its TLS cannot be trusted (${code})`
      : undefined) ??
    `it could not be asked (${code})`
  return new SourceError('offline', meaning, { cause: error, final: !brokenOff.includes(code) })
}

function codeOf(error: unknown): string | undefined {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: readonly unknown[] }
  return typeof code === 'string' ? code : errors?.map(codeOf).find((each) => each !== undefined)
}

/** A status in words: `404 Not Found`. The words are ours, not the server's. */
export function describeStatus(status: number): string {
  return `${status}${STATUS_CODES[status] === undefined ? '' : ` ${STATUS_CODES[status]}`}`
}
