import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkLanguageTag } from '../../src/article/language-tag.ts'
import { mediaTypeOf } from '../../src/article/media-type.ts'
import { cleanText, findControl, findNearest } from '../../src/article/text.ts'

describe('cleanText', () => {
  it.each([
    [' a ', 'a'],
    ['a\n  b\r\nc', 'a b c'],
    ['a\tb\u2028c', 'a b c'],
    ['a  b', 'a  b'],
    ['a\u00a0b', 'a\u00a0b'],
    ['e\u0301', 'é'],
    ['\u202eabc', '\u202eabc'],
  ])('makes of %j %j', (text, clean) => {
    expect(cleanText(text)).toBe(clean)
  })
})

describe('findControl', () => {
  it.each([
    ['plain', undefined],
    ['\u202e bidi is for the terminal to escape', undefined],
    ['a\u0007', 'U+0007'],
    ['\u001b[31m', 'U+001B'],
    ['\u007f', 'U+007F'],
    ['\u009b', 'U+009B'],
  ])('finds in %j %s', (text, control) => {
    expect(findControl(text)).toBe(control)
  })
})

describe('findNearest', () => {
  const names = ['title', 'date', 'tags', 'url']

  it.each([
    ['titel', 'title'],
    ['ttile', 'title'],
    ['tilte', 'title'],
    ['titleee', 'title'],
    ['titleeee', undefined],
    ['dta', undefined],
    ['urll', 'url'],
    ['ulr', 'url'],
    ['xyl', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ])('%s was meant to be %s', (name, nearest) => {
    expect(findNearest(name, names)).toBe(nearest)
  })

  it('finds any name with one letter more', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.constantFrom(...'xyz'), (name, at, letter) => {
        const position = at % (name.length + 1)
        expect(findNearest(name.slice(0, position) + letter + name.slice(position), names)).toBe(name)
      }),
    )
  })
})

describe('checkLanguageTag', () => {
  it.each([
    ['en', 'en'],
    ['EN', 'en'],
    ['uk-ua', 'uk-UA'],
    ['zh-hans', 'zh-Hans'],
    ['ZH-HANT-tw', 'zh-Hant-TW'],
    ['en_US', 'en-US'],
    ['es-419', 'es-419'],
    ['sl-rozaj-biske', 'sl-rozaj-biske'],
    ['de-CH-1996', 'de-CH-1996'],
    ['ar-u-nu-LATN', 'ar-u-nu-latn'],
    ['en-x-MINE', 'en-x-mine'],
    ['ckb', 'ckb'],
  ])('writes %s as %s', (text, tag) => {
    expect(checkLanguageTag(text)).toEqual({ tag })
  })

  it.each([
    'english',
    'e',
    'en-',
    'en--us',
    'en us',
    'українська',
    'en-US-US-US',
    'x-mine',
    `en${'-abcde'.repeat(10)}`,
  ])('refuses %s', (text) => {
    const hint = 'write a language tag such as en or uk'
    expect(checkLanguageTag(text)).toEqual({ problem: `'${text.slice(0, 50)}' is not a language tag`, hint })
  })

  it('takes no time for a long text', () => {
    const start = performance.now()
    for (const text of [`en${'-a1'.repeat(500_000)}`, `en-a${'-aa'.repeat(10)}!`]) checkLanguageTag(text)
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('mediaTypeOf', () => {
  it.each([
    ['assets/a.JPG', 'image/jpeg'],
    ['a.tar.gz', 'application/gzip'],
    ['a.webm', 'video/webm'],
    ['a.opus', 'audio/ogg'],
    ['report.pdf', 'application/pdf'],
    ['a.csv', 'text/csv'],
    ['a.constructor', 'application/octet-stream'],
    ['a.xyz', 'application/octet-stream'],
    ['README', 'application/octet-stream'],
  ])('%s is %s', (path, type) => {
    expect(mediaTypeOf(path)).toBe(type)
  })
})
