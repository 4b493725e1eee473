// What a page shows of an article → how it differs from the page in the checked archive. Elements of this page are marked with
// attributes; those of the archived one are where `bundle/page.ts` puts them.

import { type CheckedDag, findFile, isFile, readFile } from './check-dag.ts'
import { Malformed, readText } from './cursor.ts'
import { download } from './download.ts'
import { findDifference } from './find-difference.ts'
import { textOf } from './page-text.ts'
import { type Problem, Stop } from './problem.ts'

/** Words for what was compared. */
export type Part = 'headline' | 'summary' | 'byline' | 'date' | 'lead' | 'text' | 'links' | 'pictures'

export interface Comparison {
  readonly problems: readonly Problem[]
  /** What this page shows, and is the same in the archive; nothing where it shows no article. */
  readonly same: readonly Part[]
}

/** Where a part is on this page, and in the archived one. */
const parts = [
  ['headline', '[data-ovn-headline]', 'main > article > header > h1'],
  ['summary', '[data-ovn-summary]', 'main > article > header > .summary'],
  ['byline', '[data-ovn-byline]', 'main > article > header > .byline'],
  ['date', '[data-ovn-date]', 'main > article > header > .dates time'],
  ['lead', '[data-ovn-lead]', 'main > article > .lead'],
  ['text', '[data-ovn-article]', 'main > article > .body'],
] as const

/** Bytes of a picture, a sound or a film that are downloaded to be compared. */
const maxMedia = 64 * 1_048_576

/** Compares all that this page shows of an article with `index.html` of a DAG. */
export async function comparePage(dag: CheckedDag, signal: AbortSignal): Promise<Comparison> {
  const shown = parts.flatMap(([part, selector, place]) => {
    const here = [...document.querySelectorAll(selector)]
    return here.length === 0 ? [] : [{ part, here, place }]
  })
  if (shown.length === 0) return { problems: [], same: [] }
  const key = findFile(dag, ['index.html'])
  if (key === undefined) return { problems: [{ word: 'noPage', values: {} }], same: [] }
  const archived = parsePage(dag, key)
  if (archived === undefined) return { problems: [{ word: 'pageTooLarge', values: {} }], same: [] }

  const problems: Problem[] = []
  const same: Part[] = []
  const pairs: Pair[] = []
  for (const { part, here, place } of shown) {
    const found = [...archived.querySelectorAll(place)]
    // Dates stand one after another; every other part that is shown twice must be the archived one twice.
    const those = here.map((element, index) => ({ here: element, archived: found[part === 'date' ? index : 0] }))
    pairs.push(...those)
    const problem = those.map((pair) => compareTexts(part, pair)).find((each) => each !== undefined)
    if (problem === undefined) same.push(part)
    else problems.push(problem)
  }
  const links = compareLinks(pairs)
  problems.push(...links.problems)
  if (links.compared > 0 && links.problems.length === 0) same.push('links')
  const media = await compareMedia(dag, pairs, signal)
  problems.push(...media.problems)
  if (media.compared > 0 && media.problems.length === 0) same.push('pictures')
  return { problems, same }
}

/** An element of this page, and the one that it should be. */
interface Pair {
  readonly here: Element
  readonly archived: Element | undefined
}

