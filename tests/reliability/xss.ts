// Pages that `ovn` makes of what authors and strangers wrote, and pages of strangers that it serves, in one real browser. Of the first
// the browser's policies are turned off: what is found is what escaping alone keeps out. Of the second they are all that there is.
//
// A script that runs says so on the console; a request that leaves arrives at a server of this machine, to which the browser is told that
// the payloads' hosts lead. A page that has both, and more, is opened first: what is not seen of that one is not seen at all.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { checkConfig } from '../../src/archive/config.ts'
import type { Article } from '../../src/article/article.ts'
import { renderPage } from '../../src/bundle/page.ts'
import { renderWithdrawn } from '../../src/site/article-page.ts'
import { catalogOf } from '../../src/site/catalog.ts'
import { renderFeeds } from '../../src/site/feeds.ts'
import { renderLinks } from '../../src/site/links-file.ts'
import { renderLists } from '../../src/site/list-pages.ts'
import type { Scene } from '../../src/site/page.ts'
import { args, executablePath } from '../bundle/chromium.ts'
import { type Ended, ovn, startOvn } from '../cli/ovn.ts'
import { type Block, carOf, directoryBlock, rawBlock } from '../dag/hostile-cars.ts'
import { edition, withdrawal } from '../site/records.ts'
import { inFolder, type Outcome, type Row, randomFrom } from './harness.ts'
import { foreignDomain, foreignHost, type Payload, payloads, ranMark } from './xss-payloads.ts'

export const payloadCount = payloads.length

/** Milliseconds that a page is given for what it does by itself. */
const settle = 15

/** A page to open. `own` is one that `ovn` made. */
interface Visit {
  readonly url: string
  readonly kind: 'own' | 'foreign'
  readonly what: string
  /** Whether its check is pressed, and must say that the page is not what it was. */
  readonly pressed?: 'same' | 'changed'
}

