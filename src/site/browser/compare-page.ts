// What a page shows of an article → how it differs from the page in the checked archive. Elements of this page are marked with
// attributes; those of the archived one are where `bundle/page.ts` puts them. The site has the archived `<article>` as it is.

import { type CheckedDag, findFile, isFile, readFile } from './check-dag.ts'
import { Malformed, readText } from './cursor.ts'
import { download } from './download.ts'
import { findDifference } from './find-difference.ts'
import { findIn, textOf } from './page-text.ts'
import { type Problem, Stop } from './problem.ts'

/** Words for what was compared. */
export type Part = 'headline' | 'summary' | 'byline' | 'date' | 'lead' | 'text' | 'links' | 'pictures'

export interface Comparison {
  readonly problems: readonly Problem[]
  /** What this page shows, and is the same in the archive; nothing where it shows no article. */
  readonly same: readonly Part[]
}

/** Where a part stands in the archived article; and, with an attribute of its own, on a page that is built otherwise. */
const parts = [
  ['headline', ':scope > header > h1'],
  ['summary', ':scope > header > .summary'],
  ['byline', ':scope > header > .byline'],
  ['date', ':scope > header > .dates time'],
  ['lead', ':scope > .lead'],
  ['text', ':scope > .body'],
] as const

/** Bytes of a picture, a sound or a film that are downloaded to be compared. */
const maxMedia = 64 * 1_048_576

/** Compares all that this page shows of an article with `index.html` of a DAG. */
export async function comparePage(dag: CheckedDag, signal: AbortSignal): Promise<Comparison> {
  const shown = [...document.querySelectorAll('[data-ovn-article]')]
  const marked = parts.map(([part]) => [...document.querySelectorAll(`[data-ovn-${part}]`)])
  if (shown.length + marked.flat().length === 0) return { problems: [], same: [] }
  const key = findFile(dag, ['index.html'])
  const archived = key === undefined ? undefined : parsePage(dag, key)
  const article = archived?.querySelector('main > article')
  if (article === undefined) {
    const word = key === undefined ? 'noPage' : 'pageTooLarge'
    return { problems: [{ word, values: {} }], same: [] }
  }
  if (article === null) return { problems: [{ word: 'noPage', values: {} }], same: [] }

  const pairs: Pair[] = []
  for (const here of shown) pairs.push(...pairsOf(here, article))
  for (const [index, [part, place]] of parts.entries()) pairs.push(...pairUp(part, marked[index] ?? [], article, place))
  const texts = compareTexts(pairs)
  const links = compareLinks(pairs)
  const media = await compareMedia(dag, pairs, signal)
  const same = [...texts.same]
  if (links.compared > 0 && links.problems.length === 0) same.push('links')
  if (media.compared > 0 && media.problems.length === 0) same.push('pictures')
  return { problems: [...texts.problems, ...links.problems, ...media.problems], same }
}

/** An element of this page, and the one that it should be. Where one is absent, the other should be too. */
interface Pair {
  readonly part: Part
  readonly here: Element | undefined
  readonly archived: Element | undefined
  /** Whether it has all of the other pairs in it. */
  readonly isWhole?: boolean
}

/** An element that shows an article is all of it, as `ovn site` writes it, or its text alone. */
function pairsOf(here: Element, article: Element): Pair[] {
  if (here.localName !== 'article') return pairUp('text', [here], article, ':scope > .body')
  const pairs = parts.flatMap(([part, place]) => {
    const elements = [...here.querySelectorAll(place)]
    const count = Math.max(elements.length, article.querySelectorAll(place).length)
    return pairUp(
      part,
      Array.from({ length: count }, (_, index) => elements[index]),
      article,
      place,
      true,
    )
  })
  return [...pairs, { part: 'text', here, archived: article, isWhole: true }]
}

/** Dates, and all parts of a whole article, stand one after another; a part that is shown twice elsewhere is the same twice. */
function pairUp(
  part: Part,
  elements: readonly (Element | undefined)[],
  article: Element,
  place: string,
  isOrdered = part === 'date',
): Pair[] {
  const found = [...article.querySelectorAll(place)]
  return elements.map((here, index) => ({ part, here, archived: found[isOrdered ? index : 0] }))
}

function parsePage(dag: CheckedDag, key: string): DocumentFragment | undefined {
  const bytes = readFile(dag, key)
  if (bytes === undefined) return undefined
  try {
    // In a template nothing runs or loads, and, unlike with DOMParser, the archived style sheet breaks no policy of this page.
    const template = document.createElement('template')
    template.innerHTML = readText(bytes)
    return template.content
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

function compareTexts(pairs: readonly Pair[]): { problems: Problem[]; same: Part[] } {
  const problems: Problem[] = []
  const differing = new Set<Part>()
  for (const pair of pairs) {
    // What differs in a part is not told again of the whole.
    if (differing.has(pair.part) || (pair.isWhole && problems.length > 0)) continue
    const quotes =
      findDifference(textIn(pair.here), textIn(pair.archived)) ??
      findDifference(timeIn(pair.here), timeIn(pair.archived))
    if (quotes === undefined) continue
    differing.add(pair.part)
    problems.push({ word: 'textDiffers', values: { part: pair.part }, quotes })
  }
  return { problems, same: [...new Set(pairs.map(({ part }) => part))].filter((part) => !differing.has(part)) }
}

function textIn(element: Element | undefined): string {
  return element === undefined ? '' : textOf(element)
}

function timeIn(element: Element | undefined): string {
  return element?.getAttribute('datetime') ?? ''
}

interface Compared {
  readonly problems: readonly Problem[]
  readonly compared: number
}

/** Compares where links to other sites lead. Those inside the site are its own matter: an archive has other paths. */
function compareLinks(pairs: readonly Pair[]): Compared {
  let compared = 0
  for (const pair of outermost(pairs)) {
    const here = outsideLinks(pair.here)
    const archived = outsideLinks(pair.archived)
    compared += archived.length
    for (let index = 0; index < Math.max(here.length, archived.length); index += 1) {
      const [one = '', other = ''] = [here[index], archived[index]]
      if (one !== other)
        return { problems: [{ word: 'linkDiffers', values: { here: one, archived: other } }], compared }
    }
  }
  return { problems: [], compared }
}

/** The pairs that no other pair has in it. */
function outermost(pairs: readonly Pair[]): readonly Pair[] {
  const whole = pairs.filter(({ isWhole }) => isWhole)
  const isInside = (pair: Pair) =>
    whole.some(
      ({ here, archived }) =>
        here?.contains(pair.here ?? null) || (!pair.here && archived?.contains(pair.archived ?? null)),
    )
  return pairs.filter((pair) => pair.isWhole || !isInside(pair))
}

function outsideLinks(element: Element | undefined): string[] {
  if (element === undefined) return []
  return findIn(element, 'a[href]').flatMap((link) => {
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
  for (const pair of outermost(pairs)) {
    const here = mediaOf(pair.here)
    const archived = mediaOf(pair.archived)
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

function mediaOf(element: Element | undefined): Element[] {
  return element === undefined ? [] : findIn(element, 'img, audio, video, source, embed, iframe, object, svg, canvas')
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
