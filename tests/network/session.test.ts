// The blocks of an article from servers that lie in every way, one at a time.

import { setTimeout as sleep } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { afterAll, describe, expect, it } from 'vitest'
import { walkBlocks } from '../../src/dag/walk.ts'
import type { OvnError } from '../../src/errors.ts'
import { createClient } from '../../src/network/http.ts'
import { Session, type SessionOptions } from '../../src/network/session.ts'
import { gatewaySource, hostSource } from '../../src/network/source.ts'
import {
  type Asked,
  type Behaviour,
  carOf,
  carType,
  type Dag,
  makeArticle,
  makeDag,
  noise,
  serve,
  stopServers,
  subDag,
  whenOver,
} from './liar.ts'
import { lies } from './lies.ts'

afterAll(stopServers)

const article = await makeArticle()

function open(dag: Dag, urls: readonly string[], options: Partial<SessionOptions> = {}): Session {
  const client = createClient({})
  const sources = urls.map((url) => gatewaySource(new URL(url)))
  const session = new Session(dag.root, {
    client,
    sources,
    timeout: 2000,
    signal: new AbortController().signal,
    ...options,
  })
  whenOver(() => {
    session.close()
    client.close()
  })
  return session
}

/** Reads all of a DAG, as it is written to a folder, and compares each byte. */
async function expectAll(session: Session, dag: Dag): Promise<void> {
  const blocks = await Array.fromAsync(walkBlocks(session, [dag.root]))
  expect(blocks.map(({ cid }) => cid.toString())).toEqual(dag.blocks.map(({ cid }) => cid.toString()))
  for (const [index, { bytes }] of blocks.entries()) {
    expect(Buffer.compare(bytes, dag.blocks[index]?.bytes ?? Buffer.of())).toBe(0)
  }
}

describe.concurrent('a gateway with', () => {
  it.each(Object.entries(lies))('%s: the next one is asked', async (_, lie) => {
    const bad = await lie.start(article)
    const good = await serve(article)
    const session = open(article, [bad.url, good.url], { timeout: 4000 })
    await expectAll(session, article)
    const [first, second] = session.reports
    expect(first?.failures.map(({ message }) => message).join()).toMatch(lie.says)
    expect(second).toMatchObject({ failures: [] })
    expect((first?.blocks ?? 0) + (second?.blocks ?? 0)).toBe(article.blocks.length)
  })
})

