// Raw HTML in Markdown is untrusted. Comments are dropped, a few inline tags without attributes are kept where they are
// properly nested, and everything else is shown as the text that it is.

import type { StateBlock, StateCore, StateInline, Token } from 'markdown-it'
import type { Place } from './findings.ts'
import { mark, placeOf, type Reading, readingOf } from './markdown-tokens.ts'

const tag = /<(\/?)(sub|sup|kbd|mark|small|cite|q|ins|del|s|u|b|i|em|strong)[ \t\n]{0,20}>/iy
const lineBreak = /<br[ \t\n]{0,20}\/?>/iy
const anyHtml = /<(?:\/?[a-z][^<>]{0,500}>|!(?:--|[a-z[])|\?)/iy
/** Tags that may be open at once. */
const maxOpen = 16

/** A block rule: drops a comment that begins a line, with its blank lines, up to `-->`. */
export function dropComment(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false
  let line = startLine
  let position = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0)
  if (!state.src.startsWith('<!--', position)) return false
  while (state.src.startsWith('<!--', position) && position < (state.eMarks[line] ?? 0)) {
    const end = findCommentEnd(state, line, position, endLine)
    if (end === undefined) return false
    line = end.line
    position = state.skipSpaces(end.position)
  }
  const isWhole = position >= (state.eMarks[line] ?? 0)
  // What follows on the same line is a paragraph, in which the inline rule drops the comment.
  if (!isWhole && line === startLine) return false
  if (silent) return true
  state.line = isWhole ? line + 1 : line
  if (!isWhole) {
    state.bMarks[line] = position
    state.tShift[line] = 0
    state.sCount[line] = state.blkIndent
  }
  return true
}

function findCommentEnd(
  state: StateBlock,
  startLine: number,
  position: number,
  endLine: number,
): { line: number; position: number } | undefined {
  // `<!-->` and `<!--->` are whole comments.
  const same = state.src.slice(position + 2, state.eMarks[startLine]).indexOf('-->')
  if (same >= 0) return { line: startLine, position: position + 2 + same + 3 }
  const reading = readingOf(state.env)
  const [from, to] = reading.openComment
  const first = startLine + 1 >= from && startLine + 1 < to ? to : startLine + 1
  let line = first
  for (; line < endLine; line++) {
    if ((state.sCount[line] ?? 0) < state.blkIndent && !state.isEmpty(line)) break
    const start = state.bMarks[line] ?? 0
    const found = state.src.slice(start, state.eMarks[line]).indexOf('-->')
    if (found >= 0) return { line, position: start + found + 3 }
  }
  reading.openComment = [first === to ? from : startLine + 1, line]
  return undefined
}

/** An inline rule: drops comments, and makes tokens of the tags that are allowed. */
export function readTag(state: StateInline, silent: boolean): boolean {
  const { src, pos } = state
  if (src.charCodeAt(pos) !== 0x3c) return false
  const end = endOfComment(state)
  if (end !== undefined) {
    state.pos = end
    return true
  }
  const [source, slash, name] = matchAt(tag, src, pos) ?? []
  const breaks = source === undefined ? matchAt(lineBreak, src, pos) : null
  const length = source?.length ?? breaks?.[0].length ?? 0
  if (length === 0 || pos + length > state.posMax) {
    if (!silent && matchAt(anyHtml, src, pos) !== null) noticeRawHtml(readingOf(state.env), state)
    return false
  }
  if (!silent && breaks !== null) {
    state.push('hardbreak', 'br', 0)
  } else if (!silent) {
    const token = state.push('inline_tag', (name ?? '').toLowerCase(), 0)
    token.markup = source ?? ''
    token.info = slash === '/' ? 'close' : 'open'
    mark(token, state, pos)
  }
  state.pos += length
  return true
}

function endOfComment(state: StateInline): number | undefined {
  if (state.skipHtmlSpecial || !state.src.startsWith('<!--', state.pos)) return undefined
  const end = state.src.indexOf('-->', state.pos + 2)
  // None from here on: the field of the parser's own rule for HTML, which this one replaces.
  if (end < 0) state.skipHtmlSpecial = true
  return end < 0 || end + 3 > state.posMax ? undefined : end + 3
}

function matchAt(expression: RegExp, text: string, position: number): RegExpExecArray | null {
  expression.lastIndex = position
  return expression.exec(text)
}

function noticeRawHtml(reading: Reading, state: StateInline): void {
  reportRawHtml(reading, reading.block?.place(reading.offset + state.pos))
}

function reportRawHtml(reading: Reading, place: Place | undefined): void {
  if (reading.hasRawHtml) return
  reading.hasRawHtml = true
  reading.findings.notices.push({
    file: reading.file,
    ...place,
    message: 'raw HTML is shown as text',
    hint: 'write it in Markdown',
  })
}

/** A core rule: tags that are opened and closed in one place become markup, the others text. */
export function balanceTags(state: StateCore): void {
  const reading = readingOf(state.env)
  for (const around of state.tokens) {
    if (!around.children?.some(({ type }) => type === 'inline_tag')) continue
    pairTags(around.children)
    for (const token of around.children) {
      if (token.type !== 'inline_tag' || token.nesting !== 0) continue
      token.type = 'text'
      token.content = token.markup
      reportRawHtml(reading, placeOf(token, around))
    }
  }
}

function pairTags(tokens: readonly Token[]): void {
  // Undefined stands for an element of Markdown, which no tag reaches across.
  const open: (Token | undefined)[] = []
  for (const token of tokens) {
    if (token.type === 'inline_tag' && token.info === 'open') {
      open.push(token)
    } else if (token.type === 'inline_tag') {
      const index = findOpen(open, token.tag)
      const opening = open[index]
      if (opening === undefined) continue
      opening.nesting = 1
      token.nesting = -1
      open.length = index
    } else if (token.nesting === 1) {
      open.push(undefined)
    } else if (token.nesting === -1) {
      while (open.length > 0 && open.pop() !== undefined);
    }
  }
}

function findOpen(open: readonly (Token | undefined)[], name: string): number {
  for (let index = open.length - 1; index >= Math.max(0, open.length - maxOpen); index--) {
    if (open[index] === undefined) return -1
    if (open[index]?.tag === name) return index
  }
  return -1
}
