// Pages that list articles: the front page, categories, months; the archive; and the page for what is not there. They are made
// from records alone, and from the facts that were read with the articles.

import { formatDate, textDirection } from '../article/words.ts'
import { type Html, type HtmlValue, html, raw } from '../bundle/html.ts'
import type { Catalog, CatalogArticle } from './catalog.ts'
import { beginPage, type Page, renderPage, type Scene } from './page.ts'
import { hrefFrom, places } from './paths.ts'
import type { Facts } from './read-edition.ts'
import { formatMonth } from './words.ts'

/** A page and where it stands. */
export interface MadePage {
  readonly place: string
  readonly text: string
}

/** What is known of an article beside its record. */
export type FactsOf = (article: CatalogArticle) => Facts

/** Stands for the way from a page to the site's folder. */
const anyBase = '\u0000'

/** Articles on one page. */
const perPage = 20

/** Every page that lists articles, one after another. */
export function* renderLists(scene: Scene, catalog: Catalog, factsOf: FactsOf): Generator<MadePage> {
  // An entry stands on three lists and more: it is made once, and its addresses are put before it with each.
  const made = new Map<string, string>()
  const entryOf = (article: CatalogArticle, page: Page) => {
    const known = made.get(article.slug) ?? entry(page, article, factsOf(article)).text
    made.set(article.slug, known)
    return raw(known.replaceAll(anyBase, '../'.repeat(page.place.split('/').length - 1)))
  }
  const kept = (articles: readonly CatalogArticle[]) => articles.filter(({ newest }) => newest.withdrawal === undefined)
  yield* renderList(scene, kept(catalog.articles), entryOf, places.front)
  for (const { name, folder, articles } of catalog.categories) {
    yield* renderList(
      scene,
      articles,
      entryOf,
      (page) => places.category(folder, page),
      () => name,
    )
  }
  for (const { month, articles } of catalog.months) {
    const title = (page: Page) => formatMonth(month, page.language)
    yield* renderList(scene, articles, entryOf, (page) => places.month(month, page), title)
  }
  yield { place: places.archive, text: renderArchive(scene, catalog) }
  yield { place: places.notFound, text: renderNotFound(scene) }
}

function* renderList(
  scene: Scene,
  articles: readonly CatalogArticle[],
  entryOf: (article: CatalogArticle, page: Page) => Html,
  placeOf: (page: number) => string,
  titleOf?: (page: Page) => string,
): Generator<MadePage> {
  const pages = Math.max(1, Math.ceil(articles.length / perPage))
  for (let number = 1; number <= pages; number += 1) {
    const page = beginPage(scene, placeOf(number))
    const { words, say } = page
    const listed = articles.slice((number - 1) * perPage, number * perPage)
    const heading = titleOf?.(page)
    const numbered = number > 1 ? `${words.page} ${number}` : undefined
    const title = [heading, numbered].filter((part) => part !== undefined).join(', ')
    const headline = heading ?? (numbered === undefined ? undefined : words.archive)
    yield {
      place: page.place,
      text: renderPage(page, {
        ...(title === '' ? {} : { title }),
        description: scene.site.motto,
        main: html`${headline !== undefined && html`<h1 class="list" dir="auto">${headline}</h1>\n`}${
          listed.length === 0
            ? html`<p class="notice">${say(words.noArticles)}</p>\n`
            : html`<ul class="entries">
${listed.map((article) => entryOf(article, page))}</ul>
`
        }${turn(page, placeOf, number, pages)}`,
      }),
    }
  }
}

function plain(text: string): string {
  return text.replaceAll(anyBase, '')
}

/** One article of a list, whose addresses begin with {@link anyBase}. */
function entry(page: Page, article: CatalogArticle, { language, summary }: Facts): Html {
  const { words, say } = page
  const { title } = article.newest.record
  const withdrawn = article.newest.withdrawal !== undefined
  const own = language !== undefined && language !== page.language && html` lang="${language}"`
  const written = html`${own} dir="${language === undefined ? 'auto' : textDirection(language)}"`
  const categories = article.categories.map(
    ({ name, folder }) =>
      html` <a href="${anyBase}${hrefFrom('', places.category(folder))}" dir="auto">${plain(name)}</a>`,
  )
  return html`<li>
<h2${written}><a href="${anyBase}${hrefFrom('', places.article(article.folder))}">${plain(title)}</a></h2>
${!withdrawn && summary !== undefined && html`<p class="summary"${written}>${plain(summary)}</p>\n`}<p class="meta">${
    withdrawn && html`<b>${say(words.withdrawn)}</b> `
  }<time datetime="${article.date}">${formatDate(article.date.slice(0, 10), page.language)}</time>${categories}</p>
</li>
`
}

/** The way to the pages before and after. */
function turn(page: Page, placeOf: (page: number) => string, number: number, pages: number): HtmlValue {
  const { words, say } = page
  if (pages === 1) return undefined
  const newer = number > 1 && html`<a rel="prev" href="${page.href(placeOf(number - 1))}">${say(words.newer)}</a>\n`
  const older = number < pages && html`<a rel="next" href="${page.href(placeOf(number + 1))}">${say(words.older)}</a>\n`
  return html`<nav class="turn" aria-label="${words.page}">
${newer}<span>${say(words.page)} ${number} / ${pages}</span>
${older}</nav>
`
}

function renderArchive(scene: Scene, { categories, months }: Catalog): string {
  const page = beginPage(scene, places.archive)
  const { words, say } = page
  const years = Map.groupBy(months, ({ month }) => month.slice(0, 4))
  return renderPage(page, {
    title: words.archive,
    main: html`<h1 class="list">${say(words.archive)}</h1>
${
  categories.length > 0 &&
  html`<section class="index">
<h2>${say(words.categories)}</h2>
<ul class="row">
${categories.map(({ name, folder, articles }) => html`<li><a href="${page.href(places.category(folder))}" dir="auto">${name}</a> <span>${articles.length}</span></li>\n`)}</ul>
</section>
`
}${[...years].map(
  ([year, each]) => html`<section class="index">
<h2>${year}</h2>
<ul class="row">
${each.map(({ month, articles }) => html`<li><a href="${page.href(places.month(month))}">${formatMonth(month, page.language)}</a> <span>${articles.length}</span></li>\n`)}</ul>
</section>
`,
)}`,
  })
}

function renderNotFound(scene: Scene): string {
  const page = beginPage(scene, places.notFound)
  const { words, say } = page
  return renderPage(page, {
    title: words.notFound,
    hidden: true,
    main: html`<h1 class="list">${say(words.notFound)}</h1>
<p><a href="${page.href(places.front())}">${say(words.toFrontPage)}</a></p>
`,
  })
}
