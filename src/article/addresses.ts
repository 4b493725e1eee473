// Links and images of the body: the one place that decides what a page may point at. Nothing of a page is loaded from
// elsewhere, no link runs anything, and a file is taken along or its absence is a problem.

import type { MarkdownIt, StateCore, StateInline, Token } from 'markdown-it'
import type { Problem } from '../errors.ts'
import type { Asset } from './article.ts'
import { footnoteIds } from './footnotes.ts'
import { countAttributes, countFindings } from './markdown-limits.ts'
import { wrapInlineRule } from './markdown-rules.ts'
import { mark, placeOf, plainText, type Reading, readingOf } from './markdown-tokens.ts'
import { slugWords } from './slug.ts'

const schemes = new Set(['http', 'https', 'mailto', 'tel', 'ipfs', 'ipns'])
const schemeList = 'http, https, mailto, tel, ipfs and ipns'
// A single letter is a drive of Windows, not a scheme.
const scheme = /^([a-z][a-z0-9+.-]+):/i
const pageName = /(?:^|\/)[^/.]*$|\.(?:html?|xhtml|php|aspx?|jsp)$/i

/** Lets every destination through to the rules below, as it was written, and notes down where it stands. */
export function keepDestinations(parser: MarkdownIt): void {
  parser.validateLink = () => true
  parser.normalizeLink = (destination) => destination
  for (const [name, type] of [
    ['link', 'link_open'],
    ['image', 'image'],
    ['autolink', 'link_open'],
  ] as const) {
    wrapInlineRule(parser, name, (rule) => (state, silent) => {
      const index = state.tokens.length
      const start = state.pos
      const found = rule(state, silent)
      if (found && !silent) markFirst(state, index, type, start)
      return found
    })
  }
}

/** The token may stand behind one of text that was pending. */
function markFirst(state: StateInline, index: number, type: string, start: number): void {
  const token = state.tokens[index]?.type === type ? state.tokens[index] : state.tokens[index + 1]
  if (token?.type !== type) return
  mark(token, state, start)
  countAttributes(state, token, start)
}

/** A core rule: gives every link and image its address in the archive, or takes it out. */
export function makeResolver(encode: (url: string) => string): (state: StateCore) => void {
  return (state) => {
    const reading = readingOf(state.env)
    for (const id of footnoteIds(state.tokens)) reading.ids.add(id)
    for (const token of state.tokens) {
      if (token.children?.some(({ type }) => type === 'link_open' || type === 'image')) {
        token.children = new Resolver(state, reading, token, encode).resolve(token.children)
      }
    }
  }
}

class Resolver {
  readonly #state: StateCore
  readonly #reading: Reading
  readonly #around: Token
  readonly #encode: (url: string) => string

  constructor(state: StateCore, reading: Reading, around: Token, encode: (url: string) => string) {
    this.#state = state
    this.#reading = reading
    this.#around = around
    this.#encode = encode
  }

