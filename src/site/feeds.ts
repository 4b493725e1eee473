// Atom 1.0 (RFC 4287), RSS 2.0 and JSON Feed 1.1: the newest articles, with their CIDs. An entry is known by the root of its
// first version, which no later version and no other address changes. There is no clock: a feed is as new as its newest entry.

import { createHash } from 'node:crypto'
import { instantOf } from '../article/dates.ts'
import { html } from '../bundle/html.ts'
import type { CarSizes } from './article-page.ts'
import { type Catalog, type CatalogArticle, dateOf } from './catalog.ts'
import type { FactsOf } from './list-pages.ts'
import { beginPage, type Scene, siteTitle } from './page.ts'
import { hrefFrom, places, urlOf } from './paths.ts'
import type { Facts } from './read-edition.ts'

/** Entries of a feed. */
const length = 30

const carType = 'application/vnd.ipld.car'

interface Entry {
  readonly id: string
  readonly cid: string
  readonly title: string
  readonly link: string
  readonly car: string
  readonly carSize: number
  /** RFC 3339. */
  readonly published: string
  readonly updated: string
  readonly categories: readonly string[]
  /** Why the newest version replaced the one before. */
  readonly note: string | undefined
  readonly facts: Facts
}

interface Feed {
  readonly title: string
  readonly motto: string | undefined
  readonly language: string | undefined
  /** The site's own address; absent where it does not know it. */
  readonly url: string | undefined
  readonly id: string
  readonly updated: string
  readonly entries: readonly Entry[]
}

/** The three feeds by their places. */
export function renderFeeds(scene: Scene, catalog: Catalog, factsOf: FactsOf, cars: CarSizes): Map<string, string> {
  const kept = catalog.articles.filter(({ newest }) => newest.withdrawal === undefined).slice(0, length)
  const { url, motto, language } = scene.site
  const entries = kept.map((article) => entryOf(article, factsOf(article), cars, url))
  const feed: Feed = {
    title: siteTitle(beginPage(scene, places.atom)),
    motto,
    language,
    url: url === undefined ? undefined : urlOf(url, ''),
    id: url === undefined ? nameOf(catalog.origin) : urlOf(url, ''),
    updated: entries
      .map(({ updated }) => updated)
      .reduce((a, b) => (instantOf(a) < instantOf(b) ? b : a), '1970-01-01T00:00:00Z'),
    entries,
  }
  return new Map([
    [places.atom, atom(feed)],
    [places.rss, rss(feed)],
    [places.jsonFeed, json(feed)],
  ])
}

function entryOf(article: CatalogArticle, facts: Facts, cars: CarSizes, url: string | undefined): Entry {
  const { record } = article.newest
  const address = (place: string) => (url === undefined ? hrefFrom(places.atom, place) : urlOf(url, place))
  const published = timestamp(dateOf(article.versions[0]?.record ?? record))
  // A correction is new when it was recorded; a first version was published when it says so.
  const changed = record.version > 1 && Number.isFinite(instantOf(record.time)) ? timestamp(record.time) : published
  return {
    id: `ipfs://${article.versions[0]?.record.root}`,
    cid: record.root,
    title: record.title,
    link: address(places.article(article.folder)),
    car: address(places.car(record.root)),
    carSize: cars.get(record.root) ?? 0,
    published,
    updated: instantOf(changed) < instantOf(published) ? published : changed,
    categories: article.categories.map(({ name }) => name),
    note: record.version > 1 ? record.note : undefined,
    facts,
  }
}

