// Catalog and blocks → a folder. One edition after another is read, written and forgotten; lists come last, from records and the
// facts that were noted. An article whose pages are made from the same things as at the last run is not read again.

import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import type { GetStore } from '../dag/read-block.ts'
import { streamFile } from '../dag/stream-file.ts'
import { writeCar } from '../dag/write-car.ts'
import { OvnError } from '../errors.ts'
import { type Known, placeOf, renderArticle, renderWithdrawn } from './article-page.ts'
import type { Catalog, CatalogArticle } from './catalog.ts'
import { renderFeeds } from './feeds.ts'
import { renderLinks } from './links-file.ts'
import { renderLists } from './list-pages.ts'
import type { Scene } from './page.ts'
import { places } from './paths.ts'
import { type Facts, readEdition, readFacts } from './read-edition.ts'
import type { Noted, SiteFolder } from './site-folder.ts'
import { renderSitemaps } from './sitemap.ts'
import { scriptFolder, siteStyle, stylePlace } from './style.ts'

export interface SiteOptions {
  readonly site: Scene['site']
  /** The script that checks an article in the browser, `verify.js`, and what it loads; empty where this ovn was built without it. */
  readonly scripts: ReadonlyMap<string, Uint8Array>
  /** Names the version of all that makes pages: another one makes every page anew. */
  readonly maker: string
  readonly signal?: AbortSignal | undefined
  /** Told of articles that are done. */
  readonly onArticle?: (done: number) => void
}

/** An article that could not be written. */
export interface FailedSiteArticle {
  readonly slug: string
  readonly error: OvnError
}

export interface WrittenSite {
  readonly articles: number
  readonly failed: readonly FailedSiteArticle[]
}

/**
 * Writes the site of a catalog. An article whose blocks fail the check is told of in `failed`: what an earlier run wrote of it
 * stays, else the site does not list it. Throws an OvnError `storage` where the disk refuses.
 */
export async function writeSite(
  blocks: GetStore,
  catalog: Catalog,
  folder: SiteFolder,
  options: SiteOptions,
): Promise<WrittenSite> {
  const { site, scripts, signal } = options
  const folderOfScripts = scriptFolder(scripts)
  const scene: Scene = {
    site,
    style: stylePlace,
    ...(scripts.has('verify.js') ? { script: `${folderOfScripts}verify.js` } : {}),
  }
  folder.announce(
    plannedPlaces(
      scene,
      catalog,
      [...scripts.keys()].map((name) => `${folderOfScripts}${name}`),
    ),
  )
  try {
    const writing = new Writing(blocks, scene, folder, options)
    folder.write(scene.style, siteStyle)
    for (const [name, bytes] of scripts) folder.write(`${folderOfScripts}${name}`, bytes)
    for (const [index, article] of catalog.articles.entries()) {
      signal?.throwIfAborted()
      await writing.writeArticle(article)
      options.onArticle?.(index + 1)
    }
    const listed = writing.listed(catalog)
    const { facts, cars } = writing
    const factsOf = ({ slug }: CatalogArticle) => facts.get(slug) ?? {}
    let waiting: (readonly [place: string, text: string])[] = []
    const writeWaiting = () => {
      folder.announce(waiting.map(([place]) => place))
      for (const [place, text] of waiting) folder.write(place, text)
      waiting = []
    }
    for (const { place, text } of renderLists(scene, listed, factsOf)) {
      waiting.push([place, text])
      if (waiting.length >= listsAtOnce) writeWaiting()
    }
    waiting.push(...renderFeeds(scene, listed, factsOf, cars), ...renderSitemaps(site.url, listed))
    waiting.push([places.links, renderLinks(site, listed, cars)])
    writeWaiting()
    folder.close()
    return { articles: listed.articles.length, failed: writing.failed }
  } catch (error) {
    folder.abandon()
    throw error
  }
}

/** Pages that are announced together: each time the whole list is written anew. */
const listsAtOnce = 200

function* plannedPlaces(scene: Scene, catalog: Catalog, scripts: readonly string[]): Generator<string> {
  yield* [scene.style, ...scripts]
  for (const article of catalog.articles) {
    for (const version of article.versions) {
      yield placeOf(article, version)
      if (version.withdrawal === undefined) yield places.car(version.record.root)
    }
  }
}

class Writing {
  readonly facts = new Map<string, Facts>()
  readonly cars = new Map<string, number>()
  readonly failed: FailedSiteArticle[] = []
  readonly #blocks: GetStore
  readonly #scene: Scene
  readonly #folder: SiteFolder
  readonly #options: SiteOptions
  readonly #unlisted = new Set<string>()

