// The panel "Download IPFS": the article as one file of this very site, its CID, and how anyone can check it. A `<details>`,
// so that it needs no script; the script of the site adds a button to it.

import { CID } from 'multiformats/cid'
import { type Html, type HtmlValue, html } from '../bundle/html.ts'
import { linksTo } from '../links/links-to.ts'
import type { Page } from './page.ts'
import { places, urlOf } from './paths.ts'

/** One edition as it can be downloaded. */
export interface Download {
  readonly slug: string
  readonly version: number
  readonly root: string
  /** Bytes of its CAR. */
  readonly carSize: number
  /** Bytes of its root's block. */
  readonly rootSize: number
}

/** The panel of one edition. */
export function renderPanel(page: Page, download: Download): Html {
  const { words, say, scene } = page
  const { root } = download
  const { ipfs, gateways } = linksTo(root, scene.site.gateways)
  const car = page.href(places.car(root))
  return html`<details class="ipfs">
<summary>${say(words.download)}</summary>
<div class="panel">
<p>${downloadLink(page, download, say(words.downloadArticle))}</p>
<p>${say(words.openWithIpfs)}${words.colon}<a class="cid" href="${ipfs}" dir="ltr">${ipfs}</a></p>
${
  gateways.length > 0 &&
  html`<p>${say(words.gateways)}${words.colon}${gateways.map(
    (link, index) => html`${index > 0 && words.comma}<a class="cid" href="${link}" dir="ltr">${new URL(link).host}</a>`,
  )}</p>\n`
}<p><abbr title="content identifier" lang="en">CID</abbr>${words.colon}<code class="copy">${root}</code></p>
<div class="check" data-ovn-check data-cid="${root}" data-car="${car}"></div>
<p>${say(words.checkIt)}${words.colon.trimEnd()}</p>
${commands(page, download).map((command) => html`<pre lang="en">${command}</pre>\n`)}</div>
</details>
`
}

/** A link to an edition's CAR, with its size. */
export function downloadLink(
  page: Page,
  { slug, version, root, carSize }: Omit<Download, 'rootSize'>,
  text: HtmlValue,
): Html {
  const name = `${slug}@${version}.car`
  return html`<a href="${page.href(places.car(root))}" download="${name}" type="application/vnd.ipld.car">${text}</a> (CAR,${'\u00a0'}${formatSize(carSize)})`
}

/**
 * Three commands, each of which hashes. Without the site's address they work on the downloaded file. The last needs nothing but
 * `sha256sum`: the hash of the root's block is what the CID says, and that block names all others by their hashes.
 */
function commands({ scene, place }: Page, { slug, version, root, rootSize }: Download): string[] {
  const { url } = scene.site
  const file = url === undefined ? `${slug}@${version}.car` : `${root}.car`
  const car = url === undefined ? undefined : urlOf(url, places.car(root))
  const digest = CID.parse(root).multihash.digest
  const from = carHeaderSize + varintSize(cidSize + rootSize) + cidSize + 1
  const cut = `tail -c +${from}`
  const rest = `head -c ${rootSize} | sha256sum # ${Buffer.from(digest).toString('hex')}`
  return [
    url === undefined ? `ovn import ${file}` : `ovn fetch ${urlOf(url, place)}`,
    `${car === undefined ? '' : `curl -sO ${car} && `}ipfs dag import ${file}`,
    car === undefined ? `${cut} ${file} | ${rest}` : `curl -s ${car} | ${cut} | ${rest}`,
  ]
}

/** Bytes of a CID of version 1 with sha2-256, and of the header of a CAR with one such root. */
const cidSize = 36
const carHeaderSize = 59

function varintSize(value: number): number {
  return value < 128 ? 1 : 1 + varintSize(Math.floor(value / 128))
}

/** Bytes as people read them: powers of a thousand, one decimal. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** power).toFixed(1)} ${['', 'KB', 'MB', 'GB', 'TB'][power]}`
}
