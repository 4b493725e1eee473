// Group subdomain-ipfs: an origin for each root. Source: the specification of subdomain gateways.

import { base36 } from 'multiformats/bases/base36'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Gateway } from '../../src/server/gateway.ts'
import { type Ask, askingOn, hello, useFixtures } from './asking.ts'
import { fixturePath, hasGatewayFixtures, readFixture } from './fixture-archive.ts'
import { gatewayOf } from './gateway-of.ts'

const car = 'subdomain_gateway/fixtures.car'
const host = 'localhost:8080'

describe.skipIf(!hasGatewayFixtures)('the subdomain gateway', () => {
  const fixtures = useFixtures()
  const { ask, askLocal, askRoot, cidAt } = fixtures

  async function linkTo(name: string): Promise<string> {
    const { decode } = await import('@ipld/dag-pb')
    const { Links } = decode(await fixtures.blockOf(await cidAt(car)))
    return Links.find(({ Name }) => Name === name)?.Hash.toString() ?? ''
  }

  describe('sends a path to the origin of its root:', () => {
    it.each([
      ['hello-CIDv1', '', '/'],
      ['hello-CIDv1', '/', '/'],
      ['testdirlisting', '/', '/'],
      ['testdirlisting', '/a/b', '/a/b'],
      ['testdirlisting', '/%c4%85/?x=%C4%99', '/%C4%85/?x=%C4%99'],
    ])('%s%s', async (name, path, to) => {
      const cid = await linkTo(name)
      const { status, headers } = await askLocal(`/ipfs/${cid}${path}`)
      expect({ status, to: headers.location }).toEqual({ status: 301, to: `http://${cid}.ipfs.${host}${to}` })
    })

    it('with a CID of version 1', async () => {
      const [old, cid] = [await linkTo('hello-CIDv0'), await linkTo('hello-CIDv0to1')]
      const { status, headers } = await askLocal(`/ipfs/${old}/`)
      expect({ status, to: headers.location }).toEqual({ status: 301, to: `http://${cid}.ipfs.${host}/` })
    })

    it('with its name encoded as it should be', async () => {
      const root = await cidAt('path_gateway_unixfs/dir-with-percent-encoded-filename.car')
      const { status, headers } = await askLocal(`/ipfs/${root}/Portugal%252C+Espa%c3%b1a=Peninsula%20Ib%C3%A9rica.txt`)
      expect({ status, to: headers.location }).toEqual({
        status: 301,
        to: `http://${root}.ipfs.${host}/Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt`,
      })
    })

    it('but not what has no CID, or one that no label can hold', async () => {
      expect(await askLocal('/ipfs/QmInvalidCID')).toMatchObject({
        status: 400,
        text: expect.stringContaining('invalid path "/ipfs/QmInvalidCID"'),
      })
      const long = await linkTo('hello-CIDv1_TOO_LONG')
      for (const answer of [await askLocal(`/ipfs/${long}/`), await askRoot(long)('/')]) {
        expect(answer).toMatchObject({
          status: 400,
          text: expect.stringContaining('CID incompatible with DNS label length limit of 63'),
        })
      }
    })
  })

  describe('serves a root at its origin:', () => {
    it('a file', async () => {
      const { status, text, headers } = await askRoot(await linkTo('hello-CIDv1'))('/')
      expect({ status, text }).toEqual({ status: 200, text: 'hello\n' })
      expect(headers['x-ipfs-path']).toBe(`/ipfs/${await linkTo('hello-CIDv1')}/`)
    })

    it('and below it nothing but what is in it', async () => {
      const cid = await linkTo('hello-CIDv1')
      expect((await askRoot(cid)(`/ipfs/${cid}/`)).status).toBe(404)
      const dir = askRoot(await linkTo('testdirlisting'))
      expect(await dir('/ipfs/file.txt')).toMatchObject({
        status: 200,
        text: expect.stringContaining('I am a txt file'),
      })
      expect(await dir('/ipfs/ipns/bar')).toMatchObject({
        status: 200,
        text: expect.stringContaining('text-file-content'),
      })
      expect((await dir('/healthz')).status).toBe(404)
      expect((await dir('/metrics')).status).toBe(404)
    })

    it('a listing', async () => {
      const cid = await linkTo('testdirlisting')
      const { text } = await askRoot(cid)('/')
      expect(text).toContain('<a href="/hello">hello</a>')
      expect(text).toContain('<a href="/ipfs">ipfs</a>')
      const below = await askRoot(cid)('/ipfs/ipns/')
      for (const part of [
        'Index of',
        '<a href="/ipfs/ipns/..">..</a>',
        '<a href="/ipfs/ipns/bar">bar</a>',
        `/ipfs/<a href="//${host}/ipfs/${cid}">${cid}</a>/<a href="//${host}/ipfs/${cid}/ipfs">ipfs</a>/<a href="//${host}/ipfs/${cid}/ipfs/ipns">ipns</a>`,
      ]) {
        expect(below.text).toContain(part)
      }
    })

    it('a listing with names that are not ASCII', async () => {
      const listing = 'dir_listing/fixtures.car'
      const [root, file] = [await cidAt(listing), await cidAt(listing, 'ą', 'ę', 'file-źł.txt')]
      const asked = askRoot(String(root))
      expect((await asked('/')).text).not.toContain('>..<')
      expect(await asked('/%C4%85/%C4%99')).toMatchObject({ status: 301, headers: { location: '/%C4%85/%C4%99/' } })
      const { text, headers } = await asked('/%C4%85/%C4%99/')
      expect(headers.etag).toMatch(/^"DirIndex-/)
      for (const part of [
        '<a href="/%C4%85/%C4%99/..">..</a>',
        `/ipfs/<a href="//${host}/ipfs/${root}">${root}</a>/<a href="//${host}/ipfs/${root}/%C4%85">ą</a>/<a href="//${host}/ipfs/${root}/%C4%85/%C4%99">ę</a>`,
        '<a href="/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">file-źł.txt</a>',
        `<a class="ipfs-hash" translate="no" href="//${host}/ipfs/${file}?filename=file-%25C5%25BA%25C5%2582.txt">`,
      ]) {
        expect(text).toContain(part)
      }
    })

    it('also a block, and a CAR', async () => {
      const cid = await linkTo('hello-CIDv1')
      expect((await askRoot(cid)('/?format=raw')).headers['content-type']).toBe('application/vnd.ipld.raw')
      expect((await askRoot(cid)('/?format=car')).headers['content-type']).toContain('application/vnd.ipld.car')
    })

    it('under one name: base 32, or base 36', async () => {
      const cid = await cidAt(car)
      const v1 = cid.toV1().toString()
      expect((await askRoot(cid.toV1().toString(base36))('/')).status).toBe(200)
      expect((await askRoot(v1.toUpperCase())('/')).status).toBe(200)
      expect((await askRoot('bafy')('/')).status).toBe(400)
    })
  })

  it.each([
    [
      '/ipfs/?uri=ipfs%3A%2F%2FQmXoypizjW3WknFiJnKLwHCnL72vedxjQkDDP1mXWo6uco%2Fwiki%2FDiego_Maradona.html',
      '/ipfs/QmXoypizjW3WknFiJnKLwHCnL72vedxjQkDDP1mXWo6uco/wiki/Diego_Maradona.html',
    ],
    [`/ipfs/?uri=ipfs://${hello}`, `/ipfs/${hello}`],
    [`/ipfs/?uri=ipns://${hello}/a/?b=c`, `/ipns/${hello}/a/?b=c`],
    [`/ipfs?uri=ipfs:////evil.example`, '/ipfs/evil.example'],
  ])('sends the links of browsers on: %s', async (url, to) => {
    for (const asked of [ask, askLocal]) {
      expect(await asked(url)).toMatchObject({ status: 301, headers: { location: to } })
    }
  })

  it.each(['javascript:alert(1)', 'https://evil.example/', '//evil.example', 'ipfs://', ''])(
    'sends nobody anywhere else: %s',
    async (uri) => {
      const { status, headers } = await ask(`/ipfs/?uri=${encodeURIComponent(uri)}`)
      expect({ status, to: headers.location }).toEqual({ status: 400, to: undefined })
    },
  )

  describe('behind a proxy', () => {
    let proxied: Gateway
    beforeAll(() => {
      proxied = gatewayOf(fixtures.archive, { trustProxy: true, anyHost: true })
    })
    const asked: Ask = (url, headers) => askingOn(proxied, host)(url, headers)

    it.each([
      ['its scheme', { 'x-forwarded-proto': 'https' }, 'https'],
      ['its scheme', { 'x-forwarded-proto': 'http' }, 'http'],
      ['its host', { host: 'fake.domain.com', 'x-forwarded-host': host }, 'http'],
      ['both', { host: 'fake.domain.com', 'x-forwarded-host': host, 'x-forwarded-proto': 'https' }, 'https'],
    ])('that is trusted, %s counts: %j', async (_, headers, scheme) => {
      const cid = await linkTo('hello-CIDv1')
      const answer = await asked(`/ipfs/${cid}`, headers)
      expect({ status: answer.status, to: answer.headers.location }).toEqual({
        status: 301,
        to: `${scheme}://${cid}.ipfs.${host}/`,
      })
    })

    it('any name is one of paths, where any is allowed', async () => {
      const cid = await linkTo('hello-CIDv1')
      expect((await asked(`/ipfs/${cid}`, { host: 'fake.domain.com' })).status).toBe(200)
    })

    it('that is not trusted, nothing of that counts', async () => {
      const cid = await linkTo('hello-CIDv1')
      const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }
      expect((await askLocal(`/ipfs/${cid}`, headers)).headers.location).toBe(`http://${cid}.ipfs.${host}/`)
      expect((await ask(`/ipfs/${cid}`, { host: 'fake.domain.com', 'x-forwarded-host': host })).status).toBe(421)
    })
  })

  it('answers under the names that it was given', async () => {
    const named = gatewayOf(fixtures.archive, { publicHosts: ['plain.example', '*.wide.example'] })
    const cid = await linkTo('hello-CIDv1')
    expect((await askingOn(named, 'plain.example')(`/ipfs/${cid}`)).status).toBe(200)
    expect((await askingOn(named, 'wide.example')(`/ipfs/${cid}`)).headers.location).toBe(
      `http://${cid}.ipfs.wide.example/`,
    )
    expect((await askingOn(named, `${cid}.ipfs.wide.example`)('/')).text).toBe('hello\n')
    for (const other of ['sub.plain.example', `${cid}.ipfs.plain.example`, 'notwide.example', 'example']) {
      expect((await askingOn(named, other)('/')).status).toBe(421)
    }
  })

  it('has fixtures in which names are as they are said to be', async () => {
    expect((await readFixture(fixturePath(car))).roots[0]?.toString()).toBe(String(await cidAt(car)))
  })
})
