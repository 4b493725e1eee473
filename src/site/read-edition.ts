// One edition in the archive → what its pages show. The article is the one in the bundle's own index.html, not rendered anew
// from article.md: a newer ovn would render another page, and what the command line overrode is in no article.md. So what a
// reader sees is what was archived, and can be compared with it.

import type { CID } from 'multiformats/cid'
import { type DagFile, listFiles, readFile } from '../dag/list-files.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { OvnError } from '../errors.ts'
import { isDate } from './catalog.ts'
import { places } from './paths.ts'
import { assetName, isDrawing, isStillDrawing } from './safe-file.ts'
import { readSafeHtml } from './safe-html.ts'

/** What lists and feeds say of an edition beside its record. A function of its root. */
export interface Facts {
  /** BCP 47. */
  readonly language?: string
  readonly summary?: string
  readonly authors?: readonly string[]
  /** Corrections that have a date, and it. */
  readonly corrected?: readonly (readonly [note: string, date: string])[]
}

/** A file of an article as the site serves it. */
export interface SiteAsset {
  readonly place: string
  readonly cid: CID
  readonly size: number
}

export interface ArchivedEdition {
  readonly facts: Facts
  /**
   * The HTML inside the page's `<article>`, which leads to its files from a page at `place`; undefined where there is none, or
   * none that can be shown.
   */
  readonly article?: string
  readonly assets: readonly SiteAsset[]
  /** Bytes of the root's block. */
  readonly rootSize: number
}

/** Files of a page larger than this are not taken apart. */
const maxPage = 40 * 1024 * 1024
const maxDrawing = 4 * 1024 * 1024

/**
 * Reads what the pages of an edition show; addresses lead from `base`, such as `../`, to the site's folder. Throws as
 * `readBlock` does, and an OvnError `damaged` for what is no UnixFS.
 */
export async function readEdition(
  blocks: GetStore,
  root: CID,
  base: string,
  signal?: AbortSignal,
): Promise<ArchivedEdition> {
  const rootSize = (await readBlock(blocks, root, signal)).byteLength
  const files = new Map((await listFiles(blocks, root, signal)).map((file) => [file.path, file]))
  const read = (path: string) => readSmall(blocks, files.get(path), signal)
  const facts = factsOf(await read('metadata.json'))
  const page = findArticle(decode(await read('index.html')))
  if (facts === undefined || page === undefined) return { facts: facts ?? {}, assets: [], rootSize }

  const used = new Map<string, SiteAsset>()
  const still = await stillDrawings(blocks, files.values(), signal)
  const article = readSafeHtml(page, (address, attribute) => {
    const [, path = '', fragment = ''] = /^([^?#]*)(#[^"<>&]*)?$/.exec(address) ?? []
    const file = files.get(decodePath(path) ?? '')
    if (file === undefined) return undefined
    const place = places.asset(assetName(file.path, file.cid.toString(), still.has(file.path)))
    used.set(place, { place, cid: file.cid, size: file.size })
    const name = escapeAttribute(file.path.slice(file.path.lastIndexOf('/') + 1))
    return `${attribute}="${base}${place}${fragment}"${attribute === 'href' ? ` download="${name}"` : ''}`
  })
  if (article === undefined) return { facts, assets: [], rootSize }
  return { facts, article, assets: [...used.values()], rootSize }
}

/** The facts of an edition alone, without its page. Throws as {@link readEdition} does. */
export async function readFacts(blocks: GetStore, root: CID, signal?: AbortSignal): Promise<Facts> {
  const files = await listFiles(blocks, root, signal)
  const metadata = files.find(({ path }) => path === 'metadata.json')
  return factsOf(await readSmall(blocks, metadata, signal)) ?? {}
}

async function readSmall(blocks: GetStore, file: DagFile | undefined, signal?: AbortSignal) {
  if (file === undefined || file.size > maxPage) return undefined
  try {
    return await readFile(blocks, file.cid, signal)
  } catch (error) {
    // Too large, or a symbolic link: it is there, and it is not a page.
    if (error instanceof OvnError && error.code === 'damaged' && /too large|is not a file/.test(error.message))
      return undefined
    throw error
  }
}

/** Whatever a bundle's metadata.json says of itself; undefined where it is not one of ovn. */
function factsOf(bytes: Uint8Array | undefined): Facts | undefined {
  let fields: { readonly [key: string]: unknown }
  try {
    fields = JSON.parse(decode(bytes) ?? '')
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null) return undefined
  if (typeof fields.schemaVersion !== 'string' || !/^ovn-bundle\/\d+$/.test(fields.schemaVersion)) return undefined
  const { inLanguage, description, author, correction } = fields
  const authors = (Array.isArray(author) ? author : [])
    .map((each) => each?.name)
    .filter((name): name is string => typeof name === 'string')
  const corrected = (Array.isArray(correction) ? correction : [])
    .filter((each) => typeof each?.text === 'string' && isDate(each.datePublished))
    .map((each): [string, string] => [each.text, each.datePublished])
  return {
    ...(typeof inLanguage === 'string' && /^[a-z]{2,3}(-[a-z\d]{2,8})*$/i.test(inLanguage)
      ? { language: inLanguage }
      : {}),
    ...(typeof description === 'string' ? { summary: description } : {}),
    ...(authors.length > 0 ? { authors } : {}),
    ...(corrected.length > 0 ? { corrected } : {}),
  }
}

function findArticle(page: string | undefined): string | undefined {
  const start = page?.indexOf('<article>') ?? -1
  const end = page?.lastIndexOf('</article>') ?? -1
  return start === -1 || end < start ? undefined : page?.slice(start + '<article>'.length, end)
}

async function stillDrawings(
  blocks: GetStore,
  files: Iterable<DagFile>,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const still = new Set<string>()
  for (const { path, cid, size } of files) {
    if (!isDrawing(path) || size > maxDrawing) continue
    if (isStillDrawing(await readFile(blocks, cid, signal))) still.add(path)
  }
  return still
}

function decode(bytes: Uint8Array | undefined): string | undefined {
  try {
    return bytes === undefined ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
