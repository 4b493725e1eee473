import { describe, expect, it } from 'vitest'
import { catalogOf } from '../../src/site/catalog.ts'
import { edition, rootOf, withdrawal } from './records.ts'

describe('catalogOf', () => {
  it('has the newest first, and of one day the one that was recorded last', () => {
    const { articles } = catalogOf([
      edition(1),
      edition(2, { datePublished: '2025-08-22T00:00:00Z' }),
      edition(3, { datePublished: '2025-09-01' }),
      edition(4, { datePublished: '2025-08-22T10:00:00+12:00' }),
    ])
    expect(articles.map(({ slug }) => slug)).toEqual(['article-3', 'article-2', 'article-1', 'article-4'])
  })

  it('keeps all versions of an article, by number, one root once', () => {
    const { articles } = catalogOf([
      edition(2, { slug: 'a', version: 2 }),
      edition(1, { slug: 'a', version: 1 }),
      edition(2, { slug: 'a', version: 2, event: 'rebuild' }),
    ])
    expect(articles).toHaveLength(1)
    expect(articles[0]?.versions.map(({ record }) => [record.version, record.event])).toEqual([
      [1, 'publish'],
      [2, 'rebuild'],
    ])
    expect(articles[0]?.newest.record.root).toBe(rootOf(2))
  })

  it('knows what was withdrawn, and what was recorded again after that', () => {
    const { articles } = catalogOf([edition(1), withdrawal(1), edition(2), withdrawal(2), edition(2)])
    const withdrawn = Object.fromEntries(articles.map(({ slug, newest }) => [slug, newest.withdrawal?.reason]))
    expect(withdrawn).toEqual({ 'article-1': 'It was wrong.', 'article-2': undefined })
  })

  it('takes categories that differ in case for one, and gives two that share a name on disk numbers', () => {
    const { categories } = catalogOf([
      edition(1, { categories: ['Local', 'C'] }),
      edition(2, { categories: ['LOCAL', 'local', 'C++'] }),
      edition(3, { categories: ['nul'] }),
    ])
    expect(categories.map(({ name, folder, articles }) => [name, folder, articles.length])).toEqual([
      ['C', 'c', 1],
      ['C++', 'c-2', 1],
      ['Local', 'local', 2],
      ['nul', 'nul_', 1],
    ])
  })

  it.each(['../../2025', '2025-13-01', '2025-02-3x', 'yesterday', '', '2025-08-22T99:00Z'])(
    'names nothing after a date that is none: %j',
    (datePublished) => {
      const [article] = catalogOf([edition(1, { datePublished })]).articles
      expect([article?.date, article?.month]).toEqual(['2025-09-01T10:00:00.000Z', '2025-09'])
    },
  )

  it.each([{ slug: '../up' }, { slug: 'UP' }, { slug: '' }, { root: 'bafy../x' }, { version: -1 }])(
    'leaves out what has no safe name, and says so: %j',
    (fields) => {
      const { articles, problems } = catalogOf([edition(1, fields)])
      expect(articles).toEqual([])
      expect(problems).toHaveLength(1)
    },
  )

  it.each(['page', 'archive', 'assets', 'ipfs', 'category', 'con', 'lpt1'])('keeps its own names: %s', (slug) => {
    expect(catalogOf([edition(1, { slug })]).articles[0]?.folder).toBe(`${slug}_`)
  })
})
