// What all pages of a site have: head, policy, masthead, foot. They run no script but the site's own check, ask nobody else
// for anything, and are read without either.

import { textDirection } from '../article/words.ts'
import type { Site } from '../bundle/bundle.ts'
import { type Html, type HtmlValue, html, raw } from '../bundle/html.ts'
import { hrefFrom, places, rootedUrl, urlOf } from './paths.ts'
import { type SiteWords, siteWordsFor } from './words.ts'

/** The newsroom as its site names it, and what its pages share. */
export interface Scene {
  readonly site: Site & { readonly gateways: readonly string[] }
  /** Place of the style sheet. */
  readonly style: string
  /** Place of the script that checks an article in the browser; absent where there is none. */
  readonly script?: string
}

/** A page that is being made. */
export interface Page {
  readonly scene: Scene
  /** Where it stands; see `places`. */
  readonly place: string
  /** BCP 47; absent where nobody says. */
  readonly language: string | undefined
  readonly words: SiteWords
  href(place: string): string
  /** One of the site's words, marked with its language where that is not the page's. */
  say(text: string): HtmlValue
}

/** Begins a page; in the site's language where it has none of its own. */
export function beginPage(scene: Scene, place: string, language = scene.site.language): Page {
  const words = siteWordsFor(language)
  const foreign = primary(words.language) !== primary(language ?? words.language)
  return {
    scene,
    place,
    language,
    words,
    href: (to) => (place === places.notFound ? rootedUrl(scene.site.url, to) : hrefFrom(place, to)),
    say: (text) =>
      foreign ? html`<span lang="${words.language}" dir="${textDirection(words.language)}">${text}</span>` : text,
  }
}

/** What the site is called: its name, else what it is. */
export function siteTitle({ scene, words }: Page): string {
  return scene.site.name ?? words.archive
}

export interface Content {
  /** Without the site's name; the front page has none. */
  readonly title?: string
  readonly description?: string | undefined
  /** More elements of the head, a line each. */
  readonly head?: HtmlValue
  /** Whether search engines are to leave it out. */
  readonly hidden?: boolean
  /** Of which page this one is another form: a place or a URL. */
  readonly canonical?: string | undefined
  /** Whether it has a check to run. */
  readonly checks?: boolean
  readonly main: HtmlValue
}

const policy = [
  "default-src 'none'",
  "img-src 'self' data:",
  "media-src 'self'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** Writes a whole page. */
export function renderPage(page: Page, content: Content): string {
  const { scene, language, words } = page
  const { title, description, head, hidden = false, checks = false, main } = content
  const name = siteTitle(page)
  const canonical = content.canonical ?? (hidden ? undefined : page.place)
  const address = canonical === undefined ? undefined : wholeUrl(scene, canonical)
  return html`<!DOCTYPE html>
<html lang="${language ?? words.language}" dir="${textDirection(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title === undefined ? name : `${title} – ${name}`}</title>
${description !== undefined && html`<meta name="description" content="${description}">\n`}${
  hidden && html`<meta name="robots" content="noindex">\n`
}${address !== undefined && html`<link rel="canonical" href="${address}">\n`}${head}<link rel="alternate" type="application/atom+xml" href="${page.href(places.atom)}" title="Atom">
<link rel="alternate" type="application/rss+xml" href="${page.href(places.rss)}" title="RSS">
<link rel="alternate" type="application/feed+json" href="${page.href(places.jsonFeed)}" title="JSON Feed">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${page.href(scene.style)}">
${checks && scene.script !== undefined && html`<script type="module" src="${page.href(scene.script)}"></script>\n`}</head>
<body>
${masthead(page)}<main>
${main}</main>
${foot(page)}</body>
</html>
`.text
}

/** The newsroom's name and motto, which stay in its own language above an article in another. */
function masthead(page: Page): Html {
  const { site } = page.scene
  const isFront = page.place === places.front()
  const lang = site.language !== undefined && site.language !== page.language && html` lang="${site.language}"`
  const name = isFront
    ? html`<h1 class="name" dir="auto"${lang}>${siteTitle(page)}</h1>`
    : html`<p class="name" dir="auto"${lang}><a href="${page.href(places.front())}">${siteTitle(page)}</a></p>`
  return html`<header class="masthead${isFront && ' front'}">
${name}
${site.motto !== undefined && html`<p class="motto" dir="auto"${lang}>${site.motto}</p>\n`}</header>
`
}

function foot(page: Page): Html {
  const links = [
    [places.archive, page.say(page.words.archive)],
    [places.atom, 'Atom'],
    [places.rss, 'RSS'],
    [places.jsonFeed, 'JSON Feed'],
  ] as const
  return html`<footer class="about">
<nav aria-label="${siteTitle(page)}"><ul class="row">
${links.map(([place, text]) => html`<li><a href="${page.href(place)}">${text}</a></li>\n`)}</ul></nav>
</footer>
`
}

/** The address of a place, or what is one already; undefined for a place where the site does not know its own. */
function wholeUrl({ site }: Scene, to: string): string | undefined {
  if (/^https?:\/\//i.test(to)) return to
  return site.url === undefined ? undefined : urlOf(site.url, to)
}

function primary(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? ''
}
