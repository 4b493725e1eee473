// What is not a gateway: the front page, and what those ask who watch the server.

import type { Archive } from '../archive/archive.ts'
import type { EditionRecord } from '../manifest/record.ts'
import type { Site } from './gateway.ts'
import { escapeHtml, ownPolicy, page } from './html.ts'
import type { GatewayResponse } from './message.ts'
import type { Metrics } from './metrics.ts'

/** Articles on the front page. */
const maxShown = 1000

/** What pages of our own are sent with: nobody may put them in a frame, read them from elsewhere, or learn where a reader was. */
export const ownHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': ownPolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
} as const

/** The site of an archive: its articles with links to them. `name` is the newsroom's. */
export function createSite(archive: Archive, metrics: Metrics, name: string): Site {
  return async (_request, { path }) => {
    switch (path) {
      case '/':
        return html(frontPage(archive, name))
      case '/healthz':
        return text('ok\n', 'text/plain; charset=utf-8')
      case '/metrics':
        return text(metrics.text(), 'text/plain; version=0.0.4; charset=utf-8')
      case '/robots.txt':
        return text('User-agent: *\nDisallow: /metrics\n', 'text/plain; charset=utf-8')
      default:
        return undefined
    }
  }
}

function frontPage(archive: Archive, name: string): string {
  archive.editions.refresh()
  const records = archive.editions
    .slugs('', maxShown)
    .flatMap((slug) => archive.editions.ofSlug(slug).findLast(({ root }) => archive.editions.isLive(root)) ?? [])
    .sort((a, b) => (dateOf(a) < dateOf(b) ? 1 : -1))
  const items = records.map(
    (record) =>
      `<li><a href="/ipfs/${encodeURIComponent(record.root)}/">${escapeHtml(record.title)}</a><time>${escapeHtml(dateOf(record).slice(0, 10))}</time></li>`,
  )
  const list = items.length === 0 ? '<p>No articles yet.</p>' : `<ul>\n${items.join('\n')}\n</ul>`
  return page(name, `<main>\n<h1>${escapeHtml(name)}</h1>\n${list}\n</main>`)
}

function dateOf({ datePublished, time }: EditionRecord): string {
  return datePublished ?? time
}

function html(text: string): GatewayResponse {
  const body = Buffer.from(text)
  return { status: 200, headers: { ...ownHeaders, 'Content-Length': String(body.byteLength) }, body }
}

function text(content: string, type: string): GatewayResponse {
  const body = Buffer.from(content)
  const { 'Content-Security-Policy': _policy, ...headers } = ownHeaders
  return {
    status: 200,
    headers: {
      ...headers,
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'Content-Length': String(body.byteLength),
    },
    body,
  }
}