  resolve(tokens: readonly Token[]): Token[] {
    const resolved: Token[] = []
    const open: boolean[] = []
    /** References to footnotes are links themselves: those in a link are put behind it. */
    let references: Token[] = []
    let isInside = false
    for (const token of tokens) {
      if (token.type === 'link_open') {
        const href = isInside ? undefined : this.#linkAddress(token)
        open.push(href !== undefined)
        if (href === undefined) continue
        isInside = true
        token.attrs = [['href', href], ...(token.attrs ?? []).filter(([name]) => name === 'title')]
        resolved.push(token)
      } else if (token.type === 'link_close') {
        if (open.pop() !== true) continue
        isInside = false
        const last = resolved.at(-1)
        if (last?.type === 'link_open') resolved.push(this.#text(String(last.attrGet('href'))))
        resolved.push(token, ...references)
        references = []
      } else if (token.type === 'image') {
        resolved.push(...this.#resolveImage(token, isInside))
      } else if (token.type === 'footnote_ref' && isInside) {
        references.push(token)
      } else {
        resolved.push(token)
      }
    }
    return resolved
  }

  /** The address that a link keeps; undefined where only its text stays. */
  #linkAddress(token: Token): string | undefined {
    const destination = String(token.attrGet('href') ?? '').trim()
    const name = scheme.exec(destination)?.[1]?.toLowerCase()
    if (destination === '') return this.#notice(token, 'a link without an address is text', 'add the address')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers leave them out of addresses, so that none may pass
    if (/[\u0000-\u001f\u007f]/.test(destination)) {
      return this.#notice(token, 'a link with control characters is text', 'correct the address')
    }
    if (name !== undefined) return this.#schemeAddress(token, destination, name)
    if (destination.startsWith('#')) return this.#fragmentAddress(token, destination)
    if (/^[/?]/.test(destination)) return this.#siteAddress(token, destination)
    return this.#fileAddress(token, destination)
  }

  #schemeAddress(token: Token, destination: string, name: string): string | undefined {
    if (!schemes.has(name)) {
      return this.#notice(token, `a link to a ${name}: address is text`, `links may have ${schemeList}`)
    }
    if (
      (/^https?$/.test(name) && URL.parse(destination) === null) ||
      /^(?:https?|ip[fn]s):(?!\/\/[^/?#])/i.test(destination)
    ) {
      return this.#notice(
        token,
        `a link to ${shorten(destination)} is text, because that is no address`,
        'correct the address',
      )
    }
    return this.#encode(destination)
  }

  /** Authors name a heading by its words; its id has a prefix. */
  #fragmentAddress(token: Token, destination: string): string | undefined {
    const { ids } = this.#reading
    const fragment = decode(destination.slice(1))
    const id = [fragment, `h-${fragment}`, `h-${slugWords(fragment.slice(0, 1000))}`].find((each) => ids.has(each))
    if (id !== undefined) return `#${encodeURIComponent(id)}`
    return this.#notice(
      token,
      `a link to ${shorten(destination)} is text, because nothing has that name`,
      'name a heading, such as #the-words-of-it',
    )
  }

  #siteAddress(token: Token, destination: string): string | undefined {
    const address = this.#onSite(destination)
    if (address !== undefined) return address
    return this.#notice(
      token,
      `a link to ${shorten(destination)} is text, because its site is not known`,
      'write the whole address, or `url:` in the front matter',
    )
  }

  #fileAddress(token: Token, destination: string): string | undefined {
    const found = this.#reading.assets.find(destination)
    if ('asset' in found) return assetAddress(found.asset) + this.#encode(found.fragment)
    const path = destination.replace(/[?#].*$/s, '')
    const address = pageName.test(path) ? this.#onSite(destination) : undefined
    return address ?? this.#problem(token, found.problem, found.hint)
  }

  /** An address relative to the canonical one. */
  #onSite(destination: string): string | undefined {
    const { url } = this.#reading
    const address = url === undefined ? null : URL.parse(destination, url)
    return address !== null && /^https?:$/.test(address.protocol) ? address.href : undefined
  }

  #resolveImage(token: Token, isInLink: boolean): Token[] {
    const destination = String(token.attrGet('src') ?? '').trim()
    const alt = plainText(token.children).replace(/\s+/g, ' ').trim()
    const name = scheme.exec(destination)?.[1]?.toLowerCase()
    const site = destination.startsWith('/') ? this.#onSite(destination) : undefined
    if (name !== undefined || destination.startsWith('//') || site !== undefined) {
      return this.#remoteImage(
        token,
        alt,
        name === undefined ? (site ?? `https:${destination}`) : destination,
        isInLink,
      )
    }
    const found = destination === '' ? undefined : this.#reading.assets.find(destination)
    if (found === undefined) {
      this.#problem(token, 'an image names no file', 'write the path of the image in the parentheses')
    } else if (!('asset' in found)) this.#problem(token, found.problem, found.hint)
    else return this.#localImage(token, alt, found.asset, found.fragment, isInLink)
    return [this.#text(alt)]
  }

  #remoteImage(token: Token, alt: string, address: string, isInLink: boolean): Token[] {
    this.#notice(token, 'a remote image is not archived', 'save it beside the article and name that file')
    const name = scheme.exec(address)?.[1]?.toLowerCase() ?? ''
    const text = this.#text(alt)
    if (isInLink || !/^(?:https?|ip[fn]s)$/.test(name) || URL.parse(address) === null) return [text]
    return this.#link(this.#encode(address), alt === '' ? this.#text(address) : text)
  }

  #localImage(token: Token, alt: string, asset: Asset, fragment: string, isInLink: boolean): Token[] {
    const kind = asset.mediaType.split('/')[0]
    const address = assetAddress(asset) + this.#encode(fragment)
    if (alt === '' && kind !== 'application' && kind !== 'text') {
      this.#notice(token, 'an image has no alternative text', 'say in the brackets what it shows')
    }
    const title = token.attrGet('title')
    if (kind === 'image') {
      token.attrs = [
        ['src', address],
        ['alt', alt],
        ...(title === null ? [] : [['title', title] as [string, string]]),
        ['decoding', 'async'],
      ]
      return [token]
    }
    // Players and links do not stand inside of a link.
    if (isInLink) return [this.#text(alt || asset.path)]
    if (kind !== 'video' && kind !== 'audio') {
      return this.#link(address, this.#text(alt || asset.path.replace(/^.*\//, '')))
    }
    const player = new this.#state.Token('player', kind, 0)
    player.attrs = [
      ['src', address],
      ['controls', ''],
      ['preload', 'metadata'],
    ]
    if (alt !== '') player.attrPush(['aria-label', alt])
    if (title !== null) player.attrPush(['title', title])
    return [player]
  }

  #link(href: string, text: Token): Token[] {
    const opening = new this.#state.Token('link_open', 'a', 1)
    opening.attrs = [['href', href]]
    return [opening, text, new this.#state.Token('link_close', 'a', -1)]
  }

  #text(content: string): Token {
    const token = new this.#state.Token('text', '', 0)
    token.content = content
    return token
  }

  #notice(token: Token, message: string, hint: string): undefined {
    this.#tell(this.#reading.findings.notices, token, message, hint)
  }

  #problem(token: Token, message: string, hint: string): undefined {
    this.#tell(this.#reading.findings.problems, token, message, hint)
  }

  #tell(found: Problem[], token: Token, message: string, hint: string): void {
    const place = placeOf(token, this.#around)
    countFindings(this.#reading, found, place)
    found.push({ file: this.#reading.file, ...place, message, hint })
  }
}

/** The address of an asset as the page names it: relative, every segment percent-encoded. */
function assetAddress({ path }: Asset): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