/** Payloads that need nobody to press anything, and no script: what an archived page is not to do is tried each time. */
const leaving = payloads.filter(({ text }) => /^<meta http-equiv=refresh content="0;url=\/\//.test(text)).slice(0, 1)

/** Some payloads, spread over the list as the seed has it, and those that are tried each time. */
function choose(seed: number, count: number): Payload[] {
  const random = randomFrom(seed)
  const start = random(payloads.length)
  const step = payloads.length / Math.min(count, payloads.length)
  const spread = Array.from({ length: Math.min(count, payloads.length) }, (_, index) => {
    return payloads[Math.floor(start + index * step) % payloads.length] as Payload
  })
  return [...new Set([...spread, ...leaving])]
}

/**
 * Puts payloads into all that can hold a text, and opens what comes of it: one page of ours and one of a stranger's for each, or all of
 * them. Throws where there is no browser.
 */
export async function attackPages(seed: number, count: number, all: boolean): Promise<Outcome> {
  return inFolder(async (folder) => {
    const chosen = choose(seed, count)
    const newsroom = await prepare(folder, chosen)
    const serving = startOvn(['serve', '--port', '0', '--json'], { cwd: folder })
    try {
      const port = await portOf(serving.child.stdout)
      await using files = await serveOwn(newsroom)
      const made = makeInProcess(chosen)
      for (const [place, text] of made.pages) newsroom.made.set(place, text)
      const own = chosen.map((payload) => ownVisits(files.port, newsroom, payload, made.pages))
      const foreign = chosen.map((payload) => foreignVisits(port, newsroom, payload))
      // Where only some are opened, those of strangers come first: ours are all read, if not opened.
      const visits = chosen.flatMap((payload, index) => {
        const [ours = [], theirs = []] = [own[index], foreign[index]]
        if (all) return [...ours, ...theirs]
        if (leaving.includes(payload)) return theirs
        return index % 2 === 1
          ? oneOf(theirs, (index >> 1) + seed)
          : index % 4 === 0
            ? oneOf(ours, (index >> 2) + seed)
            : []
      })
      const lists = ['', 'archive/', '404.html'].map(
        (place): Visit => ({ url: `http://127.0.0.1:${files.port}/site/${place}`, kind: 'own', what: 'a list' }),
      )
      // A site's page of an article of ours has what its bundle's has; lists differ in little.
      const read = own.flat().filter(({ url }) => all || !/\/site\/t-|list$/.test(url))
      const found = await browse([...lists, ...visits], read, files.port, made.feeds)
      const failures = [
        ...newsroom.failures,
        ...(await askAll(port, newsroom, chosen, all ? 1 : 10)),
        ...found.failures,
      ]
      return {
        done: `${chosen.length} payloads, ${visits.length + lists.length} pages opened, ${read.length} read, ${made.feeds.length} feeds, ${found.blocked} requests blocked, ${found.empty} connections without a request`,
        failures,
      }
    } finally {
      serving.child.kill('SIGTERM')
      await serving.ended
    }
  })
}

/** One of some visits, another for the next payload. */
function oneOf(visits: readonly Visit[], turn: number): Visit[] {
  return visits.slice(turn % visits.length).slice(0, 1)
}

interface Newsroom {
  readonly folder: string
  /** Slugs of what was published, and of what was taken in. */
  readonly slugs: ReadonlySet<string>
  readonly roots: ReadonlyMap<number, string>
  /** Pages that were made here, by their places. */
  readonly made: Map<string, string>
  readonly failures: string[]
}

const control = /[\p{Cc}\u2028\u2029]/gu

/** What may stand in the front matter: control characters are errors there. */
function plain(text: string): string {
  return text.replace(control, '').toWellFormed().slice(0, 280).trim() || 'x'
}

async function prepare(folder: string, chosen: readonly Payload[]): Promise<Newsroom> {
  const articles = join(folder, 'articles')
  mkdirSync(articles)
  writeFileSync(join(articles, 'ok.png'), 'png')
  // A file with a NUL in it is no text, and is refused.
  for (const { number, text } of chosen) {
    writeFileSync(join(articles, `t-${number}.md`), textArticle(number, text.replaceAll('\0', '')))
    writeFileSync(join(articles, `l-${number}.md`), linkArticle(number, text.replaceAll('\0', '')))
  }
  const failures: string[] = []
  const ended = (what: string, { status, stderr, stdout }: Ended, exits: readonly number[]): string => {
    if (!exits.includes(status ?? -1)) throw new Error(`${what} ended with ${status}: ${stderr}`)
    return stdout
  }
  const at = { cwd: folder }
  const some = chosen.slice(0, 4).map(({ text }) => plain(text))
  ended(
    'init',
    ovn(['init', '--name', some.join(' '), '--motto', some.toReversed().join(' '), '--url', 'https://news.test/'], at),
    [0],
  )
  const published = JSON.parse(ended('publish', ovn(['publish', articles, '--json'], at), [0, 7]))
  for (const { code, message } of published.failed) if (code !== 'article') failures.push(`publish: ${message}`)
  const slugs = new Set<string>(published.articles.map(({ slug }: { slug: string }) => slug))
  for (const { number } of chosen) {
    if (!slugs.has(`t-${number}`)) failures.push(`the article of payload ${number} was not published`)
  }
  const bundles = chosen.map(({ number, text }) => [number, foreignBundle(number, text)] as const)
  writeFileSync(
    join(folder, 'foreign.car'),
    await carOf(
      bundles.map(([, [root]]) => root.cid),
      bundles.flatMap(([, blocks]) => blocks),
    ),
  )
  const imported = JSON.parse(ended('import', ovn(['import', 'foreign.car', '--json'], at), [0]))
  for (const { slug } of imported.articles) slugs.add(slug)
  ended('site', ovn(['site', '-o', 'site'], at), [0])
  const refs = [...slugs].filter((slug) => !slug.startsWith('f-'))
  ended('export', ovn(['export', '--format', 'folder', '-o', 'bundles', ...refs], at), [0])
  return {
    folder,
    slugs,
    roots: new Map(bundles.map(([number, [root]]) => [number, root.cid.toString()])),
    made: new Map(),
    failures,
  }
}

/** An article with a text wherever one may stand, but for addresses. */
function textArticle(number: number, text: string): string {
  const title = JSON.stringify(plain(text))
  const address = `https://a.test/${plain(text).replace(/\s/g, '')}`
  const url = URL.canParse(address) ? JSON.stringify(address) : '"https://a.test/"'
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ')
  return `---
slug: t-${number}
title: ${title}
summary: ${title}
authors: [{ name: ${title}, url: ${url} }, ${title}]
categories: [${title}]
tags: [${title}]
url: ${url}
license: ${title}
language: en
image: { src: ok.png, alt: ${title}, caption: ${title}, credit: ${title} }
corrections: [{ date: 2025-01-02, note: ${title} }, ${title}]
---
${text}

x ${line} *${line}* **${line}** ~~${line}~~ \`${line}\` <sub>${line}</sub>

## ${line}

> - ${line}
> - [ ] ${line}

|a ${line}|
|-|
|${line}|

![${line}](ok.png '${line}')

[${line}](https://a.test/ "${line}") x^[${line}] y[^n]

[^n]: ${line}

\`\`\`${line}
${text}
\`\`\`

<!-- ${line}

${line} --> ${line}
`
}

/** An article with a text in the place of addresses. It may be refused, since files that are named must be there. */
function linkArticle(number: number, text: string): string {
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ')
  return `---\nslug: l-${number}\ntitle: L ${number}\nurl: https://a.test/b/\n---\n[x](${line})\n\n[y](<${line}> 'z')\n\n<${line}>\n\n[r]: ${line}\n\n[r] [s][r]\n\n[t](https://a.test/${line})\n\n![u](https://a.test/${line})\n`
}

/** A bundle that a stranger made: its page is the payload itself, its metadata and its names are made of it. */
function foreignBundle(number: number, text: string): readonly [root: Block, ...Block[]] {
  const whole = text.toWellFormed()
  const page = rawBlock(
    `<!doctype html><html><head><title>calm</title>${text}</head><body><article><p>x</p>${text}</article></body></html>`,
  )
  const drawing = rawBlock(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><script>console.log(/ran-${number}-/)</script><image href="//p${number}.${foreignDomain}/a"/>${text}</svg>`,
  )
  const strict = rawBlock(
    `<html xmlns="http://www.w3.org/1999/xhtml"><head><script>console.log(/ran-${number}-/)</script><link rel="stylesheet" href="//p${number}.${foreignDomain}/a.css"/></head><body>x</body></html>`,
  )
  const styled = rawBlock(
    `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="data:text/xml,${encodeURIComponent(`<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:template match="/"><html xmlns="http://www.w3.org/1999/xhtml"><script>console.log(/ran-${number}-/)</script></html></x:template></x:stylesheet>`)}"?><a/>`,
  )
  const metadata = rawBlock(
    JSON.stringify({
      schemaVersion: 'ovn-bundle/1',
      identifier: `f-${number}`,
      version: 1,
      headline: text,
      description: text,
      articleSection: [text],
      datePublished: number % 2 === 0 ? text : '2025-08-22',
      url: text,
      inLanguage: 'en',
      author: [{ name: text, url: text }],
      correction: [{ text, datePublished: '2025-08-22' }],
    }),
  )
  const redirects = rawBlock(`/r ${whole.replace(/\s/g, '') || 'x'} 302\n`)
  const entries = [whole, `${whole}.html`, 'plain.txt'].map((name) => [name, page.cid] as const)
  const names = directoryBlock(
    entries.toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
  )
  const root = directoryBlock([
    ['_redirects', redirects.cid],
    ['drawing.svg', drawing.cid],
    ['index.html', page.cid],
    ['metadata.json', metadata.cid],
    ['names', names.cid],
    ['page.xhtml', strict.cid],
    ['styled.xml', styled.cid],
    ['words', page.cid],
  ])
  return [root, redirects, drawing, page, metadata, names, strict, styled]
}

function ownVisits(port: number, { slugs }: Newsroom, { number }: Payload, made: ReadonlyMap<string, string>): Visit[] {
  const base = `http://127.0.0.1:${port}`
  const links = slugs.has(`l-${number}`)
  const visit = (path: string, pressed?: Visit['pressed']): Visit => {
    return {
      url: `${base}/${path}`,
      kind: 'own',
      what: `${path.replace(/\/?\d*$/, '')} of payload ${number}`,
      ...(pressed === undefined ? {} : { pressed }),
    }
  }
  return [
    visit(`bundles/t-${number}@1/index.html`),
    visit(`site/t-${number}/`, 'same'),
    visit(`site/t-${number}/?changed=${number}`, 'changed'),
    visit(`site/f-${number}/`),
    ...(links ? [visit(`site/l-${number}/`), visit(`bundles/l-${number}@1/index.html`)] : []),
    ...[...made.keys()].filter((place) => place.startsWith(`made/${number}/`)).map((place) => visit(place)),
  ]
}

function foreignVisits(port: number, { roots }: Newsroom, { number, text }: Payload): Visit[] {
  const root = roots.get(number)
  const shared = `http://127.0.0.1:${port}`
  const isolated = `http://${root}.ipfs.localhost:${port}`
  const name = encodeURIComponent(text.toWellFormed())
  const visit = (url: string): Visit => ({
    url,
    kind: 'foreign',
    what: `${url.replace(/^https?:..[^/]*/, '').replace(root ?? '', '<root>')} of payload ${number}`,
  })
  return [
    visit(`${shared}/ipfs/${root}/`),
    visit(`${isolated}/`),
    visit(`${shared}/ipfs/${root}/drawing.svg`),
    visit(`${isolated}/drawing.svg`),
    visit(`${isolated}/page.xhtml`),
    visit(`${isolated}/styled.xml`),
    visit(`${isolated}/words`),
    // These are pages of ours in a stranger's place.
    { ...visit(`${shared}/ipfs/${root}/names/`), kind: 'own' },
    { ...visit(`${isolated}/names/`), kind: 'own' },
    visit(`${shared}/ipfs/${name}`),
    visit(`${shared}/ipfs/${root}/${name}`),
    { ...visit(`${shared}/${name}`), kind: 'own' },
  ]
}

/** Pages whose texts no command line can give: of the config, and of the manifest. */
function makeInProcess(chosen: readonly Payload[]): {
  readonly pages: Map<string, string>
  readonly feeds: readonly string[][]
} {
  const pages = new Map<string, string>()
  const feeds: string[][] = []
  for (const { number, text } of chosen) {
    const scene = sceneOf(text)
    const record = edition(1, {
      title: text,
      url: text,
      categories: [text],
      note: text,
      slug: `n-${number}`,
      datePublished: text,
    })
    const gone = withdrawal(1, { slug: record.slug, reason: text })
    const live = catalogOf([record, edition(2, { title: text, slug: 'other', version: 2, note: text })])
    const withdrawn = catalogOf([record, gone])
    const [article] = withdrawn.articles
    pages.set(
      `made/${number}/bundle`,
      renderPage({ ...articleOf(text) }, scene.site, { version: 2, previous: record.root, note: text }),
    )
    if (article !== undefined) {
      pages.set(
        `made/${number}/withdrawn`,
        renderWithdrawn(scene, article, article.newest, gone, { cars: new Map(), corrected: new Map() }),
      )
    }
    const facts = () => ({ summary: text, authors: [text], language: 'en' })
    for (const { place, text: page } of renderLists(scene, live, facts)) {
      const kind = /^(?:$|archive\/$|category\/[^/]*\/$|404)/.exec(place)
      if (kind !== null) pages.set(`made/${number}/${place.split('/')[0]}list`, page)
    }
    feeds.push([...renderFeeds(scene, live, facts, new Map()).values(), renderLinks(scene.site, live, new Map())])
  }
  return { pages, feeds }
}

function sceneOf(text: string): Scene {
  const given = { name: text, motto: text, url: `https://news.test/${text}`, gateways: [`https://gw.test/${text}`] }
  // A config that is refused is never used: what is wrong in it is left out.
  const site = Object.fromEntries(
    Object.entries(given).filter(([key, value]) => checkConfig({ [key]: value }).length === 0),
  )
  return { site: { gateways: [], ...site }, style: 'assets/ovn/style.css' }
}

function articleOf(text: string): Article {
  return {
    file: 'a.md', source: new Uint8Array(0), title: text, slug: 'a', slugGiven: true, summary: text, language: 'en', authors: [{ name: text, url: text }],
    categories: [text], tags: [text], license: text, corrections: [{ note: text }], body: '<p>x</p>', assets: [], overrides: {}, notices: [],
    image: { path: `assets/${text.toWellFormed()}`, alt: text, caption: text, credit: text },
  } // biome-ignore format: a table
}

/** Waits for the document in which a server says where it is. */
function portOf(stdout: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    stdout.on('data', (part: string) => {
      text += part
      if (text.includes('\n')) resolve(JSON.parse(text).port)
    })
    stdout.on('end', () => reject(new Error('the server did not start')))
  })
}

