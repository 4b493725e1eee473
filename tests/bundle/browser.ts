// A real browser for tests: Chromium through playwright-core, one process for a test file, loopback only.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { args, executablePath, hasBrowser } from './chromium.ts'

export { hasBrowser }

if (!hasBrowser) {
  const missing = `no browser at ${executablePath}; name one in the environment variable CHROMIUM`
  if (process.env.OVN_NO_SKIP) throw new Error(missing)
  // biome-ignore lint/suspicious/noConsole: tests that are left out must be noticed.
  console.warn(`browser tests are SKIPPED: ${missing}`)
}

/** Starts a browser before the tests of a `describe` and ends it after them. Returns how to get it inside a test. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args })
  })
  afterAll(async () => {
    await browser?.close()
  })
  return () => {
    if (browser === undefined) throw new Error('the browser is there only inside a test')
    return browser
  }
}

export interface PageOptions extends Pick<BrowserContextOptions, 'bypassCSP' | 'javaScriptEnabled'> {
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
}

const idle = new WeakMap<Browser, Map<string, Page[]>>()

/**
 * Runs `use` on a page that nobody else uses meanwhile. A page costs half a second of a processor, a visit next to nothing:
 * pages are therefore used again, with their settings and listeners as new. Each test has a server, and so an origin, of its own.
 */
export async function withPage<T>(
  browser: Browser,
  { viewport = { width: 1280, height: 720 }, colorScheme = 'light', ...fixed }: PageOptions,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const pages = idle.get(browser) ?? new Map<string, Page[]>()
  idle.set(browser, pages)
  const key = JSON.stringify(fixed)
  const page = pages.get(key)?.pop() ?? (await (await browser.newContext(fixed)).newPage())
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme, media: null })
  const result = await use(page)
  page.removeAllListeners()
  await page.unrouteAll()
  await page.goto('about:blank')
  pages.set(key, [...(pages.get(key) ?? []), page])
  return result
}

/** Runs `use` on a page of a new context, and closes both: for what stays in a context, such as storage and scripts of the test. */
export async function withNewPage<T>(
  browser: Browser,
  options: BrowserContextOptions,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext(options)
  try {
    return await use(await context.newPage())
  } finally {
    await context.close()
  }
}

export interface FileServer extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string
  /** Paths that were asked for, in order, without the leading slash. */
  readonly requests: readonly string[]
}

const mediaTypes: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/ld+json',
  md: 'text/markdown; charset=utf-8',
  png: 'image/png',
}

/** Serves files by their path on a free port of 127.0.0.1, as a gateway or any web server would; `headers` go with every answer. */
export async function serveFiles(
  files: ReadonlyMap<string, Uint8Array>,
  headers: Record<string, string> = {},
): Promise<FileServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').slice(1))
    requests.push(path)
    const name = path.endsWith('/') || path === '' ? `${path}index.html` : path
    const content = files.get(name)
    const mediaType = mediaTypes[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': mediaType, ...headers }).end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const axe = readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

/** What axe-core finds wrong with an open page, one line each, with all of its rules for WCAG 2.2 AA and good practice. */
export async function findAxeViolations(page: Page): Promise<string[]> {
  await page.evaluate(await axe)
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => id + ': ' + help + ': ' + html)))`)
}
