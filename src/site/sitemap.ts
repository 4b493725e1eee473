// sitemap.xml and robots.txt for search engines. A sitemap has whole addresses only: a site that does not know its own has none.

import { html } from '../bundle/html.ts'
import type { Catalog } from './catalog.ts'
import { places, urlOf } from './paths.ts'

/** Addresses in one file, of the 50,000 that the protocol allows. */
const perFile = 40_000

/** The files for search engines by their places. */
export function renderSitemaps(url: string | undefined, { articles }: Catalog): Map<string, string> {
  const allow = 'User-agent: *\nAllow: /\n'
  if (url === undefined) return new Map([[places.robots, allow]])
  const kept = articles.filter(({ newest }) => newest.withdrawal === undefined)
  const pages = kept.map(({ folder, newest }) => ({
    address: urlOf(url, places.article(folder)),
    changed: newest.record.time.slice(0, 10),
  }))
  const parts: (typeof pages)[] = []
  for (let at = 0; at < pages.length; at += perFile) parts.push(pages.slice(at, at + perFile))
  const robots = `${allow}\nSitemap: ${urlOf(url, places.sitemap)}\n`
  const front = {
    address: urlOf(url, places.front()),
    changed: pages
      .map(({ changed }) => changed)
      .sort()
      .at(-1),
  }
  if (parts.length <= 1) {
    return new Map([
      [places.sitemap, urlSet([front, ...(parts[0] ?? [])])],
      [places.robots, robots],
    ])
  }
  const files = parts.map(
    (part, index) => [`sitemap-${index + 1}.xml`, urlSet(index === 0 ? [front, ...part] : part)] as const,
  )
  const index = html`<?xml version="1.0" encoding="UTF-8"?>
<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${files.map(([place]) => html`<sitemap><loc>${urlOf(url, place)}</loc></sitemap>\n`)}</sitemapindex>
`.text
  return new Map([...files, [places.sitemap, index], [places.robots, robots]])
}

function urlSet(pages: readonly { readonly address: string; readonly changed: string | undefined }[]): string {
  return html`<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${pages.map(({ address, changed }) => html`<url><loc>${address}</loc>${changed !== undefined && html`<lastmod>${changed}</lastmod>`}</url>\n`)}</urlset>
`.text
}
