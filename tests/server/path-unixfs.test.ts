// Group path-unixfs: files, folders and their listings, caching, symbolic links, CORS. Source: the specification of path gateways.

import { describe, expect, it } from 'vitest'
import { absent, hello, immutable, useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const listing = 'dir_listing/fixtures.car'
const cache = 'gateway-cache/fixtures.car'

describe.skipIf(!hasGatewayFixtures)('UnixFS on the path gateway', () => {
  const fixtures = useFixtures()
  const { ask, cidAt } = fixtures

  describe('a listing', () => {
    it('of a root has no way up, and escapes nothing that needs none', async () => {
      const { status, text, headers } = await ask(`/ipfs/${await cidAt(listing)}/`)
      expect(status).toBe(200)
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
      expect(text).toContain('Index of')
      expect(text).not.toContain('>..<')
    })

    it('of a folder below has links to all above it, and to each block', async () => {
      const root = await cidAt(listing)
      const file = await cidAt(listing, 'ą', 'ę', 'file-źł.txt')
      const { text, headers } = await ask(`/ipfs/${root}/%C4%85/%C4%99/`)
      expect(headers.etag).toMatch(/^"DirIndex-[\da-f]+_CID-bafy/)
      for (const part of [
        `/ipfs/<a href="/ipfs/${root}">${root}</a>/<a href="/ipfs/${root}/%C4%85">ą</a>/<a href="/ipfs/${root}/%C4%85/%C4%99">ę</a>`,
        `<a href="/ipfs/${root}/%C4%85/%C4%99/..">..</a>`,
        `<a href="/ipfs/${root}/%C4%85/%C4%99/file-%C5%BA%C5%82.txt">file-źł.txt</a>`,
        `<a class="ipfs-hash" translate="no" href="/ipfs/${file}?filename=file-%25C5%25BA%25C5%2582.txt">`,
      ]) {
        expect(text).toContain(part)
      }
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
    })

    it.each([
      ['/%C4%85/%C4%99', '', '/%C4%85/%C4%99/'],
      ['/%c4%85/%c4%99', '?a=%C4%99&b', '/%C4%85/%C4%99/?a=%C4%99&b'],
      ['//%C4%85', '', '/%C4%85/'],
      ['', '', '/'],
    ])('is at a path with a slash: %s%s', async (path, query, to) => {
      const root = await cidAt(listing)
      const { status, headers } = await ask(`/ipfs/${root}${path}${query}`)
      expect({ status, to: headers.location }).toEqual({ status: 301, to: `/ipfs/${root}${to}` })
    })

    it('may be kept for a while, and has a tag', async () => {
      const [root, two, three] = await Promise.all([
        cidAt(cache),
        cidAt(cache, 'root2'),
        cidAt(cache, 'root2', 'root3'),
      ])
      const { status, headers } = await ask(`/ipfs/${root}/root2/root3/`)
      expect({ status, headers }).toMatchObject({
        status: 200,
        headers: {
          'x-ipfs-path': `/ipfs/${root}/root2/root3/`,
          'x-ipfs-roots': [root, two, three].join(),
          etag: expect.stringMatching(new RegExp(`^"DirIndex-.*_CID-${three}"$`)),
          'cache-control': 'public, max-age=604800, stale-while-revalidate=2678400',
        },
      })
      for (const tag of [headers.etag, `W/${headers.etag}`]) {
        const again = await ask(`/ipfs/${root}/root2/root3/`, { 'if-none-match': tag as string })
        expect({ status: again.status, size: again.body.byteLength }).toEqual({ status: 304, size: 0 })
      }
    })

    it('of a sharded folder has all its names, in their order', async () => {
      const root = await cidAt('trustless_gateway_car/single-layer-hamt-with-multi-block-files.car')
      const { status, text, headers } = await ask(`/ipfs/${root}/`)
      const names = [...text.matchAll(/">(\d+\.txt)<\/a>/g)].map(([, name]) => name)
      expect({ status, first: names[0], isSorted: names.join() === [...names].sort().join() }).toEqual({
        status: 200,
        first: '1.txt',
        isSorted: true,
      })
      expect(names).toHaveLength(1000)
      expect(headers['x-ipfs-roots']).toBe(String(root))
    })
  })

  describe('a folder with an index.html', () => {
    it('is that page, under the CID of the folder', async () => {
      const path = ['root2', 'root3', 'root4']
      const roots = await Promise.all([0, 1, 2, 3].map((end) => cidAt(cache, ...path.slice(0, end))))
      const { status, text, headers } = await ask(`/ipfs/${roots[0]}/root2/root3/root4/`)
      expect({ status, text, headers }).toMatchObject({
        status: 200,
        text: 'hello\n',
        headers: {
          'cache-control': immutable,
          'x-ipfs-path': `/ipfs/${roots[0]}/root2/root3/root4/`,
          'x-ipfs-roots': roots.join(),
          etag: `"${roots[3]}"`,
          'content-type': 'text/html',
          'content-security-policy': expect.stringMatching(/^sandbox; default-src 'none';/),
        },
      })
    })
  })

  describe('a file', () => {
    const path = ['root2', 'root3', 'root4', 'index.html']

    it('is sent with what a cache needs', async () => {
      const roots = await Promise.all([0, 1, 2, 3, 4].map((end) => cidAt(cache, ...path.slice(0, end))))
      const { status, headers } = await ask(`/ipfs/${roots[0]}/${path.join('/')}`)
      expect({ status, headers }).toMatchObject({
        status: 200,
        headers: {
          'cache-control': immutable,
          'x-ipfs-path': `/ipfs/${roots[0]}/${path.join('/')}`,
          'x-ipfs-roots': roots.join(),
          etag: `"${roots[4]}"`,
          'content-length': '6',
          'accept-ranges': 'bytes',
          vary: 'Accept',
        },
      })
      expect(headers).not.toHaveProperty('content-disposition')
    })

    it.each([
      [304, (tag: string) => `"${tag}"`],
      [304, (tag: string) => `W/"${tag}"`],
      [304, (tag: string) => `"fakeEtag1", "fakeEtag2", "${tag}"`],
      [304, () => '*'],
      [200, () => '"other"'],
      [200, (tag: string) => `"${tag}.raw"`],
      [200, (tag: string) => tag],
    ])('is %i for those who have a tag (%#)', async (status, tagOf) => {
      const [root, file] = [await cidAt(cache), await cidAt(cache, ...path)]
      const answer = await ask(`/ipfs/${root}/${path.join('/')}`, { 'if-none-match': tagOf(String(file)) })
      expect(answer.status).toBe(status)
      expect(answer.headers.etag).toBe(`"${file}"`)
      if (status === 304) expect(answer.headers).not.toHaveProperty('content-length')
    })

    it('is found under a name that has a percent sign', async () => {
      const car = 'path_gateway_unixfs/dir-with-percent-encoded-filename.car'
      const name = 'Portugal%2C+España=Peninsula Ibérica.txt'
      const [root, file] = [await cidAt(car), await cidAt(car, name)]
      for (const path of ['Portugal%252C+España=Peninsula%20Ibérica.txt', encodeURIComponent(name)]) {
        const url = Buffer.from(`/ipfs/${root}/${path}`).toString('latin1')
        const { status, body, headers } = await ask(url)
        expect({ status, body }).toEqual({ status: 200, body: await fixtures.blockOf(file) })
        expect(headers['content-type']).toMatch(/^text\/plain; charset=utf-8$/)
      }
    })

    it('is saved, where that is asked for, under its own name or another', async () => {
      const url = `/ipfs/${await cidAt(cache)}/${path.join('/')}`
      const dispositionOf = async (query: string) => (await ask(url + query)).headers['content-disposition']
      expect(await dispositionOf('?download=true')).toBe('attachment; filename="index.html"')
      expect(await dispositionOf('?download=true&filename=a.txt')).toBe('attachment; filename="a.txt"')
      expect(await dispositionOf('?filename=%C4%85.html')).toBe(
        `inline; filename="_.html"; filename*=UTF-8''%C4%85.html`,
      )
    })

    it('has the same head without a body for HEAD', async () => {
      const url = `/ipfs/${await cidAt(cache)}/${path.join('/')}`
      const { status, headers, body } = await ask(url, { range: 'bytes=0-1' }, 'HEAD')
      expect({ status, headers, size: body.byteLength }).toEqual({
        status: 200,
        headers: (await ask(url)).headers,
        size: 0,
      })
    })
  })

  it('only what is here is answered where nothing else may be asked', async () => {
    const headers = { 'cache-control': 'only-if-cached' }
    const url = `/ipfs/${await cidAt(cache)}/root2/root3/root4/?format=raw`
    for (const method of ['GET', 'HEAD']) {
      expect((await ask(url, headers, method)).status).toBe(200)
      expect((await ask(`/ipfs/${absent}`, headers, method)).status).toBe(412)
    }
  })

  it('a symbolic link is the path that it holds', async () => {
    const root = await cidAt('path_gateway_unixfs/symlink.car')
    const { status, text, headers } = await ask(`/ipfs/${root}/bar`)
    expect({ status, text, type: headers['content-type'] }).toEqual({ status: 200, text: 'foo', type: 'inode/symlink' })
    const folder = await ask(`/ipfs/${root}/`)
    for (const name of ['foo', 'bar']) expect(folder.text).toContain(`>${name}<`)
  })

  describe('errors', () => {
    it.each([
      ['a root that is not here', `/ipfs/${absent}`, 404, String(absent)],
      ['no CID', '/ipfs/QmInvalidCID', 400, 'invalid path "/ipfs/QmInvalidCID"'],
      ['no CID, in markup', '/ipfs/<script>', 400, ''],
      ['nothing', '/ipfs/', 404, '/ipfs/<…>'],
      ['a broken escape', `/ipfs/${hello}/%zz`, 400, 'broken % escape'],
      ['a slash in a name', `/ipfs/${hello}/a%2Fb`, 400, 'no entry can have'],
      ['a NUL in a name', `/ipfs/${hello}/a%00b`, 400, 'no entry can have'],
      ['a way up', `/ipfs/${hello}/%2e%2E/x`, 400, 'no entry can have'],
      ['a path below a file', `/ipfs/${hello}/x`, 404, 'no "x"'],
      ['a format that nobody knows', `/ipfs/${hello}?format=exe`, 400, 'format'],
      ['TAR', `/ipfs/${hello}?format=tar`, 406, 'format=car'],
      ['a record of what has none', `/ipfs/${hello}?format=ipns-record`, 400, '/ipns'],
    ])('%s', async (_, url, status, part) => {
      const answer = await ask(url)
      expect(answer.status).toBe(status)
      expect(answer.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      })
      expect(answer.text).toContain(part)
      expect(answer.text).not.toMatch(/\n\s+at /)
      expect((await ask(url, {}, 'HEAD')).body.byteLength).toBe(0)
    })

    it('a name that is not in a folder is named', async () => {
      const { status, text } = await ask(`/ipfs/${await cidAt(listing)}/i-do-not-exist`)
      expect({ status, text }).toEqual({ status: 404, text: expect.stringContaining('no "i-do-not-exist"') })
    })

    it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'])('%s is not allowed', async (method) => {
      const { status, headers } = await ask(`/ipfs/${hello}`, {}, method)
      expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD, OPTIONS' })
    })
  })

  describe('CORS', () => {
    const expected = {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'Content-Type, Range, User-Agent, X-Requested-With',
      'access-control-expose-headers':
        'Content-Length, Content-Range, X-Chunked-Output, X-Ipfs-Path, X-Ipfs-Roots, X-Stream-Output',
    }

    it.each(['GET', 'OPTIONS'])('lets pages elsewhere read: %s', async (method) => {
      const { status, headers } = await ask(`/ipfs/${hello}/`, {}, method)
      expect({ status, headers }).toMatchObject({ status: 200, headers: expected })
    })

    it('lets them read errors and what has not changed', async () => {
      expect((await ask(`/ipfs/${absent}`)).headers).toMatchObject(expected)
      expect((await ask(`/ipfs/${hello}`, { 'if-none-match': '*' })).headers).toMatchObject(expected)
    })
  })
})
