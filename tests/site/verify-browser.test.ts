// The check as a reader meets it, in a real browser, under the strictest policy that a site could have.

import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { CarIndexer } from '@ipld/car'
import { MemoryBlockstore } from 'blockstore-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Article } from '../../src/article/article.ts'
import type { Edition, Site } from '../../src/bundle/bundle.ts'
import { style } from '../../src/bundle/style.ts'
import { writeCar } from '../../src/dag/write-car.ts'
import { writeDag } from '../../src/dag/write-dag.ts'
import { checkStyle } from '../../src/site/check-style.ts'
import { arabic, corrected, illustrated, newsroom, samples, third } from '../bundle/articles.ts'
import { findAxeViolations, hasBrowser, useBrowser, withNewPage, withPage } from '../bundle/browser.ts'
import { filesOf } from '../bundle/bundles.ts'
import { hostileCars, rawBlock, sectionOf, varint } from '../dag/hostile-cars.ts'

const scripts = new URL('../../dist/site/', import.meta.url)
const policy =
  "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'none'; base-uri 'none'; form-action 'none'"

interface Archived {
  readonly cid: string
  readonly car: Buffer
  /** The files of the bundle. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** The article as its page has it, marked as the site marks it. */
  readonly article: string
}

async function archive(article: Article, site: Site, edition: Edition): Promise<Archived> {
  const files = await filesOf(article, site, edition)
  const blockstore = new MemoryBlockstore()
  const entries = [...files].map(([path, content]) => ({ path, content }))
  const { cid } = await writeDag({ blockstore }, entries)
  const car = Buffer.concat(await Array.fromAsync(writeCar(blockstore, [cid])))
  const html = Buffer.from(files.get('index.html') ?? []).toString()
  const found = /<article>(.*)<\/article>/s.exec(html)?.[1] ?? ''
  return { cid: cid.toString(), car, files, article: `<article data-ovn-article>${found}</article>` }
}

interface Shown {
  readonly cid?: string
  readonly article?: string
  readonly car?: string
  readonly language?: string
  readonly limit?: number
  /** Elements around the article. */
  readonly head?: string
  readonly foot?: string
}

function pageOf(archived: Archived, shown: Shown = {}): string {
  const { cid = archived.cid, article = archived.article, language = 'en', head = '', foot = '', limit } = shown
  const car = shown.car ?? `../ipfs/${archived.cid}.car`
  const direction = /^(ar|he|fa)/.test(language) ? 'rtl' : 'ltr'
  return `<!DOCTYPE html><html lang="${language}" dir="${direction}"><head><meta charset="utf-8"><title>x</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="/assets/pier.png">${head}
<script type="module" src="../verify.js"></script></head><body><main>${article}
<div data-ovn-check data-cid="${cid}" data-car="${car}"${limit === undefined ? '' : ` data-limit="${limit}"`} hidden></div>
</main>${foot}</body></html>`
}

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly headers?: Record<string, string>
  /** Bytes, or a stream of them; after `cut` of them the connection breaks. */
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array>
  readonly cut?: number
}

type Answers = Record<string, Answer | Uint8Array | string>

interface TestSite extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly string[]
  answers: Answers
}

/** A site on loopback: pages at `/a/`, files by their paths, and the two scripts. */
async function serve(answers: Answers): Promise<TestSite> {
  const requests: string[] = []
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1))
    requests.push(path)
    const isScript = readdirSync(scripts).includes(path)
    const found = isScript ? { body: readFileSync(new URL(path, scripts)) } : site.answers[path]
    const answer: Answer =
      found === undefined
        ? { status: 404, body: 'nothing here' }
        : typeof found === 'string' || found instanceof Uint8Array
          ? { body: found }
          : found
    const { status = 200, headers = {}, body, cut } = answer
    const type = path.endsWith('/') ? 'text/html' : path.endsWith('.js') ? 'text/javascript' : undefined
    const length =
      typeof body === 'string' || body instanceof Uint8Array ? { 'content-length': Buffer.byteLength(body) } : {}
    response.writeHead(status, {
      'content-type': answer.type ?? type ?? 'application/octet-stream',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      ...length,
      ...headers,
    })
    if (typeof body === 'string' || body instanceof Uint8Array) {
      if (cut === undefined) return response.end(body)
      response.write(Buffer.from(body).subarray(0, cut), () => response.destroy())
      return
    }
    response.setMaxListeners(0)
    for await (const chunk of body) {
      if (response.destroyed) return
      if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const site: TestSite = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return site
}

