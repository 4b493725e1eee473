import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { catalogOf } from '../../src/site/catalog.ts'
import { renderFeeds } from '../../src/site/feeds.ts'
import type { Scene } from '../../src/site/page.ts'
import { renderSitemaps } from '../../src/site/sitemap.ts'
import { edition, rootOf, withdrawal } from './records.ts'

const scene: Scene = {
  site: { name: 'The Ledger & Co', url: 'https://ledger.example/news', gateways: [] },
  style: 's.css',
}
const nowhere: Scene = { site: { gateways: [] }, style: 's.css' }
const facts = () => ({ language: 'en', summary: 'A <summary>\u0007 & more.', authors: ['Ana'] })

function feedsOf(records: Parameters<typeof catalogOf>[0], at = scene) {
  const feeds = renderFeeds(at, catalogOf(records), facts, new Map([[rootOf(1), 1234]]))
  return {
    atom: feeds.get('atom.xml') ?? '',
    rss: feeds.get('rss.xml') ?? '',
    json: JSON.parse(feeds.get('feed.json') ?? ''),
  }
}

/** Whether a text is well-formed XML, by a parser that is not ours. */
function isXml(text: string): boolean {
  const { status, stderr } = spawnSync(
    'python3',
    ['-c', 'import sys, xml.dom.minidom as m; m.parse(sys.stdin.buffer)'],
    { input: text },
  )
  if (status !== 0) throw new Error(String(stderr))
  return true
}

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('the feeds', () => {
  const records = [
    edition(1, { slug: 'a', title: 'Clocks & <Bells>', datePublished: '2025-08-22', categories: ['Local'] }),
    edition(2, { slug: 'b', datePublished: '2025-08-23T10:30', title: '\u0001 "quoted"' }),
    edition(3, { slug: 'c', datePublished: '2025-08-24T10:30:05+02:00' }),
    edition(4, {
      slug: 'b',
      version: 2,
      time: '2025-09-05T08:00:00.500Z',
      note: 'Wrong date.',
      datePublished: '2025-08-23T10:30',
    }),
    edition(5),
    withdrawal(5),
  ]

  it.skipIf(!hasPython)('are well-formed', () => {
    for (const at of [scene, nowhere]) {
      const { atom, rss } = feedsOf(records, at)
      expect(isXml(atom) && isXml(rss)).toBe(true)
      for (const text of renderSitemaps('https://x.example', catalogOf(records)).values())
        expect(text.startsWith('User-agent') || isXml(text)).toBe(true)
    }
  })

  it('give every date as their format wants it', () => {
    const { atom, rss, json } = feedsOf(records)
    expect([...atom.matchAll(/<published>(.*?)</g)].map(([, date]) => date)).toEqual([
      '2025-08-24T10:30:05+02:00',
      '2025-08-23T10:30:00Z',
      '2025-08-22T00:00:00Z',
    ])
    expect([...atom.matchAll(/<updated>(.*?)</g)].map(([, date]) => date)).toEqual([
      '2025-09-05T08:00:00.500Z',
      '2025-08-24T10:30:05+02:00',
      '2025-09-05T08:00:00.500Z',
      '2025-08-22T00:00:00Z',
    ])
    expect([...rss.matchAll(/<pubDate>(.*?)</g)].map(([, date]) => date)).toEqual([
      'Sun, 24 Aug 2025 08:30:05 +0000',
      'Sat, 23 Aug 2025 10:30:00 +0000',
      'Fri, 22 Aug 2025 00:00:00 +0000',
    ])
    expect(json.items.map((item: { date_published: string }) => item.date_published)).toEqual([
      '2025-08-24T10:30:05+02:00',
      '2025-08-23T10:30:00Z',
      '2025-08-22T00:00:00Z',
    ])
  })

  it('know an article by its first root, and lead to its newest CAR', () => {
    const { atom, rss, json } = feedsOf(records)
    const corrected = json.items[1]
    expect(corrected).toMatchObject({
      id: `ipfs://${rootOf(2)}`,
      url: 'https://ledger.example/news/b/',
      attachments: [
        { url: `https://ledger.example/news/ipfs/${rootOf(4)}.car`, mime_type: 'application/vnd.ipld.car' },
      ],
      _ipfs: { cid: rootOf(4) },
    })
    expect(corrected.content_text).toContain('Wrong date.')
    for (const text of [atom, rss]) {
      expect(text).toContain(`>ipfs://${rootOf(2)}<`)
      expect(text).toContain(`https://ledger.example/news/ipfs/${rootOf(4)}.car`)
    }
    expect(atom).toContain(`length="1234"`)
  })

  it('leave out what was withdrawn', () => {
    expect(JSON.stringify(feedsOf(records))).not.toContain(rootOf(5))
  })

  it('are valid without an address and without an article', () => {
    const { atom, rss, json } = feedsOf([], nowhere)
    expect(atom).toMatch(/<id>urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}<\/id>/)
    expect(atom).toContain('<updated>1970-01-01T00:00:00Z</updated>')
    expect(rss).toContain('<link>./</link>')
    expect(json).toEqual({ version: 'https://jsonfeed.org/version/1.1', title: 'Archive', items: [] })
    expect(renderSitemaps(undefined, catalogOf(records)).has('sitemap.xml')).toBe(false)
  })
})

describe('the sitemap', () => {
  it('is split, and has an index, where it would be too large', () => {
    const many = Array.from({ length: 40_001 }, (_, index) => edition(1, { slug: `n${index}` }))
    const maps = renderSitemaps('https://x.example', {
      ...catalogOf(many.slice(0, 1)),
      articles: many.map((record) => ({
        slug: record.slug,
        folder: record.slug,
        versions: [{ record }],
        newest: { record },
        date: '',
        month: '',
        categories: [],
      })),
    })
    expect([...maps.keys()]).toEqual(['sitemap-1.xml', 'sitemap-2.xml', 'sitemap.xml', 'robots.txt'])
    expect(maps.get('sitemap.xml')).toContain('<loc>https://x.example/sitemap-2.xml</loc>')
  })
})
