// Headings: the first one may be the article's headline, which the page shows by itself. Under it the body begins at the
// second level and never skips one, because that is how screen readers find their way.

import type { StateCore, Token } from 'markdown-it'
import { placeOf, plainText, readingOf } from './markdown-tokens.ts'
import { slugWords } from './slug.ts'
import { cleanText } from './text.ts'

/** A core rule: takes the headline out of the body. */
export function takeHeadline(state: StateCore): void {
  const reading = readingOf(state.env)
  const textAt = (index: number) => cleanText(plainText(state.tokens[index + 1]?.children ?? null))
  const index = state.tokens.findIndex(
    ({ type, tag, level }, at) => type === 'heading_open' && tag === 'h1' && level === 0 && textAt(at) !== '',
  )
  const inline = state.tokens[index + 1]
  if (index < 0 || inline === undefined) return
  const text = textAt(index)
  // Under a title, only a heading that repeats it at the very beginning is the headline.
  if (reading.title !== undefined && (index > 0 || text !== reading.title)) return
  reading.headline = { text, place: placeOf(inline, inline) ?? { line: reading.firstLine } }
  state.tokens.splice(index, 3)
}

/** A core rule: gives every heading its level and an id, and drops empty ones. */
export function nameHeadings(state: StateCore): void {
  const { ids } = readingOf(state.env)
  const counts = new Map<string, number>()
  const open: number[] = []
  state.tokens = withoutEmptyHeadings(state.tokens)
  for (const [index, token] of state.tokens.entries()) {
    if (token.type !== 'heading_open') continue
    const level = Number(token.tag.slice(1))
    while ((open.at(-1) ?? 0) >= level) open.pop()
    open.push(level)
    const tag = `h${Math.min(6, open.length + 1)}`
    const closing = state.tokens[index + 2]
    token.tag = tag
    if (closing !== undefined) closing.tag = tag
    const id = uniqueId(
      `h-${slugWords(plainText(state.tokens[index + 1]?.children ?? null)) || 'section'}`,
      ids,
      counts,
    )
    ids.add(id)
    token.attrs = [['id', id]]
  }
}

function withoutEmptyHeadings(tokens: Token[]): Token[] {
  const isEmpty = (index: number) =>
    tokens[index]?.type === 'heading_open' &&
    (tokens[index + 1]?.children ?? []).every(({ type, content }) => type === 'text' && content.trim() === '')
  if (!tokens.some((_, index) => isEmpty(index))) return tokens
  return tokens.filter((_, index) => !isEmpty(index) && !isEmpty(index - 1) && !isEmpty(index - 2))
}

/** The second heading of a name gets `-1`, the third `-2`: authors know these from other renderers. */
function uniqueId(base: string, ids: ReadonlySet<string>, counts: Map<string, number>): string {
  let id = base
  for (let count = counts.get(base) ?? 0; ids.has(id); ) {
    count++
    id = `${base}-${count}`
    counts.set(base, count)
  }
  return id
}
