// Servers on this machine: a trustless gateway that tells the truth, and everything that one can do instead.

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { Stage } from '../../src/archive/stage.ts'
import { walkBlocks } from '../../src/dag/walk.ts'
import { type DagEntry, writeDag } from '../../src/dag/write-dag.ts'
import { certificate, key } from './certificate.ts'

const endings: (() => unknown)[] = []

/** Has something done when all is over: tests may run side by side. */
export function whenOver(ending: () => unknown): void {
  endings.push(ending)
}

/** Stops all servers. For `afterAll`. */
export async function stopServers(): Promise<void> {
  for (const ending of endings.splice(0).reverse()) await ending()
}

export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

export interface Dag {
  readonly root: CID
  /** Depth first, each once. */
  readonly blocks: readonly Block[]
}

/** Bytes that look random, and are the same every time. */
export function noise(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0, state = seed; at + 4 <= size; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes.writeUInt32LE(state, at)
  }
  return bytes
}

/** The DAG of a root in an archive. */
export async function dagOf(archive: string, root: string): Promise<Dag> {
  const { openArchive } = await import('../../src/archive/archive.ts')
  const opened = openArchive(archive, { readOnly: true })
  try {
    const cid = CID.parse(root)
    return { root: cid, blocks: await Array.fromAsync(walkBlocks(opened.blocks, [cid])) }
  } finally {
    opened.close()
  }
}

export async function makeDag(files: { readonly [path: string]: Uint8Array | string }): Promise<Dag> {
  const stage = new Stage(async () => undefined)
  const entries: DagEntry[] = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }))
  const { cid: root } = await writeDag({ blockstore: stage }, entries)
  return { root, blocks: await Array.fromAsync(walkBlocks(stage, [root])) }
}

/** Something of everything: a large file, the same file twice, a folder in a folder. */
export const articleFiles: { readonly [path: string]: Uint8Array | string } = {
  'article.md': '# On Clocks\n',
  'index.html': '<!doctype html><title>On Clocks</title>',
  'assets/film.mp4': noise(3_300_000, 1),
  'assets/more/clock.jpg': noise(50_000, 2),
  'assets/more/clock-again.jpg': noise(50_000, 2),
  'metadata.json': '{}',
}

export function makeArticle(): Promise<Dag> {
  return makeDag(articleFiles)
}

/** The blocks below one of a DAG's blocks, as a gateway sends them. */
export async function subDag(dag: Dag, root: CID, { dups = false, order = 'dfs' } = {}): Promise<Block[]> {
  const byKey = new Map(dag.blocks.map((block) => [block.cid.toString(), block]))
  const { linksOf } = await import('../../src/dag/walk.ts')
  const seen = new Set<string>()
  const found: Block[] = []
  const waiting = [root]
  for (let cid = waiting.shift(); cid !== undefined; cid = waiting.shift()) {
    const block = byKey.get(cid.toString())
    if (block === undefined || (!dups && seen.has(cid.toString()))) continue
    seen.add(cid.toString())
    found.push(block)
    const links = linksOf(cid, block.bytes)
    if (order === 'dfs') waiting.unshift(...links)
    else waiting.push(...links)
  }
  return found
}