interface Told {
  readonly state: string | undefined
  readonly text: string
  readonly problems: readonly string[]
  readonly marked: readonly string[]
}

const result = '.ovn-check-result'

async function told(page: Page): Promise<Told> {
  await page.waitForSelector('.ovn-check-state', { timeout: 15_000 })
  return page.evaluate<Told>(`({
    state: document.querySelector('.ovn-check-state').className.replace(/.*ovn-check-/, ''),
    text: document.querySelector('${result}').textContent,
    problems: [...document.querySelectorAll('.ovn-check-problems > li')].map((item) => item.textContent),
    marked: [...document.querySelectorAll('.ovn-check-quotes mark')].map((mark) => mark.textContent),
  })`)
}

describe.skipIf(!hasBrowser)('the check in a browser', () => {
  const browser = useBrowser()
  let pier: Archived
  let fares: Archived
  let shared: { readonly site: TestSite; readonly page: Page; readonly noticed: string[] }

  beforeAll(async () => {
    pier = await archive(illustrated, newsroom, third)
    fares = await archive(corrected, newsroom, third)
    const site = await serve({})
    const page = await browser().newPage({ viewport: { width: 375, height: 700 } })
    const noticed: string[] = []
    page.on('pageerror', (error) => noticed.push(error.message))
    page.on('console', (message) => {
      // Chromium tells of every answer that is not 200, and of connections that break.
      if (!message.text().startsWith('Failed to load resource')) noticed.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url)) noticed.push(request.url())
    })
    shared = { site, page, noticed }
  })

  afterAll(async () => {
    await shared.page.close()
    await shared.site[Symbol.asyncDispose]()
  })

  function answersOf(archived: Archived, html: string, car: Answer | Uint8Array | string = archived.car) {
    return {
      'a/': html,
      [`ipfs/${archived.cid}.car`]: car,
      ...Object.fromEntries([...archived.files].map(([path, bytes]) => [`a/${path}`, bytes])),
    }
  }

  /** Opens a page, presses the button, and reads what it says. Nothing may go wrong unseen, and nobody else be asked. */
  async function checkOn(answers: Answers, use?: (page: Page) => unknown): Promise<Told> {
    shared.site.answers = answers
    shared.noticed.length = 0
    await shared.page.goto(`${shared.site.url}a/`)
    await shared.page.click('.ovn-check-button')
    const said = await told(shared.page)
    await use?.(shared.page)
    expect(shared.noticed).toEqual([])
    return said
  }

  const check = (archived: Archived, shown: Shown = {}, car?: Answer | Uint8Array | string) =>
    checkOn(answersOf(archived, pageOf(archived, shown), car))

  it.each(samples)('finds an article intact: $name', async ({ article, site, edition }) => {
    const archived = await archive(article, site, edition)
    const { state, problems, text } = await check(archived, { language: article.language ?? 'en' })
    expect([state, problems]).toEqual(['intact', []])
    expect(text).toContain(archived.cid)
    if (article.language?.startsWith('en'))
      expect(text).toContain('Compared with what this page shows, and the same: headline')
  })

  it('says what it checked', async () => {
    const { text } = await check(pier)
    expect(text).toMatch(
      /^✓ IntactThe archived file was downloaded from this site and every block re-hashed: 8 blocks, [\d.,]+ kB\./,
    )
    expect(text).toContain(
      'the same: headline, summary, byline, date, picture above the text, text, links, and pictures.',
    )
  })

  it('loads the check when it is asked for, and never before', async () => {
    await using server = await serve(answersOf(pier, pageOf(pier)))
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}a/`)
      await page.waitForSelector('.ovn-check-button')
      expect(server.requests.filter((path) => /\.(js|car)$/.test(path))).toEqual(['verify.js'])
      await page.click('.ovn-check-button')
      await told(page)
      expect(server.requests.filter((path) => /\.(js|car)$/.test(path))).toEqual([
        'verify.js',
        'check.js',
        `ipfs/${pier.cid}.car`,
      ])
    })
  })

  it('names every damaged block of a CAR', async () => {
    const index = await Array.fromAsync(await CarIndexer.fromBytes(pier.car))
    expect(index.length).toBeGreaterThan(6)
    for (const { cid, blockOffset, blockLength } of index) {
      const car = Buffer.from(pier.car)
      const at = blockOffset + (blockLength >> 1)
      car[at] = (car[at] as number) ^ 1
      const { state, problems } = await check(pier, {}, car)
      expect(state).toBe('damaged')
      expect(problems[0]).toContain(`should be ${cid}, and its bytes are ${cid.code === 0x55 ? 'bafk' : 'bafy'}`)
    }
  })

  it('names the file of a damaged block', async () => {
    const { blockOffset } = (await Array.fromAsync(await CarIndexer.fromBytes(pier.car)))[2] as { blockOffset: number }
    const car = Buffer.from(pier.car)
    car[blockOffset + 9] = 0
    expect((await check(pier, {}, car)).problems.join()).toMatch(/of (article\.md|assets)/)
  })

  it.each([0, 1, 40, 61, 0.1, 0.5, 0.9, 0.9999])('says that a CAR is cut short: %d', async (where) => {
    const length = where < 1 && where > 0 ? Math.floor(pier.car.length * where) : where
    const { state, problems } = await check(pier, {}, pier.car.subarray(0, length))
    expect(state).toBe('damaged')
    expect(problems[0]).toMatch(/cut short: it ends at byte|cannot be read as a CAR|is missing/)
  })

  it('says which blocks are missing where a CAR ends between two', async () => {
    const { offset } = (await Array.fromAsync(await CarIndexer.fromBytes(pier.car))).at(-1) as { offset: number }
    const { state, problems } = await check(pier, {}, pier.car.subarray(0, offset))
    expect(state).toBe('damaged')
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^A block of metadata\.json is missing: bafkrei/)
  })

  it('says that the CID of the page is not that of the CAR', async () => {
    const { state, problems } = await check(pier, { cid: fares.cid })
    expect(state).toBe('damaged')
    expect(problems[0]).toContain(`this page names ${fares.cid}, and the file is of ${pier.cid}`)
  })

  it('says that the CAR is of another article, with all of its blocks', async () => {
    const { state, problems } = await check(pier, {}, fares.car)
    expect(state).toBe('damaged')
    expect(problems[0]).toContain(`this page names ${pier.cid}, and the file is of ${fares.cid}`)
  })

  it('says that both are of another article than the one that is shown', async () => {
    const { state, marked } = await checkOn({
      ...answersOf(pier, pageOf(pier, { cid: fares.cid, car: 'other.car' })),
      'a/other.car': fares.car,
    })
    expect(state).toBe('damaged')
    expect(marked.slice(0, 2)).toEqual(['The Pier That Was Measured Four Times', 'Ferry Fares to Rise by a Tenth'])
  })

  it('says that the address of the page names another article', async () => {
    for (const head of [
      `<link rel="canonical" href="/ipfs/${fares.cid}/">`,
      `<link rel="alternate" type="application/vnd.ipld.car" href="../ipfs/${fares.cid}.car">`,
      `<link rel="alternate" href="ipfs://${fares.cid}">`,
    ]) {
      const { state, problems } = await check(pier, { head })
      expect([state, problems]).toEqual([
        'damaged',
        [`This page names ${pier.cid}, and its own address names ${fares.cid}.`],
      ])
    }
    const head = `<link rel="canonical" href="/ipfs/${pier.cid}/">`
    expect((await check(pier, { head })).state).toBe('intact')
  })

  it('finds a block that does not belong', async () => {
    const stray = rawBlock('stray')
    const car = Buffer.concat([pier.car, sectionOf(stray.cid.bytes, stray.bytes)])
    const { state, problems } = await check(pier, {}, car)
    expect(state).toBe('damaged')
    expect(problems).toEqual([
      expect.stringContaining(`no part of this article, or stands in the wrong place: ${stray.cid}`),
    ])
  })

  it.each<[string, string, string, string, readonly string[]]>([
    ['a word', 'lengthen it', 'shorten it', 'text', ['shorten', 'lengthen']],
    ['a character', '412.6 metres', '412.8 metres', 'text', ['8', '6']],
    ['a character that nobody sees', 'The tape was.', 'The\u200b tape was.', 'text', ['The[U+200B]', 'The']],
    [
      'a paragraph',
      '<p>Steel tapes',
      '<p>This was added.</p><p>Steel tapes',
      'text',
      ['This was added. ¶ Steel', 'Steel'],
    ],
    ['a paragraph that is gone', '<p>They were three different numbers.</p>', '', 'text', []],
    ['two paragraphs made one', 'at once.</p>\n<p>They', 'at once. They', 'text', []],
    ['the headline', 'Measured Four Times', 'Measured Five Times', 'headline', ['Five', 'Four']],
    ['the summary', 'For thirty years', 'For forty years', 'summary', ['forty', 'thirty']],
    ['an author', 'Tom Okafor', 'Tim Okafor', 'byline', ['Tim', 'Tom']],
    ['the date', '>3 November 2024', '>4 November 2024', 'date', ['4', '3']],
    ['the date for machines', 'datetime="2024-11-03T', 'datetime="2024-11-02T', 'date', []],
    ['a caption', 'seven in the morning', 'seven in the evening', 'picture above the text', ['evening', 'morning']],
    ['a correction', 'the fare of 2023 twice', 'the fare of 2022 twice', 'text', ['2022', '2023']],
    ['something between the parts', '<div class="body">', '<p>Not so.</p><div class="body">', 'text', []],
  ])('finds changed: %s', async (_, from, to, part, marked) => {
    expect(pier.article).toContain(from)
    const found = await check(pier, { article: pier.article.replace(from, to) })
    expect(found.state).toBe('damaged')
    expect(found.problems).toHaveLength(1)
    expect(found.problems[0]).toContain(`On this page, this part is not the archived one: ${part}.`)
    if (marked.length > 0) expect(found.marked).toEqual(marked)
    // The CAR itself is right, and that is said too.
    expect(found.text).toContain('every block re-hashed')
  })

  it('takes the same text for the same, however its source is set', async () => {
    const article = pier.article.replaceAll('\n', '\n\t  ').replaceAll('</p>\n', '</p>')

    expect((await check(pier, { article })).state).toBe('intact')
  })

  it('finds a link that leads elsewhere, and a picture that is another', async () => {
    const link = await check(pier, {
      article: pier.article.replace('href="https://ledger.example/people', 'href="https://x.example/people'),
    })
    expect(link.problems).toEqual([
      'A link leads elsewhere: on this page to https://x.example/people/ingrid, in the archive to https://ledger.example/people/ingrid.',
    ])
    const picture = Buffer.from(pier.files.get('assets/pier.png') ?? [])
    picture[picture.length - 20] = (picture.at(-20) as number) ^ 1
    const other = await checkOn({ ...answersOf(pier, pageOf(pier)), 'a/assets/pier.png': picture })
    expect([other.state, other.problems]).toEqual(['damaged', ['A picture is not the archived one: assets/pier.png.']])
    const answers: Answers = answersOf(pier, pageOf(pier))
    delete answers['a/assets/pier.png']
    const gone = await checkOn(answers)
    expect([gone.state, gone.problems]).toEqual(['unchecked', ['A picture could not be compared: assets/pier.png.']])
    const more = await check(pier, { article: pier.article.replace('<h2', '<img src="assets/pier.png" alt=""><h2') })
    expect([more.state, more.problems]).toEqual(['damaged', [expect.stringContaining('another number of pictures')]])
  })

  it('reads a page that is built in its own way, and a panel in the middle of the article', async () => {
    const panel = `<details><summary>Download IPFS</summary><a href="https://gateway.example/">x</a><div data-ovn-check data-cid="${pier.cid}" data-car="../ipfs/${pier.cid}.car"></div></details>`
    const inside = pageOf(pier, { article: pier.article.replace('<div class="body">', `${panel}<div class="body">`) })
    const opened = inside.replace('<details>', '<details open>').replace(/<div data-ovn-check[^>]*hidden><\/div>/, '')
    expect((await checkOn(answersOf(pier, opened))).state).toBe('intact')

    const body = /<div class="body">(.*?)<\/div>\n<section class="corr/s.exec(pier.article)?.[1] ?? ''
    const own = (text: string, date = '2024-11-03T07:30:00+01:00') => `<h1 data-ovn-headline>${illustrated.title}</h1>
      <time data-ovn-date datetime="${date}">3 November 2024, 07:30 (UTC+01:00)</time><section data-ovn-article>${text}</section>`
    const date = /<time datetime="2024-11-03[^>]*>([^<]*)</.exec(pier.article)?.[1] ?? ''
    const right = own(body).replace('3 November 2024, 07:30 (UTC+01:00)', date)
    expect(await check(pier, { article: right })).toMatchObject({ state: 'intact', problems: [] })
    expect((await check(pier, { article: right.replace('The tape was', 'The tape is') })).marked).toEqual(['is', 'was'])
    expect((await check(pier, { article: right.replace(illustrated.title, 'Another') })).state).toBe('damaged')
    expect((await check(pier, { article: '<p>Nothing here</p>' })).text).toContain(
      'This page shows no article to compare.',
    )
  })

  it('tells missing from damaged, and what could not be checked from both', async () => {
    expect(await check(pier, {}, { status: 404, body: 'no' })).toMatchObject({
      state: 'missing',
      problems: [expect.stringMatching(/the site answered 404 for http:\/\/127.*\.car\.$/)],
    })
    expect(await check(pier, {}, { status: 503, body: 'no' })).toMatchObject({ state: 'unchecked' })
    expect(await check(pier, {}, { body: pier.car, cut: 30_000 })).toMatchObject({ state: 'unchecked' })
    expect(await check(pier, { limit: 1000 })).toMatchObject({
      state: 'unchecked',
      problems: [expect.stringContaining('larger than 1 kB')],
    })
    expect(await check(pier, { cid: 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR' })).toMatchObject({
      state: 'unchecked',
    })
  })

  it('asks nobody but its own site, even where no policy forbids it', async () => {
    const any = { 'access-control-allow-origin': '*', 'content-security-policy': "script-src 'self'" }
    await using other = await serve({ 'x.car': { body: pier.car, headers: any } })
    const elsewhere = { status: 302, headers: { location: `${other.url}x.car` }, body: '' }
    const open = { body: pageOf(pier), headers: any }
    await using server = await serve({ ...answersOf(pier, '', elsewhere), 'a/': open })
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}a/`)
      await page.click('.ovn-check-button')
      expect((await told(page)).state).toBe('unchecked')
      expect(other.requests).toEqual([])
    })
  })

  it('says so where a browser has no hashes to compute: on a page that is not secure', async () => {
    await using server = await serve(answersOf(pier, pageOf(pier)))
    await withNewPage(browser(), {}, async (page) => {
      await page.addInitScript("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })")
      await page.goto(`${server.url}a/`)
      await page.click('.ovn-check-button')
      expect(await told(page)).toMatchObject({ state: 'unchecked', problems: [expect.stringContaining('https')] })
      expect(server.requests.filter((path) => path.endsWith('.car'))).toEqual([])
    })
  })

  it('takes no web page for a CAR', async () => {
    const { state, problems } = await check(
      pier,
      {},
      { type: 'text/html', body: '<!doctype html><title>Not found</title>' },
    )
    expect([state, problems]).toEqual(['damaged', [expect.stringContaining('cannot be read as a CAR, from byte 0 on')]])
  })

  it.each([
    ['a header of 2^40 bytes', () => Buffer.from(varint(2 ** 40))],
    ['a block of 2^40 bytes', () => Buffer.concat([pier.car.subarray(0, 59), Buffer.from(varint(2 ** 40))])],
    ['a length that never ends', () => new Uint8Array(100).fill(0x80)],
  ])('does not wait for %s', async (_, begin) => {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield begin()
      for (;;) yield new Uint8Array(65_536)
    }
    expect((await check(pier, {}, { body: body() })).state).toBe('damaged')
  })

  it('refuses hostile CARs in words, one after another on one page', async () => {
    const files = await Promise.all(hostileCars.map(async ({ make }) => make()))
    // All of them are in the tests of the decoders.
    const bytes = files
      .filter((made): made is Uint8Array => made instanceof Uint8Array && made.length < 300_000)
      .filter((_, index) => index % 4 === 0)
    expect(bytes.length).toBeGreaterThan(8)
    let turn = -1
    const answers = answersOf(pier, pageOf(pier, { cid: rawBlock('hello').cid.toString() }))
    Object.defineProperty(answers, `ipfs/${pier.cid}.car`, { get: () => bytes[++turn] })
    await using server = await serve(answers)
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}a/`)
      for (const _ of bytes) {
        await page.evaluate(`document.querySelector('${result}').replaceChildren()`)
        await page.click('.ovn-check-button')
        const { state, problems } = await told(page)
        expect(state).toBe('damaged')
        expect(problems[0]).toMatch(/\w/)
      }
    })
  })

  it('can be stopped, and asked again', async () => {
    let isSlow = true
    const answers = answersOf(pier, pageOf(pier))
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield pier.car.subarray(0, 100)
      await new Promise(() => {})
    }
    Object.defineProperty(answers, `ipfs/${pier.cid}.car`, { get: () => (isSlow ? { body: slowly() } : pier.car) })
    await using server = await serve(answers)
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}a/`)
      await page.click('.ovn-check-button')
      await page.waitForSelector('progress')
      expect(await page.textContent('.ovn-check-button')).toBe('Stop')
      await page.click('.ovn-check-button')
      expect(await told(page)).toMatchObject({
        state: 'unchecked',
        problems: ['The check was stopped before its end.'],
      })
      isSlow = false
      await page.evaluate(`document.querySelector('${result}').replaceChildren()`)
      await page.click('.ovn-check-button')
      expect((await told(page)).state).toBe('intact')
    })
  })

  it('waits for a minute, and no longer, where nothing comes', async () => {
    const answers = answersOf(pier, pageOf(pier))
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield pier.car.subarray(0, 100)
      await new Promise(() => {})
    }
    Object.defineProperty(answers, `ipfs/${pier.cid}.car`, { get: () => ({ body: slowly() }) })
    await using server = await serve(answers)
    await withPage(browser(), {}, async (page) => {
      await page.clock.install()
      await page.goto(`${server.url}a/`)
      await page.click('.ovn-check-button')
      await page.waitForSelector('progress')
      await page.clock.runFor(58_000)
      expect(await page.textContent('.ovn-check-button')).toBe('Stop')
      await page.clock.runFor(60_000)
      expect(await told(page)).toMatchObject({
        state: 'unchecked',
        problems: ['The archived file could not be downloaded. Check the connection, and try again.'],
      })
    })
  })

  it('says so where its own script cannot be had', async () => {
    await using server = await serve(answersOf(pier, pageOf(pier)))
    await withPage(browser(), {}, async (page) => {
      await page.route('**/check.js', (route) => route.abort())
      await page.goto(`${server.url}a/`)
      await page.click('.ovn-check-button')
      await page.waitForFunction(`document.querySelector('${result}').textContent.includes('could not be loaded')`)
    })
  })

  it('has no class in its style sheet that it does not use', () => {
    const source = ['check.js', 'verify.js'].map((name) => readFileSync(new URL(name, scripts), 'utf8')).join('')
    const states = ['intact', 'damaged', 'missing'].map((state) => `ovn-check-${state}`)
    const classes = new Set(checkStyle.match(/ovn-check-[a-z]+/g))
    expect(classes.size).toBeGreaterThan(8)
    for (const name of classes) if (!states.includes(name)) expect(source).toContain(name)
  })

  it('is no wider than a phone, and has contrast, with the style of the site in light and dark', async () => {
    const article = pier.article.replace('lengthen it', 'shorten it')
    const html = pageOf(pier, { article, cid: pier.cid }).replace(
      '<title>',
      '<link rel="stylesheet" href="../s.css"><title>',
    )
    const css = { type: 'text/css', body: style + checkStyle }
    const headers = { 'content-security-policy': policy.replace("style-src 'none'", "style-src 'self'") }
    const answers = { ...answersOf(pier, ''), 'a/': { body: html, headers }, 's.css': css }
    await using server = await serve(answers)
    for (const colorScheme of ['light', 'dark'] as const) {
      await withPage(
        browser(),
        { bypassCSP: true, colorScheme, viewport: { width: 320, height: 700 } },
        async (page) => {
          await page.goto(`${server.url}a/`)
          await page.click('.ovn-check-button')
          expect((await told(page)).state).toBe('damaged')
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
          expect(await findAxeViolations(page)).toEqual([])
        },
      )
    }
  })

  it('is heard, reached by the keyboard, and no fault for axe, in whatever it says', async () => {
    for (const [car, sign] of [
      [pier.car, '✓ Intact'],
      [pier.car.subarray(0, 99), '✗ Damaged'],
    ] as const) {
      await using server = await serve(
        answersOf(pier, pageOf(pier, { article: pier.article.replace('tape', 'rope') }), car),
      )
      await withPage(browser(), { bypassCSP: true }, async (page) => {
        await page.goto(`${server.url}a/`)
        await page.waitForSelector('.ovn-check-button')
        expect(await page.evaluate(`document.querySelector('${result}').role`)).toBe('status')
        await page.focus('.ovn-check-button')
        await page.keyboard.press('Enter')
        const { text } = await told(page)
        await page.waitForFunction(`document.activeElement === document.querySelector('${result}')`)
        if (car.length < 100) expect(text.startsWith(sign)).toBe(true)
        expect(await page.evaluate(`document.querySelector('${result}').ariaBusy`)).toBe('false')
        expect(await findAxeViolations(page)).toEqual([])
      })
    }
  })

  it('speaks the language of its page, from right to left too', async () => {
    const archived = await archive(arabic, { name: 'دفتر الميناء' }, third)
    const said = await checkOn(answersOf(archived, pageOf(archived, { language: 'ar' })), async (page) => {
      expect(await page.textContent('.ovn-check-button')).toBe('تحقَّق في متصفحك')
      const directions = `[getComputedStyle(document.querySelector('${result}')).direction, getComputedStyle(document.querySelector('${result} code')).direction]`
      expect(await page.evaluate(directions)).toEqual(['rtl', 'ltr'])
    })
    expect([said.state, said.problems]).toEqual(['intact', []])
    expect(said.text).toContain('✓ سليم')
    expect(said.text).toContain(archived.cid)
    const changed = archived.article.replace('يوم الاثنين', 'يوم الثلاثاء')
    const other = await checkOn(answersOf(archived, pageOf(archived, { language: 'ar', article: changed })))
    expect(other.marked).toEqual(['الثلاثاء', 'الاثنين'])
    expect(other.text).toContain('تالف')
  })

  it.each([
    ['de-AT', 'Im Browser prüfen', 'Unversehrt'],
    ['zh-TW', '在瀏覽器中核實', '完好'],
    ['uk', 'Перевірити у браузері', 'Не змінено'],
  ])('speaks %s', async (language, button, state) => {
    const said = await checkOn(answersOf(fares, pageOf(fares, { language })), async (page) => {
      expect(await page.textContent('.ovn-check-button')).toBe(button)
      expect(await page.getAttribute(result, 'lang')).toBeNull()
    })
    expect(said.text).toContain(`✓ ${state}`)
  })

  it('says that it is English where it does not speak the language of its page', async () => {
    for (const language of ['he', 'constructor']) {
      await checkOn(answersOf(fares, pageOf(fares, { language })), async (page) => {
        expect([await page.getAttribute(result, 'lang'), await page.getAttribute(result, 'dir')]).toEqual(['en', 'ltr'])
      })
    }
  })

  it('takes the words that a page brings', async () => {
    const words = { verify: 'Gwirio', intact: 'Cyfan', same: '{parts}', headline: '<b>pennawd</b>' }
    const template = `<template data-ovn-words lang="cy" dir="ltr">${JSON.stringify(words).replaceAll('<', '&lt;')}</template>`
    const said = await checkOn(answersOf(fares, pageOf(fares, { language: 'cy', foot: template })), async (page) => {
      expect(await page.textContent('.ovn-check-button')).toBe('Gwirio')
      expect([await page.getAttribute(result, 'lang'), await page.getAttribute(result, 'dir')]).toEqual(['cy', 'ltr'])
    })
    expect(said.text).toContain('✓ Cyfan')
    expect(said.text).toContain('<b>pennawd</b>')
    const broken = pageOf(fares, { foot: '<template data-ovn-words>{"verify": </template>' })
    expect((await checkOn(answersOf(fares, broken))).state).toBe('intact')
  })

  it('takes all that it is told for text', async () => {
    const script = '<img src=x onerror=alert(1)>'
    const article = pier.article.replace('<p>In 1994', `<p>${script.replaceAll('<', '&lt;')} In 1994`)
    const { marked } = await check(pier, { article })
    expect(marked[0]).toContain(script)
  })

  it('is small, and needs nobody', () => {
    const files = new Map(readdirSync(scripts).map((name) => [name, readFileSync(new URL(name, scripts))]))
    const sizeOf = (name: string) => gzipSync(files.get(name) ?? '', { level: 9 }).length
    const words = [...files.keys()].filter((name) => /^words-[a-z-]+\.js$/.test(name))
    expect([...files.keys()].filter((name) => !words.includes(name)).toSorted()).toEqual(['check.js', 'verify.js'])
    // A page loads the button; a reader who checks it, the check and one language.
    expect(sizeOf('verify.js')).toBeLessThan(2_000)
    expect(sizeOf('verify.js') + sizeOf('check.js') + Math.max(...words.map(sizeOf))).toBeLessThan(15_000)
    for (const file of files.values()) {
      expect(file.toString()).not.toMatch(/\beval\b|new Function|https?:\/\/|\bimport\s*["'{*]|sourceMappingURL/)
      for (const [, name] of file.toString().matchAll(/\bimport\((.*?)\)/g))
        expect(name).toMatch(/^[`'"]\.\/[a-z-]+\.js[`'"]$/)
    }
  })
})
