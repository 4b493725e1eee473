// The page of one edition: the archived article as it is, the panel, its versions. And the page of one that was withdrawn.

import { formatDate, textDirection } from '../article/words.ts'
import { type Html, type HtmlValue, html, raw } from '../bundle/html.ts'
import type { WithdrawRecord } from '../manifest/record.ts'
import { type CatalogArticle, dateOf, type Version } from './catalog.ts'
import { beginPage, type Page, renderPage, type Scene } from './page.ts'
import { type Download, downloadLink, renderPanel } from './panel.ts'
import { places } from './paths.ts'
import type { ArchivedEdition } from './read-edition.ts'
import { formatMonth } from './words.ts'

/** Bytes of an edition's CAR by its root, for editions that are kept. */
export type CarSizes = ReadonlyMap<string, number>

/** What the versions of one article are shown with. */
export interface Known {
  readonly cars: CarSizes
  /** Dates of corrections by their notes, as the bundles have them: a record knows only when it was made. */
  readonly corrected: ReadonlyMap<string, string>
}

/** Where the page of a version stands: the newest has the article's own. */
export function placeOf(article: CatalogArticle, version: Version): string {
  return places.article(article.folder, version === article.newest ? undefined : version.record.version)
}

/** The page of an edition that is kept. */
export function renderArticle(
  scene: Scene,
  article: CatalogArticle,
  version: Version,
  edition: ArchivedEdition,
  known: Known,
): string {
  const { record } = version
  const place = placeOf(article, version)
  const page = beginPage(scene, place, edition.facts.language)
  const download: Download = {
    slug: article.slug,
    version: record.version,
    root: record.root,
    carSize: known.cars.get(record.root) ?? 0,
    rootSize: edition.rootSize,
  }
  const isNewest = version === article.newest
  const car = html`<link rel="alternate" type="application/vnd.ipld.car" href="${page.href(places.car(record.root))}">\n`
  const { title, url } = record
  return renderPage(page, {
    title: isNewest ? title : `${title} (${page.words.version} ${record.version})`,
    description: edition.facts.summary,
    head: html`${car}<meta property="og:type" content="article">
<meta property="og:title" content="${title}">
`,
    hidden: !isNewest,
    canonical: isWebUrl(url) ? url : places.article(article.folder),
    // Where the article is not shown, there is nothing to compare with the archived one.
    checks: edition.article !== undefined,
    main: html`${!isNewest && olderNotice(page, article)}${renderPanel(page, download)}${
      edition.article === undefined ? unshown(page, version) : shown(page, edition.article)
    }${versions(page, article, version, known)}${filed(page, article)}`,
  })
}

/** The page of an edition that was withdrawn: what it was called, that it is gone, and why. */
export function renderWithdrawn(
  scene: Scene,
  article: CatalogArticle,
  version: Version,
  withdrawal: WithdrawRecord,
  known: Known,
): string {
  const page = beginPage(scene, placeOf(article, version))
  const { words, say } = page
  const isNewest = version === article.newest
  return renderPage(page, {
    title: version.record.title,
    hidden: true,
    main: html`<header>
<h1 dir="auto">${version.record.title}</h1>
<p class="dates">${time(dateOf(version.record), page)}</p>
</header>
<div class="notice">
<p>${say(isNewest ? words.withdrawnArticle : words.withdrawnVersion)} ${time(withdrawal.time.slice(0, 10), page)}</p>
<p>${say(words.reason)}${words.colon}<bdi>${withdrawal.reason}</bdi></p>
</div>
${versions(page, article, version, known)}${filed(page, article)}`,
  })
}

function shown(page: Page, article: string): Html {
  return html`<article data-ovn-article lang="${page.language ?? 'und'}" dir="${textDirection(page.language)}">${raw(article)}</article>
`
}

/** What is no bundle of ours, or holds a page that may not be shown, has a title from its record. */
function unshown(page: Page, { record }: Version): Html {
  return html`<header>
<h1 dir="auto">${record.title}</h1>
<p class="dates">${time(dateOf(record), page)}</p>
</header>
<p class="notice">${page.say(page.words.notShown)}</p>
`
}

function olderNotice(page: Page, { folder, newest }: CatalogArticle): Html {
  const { words, say } = page
  const link =
    newest.withdrawal === undefined ? words.readNewest : `${words.version} ${newest.record.version}: ${words.withdrawn}`
  return html`<p class="notice">${say(words.olderVersion)} <a href="${page.href(places.article(folder))}">${say(link)}</a></p>
`
}

function versions(page: Page, article: CatalogArticle, current: Version, { cars, corrected }: Known): HtmlValue {
  const { words, say } = page
  if (article.versions.length < 2) return undefined
  return html`<section class="versions">
<h2>${say(words.versions)}</h2>
<ol>
${article.versions.toReversed().map((version) => {
  const { record, withdrawal } = version
  const name = html`${say(words.version)} ${record.version}`
  const label =
    version === current ? html`<b>${name}</b>` : html`<a href="${page.href(placeOf(article, version))}">${name}</a>`
  const newest = version === article.newest && html` <span>(${say(words.newest)})</span>`
  return html`<li>
<p>${label}${newest}</p>
${change(page, version, version === article.versions[0], corrected)}${
  withdrawal === undefined
    ? html`<p class="quiet">${downloadLink(page, { ...record, slug: article.slug, carSize: cars.get(record.root) ?? 0 }, words.downloadArticle)}</p>
<p class="quiet"><a class="cid" href="ipfs://${record.root}" dir="ltr">ipfs://${record.root}</a></p>
`
    : html`<p class="quiet">${say(words.withdrawn)}${words.colon}${time(withdrawal.time.slice(0, 10), page)}. ${say(words.reason)}${words.colon}<bdi>${withdrawal.reason}</bdi></p>
`
}</li>
`
})}</ol>
</section>
`
}

/** When and why a version replaced the one before; when the first was published. */
function change(page: Page, { record }: Version, isFirst: boolean, corrected: Known['corrected']): HtmlValue {
  const { words, say } = page
  if (isFirst) return html`<p class="quiet">${say(words.published)}${words.colon}${time(dateOf(record), page)}</p>\n`
  const day = time(corrected.get(record.note ?? '') ?? record.time.slice(0, 10), page)
  const why = record.note !== undefined && html`${words.colon}<bdi>${record.note}</bdi>`
  return html`<p class="quiet">${say(words.correctedOn)} ${day}${why}</p>\n`
}

/** Where the article stands in the site: its categories and its month. */
function filed(page: Page, { categories, month }: CatalogArticle): Html {
  const { words, say, language } = page
  const names = categories.map(
    ({ name, folder }, index) =>
      html`${index > 0 && words.comma}<a href="${page.href(places.category(folder))}" dir="auto">${name}</a>`,
  )
  return html`<footer class="filed">
${names.length > 0 && html`<p>${say(words.categories)}${words.colon}${names}</p>\n`}<p>${say(words.archive)}${words.colon}<a href="${page.href(places.month(month))}">${formatMonth(month, language)}</a></p>
</footer>
`
}

function time(iso: string, { language }: Page): Html {
  return html`<time datetime="${iso}">${formatDate(iso, language)}</time>`
}

function isWebUrl(url: string | undefined): url is string {
  return url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url)
}