function atom({ title, motto, language, url, id, updated, entries }: Feed): string {
  return xml(
    html`<feed xmlns="http://www.w3.org/2005/Atom"${language !== undefined && html` xml:lang="${language}"`}>
<id>${id}</id>
<title>${title}</title>
${motto !== undefined && html`<subtitle>${motto}</subtitle>\n`}<updated>${updated}</updated>
<author><name>${title}</name></author>
<link rel="self" type="application/atom+xml" href="${url ?? ''}${places.atom}"/>
<link rel="alternate" type="text/html" href="${url ?? './'}"/>
${entries.map(
  (entry) => html`<entry${entry.facts.language !== undefined && html` xml:lang="${entry.facts.language}"`}>
<id>${entry.id}</id>
<title>${entry.title}</title>
<published>${entry.published}</published>
<updated>${entry.updated}</updated>
${(entry.facts.authors ?? []).map((name) => html`<author><name>${name}</name></author>\n`)}<link rel="alternate" type="text/html" href="${entry.link}"/>
<link rel="enclosure" type="${carType}" length="${entry.carSize}" href="${entry.car}"/>
<link rel="related" href="ipfs://${entry.cid}"/>
${entry.categories.map((name) => html`<category term="${name}"/>\n`)}<summary>${summaryOf(entry)}</summary>
</entry>
`,
)}</feed>
`.text,
  )
}

function rss({ title, motto, language, url, updated, entries }: Feed): string {
  return xml(
    html`<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
<title>${title}</title>
<link>${url ?? './'}</link>
<description>${motto ?? title}</description>
${language !== undefined && html`<language>${language}</language>\n`}<lastBuildDate>${rfc822(updated)}</lastBuildDate>
<atom:link rel="self" type="application/rss+xml" href="${url ?? ''}${places.rss}"/>
${entries.map(
  (entry) => html`<item>
<title>${entry.title}</title>
<link>${entry.link}</link>
<guid isPermaLink="false">${entry.id}</guid>
<pubDate>${rfc822(entry.published)}</pubDate>
${(entry.facts.authors ?? []).map((name) => html`<dc:creator>${name}</dc:creator>\n`)}${entry.categories.map((name) => html`<category>${name}</category>\n`)}<description>${summaryOf(entry)}</description>
<enclosure url="${entry.car}" length="${entry.carSize}" type="${carType}"/>
<dc:identifier>ipfs://${entry.cid}</dc:identifier>
</item>
`,
)}</channel>
</rss>
`.text,
  )
}

function json({ title, motto, language, url, entries }: Feed): string {
  const feed = {
    version: 'https://jsonfeed.org/version/1.1',
    title,
    ...(url === undefined ? {} : { home_page_url: url, feed_url: `${url}${places.jsonFeed}` }),
    ...(motto === undefined ? {} : { description: motto }),
    ...(language === undefined ? {} : { language }),
    items: entries.map((entry) => ({
      id: entry.id,
      url: entry.link,
      title: entry.title,
      content_text: summaryOf(entry),
      ...(entry.facts.summary === undefined ? {} : { summary: entry.facts.summary }),
      date_published: entry.published,
      date_modified: entry.updated,
      ...(entry.facts.authors === undefined ? {} : { authors: entry.facts.authors.map((name) => ({ name })) }),
      ...(entry.categories.length === 0 ? {} : { tags: entry.categories }),
      ...(entry.facts.language === undefined ? {} : { language: entry.facts.language }),
      attachments: [{ url: entry.car, mime_type: carType, size_in_bytes: entry.carSize }],
      _ipfs: { cid: entry.cid, link: `ipfs://${entry.cid}` },
    })),
  }
  return `${JSON.stringify(feed, null, 2)}\n`
}

function summaryOf({ facts, note, cid }: Entry): string {
  return [facts.summary, note, `ipfs://${cid}`].filter((part) => part !== undefined).join('\n')
}

/** A time with an offset, in seconds, as RFC 3339 wants it. A day begins at midnight UTC, as it does in `ovn list`. */
function timestamp(iso: string): string {
  const [, day, time = '00:00', seconds = ':00', offset = 'Z'] =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(iso) ?? []
  return `${day}T${time}${seconds}${offset}`
}

/** The date of an e-mail, which RSS has: no locale is in `toUTCString`. */
function rfc822(iso: string): string {
  return new Date(instantOf(iso)).toUTCString().replace('GMT', '+0000')
}

/** The name of a feed that has no address: a UUID (version 8) made from the manifest's first record. */
function nameOf(origin = ''): string {
  const digits = createHash('sha256').update(`ovn feed ${origin}`).digest('hex')
  return `urn:uuid:${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** A document of XML. What it may not hold in any form is left out. */
function xml(text: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${text.toWellFormed().replace(notXml, '')}`
}
