import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { articleMetadata } from '../../src/bundle/metadata.ts'
import { hostile, hostileSite, illustrated, newsroom, samples, third } from './articles.ts'
import { findAxeViolations, hasBrowser, serveFiles, useBrowser, withPage } from './browser.ts'
import { filesOf } from './bundles.ts'

/** Everything that went wrong while a page was opened: console messages, script errors, requests that failed. */
function watch(page: Page): string[] {
  const noticed: string[] = []
  page.on('console', (message) => noticed.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => noticed.push(`error: ${error.message}`))
  page.on('requestfailed', (request) => noticed.push(`failed: ${request.url()}`))
  page.on('dialog', (dialog) => {
    noticed.push(`dialog: ${dialog.message()}`)
    return dialog.dismiss()
  })
  return noticed
}

const imageWidths = '[...document.images].map((image) => image.naturalWidth)'

describe.skipIf(!hasBrowser)('the page in a browser', () => {
  const browser = useBrowser()
  const folders: string[] = []

  afterAll(async () => {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
  })

  async function writeFiles(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'ovn-page-'))
    folders.push(folder)
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), bytes)
    }
    return pathToFileURL(join(folder, 'index.html')).href
  }

  it.each(samples)('has no accessibility violation, in light and dark, narrow and wide: $name', async (sample) => {
    await using server = await serveFiles(await filesOf(sample.article, sample.site, sample.edition))
    // axe is put into the page by the test, which the page's own policy rightly forbids.
    await withPage(browser(), { bypassCSP: true }, async (page) => {
      await page.goto(`${server.url}index.html`)
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [375, 1440]) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize({ width, height: 900 })
          expect([colorScheme, width, await findAxeViolations(page)]).toEqual([colorScheme, width, []])
        }
      }
    })
  })

  it.each(samples)(
    'asks a gateway for its own files alone, and shows them: $name',
    async ({ article, site, edition }) => {
      const files = await filesOf(article, site, edition)
      await using server = await serveFiles(files)
      await withPage(browser(), {}, async (page) => {
        const noticed = watch(page)
        const elsewhere: string[] = []
        page.on('request', (request) => {
          if (!request.url().startsWith(server.url) && request.url() !== 'data:,') elsewhere.push(request.url())
        })
        await page.goto(`${server.url}index.html`)
        const widths = await page.evaluate<number[]>(imageWidths)
        expect(widths.every((width) => width > 0)).toBe(true)
        expect(noticed).toEqual([])
        expect(elsewhere).toEqual([])
        const images = [...files.keys()].filter((path) => path.endsWith('.png'))
        expect(server.requests.toSorted()).toEqual(['index.html', ...images].toSorted())
      })
    },
  )

  it.each(samples)('opens from a folder on disk: $name', async ({ article, site, edition }) => {
    const address = await writeFiles(await filesOf(article, site, edition))
    await withPage(browser(), {}, async (page) => {
      const noticed = watch(page)
      const elsewhere: string[] = []
      page.on('request', (request) => {
        if (!/^(file:|data:,$)/.test(request.url())) elsewhere.push(request.url())
      })
      await page.goto(address)
      const widths = await page.evaluate<number[]>(imageWidths)
      expect(widths).toHaveLength(article.assets.filter(({ mediaType }) => mediaType === 'image/png').length)
      expect(widths.every((width) => width > 0)).toBe(true)
      expect(await page.evaluate('getComputedStyle(document.body).marginTop')).toBe('0px')
      expect(noticed).toEqual([])
      expect(elsewhere).toEqual([])
    })
  })

  it('shows its pictures where a server keeps it from having an origin', async () => {
    const files = await filesOf(illustrated, newsroom, third)
    await using server = await serveFiles(files, { 'content-security-policy': 'sandbox' })
    await withPage(browser(), {}, async (page) => {
      const noticed = watch(page)
      await page.goto(`${server.url}index.html`)
      expect(await page.evaluate(imageWidths)).toEqual([1200, 640])
      expect(noticed).toEqual([])
    })
  })

  it.each(samples)('is never wider than a phone of 320 pixels: $name', async ({ article, site, edition }) => {
    await using server = await serveFiles(await filesOf(article, site, edition))
    await withPage(browser(), { viewport: { width: 320, height: 640 } }, async (page) => {
      await page.goto(`${server.url}index.html`)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    })
  })

  it('keeps every word of a hostile author a word', async () => {
    await using server = await serveFiles(await filesOf(hostile, hostileSite, third))
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}index.html`)
      const found = await page.evaluate<Record<string, unknown>>(`(() => {
        const text = (selector) => document.querySelector(selector)?.textContent
        const content = (name) => document.querySelector('meta[name="' + name + '"], meta[property="' + name + '"]').content
        return {
          documentTitle: text('title'),
          title: text('h1'),
          site: text('.name'),
          motto: text('.motto'),
          category: text('.categories'),
          summary: text('.summary'),
          authors: [...document.querySelectorAll('.byline a, .byline b')].map((author) => author.textContent),
          alt: document.querySelector('.lead img').alt,
          canonical: document.querySelector('link[rel=canonical]').getAttribute('href'),
          description: content('description'),
          tag: content('article:tag'),
          note: text('.corrections bdi'),
          metadata: JSON.parse(text('script')),
          scripts: document.scripts.length,
          images: document.images.length,
        }
      })()`)
      expect(found).toEqual({
        documentTitle: `${hostile.title} – ${hostileSite.name}`,
        title: hostile.title,
        site: hostileSite.name,
        motto: hostileSite.motto,
        category: hostile.categories[0],
        summary: hostile.summary,
        authors: hostile.authors.map(({ name }) => name),
        alt: hostile.image?.alt,
        canonical: hostile.url,
        description: hostile.summary,
        tag: hostile.tags[0],
        note: hostile.corrections[0]?.note,
        metadata: JSON.parse(JSON.stringify(articleMetadata(hostile, hostileSite, third))),
        scripts: 1,
        images: 1,
      })
    })
  })

  it('runs no script, not even one that got into the body', async () => {
    const body = '<p id="p">before</p><script>document.title = "ran"</script><p onclick="document.title=\'ran\'">x</p>'
    await using server = await serveFiles(await filesOf({ ...illustrated, body }, newsroom, third))
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}index.html`)
      await page.click('[onclick]')
      expect(await page.title()).toBe('The Pier That Was Measured Four Times – The Harbour Ledger')
    })
  })

  it('sets its text in lines that can be read', async () => {
    const body = `<p>${'The pier was measured again in the spring, by two parties who did not speak. '.repeat(30)}</p>`
    await using server = await serveFiles(await filesOf({ ...illustrated, body }, newsroom, third))
    await withPage(browser(), { viewport: { width: 1440, height: 900 } }, async (page) => {
      await page.goto(`${server.url}index.html`)
      const perLine = await page.evaluate(`(() => {
        const paragraph = document.querySelector('.body p')
        const range = document.createRange()
        range.selectNodeContents(paragraph)
        return paragraph.textContent.length / new Set([...range.getClientRects()].map(({ top }) => top)).size
      })()`)
      // The measure depends on the serif face that a system has; this is what it comes to with all of the usual ones.
      expect(perLine).toBeGreaterThan(58)
      expect(perLine).toBeLessThan(76)
    })
  })

  it('prints black on white, with the addresses of its links', async () => {
    await using server = await serveFiles(await filesOf(illustrated, newsroom, third))
    await withPage(browser(), { colorScheme: 'dark' }, async (page) => {
      await page.goto(`${server.url}index.html`)
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      const printed = await page.evaluate(`(() => {
        const after = (selector) => getComputedStyle(document.querySelector(selector), '::after').content.replaceAll('" "', '')
        const { color, backgroundColor, colorScheme } = getComputedStyle(document.body)
        return {
          color,
          backgroundColor,
          colorScheme,
          author: after('.byline a'),
          licence: after('.colophon a[href*=creativecommons]'),
          source: after('.colophon .source'),
          ownFile: after('.about a'),
          footnote: after('.footnote-ref a'),
        }
      })()`)
      expect(printed).toEqual({
        color: 'rgb(0, 0, 0)',
        backgroundColor: 'rgb(255, 255, 255)',
        colorScheme: 'light',
        author: '" (https://ledger.example/people/ingrid)"',
        licence: '" (https://creativecommons.org/licenses/by-sa/4.0/)"',
        source: 'none',
        ownFile: 'none',
        footnote: 'none',
      })
    })
  })

  it('keeps every rule of its style sheet', async () => {
    await using server = await serveFiles(await filesOf(illustrated, newsroom, third))
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}index.html`)
      const { written, kept } = await page.evaluate<{ written: number; kept: number }>(`(() => {
        const count = (rules) => [...rules].reduce((sum, rule) => sum + 1 + (rule.media ? count(rule.cssRules) : 0), 0)
        return {
          written: document.querySelector('style').textContent.split('{').length - 1,
          kept: count(document.styleSheets[0].cssRules),
        }
      })()`)
      expect(kept).toBe(written)
    })
  })
})
