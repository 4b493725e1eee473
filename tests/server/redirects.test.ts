// Group redirects: `_redirects` of a site that has an origin of its own. Source: the specification of the web redirects file.

import { describe, expect, it } from 'vitest'
import { findTarget, maxRedirectsFile, parseRedirects } from '../../src/server/redirects.ts'
import { type Ask, immutable, useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const rules = (text: string) => parseRedirects(Buffer.from(text))

describe('the rules', () => {
  it.each([
    ['/a /b', '/a', '/b', 301],
    ['/a /b', '/a/', '/b', 301],
    ['/a/ /b', '/a', '/b', 301],
    ['/a /b 302', '/a', '/b', 302],
    ['/a https://example.org/b', '/a', 'https://example.org/b', 301],
    ['/p/:y/:t /q/:t/:y', '/p/2022/x', '/q/x/2022', 301],
    ['/s/* /t/:splat 308', '/s/a/b', '/t/a/b', 308],
    ['/s/* /t/:splat', '/s/', '/t/', 301],
    ['/* /index.html 200', '/any/thing', '/index.html', 200],
    ['# no\n\n/a /b 303 # why\r\n/a /c', '/a', '/b', 303],
    ['/a.b /c', '/aXb', undefined, undefined],
    ['/a /b', '/a/c', undefined, undefined],
    ['/:x /b', '/', undefined, undefined],
  ])('%j send %s to %s (%s)', (text, path, to, status) => {
    expect(findTarget(rules(text), path)).toEqual(to === undefined ? undefined : { to, status })
  })

  it.each([
    ['/a /b 301!', 'status'],
    ['/a /b 500', 'status'],
    ['/a /b 200 x', 'not a rule'],
    ['/a', 'not a rule'],
    ['a /b', 'slash'],
    ['/*/a /b', '\\*'],
    ['/a b', 'path of the site'],
    ['/a //evil.example', 'path of the site'],
    ['/a javascript:alert(1)', 'path of the site'],
    ['/a https://example.org 200', 'path of the site'],
  ])('%s are none', (text, why) => {
    expect(() => rules(text)).toThrow(new RegExp(`^could not parse _redirects: .*${why}`))
  })

  it('have limits', () => {
    expect(() => parseRedirects(new Uint8Array(maxRedirectsFile + 1))).toThrow(
      /redirects file size cannot exceed 65536/,
    )
    expect(() => rules('/a /b\n'.repeat(5000))).toThrow(/more than 4096 rules/)
  })
})

describe.skipIf(!hasGatewayFixtures)('a site with _redirects', () => {
  const { ask, askRoot, cidAt } = useFixtures()
  const car = 'redirects_file/redirects.car'

  async function site(name: string): Promise<Ask> {
    return askRoot((await cidAt(car, name)).toV1().toString())
  }

  it.each([
    ['/redirect-one', 301, '/one.html'],
    ['/301-redirect-one', 301, '/one.html'],
    ['/302-redirect-two', 302, '/two.html'],
    ['/posts/2022/01/01/hello-world', 301, '/articles/2022/01/01/hello-world'],
    ['/splat/one.html', 301, '/redirected-splat/one.html'],
  ])('sends %s on: %i', async (path, status, to) => {
    const answer = await (await site('examples'))(path)
    expect({ status: answer.status, to: answer.headers.location }).toEqual({ status, to })
  })

  it.each(['/200-index', '/catch-all', '/a/b/c'])('shows another page at %s', async (path) => {
    expect(await (await site('examples'))(path)).toMatchObject({
      status: 200,
      text: expect.stringContaining('my index'),
    })
  })

  it.each([
    ['/not-found/has-no-redirects-entry', 404, '404.html'],
    ['/gone/has-no-redirects-entry', 410, '410.html'],
    ['/unavail/has-no-redirects-entry', 451, '451.html'],
  ])('shows its own page of errors at %s: %i', async (path, status, file) => {
    const answer = await (await site('examples'))(path)
    expect(answer).toMatchObject({
      status,
      text: expect.stringContaining(`my ${status}`),
      headers: { 'cache-control': immutable, etag: `"${await cidAt(car, 'examples', file)}"` },
    })
  })

  it('that cannot be read says so, for what is missing alone', async () => {
    expect(await (await site('forced'))('/not-found')).toMatchObject({
      status: 500,
      text: expect.stringContaining('could not parse _redirects:'),
    })
    expect(await (await site('too-large'))('/not-found')).toMatchObject({
      status: 500,
      text: expect.stringMatching(/could not parse _redirects:.*redirects file size cannot exceed/),
    })
    expect(await (await site('bad-codes'))('/found.html')).toMatchObject({
      status: 200,
      text: expect.stringContaining('my found'),
    })
  })

  it('may have lines that end as on Windows, and all good codes', async () => {
    expect((await (await site('newlines'))('/redirect-one')).headers.location).toBe('/one.html')
    expect(await (await site('good-codes'))('/a301')).toMatchObject({ status: 301, headers: { location: '/b301' } })
  })

  it('is not asked on a host that others share, nor for blocks', async () => {
    const root = (await cidAt(car, 'examples')).toString()
    expect((await ask(`/ipfs/${root}/redirect-one`)).status).toBe(404)
    expect((await (await site('examples'))('/redirect-one?format=raw')).status).toBe(404)
  })

  it('shows one page at every path, and says when it has not changed', async () => {
    const root = await cidAt('redirects_file/redirects-spa.car')
    for (const asked of [askRoot(String(root)), askRoot('dnslink--enabled--with--spa-example-org', 'ipns')]) {
      const { status, headers, text } = await asked('/missing-page', { accept: 'text/html' })
      expect({ status, isPage: text.length > 0 }).toEqual({ status: 200, isPage: true })
      expect(headers.etag).toBe(`"${await cidAt('redirects_file/redirects-spa.car', 'index.html')}"`)
      const again = await asked('/missing-page', { accept: 'text/html', 'if-none-match': headers.etag as string })
      expect(again.status).toBe(304)
    }
  })
})
