// A request → its answer, over the blocks of one archive. Nothing here knows a socket. What is answered is decided by the CID, the
// path and the format alone; what may be seen at all is decided by the source.
// Sources: the specifications of path, subdomain and trustless gateways, and of the web redirects file.

import { hash } from 'node:crypto'
import { encode as encodeDagJson } from '@ipld/dag-json'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import type { CID } from 'multiformats/cid'
import { cborCode, dagCborCode, dagJsonCode, dagPbCode, decodeData, jsonCode, rawCode } from '../dag/ipld.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { type FileNode, readRange } from '../dag/read-range.ts'
import { findEntry, hashBits, subShard } from '../dag/resolve-path.ts'
import { type DagNode, readNode } from '../dag/unixfs-node.ts'
import { toV1 } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import { parseCid } from '../links/parse-ref.ts'
import { writeContentCar } from './car.ts'
import { matchesTag, rangeCounts, readRangeHeader } from './conditions.ts'
import { encodePath, type RequestTarget, readTarget } from './content-path.ts'
import { contentTypeOf, isActive, sniffLength } from './content-type.ts'
import { contentDisposition } from './disposition.ts'
import { chooseHost, type HostChoice, type HostRules, type Namespace } from './host.ts'
import { ownPolicy } from './html.ts'
import { formatKeyName, parseKeyName, readRecord } from './ipns.ts'
import {
  type ListedEntry,
  listingPage,
  listingVersion,
  maxListed,
  type Place,
  previewPage,
  previewVersion,
} from './listing.ts'
import { type GatewayRequest, type GatewayResponse, type Headers, plainText, Refusal } from './message.ts'
import { type Format, mediaTypes, readCarWish, readWish, type Wish } from './negotiate.ts'
import type { Standing } from './published.ts'
import { findTarget, maxRedirectsFile, parseRedirects } from './redirects.ts'
import { type Content, readUnixFs, resolveContent } from './resolve-content.ts'
import { ResponseCache } from './response-cache.ts'

/** What is served. */
export interface Source {
  readonly blocks: GetStore
  /** A number that changes whenever an answer may. */
  generation(): number
  standingOf(cid: CID): Promise<Standing>
  /** The bytes of the IPNS record of a name, unchecked; undefined where there is none. */
  recordOf(name: CID): Promise<Uint8Array | undefined>
  now(): Date
}

export interface GatewayOptions extends HostRules {
  /** Pages elsewhere may read what is answered. */
  readonly cors: boolean
  /** Archived pages with an origin of their own may run scripts. */
  readonly allowScripts: boolean
  /** Paths that names of the DNS stand for; no other name is looked up. */
  readonly dnsLinks: ReadonlyMap<string, string>
}

/**
 * Answers what is not below `/ipfs` and `/ipns`, and CARs under the name of a file; undefined where it has nothing. `ask` asks the
 * gateway for a path, with the headers of the request.
 */
export type Site = (
  request: GatewayRequest,
  target: RequestTarget,
  ask: (url: string) => Promise<GatewayResponse>,
) => Promise<GatewayResponse | undefined>

export type Gateway = (request: GatewayRequest) => Promise<GatewayResponse>

const forever = 'public, max-age=29030400, immutable'
const aWeek = 'public, max-age=604800, stale-while-revalidate=2678400'

/** Names that may stand for names. */
const maxNameHops = 8

/** Shards of a folder that are read for a listing. */
const maxShards = 4096

/** Makes a gateway. It never throws what a request can cause. */
export function createGateway(source: Source, options: GatewayOptions, site: Site): Gateway {
  const cache = new ResponseCache()
  return async (request) => {
    const key = cacheKey(request)
    try {
      const generation = source.generation()
      const cached = key === undefined ? undefined : cache.get(key, generation)
      if (cached !== undefined) return cached
      const answer = await new Answer(source, options, site, request).make()
      if (key !== undefined) cache.put(key, generation, answer)
      return answer
    } catch (error) {
      return refuse(error, options, request)
    }
  }
}

/** What an answer depends on; undefined for requests that are rare, and not worth the memory. */
function cacheKey({ method, url, headers }: GatewayRequest): string | undefined {
  const { host, accept } = headers
  if (method !== 'GET' || url.length > 1024 || (accept?.length ?? 0) > 512) return undefined
  for (const name of [
    'range',
    'if-none-match',
    'service-worker',
    'cache-control',
    'x-forwarded-host',
    'x-forwarded-proto',
  ]) {
    if (headers[name] !== undefined) return undefined
  }
  return `${host}\n${url}\n${accept ?? ''}`
}

