// Footnotes: numbered in the order in which readers meet them, collected at the end, linked both ways. The plugin reads
// them; numbering and placing are done here, because they must take linear time and leave out what nobody refers to.

import type { MarkdownIt, StateCore, StateInline, Token } from 'markdown-it'
import footnotePlugin from 'markdown-it-footnote'
import { countNotes, maxNotes, TooMuchMarkup, tooManyNotes } from './markdown-limits.ts'
import { wrapBlockRule, wrapInlineRule } from './markdown-rules.ts'
import { placeInLine, type Reading, readingOf } from './markdown-tokens.ts'

const label = /\[\^([^\]\s]{1,100})\]/y

interface FootnoteEnv {
  readonly refs?: Readonly<Record<string, number>>
  readonly list?: readonly { readonly content?: string; readonly tokens?: Token[] }[]
}

interface Definition {
  /** Line of the body at which it begins, counted from 0. */
  readonly line: number
  readonly tokens: Token[]
}

interface Note {
  readonly number: number
  readonly tokens: readonly Token[]
  references: number
}

/** Adds footnotes to a parser: `[^label]` with `[^label]: note`, and `^[note]`. */
export function useFootnotes(parser: MarkdownIt): void {
  parser.use(footnotePlugin)
  parser.inline.ruler.before('footnote_ref', 'footnote_label', readLabel)
  wrapInlineRule(parser, 'footnote_inline', (rule) => (state, silent) => {
    const reading = readingOf(state.env)
    const outer = reading.offset
    reading.offset += state.pos + 2
    const found = rule(state, silent)
    reading.offset = outer
    if (found && !silent) countNotes(state, (state.env.footnotes as FootnoteEnv | undefined)?.list?.length ?? 0)
    return found
  })
  wrapBlockRule(parser, 'footnote_def', ['paragraph', 'reference'], (rule) => (state, startLine, endLine, silent) => {
    const index = state.tokens.length
    const found = rule(state, startLine, endLine, silent)
    const opening = state.tokens[index]
    if (found && !silent && opening !== undefined) opening.map = [startLine, state.line]
    return found
  })
  parser.core.ruler.at('footnote_tail', placeFootnotes)
  Object.assign(parser.renderer.rules, renderers)
}

/** Takes a `[` that no label follows for text, before the plugin looks for the label's end in all of the paragraph. */
function readLabel(state: StateInline, silent: boolean): boolean {
  if (state.src.charCodeAt(state.pos) !== 0x5b || state.src.charCodeAt(state.pos + 1) !== 0x5e) return false
  label.lastIndex = state.pos
  const name = label.exec(state.src)?.[1]
  const footnotes = state.env.footnotes as FootnoteEnv | undefined
  if (name !== undefined && footnotes?.refs?.[`:${name}`] !== undefined) return false
  if (!silent && name !== undefined) noticeUndefined(name, state)
  if (!silent) state.pending += '['
  state.pos++
  return true
}

function noticeUndefined(name: string, state: StateInline): void {
  const { file, findings, block, offset } = readingOf(state.env)
  findings.notices.push({
    file,
    ...block?.place(offset + state.pos),
    message: `footnote [^${name}] has no note`,
    hint: `add a line that begins with [^${name}]:`,
  })
}

function placeFootnotes(state: StateCore): void {
  const footnotes = state.env.footnotes as FootnoteEnv | undefined
  if (footnotes === undefined) return
  const { main, definitions } = separate(state)
  const order: Note[] = []
  const byName = new Map<unknown, Note>()
  const numberReferences = (tokens: readonly Token[]) => {
    for (const reference of references(tokens)) {
      const name = reference.meta?.label ?? reference.meta?.id
      let note = byName.get(name)
      if (note === undefined) {
        const inline = footnotes.list?.[Number(reference.meta?.id)]
        const tokens =
          typeof name === 'string'
            ? (definitions.get(name)?.tokens ?? [])
            : makeParagraph(state, inline?.content, inline?.tokens)
        if (order.length === maxNotes) {
          const { file, firstLine } = readingOf(state.env)
          throw new TooMuchMarkup(file, { line: firstLine, column: 1 }, tooManyNotes)
        }
        note = { number: order.length + 1, tokens, references: 0 }
        byName.set(name, note)
        order.push(note)
      }
      reference.meta = { number: note.number, nth: ++note.references }
    }
  }
  numberReferences(main)
  for (const note of order) numberReferences(note.tokens)
  noticeUnused(definitions, byName, readingOf(state.env))
  state.tokens = order.length === 0 ? main : [...main, ...noteTokens(state, order)]
}

