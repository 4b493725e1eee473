// The block between `---` lines at the head of an article → typed values. Every problem is reported at its place in the
// file, all of them at once; nothing in the block can run, refer to other files or repeat itself by aliases.

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'
import type { Author, Correction } from './article.ts'
import { parseDate } from './dates.ts'
import type { Findings, Place } from './findings.ts'
import { checkLanguageTag } from './language-tag.ts'
import { optional } from './optional.ts'
import { checkSlug } from './slug.ts'
import { cleanText, countCodePoints, findControl, findNearest } from './text.ts'

/** The image of the front matter, its file not looked for yet. */
export interface NamedImage {
  readonly src: string
  readonly alt: string
  readonly caption?: string
  readonly credit?: string
  readonly place: Place
}

export interface FrontMatter {
  readonly title?: string
  readonly date?: string
  readonly updated?: string
  readonly authors: readonly Author[]
  readonly categories: readonly string[]
  readonly tags: readonly string[]
  readonly summary?: string
  readonly language?: string
  readonly slug?: string
  readonly url?: string
  readonly image?: NamedImage
  readonly license?: string
  readonly corrections: readonly Correction[]
  /** Whether there may be a title that could not be read, which is reported already. */
  readonly isTitleUnread: boolean
}

/** A file's text, taken apart. */
export interface SplitText {
  /** The YAML between the `---` lines. */
  readonly yaml?: string
  readonly body: string
  /** Line of the file, counted from 1, at which the body begins. */
  readonly bodyLine: number
}

/** A title longer than this is a paragraph, and no page or list has room for it. */
export const maxTitle = 300
const maxBytes = 64 * 1024
const maxSyntaxProblems = 10

/** Every key, with the names that other systems give it. */
const keys = {
  title: ['headline'],
  date: ['published', 'datePublished', 'pubdate'],
  updated: ['modified', 'lastmod', 'dateModified'],
  authors: ['author'],
  categories: ['category', 'section', 'sections'],
  tags: ['tag', 'keywords'],
  summary: ['description', 'excerpt', 'abstract'],
  language: ['lang', 'locale'],
  slug: [],
  url: ['canonical', 'canonical_url', 'canonicalUrl', 'link'],
  image: ['cover', 'featured_image'],
  license: ['licence', 'rights'],
  corrections: ['correction'],
  draft: [],
  extra: [],
} as const
type Key = keyof typeof keys
const keyOf = new Map(
  Object.entries(keys).flatMap(([key, aliases]) => [key, ...aliases].map((name) => [name, key as Key])),
)

/** Splits a file's text, whose line breaks are `\n`. An unclosed block is a problem at its first line. */
export function splitFrontMatter(text: string, file: string, { problems }: Findings): SplitText {
  const opening = /^---[ \t]*(?:\n|$)/.exec(text)
  if (opening === null) return { body: text, bodyLine: 1 }
  const start = opening[0].length
  const closing = /(?<=\n)---[ \t]*(?=\n|$)/g
  closing.lastIndex = start
  const end = closing.exec(text)
  if (end === null) {
    problems.push({
      file,
      line: 1,
      column: 1,
      message: 'the front matter is not closed',
      hint: 'end it with a line that holds only ---',
    })
    return { body: '', bodyLine: 1 }
  }
  const yaml = text.slice(start, end.index)
  return { yaml, body: text.slice(end.index + end[0].length + 1), bodyLine: countLines(yaml) + 3 }
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}

/** Reads the YAML of a file's front matter, which begins at the file's second line. */
export function readFrontMatter(yaml: string, file: string, findings: Findings): FrontMatter {
  return new Reader(file, findings).read(yaml)
}

class Reader {
  readonly #file: string
  readonly #findings: Findings
  readonly #lines = new LineCounter()
  #isTitleUnread = false
  /** After an error of syntax, what was read may mean anything: its problems would mislead. */
  #isBroken = false

  constructor(file: string, findings: Findings) {
    this.#file = file
    this.#findings = findings
  }