function refuse(error: unknown, options: GatewayOptions, request: GatewayRequest): GatewayResponse {
  const [status, message, headers] = explain(error)
  const answer = plainText(status, message, { ...corsHeaders(options), ...headers })
  return request.method === 'HEAD' ? withoutBody(answer) : answer
}

function explain(error: unknown): [status: number, message: string, headers: Headers] {
  if (error instanceof Refusal) return [error.status, error.message, error.headers]
  if (!(error instanceof OvnError)) throw error
  if (error.code === 'not-found') return [404, error.message, {}]
  if (error.code === 'locked') return [503, error.message, { 'Retry-After': '10' }]
  return [500, error.message, {}]
}

function withoutBody({ status, headers }: GatewayResponse): GatewayResponse {
  return { status, headers }
}

function corsHeaders({ cors }: GatewayOptions): Headers {
  if (!cors) return { 'Cross-Origin-Resource-Policy': 'same-origin' }
  return {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Headers': 'Content-Type, Range, User-Agent, X-Requested-With',
    'Access-Control-Expose-Headers':
      'Content-Length, Content-Range, X-Chunked-Output, X-Ipfs-Path, X-Ipfs-Roots, X-Stream-Output',
  }
}

/** Where a request leads: the root that its address names, and what stands for it. */
interface Destination {
  readonly namespace: Namespace
  /** The root as the address names it. */
  readonly label: string
  /** Names below it, as the address has them. */
  readonly path: readonly string[]
  readonly root: CID
  /** Names below the root that the name itself stands for. */
  readonly inner: readonly string[]
  /** Seconds for which a name stands for its root; undefined where that is not known. */
  readonly maxAge: number | undefined
}

/** One answer in the making. */
class Answer {
  readonly #source: Source
  readonly #options: GatewayOptions
  readonly #site: Site
  readonly #request: GatewayRequest
  readonly #host: HostChoice
  readonly #target: RequestTarget

  constructor(source: Source, options: GatewayOptions, site: Site, request: GatewayRequest) {
    this.#source = source
    this.#options = options
    this.#site = site
    this.#request = request
    this.#host = chooseHost(request.headers, options)
    this.#target = readTarget(request.url)
  }

  async make(): Promise<GatewayResponse> {
    const { method } = this.#request
    if (method === 'OPTIONS') return this.#respond({ status: 200, headers: { 'Content-Length': '0' } })
    if (method !== 'GET' && method !== 'HEAD') {
      throw new Refusal(405, 'only GET, HEAD and OPTIONS are answered', { Allow: 'GET, HEAD, OPTIONS' })
    }
    const { root } = this.#host
    const [first, label] = this.#target.segments
    if (root !== undefined) return this.#respond(await this.#atRoot(root.namespace, root.label))
    const isCarFile = first === 'ipfs' && this.#target.segments.length === 2 && label?.endsWith('.car') === true
    if ((first === 'ipfs' || first === 'ipns') && !isCarFile) {
      if (label === undefined) return this.#respond(this.#uriRouter(first))
      return this.#respond(await this.#atPath(first, label))
    }
    const answer = await this.#site(this.#request, this.#target, (url) => this.#askPath(url))
    if (answer === undefined) throw new Refusal(404, 'there is no such page')
    return method === 'HEAD' ? withoutBody(answer) : answer
  }

