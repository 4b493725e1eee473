// A place that may have the blocks of a DAG: a trustless gateway, a web host with a CAR on it, or both at once. What it sends is
// checked by the session; here is how it is asked, and which of its answers are read at all.
// Source: the specifications of the path gateway and the trustless gateway.

import type { CID } from 'multiformats/cid'
import { checkHash } from '../dag/hash.ts'
import { maxBlockSize } from '../dag/profile.ts'
import { OvnError } from '../errors.ts'
import type { Host } from '../links/parse-ref.ts'
import { type Answer, type Client, describeStatus } from './http.ts'
import { SourceError } from './source-error.ts'

export interface Source {
  /** Its host, and its path where it has one: what messages call it. */
  readonly name: string
  /** Where a CAR of a DAG may be had, the most likely place first. */
  cars(root: CID): readonly URL[]
  /** A CAR that lies on a web host, which may have nothing else. */
  readonly file?: { readonly url: URL; readonly root: CID }
  /** Where a single block may be had; absent where there are none. */
  readonly block?: (cid: CID) => URL
}

const carType = 'application/vnd.ipld.car'
const rawType = 'application/vnd.ipld.raw'
const carAccept = `${carType};version=1;order=dfs;dups=n`

/** What a web host that knows nothing of CARs says of one. */
const plainTypes = ['', 'application/octet-stream', 'application/x-car', 'binary/octet-stream']

const maxRedirects = 3

/** A gateway by its base URL, whose path is kept. */
export function gatewaySource(base: URL): Source {
  return { name: nameOf(base), cars: (root) => [carUrl(base, root)], block: (cid) => blockUrl(base, cid) }
}

/**
 * A host that a link names, without saying what it is: a gateway, or a web host that has `/ipfs/<cid>.car` for the root of the
 * link. `named` is the CAR that the link itself names, which is asked for first then.
 */
export function hostSource(base: URL, root: CID, named?: URL): Source {
  const file = named ?? new URL(`${basePath(base)}/ipfs/${root}.car`, base)
  return {
    name: nameOf(base),
    cars(cid) {
      const gateway = carUrl(base, cid)
      if (!cid.equals(root)) return [gateway]
      return named === undefined ? [gateway, file] : [file, gateway]
    },
    file: { url: file, root },
    block: (cid) => blockUrl(base, cid),
  }
}

/** One CAR at an address that says nothing of what else there is. */
export function carSource(file: URL, root: CID): Source {
  return { name: nameOf(file), cars: (cid) => (cid.equals(root) ? [file] : []), file: { url: file, root } }
}

/** The sources of a root, each once: where its address says to ask, then the gateways. */
export function sourcesOf(root: CID, { base, car }: Host, gateways: readonly URL[]): Source[] {
  const named = base === undefined ? (car === undefined ? [] : [carSource(car, root)]) : [hostSource(base, root, car)]
  const others = gateways.map(gatewaySource).filter(({ name }) => base === undefined || name !== nameOf(base))
  return [...new Map([...named, ...others].map((source) => [source.name, source])).values()]
}

/**
 * Reads the address of a gateway, with or without `/ipfs` at its end. Throws an OvnError `usage` for what is none; `from` says
 * where it stands.
 */
export function parseGateway(text: string, from: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new OvnError('usage', `${from}: "${text}" is not the address of a gateway`, {
      hint: 'it begins with https:// or http://',
    })
  }
  url.pathname = url.pathname.replace(/\/(ipfs\/?)?$/, '/')
  url.search = ''
  url.hash = ''
  return url
}

function carUrl(base: URL, root: CID): URL {
  const url = new URL(`${basePath(base)}/ipfs/${root}`, base)
  url.search = '?format=car&dag-scope=all&car-order=dfs&car-dups=n'
  return url
}

function blockUrl(base: URL, cid: CID): URL {
  const url = new URL(`${basePath(base)}/ipfs/${cid}`, base)
  url.search = '?format=raw'
  return url
}

function basePath(base: URL): string {
  return base.pathname.replace(/\/+$/, '')
}

/** Without user and password, which are nobody's business. */
function nameOf(url: URL): string {
  return `${url.host}${basePath(url)}`
}

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