  read(yaml: string): FrontMatter {
    const nodes = this.#readKeys(yaml)
    const value = <T>(key: Key, read: (node: Node, what: string) => T | undefined): T | undefined => {
      const node = nodes.get(key)
      return node === undefined ? undefined : read.call(this, node, key)
    }
    const title = value('title', this.#title)
    value('draft', this.#checkDraft)
    return {
      ...optional('title', title),
      ...optional('date', value('date', this.#date)),
      ...optional('updated', value('updated', this.#date)),
      authors: value('authors', this.#authors) ?? [],
      categories: value('categories', this.#texts) ?? [],
      tags: value('tags', this.#tags) ?? [],
      ...optional('summary', value('summary', this.#text)),
      ...optional('language', value('language', this.#language)),
      ...optional('slug', value('slug', this.#slug)),
      ...optional('url', value('url', this.#url)),
      ...optional('image', value('image', this.#image)),
      ...optional('license', value('license', this.#text)),
      corrections: value('corrections', this.#corrections) ?? [],
      isTitleUnread: this.#isTitleUnread || (title === undefined && nodes.has('title')),
    }
  }

  #readKeys(yaml: string): Map<Key, Node> {
    const values = new Map<Key, Node>()
    if (Buffer.byteLength(yaml) > maxBytes) {
      this.#report(
        { line: 1, column: 1 },
        'the front matter is larger than 64 KiB',
        'keep the text of the article below it',
      )
      return values
    }
    const map = this.#parse(yaml)
    if (map === undefined) return values
    const names = new Map<Key, string>()
    for (const [name, node, keyNode] of this.#entries(map)) {
      const key = keyOf.get(name)
      if (key === undefined) {
        const nearest = findNearest(name, keyOf.keys())
        const guess = nearest === undefined ? '' : `did you mean \`${nearest}\`? `
        if (nearest !== undefined && keyOf.get(nearest) === 'title') this.#isTitleUnread = true
        this.#problem(keyNode, `unknown key \`${name.slice(0, 100)}\``, `${guess}keys of your own go under \`extra:\``)
        continue
      }
      if (node === null || isEmpty(node)) continue
      const given = names.get(key)
      if (given !== undefined) {
        this.#problem(keyNode, `\`${name}\` says the same as \`${given}\` above`, `keep one of them, \`${key}\``)
        continue
      }
      names.set(key, name)
      values.set(key, node)
    }
    return values
  }

  #parse(yaml: string): YAMLMap | undefined {
    const { contents, errors } = parseDocument(yaml, {
      version: '1.2',
      schema: 'core',
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    })
    this.#reportSyntax(errors)
    if (isMap(contents)) return contents
    if (contents === null || isEmpty(contents)) return undefined
    this.#isTitleUnread = true
    return this.#problem(contents, 'the front matter is not a list of keys and values', 'write one `key: value` a line')
  }

  #reportSyntax(errors: readonly { code: string; message: string; pos: [number, number] }[]): void {
    const lines = new Set<number>()
    for (const { code, message, pos } of errors) {
      const place = this.#place(pos[0])
      if (lines.has(place.line) || lines.size === maxSyntaxProblems) continue
      lines.add(place.line)
      const [text, hint] = syntaxMessages.get(/quote$/.test(message) ? 'quote' : code) ?? [
        message.slice(0, 1).toLowerCase() + message.slice(1, 200).replace(/\.$/, ''),
        'write one `key: value` a line, and values with special characters in quotes',
      ]
      this.#report(place, `front matter: ${text}`, hint)
    }
    if (lines.size > 0) this.#isBroken = this.#isTitleUnread = true
  }

  /** The entries of a map: name, value and key node. A second entry of the same name is a problem and left out. */
  *#entries(map: YAMLMap): Generator<[string, Node | null, Node]> {
    const seen = new Set<string>()
    for (const { key, value } of map.items as { key: Node | null; value: Node | null }[]) {
      const name = isScalar(key) ? (key.source ?? String(key.value)) : undefined
      if (key === null || name === undefined) {
        this.#problem(key ?? map, 'a key is not a word', 'write one `key: value` a line')
      } else if (seen.has(name)) {
        this.#problem(key, `duplicate key \`${name.slice(0, 100)}\``, 'keep one of them')
      } else {
        seen.add(name)
        yield [name, value, key]
      }
    }
  }

  #title(node: Node): string | undefined {
    const title = this.#text(node, 'title')
    if (title === undefined || countCodePoints(title) <= maxTitle) return title
    return this.#problem(
      node,
      `the title is longer than ${maxTitle} characters`,
      'shorten it; `summary` has room for more',
    )
  }

  /** One line of text; a number or `true` is taken as it was written. */
  #text(node: Node, what: string): string | undefined {
    if (!isScalar(node)) return this.#wrongType(node, `${what} is not a text`, 'write it on one line')
    const text = cleanText(typeof node.value === 'string' ? node.value : (node.source ?? String(node.value)))
    const control = findControl(text)
    if (control !== undefined) return this.#problem(node, `${what} has the control character ${control}`, 'remove it')
    return text === '' ? undefined : text
  }

  #texts(node: Node, what: string): string[] | undefined {
    const texts = isSeq(node)
      ? this.#items(node).map((item) => this.#text(item, `an entry of ${what}`))
      : [this.#text(node, what)]
    return [...new Set(texts.filter((text) => text !== undefined))]
  }

  /** A text with commas is a list of tags; a category may have a comma in its name. */
  #tags(node: Node): string[] | undefined {
    const texts = this.#texts(node, 'tags')
    if (isSeq(node) || texts === undefined) return texts
    const tags = texts.flatMap((text) => text.split(',')).map((tag) => tag.trim())
    return [...new Set(tags.filter((tag) => tag !== ''))]
  }

  #date(node: Node, what: string): string | undefined {
    if (isScalar(node) && typeof node.value !== 'string') {
      return this.#problem(node, `${what} is not a date`, 'write it as 2025-08-22 or August 22, 2025')
    }
    const text = this.#text(node, what)
    const parsed = text === undefined ? undefined : parseDate(text)
    if (parsed === undefined || 'iso' in parsed) return parsed?.iso
    return this.#problem(node, `${what}: ${parsed.problem}`, parsed.hint)
  }

  #language(node: Node): string | undefined {
    const text = this.#text(node, 'language')
    const checked = text === undefined ? undefined : checkLanguageTag(text)
    if (checked === undefined || 'tag' in checked) return checked?.tag
    return this.#problem(node, checked.problem, checked.hint)
  }

  #slug(node: Node): string | undefined {
    const text = this.#text(node, 'slug')
    const checked = text === undefined ? undefined : checkSlug(text)
    if (checked === undefined || 'slug' in checked) return checked?.slug
    return this.#problem(node, checked.problem, checked.hint)
  }

  #url(node: Node, what: string): string | undefined {
    const text = this.#text(node, what)
    if (text === undefined) return undefined
    const url = /^https?:\/\/[^\s]+$/i.test(text) ? URL.parse(text) : null
    if (url === null) {
      return this.#problem(node, `${what} is not a web address`, 'write it whole, such as https://example.org/story')
    }
    if (url.username === '' && url.password === '') return url.href
    return this.#problem(node, `${what} has a user name or password`, 'remove what stands before the @')
  }

  #authors(node: Node): Author[] {
    return (isSeq(node) ? this.#items(node) : [node])
      .map((item) => this.#author(item))
      .filter((author) => author !== undefined)
  }

  #author(node: Node): Author | undefined {
    if (!isMap(node)) {
      const name = this.#text(node, 'an author')
      return name === undefined ? undefined : { name }
    }
    const fields = this.#fields(node, 'an author', { name: [], url: [] })
    const name = fields.name && this.#text(fields.name, 'the name of an author')
    const url = fields.url && this.#url(fields.url, 'the url of an author')
    if (name !== undefined) return { name, ...optional('url', url) }
    if (fields.name !== undefined) return undefined
    return this.#problem(node, 'an author has no name', 'write name: and the name')
  }

  #image(node: Node): NamedImage | undefined {
    if (isSeq(node)) return this.#wrongType(node, 'image is a list', 'name one image that stands for the article')
    const fields = isMap(node)
      ? this.#fields(node, 'image', { src: ['path', 'file'], alt: [], caption: [], credit: [] })
      : { src: node }
    const text = (name: 'src' | 'alt' | 'caption' | 'credit') =>
      fields[name] && this.#text(fields[name], `${name} of image`)
    const src = text('src')
    const alt = text('alt')
    if (fields.src === undefined) this.#problem(node, 'image names no file', 'write src: and the path of the file')
    if (fields.alt === undefined) {
      this.#problem(
        node,
        'image has no alternative text',
        'write image: with src: and alt:, which says what the image shows',
      )
    }
    const described = { ...optional('caption', text('caption')), ...optional('credit', text('credit')) }
    if (src === undefined || fields.src === undefined) return undefined
    return { src, alt: alt ?? '', ...described, place: this.#placeOf(fields.src) }
  }

  #corrections(node: Node): Correction[] {
    return (isSeq(node) ? this.#items(node) : [node])
      .map((item) => this.#correction(item))
      .filter((correction) => correction !== undefined)
  }

  #correction(node: Node): Correction | undefined {
    if (!isMap(node)) {
      const note = this.#text(node, 'a correction')
      return note === undefined ? undefined : { note }
    }
    const fields = this.#fields(node, 'a correction', { date: [], note: ['text', 'reason'] })
    const date = fields.date && this.#date(fields.date, 'date of a correction')
    const note = fields.note && this.#text(fields.note, 'note of a correction')
    if (note !== undefined) return { ...optional('date', date), note }
    if (fields.note !== undefined) return undefined
    return this.#problem(node, 'a correction has no note', 'write note: and what was corrected')
  }

  #checkDraft(node: Node): undefined {
    const value = isScalar(node) ? node.value : undefined
    if (value === true) this.#problem(node, 'marked as a draft', 'remove `draft: true` to publish it')
    else if (value !== false) {
      this.#problem(node, 'draft is neither true nor false', 'write `draft: false`, or remove it')
    }
  }

  /** The values of an inner map by their own names; aliases are understood, empty values left out. */
  #fields<Name extends string>(
    map: YAMLMap,
    what: string,
    names: Readonly<Record<Name, readonly string[]>>,
  ): Partial<Record<Name, Node>> {
    const fields = new Map<string, Node>()
    const known = new Map(
      Object.entries<readonly string[]>(names).flatMap(([field, aliases]) =>
        [field, ...aliases].map((name) => [name, field]),
      ),
    )
    for (const [name, node, keyNode] of this.#entries(map)) {
      const field = known.get(name)
      if (field === undefined) {
        const nearest = findNearest(name, known.keys())
        const guess = nearest === undefined ? '' : `did you mean \`${nearest}\`? `
        this.#problem(
          keyNode,
          `${what} has the unknown key \`${name.slice(0, 100)}\``,
          `${guess}it has ${Object.keys(names).join(', ')}`,
        )
      } else if (fields.has(field)) {
        this.#problem(keyNode, `\`${name}\` of ${what} is given twice`, `keep one of them, \`${field}\``)
      } else if (node !== null && !isEmpty(node)) {
        fields.set(field, node)
      }
    }
    return Object.fromEntries(fields) as Partial<Record<Name, Node>>
  }

  #items({ items }: { readonly items: readonly unknown[] }): Node[] {
    return (items as (Node | null)[]).filter((item) => item !== null && !isEmpty(item)) as Node[]
  }

  #wrongType(node: Node, message: string, hint: string): undefined {
    if (isAlias(node)) return this.#problem(node, 'aliases are not understood here', 'write the value itself')
    return this.#problem(node, message, hint)
  }

  #problem(node: Node, message: string, hint: string): undefined {
    this.#report(this.#placeOf(node), message, hint)
  }

  #report(place: Place, message: string, hint: string): void {
    if (this.#isBroken) return
    this.#findings.problems.push({ file: this.#file, ...place, message, hint })
  }

  #placeOf(node: Node): Place {
    return this.#place(node.range?.[0] ?? 0)
  }

  /** The front matter begins at the second line of the file. */
  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line: line + 1, column: col }
  }
}

/** What the parser says of the slips that authors make most. */
const syntaxMessages = new Map<string, [string, string]>([
  ['BLOCK_AS_IMPLICIT_KEY', ['a value with a colon is not quoted', 'put the whole value in quotes']],
  ['quote', ['a quote is not closed', 'end the value with the quote that it begins with']],
  ['RESOURCE_EXHAUSTION', ['it is nested too deeply', 'write one `key: value` a line']],
  ['TAB_AS_INDENT', ['a tab is used as indentation', 'indent with spaces']],
  ['BAD_INDENT', ['the indentation does not fit the lines above', 'indent entries of one list alike']],
])

function isEmpty(node: Node | null): boolean {
  if (node === null) return true
  if (isScalar(node)) return node.value === null || (typeof node.value === 'string' && node.value.trim() === '')
  return (isMap(node) || isSeq(node)) && node.items.length === 0
}