  /** Answers a path as on a host that many roots share, whichever host was asked. */
  #askPath(url: string): Promise<GatewayResponse> {
    const headers = { ...this.#request.headers, host: '127.0.0.1' }
    const { method, signal } = this.#request
    return new Answer(this.#source, this.#options, this.#site, { method, url, headers, signal }).make()
  }

  #respond(answer: GatewayResponse): GatewayResponse {
    const headers = { ...corsHeaders(this.#options), 'X-Content-Type-Options': 'nosniff', ...answer.headers }
    return this.#request.method === 'HEAD'
      ? { status: answer.status, headers }
      : { status: answer.status, headers, ...(answer.body === undefined ? {} : { body: answer.body }) }
  }

  /** `/ipfs/?uri=ipfs://…`: where a browser sends the links that it was told to leave to this gateway. */
  #uriRouter(namespace: Namespace): GatewayResponse {
    const uri = this.#target.query.get('uri')
    if (uri === null) throw new Refusal(404, `give a CID or a name: /${namespace}/<…>`)
    const [, scheme, rest = ''] = /^(ipfs|ipns):\/\/+([^#]*)$/.exec(uri) ?? []
    if (scheme === undefined) throw new Refusal(400, 'the uri must begin with ipfs:// or ipns://')
    const { segments, isFolder, search } = readTarget(`/${rest}`)
    if (segments.length === 0) throw new Refusal(400, 'the uri names no root')
    const slash = isFolder && segments.length > 1 ? '/' : ''
    return redirect(301, `/${scheme}${encodePath(segments)}${slash}${search}`)
  }

  /** A path on a host that many roots share. */
  async #atPath(namespace: Namespace, label: string): Promise<GatewayResponse> {
    const path = this.#target.segments.slice(2)
    // A worker would see every other root of this host.
    if (this.#request.headers['service-worker'] === 'script') {
      throw new Refusal(400, 'service workers are not allowed on a path gateway; use the subdomain of the root')
    }
    if (namespace === 'ipfs') {
      const cid = this.#cidOf(label)
      if (this.#host.hasSubdomains) return this.#toSubdomain(namespace, subdomainCid(cid), path)
      return this.#answer({ namespace, label, path, root: cid, inner: [], maxAge: undefined })
    }
    const key = parseKeyName(label)
    if (this.#host.hasSubdomains) {
      return this.#toSubdomain(namespace, key === undefined ? inlineName(dnsName(label)) : subdomainKey(key), path)
    }
    if (key !== undefined && formatKeyName(key) !== label && parseCid(label)?.toString(base32) !== label) {
      const slash = this.#target.isFolder ? '/' : ''
      return redirect(302, `/ipns/${formatKeyName(key)}${encodePath(path)}${slash}${this.#target.search}`)
    }
    return this.#atName(namespace, label, path)
  }

  /** A path on a host that is one root's own. */
  async #atRoot(namespace: Namespace, label: string): Promise<GatewayResponse> {
    if (this.#request.headers['service-worker'] === 'script' && !this.#options.allowScripts) {
      throw new Refusal(400, 'service workers are not allowed here')
    }
    const path = this.#target.segments
    if (namespace === 'ipfs') {
      if (label.length > maxLabel) throw tooLong()
      const cid = this.#cidOf(label)
      const name = subdomainCid(cid)
      if (name !== label && cid.toString(base36) !== label) return this.#toSubdomain(namespace, name, path)
      return this.#answer({ namespace, label, path, root: cid, inner: [], maxAge: undefined })
    }
    const key = parseKeyName(label)
    if (key !== undefined) {
      const name = subdomainKey(key)
      return name === label ? this.#atName(namespace, label, path) : this.#toSubdomain(namespace, name, path)
    }
    const name = label.includes('.') ? label : uninlineName(label)
    return this.#atName(namespace, dnsName(name), path)
  }

  #cidOf(text: string): CID {
    const cid = parseExactCid(text)
    if (cid === undefined) throw new Refusal(400, `invalid path "/ipfs/${text}": "${text}" is not a CID`)
    return cid
  }

  #toSubdomain(namespace: Namespace, label: string, path: readonly string[]): GatewayResponse {
    const { scheme, base } = this.#host
    const { isFolder, search } = this.#target
    const rest = path.length === 0 ? '/' : `${encodePath(path)}${isFolder ? '/' : ''}`
    return redirect(301, `${scheme}://${label}.${namespace}.${base}${rest}${search}`)
  }

