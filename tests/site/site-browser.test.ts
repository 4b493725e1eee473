// The site as readers meet it: every page valid, the kinds of pages in a real browser.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { readFile } from '../../src/dag/list-files.ts'
import { resolvePath } from '../../src/dag/resolve-path.ts'
import { findAxeViolations, hasBrowser, useBrowser, withPage } from '../bundle/browser.ts'
import { findHtmlErrors } from '../bundle/html-errors.ts'
import { ovnJson } from '../cli/ovn.ts'
import { readAll, serveFolder, writeFixtureSite } from '../cli/sites.ts'

async function readArchivedPage(folder: string, cid: string): Promise<string> {
  const archive = openArchive(folder, { readOnly: true })
  try {
    const { cid: page } = await resolvePath(archive.blocks, CID.parse(cid), ['index.html'])
    return Buffer.from(await readFile(archive.blocks, page)).toString()
  } finally {
    archive.close()
  }
}

const site = writeFixtureSite()
const pages = [...readAll(site.folder)].filter(([path]) => path.endsWith('.html'))
const corrected = 'larch-valley-reservoir/'
const arabic = 'آخر-حارس-لمنارة-رأس-الزعفران-يسلّم-مفاتيحه/'
const kinds = [
  ['the front page', ''],
  ['an article with pictures', 'the-field-that-went-back-to-the-sea/'],
  ['a corrected article', corrected],
  ['an earlier version', `${corrected}v1/`],
  ['an article in Arabic', arabic],
  ['a withdrawn article', 'a-map-is-a-promise/'],
  ['a month', 'archive/2025/09/'],
  ['the archive', 'archive/'],
] as const

