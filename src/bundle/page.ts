// index.html: the readable page. It runs no script, asks nobody for anything, and links to nothing but the bundle's own
// files and what the author named. Everything but `article.body`, which is safe HTML already, goes through the template.

import type { Article, Author } from '../article/article.ts'
import { formatDate, textDirection, type Words, wordsFor } from '../article/words.ts'
import type { Edition, Site } from './bundle.ts'
import { type Html, type HtmlValue, html, raw } from './html.ts'
import { articleMetadata, correctionsOf } from './metadata.ts'
import { pathToUrl } from './paths.ts'
import { style, styleHash } from './style.ts'

// `'self'` is the folder's own files on a gateway and in Chromium's file:// pages. The Content Security Policy leaves open
// what it means where a page has no origin of its own, as with file: and ipfs: in other browsers, so those are named too.
// `data:` is for the empty icon, which keeps browsers from asking the server for one.
const ownFiles = "'self' file: ipfs: ipns:"
const policy = [
  "default-src 'none'",
  `img-src ${ownFiles} data:`,
  `media-src ${ownFiles}`,
  `style-src '${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** Everything that the parts of one page are made from. */
interface Page {
  readonly article: Article
  readonly site: Site
  readonly edition: Edition
  /** BCP 47; absent where neither the article nor the site names one. */
  readonly language: string | undefined
  readonly words: Words
  /** One of the page's fixed words, marked with its language where that is not the page's. */
  say(text: string): HtmlValue
}

/** Renders one edition of an article as a whole page. */
export function renderPage(article: Article, site: Site, edition: Edition): string {
  const language = article.language ?? site.language
  const words = wordsFor(language)
  const foreign = primaryLanguage(words.language) !== primaryLanguage(language ?? '')
  const page: Page = {
    article,
    site,
    edition,
    language,
    words,
    say: (text) =>
      foreign ? html`<span lang="${words.language}" dir="${textDirection(words.language)}">${text}</span>` : text,
  }
  return html`<!DOCTYPE html>
<html lang="${language ?? 'und'}" dir="${textDirection(language)}">
${head(page)}
<body>
${masthead(page)}<main>
<article>
<header>
${categories(page)}<h1>${article.title}</h1>
${line('summary', article.summary)}${byline(page)}${dates(page)}</header>
${leadImage(page)}<div class="body">
${raw(article.body.trim())}
</div>
${corrections(page)}${colophon(page)}</article>
</main>
${about(page)}
</body>
</html>
`.text
}

function head(page: Page): Html {
  const { article, site, edition, language } = page
  const title = site.name === undefined ? article.title : `${article.title} – ${site.name}`
  // The one character that could end the script element early; JSON can write it otherwise.
  const metadata = JSON.stringify(articleMetadata(article, site, edition)).replaceAll('<', '\\u003c')
  const named = [
    ['description', article.summary],
    ['author', article.authors.map(({ name }) => name).join(', ') || undefined],
  ] as const
  const openGraph = [
    ['og:type', 'article'],
    ['og:title', article.title],
    ['og:description', article.summary],
    ['og:url', article.url],
    ['og:site_name', site.name],
    ['og:locale', openGraphLocale(language)],
    ['article:published_time', article.datePublished],
    ['article:modified_time', article.dateModified],
    ...article.categories.map((category) => ['article:section', category] as const),
    ...article.tags.map((tag) => ['article:tag', tag] as const),
  ] as const
  return html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${named.map(([name, value]) => value !== undefined && html`<meta name="${name}" content="${value}">\n`)}${
  article.url !== undefined && html`<link rel="canonical" href="${article.url}">\n`
}${openGraph.map(
  ([property, value]) => value !== undefined && html`<meta property="${property}" content="${value}">\n`,
)}<link rel="icon" href="data:,">
<style>${raw(style)}</style>
<script type="application/ld+json">${raw(metadata)}</script>
</head>`
}

/** The newsroom's name and motto, which stay in its own language above an article in another. */
function masthead({ site, language }: Page): HtmlValue {
  const { name, motto, url } = site
  if (name === undefined) return undefined
  const lang = site.language !== undefined && site.language !== language && html` lang="${site.language}"`
  return html`<header class="masthead">
<p class="name" dir="auto"${lang}>${link(url, name)}</p>
${motto !== undefined && html`<p class="motto" dir="auto"${lang}>${motto}</p>\n`}</header>
`
}

function categories({ article, words }: Page): HtmlValue {
  return article.categories.length > 0 && line('categories', article.categories.join(words.comma))
}

function byline({ article, words, say }: Page): HtmlValue {
  const { authors } = article
  if (authors.length === 0) return undefined
  const by = [say(words.by), !words.by.endsWith(words.colon) && ' ']
  return line('byline', [by, separate(authors.map(authorName), words.comma)])
}

function authorName({ name, url }: Author): Html {
  return isLink(url) ? link(url, name) : html`<b>${name}</b>`
}

function dates({ article, language, words, say }: Page): HtmlValue {
  const { datePublished, dateModified } = article
  const parts: Html[] = []
  if (datePublished !== undefined) parts.push(html`<span>${time(datePublished, language)}</span>`)
  if (dateModified !== undefined) {
    parts.push(html`<span>${say(words.updated)}${words.colon}${time(dateModified, language)}</span>`)
  }
  return parts.length > 0 && line('dates', separate(parts, ' · '))
}