  constructor(blocks: GetStore, scene: Scene, folder: SiteFolder, options: SiteOptions) {
    this.#blocks = blocks
    this.#scene = scene
    this.#folder = folder
    this.#options = options
  }

  async writeArticle(article: CatalogArticle): Promise<void> {
    const key = this.#keyOf(article)
    const same = this.#folder.noted(article.slug, key)
    if (same !== undefined) {
      this.#take(article, same)
      return
    }
    try {
      const noted = await this.#write(article, key)
      this.#take(article, noted)
    } catch (error) {
      if (!(error instanceof OvnError) || !['damaged', 'not-found'].includes(error.code)) throw error
      this.failed.push({ slug: article.slug, error })
      const before = this.#folder.lastNoted(article.slug)
      if (before === undefined || !before.files.every((path) => this.#folder.has(path)))
        this.#unlisted.add(article.slug)
      // The key is not the one of now: the next run tries again.
      else this.#take(article, before)
    }
  }

  /** The articles that have pages. */
  listed(catalog: Catalog): Catalog {
    if (this.#unlisted.size === 0) return catalog
    const has = ({ slug }: CatalogArticle) => !this.#unlisted.has(slug)
    const only = <T extends { readonly articles: readonly CatalogArticle[] }>(groups: readonly T[]) =>
      groups.map((group) => ({ ...group, articles: group.articles.filter(has) })).filter((g) => g.articles.length > 0)
    return {
      ...catalog,
      articles: catalog.articles.filter(has),
      categories: only(catalog.categories),
      months: only(catalog.months),
    }
  }

  #take(article: CatalogArticle, noted: Noted): void {
    this.#folder.keep(noted.files)
    this.#folder.note(article.slug, noted)
    this.facts.set(article.slug, noted.facts)
    for (const { record, withdrawal } of article.versions) {
      const size = withdrawal === undefined ? this.#folder.size(places.car(record.root)) : undefined
      if (size !== undefined && size >= 0) this.cars.set(record.root, size)
    }
  }

  async #write(article: CatalogArticle, key: string): Promise<Noted> {
    const { signal } = this.#options
    const folder = this.#folder
    const files: (string | undefined)[] = []
    const cars = new Map<string, number>()
    for (const { record, withdrawal } of article.versions) {
      if (withdrawal !== undefined) continue
      const root = CID.parse(record.root)
      const path = await folder.stream(places.car(record.root), () => writeCar(this.#blocks, [root], signal))
      files.push(path)
      if (path !== undefined) cars.set(record.root, folder.size(path) ?? 0)
    }
    const known: Known = { cars, corrected: await this.#corrections(article) }
    let facts: Facts = {}
    for (const version of article.versions) {
      const place = placeOf(article, version)
      if (version.withdrawal !== undefined) {
        files.push(folder.write(place, renderWithdrawn(this.#scene, article, version, version.withdrawal, known)))
        continue
      }
      const base = '../'.repeat(place.split('/').length - 1)
      const edition = await readEdition(this.#blocks, CID.parse(version.record.root), base, signal)
      for (const asset of edition.assets) {
        files.push(await folder.stream(asset.place, () => streamFile(this.#blocks, asset.cid, signal)))
      }
      files.push(folder.write(place, renderArticle(this.#scene, article, version, edition, known)))
      if (version === article.newest) facts = edition.facts
    }
    return { key, files: [...new Set(files)].filter((path) => path !== undefined), facts }
  }

  /** When each correction was made, as the bundles of all versions have it. */
  async #corrections({ versions }: CatalogArticle): Promise<Map<string, string>> {
    const corrected = new Map<string, string>()
    if (versions.length < 2) return corrected
    for (const { record, withdrawal } of versions) {
      if (withdrawal !== undefined) continue
      const facts = await readFacts(this.#blocks, CID.parse(record.root), this.#options.signal)
      for (const [note, date] of facts.corrected ?? []) corrected.set(note, date)
    }
    return corrected
  }

  /** A hash of all that the pages of an article are made from, beside what its roots name. */
  #keyOf({ folder, categories, month, versions }: CatalogArticle): string {
    const { site, maker } = this.#options
    const parts = versions.map(({ record, withdrawal }) => {
      const { root, version, time, title, datePublished, note, url } = record
      return [root, version, time, title, datePublished, note, url, withdrawal?.time, withdrawal?.reason]
    })
    const all = [maker, site, this.#scene.style, this.#scene.script, folder, categories, month, parts]
    return hash('sha256', JSON.stringify(all), 'base64url')
  }
}