interface Running extends AsyncDisposable {
  readonly port: number
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  css: 'text/css',
  png: 'image/png',
  car: 'application/vnd.ipld.car',
}

/** Serves what `ovn` wrote as any web server would, with no policy but that of the pages themselves. */
async function serveOwn({ folder, made }: Newsroom): Promise<Running> {
  const server = createHttpServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    const place = decodeURIComponent(pathname.slice(1))
    const text =
      place === 'control' ? controlPage : place === 'blank' ? '<!doctype html><title>x</title>' : made.get(place)
    if (text !== undefined) return void response.writeHead(200, { 'content-type': types.html }).end(text)
    const file = join(folder, place, place.endsWith('/') ? 'index.html' : '')
    const isThere = !place.includes('\0') && statSync(file, { throwIfNoEntry: false })?.isFile() === true
    if (!isThere || !/^(?:site|bundles)\//.test(place)) return void response.writeHead(404).end()
    const bytes = readFileSync(file)
    const changed = searchParams.get('changed')
    const answer = changed === null ? bytes : change(bytes.toString(), payloads[Number(changed)]?.text ?? '')
    response
      .writeHead(200, { 'content-type': types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream' })
      .end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A page of a site with a paragraph that is not in the archive, and says it in so many words. */
function change(page: string, text: string): string {
  const escaped = text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`).replaceAll('\0', '')
  return page.replace(/(<article data-ovn-article[^>]*>)/, `$1<p>${escaped}</p>`)
}

const controlPage = `<!doctype html><title>x</title><img src=x onerror="console.log(/ran-0-/)"><img src="//p0.${foreignDomain}/"><a href="javascript:x">y</a>`

/** What is wrong with a page that `ovn` made, as the browser understood it: the names of all that it must not have. */
const inspectDocument = `((document, base) => {
  const wrong = []
  if (document.contentType === 'text/plain') return wrong
  const allowed = new Set('html head meta title link style script body header main article footer nav div p a span h1 h2 h3 h4 h5 h6 ul ol li time figure figcaption img pre code em strong s b i sub sup kbd q bdi section details summary abbr table thead tbody tr td th hr br blockquote video audio button small dl dt dd mark'.split(' '))
  const protocols = new Set(['http:', 'https:', 'mailto:', 'tel:', 'ipfs:', 'ipns:', 'data:'])
  const ids = new Set()
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName
    if (!allowed.has(name) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') wrong.push('<' + name + '>')
    for (const { name: key, value } of element.attributes) {
      if (/^on|^style$|^src(doc|set)$|^formaction$|^ping$|^background$|^poster$|^is$|^slot$|:/.test(key)) wrong.push(name + ' ' + key)
      if (key === 'id') { if (ids.has(value)) wrong.push('two #' + value); ids.add(value) }
      if (['href', 'src', 'action', 'data'].includes(key)) {
        const url = new URL(value, base)
        if (!protocols.has(url.protocol)) wrong.push(name + ' ' + key + '=' + url.protocol)
        if (url.protocol === 'data:' && value !== 'data:,') wrong.push(name + ' ' + key + '=' + value)
        if ((key === 'src' || ['stylesheet', 'icon'].includes(element.rel)) && url.host !== new URL(base).host && value !== 'data:,') wrong.push(name + ' ' + key + '=' + value)
      }
    }
    if (name === 'script' && element.type !== 'application/ld+json' && !/^https?:\\/\\/[^/]+\\/(site\\/)?assets\\/ovn\\//.test(new URL(element.getAttribute('src') ?? 'x:', base).href)) wrong.push('<script>')
    if (name === 'meta' && element.httpEquiv && element.httpEquiv !== 'Content-Security-Policy') wrong.push('<meta ' + element.httpEquiv + '>')
    if (name === 'link' && !['canonical', 'alternate', 'icon', 'stylesheet'].includes(element.rel)) wrong.push('<link ' + element.rel + '>')
    if (name === 'script' && element.type === 'application/ld+json') { try { JSON.parse(element.textContent) } catch { wrong.push('JSON-LD') } }
  }
  const count = (selector) => document.querySelectorAll(selector).length
  for (const selector of ['html', 'head', 'body', 'title', 'main', 'style, link[rel=stylesheet]']) if (count(selector) !== 1) wrong.push(count(selector) + ' ' + selector)
  for (const selector of ['[data-ovn-article]', '[data-ovn-check]', 'article', 'script', 'base']) if (count(selector) > 1) wrong.push(count(selector) + ' ' + selector)
  for (const child of document.body.children) if (!['header', 'main', 'footer'].includes(child.localName)) wrong.push('body > ' + child.localName)
  return [...new Set(wrong)]
})`

const inspect = `${inspectDocument}(document, location.href)`

/** Does what a reader might, short of following a link of the web. */
const touch = `(() => {
  for (const element of [...document.querySelectorAll('*')].slice(0, 300)) {
    element.focus?.()
    for (const name of ['mouseover', 'mouseenter', 'pointerover', 'focusin', 'input', 'animationstart']) element.dispatchEvent(new Event(name, { bubbles: true }))
    const address = String(element.closest?.('a, area')?.href?.baseVal ?? element.closest?.('a, area')?.href ?? '')
    const runs = address === '' || /^(javascript|vbscript|data|view-source|feed|blob|filesystem):$/.test(URL.parse(address, document.baseURI)?.protocol)
    if (runs) element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))
  }
})()`

interface Found {
  readonly failures: string[]
  /** Requests that a policy stopped, and connections on which nothing was asked. */
  readonly blocked: number
  readonly empty: number
}

async function browse(
  visits: readonly Visit[],
  documents: readonly Visit[],
  port: number,
  feeds: readonly string[][],
): Promise<Found> {
  const failures: string[] = []
  const arrived: string[] = []
  let blocked = 0
  let empty = 0
  const sink = createSocketServer((socket) => {
    socket.on('error', () => undefined)
    let hasAsked = false
    socket.once('data', (data) => {
      hasAsked = true
      arrived.push(data.toString('latin1').slice(0, 500))
      socket.end('HTTP/1.1 204 No Content\r\n\r\n')
    })
    socket.on('close', () => {
      if (!hasAsked) empty += 1
    })
  })
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  const rules = [
    `MAP *.${foreignDomain} 127.0.0.1:${(sink.address() as AddressInfo).port}`,
    'MAP * ~NOTFOUND',
    'EXCLUDE 127.0.0.1',
    'EXCLUDE *.localhost',
  ]
  const browser = await chromium.launch({
    executablePath,
    args: [
      ...args,
      // What is kept apart by policies is looked at, not what is kept apart by processes: those would take most of the time.
      '--renderer-process-limit=1',
      '--disable-site-isolation-trials',
      `--host-resolver-rules=${rules.join(', ')}`,
    ],
  })
  try {
    // What a browser would show, it shows here without being seen: neither pictures nor colours are of interest.
    const work = async (bypassCSP: boolean, waiting: Visit[]) => {
      // Each has a window of its own: pages that nobody could see are slow.
      const context = await browser.newContext({ bypassCSP, viewport: { width: 320, height: 200 } })
      const page = await context.newPage()
      const watched = watch(page)
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const failed = await visit(page, next, watched)
        blocked += watched.blocked
        failures.push(...failed.map((each) => `${next?.what}: ${each}`))
      }
      await context.close()
    }
    const control: Visit = { url: `http://127.0.0.1:${port}/control`, kind: 'own', what: 'control' }
    await work(true, [control])
    const seen = failures.splice(0).join('\n')
    for (const must of [/a script ran: 0/, /asked for http:\/\/p0/, /a href=javascript:/, /img onerror/]) {
      if (!must.test(seen)) throw new Error(`the browser does not see what it should: ${must}: ${seen}`)
    }
    for (let wait = 0; wait < 100 && arrived.length === 0; wait += 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
    if (!arrived.splice(0).some((data) => data.includes(`p0.${foreignDomain}`)))
      throw new Error('no request comes to the server that is to see it')
    // One host after another: another one may take another process.
    const sorted = visits.toSorted((one, other) => (one.url < other.url ? -1 : 1))
    const own = sorted.filter(({ kind }) => kind === 'own')
    const foreign = sorted.filter(({ kind }) => kind === 'foreign')
    await Promise.all([work(true, own), work(true, own), work(false, foreign), work(false, foreign)])
    failures.push(...(await readDocuments(await browser.newPage(), documents, port)))
    failures.push(...(await readFeeds(await browser.newPage(), feeds)))
    // What is late has a moment more.
    await new Promise((resolve) => setTimeout(resolve, 200))
    for (const data of arrived) {
      const name = foreignHost.exec(data)
      failures.push(`a request left: payload ${name?.[1]}: ${JSON.stringify(data.slice(0, 100))}`)
    }
    return { failures, blocked, empty }
  } finally {
    await browser.close()
    sink.close()
  }
}

interface Watched {
  readonly noticed: string[]
  blocked: number
}

/** Notes what a page does that none of these may. */
function watch(page: Page): Watched {
  const watched: Watched = { noticed: [], blocked: 0 }
  const { noticed } = watched
  page.on('console', (message) => {
    const ran = ranMark.exec(message.text())
    if (ran !== null) noticed.push(`a script ran: ${ran[1]}`)
  })
  page.on('pageerror', (error) => noticed.push(`a script failed: ${error.message}`))
  page.on('dialog', (dialog) => {
    noticed.push(`a dialog: ${dialog.message()}`)
    return dialog.dismiss()
  })
  page.on('worker', () => noticed.push('a worker'))
  page.on('popup', () => noticed.push('a window was opened'))
  page.on('request', (request) => {
    if (new URL(request.url()).hostname.endsWith(foreignDomain)) noticed.push(`asked for ${request.url()}`)
  })
  page.on('requestfailed', (request) => {
    if (request.failure()?.errorText !== 'csp') return
    const asked = noticed.indexOf(`asked for ${request.url()}`)
    if (asked >= 0) noticed.splice(asked, 1)
    watched.blocked += 1
  })
  return watched
}

async function visit(page: Page, { url, kind, pressed }: Visit, watched: Watched): Promise<string[]> {
  watched.noticed.length = 0
  watched.blocked = 0
  const failed: string[] = []
  // Nothing here waits for what the network does not give.
  const opened = await page.goto(url, { waitUntil: 'load', timeout: 30_000 }).then(
    () => true,
    (error: Error) => {
      // What is no page is saved as a file, and the page before it stays.
      if (!/ERR_ABORTED|Download is starting/.test(error.message)) failed.push(error.message)
      return false
    },
  )
  if (!opened) return [...failed, ...watched.noticed]
  try {
    if (kind === 'own') {
      const wrong = await page.evaluate<string[]>(inspect)
      if (wrong.length > 0) failed.push(`it has ${wrong.join(', ')}`)
    }
    if (pressed !== undefined) failed.push(...(await press(page, pressed)))
    else await page.evaluate(touch)
    // No timer of a page runs where no script may.
    await new Promise((resolve) => setTimeout(resolve, settle))
  } catch (error) {
    failed.push(`it cannot be looked at: ${(error as Error).message.slice(0, 200)}`)
  }
  const now = new URL(page.url())
  if (now.host !== new URL(url).host) failed.push(`it went to ${now.href}`)
  return [...failed, ...watched.noticed]
}

/** Presses the check of a page, and looks at the page again with what the check has written. */
async function press(page: Page, expected: 'same' | 'changed'): Promise<string[]> {
  const before = await page.evaluate<number>('document.querySelectorAll("[data-ovn-check]").length')
  if (before === 0) return ['it has no check']
  await page.evaluate('for (const panel of document.querySelectorAll("details")) panel.open = true')
  await page.click('.ovn-check-button', { timeout: 30_000 })
  await page.waitForFunction(
    'document.querySelector(".ovn-check-result")?.getAttribute("aria-busy") === "false"',
    undefined,
    { polling: 20, timeout: 30_000 },
  )
  const wrong = await page.evaluate<string[]>(inspect)
  const state = await page.evaluate<string>('document.querySelector(".ovn-check-result").innerText')
  const isRight = state.startsWith('✓') === (expected === 'same')
  return [
    ...(wrong.length > 0 ? [`after its check it has ${wrong.join(', ')}`] : []),
    ...(isRight ? [] : [`its check says: ${state.slice(0, 200)}`]),
  ]
}

/** Has a browser's parser read pages of ours without opening them: that is quick, and finds all that has become markup. */
async function readDocuments(page: Page, documents: readonly Visit[], port: number): Promise<string[]> {
  await page.goto(`http://127.0.0.1:${port}/blank`)
  const failures: string[] = []
  for (let at = 0; at < documents.length; at += 200) {
    const urls = documents.slice(at, at + 200).map(({ url }) => url)
    const wrong = await page.evaluate<string[][]>(`Promise.all(${JSON.stringify(urls)}.map(async (url) => {
      const answer = await fetch(url)
      return answer.ok ? ${inspectDocument}(new DOMParser().parseFromString(await answer.text(), 'text/html'), url) : [answer.status]
    }))`)
    for (const [index, each] of wrong.entries()) {
      if (each.length > 0) failures.push(`${documents[at + index]?.what}, read: it has ${each.join(', ')}`)
    }
  }
  await page.close()
  return failures
}

/** Reads feeds as a browser reads XML and JSON: each must be whole, and lead nowhere but to the web and to IPFS. */
async function readFeeds(page: Page, feeds: readonly string[][]): Promise<string[]> {
  const wrong = await page.evaluate<string[]>(`((feeds) => feeds.flatMap((texts, index) => texts.flatMap((text) => {
      const bad = (address) => !/^(https?|ipfs):$/.test(new URL(address, 'https://x.test/').protocol)
      if (text.startsWith('{')) {
        const found = []
        JSON.parse(text, (key, value) => { if (/url$|^page$|^path$|^ipfs$|^link$/.test(key) && typeof value === 'string' && key !== 'url' && bad(value)) found.push(index + ': ' + key + ' ' + value); return value })
        return found
      }
      const parsed = new DOMParser().parseFromString(text, 'application/xml')
      if (parsed.querySelector('parsererror')) return [index + ': ' + parsed.querySelector('parsererror').textContent]
      const names = new Set([...parsed.querySelectorAll('*')].map(({ nodeName }) => nodeName))
      const known = 'feed id title subtitle updated author name link entry published category summary rss channel description language lastBuildDate atom:link item guid pubDate dc:creator enclosure dc:identifier'.split(' ')
      return [
        ...[...names].filter((name) => !known.includes(name)).map((name) => index + ': <' + name + '>'),
        ...[...parsed.querySelectorAll('[href], [url]')].map((each) => each.getAttribute('href') ?? each.getAttribute('url')).filter(bad),
      ]
    })))(${JSON.stringify(feeds)})`)
  return wrong.map((each) => `a feed: payload ${each}`)
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

function ask(port: number, host: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ port, host: '127.0.0.1', path, headers: { host } }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}

const dispositionForm = /^(?:inline|attachment); filename="[ !#-[\]-~]*"(?:; filename\*=UTF-8''[\w!#$&+.^`|~%-]*)?$/

/** Asks for names in headers, for errors that quote what was asked for, and for where a stranger's redirects lead. */
async function askAll(
  port: number,
  { roots }: Newsroom,
  chosen: readonly Payload[],
  boxesEvery: number,
): Promise<string[]> {
  const failures: string[] = []
  const shared = `127.0.0.1:${port}`
  for (const [index, { number, text }] of chosen.entries()) {
    const root = roots.get(number)
    const name = encodeURIComponent(text.toWellFormed())
    const isolated = `${root}.ipfs.localhost:${port}`
    const named = await ask(port, shared, `/ipfs/${root}/drawing.svg?filename=${name}&download=true`)
    if (named.status !== 200 || !dispositionForm.test(String(named.headers['content-disposition']))) {
      failures.push(`payload ${number}: Content-Disposition: ${named.headers['content-disposition']} (${named.status})`)
    }
    for (const [host, path] of [
      [shared, `/ipfs/${name}`],
      [shared, `/ipfs/${root}/${name}`],
      [shared, `/ipns/${name}`],
      [`${name}.test`, '/'],
      [isolated, `/${name}`],
    ] as const) {
      const { status, headers, body } = await ask(port, host, path)
      const isText =
        headers['content-type'] === 'text/plain; charset=utf-8' && headers['x-content-type-options'] === 'nosniff'
      const isRedirect = status >= 300 && status < 400
      if (status < 300 || (!isText && body !== ''))
        failures.push(`payload ${number}: ${path} is ${status} ${headers['content-type']}`)
      if (isRedirect && !isGoodPlace(headers.location))
        failures.push(`payload ${number}: ${path} leads to ${headers.location}`)
    }
    const { status, headers } = await ask(port, isolated, '/r')
    const isRefused = status === 404 || status === 500
    // A rule of a site may lead to another site of the web, and nowhere else: that is what the specification has them for.
    if (!isRefused && !isGoodPlace(headers.location))
      failures.push(`payload ${number}: its redirect leads to ${headers.location} (${status})`)
    if (index % boxesEvery !== 0) continue
    for (const [host, base] of [
      [shared, `/ipfs/${root}`],
      [isolated, ''],
    ] as const) {
      for (const path of [`${base}/`, `${base}/drawing.svg`, `${base}/page.xhtml`, `${base}/words`]) {
        const { 'content-security-policy': policy = '', 'content-type': type } = (await ask(port, host, path)).headers
        const isBoxed = /^sandbox(?: allow-(?:same-origin|popups|popups-to-escape-sandbox|downloads))*; /.test(
          String(policy),
        )
        if (type !== 'application/octet-stream' && !isBoxed)
          failures.push(`payload ${number}: ${path} has no sandbox: ${policy}`)
      }
    }
  }
  return failures
}

/** A path of the same host, or an address of the web. */
function isGoodPlace(location: string | string[] = ''): boolean {
  return typeof location === 'string' && /^\/(?![/\\])[!-~]*$|^https?:\/\/[^/\\\s][!-~]*$/.test(location)
}

export const row: Row = {
  name: 'xss',
  holds: '0 executed, 0 requests left the page',
  run: (seed) => attackPages(seed, payloadCount, true),
}
