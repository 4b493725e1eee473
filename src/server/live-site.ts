// The site of an archive as it is now: the pages that `ovn site` writes, each made when it is asked for. What is made of one root
// never changes, and is remembered; the rest follows the manifest.

import { CID } from 'multiformats/cid'
import type { Archive } from '../archive/archive.ts'
import { dagPbCode, rawCode } from '../dag/ipld.ts'
import { readFile } from '../dag/list-files.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { readNode } from '../dag/unixfs-node.ts'
import { parseCid } from '../links/parse-ref.ts'
import { placeOf, renderArticle, renderWithdrawn } from '../site/article-page.ts'
import { type Catalog, type CatalogArticle, catalogOf, type Version } from '../site/catalog.ts'
import { renderFeeds } from '../site/feeds.ts'
import { renderLinks } from '../site/links-file.ts'
import { renderLists } from '../site/list-pages.ts'
import type { Scene } from '../site/page.ts'
import { places } from '../site/paths.ts'
import { type Facts, readEdition, readFacts } from '../site/read-edition.ts'
import { assetName, isDrawing, isStillDrawing } from '../site/safe-file.ts'
import { renderSitemaps } from '../site/sitemap.ts'
import { scriptFolder, siteStyle, stylePlace } from '../site/style.ts'
import { contentTypeOf } from './content-type.ts'
import type { Site } from './gateway.ts'
import { type GatewayResponse, type Headers, plainText } from './message.ts'
import type { Metrics } from './metrics.ts'

export interface LiveSiteOptions {
  readonly archive: Archive
  readonly blocks: GetStore
  /** A number that changes with the manifest. */
  generation(): number
  readonly metrics: Metrics
  readonly site: Scene['site']
  readonly scripts: ReadonlyMap<string, Uint8Array>
}

/** Roots of which something is remembered. */
const maxRemembered = 20_000

/** Links of DAGs that are followed between two turns of others. */
const turnEvery = 64

const policy =
  "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** What all that is of our own is sent with: nobody may put it in a frame, read it from elsewhere, or learn where a reader was. */
const ownHeaders: Headers = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
}

/** The site of an archive, and what those ask who watch the server. */
export function createLiveSite(options: LiveSiteOptions): Site {
  const pages = new LivePages(options)
  return async (_request, { path, segments, isFolder, search }, ask) => {
    if (path === '/healthz') return answer(200, 'ok\n', 'text/plain; charset=utf-8', { 'Cache-Control': 'no-store' })
    if (path === '/metrics') {
      const type = 'text/plain; version=0.0.4; charset=utf-8'
      return answer(200, options.metrics.text(), type, { 'Cache-Control': 'no-store' })
    }
    const place = segments.join('/') + (isFolder && segments.length > 0 ? '/' : '')
    const file = /^assets\/([^/]+)$/.exec(place)?.[1]
    const asset = file === undefined ? undefined : await pages.assetOf(file)
    if (asset !== undefined) return ask(`/ipfs/${asset}?filename=${file}`)
    const root = /^ipfs\/([^/]+)\.car$/.exec(place)?.[1]
    if (root !== undefined) return parseCid(root) === undefined ? undefined : ask(`/ipfs/${root}?format=car`)
    const made = await pages.make(place)
    if (made !== undefined) return answer(made.status ?? 200, made.content, made.type)
    if (!isFolder && (await pages.make(`${place}/`)) !== undefined) {
      return plainText(301, `see ${path}/`, { Location: `/${path.replace(/^\/+/, '')}/${search}` })
    }
    const missing = await pages.make(places.notFound)
    return missing === undefined
      ? undefined
      : answer(404, missing.content, missing.type, { 'Cache-Control': 'no-store' })
  }
}

function answer(status: number, content: string | Uint8Array, type: string, headers: Headers = {}): GatewayResponse {
  const body = typeof content === 'string' ? Buffer.from(content) : content
  return {
    status,
    headers: { ...ownHeaders, 'Content-Type': type, 'Content-Length': String(body.byteLength), ...headers },
    body,
  }
}

interface Made {
  readonly content: string | Uint8Array
  readonly type: string
  readonly status?: number
}