describe('the pages', () => {
  it('are all valid HTML, and ask nobody else for anything', () => {
    expect(pages.length).toBeGreaterThan(60)
    for (const [path, bytes] of pages) {
      const text = bytes.toString()
      expect([path, findHtmlErrors(text)]).toEqual([path, []])
      expect(text).toContain("default-src 'none'")
      expect(text.replace(/="[^"]*"/g, '=""')).not.toMatch(/<[^>]*\s(?:style|on\w+)=/)
      expect(text).not.toMatch(
        /<(?:img|video|audio|script|iframe|link rel="(?:stylesheet|icon)")[^>]*\s(?:src|href)="(?:https?:)?\/\//,
      )
    }
  })
})

describe.skipIf(!hasBrowser)('in a browser', () => {
  const browser = useBrowser()

  it.each(kinds)('%s has no accessibility violation, in light and dark, narrow and wide', async (_, path) => {
    await using server = await serveFolder(site.folder)
    await withPage(browser(), { bypassCSP: true }, async (page) => {
      const elsewhere: string[] = []
      page.on('request', (request) => {
        if (!request.url().startsWith(server.url) && request.url() !== 'data:,') elsewhere.push(request.url())
      })
      await page.goto(`${server.url}${encodeURI(path)}`)
      await page.evaluate("for (const panel of document.querySelectorAll('details')) panel.open = true")
      for (const [colorScheme, width] of [
        ['light', 320],
        ['dark', 1440],
      ] as const) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        expect([colorScheme, await findAxeViolations(page)]).toEqual([colorScheme, []])
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      }
      expect(elsewhere).toEqual([])
    })
  })

  it.each([
    'the-field-that-went-back-to-the-sea',
    'larch-valley-reservoir',
    'storm-ottilie-what-is-open-what-is-shut-and-your-questions',
    'title-script-script-alert-title-script-quotes-script',
  ])('shows exactly the archived article, with its pictures, without a script: %s', async (slug) => {
    const { cid } = ovnJson(['links', slug], { cwd: site.cwd })
    const archived = await readArchivedPage(join(site.cwd, 'ovn-archive'), cid)
    await using server = await serveFolder(site.folder)
    await withPage(browser(), { javaScriptEnabled: false }, async (page) => {
      const noticed: string[] = []
      page.on('console', (message) => noticed.push(message.text()))
      await page.setContent(archived)
      const text = await page.locator('main > article').textContent()
      noticed.length = 0
      await page.goto(`${server.url}${slug}/`)
      expect(await page.locator('[data-ovn-article]').textContent()).toBe(text)
      const check = page.locator('[data-ovn-check]')
      expect(await check.getAttribute('data-cid')).toBe(cid)
      const car = (await page.locator('link[type="application/vnd.ipld.car"]').getAttribute('href')) ?? ''
      expect(await check.getAttribute('data-car')).toBe(car)
      expect((await fetch(new URL(car, page.url()))).status).toBe(200)
      expect(noticed).toEqual([])
    })
    const pictures = server.requests.filter((path) => /\.(png|jpg)$/.test(path))
    expect(pictures.length).toBe(new Set(archived.match(/(?<= src=")assets\/[^"]*/g) ?? []).size)
    for (const path of pictures) expect(existsSync(join(site.folder, path))).toBe(true)
  })

  it('has its panel between the dates and the article, and opens it without a script', async () => {
    await using server = await serveFolder(site.folder)
    await withPage(browser(), { javaScriptEnabled: false }, async (page) => {
      await page.goto(`${server.url}${encodeURI(arabic)}`)
      const top = async (selector: string) => (await page.locator(selector).first().boundingBox())?.y ?? Number.NaN
      expect(await top('article .dates')).toBeLessThan(await top('details'))
      expect(await top('details')).toBeLessThan(await top('article .lead'))
      expect(await page.locator('.panel').isVisible()).toBe(false)
      await page.locator('summary').click()
      expect(await page.locator('.panel').isVisible()).toBe(true)
      expect(await page.locator('html').getAttribute('dir')).toBe('rtl')
      expect(await page.locator('.panel pre').count()).toBe(3)
    })
  })

  it('says when and why an article was corrected, and gives each version its own download', async () => {
    await using server = await serveFolder(site.folder)
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}${corrected}`)
      const versions = await page.locator('.versions li').allInnerTexts()
      expect(versions).toHaveLength(3)
      expect(versions[0]).toMatch(
        /^Version 3 \(newest\)\s+Corrected on September 15, 2025: The volume given for August/,
      )
      expect(versions[1]).toContain('Corrected on September 9, 2025: ')
      const downloads = await page
        .locator('.versions a[download]')
        .evaluateAll((all) => all.map((each) => each.getAttribute('href')))
      expect(downloads).toHaveLength(3)
      for (const href of downloads) {
        const answer = await fetch(new URL(href ?? '', page.url()))
        expect(answer.status).toBe(200)
        CID.parse(/ipfs\/(.*)\.car/.exec(href ?? '')?.[1] ?? '')
      }
    })
  })

  it('says of a withdrawn article that it is gone, and why, and nothing of what it said', async () => {
    await using server = await serveFolder(site.folder)
    await withPage(browser(), {}, async (page) => {
      await page.goto(`${server.url}a-map-is-a-promise/`)
      const text = await page.locator('main').innerText()
      expect(text).toContain('This article was withdrawn.')
      expect(text).toContain('Reason: A source asked for it.')
      expect(await page.locator('article, details').count()).toBe(0)
      await page.goto(server.url)
      expect(await page.locator('main').innerText()).not.toContain('A Map Is a Promise')
    })
  })

  it('sets 62 to 68 characters on a line', async () => {
    await using server = await serveFolder(site.folder)
    await withPage(browser(), { viewport: { width: 1440, height: 900 } }, async (page) => {
      await page.goto(`${server.url}the-town-that-kept-its-own-time/`)
      const perLine = await page.evaluate<number>(`(() => {
        let characters = 0, lines = 0
        for (const paragraph of [...document.querySelectorAll('.body > p')].slice(0, 40)) {
          const range = document.createRange()
          range.selectNodeContents(paragraph)
          const tops = new Set([...range.getClientRects()].filter((r) => r.height > 15).map(({ top }) => Math.round(top)))
          if (tops.size < 3) continue
          // The last line is not full.
          characters += paragraph.textContent.length * (1 - 0.5 / tops.size)
          lines += tops.size - 1
        }
        return characters / lines
      })()`)
      expect(perLine).toBeGreaterThan(58)
      expect(perLine).toBeLessThan(72)
    })
  })
})
