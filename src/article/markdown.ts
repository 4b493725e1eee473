// The body of an article: Markdown → HTML that is safe to archive. One parse; the rules added to the parser do the rest,
// in the order in which they stand below.

import Parser, { type Env, type MarkdownIt, type StateCore } from 'markdown-it'
import { keepDestinations, makeResolver } from './addresses.ts'
import type { AssetFolder } from './assets.ts'
import type { Findings, Place } from './findings.ts'
import { useFootnotes } from './footnotes.ts'
import { nameHeadings, takeHeadline } from './headings.ts'
import { layOut, useLayout } from './layout.ts'
import { countSigns, limitTokens, maxHtml, TooMuchMarkup, tooLargePage } from './markdown-limits.ts'
import { Block, type Reading, readingOf } from './markdown-tokens.ts'
import { balanceTags, dropComment, readTag } from './raw-html.ts'
import { wordsFor } from './words.ts'

export interface BodyOptions {
  /** The file as problems name it. */
  readonly file: string
  /** Line of the file at which the text begins. */
  readonly firstLine: number
  /** The front matter's title. Without one the first heading of the first level is the headline. */
  readonly title?: string
  /** The canonical URL, which addresses without a site are relative to. */
  readonly url?: string
  /** BCP 47 tag, for the words that are added. */
  readonly language?: string
  readonly assets: AssetFolder
  readonly findings: Findings
}

export interface Body {
  readonly html: string
  /** The heading that was taken out of the body as the headline. */
  readonly headline?: { readonly text: string; readonly place: Place }
}

/** Levels of blocks in blocks; deeper ones would be left out by the parser. */
const maxNesting = 100
/** Elements that hold other blocks. */
const containers = new Set(['blockquote_open', 'list_item_open', 'footnote_reference_open'])

/**
 * Renders the body of an article, whose line breaks are `\n`. Problems and notices go to `findings`; the HTML is fit for
 * use where there are no problems. It has no element, attribute or address that the author could make run or load
 * anything.
 */
export function renderBody(text: string, options: BodyOptions): Body {
  const reading: Reading = {
    file: options.file,
    text: withoutControls(text),
    firstLine: options.firstLine,
    title: options.title,
    url: options.url,
    words: wordsFor(options.language),
    assets: options.assets,
    findings: options.findings,
    ids: new Set(),
    headline: undefined,
    block: undefined,
    offset: 0,
    openComment: [0, 0],
    hasRawHtml: false,
    inlineTokens: 0,
    brackets: 0,
    addresses: 0,
    attributeSize: 0,
  }
  const html = render(reading)
  if (html.length > maxHtml) {
    const { file, firstLine: line, findings } = options
    findings.problems.push({ file, line, column: 1, message: tooLargePage, hint: 'split the article' })
  }
  return reading.headline === undefined ? { html } : { html, headline: reading.headline }
}

function render(reading: Reading): string {
  const env: Env = { reading }
  try {
    return parser().render(reading.text, env)
  } catch (error) {
    if (!(error instanceof TooMuchMarkup)) throw error
    reading.findings.problems.push(error.problem)
    return ''
  }
}

/** Control characters have no place in HTML. One replacement for each keeps the columns. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f]/g, '\ufffd').replaceAll('\f', ' ')
}

let shared: MarkdownIt | undefined

function parser(): MarkdownIt {
  shared ??= createParser()
  return shared
}

function createParser(): MarkdownIt {
  const parser = new Parser({ html: false, linkify: true, typographer: false, maxNesting })
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
  parser.linkify.add('ftp:', null).add('//', null)
  const normalize = parser.normalizeLink.bind(parser)
  // Most addresses are plain already, and taking them apart costs more than the rest of a link.
  const encode = (url: string) => (/^[\w;/?:@&=+$,.!~*'()#-]*$/.test(url) ? url : normalize(url))

  limitTokens(parser)
  useFootnotes(parser)
  useLayout(parser)
  keepDestinations(parser)
  parser.block.ruler.at('html_block', dropComment, { alt: ['paragraph', 'reference', 'blockquote'] })
  parser.inline.ruler.at('html_inline', readTag)

  const { ruler } = parser.core
  ruler.after('block', 'check_nesting', checkNesting)
  ruler.at('inline', parseInline)
  ruler.after('inline', 'take_headline', takeHeadline)
  ruler.push('balance_tags', balanceTags)
  ruler.push('name_headings', nameHeadings)
  ruler.push('resolve_addresses', makeResolver(encode))
  ruler.push('lay_out', layOut)
  return parser
}

function checkNesting(state: StateCore): void {
  const { file, firstLine, findings } = readingOf(state.env)
  const deepest = state.tokens.find(({ level, type }) => level >= maxNesting - 1 && containers.has(type))
  if (deepest === undefined) return
  findings.problems.push({
    file,
    ...(deepest.map === null ? {} : { line: firstLine + deepest.map[0], column: 1 }),
    message: 'quotes or lists are nested too deeply',
    hint: `keep them below ${maxNesting / 2} levels`,
  })
}

/** Parses what stands in the blocks, and knows in which one it is: cells of tables have no place but their row's. */
function parseInline(state: StateCore): void {
  const reading = readingOf(state.env)
  let line = 0
  for (const token of state.tokens) {
    if (token.map !== null) line = token.map[0]
    if (token.type !== 'inline') continue
    reading.block = new Block(token.content, line, reading)
    reading.offset = 0
    countSigns(state, token.content, reading.block)
    token.meta = { block: reading.block, at: 0 }
    token.children ??= []
    state.md.inline.parse(token.content, state.md, state.env, token.children)
  }
}
