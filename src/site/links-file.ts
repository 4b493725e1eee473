// links.json: what other programs need to put the links on their own pages. FORMAT.md has its fields; they only grow.

import { linksTo } from '../links/links-to.ts'
import { type CarSizes, placeOf } from './article-page.ts'
import type { Catalog, CatalogArticle, Version } from './catalog.ts'
import type { Scene } from './page.ts'
import { places, urlOf } from './paths.ts'

export interface CarLink {
  /** Below the site's folder. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Absent where the site does not know its address. */
  readonly url?: string
}

export interface VersionLinks {
  readonly version: number
  readonly cid: string
  /** When it was recorded: ISO 8601, UTC. */
  readonly time: string
  /** Why it replaces the version before. */
  readonly note?: string
  /** Path of its page below the site's folder. */
  readonly page: string
  readonly ipfs: string
  readonly gateways: readonly string[]
  /** Absent where it was withdrawn. */
  readonly car?: CarLink
  readonly withdrawn?: { readonly time: string; readonly reason: string }
}

/** One version of an article, and all of them, oldest first. */
export interface ArticleLinks extends VersionLinks {
  readonly slug: string
  readonly title: string
  readonly datePublished?: string
  readonly url?: string
  readonly versions: readonly VersionLinks[]
}

/** The links of one article: of its newest version, unless another is given. */
export function articleLinks(
  site: Scene['site'],
  article: CatalogArticle,
  cars: CarSizes,
  version: Version = article.newest,
): ArticleLinks {
  const { title, datePublished, url } = version.record
  const of = (each: Version) => versionLinks(site, article, each, cars)
  return {
    slug: article.slug,
    title,
    ...(datePublished === undefined ? {} : { datePublished }),
    ...(url === undefined ? {} : { url }),
    ...of(version),
    versions: article.versions.map(of),
  }
}

function versionLinks(
  { url, gateways }: Scene['site'],
  article: CatalogArticle,
  version: Version,
  cars: CarSizes,
): VersionLinks {
  const { record, withdrawal } = version
  const size = cars.get(record.root)
  const path = places.car(record.root)
  return {
    version: record.version,
    cid: record.root,
    time: record.time,
    ...(record.note === undefined ? {} : { note: record.note }),
    page: placeOf(article, version),
    ...linksTo(record.root, gateways),
    ...(size === undefined || withdrawal !== undefined
      ? {}
      : { car: { path, size, ...(url === undefined ? {} : { url: urlOf(url, path) }) } }),
    ...(withdrawal === undefined ? {} : { withdrawn: { time: withdrawal.time, reason: withdrawal.reason } }),
  }
}

/** The bytes of links.json, an article a line. */
export function renderLinks(site: Scene['site'], { articles }: Catalog, cars: CarSizes): string {
  const { name, url } = site
  const head = JSON.stringify({ name, url })
  const lines = articles.map((article) => {
    return `${JSON.stringify(article.slug)}:${JSON.stringify(articleLinks(site, article, cars))}`
  })
  return `{"schema":1,"site":${head},"articles":{\n${lines.join(',\n')}\n}}\n`
}