export function varint(value: number): Buffer {
  const bytes = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

export function carHeader(roots: readonly CID[]): Buffer {
  const header = encodeCbor({ roots, version: 1 })
  return Buffer.concat([varint(header.byteLength), header])
}

export function carSection({ cid, bytes }: Block): Buffer {
  return Buffer.concat([varint(cid.bytes.byteLength + bytes.byteLength), cid.bytes, bytes])
}

export function carOf(roots: readonly CID[], blocks: readonly Block[]): Buffer {
  return Buffer.concat([carHeader(roots), ...blocks.map(carSection)])
}

export interface Asked {
  readonly kind: 'car' | 'raw' | 'file' | 'page'
  /** What is asked for; the root of the DAG for a page. */
  readonly cid: CID
  readonly dag: Dag
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** How many requests came before this one. */
  readonly index: number
}

/** Answers a request in its own way. Where it returns false, the truth is told. */
export type Behaviour = (asked: Asked) => boolean | Promise<boolean>

export const carType = 'application/vnd.ipld.car; version=1; order=dfs; dups=n'
export const rawType = 'application/vnd.ipld.raw'

export interface Running {
  readonly url: string
  readonly port: number
  /** `car`, `raw`, `file` or `page`, a space, and the CID, for each request. */
  readonly requests: readonly string[]
}

export interface ServeOptions {
  readonly behaviour?: Behaviour
  /** A path in front of `/ipfs`. */
  readonly base?: string
  /** What it is: a gateway, or a web host with a CAR and a page. */
  readonly as?: 'gateway' | 'host'
  readonly secure?: boolean
}

/** Starts a server of a DAG, which is gone when the tests are over. */
export async function serve(dag: Dag, options: ServeOptions = {}): Promise<Running> {
  const { behaviour = () => false, base = '', as = 'gateway', secure = false } = options
  const requests: string[] = []
  const listener: RequestListener = (request, response) => {
    response.on('error', () => undefined)
    const url = new URL(request.url ?? '/', 'http://any')
    const inside = /^([^.]+)\.ipfs\./.exec(request.headers.host ?? '')?.[1]
    const path = inside === undefined ? url.pathname : `/ipfs/${inside}`
    const match = /^\/ipfs\/([^/.]+)(\.car)?$/.exec(path.startsWith(base) ? path.slice(base.length) : '')
    const format = url.searchParams.get('format')
    const kind = match?.[2] !== undefined ? 'file' : format === 'car' || format === 'raw' ? format : 'page'
    const cid = match?.[1] === undefined ? dag.root : CID.parse(match[1])
    const asked: Asked = { kind, cid, dag, request, response, index: requests.length }
    requests.push(`${kind} ${cid}`)
    answer(asked, behaviour, as).catch((error: unknown) => response.destroy(error as Error))
  }
  const server = secure ? createSecureServer({ key, cert: certificate }, listener) : createServer(listener)
  return { ...(await listen(server)), requests }
}

async function answer(asked: Asked, behaviour: Behaviour, as: 'gateway' | 'host'): Promise<void> {
  if (await behaviour(asked)) return
  const { kind, cid, dag, response, request } = asked
  const block = dag.blocks.find((each) => each.cid.equals(cid))
  const isGateway = kind === 'car' || kind === 'raw'
  if (block === undefined || isGateway !== (as === 'gateway')) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not here\n')
  } else if (kind === 'raw') {
    response.writeHead(200, { 'content-type': rawType, 'content-length': block.bytes.byteLength }).end(block.bytes)
  } else if (kind === 'page') {
    const url = `${request.url === '/' ? '' : '..'}/ipfs/${cid}.car`
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(url))
  } else {
    const type = kind === 'file' ? 'application/octet-stream' : carType
    response.writeHead(200, { 'content-type': type }).end(carOf([cid], await subDag(dag, cid)))
  }
}

export function page(car: string): string {
  return `<!doctype html>
<html lang=en><head>
<!-- <link rel="alternate" type="application/vnd.ipld.car" href="/ipfs/not-this-one.car"> -->
<link rel=stylesheet href=style.css>
<link title='a > b' href='${car}' type=application/vnd.ipld.car rel="nofollow Alternate">
<title>On Clocks</title></head><body></body></html>
`
}

async function listen(server: Server | ReturnType<typeof createSocketServer>) {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenOver(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  })
  const { port } = server.address() as AddressInfo
  const isSecure = 'setSecureContext' in server
  return { port, url: `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}` }
}

/** A server that sends these bytes to whoever connects, whatever they ask; with `forever`, again and again, until nobody listens. */
export async function serveBytes(bytes: string | Buffer, forever?: string | Buffer): Promise<Running> {
  const server = createSocketServer((socket) => {
    const more = (): void => {
      if (socket.destroyed || forever === undefined) return
      if (socket.write(forever)) setImmediate(more)
      else socket.once('drain', more)
    }
    socket.once('data', () => {
      if (forever === undefined) socket.end(bytes)
      else socket.write(bytes, more)
    })
  })
  return { ...(await listen(server)), requests: [] }
}

/** A server that takes what is sent to it, and never says a word. */
export async function serveSilence(): Promise<Running> {
  const server = createSocketServer((socket) => socket.resume())
  return { ...(await listen(server)), requests: [] }
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createSocketServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
