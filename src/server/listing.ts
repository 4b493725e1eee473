// A folder, or the data of a block → a page that shows it. Names are strangers': each is escaped, and each link is built of encoded
// segments. Sizes are left out: what a link says of the size of what it leads to is a stranger's word that nobody has checked.

import type { CID } from 'multiformats/cid'
import { encodePath, encodeSegment } from './content-path.ts'
import { escapeHtml, page, versionOf } from './html.ts'

/** Entries that a listing shows. */
export const maxListed = 10_000

export interface Place {
  readonly namespace: string
  /** The CID or the name in the address. */
  readonly root: string
  /** Names below the root. */
  readonly path: readonly string[]
  /** What paths begin with on this host: `/ipfs/<cid>`, or nothing where the root has an origin of its own. */
  readonly prefix: string
  /** What the addresses of other roots begin with: nothing, or `//host`. */
  readonly elsewhere: string
}

export interface ListedEntry {
  readonly name: string
  readonly cid: CID
}

// A listing changes with its template: the tag says which it was.
export const listingVersion = versionOf('listing 1')
export const previewVersion = versionOf('preview 1')

/** The page of a folder. */
export function listingPage(place: Place, cid: CID, entries: readonly ListedEntry[], hasMore: boolean): string {
  const here = `${place.prefix}${encodePath(place.path)}`
  const up = place.path.length === 0 ? '' : `<li><a href="${escapeHtml(here)}/..">..</a></li>\n`
  const rows = entries.map(({ name, cid: below }) => rowOf(place, here, name, below)).join('\n')
  const more = hasMore ? `\n<p>Only the first ${maxListed} entries are shown.</p>` : ''
  return page(
    `Index of ${[`/${place.namespace}`, place.root, ...place.path].join('/')}`,
    `<main>
<h1>Index of ${breadcrumbs(place)}</h1>
<p><code>${escapeHtml(cid.toString())}</code></p>
<ul>
${up}${rows}
</ul>${more}
</main>`,
  )
}

function rowOf({ elsewhere }: Place, here: string, name: string, cid: CID): string {
  const href = escapeHtml(`${here}/${encodeSegment(name)}`)
  // The name is encoded twice, as other gateways do it, and the official suite asks for.
  const block = escapeHtml(`${elsewhere}/ipfs/${cid}?filename=${encodeURIComponent(encodeSegment(name))}`)
  return `<li><a href="${href}">${escapeHtml(name)}</a><a class="ipfs-hash" translate="no" href="${block}">${escapeHtml(short(cid))}</a></li>`
}

function short(cid: CID): string {
  const text = cid.toString()
  return text.length <= 16 ? text : `${text.slice(0, 6)}…${text.slice(-6)}`
}

function breadcrumbs({ namespace, root, path, elsewhere }: Place): string {
  const base = `${elsewhere}/${namespace}/${encodeSegment(root)}`
  const crumbs = path.map((name, index) => {
    const href = escapeHtml(`${base}${encodePath(path.slice(0, index + 1))}`)
    return `/<a href="${href}">${escapeHtml(name)}</a>`
  })
  return `/${namespace}/<a href="${escapeHtml(base)}">${escapeHtml(root)}</a>${crumbs.join('')}`
}

/** The page of a block of DAG-JSON or DAG-CBOR: its data as text, which is cut where it is long. */
export function previewPage(place: Place, cid: CID, codec: string, text: string): string {
  const shown = text.length > maxPreview ? `${text.slice(0, maxPreview)}…` : text
  return page(
    `${codec} ${cid}`,
    `<main>
<h1>${breadcrumbs(place)}</h1>
<p>${escapeHtml(codec)}, <code>${escapeHtml(cid.toString())}</code></p>
<p><a href="${place.elsewhere}/ipfs/${cid}?format=raw">The block</a></p>
<pre>${escapeHtml(shown)}</pre>
</main>`,
  )
}

const maxPreview = 100_000