  async #atName(namespace: Namespace, label: string, path: readonly string[]): Promise<GatewayResponse> {
    const wish = this.#wish()
    if (wish.format === 'ipns-record') return this.#record(label, path, wish)
    const { root, inner, maxAge } = await this.#resolveName(label)
    return this.#answer({ namespace, label, path, root, inner, maxAge })
  }

  /** What a name stands for, through other names. */
  async #resolveName(label: string): Promise<Pick<Destination, 'root' | 'inner' | 'maxAge'>> {
    let name = label
    let inner: readonly string[] = []
    let maxAge: number | undefined
    for (let hop = 0; hop < maxNameHops; hop += 1) {
      const { value, maxAge: age } = await this.#valueOf(name)
      maxAge = hop === 0 ? age : maxAge === undefined || age === undefined ? undefined : Math.min(maxAge, age)
      const [namespace, next = '', ...below] = readTarget(value).segments
      inner = [...below, ...inner]
      if (namespace === 'ipfs') {
        const root = parseExactCid(next)
        if (root === undefined) throw new Refusal(500, `${label} stands for "${next}", which is not a CID`)
        return { root, inner, maxAge }
      }
      if (namespace !== 'ipns') throw new Refusal(500, `${label} stands for a path that is no path of IPFS`)
      name = next
    }
    throw new Refusal(500, `${label} stands for a name that stands for a name, and so on`)
  }

  async #valueOf(name: string): Promise<{ value: string; maxAge: number | undefined }> {
    const key = parseKeyName(name)
    if (key !== undefined) {
      const record = await this.#source.recordOf(key)
      if (record === undefined) throw new Refusal(404, `this archive has no record of ${name}`)
      return readRecord(key, record, this.#source.now())
    }
    const value = this.#options.dnsLinks.get(name.toLowerCase())
    if (value === undefined) throw new Refusal(404, `${name} is no name that this gateway knows; it asks no DNS`)
    return { value, maxAge: undefined }
  }

  async #record(label: string, path: readonly string[], wish: Wish): Promise<GatewayResponse> {
    const key = parseKeyName(label)
    if (path.length > 0 || key === undefined) throw new Refusal(400, 'an IPNS record is that of a key, without a path')
    const bytes = await this.#source.recordOf(key)
    if (bytes === undefined) throw new Refusal(404, `this archive has no record of ${label}`)
    const { maxAge } = readRecord(key, bytes, this.#source.now())
    const tag = `"${hash('sha256', bytes, 'hex').slice(0, 32)}"`
    const name = this.#target.query.get('filename') ?? `${label}.ipns-record`
    return this.#bytes(bytes, tag, {
      'Content-Type': mediaTypes['ipns-record'],
      'Content-Disposition': contentDisposition('attachment', name),
      ...(maxAge === undefined ? {} : { 'Cache-Control': `public, max-age=${maxAge}` }),
      'X-Ipfs-Path': this.#shownPath('ipns', label),
      ...this.#contentLocation(wish),
      ...this.#vary(),
    })
  }

  #wish(): Wish {
    return readWish(this.#target.query, this.#request.headers.accept)
  }

  async #answer(destination: Destination): Promise<GatewayResponse> {
    const wish = this.#wish()
    if (wish.format === 'ipns-record') throw new Refusal(400, 'an IPNS record is that of a name below /ipns')
    const onlyIfCached = /\bonly-if-cached\b/i.test(this.#request.headers['cache-control'] ?? '')
    const standing = await this.#source.standingOf(destination.root)
    if (standing.kind !== 'published' && onlyIfCached) throw new Refusal(412, 'that is not in this archive')
    if (standing.kind === 'withdrawn') throw new Refusal(410, `withdrawn: ${standing.reason}`)
    if (standing.kind === 'unknown') throw new Refusal(404, `${destination.label} is not in this archive`)
    try {
      return await this.#content(destination, wish, await this.#resolve(destination, destination.path))
    } catch (error) {
      if (onlyIfCached && error instanceof OvnError && error.code === 'not-found') throw new Refusal(412, error.message)
      const isIsolated = this.#host.root !== undefined
      const mayRedirect = isIsolated && wish.format === undefined && error instanceof Refusal && error.status === 404
      const answer = mayRedirect ? await this.#redirected(destination, wish) : undefined
      if (answer === undefined) throw error
      return answer
    }
  }

  #resolve({ root, inner }: Destination, path: readonly string[]): Promise<Content> {
    return resolveContent(this.#source.blocks, root, [...inner, ...path], this.#request.signal)
  }

  /** What `_redirects` says of a path that is not there; undefined where it says nothing. */
  async #redirected(destination: Destination, wish: Wish): Promise<GatewayResponse | undefined> {
    const site = await this.#resolve(destination, [])
    const node = readUnixFs(site.cid, site.bytes)
    if (node?.kind !== 'directory' && node?.kind !== 'shard') return undefined
    const file = await this.#resolve(destination, ['_redirects']).catch((error: unknown) => {
      if (error instanceof Refusal && error.status === 404) return undefined
      throw error
    })
    if (file === undefined) return undefined
    const target = findTarget(parseRedirects(await this.#readSmall(file)), this.#target.path)
    if (target === undefined) return undefined
    if (target.status >= 300 && target.status < 400) return redirect(target.status, target.to)
    const path = readTarget(target.to).segments
    const answer = await this.#content({ ...destination, path }, wish, await this.#resolve(destination, path), true)
    return answer.status === 200 ? { ...answer, status: target.status } : answer
  }

  async #readSmall({ cid, bytes }: Content): Promise<Uint8Array> {
    const node = readUnixFs(cid, bytes)
    if (node?.kind !== 'file') throw new OvnError('damaged', 'could not parse _redirects: it is not a file')
    if (node.size > maxRedirectsFile) return new Uint8Array(maxRedirectsFile + 1)
    return this.#read(cid, node, node.size)
  }

  async #content(
    destination: Destination,
    wish: Wish,
    content: Content,
    isRewritten = false,
  ): Promise<GatewayResponse> {
    const { format } = wish
    if (format === 'raw') return this.#raw(destination, wish, content)
    if (format === 'car') return this.#car(destination, wish, content)
    if (content.cid.code !== dagPbCode && content.cid.code !== rawCode) return this.#data(destination, wish, content)
    if (format === 'dag-json' || format === 'dag-cbor') throw this.#mismatch(content.cid, format)
    const node = readNode(content.cid, content.bytes)
    switch (node.kind) {
      case 'file':
        return this.#file(destination, wish, content, node, content.cid)
      case 'symlink':
        return this.#bytes(Buffer.from(node.target), `"${content.cid}"`, {
          ...this.#contentHeaders(destination, content, forever),
          'Content-Type': 'inode/symlink',
        })
      default:
        return this.#folder(destination, wish, content, node, isRewritten)
    }
  }

  #mismatch(cid: CID, format: Format): Refusal {
    return new Refusal(406, `${cid} has another codec than ${format}; blocks are not converted`)
  }

  #raw(destination: Destination, wish: Wish, content: Content): Promise<GatewayResponse> {
    const name = this.#target.query.get('filename') ?? `${content.cid}.bin`
    return this.#bytes(content.bytes, `"${content.cid}.raw"`, {
      ...this.#contentHeaders(destination, content, forever),
      'Content-Type': mediaTypes.raw,
      'Content-Disposition': contentDisposition('attachment', name),
      ...this.#contentLocation(wish),
    })
  }

  async #car(destination: Destination, wish: Wish, content: Content): Promise<GatewayResponse> {
    const car = readCarWish(this.#target.query, wish.car)
    const { scope, bytes, duplicates } = car
    const what = [...content.roots.map(String), scope, bytes?.from, bytes?.to, duplicates].join(' ')
    const tag = `W/"${content.roots[0]}.car.${hash('sha256', what, 'hex').slice(0, 16)}"`
    const headers = {
      ...this.#contentHeaders(destination, content, forever),
      ETag: tag,
      'Content-Type': `${mediaTypes.car}; version=1; order=dfs; dups=${duplicates ? 'y' : 'n'}`,
      'Content-Disposition': contentDisposition(
        'attachment',
        this.#target.query.get('filename') ?? `${content.roots[0]}.car`,
      ),
      'Accept-Ranges': 'none',
      ...this.#contentLocation(wish),
    }
    if (matchesTag(this.#request.headers['if-none-match'], tag)) return notModified(headers)
    // Where the links of the first block cannot be read there is no use in beginning.
    const body = writeContentCar(this.#source.blocks, content, car, this.#request.signal)
    return { status: 200, headers, body: await startedEarly(body) }
  }

  /** A block of DAG-JSON, DAG-CBOR, JSON or CBOR. */
  async #data(destination: Destination, wish: Wish, content: Content): Promise<GatewayResponse> {
    const { cid, bytes } = content
    const codec = codecNames.get(cid.code)
    if (codec === undefined) {
      throw new Refusal(406, `${cid} has the codec 0x${cid.code.toString(16)}; ask for it with format=raw`)
    }
    const format = wish.format ?? codec
    if (format !== codec && `dag-${format}` !== codec) throw this.#mismatch(cid, format)
    if (wish.wantsHtml && (codec === 'dag-json' || codec === 'dag-cbor')) {
      return this.#preview(destination, content, codec)
    }
    const { query } = this.#target
    const extension = format.replace('dag-', '')
    const kind = extension === 'cbor' || query.get('download') === 'true' ? 'attachment' : 'inline'
    return this.#bytes(bytes, `"${cid}.${format}"`, {
      ...this.#contentHeaders(destination, content, forever),
      'Content-Type': mediaTypes[format],
      'Content-Disposition': contentDisposition(kind, query.get('filename') ?? `${cid}.${extension}`),
      ...this.#contentLocation(wish),
    })
  }

  async #preview(destination: Destination, content: Content, codec: string): Promise<GatewayResponse> {
    const value = decodeData(content.cid, content.bytes)
    let text: string
    try {
      text = JSON.stringify(JSON.parse(Buffer.from(encodeDagJson(value)).toString('utf8')), undefined, 2)
    } catch {
      throw new Refusal(500, `${content.cid} cannot be shown as text; ask for it with format=raw`)
    }
    const tag = `"DagIndex-${previewVersion}_CID-${content.cid}"`
    return this.#page(previewPage(this.#place(destination), content.cid, codec, text), tag, destination, content)
  }

  async #folder(
    destination: Destination,
    wish: Wish,
    content: Content,
    node: Extract<DagNode, { kind: 'directory' | 'shard' }>,
    isRewritten: boolean,
  ): Promise<GatewayResponse> {
    if (wish.format !== undefined && !wish.fromAccept) throw this.#mismatch(content.cid, wish.format)
    if (!this.#target.isFolder && !isRewritten) {
      return redirect(301, `${encodePath(this.#target.segments)}/${this.#target.search}`)
    }
    const index = await this.#entryOf(content.cid, node, 'index.html')
    if (index !== undefined) {
      const bytes = await readBlock(this.#source.blocks, index, this.#request.signal)
      const file = readNode(index, bytes)
      if (file.kind === 'file') {
        const place = { ...content, name: 'index.html' }
        return this.#file(destination, wish, place, file, index)
      }
    }
    const tag = `"DirIndex-${listingVersion}_CID-${content.cid}"`
    if (matchesTag(this.#request.headers['if-none-match'], tag)) {
      return notModified({ ...this.#contentHeaders(destination, content, aWeek), ETag: tag })
    }
    const { entries, hasMore } = await this.#entries(content.cid, node)
    return this.#page(listingPage(this.#place(destination), content.cid, entries, hasMore), tag, destination, content)
  }

  async #entryOf(cid: CID, node: DagNode, name: string): Promise<CID | undefined> {
    try {
      return await findEntry(this.#source.blocks, node, name, `/ipfs/${cid}`, this.#request.signal)
    } catch (error) {
      if (error instanceof OvnError && error.code === 'not-found' && error.cause === undefined) return undefined
      throw error
    }
  }

  /** The entries of a folder, up to as many as a listing shows. */
  async #entries(
    root: CID,
    folder: Extract<DagNode, { kind: 'directory' | 'shard' }>,
  ): Promise<{ entries: ListedEntry[]; hasMore: boolean }> {
    if (folder.kind === 'directory') {
      return { entries: folder.entries.slice(0, maxListed), hasMore: folder.entries.length > maxListed }
    }
    const maxDepth = hashBits / Math.log2(folder.fanout)
    const entries: ListedEntry[] = []
    const waiting = folder.entries.map((entry) => ({ entry, depth: 1 })).reverse()
    for (let next = waiting.pop(), shards = 0; next !== undefined; next = waiting.pop()) {
      const { entry, depth } = next
      if (entries.length === maxListed) return { entries, hasMore: true }
      if (entry.name !== undefined) {
        entries.push({ name: entry.name, cid: entry.cid })
        continue
      }
      shards += 1
      if (shards > maxShards || depth > maxDepth)
        throw new OvnError('damaged', `${root} is sharded too deeply to be listed`)
      const bytes = await readBlock(this.#source.blocks, entry.cid, this.#request.signal)
      const shard = subShard(entry.cid, readNode(entry.cid, bytes), folder.fanout)
      waiting.push(...shard.entries.map((below) => ({ entry: below, depth: depth + 1 })).reverse())
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    return { entries, hasMore: false }
  }

  #place({ namespace, label, path }: Destination): Place {
    const isIsolated = this.#host.root !== undefined
    return {
      namespace,
      root: label,
      path,
      prefix: isIsolated ? '' : `/${namespace}/${label}`,
      elsewhere: isIsolated ? `//${this.#host.base}` : '',
    }
  }

  #page(html: string, tag: string, destination: Destination, content: Content): Promise<GatewayResponse> {
    return this.#bytes(
      Buffer.from(html),
      tag,
      {
        ...this.#contentHeaders(destination, content, aWeek),
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': ownPolicy,
        'Referrer-Policy': 'no-referrer',
      },
      false,
    )
  }

  /** A file. `content` is what the path leads to, which may be the folder that `cid` is the index of. */
  async #file(
    destination: Destination,
    wish: Wish,
    content: Content,
    file: FileNode,
    cid: CID,
  ): Promise<GatewayResponse> {
    const { query } = this.#target
    const name = query.get('filename') ?? content.name ?? destination.inner.at(-1)
    const tag = `"${content.cid}"`
    const caching = this.#contentHeaders(destination, content, forever)
    if (matchesTag(this.#request.headers['if-none-match'], tag)) return notModified({ ...caching, ETag: tag })
    const type = await this.#typeOf(name, file, cid)
    if ((wish.format === 'json' || wish.format === 'cbor') && !wish.fromAccept && type !== mediaTypes[wish.format]) {
      throw this.#mismatch(cid, wish.format)
    }
    const isDownload = query.get('download') === 'true'
    const isNamed = query.get('filename') !== null
    const headers = {
      ...caching,
      'Content-Type': type,
      ...(isDownload || isNamed
        ? { 'Content-Disposition': contentDisposition(isDownload ? 'attachment' : 'inline', name ?? cid.toString()) }
        : {}),
      ...this.#policy(type),
    }
    return this.#ranged(file.size, tag, headers, (range) =>
      file.parts.length === 0 && range.last - range.first + 1 === file.size
        ? file.data
        : readRange(this.#source.blocks, cid, file, range, this.#request.signal),
    )
  }

  /** What a page of strangers may do. On a host that others share it gets an origin of its own, which nobody else has. */
  #policy(type: string): Headers {
    if (!isActive(type)) return {}
    if (this.#host.root !== undefined && this.#options.allowScripts) return {}
    // No policy speaks of names that a page has looked up ahead of a click.
    const policy = this.#host.root === undefined ? sharedPolicy : isolatedPolicy
    return { 'Content-Security-Policy': policy, 'X-DNS-Prefetch-Control': 'off' }
  }

  async #typeOf(name: string | undefined, file: FileNode, cid: CID): Promise<string> {
    const length = Math.min(sniffLength, file.size)
    const named = contentTypeOf(name, new Uint8Array(0), true)
    const isKnown = named !== 'application/octet-stream' && !named.startsWith('text/plain')
    if (file.size === 0) return isKnown ? named : 'text/plain; charset=utf-8'
    // What a name says is enough for what is not text, and where a part is missing the rest of the file can still be had.
    if (isKnown && (!named.startsWith('text/') || named.startsWith('text/html'))) return named
    try {
      return contentTypeOf(name, await this.#read(cid, file, length), length === file.size)
    } catch (error) {
      if (error instanceof OvnError && error.code === 'not-found') return named.replace(/;.*$/, '')
      throw error
    }
  }

  async #read(cid: CID, file: FileNode, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0)
    const range = { first: 0, last: length - 1 }
    return Buffer.concat(await Array.fromAsync(readRange(this.#source.blocks, cid, file, range, this.#request.signal)))
  }

  /** An answer of bytes that are here already. */
  async #bytes(bytes: Uint8Array, tag: string, headers: Headers, hasRanges = true): Promise<GatewayResponse> {
    if (matchesTag(this.#request.headers['if-none-match'], tag)) return notModified({ ...headers, ETag: tag })
    if (!hasRanges) {
      return {
        status: 200,
        headers: { ...headers, ETag: tag, 'Content-Length': String(bytes.byteLength) },
        body: bytes,
      }
    }
    return this.#ranged(bytes.byteLength, tag, headers, ({ first, last }) => bytes.subarray(first, last + 1))
  }

  async #ranged(
    size: number,
    tag: string,
    headers: Headers,
    read: (range: { first: number; last: number }) => Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<GatewayResponse> {
    const { range, 'if-range': ifRange } = this.#request.headers
    const counts = this.#request.method === 'GET' && rangeCounts(ifRange, tag)
    const wanted = counts ? readRangeHeader(range, size) : undefined
    const common = { ...headers, ETag: tag, 'Accept-Ranges': 'bytes' }
    if (wanted === 'unsatisfiable') {
      throw new Refusal(416, 'the range is beyond the end', { 'Content-Range': `bytes */${size}` })
    }
    const { first, last } = wanted ?? { first: 0, last: size - 1 }
    const isEmpty = size === 0 || this.#request.method === 'HEAD'
    const body = isEmpty ? new Uint8Array(0) : read({ first, last })
    return {
      status: wanted === undefined ? 200 : 206,
      headers: {
        ...common,
        'Content-Length': String(last - first + 1),
        ...(wanted === undefined ? {} : { 'Content-Range': `bytes ${first}-${last}/${size}` }),
      },
      body: body instanceof Uint8Array ? body : await startedEarly(body),
    }
  }

  #contentHeaders(destination: Destination, { roots }: Content, cacheControl: string): Headers {
    const { namespace, label, maxAge, inner } = destination
    const caching = namespace === 'ipfs' ? cacheControl : maxAge === undefined ? undefined : `public, max-age=${maxAge}`
    return {
      ...(caching === undefined ? {} : { 'Cache-Control': caching }),
      'X-Ipfs-Path': this.#shownPath(namespace, label),
      'X-Ipfs-Roots': roots.slice(namespace === 'ipns' ? inner.length : 0).join(','),
      ...this.#vary(),
    }
  }

  /** The path that was asked for, as one of `/ipfs` or `/ipns`. */
  #shownPath(namespace: Namespace, label: string): string {
    const { path } = this.#target
    return this.#host.root === undefined ? path : `/${namespace}/${label}${path}`
  }

  #vary(): Headers {
    return this.#target.query.has('format') ? {} : { Vary: 'Accept' }
  }

  /** An address at which the format needs no Accept. */
  #contentLocation({ format, fromAccept }: Wish): Headers {
    if (!fromAccept || format === undefined) return {}
    const { path, search } = this.#target
    return { 'Content-Location': `${path}${search}${search === '' ? '?' : '&'}format=${format}` }
  }
}

const codecNames = new Map<number, 'dag-json' | 'dag-cbor' | 'json' | 'cbor'>([
  [dagJsonCode, 'dag-json'],
  [dagCborCode, 'dag-cbor'],
  [jsonCode, 'json'],
  [cborCode, 'cbor'],
])

const sharedPolicy =
  "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; font-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'"
// The sandbox keeps a page from sending its reader elsewhere by itself (`<meta http-equiv="refresh">`), which no other rule does.
const isolatedPolicy =
  "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads; default-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'none'; object-src 'none'; connect-src 'none'; base-uri 'none'; form-action 'none'"

/** Characters of a label in the DNS. */
const maxLabel = 63

function tooLong(): Refusal {
  return new Refusal(400, `CID incompatible with DNS label length limit of ${maxLabel}`)
}

/** A CID as a label: base 32, or base 36 where that is too long. Throws a Refusal 400 where both are. */
function subdomainCid(cid: CID): string {
  const v1 = toV1(cid)
  const label = [v1.toString(base32), v1.toString(base36)].find((text) => text.length <= maxLabel)
  if (label === undefined) throw tooLong()
  return label
}

function subdomainKey(key: CID): string {
  const label = formatKeyName(key)
  if (label.length > maxLabel) throw tooLong()
  return label
}

/** Reads a CID and keeps the version in which it is written. */
function parseExactCid(text: string): CID | undefined {
  const v1 = parseCid(text)
  if (v1 === undefined || !/^Qm/.test(text)) return v1
  return v1.toV0()
}

function dnsName(text: string): string {
  const isName = /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]*[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]*[a-z\d_])?)+$/i.test(text)
  if (!isName) throw new Refusal(400, `invalid path "/ipns/${text}": that is neither a key nor a name`)
  return text
}

