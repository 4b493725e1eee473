// Group path-ipns: content under a name, and which records are believed.

import { describe, expect, it } from 'vitest'
import { useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const cache = 'gateway-cache/fixtures.car'

describe.skipIf(!hasGatewayFixtures)('a name on the path gateway', () => {
  const { ask, cidAt } = useFixtures()

  it.each([
    ['V1 alone', 'k51qzi5uqu5dm4tm0wt8srkg9h9suud4wuiwjimndrkydqm81cqtlb5ak6p7ku', /no signature of version 2/],
    ['V1 and V2 of two minds', 'k51qzi5uqu5dlmit2tuwdvnx4sbnyqgmvbxftl0eo3f33wwtb9gr7yozae9kpw', /says twice/],
    ['a broken V2', 'k51qzi5uqu5diamp7qnnvs1p1gzmku3eijkeijs3418j23j077zrkok63xdm8c', /not of that key/],
  ])('with %s is 500', async (_, name, why) => {
    const { status, text, headers } = await ask(`/ipns/${name}`)
    expect({ status, text }).toEqual({ status: 500, text: expect.stringMatching(why) })
    expect(headers['cache-control']).toBe('no-store')
  })

  it.each([
    ['a broken V1', 'k51qzi5uqu5dilgf7gorsh9vcqqq4myo6jd4zmqkuy9pxyxi5fua3uf7axph4y'],
    ['V1 and V2', 'k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w'],
    ['V2 alone', 'k51qzi5uqu5dit2ku9mutlfgwyz8u730on38kd10m97m36bjt66my99hb6103f'],
  ])('with %s is what it stands for', async (_, name) => {
    const { status, text, headers } = await ask(`/ipns/${name}`)
    expect({ status, isText: text.length > 0 && !text.includes('invalid') }).toEqual({ status: 200, isText: true })
    expect(headers['cache-control']).toMatch(/^public, max-age=1800$/)
  })

  it.each([
    [
      '12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK/root2/',
      'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8/root2/',
    ],
    [
      'QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2/root2/?a=b',
      'k2k4r8ol4m8kkcqz509c1rcjwunebj02gcnm5excpx842u736nja8ger/root2/?a=b',
    ],
  ])('is written in base 36: %s', async (from, to) => {
    const { status, headers } = await ask(`/ipns/${from}`)
    expect({ status, to: headers.location }).toEqual({ status: 302, to: `/ipns/${to}` })
  })

  it('may stand for a path below a root', async () => {
    const name = 'k51qzi5uqu5djokp3m1keo36hoxtd6u3a1d2rg1camf6al7p3huy63dojlm57c'
    const { status, text, headers } = await ask(`/ipns/${name}/root3/root4/index.html`)
    expect({ status, text }).toEqual({ status: 200, text: 'hello\n' })
    expect(headers['x-ipfs-path']).toBe(`/ipns/${name}/root3/root4/index.html`)
    const below = ['root2', 'root3', 'root4', 'index.html']
    const roots = await Promise.all([1, 2, 3, 4].map((end) => cidAt(cache, ...below.slice(0, end))))
    expect(headers['x-ipfs-roots']).toBe(roots.join())
  })

  describe('is as its root, but not for ever:', () => {
    const name = 'k51qzi5uqu5dlxdsdu5fpuu7h69wu4ohp32iwm9pdt9nq3y5rpn3ln9j12zfhe'

    it.each([
      ['a listing', '/root2/root3/', 3, /^"DirIndex-.*_CID-/],
      ['a page of a folder', '/root2/root3/root4/', 4, /^"bafy/],
      ['a file', '/root2/root3/root4/index.html', 5, /^"bafkrei/],
      ['a block', '/root2/root3/root4/?format=raw', 4, /\.raw"$/],
    ])('%s', async (_, path, count, tag) => {
      const { status, headers } = await ask(`/ipns/${name}${path}`)
      expect({ status, headers }).toMatchObject({
        status: 200,
        headers: {
          'x-ipfs-path': `/ipns/${name}${path.replace(/\?.*/, '')}`,
          etag: expect.stringMatching(tag),
          'cache-control': expect.stringMatching(/^public, max-age=\d+$/),
        },
      })
      expect(headers['x-ipfs-roots']?.split(',')).toHaveLength(count)
      expect((await ask(`/ipns/${name}${path}`, { 'if-none-match': headers.etag as string })).status).toBe(304)
    })
  })

  it('that no record is kept of is 404, and the DNS is not asked', async () => {
    expect((await ask('/ipns/k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8/')).status).toBe(404)
    expect(await ask('/ipns/example.com/')).toMatchObject({ status: 404, text: expect.stringContaining('no DNS') })
    expect((await ask('/ipns/not%20a%20name/')).status).toBe(404)
  })

  it('of the DNS is what it is told to be', async () => {
    expect(await ask('/ipns/dnslink-test.example.org')).toMatchObject({ status: 200, text: 'hello\n' })
    const { headers } = await ask('/ipns/dnslink-test.example.org')
    expect(headers).not.toHaveProperty('cache-control')
  })
})