/** Takes the definitions out of the stream. */
function separate(state: StateCore): { main: Token[]; definitions: Map<string, Definition> } {
  const main: Token[] = []
  const definitions = new Map<string, Definition>()
  const streams = [main]
  for (const token of state.tokens) {
    if (token.type === 'footnote_reference_open') {
      const name = String(token.meta?.label)
      const definition = { line: token.map?.[0] ?? 0, tokens: [] }
      if (definitions.has(name)) reportTwice(name, definition, readingOf(state.env))
      else definitions.set(name, definition)
      streams.push(definition.tokens)
    } else if (token.type === 'footnote_reference_close') {
      streams.pop()
    } else {
      streams.at(-1)?.push(token)
    }
  }
  return { main, definitions }
}

function* references(tokens: readonly Token[]): Generator<Token> {
  for (const { children } of tokens) {
    for (const child of children ?? []) if (child.type === 'footnote_ref') yield child
  }
}

function makeParagraph(state: StateCore, content = '', children: Token[] = []): Token[] {
  const opening = new state.Token('paragraph_open', 'p', 1)
  const closing = new state.Token('paragraph_close', 'p', -1)
  const inline = new state.Token('inline', '', 0)
  opening.block = closing.block = true
  inline.content = content
  inline.children = children
  return [opening, inline, closing]
}

function* noteTokens(state: StateCore, notes: readonly Note[]): Generator<Token> {
  yield new state.Token('footnote_block_open', '', 1)
  for (const { number, tokens, references } of notes) {
    const opening = new state.Token('footnote_open', '', 1)
    opening.meta = { number }
    const endsInParagraph = tokens.at(-1)?.type === 'paragraph_close'
    yield opening
    yield* endsInParagraph ? tokens.slice(0, -1) : tokens
    for (let nth = 1; nth <= references; nth++) {
      const back = new state.Token('footnote_anchor', '', 0)
      back.meta = { number, nth }
      yield back
    }
    if (endsInParagraph) yield* tokens.slice(-1)
    yield new state.Token('footnote_close', '', -1)
  }
  yield new state.Token('footnote_block_close', '', -1)
}

function reportTwice(name: string, { line }: Definition, reading: Reading): void {
  reading.findings.problems.push({
    file: reading.file,
    ...placeInLine(reading, line, `[^${name}]:`),
    message: `footnote [^${name}] is defined twice`,
    hint: 'give each note a label of its own',
  })
}

function noticeUnused(
  definitions: ReadonlyMap<string, Definition>,
  used: ReadonlyMap<unknown, Note>,
  reading: Reading,
): void {
  for (const [name, { line }] of definitions) {
    if (used.has(name)) continue
    reading.findings.notices.push({
      file: reading.file,
      ...placeInLine(reading, line, `[^${name}]:`),
      message: `footnote [^${name}] is left out, because nothing refers to it`,
      hint: `put [^${name}] where it belongs`,
    })
  }
}

const renderers: MarkdownIt['renderer']['rules'] = {
  footnote_ref: (tokens, index) => {
    const { number, suffix } = numbering(tokens[index])
    return `<sup class="footnote-ref"><a href="#fn-${number}" id="fnref-${suffix}" role="doc-noteref">${number}</a></sup>`
  },
  footnote_block_open: (_tokens, _index, _options, env) => {
    const name = escapeAttribute(readingOf(env).words.footnotes)
    return `<section class="footnotes" role="doc-endnotes" aria-label="${name}">\n<ol>\n`
  },
  footnote_block_close: () => '</ol>\n</section>\n',
  footnote_open: (tokens, index) => `<li id="fn-${numbering(tokens[index]).number}">`,
  footnote_close: () => '</li>\n',
  footnote_anchor: (tokens, index, _options, env) => {
    const { suffix } = numbering(tokens[index])
    const name = escapeAttribute(`${readingOf(env).words.backToReference} ${suffix}`)
    // The variation selector keeps the arrow from being drawn as an emoji.
    return ` <a class="footnote-back" href="#fnref-${suffix}" role="doc-backlink" aria-label="${name}">↩\ufe0e</a>`
  },
}

function numbering(token: Token | undefined): { number: number; suffix: string } {
  const { number, nth } = (token?.meta ?? {}) as { number: number; nth: number }
  return { number, suffix: nth > 1 ? `${number}-${nth}` : String(number) }
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

/** Ids of the notes and of the references to them, for fragments that name them. */
export function* footnoteIds(tokens: readonly Token[]): Generator<string> {
  for (const token of tokens) {
    if (token.type === 'footnote_open') yield `fn-${numbering(token).number}`
    if (token.type === 'footnote_anchor') yield `fnref-${numbering(token).suffix}`
  }
}