/** A name of the DNS as one label: a dot becomes a hyphen, and a hyphen two. */
function inlineName(name: string): string {
  const label = name.replaceAll('-', '--').replaceAll('.', '-')
  if (label.length > maxLabel) throw new Refusal(400, `the name does not fit into a DNS label of ${maxLabel}`)
  return label
}

function uninlineName(label: string): string {
  return label.replace(/--|-/g, (hyphens) => (hyphens === '-' ? '.' : '-'))
}

function redirect(status: number, to: string): GatewayResponse {
  // Browsers take two slashes, and a backslash for one, for the beginning of another host.
  const location = to
    .replace(/[^!-~]/gu, encodeURIComponent)
    .replaceAll('\\', '%5C')
    .replace(/^\/{2,}/, '/')
  const answer = plainText(status, `see ${location}`, { Location: location })
  const { 'Cache-Control': _none, ...headers } = answer.headers as Record<string, string>
  return { ...answer, headers }
}

function notModified(headers: Headers): GatewayResponse {
  const {
    'Content-Type': _type,
    'Content-Disposition': _name,
    'Content-Length': _length,
    ...kept
  } = headers as Record<string, string>
  return { status: 304, headers: kept }
}

/** Takes the first part of a body at once, so that what fails at the beginning is an answer and no broken connection. */
async function startedEarly(body: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const parts = body[Symbol.asyncIterator]()
  const first = await parts.next()
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await parts.next()) yield next.value
    } finally {
      await parts.return?.()
    }
  })()
}