function parsePage(dag: CheckedDag, key: string): Document | undefined {
  const bytes = readFile(dag, key)
  if (bytes === undefined) return undefined
  try {
    return new DOMParser().parseFromString(readText(bytes), 'text/html')
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

function compareTexts(part: Part, { here, archived }: Pair): Problem | undefined {
  const texts = (element: Element | undefined) =>
    element === undefined ? ['', ''] : [textOf(element), element.getAttribute('datetime') ?? '']
  const [text = '', time = ''] = texts(here)
  const [archivedText = '', archivedTime = ''] = texts(archived)
  const quotes = findDifference(text, archivedText) ?? findDifference(time, archivedTime)
  return quotes && { word: 'textDiffers', values: { part }, quotes }
}

interface Compared {
  readonly problems: readonly Problem[]
  readonly compared: number
}

/** Compares where links to other sites lead. Those inside the site are its own matter: an archive has other paths. */
function compareLinks(pairs: readonly Pair[]): Compared {
  let compared = 0
  for (const pair of pairs) {
    const here = outsideLinks(pair.here)
    const archived = pair.archived === undefined ? [] : outsideLinks(pair.archived)
    compared += archived.length
    for (let index = 0; index < Math.max(here.length, archived.length); index += 1) {
      const [one = '', other = ''] = [here[index], archived[index]]
      if (one !== other)
        return { problems: [{ word: 'linkDiffers', values: { here: one, archived: other } }], compared }
    }
  }
  return { problems: [], compared }
}

function outsideLinks(element: Element): string[] {
  return [...element.querySelectorAll('a[href]')].flatMap((link) => {
    const address = (link.getAttribute('href') ?? '').trim()
    // A fragment or a path of this site, however it is written.
    if (!/^[a-z][a-z\d+.-]*:/i.test(address) && !/^[\\/]{2}/.test(address)) return []
    const url = URL.parse?.(address, location.href)
    return url?.origin === location.origin ? [] : [url?.href ?? address]
  })
}

/** Compares pictures, sounds and films: their number, their order, their words, and every byte of their files. */
async function compareMedia(dag: CheckedDag, pairs: readonly Pair[], signal: AbortSignal): Promise<Compared> {
  const problems: Problem[] = []
  let compared = 0
  for (const pair of pairs) {
    const here = mediaOf(pair.here)
    const archived = pair.archived === undefined ? [] : mediaOf(pair.archived)
    if (here.length !== archived.length) {
      problems.push({ word: 'picturesDiffer', values: { here: here.length, archived: archived.length } })
      continue
    }
    for (const [index, element] of here.entries()) {
      compared += 1
      const problem = await compareFile(dag, element, archived[index] as Element, signal)
      if (problem !== undefined) problems.push(problem)
    }
  }
  return { problems, compared }
}

function mediaOf(element: Element): Element[] {
  return [...element.querySelectorAll('img, audio[src], video[src], source[src], embed, iframe, object, svg')]
}

async function compareFile(
  dag: CheckedDag,
  here: Element,
  archived: Element,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const address = here.getAttribute('src') ?? ''
  const path = archived.getAttribute('src') ?? ''
  const differs: Problem = { word: 'pictureDiffers', values: { file: path || archived.localName } }
  const alt = (element: Element) => element.getAttribute('alt') ?? ''
  if (here.localName !== archived.localName || alt(here) !== alt(archived)) return differs
  if (here.hasAttribute('srcset') !== archived.hasAttribute('srcset')) return differs
  const key = /^[a-z]+:/i.test(path) ? undefined : findFile(dag, decodePath(path))
  if (key === undefined) return address === path ? undefined : differs
  const unchecked: Problem = { word: 'pictureUnchecked', values: { file: path } }
  const size = (dag.nodes.get(key) as { size?: number } | undefined)?.size
  if (size === undefined || size > maxMedia) return unchecked
  const bytes = new Uint8Array(size)
  let done = 0
  try {
    for await (const chunk of download(new URL(address, document.baseURI).href, { limit: size, signal })) {
      if (done + chunk.length > size) return differs
      bytes.set(chunk, done)
      done += chunk.length
    }
  } catch (error) {
    if (!(error instanceof Stop) || error.problem.word === 'stopped') throw error
    return error.problem.word === 'tooLarge' ? differs : unchecked
  }
  const isSame = done === size ? await isFile(dag, key, bytes) : false
  return isSame === undefined ? unchecked : isSame ? undefined : differs
}

function decodePath(path: string): string[] {
  try {
    return path.split('/').map(decodeURIComponent)
  } catch {
    return []
  }
}
