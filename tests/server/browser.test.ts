// A real browser: what an archived page with scripts can do to the pages of ovn, and to whom a name that was rebound leads.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { GatewayOptions } from '../../src/server/gateway.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { HttpServer } from '../../src/server/node-server.ts'
import { findAxeViolations, hasBrowser, useBrowser, withNewPage, withPage } from '../bundle/browser.ts'
import { args, executablePath } from '../bundle/chromium.ts'
import { directoryBlock, rawBlock } from '../dag/hostile-cars.ts'
import { temporaryFolder } from '../temporary.ts'
import { archiveOf } from './fixture-archive.ts'
import { gatewayOf } from './gateway-of.ts'

/** An archived page that tries what it can, and writes what came of it into its title. */
const attack = rawBlock(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>calm</title></head><body><h1>An article</h1>
<script>
const tries = {
  read: () => fetch(document.body.dataset.site ?? location.origin + '/').then((answer) => answer.text()),
  local: () => fetch('http://localhost:' + location.port + '/').then((answer) => answer.text()),
  metrics: () => fetch('http://127.0.0.1:' + location.port + '/metrics').then((answer) => answer.text()),
  frame: () => new Promise((resolve, reject) => {
    const frame = document.createElement('iframe')
    frame.src = 'http://127.0.0.1:' + location.port + '/'
    frame.onload = () => { try { resolve(frame.contentDocument.body.innerText || reject('empty')) } catch (error) { reject(error) } }
    document.body.append(frame)
  }),
  opened: async () => {
    const other = open('http://127.0.0.1:' + location.port + '/')
    await new Promise((resolve) => setTimeout(resolve, 300))
    // Before it has come from the server, a new window is an empty page of whoever opened it.
    if (!other.document.body.innerText.includes('OpenVoiceNews')) throw new Error('not that page')
  },
  cookie: async () => { document.cookie = 'a=b'; if (document.cookie === '') throw new Error('none'); return document.cookie },
  storage: async () => { localStorage.setItem('a', 'b'); return 'stored' },
  worker: () => navigator.serviceWorker.register('worker.js').then(() => 'registered'),
}
Promise.all(Object.entries(tries).map(async ([name, attempt]) => {
  // What never comes to an end, as a frame that is refused may not, came to nothing.
  const end = new Promise((_, reject) => setTimeout(() => reject(new Error('no end')), 5000))
  try { await Promise.race([attempt(), end]); return name } catch { return undefined }
})).then((done) => { document.title = 'did: ' + done.filter(Boolean).join(' ') })
</script></body></html>`)
const worker = rawBlock('self.addEventListener("fetch", () => {})')
const root = directoryBlock([
  ['index.html', attack.cid],
  ['worker.js', worker.cid],
])

const folder = directoryBlock([['worker.js', worker.cid]])

async function serve(options: Partial<GatewayOptions> = {}): Promise<number> {
  const dags = [
    { roots: [root.cid], blocks: [root, attack, worker] },
    { roots: [folder.cid], blocks: [folder, worker] },
  ]
  const archive = await archiveOf(join(temporaryFolder(), 'archive'), dags)
  const errors: unknown[] = []
  const server = new HttpServer({
    gateway: gatewayOf(archive, options),
    metrics: new Metrics(),
    onError: (error) => errors.push(error),
  })
  const port = await server.listen('127.0.0.1', 0)
  onTestFinished(async () => {
    await server.close()
    archive.close()
    expect(errors).toEqual([])
  })
  return port
}

/** What the page could do: nothing, where its script did not run. */
async function attempts(page: Page, url: string, wait = 800): Promise<string> {
  await page.goto(url)
  expect(await page.textContent('h1')).toBe('An article')
  await page.waitForFunction('document.title.startsWith("did:")', undefined, { timeout: wait }).catch(() => undefined)
  return page.title()
}

describe.skipIf(!hasBrowser)('in a browser', () => {
  const browser = useBrowser()

  it('an archived page runs no script, neither on the shared host nor at its own origin', async () => {
    const port = await serve()
    for (const url of [
      `http://127.0.0.1:${port}/ipfs/${root.cid}/`,
      `http://localhost:${port}/ipfs/${root.cid}/`,
      `http://${root.cid}.ipfs.localhost:${port}/`,
    ]) {
      await withNewPage(browser(), {}, async (page) => expect(await attempts(page, url)).toBe('calm'))
    }
  })

  it('one that may run scripts cannot read, frame or change the pages of ovn, nor stay', async () => {
    const port = await serve({ allowScripts: true })
    await withNewPage(browser(), {}, async (page) => {
      const done = await attempts(page, `http://localhost:${port}/ipfs/${root.cid}/`, 20_000)
      expect(page.url()).toBe(`http://${root.cid}.ipfs.localhost:${port}/`)
      // Its own origin is its own: what it keeps there nobody else sees.
      expect(done.split(' ')).toEqual(expect.arrayContaining(['did:']))
      for (const forbidden of ['local', 'metrics', 'frame', 'opened']) expect(done).not.toContain(forbidden)
      await page.goto(`http://127.0.0.1:${port}/`)
      expect(await page.evaluate('localStorage.length + document.cookie.length')).toBe(0)
    })
    await withNewPage(browser(), {}, async (page) => {
      expect(await attempts(page, `http://127.0.0.1:${port}/ipfs/${root.cid}/`)).toBe('calm')
    })
  })

  it('no page of another host can read or frame the pages of ovn', async () => {
    const port = await serve()
    const evil = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>evil</title>'),
    )
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void evil.close())
    await withNewPage(browser(), {}, async (page) => {
      await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`)
      const read = (url: string) =>
        page.evaluate<string>(`fetch(${JSON.stringify(url)}).then((answer) => answer.text(), () => 'refused')`)
      expect(await read(`http://127.0.0.1:${port}/`)).toBe('refused')
      expect(await read(`http://127.0.0.1:${port}/metrics`)).toBe('refused')
      // What is published is there for everyone.
      expect(await read(`http://127.0.0.1:${port}/ipfs/bafkqabtimvwgy3yk`)).toBe('hello\n')
    })
  })

  it('a name that was rebound to this machine gets 421', async () => {
    const port = await serve()
    const rebound = await chromium.launch({
      executablePath,
      args: [...args, '--host-resolver-rules=MAP evil.example 127.0.0.1'],
    })
    try {
      const page = await rebound.newPage()
      const answer = await page.goto(`http://evil.example:${port}/`)
      expect(answer?.status()).toBe(421)
      const text = await page.evaluate<string>(`fetch('/ipfs/bafkqabtimvwgy3yk').then((answer) => answer.text())`)
      expect(text).toBe('this gateway does not answer to that host\n')
    } finally {
      await rebound.close()
    }
  })

  it('the front page and a listing have nothing that axe would mend', async () => {
    const port = await serve()
    for (const scheme of ['light', 'dark'] as const) {
      // axe is put into the page past its policy.
      await withPage(browser(), { bypassCSP: true, colorScheme: scheme }, async (page) => {
        for (const path of ['/', `/ipfs/${folder.cid}/`]) {
          await page.goto(`http://127.0.0.1:${port}${path}`)
          expect(await findAxeViolations(page)).toEqual([])
        }
      })
    }
  })
})
