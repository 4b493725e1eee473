// How a source is asked, and which of its answers are read at all.

import type { CID } from 'multiformats/cid'
import { checkHash } from '../dag/hash.ts'
import { maxBlockSize } from '../dag/profile.ts'
import { type Answer, type Client, describeStatus } from './http.ts'
import { carAccept, carType } from './source.ts'
import { SourceError } from './source-error.ts'

const rawType = 'application/vnd.ipld.raw'

/** What a web host that knows nothing of CARs says of one. */
const plainTypes = ['', 'application/octet-stream', 'application/x-car', 'binary/octet-stream']

const maxRedirects = 3

/** Asks for a CAR. Throws a SourceError for every answer that is none. */
export async function askCar(client: Client, url: URL, root: CID, signal: AbortSignal): Promise<Answer> {
  const answer = await ask(client, url, carAccept, root, signal)
  const isFile = url.pathname.endsWith('.car')
  if (answer.type === carType || (isFile && plainTypes.includes(answer.type))) return answer
  throw wrongType(answer, 'a CAR')
}

/** Asks for one block and checks it. Throws a SourceError for every answer that is not that block. */
export async function askBlock(
  client: Client,
  url: URL,
  cid: CID,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await ask(client, url, rawType, cid, signal)
  if (answer.type !== rawType && !plainTypes.includes(answer.type)) throw wrongType(answer, 'a block')
  const bytes = await readWhole(answer, maxBlockSize)
  if (bytes === undefined)
    throw new SourceError('damaged', `block ${cid} would be larger than ${maxBlockSize} bytes`, lie)
  if (!checkHash(cid, bytes)) throw new SourceError('damaged', `block ${cid} does not match its CID`, lie)
  return bytes
}

const lie = { final: true }

/** Reads a body to its end; undefined where it has more bytes than it may. */
export async function readWhole(answer: Answer, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    if ((answer.length ?? 0) > most) return undefined
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of answer.body) {
      size += part.byteLength
      if (size > most) return undefined
      parts.push(part)
    }
    return Buffer.concat(parts)
  } finally {
    answer.close()
  }
}

/** Asks, and follows where a gateway may lead: to its own host, or to the subdomain that it has for this CID. */
async function ask(client: Client, url: URL, accept: string, cid: CID, signal: AbortSignal): Promise<Answer> {
  const hosts = [url.host, `${cid}.ipfs.${url.host}`, `${cid.toV1()}.ipfs.${url.host}`]
  return follow(client, url, accept, signal, (next) => hosts.includes(next.host))
}

/** Asks, and follows redirects that `allowed` lets pass. Throws a SourceError for every status but 200. */
export async function follow(
  client: Client,
  url: URL,
  accept: string,
  signal: AbortSignal,
  allowed: (next: URL) => boolean,
): Promise<Answer> {
  for (let at = url, redirects = 0; ; redirects += 1) {
    const answer = await client.get(at, accept, signal)
    if (answer.status === 200) return answer
    answer.close()
    if (![301, 302, 303, 307, 308].includes(answer.status)) throw statusError(answer)
    if (redirects === maxRedirects) throw new SourceError('offline', 'it redirects without end')
    const next = URL.parse(answer.location ?? '', at.href)
    if (next === null || !/^https?:$/.test(next.protocol)) throw new SourceError('offline', 'it redirects to nowhere')
    if (at.protocol === 'https:' && next.protocol === 'http:') {
      throw new SourceError('offline', 'it redirects from https to http')
    }
    if (!allowed(next)) throw new SourceError('offline', `it redirects elsewhere, to ${next.host}`)
    at = next
  }
}

function statusError({ status, retryAfter }: Answer): SourceError {
  const message = `it answered ${describeStatus(status)}`
  if (status === 404 || status === 410) return new SourceError('not-found', message)
  if ([400, 405, 406, 415, 501].includes(status)) return new SourceError('not-found', message, { unsupported: true })
  const mayRetry = status === 429 || status === 503
  return new SourceError('offline', message, mayRetry ? { retryAfter } : {})
}

function wrongType(answer: Answer, wanted: string): SourceError {
  answer.close()
  const type = answer.type === '' ? 'something without a type' : answer.type
  return new SourceError('offline', `it answered with ${type}, not with ${wanted}`)
}