class LivePages {
  readonly #options: LiveSiteOptions
  readonly #scene: Scene
  readonly #facts = new Map<string, Facts>()
  readonly #cars = new Map<string, number>()
  #generation = -1
  #catalog: Catalog | undefined
  #pages = new Map<string, { readonly article: CatalogArticle; readonly version: Version }>()

  constructor(options: LiveSiteOptions) {
    this.#options = options
    const script = `${scriptFolder(options.scripts)}verify.js`
    this.#scene = {
      site: options.site,
      style: stylePlace,
      ...(options.scripts.has('verify.js') ? { script } : {}),
    }
  }

  /** What stands at a place; undefined where nothing does. Throws as reading blocks does. */
  async make(place: string): Promise<Made | undefined> {
    const { scripts, site } = this.#options
    if (place === stylePlace) return { content: siteStyle, type: 'text/css; charset=utf-8' }
    const folder = scriptFolder(scripts)
    const script = place.startsWith(folder) ? scripts.get(place.slice(folder.length)) : undefined
    if (script !== undefined) return { content: script, type: 'text/javascript; charset=utf-8' }
    const catalog = this.#current()
    const page = this.#pages.get(place)
    if (page !== undefined) return html(await this.#articlePage(page.article, page.version))
    const sitemap = /^(sitemap.*\.xml|robots\.txt)$/.test(place)
      ? renderSitemaps(site.url, catalog).get(place)
      : undefined
    if (sitemap !== undefined) return { content: sitemap, type: contentTypeOf(place, Buffer.from(sitemap), true) }
    if (place === places.links) {
      for (const article of catalog.articles) await this.#measure(article.versions)
      return { content: renderLinks(site, catalog, this.#cars), type: 'application/json' }
    }
    const feed = feedTypes.get(place)
    if (feed !== undefined) return { content: await this.#feed(catalog, place), type: feed }
    const list = await this.#list(only(catalog, place), place)
    return list === undefined ? undefined : html(list)
  }

  /** The CID of a file that the site has under this name; undefined for one that it would not name so. */
  async assetOf(file: string): Promise<CID | undefined> {
    const [, text = '', extension = ''] = /^([^.]+)\.([a-z\d]+)$/.exec(file) ?? []
    const cid = parseCid(text)
    if (cid === undefined || (cid.code !== rawCode && cid.code !== dagPbCode)) return undefined
    const name = `x.${extension}`
    const isStill = isDrawing(name) && isStillDrawing(await readFile(this.#options.blocks, cid))
    return assetName(name, text, isStill) === file ? cid : undefined
  }

  #current(): Catalog {
    const generation = this.#options.generation()
    if (this.#catalog !== undefined && generation === this.#generation) return this.#catalog
    const catalog = catalogOf(this.#options.archive.manifest.records())
    this.#generation = generation
    this.#catalog = catalog
    this.#pages = new Map(
      catalog.articles.flatMap((article) =>
        article.versions.map((version) => [placeOf(article, version), { article, version }] as const),
      ),
    )
    return catalog
  }

  async #articlePage(article: CatalogArticle, version: Version): Promise<string> {
    await this.#measure(article.versions)
    const corrected = new Map<string, string>()
    if (article.versions.length > 1) {
      for (const { record, withdrawal } of article.versions) {
        if (withdrawal !== undefined) continue
        for (const [note, date] of (await this.#factsOf(record.root)).corrected ?? []) corrected.set(note, date)
      }
    }
    const known = { cars: this.#cars, corrected }
    if (version.withdrawal !== undefined) {
      return renderWithdrawn(this.#scene, article, version, version.withdrawal, known)
    }
    const base = '../'.repeat(placeOf(article, version).split('/').length - 1)
    const edition = await readEdition(this.#options.blocks, CID.parse(version.record.root), base)
    return renderArticle(this.#scene, article, version, edition, known)
  }

  /** A page that lists articles. It is made twice: the first time tells whose facts it needs. */
  async #list(catalog: Catalog, place: string): Promise<string | undefined> {
    let asked: CatalogArticle[] = []
    const note = (article: CatalogArticle): Facts => {
      asked.push(article)
      return {}
    }
    for (const made of renderLists(this.#scene, catalog, note)) {
      if (made.place !== place) {
        asked = []
        continue
      }
      for (const { newest } of asked) if (newest.withdrawal === undefined) await this.#factsOf(newest.record.root)
      for (const again of renderLists(this.#scene, catalog, (article) => this.#knownFacts(article))) {
        if (again.place === place) return again.text
      }
    }
    return undefined
  }

  async #feed(catalog: Catalog, place: string): Promise<string> {
    const asked: CatalogArticle[] = []
    renderFeeds(this.#scene, catalog, (article) => ({ ...(asked.push(article) > 0 ? {} : {}) }), this.#cars)
    for (const { newest, versions } of asked) {
      await this.#factsOf(newest.record.root)
      await this.#measure(versions)
    }
    return renderFeeds(this.#scene, catalog, (article) => this.#knownFacts(article), this.#cars).get(place) ?? ''
  }

  #knownFacts({ newest }: CatalogArticle): Facts {
    return this.#facts.get(newest.record.root) ?? {}
  }

  async #factsOf(root: string): Promise<Facts> {
    const known = this.#facts.get(root)
    if (known !== undefined) return known
    const facts = await readFacts(this.#options.blocks, CID.parse(root))
    if (this.#facts.size >= maxRemembered) this.#facts.clear()
    this.#facts.set(root, facts)
    return facts
  }

  /** Finds out how many bytes the CARs of some versions have. */
  async #measure(versions: readonly Version[]): Promise<void> {
    for (const { record, withdrawal } of versions) {
      if (withdrawal !== undefined || this.#cars.has(record.root)) continue
      if (this.#cars.size >= maxRemembered) this.#cars.clear()
      this.#cars.set(record.root, await carSizeOf(this.#options.blocks, CID.parse(record.root)))
    }
  }
}

/** The bytes of a CAR, without the parts of large files being read: how long each is, is written above it. */
async function carSizeOf(blocks: GetStore, root: CID): Promise<number> {
  const seen = new Set<string>()
  const stack: { readonly cid: CID; readonly size?: number }[] = [{ cid: root }]
  // In front of the blocks stands the header: a map of the version and one root, of 36 bytes.
  let total = 1 + 22 + root.bytes.byteLength
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const key = next.cid.toString()
    if (seen.has(key)) continue
    seen.add(key)
    if (seen.size % turnEvery === 0) await new Promise((resolve) => setImmediate(resolve))
    const isPart = next.cid.code === rawCode && next.size !== undefined
    const bytes = isPart ? undefined : await readBlock(blocks, next.cid)
    if (next.cid.multihash.code !== 0) {
      const length = next.cid.bytes.byteLength + (bytes?.byteLength ?? next.size ?? 0)
      total += length + varintLength(length)
    }
    if (bytes === undefined) continue
    const node = readNode(next.cid, bytes)
    stack.push(
      ...(node.kind === 'file' ? node.parts : node.kind === 'symlink' ? [] : node.entries.map(({ cid }) => ({ cid }))),
    )
  }
  return total
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1
  return length
}

function html(content: string): Made {
  return { content, type: 'text/html; charset=utf-8' }
}

const feedTypes = new Map<string, string>([
  [places.atom, 'application/atom+xml; charset=utf-8'],
  [places.rss, 'application/rss+xml; charset=utf-8'],
  [places.jsonFeed, 'application/feed+json'],
])

/** What of a catalog a place can be made of: a list of one category needs no other. */
function only(catalog: Catalog, place: string): Catalog {
  if (place === places.archive || place === places.notFound) return catalog
  const none = { ...catalog, articles: [], categories: [], months: [] }
  const category = catalog.categories.find(({ folder }) => place.startsWith(places.category(folder)))
  if (category !== undefined) return { ...none, categories: [category] }
  const month = catalog.months.find(({ month }) => place.startsWith(places.month(month)))
  if (month !== undefined) return { ...none, months: [month] }
  return { ...none, articles: catalog.articles }
}
