// A page, or a CAR, at an address → which CAR and which root is meant.

import { afterAll, describe, expect, it } from 'vitest'
import { carLinks, findCar } from '../../src/network/find-car.ts'
import { createClient } from '../../src/network/http.ts'
import { type Behaviour, carOf, carType, makeDag, page, serve, stopServers, whenOver } from './liar.ts'

afterAll(stopServers)

const type = 'application/vnd.ipld.car'
const dag = await makeDag({ 'article.md': '# On Clocks\n' })

function find(address: string, timeout = 5000, environment: NodeJS.ProcessEnv = {}) {
  const client = createClient(environment)
  whenOver(() => client.close())
  return findCar(client, new URL(address), timeout, new AbortController().signal)
}

/** Answers every request for a page with this. */
function answering(body: string | Buffer, headers: Record<string, string> = {}): Behaviour {
  return ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body)
    return true
  }
}

describe('carLinks', () => {
  it.each([
    [`<link rel="alternate" type="${type}" href="/a.car">`, ['/a.car']],
    [`<LINK HREF='/a.car' TYPE='${type.toUpperCase()}; version=1' REL='nofollow ALTERNATE'/>`, ['/a.car']],
    [`<link href=/a.car rel=alternate type=${type}>`, ['/a.car']],
    [
      `<link\n\trel = "alternate"\n\ttype\n=\n"${type}"\nhref = "a.car?x=1&amp;y=&#50;&#x33;" crossorigin>`,
      ['a.car?x=1&y=23'],
    ],
    [
      `<link title="a > b" rel=alternate type=${type} href=/a.car><link rel=alternate type=${type} href=/b.car>`,
      ['/a.car', '/b.car'],
    ],
    [`<link rel=alternate rel=stylesheet type=${type} href=/a.car href=/b.car>`, ['/a.car']],
    [`<link rel="stylesheet" type="${type}" href="/a.car"><link rel="alternate" type="text/html" href="/b.car">`, []],
    [`<!-- <link rel="alternate" type="${type}" href="/a.car"> --><linked rel=alternate type=${type} href=/b.car>`, []],
    [`<link rel="alternate" type="${type}">`, []],
    [`<link rel="alternate" type="${type}" href="/a.car`, []],
  ])('%s', (html, expected) => {
    expect(carLinks(html)).toEqual(expected)
  })

  it.each(['<link ', '<link a="', "<link a='", '<!--', '<link =', '<link a = ', '<link /'])(
    'reads 2 MiB of %j at once',
    (text) => {
      const html = text.repeat(Math.floor((2 * 1_048_576) / text.length))
      const start = performance.now()
      carLinks(html)
      expect(performance.now() - start).toBeLessThan(5000)
    },
  )
})

describe('findCar', () => {
  it('resolves the address against that of the page, also after a redirect', async () => {
    const site = await serve(dag, {
      behaviour: ({ request, response }) => {
        if (request.url !== '/old') return answering(page(`../ipfs/${dag.root}.car`))({ response } as never)
        response.writeHead(301, { location: '/2025/on-clocks' }).end()
        return true
      },
    })
    expect(await find(`${site.url}/old`)).toEqual({ root: dag.root, car: new URL(`${site.url}/ipfs/${dag.root}.car`) })
  })

  it('reads the root of a CAR that is at the address itself', async () => {
    const site = await serve(dag, { behaviour: answering(carOf([dag.root], dag.blocks), { 'content-type': carType }) })
    expect(await find(`${site.url}/all.car`)).toEqual({ root: dag.root, car: new URL(`${site.url}/all.car`) })
  })

  it.each<[string, Behaviour, string, string]>([
    ['no CAR', answering('<h1>On Clocks</h1>'), 'not-found', 'names no CAR'],
    ['a CAR without a CID', answering(page('/ipfs/on-clocks.car')), 'not-found', 'names no CAR'],
    ['a CAR that is no address', answering(page(`javascript:/${dag.root}.car`)), 'offline', 'not on the web'],
    ['3 MiB', answering(Buffer.alloc(3 * 2 ** 20, ' ')), 'offline', 'larger than'],
    [
      'something else',
      answering('{}', { 'content-type': 'application/json' }),
      'offline',
      'answered with application/json',
    ],
    ['compressed bytes', answering('', { 'content-encoding': 'br' }), 'offline', 'compressed'],
    ['two roots', answering(carOf([dag.root, dag.root], []), { 'content-type': carType }), 'damaged', '2 roots'],
    ['nothing', () => true, 'offline', 'nothing came in 0.5 s'],
  ])('refuses a page with %s', async (_, behaviour, code, message) => {
    const site = await serve(dag, { behaviour })
    await expect(find(`${site.url}/on-clocks`, 500)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.any(String),
    })
  })

  it.each([
    '127.0.0.1',
    'localhost',
    '10.1.2.3',
    '192.168.1.1',
    '169.254.169.254',
    '[::1]',
    '[::ffff:7f00:1]',
    '[fd00::1]',
    'nas.local',
  ])('is not led by a public page to %s', async (host) => {
    const proxy = await serve(dag, { behaviour: answering(page(`http://${host}/ipfs/${dag.root}.car`)) })
    const found = find('http://news.example/', 5000, { HTTP_PROXY: proxy.url })
    await expect(found).rejects.toMatchObject({ message: expect.stringContaining('inside of a private network') })
  })

  it('leaves the site for no other', async () => {
    const site = await serve(dag, {
      behaviour: ({ response }) => {
        response.writeHead(302, { location: 'http://127.0.0.2:9/' }).end()
        return true
      },
    })
    await expect(find(site.url)).rejects.toMatchObject({ message: expect.stringContaining('redirects elsewhere') })
  })
})