function leadImage({ article: { image } }: Page): HtmlValue {
  if (image === undefined) return undefined
  const { path, alt, caption, credit } = image
  // No label before the credit: it may be a photographer, an agency or a draughtsman.
  const lines = [caption, credit !== undefined && html`<span class="credit">${credit}</span>`].filter(Boolean)
  return html`<figure class="lead">
<img src="${pathToUrl(path)}" alt="${alt}">
${lines.length > 0 && html`<figcaption>${separate(lines, '\n')}</figcaption>\n`}</figure>
`
}

function corrections({ article, edition, language, words, say }: Page): HtmlValue {
  const entries = correctionsOf(article, edition)
  if (entries.length === 0) return undefined
  return html`<section class="corrections">
<h2>${say(entries.length === 1 ? words.correction : words.corrections)}</h2>
<ul>
${entries.map(({ date, note }) => html`<li>${date !== undefined && [time(date, language), words.colon]}<bdi>${note}</bdi></li>\n`)}</ul>
</section>
`
}

/** The small print of the article: which edition it is, where it stands, how it may be used. */
function colophon({ article, edition, words, say }: Page): HtmlValue {
  const { version, previous } = edition
  const { url, license, tags } = article
  const lines: HtmlValue[] = []
  if (version > 1) {
    const replaced = previous !== undefined && html` · ${say(words.replaces)} ${cidLink(previous)}`
    lines.push(html`<p>${say(words.version)} ${version}${replaced}</p>\n`)
  }
  const label = (word: string, value: HtmlValue) => html`<p>${say(word)}${words.colon}${value}</p>\n`
  if (url !== undefined) lines.push(label(words.source, html`<a class="source" href="${url}">${url}</a>`))
  if (license !== undefined) lines.push(label(words.licence, link(license, licenseName(license))))
  if (tags.length > 0) lines.push(label(words.tags, tags.join(words.comma)))
  return (
    lines.length > 0 &&
    html`<footer class="colophon">
${lines}</footer>
`
  )
}

function about({ article, words, say }: Page): Html {
  // Chinese sets no space after its full stop; its colon has none either.
  const betweenSentences = words.colon.endsWith(' ') ? ' ' : ''
  const assets = html`; <code>assets/</code>, the pictures and files that the article refers to`
  return html`<footer class="about">
<h2>${say(words.archivedCopy)}</h2>
<p>${say(words.about)}${betweenSentences}${say(words.check)}</p>
<div lang="en" dir="ltr">
<p>This page is <code>index.html</code>, one of the files of an archived article. Beside it are
<a href="article.md">article.md</a>, the author’s own file, byte for byte; <a href="metadata.json">metadata.json</a>,
the same facts for machines${article.assets.length > 0 && assets}. Their content identifier (CID) is computed from
these very bytes. With the folder at hand, compute it anew with either of these commands, and compare:</p>
<pre>ovn cid FOLDER
ipfs add --only-hash --recursive --cid-version=1 FOLDER</pre>
<p>For <code>ipfs</code>, which is Kubo 0.40 or newer, first set the profile:
<code>ipfs config profile apply unixfs-v1-2025</code>. A CID proves sameness, not truth: it tells whether these are the
bytes that were archived, not who wrote them or whether they are right.</p>
</div>
</footer>`
}

function line(name: string, value: HtmlValue): HtmlValue {
  return value !== undefined && html`<p class="${name}">${value}</p>\n`
}

function time(iso: string, language: string | undefined): Html {
  return html`<time datetime="${iso}">${formatDate(iso, language)}</time>`
}

function separate(values: readonly HtmlValue[], separator: string): readonly HtmlValue[] {
  return values.flatMap((value, index) => (index === 0 ? [value] : [separator, value]))
}

function isLink(url: string | undefined): url is string {
  return url !== undefined && /^(https?:\/\/|mailto:)/i.test(url)
}

/** A link where the address is one of the web, else the text alone: no `javascript:` gets through. */
function link(url: string | undefined, text: string): Html {
  return isLink(url) ? html`<a href="${url}">${text}</a>` : html`${text}`
}

function cidLink(cid: string): Html {
  return html`<a class="cid" href="ipfs://${cid}">ipfs://${cid}</a>`
}

/** The name of an international Creative Commons licence from its URL, else what the author gave. */
function licenseName(license: string): string {
  const parts =
    /^https?:\/\/creativecommons\.org\/(licenses|publicdomain)\/([a-z-]+)\/([\d.]+)(\/|\/(deed|legalcode)[^/]*)?$/.exec(
      license,
    )
  if (parts === null) return license
  const [, kind, name = '', version] = parts
  if (kind === 'licenses') return `CC ${name.toUpperCase()} ${version}`
  return name === 'zero' ? `CC0 ${version}` : license
}

function openGraphLocale(language: string | undefined): string | undefined {
  const parts = /^([a-z]{2,3})(?:-[a-z]{4})?-([a-z]{2})$/i.exec(language ?? '')
  return parts === null ? undefined : `${parts[1]?.toLowerCase()}_${parts[2]?.toUpperCase()}`
}

function primaryLanguage(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? ''
}