describe('a gateway that is honest', () => {
  it.each([
    ['depth first', { order: 'dfs' }],
    ['breadth first', { order: 'bfs' }],
    ['with duplicates', { dups: true }],
  ])('may send its blocks %s', async (_, order) => {
    const car: Behaviour = async ({ kind, cid, dag, response }) => {
      if (kind !== 'car') return false
      response.writeHead(200, { 'content-type': carType }).end(carOf([cid], await subDag(dag, cid, order)))
      return true
    }
    const gateway = await serve(article, { behaviour: car })
    const session = open(article, [gateway.url])
    await expectAll(session, article)
    expect(gateway.requests).toEqual([`car ${article.root}`])
    expect(session.reports).toEqual([
      {
        name: new URL(gateway.url).host,
        blocks: article.blocks.length,
        bytes: article.blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
        failures: [],
      },
    ])
  })

  it('is asked once, for all', async () => {
    const gateway = await serve(article)
    await expectAll(open(article, [gateway.url]), article)
    expect(gateway.requests).toEqual([`car ${article.root}`])
  })

  it('may have no CARs: blocks are asked for, several at a time', async () => {
    let underWay = 0
    let most = 0
    const blocksOnly: Behaviour = async ({ kind, response }) => {
      if (kind === 'car') {
        response.writeHead(406).end()
        return true
      }
      underWay += 1
      most = Math.max(most, underWay)
      response.on('close', () => {
        underWay -= 1
      })
      await sleep(5)
      return false
    }
    const dag = await makeDag({ 'film.mp4': noise(20 * 2 ** 20, 5) })
    const gateway = await serve(dag, { behaviour: blocksOnly })
    await expectAll(open(dag, [gateway.url]), dag)
    expect(most).toBeGreaterThan(2)
    expect(most).toBeLessThanOrEqual(8)
    expect(new Set(gateway.requests.filter((each) => each.startsWith('raw'))).size).toBe(dag.blocks.length)
    expect(gateway.requests.filter((each) => each.startsWith('raw'))).toHaveLength(dag.blocks.length)
  })

  it('may break off: the rest is asked for, and nothing twice', async () => {
    const cut: Behaviour = async ({ kind, cid, dag, response, index }) => {
      if (kind !== 'car' || index > 0) return false
      response.writeHead(200, { 'content-type': carType })
      const blocks = await subDag(dag, cid)
      response.write(carOf([cid], blocks.slice(0, 6)), () => setTimeout(() => response.destroy(), 50))
      return true
    }
    const gateway = await serve(article, { behaviour: cut })
    const session = open(article, [gateway.url])
    await expectAll(session, article)
    expect(session.reports[0]).toMatchObject({ blocks: article.blocks.length })
    const leaves = gateway.requests.filter((each) => each.startsWith('raw'))
    expect(new Set(leaves).size).toBe(leaves.length)
  })

  it('may lead to the subdomain that it has for a CID, and keeps its path', async () => {
    const toSubdomain: Behaviour = ({ kind, cid, request, response }) => {
      const { host = '' } = request.headers
      if (kind !== 'car' || host.includes('.ipfs.')) return false
      response.writeHead(301, { location: `http://${cid}.ipfs.${host}/?format=car` }).end()
      return true
    }
    const gateway = await serve(article, { behaviour: toSubdomain })
    await expectAll(open(article, [`http://localhost:${gateway.port}`]), article)
    expect(gateway.requests).toEqual([`car ${article.root}`, `car ${article.root}`])
    const below = await serve(article, { base: '/deep/down' })
    await expectAll(open(article, [`${below.url}/deep/down/`]), article)
    expect(below.requests).toEqual([`car ${article.root}`])
  })

  it('and has no time is asked again when it said', async () => {
    const busy: Behaviour = ({ response, index }) => {
      if (index > 0) return false
      response.writeHead(429, { 'retry-after': '1' }).end()
      return true
    }
    const gateway = await serve(article, { behaviour: busy })
    const session = open(article, [gateway.url], { timeout: 20_000 })
    await expectAll(session, article)
    expect(session.reports[0]?.failures).toEqual([{ code: 'offline', message: 'it answered 429 Too Many Requests' }])
  })

  it('may be a web host with nothing but the CAR', async () => {
    const host = await serve(article, { as: 'host' })
    const source = hostSource(new URL(host.url), article.root)
    await expectAll(open(article, [], { sources: [source] }), article)
    expect(host.requests).toEqual([`car ${article.root}`, `file ${article.root}`])
  })
})

