import { describe, expect, it } from 'vitest'
import { articleMetadata, encodeMetadata } from '../../src/bundle/metadata.ts'
import { readMetadata } from '../../src/bundle/read-metadata.ts'
import { corrected, english, first, illustrated, newsroom, plain, samples, third } from './articles.ts'
import { checkNewsArticle } from './news-article.ts'

describe('articleMetadata', () => {
  it.each(samples)('describes $name with known properties in their order', ({ article, site, edition }) => {
    checkNewsArticle(articleMetadata(article, site, edition), 'metadata')
  })

  it('leaves out what is not there', () => {
    expect(articleMetadata(plain, {}, first)).toEqual({
      '@context': ['https://schema.org', { prov: 'http://www.w3.org/ns/prov#' }],
      '@type': 'NewsArticle',
      schemaVersion: 'ovn-bundle/1',
      identifier: 'an-article',
      version: 1,
      headline: 'A short notice',
      encoding: {
        '@type': 'MediaObject',
        contentUrl: 'article.md',
        encodingFormat: 'text/markdown',
        contentSize: '17 B',
      },
    })
  })

  it('says what is there', () => {
    const metadata = articleMetadata(illustrated, newsroom, third)
    expect(metadata).toMatchObject({
      version: 3,
      inLanguage: 'en-GB',
      author: [
        { '@type': 'Person', name: 'Ingrid Þórsdóttir', url: 'https://ledger.example/people/ingrid' },
        { '@type': 'Person', name: 'Tom Okafor' },
      ],
      publisher: {
        '@type': 'NewsMediaOrganization',
        name: 'The Harbour Ledger',
        slogan: 'What the town decides, written down.',
        url: 'https://ledger.example/',
      },
      url: 'https://ledger.example/2024/the-pier',
      mainEntityOfPage: 'https://ledger.example/2024/the-pier',
      image: { contentUrl: 'assets/the%20harbour%20100%25.png', creditText: 'Nils Bø' },
      license: 'https://creativecommons.org/licenses/by-sa/4.0/',
      'prov:wasRevisionOf': { '@id': `ipfs://${third.previous}` },
      correction: [{ '@type': 'CorrectionComment', text: third.note }],
    })
    expect(metadata.associatedMedia?.map(({ contentUrl, encodingFormat }) => [contentUrl, encodingFormat])).toEqual([
      ['assets/pier.png', 'image/png'],
      ['assets/survey.csv', 'text/csv'],
      ['assets/the%20harbour%20100%25.png', 'image/png'],
    ])
  })

  it('takes the language of the site where the article names none', () => {
    expect(articleMetadata(plain, { language: 'uk' }, first).inLanguage).toBe('uk')
    expect(articleMetadata(english, { language: 'uk' }, first).inLanguage).toBe('en')
  })

  it('names a licence that has no address', () => {
    expect(articleMetadata(corrected, {}, first).license).toEqual({
      '@type': 'CreativeWork',
      name: 'All rights reserved',
    })
  })

  it('adds the reason for the edition to the corrections, once', () => {
    const declared = corrected.corrections.map(({ note }) => note)
    const notes = (note: string) =>
      articleMetadata(corrected, {}, { version: 2, note }).correction?.map(({ text }) => text)
    expect(notes('A map was added.')).toEqual([...declared, 'A map was added.'])
    expect(notes(declared[1] ?? '')).toEqual(declared)
  })

  it('leaves an empty alternative text out', () => {
    const article = { ...plain, image: { path: 'assets/a.png', alt: '' } }
    expect(articleMetadata(article, {}, first).image).toEqual({ '@type': 'ImageObject', contentUrl: 'assets/a.png' })
  })
})

describe('encodeMetadata', () => {
  it('writes UTF-8, two spaces a level and one newline at the end', () => {
    const bytes = encodeMetadata(articleMetadata(illustrated, newsroom, first))
    const written = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    expect(written).toMatch(/^{\n {2}"@context": \[\n {4}"https:\/\/schema\.org",\n/)
    expect(written).toMatch(/[^\n]\n}\n$/)
    expect(written).toContain('Ingrid Þórsdóttir')
    expect(JSON.parse(written)).toEqual(articleMetadata(illustrated, newsroom, first))
  })
})

describe('readMetadata', () => {
  const right = { schemaVersion: 'ovn-bundle/1', identifier: 'a', version: 2, headline: 'A' }
  const read = (value: unknown) => readMetadata(Buffer.from(JSON.stringify(value)))

  it.each([1, null, [], { toString: 1, valueOf: 1 }, 'ovn-bundle/0'])(
    'leaves alone what says that it is %j',
    (form) => {
      expect(read({ ...right, schemaVersion: form })).toBeUndefined()
    },
  )

  it('takes no note from a correction that is none', () => {
    const odd = [null, 7, { text: 7 }, { text: 'b', datePublished: { toString: 1 } }]
    expect(read({ ...right, correction: odd })?.note).toBeUndefined()
    const dated = [{ text: 'a', datePublished: '2025-01-02' }, ...odd, { text: 'c', datePublished: '2025-01-01' }]
    expect(read({ ...right, correction: dated })?.note).toBe('a')
  })
})
