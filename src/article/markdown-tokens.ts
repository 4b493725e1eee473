// What the stages of Markdown share: the article being read, carried in the parser's environment, and where in the file
// a token stands.

import type { Env, StateInline, Token } from 'markdown-it'
import type { AssetFolder } from './assets.ts'
import type { Findings, Place } from './findings.ts'
import type { Words } from './words.ts'

/** The article whose body is being rendered. */
export interface Reading {
  readonly file: string
  /** The body, its line breaks `\n`. */
  readonly text: string
  /** Line of the file at which the body begins. */
  readonly firstLine: number
  /** The front matter's title. */
  readonly title: string | undefined
  /** The canonical URL. */
  readonly url: string | undefined
  readonly words: Words
  readonly assets: AssetFolder
  readonly findings: Findings
  /** Ids of the page, as fragments may name them. */
  readonly ids: Set<string>
  /** The heading that was taken for the title, or would have been. */
  headline: { readonly text: string; readonly place: Place } | undefined
  /** The block whose inline content is being parsed, and the offset in it of what is parsed apart. */
  block: Block | undefined
  offset: number
  /** Lines known to hold no end of a comment: from, to. */
  openComment: readonly [number, number]
  hasRawHtml: boolean
  /** Inline tokens that were made, opening brackets and beginnings of addresses that were met, and bytes of addresses and titles. */
  inlineTokens: number
  brackets: number
  addresses: number
  attributeSize: number
}

export function readingOf(env: Env | undefined): Reading {
  return env?.reading as Reading
}

/** Inline content of one block, for finding where its parts stand in the file. */
export class Block {
  readonly #content: string
  readonly #line: number
  readonly #reading: Reading
  #starts: number[] | undefined

  /** `line` counts from 0 in the body. */
  constructor(content: string, line: number, reading: Reading) {
    this.#content = content
    this.#line = line
    this.#reading = reading
  }

  /** The place of an offset: exact where the line stands in the file as it stands in the block. */
  place(offset: number): Place {
    this.#starts ??= findLineStarts(this.#content)
    const index = findLine(this.#starts, offset)
    const start = this.#starts[index] ?? 0
    const end = this.#starts[index + 1] ?? this.#content.length + 1
    const line = this.#line + index
    const text = this.#content.slice(start, Math.min(end - 1, start + 1000))
    return placeInLine(this.#reading, line, text, offset - start)
  }
}

function findLineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Index of the last start that is not behind the offset. */
function findLine(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

const lineStarts = new WeakMap<Reading, number[]>()

function sourceLine(reading: Reading, line: number): string {
  let starts = lineStarts.get(reading)
  if (starts === undefined) {
    starts = findLineStarts(reading.text)
    lineStarts.set(reading, starts)
  }
  return reading.text.slice(starts[line] ?? 0, (starts[line + 1] ?? reading.text.length + 1) - 1)
}

/** Where a text stands in a line of the body, counted from 0; the line alone where it is written differently there. */
export function placeInLine(reading: Reading, line: number, text: string, offset = 0): Place {
  const column = sourceLine(reading, line).indexOf(text)
  const place = { line: reading.firstLine + line }
  return column < 0 ? place : { ...place, column: column + offset + 1 }
}

/** Notes down on a token where it begins. */
export function mark(token: Token, state: StateInline, position: number): void {
  const { block, offset } = readingOf(state.env)
  token.meta = { ...token.meta, block, at: offset + position }
}

/** Where a marked token begins; for one that is not, where its block begins. */
export function placeOf(token: Token, around: Token): Place | undefined {
  const { block, at } = (token.meta ?? around.meta ?? {}) as { block?: Block; at?: number }
  return block?.place(at ?? 0)
}

/** The text of inline tokens, without any markup. */
export function plainText(tokens: readonly Token[] | null): string {
  let text = ''
  for (const token of tokens ?? []) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') text += ' '
    else if (token.type === 'image') text += plainText(token.children)
    else if (token.type === 'text' || token.type === 'text_special' || token.type === 'code_inline') {
      text += token.content
    }
  }
  return text
}
