// The last touches of the body: figures, tables that scroll, task lists, code. Nothing carries a style attribute, because
// the page allows none.

import type { MarkdownIt, StateCore, Token } from 'markdown-it'
import { type Reading, readingOf } from './markdown-tokens.ts'

/** A core rule: marks up figures, tables and tasks. */
export function layOut(state: StateCore): void {
  let tables = 0
  for (const [index, token] of state.tokens.entries()) {
    if (token.type === 'inline') makeFigure(state, index)
    else if (token.type === 'table_open') token.meta = { number: ++tables }
    else if (token.type === 'th_open' || token.type === 'td_open') alignCell(state.tokens, index)
    else if (token.type === 'list_item_open') makeTask(state, index)
  }
}

/** An image or player alone in its paragraph, linked or not, is a figure; its title is the caption. */
function makeFigure(state: StateCore, index: number): void {
  const inline = state.tokens[index]
  const [opening, closing] = [state.tokens[index - 1], state.tokens[index + 1]]
  if (opening?.type !== 'paragraph_open' || opening.hidden || closing?.type !== 'paragraph_close') return
  const children = (inline?.children ?? []).filter(({ type, content }) => type !== 'text' || content.trim() !== '')
  const isLinked = children.length === 3 && children[0]?.type === 'link_open' && children[2]?.type === 'link_close'
  const picture = children.length === 1 ? children[0] : isLinked ? children[1] : undefined
  if (inline === undefined || (picture?.type !== 'image' && picture?.type !== 'player')) return
  opening.tag = closing.tag = 'figure'
  inline.children = children
  const caption = picture.attrGet('title')
  if (caption === null) return
  picture.attrs = (picture.attrs ?? []).filter(([name]) => name !== 'title')
  const text = new state.Token('text', '', 0)
  text.content = String(caption)
  inline.children.push(
    new state.Token('caption_open', 'figcaption', 1),
    text,
    new state.Token('caption_close', 'figcaption', -1),
  )
}

function alignCell(tokens: readonly Token[], index: number): void {
  const [opening, inline, closing] = [tokens[index], tokens[index + 1], tokens[index + 2]]
  if (opening === undefined || closing === undefined) return
  const side = /left|center|right/.exec(String(opening.attrGet('style') ?? ''))?.[0]
  opening.attrs = side === undefined ? null : [['class', `align-${side}`]]
  if (opening.tag !== 'th') return
  // A header without a name is a header of nothing.
  if (inline?.children?.length === 0) opening.tag = closing.tag = 'td'
  else opening.attrPush(['scope', 'col'])
}

function makeTask(state: StateCore, index: number): void {
  const item = state.tokens[index]
  const first = state.tokens[index + 2]?.children?.[0]
  if (state.tokens[index + 1]?.type !== 'paragraph_open' || first?.type !== 'text' || item === undefined) return
  const box = /^\[([ xX])\][ \t]+/.exec(first.content)
  if (box === null) return
  first.content = first.content.slice(box[0].length)
  const token = new state.Token('task_box', '', 0)
  token.content = box[1] === ' ' ? '☐' : '☑'
  state.tokens[index + 2]?.children?.unshift(token)
  item.attrJoin('class', 'task')
}

/** How these tokens are written. */
export function useLayout(parser: MarkdownIt): void {
  const { escapeHtml } = parser.utils
  const rules: MarkdownIt['renderer']['rules'] = {
    image: (tokens, index, options, _env, renderer) => renderer.renderToken(tokens, index, options),
    player: (tokens, index, options, _env, renderer) =>
      `${renderer.renderToken(tokens, index, options)}</${tokens[index]?.tag}>`,
    task_box: (tokens, index) => `<span class="box">${tokens[index]?.content}</span> `,
    table_open: (tokens, index, _options, env) => `${openTable(readingOf(env), tokens[index], escapeHtml)}<table>\n`,
    table_close: () => '</table>\n</div>\n',
    code_block: (tokens, index) => `<pre tabindex="0"><code>${escapeHtml(tokens[index]?.content ?? '')}</code></pre>\n`,
    fence: (tokens, index) => {
      const language = /^[\w+#.-]{1,40}/.exec(tokens[index]?.info.trim() ?? '')?.[0]
      const name = language === undefined ? '' : ` class="language-${language}"`
      return `<pre tabindex="0"><code${name}>${escapeHtml(tokens[index]?.content ?? '')}</code></pre>\n`
    },
  }
  Object.assign(parser.renderer.rules, rules)
}

function openTable({ words }: Reading, token: Token | undefined, escapeHtml: (text: string) => string): string {
  const name = escapeHtml(`${words.table} ${token?.meta?.number}`)
  return `<div class="table" role="region" tabindex="0" aria-label="${name}">\n`
}