describe('a session', () => {
  it('keeps little in memory, and asks again for what it dropped', async () => {
    const dag = await makeDag({ 'a.bin': noise(8 * 2 ** 20, 5), 'b.bin': noise(2 ** 20, 6) })
    const gateway = await serve(dag)
    const session = open(dag, [gateway.url], { limits: { memory: 2 ** 21 } })
    await expectAll(session, dag)
    expect(gateway.requests).toEqual([`car ${dag.root}`])
    // The first leaf is long gone.
    const leaf = dag.blocks.find(({ cid }) => cid.code === 0x55)
    if (leaf === undefined) throw new Error('there is no leaf')
    await Array.fromAsync(session.get(leaf.cid))
    expect(gateway.requests.at(-1)).toBe(`raw ${leaf.cid}`)
  })

  it('reads the CAR of a web host again for what it dropped', async () => {
    const dag = await makeDag({ 'a.bin': noise(8 * 2 ** 20, 5), 'b.bin': noise(2 ** 20, 6) })
    const host = await serve(dag, { as: 'host' })
    const session = open(dag, [], { sources: [hostSource(new URL(host.url), dag.root)], limits: { memory: 2 ** 21 } })
    await expectAll(session, dag)
    await expectAll(session, dag)
    expect(host.requests.filter((each) => each.startsWith('file')).length).toBeGreaterThan(1)
  })

  it('reads blocks in an order of its own', async () => {
    const dag = await makeDag({ 'a.bin': noise(6 * 2 ** 20, 5), 'b.bin': noise(6 * 2 ** 20, 6) })
    const gateway = await serve(dag)
    const session = open(dag, [gateway.url], { limits: { memory: 2 ** 21 } })
    const shuffled = [...dag.blocks.slice(0, 1), ...dag.blocks.slice(1).reverse()]
    for (const { cid, bytes } of shuffled) {
      const [found] = await Array.fromAsync(session.get(cid))
      expect(Buffer.compare(found ?? Buffer.of(), bytes)).toBe(0)
    }
  })

  it('asks for single blocks alone where it is told to', async () => {
    const gateway = await serve(article)
    const session = open(article, [gateway.url], { ask: 'ahead' })
    await expectAll(session, article)
    expect(gateway.requests.every((each) => each.startsWith('raw'))).toBe(true)
  })

  it('asks beside the stream for what is wanted before all that memory can hold', async () => {
    const dag = await makeDag({ 'a.bin': noise(8 * 2 ** 20, 5), 'b.bin': noise(8 * 2 ** 20, 6) })
    const gateway = await serve(dag)
    const session = open(dag, [gateway.url], { limits: { memory: 2 ** 21 } })
    // All directories and tops of files first, as a folder is planned.
    const isTop = (cid: CID) => cid.code !== 0x55
    const ordered = [...dag.blocks.filter(({ cid }) => isTop(cid)), ...dag.blocks.filter(({ cid }) => !isTop(cid))]
    for (const { cid, bytes } of ordered) {
      const [found] = await Array.fromAsync(session.get(cid))
      expect(Buffer.compare(found ?? Buffer.of(), bytes)).toBe(0)
    }
    expect(gateway.requests).toEqual([
      `car ${dag.root}`,
      `raw ${dag.blocks.filter(({ cid }) => isTop(cid)).at(-1)?.cid}`,
    ])
  })

  it.each([
    ['blocks', { blocks: 3 }],
    ['bytes', { bytes: 1_000_000 }],
  ])('has a limit of %s', async (_, limits) => {
    const gateway = await serve(article)
    const all = expectAll(open(article, [gateway.url], { limits }), article)
    await expect(all).rejects.toMatchObject({ code: 'damaged', message: expect.stringContaining('is too large') })
  })

  it('does not follow links that are too deep', async () => {
    const gateway = await serve(article)
    const all = expectAll(open(article, [gateway.url], { limits: { depth: 1 } }), article)
    await expect(all).rejects.toMatchObject({ code: 'damaged' })
  })

  it('ends when it is told to', async () => {
    const silent = await serve(article, { behaviour: () => true })
    const controller = new AbortController()
    const all = expectAll(open(article, [silent.url], { timeout: 60_000, signal: controller.signal }), article)
    setTimeout(() => controller.abort(), 100)
    await expect(all).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('goes through a proxy that the environment names', async () => {
    const gateway = await serve(article)
    const seen: string[] = []
    const proxy = await serve(article, {
      behaviour: ({ request }: Asked) => {
        seen.push(request.url ?? '')
        return false
      },
    })
    const client = createClient({ HTTP_PROXY: proxy.url })
    whenOver(() => client.close())
    await expectAll(open(article, [gateway.url], { client }), article)
    expect(seen[0]).toContain(`${gateway.url}/ipfs/${article.root}`)
    expect(gateway.requests).toEqual([])
  })

  it('shows no password', async () => {
    const gateway = await serve(article, { behaviour: () => true })
    const session = open(article, [gateway.url.replace('//', '//user:secret@')], { timeout: 300 })
    const error: unknown = await expectAll(session, article).catch((each: unknown) => each)
    expect(JSON.stringify((error as OvnError).problems)).not.toContain('secret')
  })
})
