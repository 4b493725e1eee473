// A verdict → elements. Text alone is put into the page, never markup; how it looks is left to the classes of the page's style sheet.

import type { Verdict } from './check.ts'
import type { Problem, Quote } from './problem.ts'
import type { Words } from './words.ts'

/** Problems that are shown; of the others there is a count. */
const maxShown = 8

const signs = { intact: '✓', damaged: '✗', missing: '✗', unchecked: '?' } as const

/** Shows a bar that follows a download. Returns what to call with bytes so far, and all of them where that is known. */
export function showProgress(box: HTMLElement, words: Words): (done: number, total: number | undefined) => void {
  const bar = make('progress', 'ovn-check-progress')
  bar.setAttribute('aria-label', words.checking)
  box.replaceChildren(make('p', 'ovn-check-working', words.checking), bar)
  return (done, total) => {
    if (total === undefined || total < done) return
    bar.max = total
    bar.value = done
  }
}

/** Shows what was found, in place of all that was shown before. */
export function showVerdict(box: HTMLElement, verdict: Verdict, words: Words): void {
  const { state, problems, dag, comparison } = verdict
  const sign = make('span', 'ovn-check-sign', signs[state])
  sign.setAttribute('aria-hidden', 'true')
  const title = make('p', `ovn-check-state ovn-check-${state}`, sign, ' ', make('strong', '', words[state]))
  const rest: HTMLElement[] = []
  if (problems.length > 0) {
    const items = problems.slice(0, maxShown).map((problem) => showProblem(problem, words, box))
    if (problems.length > maxShown) {
      items.push(make('li', '', ...fill(words.more, { count: problems.length - maxShown }, words, box)))
    }
    rest.push(make('ul', 'ovn-check-problems', ...items))
  }
  if (dag !== undefined) {
    const values = { blocks: dag.blocks, size: dag.size, cid: dag.root.text }
    rest.push(make('p', 'ovn-check-read', ...fill(words.rehashed, values, words, box)))
  }
  if (comparison !== undefined && comparison.same.length > 0) {
    const list = new Intl.ListFormat(languageOf(box), { type: 'conjunction' })
    const parts = list.format(comparison.same.map((part) => words[part]))
    rest.push(make('p', 'ovn-check-same', ...fill(words.same, { parts }, words, box)))
  } else if (state === 'intact') rest.push(make('p', 'ovn-check-same', words.nothingShown))
  if (state === 'intact') rest.push(make('p', 'ovn-check-trust', words.trust))
  box.replaceChildren(title, ...rest)
}

function showProblem({ word, values, quotes }: Problem, words: Words, box: HTMLElement): HTMLElement {
  const item = make('li', '', ...fill(words[word], values, words, box))
  if (quotes !== undefined) {
    item.append(
      make(
        'dl',
        'ovn-check-quotes',
        make('dt', '', words.here),
        make('dd', '', showQuote(quotes.here, words)),
        make('dt', '', words.archived),
        make('dd', '', showQuote(quotes.archived, words)),
      ),
    )
  }
  return item
}

function showQuote({ before, differs, after }: Quote, words: Words): HTMLElement {
  if (`${before}${differs}${after}` === '') return make('em', '', words.nothing)
  const quote = make('bdi', 'ovn-check-quote', before, make('mark', '', differs), after)
  quote.dir = 'auto'
  return quote
}

/** The sentence of a word, with what it names put in. */
function fill(sentence: string, values: Problem['values'], words: Words, box: HTMLElement): (string | HTMLElement)[] {
  return sentence.split(/\{([a-z]+)\}/).map((piece, index) => {
    if (index % 2 === 0) return piece
    const value = values[piece] ?? ''
    if (typeof value === 'number') return showNumber(piece, value, languageOf(box))
    if (piece === 'part') return words[value as 'text'] ?? value
    if (piece === 'parts') return value
    if (value === '') return make('em', '', piece === 'file' ? words.folder : words.nothing)
    const code = make('code', piece === 'file' ? 'ovn-check-file' : 'ovn-check-address', value)
    code.dir = piece === 'file' ? 'auto' : 'ltr'
    return code
  })
}

function showNumber(name: string, value: number, language: string | undefined): string {
  if (name === 'status') return String(value)
  if (name !== 'size' && name !== 'limit') return new Intl.NumberFormat(language).format(value)
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[step] as string,
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumSignificantDigits: 3,
  }).format(value / 1000 ** step)
}

/** The language of the words around a box, for its numbers; undefined where the page names none that is known. */
function languageOf(box: HTMLElement): string | undefined {
  const tag = box.closest<HTMLElement>('[lang]')?.lang
  try {
    return tag === undefined || tag === '' ? undefined : Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}

function make<T extends keyof HTMLElementTagNameMap>(
  name: T,
  className: string,
  ...content: readonly (string | HTMLElement)[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(name)
  if (className !== '') element.className = className
  element.append(...content)
  return element
}
