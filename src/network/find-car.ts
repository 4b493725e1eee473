// The address of a page, or of a CAR, → the CAR's address and the root that is to be fetched. Which root a page means is the
// page's word alone; all that follows is checked against that root.

import type { CID } from 'multiformats/cid'
import { readCarSections } from '../dag/read-car.ts'
import { toV1 } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import { parseCid } from '../links/parse-ref.ts'
import { follow, readWhole } from './ask.ts'
import type { Answer, Client } from './http.ts'
import { seconds } from './peer.ts'
import { carType } from './source.ts'
import { SourceError } from './source-error.ts'

export interface FoundCar {
  readonly root: CID
  readonly car: URL
}

/** Bytes of a page that is read. */
const maxPage = 2 * 1_048_576

/**
 * Asks for a page and finds the CAR that it names, as pages of `ovn` do: `<link rel="alternate"
 * type="application/vnd.ipld.car" href="…/<cid>.car">`. Where a CAR itself is at the address, its header names the root.
 * `timeout` is in milliseconds. Throws an OvnError: `offline`, `damaged` or `not-found`.
 */
export async function findCar(client: Client, url: URL, timeout: number, signal: AbortSignal): Promise<FoundCar> {
  const timer = new AbortController()
  const late = setTimeout(() => timer.abort(new SourceError('offline', `nothing came in ${seconds(timeout)}`)), timeout)
  try {
    const both = AbortSignal.any([signal, timer.signal])
    const answer = await follow(client, url, `text/html, ${carType};q=0.9, */*;q=0.1`, both, (next) =>
      isSameSite(url, next),
    )
    try {
      if (answer.type === carType || url.pathname.endsWith('.car')) return await readRoot(answer, url)
      return await readPage(answer)
    } finally {
      answer.close()
    }
  } catch (error) {
    if (!(error instanceof OvnError)) throw error
    throw new OvnError(error.code, `${url.host}: ${error.message}`, {
      hint: error.hint ?? 'give the address of an article’s page, of a CAR, or a CID',
      cause: error,
    })
  } finally {
    clearTimeout(late)
  }
}

async function readRoot(answer: Answer, url: URL): Promise<FoundCar> {
  const { roots } = await readCarSections(answer.body, 'its CAR')
  const [root, ...others] = roots
  if (root === undefined || others.length > 0) {
    throw new SourceError('damaged', `its CAR has ${roots.length} roots, and one is needed to know what is meant`)
  }
  return { root: toV1(root), car: url }
}

async function readPage(answer: Answer): Promise<FoundCar> {
  if (answer.type !== 'text/html' && answer.type !== 'application/xhtml+xml') {
    throw new SourceError('offline', `it answered with ${answer.type || 'something without a type'}, not with a page`)
  }
  const bytes = await readWhole(answer, maxPage)
  if (bytes === undefined) throw new SourceError('offline', `its page is larger than ${maxPage} bytes`)
  for (const href of carLinks(new TextDecoder().decode(bytes))) {
    const car = URL.parse(href, answer.url.href)
    const root = parseCid(/([^/]+)\.car$/.exec(car?.pathname ?? '')?.[1] ?? '')
    if (car === null || root === undefined) continue
    assertReachable(answer.url, car)
    return { root, car }
  }
  throw new SourceError('not-found', `its page names no CAR, as <link rel="alternate" type="${carType}"> would`)
}

/** Addresses of the CARs that a page names, in the order of the page. */
export function carLinks(html: string): string[] {
  const found: string[] = []
  const text = html.replace(/<!--[\s\S]*?(?:-->|$)/g, '')
  const start = /<link(?=[\s/>])/gi
  for (let match = start.exec(text); match !== null; match = start.exec(text)) {
    const { attributes, end } = readAttributes(text, start.lastIndex)
    if (end === undefined) break
    start.lastIndex = end
    const rel = attributes.get('rel')?.toLowerCase().split(/\s+/) ?? []
    const type = attributes.get('type')?.toLowerCase().split(';')[0]?.trim()
    const href = attributes.get('href')?.trim()
    if (rel.includes('alternate') && type === carType && href !== undefined) found.push(href)
  }
  return found
}

/** Reads the attributes of a tag up to its `>`. The tag has no end where the text ends first. */
function readAttributes(text: string, from: number): { attributes: Map<string, string>; end: number | undefined } {
  const attributes = new Map<string, string>()
  const attribute = /[\s/]*(?:(>)|([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?|(=))/y
  attribute.lastIndex = from
  for (let match = attribute.exec(text); match !== null; match = attribute.exec(text)) {
    const [, close, name, ...values] = match
    if (close !== undefined) return { attributes, end: attribute.lastIndex }
    const value = values.slice(0, 3).find((each) => each !== undefined) ?? ''
    // Of two attributes with one name the first counts.
    if (name !== undefined && !attributes.has(name.toLowerCase()))
      attributes.set(name.toLowerCase(), decodeEntities(value))
  }
  return { attributes, end: undefined }
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:amp|#(\d{1,7})|#x([\da-f]{1,6}));/gi, (whole, decimal?: string, hexadecimal?: string) => {
    if (decimal === undefined && hexadecimal === undefined) return '&'
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** A site may lead from one of its names to the other, with `www.` and without. */
function isSameSite(from: URL, to: URL): boolean {
  const bare = (host: string) => host.replace(/^www\./, '')
  return bare(from.host) === bare(to.host)
}

/** A page may name a CAR on another host, but not one that only this machine or its network can see. */
function assertReachable(page: URL, car: URL): void {
  if (!/^https?:$/.test(car.protocol)) throw new SourceError('offline', 'its page names a CAR that is not on the web')
  if (page.protocol === 'https:' && car.protocol === 'http:') {
    throw new SourceError('offline', 'its page is https, and names a CAR that is not')
  }
  if (isLocal(car.hostname) && !isLocal(page.hostname)) {
    throw new SourceError('offline', `its page names a CAR inside of a private network, on ${car.host}`)
  }
}

function isLocal(host: string): boolean {
  if (/^localhost\.?$|\.localhost\.?$|\.local\.?$|\.internal\.?$/.test(host)) return true
  if (
    /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(
      host,
    )
  )
    return true
  return /^\[(::|::1|f[cd].*|fe[89ab].*|::ffff:.*)\]$/.test(host)
}
