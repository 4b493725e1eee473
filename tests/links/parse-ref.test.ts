import { bases } from 'multiformats/basics'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { linksTo } from '../../src/links/links-to.ts'
import { parseAddress, parseRef } from '../../src/links/parse-ref.ts'

const root = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
const v0 = 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn'

function described(text: string): unknown {
  const ref = parseRef(text)
  return ref.kind === 'root' ? [ref.root.toString(), ...ref.path] : ref
}

describe('parseRef', () => {
  it.each([
    [root, [root]],
    [v0, [root]],
    [`${root}/index.html`, [root, 'index.html']],
    [`ipfs://${root}`, [root]],
    [`ipfs://${v0}/a/b%20c`, [root, 'a', 'b c']],
    [`IPFS://${root}/?x=1#y`, [root]],
    [`/ipfs/${root}/assets/x.png`, [root, 'assets', 'x.png']],
    [`https://gateway.example/ipfs/${root}/?format=car`, [root]],
    [`http://127.0.0.1:8080/ipfs/${v0}`, [root]],
    [`https://${root}.ipfs.gateway.example/index.html`, [root, 'index.html']],
    [`http://${root}.ipfs.localhost:8080`, [root]],
  ])('%s', (text, expected) => {
    expect(described(text)).toEqual(expected)
  })

  it.each([
    ['harbour-inquiry', { kind: 'slug', slug: 'harbour-inquiry' }],
    ['harbour-inquiry@2', { kind: 'slug', slug: 'harbour-inquiry', version: 2 }],
    ['новини-дня@13', { kind: 'slug', slug: 'новини-дня', version: 13 }],
    ['云溪村', { kind: 'slug', slug: '云溪村' }],
    // NFD comes out as NFC, the form that slugs have.
    ['cafe\u0301', { kind: 'slug', slug: 'caf\u00e9' }],
  ])('%s', (text, expected) => {
    expect(parseRef(text)).toEqual(expected)
  })

  it('understands a CID in every base', () => {
    const cid = CID.parse(root)
    const texts = Object.values(bases)
      // These have too few digits for a CID to be of any use, or no ASCII ones.
      .filter(({ name }) => !['identity', 'base2', 'base8', 'base256emoji', 'base32z'].includes(name))
      .map((base) => cid.toString(base as never))
    expect(texts.length).toBeGreaterThan(15)
    for (const text of texts) expect(described(text), text).toEqual([root])
  })

  it.each([
    '',
    '@1',
    'a@0',
    'a@',
    'a b',
    '../a',
    'ipfs://',
    'ipfs://x',
    '/ipfs/x',
    'https://example.org/page',
    `ipfs://${root}/%zz`,
  ])('refuses %j with a hint', (text) => {
    expect(() => parseRef(text)).toThrow(expect.objectContaining({ code: 'usage', hint: expect.any(String) }))
  })
})

describe('parseAddress', () => {
  const host = (base: string, car?: string) => ({
    base: new URL(base),
    ...(car === undefined ? {} : { car: new URL(car) }),
  })

  it.each([
    [`https://g.example/ipfs/${root}`, [], host('https://g.example/')],
    [`https://g.example:8080/ipfs/${root}/a%20b/c?download=true#x`, ['a b', 'c'], host('https://g.example:8080/')],
    [`http://g.example/some/where/ipfs/${root}/`, [], host('http://g.example/some/where/')],
    [`https://g.example//other.example/ipfs/${root}`, [], host('https://g.example//other.example/')],
    [`https://g.example//[::/ipfs/${root}/a`, ['a'], host('https://g.example//[::/')],
    [
      `https://g.example//other.example/ipfs/${root}.car`,
      [],
      host('https://g.example//other.example/', `https://g.example//other.example/ipfs/${root}.car`),
    ],
    [`https://${root}.ipfs.g.example/a/b`, ['a', 'b'], host('https://g.example/')],
    [`http://${root}.ipfs.localhost:8080`, [], host('http://localhost:8080/')],
    [`https://n.example/ipfs/${root}.car`, [], host('https://n.example/', `https://n.example/ipfs/${root}.car`)],
    [`https://n.example/x/ipfs/${root}.car`, [], host('https://n.example/x/', `https://n.example/x/ipfs/${root}.car`)],
    [`https://n.example/files/${root}.car?v=1`, [], { car: new URL(`https://n.example/files/${root}.car?v=1`) }],
  ])('%s', (text, path, expected) => {
    expect(parseAddress(text)).toEqual({ kind: 'root', root: CID.parse(root), path, host: expected })
  })

  it.each([
    'https://news.example/',
    'https://news.example/ipfs/about',
    'https://www.ipfs.example/x',
    'http://n.example/all.car',
  ])('takes every other URL for a page: %s', (text) => {
    expect(parseAddress(text)).toEqual({ kind: 'page', url: new URL(text) })
  })

  it('understands all else as parseRef does', () => {
    for (const text of ['on-clocks@2', root, `ipfs://${root}/a`, `/ipfs/${root}`]) {
      expect(parseAddress(text)).toEqual(parseRef(text))
    }
    for (const text of ['https://', 'ftp://n.example/x', `https://g.example/ipfs/${root}/%zz`]) {
      expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'usage' }))
    }
  })
})

describe('linksTo', () => {
  it('names the bytes first, then the places', () => {
    expect(linksTo(root, ['https://a.example', 'https://b.example/base//'])).toEqual({
      ipfs: `ipfs://${root}`,
      gateways: [`https://a.example/ipfs/${root}/`, `https://b.example/base/ipfs/${root}/`],
    })
  })
})
