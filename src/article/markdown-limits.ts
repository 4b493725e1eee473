// How much markup an article may have. A few signs of Markdown become a hundred bytes in memory or a hundred comparisons each, so
// that a text of lawful size could still take seconds and gigabytes. Every limit is far above what the longest novel needs.

import type { MarkdownIt, StateCore, StateInline, Token } from 'markdown-it'
import type { Problem } from '../errors.ts'
import type { Place } from './findings.ts'
import { type Block, type Reading, readingOf } from './markdown-tokens.ts'

/** Beginnings and ends of blocks; a novel has 20,000 paragraphs, which are three each. */
const maxBlockTokens = 200_000
/** Pieces of text, line breaks, and beginnings and ends of emphasis, links and the like. */
const maxInlineTokens = 200_000
/** Each opening bracket may begin a link, an image or a note, and is compared with up to a hundred that follow. */
const maxBrackets = 100_000
/** A few signs of Markdown can become a hundred of HTML; a page larger than this opens nowhere. */
export const maxHtml = 32 * 1024 * 1024
/** What may begin a web address: each is looked at by itself. */
const maxAddresses = 30_000
const address = /\/\/|mailto:/gi
/** Problems, or notices, of links and pictures; a thousand of them are told. */
const maxFindings = 20_000
/** Each note is linked to and fro. */
export const maxNotes = 20_000

export const tooManyNotes = 'the article has too many footnotes'
export const tooLargePage = 'the page of the article is larger than 32 MiB'

/** Thrown while an article is parsed that has too much markup; nothing more of it is read. */
export class TooMuchMarkup extends Error {
  readonly problem: Problem

  constructor(file: string, place: Place, message: string) {
    super(message)
    this.problem = { file, ...place, message, hint: 'split the article' }
  }
}

/** Lets a parser make so many tokens for an article, and no more. */
export function limitTokens(parser: MarkdownIt): void {
  parser.block.State = class extends parser.block.State {
    override push(type: string, tag: string, nesting: -1 | 0 | 1): Token {
      if (this.tokens.length > maxBlockTokens) {
        const { file, firstLine } = readingOf(this.env)
        const place = { line: firstLine + this.line, column: 1 }
        throw new TooMuchMarkup(file, place, 'the article has too many headings, paragraphs and cells of tables')
      }
      return super.push(type, tag, nesting)
    }
  }
  parser.inline.State = class extends parser.inline.State {
    override push(type: string, tag: string, nesting: -1 | 0 | 1): Token {
      countInline(this)
      return super.push(type, tag, nesting)
    }

    override pushPending(): Token {
      countInline(this)
      return super.pushPending()
    }
  }
}

function countInline(state: StateInline): void {
  const reading = readingOf(state.env)
  reading.inlineTokens += 1
  if (reading.inlineTokens > maxInlineTokens)
    throw tooMuch(state, 'the article has too many links, line breaks and words in emphasis')
}

/** Told of every note that stands in the text itself. */
export function countNotes(state: StateInline, count: number): void {
  if (count > maxNotes) throw tooMuch(state, tooManyNotes)
}

/**
 * Told of what each link and picture has in the page: a reference is written once, may be a megabyte, and may be used a hundred
 * thousand times. Percent-encoded, each byte is three.
 */
export function countAttributes(state: StateInline, { attrs }: Token, start: number): void {
  const reading = readingOf(state.env)
  for (const [, value] of attrs ?? []) reading.attributeSize += 3 * Buffer.byteLength(String(value))
  if (reading.attributeSize > maxHtml) throw tooMuch(state, tooLargePage, start)
}

/** Told of every problem and every notice of a link or a picture, each of which was looked for on the disk. */
export function countFindings(reading: Reading, found: readonly Problem[], place: Place | undefined): void {
  if (found.length < maxFindings) return
  throw new TooMuchMarkup(reading.file, place ?? { line: reading.firstLine }, 'the article has too many problems')
}

function tooMuch({ env, pos }: StateInline, message: string, start = pos): TooMuchMarkup {
  const { file, firstLine, block, offset } = readingOf(env)
  return new TooMuchMarkup(file, block?.place(offset + start) ?? { line: firstLine }, message)
}

/** Counts, in a block that is about to be parsed, the signs that cost most. */
export function countSigns(state: StateCore, content: string, block: Block): void {
  const reading = readingOf(state.env)
  for (let at = content.indexOf('['); at >= 0; at = content.indexOf('[', at + 1)) {
    reading.brackets += 1
    if (reading.brackets > maxBrackets) {
      throw new TooMuchMarkup(reading.file, block.place(at), 'the article has too many opening brackets')
    }
  }
  for (const { index } of content.matchAll(address)) {
    reading.addresses += 1
    if (reading.addresses > maxAddresses) {
      throw new TooMuchMarkup(reading.file, block.place(index), 'the article has too many addresses')
    }
  }
}
