// A reader of HTML that knows only what the article of an archived page may hold. A page of ovn's own passes as it is; a
// page that somebody else put into a bundle passes where nothing in it could run, load from elsewhere, send anything, or
// look like a part of the site. Anything else is refused whole: what is mended is not what was archived.

const common = ['lang', 'dir', 'class', 'id', 'title', 'role', 'aria-label', 'tabindex']

const plain =
  'p em strong s code pre blockquote ul li hr br h1 h2 h3 h4 h5 h6 figure figcaption div table thead tbody tr td span section header footer sub sup kbd mark small cite q ins del u b i bdi'

const elements: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(plain.split(' ').map((name) => [name, []])),
  ol: ['start'],
  a: ['href'],
  img: ['src', 'alt', 'decoding'],
  video: ['src', 'controls', 'preload'],
  audio: ['src', 'controls', 'preload'],
  th: ['scope'],
  time: ['datetime'],
}

const empty = new Set(['br', 'hr', 'img'])

/** Names of a page's own classes: a stranger's page must not take one of the site's. */
const classNames =
  /^(?:language-[\w+#.-]{1,40}|align-(?:left|center|right)|table|task|box|footnotes|footnote-ref|footnote-back|categories|summary|byline|dates|lead|body|corrections|colophon|credit|cid|source)$/

const values: Readonly<Record<string, RegExp>> = {
  class: classNames,
  id: /^(?:h-[\p{L}\p{M}\p{N}-]+|fn-\d+|fnref-\d+(?:-\d+)?)$/u,
  role: /^(?:region|doc-endnotes|doc-noteref|doc-backlink)$/,
  href: /^(?:#|assets\/|https?:\/\/|mailto:|tel:|ip[fn]s:\/\/)/i,
  src: /^assets\//,
  dir: /^(?:ltr|rtl|auto)$/,
  lang: /^[A-Za-z\d-]{0,60}$/,
  start: /^\d{1,9}$/,
  tabindex: /^0$/,
  scope: /^(?:col|row)$/,
  decoding: /^async$/,
  preload: /^metadata$/,
  controls: /^$/,
}

const token = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>|[^<>&]+|&(?:amp|lt|gt|quot|#39);/suy
const attribute = / ([a-z-]+)="([^"]*)"/g

/** Blocks inside one another that a page may have. */
const maxDepth = 300

/**
 * Reads the HTML of an article and gives every address of a file of its bundle (`assets/…`, percent-encoded) to `move`,
 * whose answer stands in its place. Returns undefined for what may not be shown, or where `move` knows no such file.
 */
export function readSafeHtml(
  text: string,
  move: (address: string, attribute: 'href' | 'src') => string | undefined,
): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text)) return undefined
  const open: string[] = []
  const parts: string[] = []
  const ids = new Set<string>()
  let at = 0
  while (at < text.length) {
    token.lastIndex = at
    const found = token.exec(text)
    if (found === null) return undefined
    at = token.lastIndex
    const [whole, slash, name, attributes = ''] = found
    if (name === undefined) {
      parts.push(whole)
    } else if (slash === '/') {
      if (open.pop() !== name) return undefined
      parts.push(whole)
    } else {
      if (name === 'a' && open.includes('a')) return undefined
      const kept = attributes === '' ? '' : readAttributes(name, attributes, ids, move)
      if (kept === undefined || elements[name] === undefined) return undefined
      if (!empty.has(name)) open.push(name)
      if (open.length > maxDepth) return undefined
      parts.push(`<${name}${kept}>`)
    }
  }
  return open.length === 0 ? parts.join('') : undefined
}

function readAttributes(
  element: string,
  attributes: string,
  ids: Set<string>,
  move: (address: string, attribute: 'href' | 'src') => string | undefined,
): string | undefined {
  const names = new Set<string>()
  let kept = ''
  for (const [, name = '', written = ''] of attributes.matchAll(attribute)) {
    if (names.has(name)) return undefined
    names.add(name)
    if (!common.includes(name) && !elements[element]?.includes(name)) return undefined
    const value = decode(written)
    if (value === undefined || values[name]?.test(value) === false) return undefined
    if (name === 'id' && ids.has(value)) return undefined
    if (name === 'id') ids.add(value)
    if ((name === 'href' || name === 'src') && value.startsWith('assets/')) {
      const moved = move(value, name)
      if (moved === undefined) return undefined
      kept += ` ${moved}`
    } else {
      kept += ` ${name}="${written}"`
    }
  }
  return kept
}

const references: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
}

/** The text of an attribute's value; undefined where it has a reference that no page of ovn writes. */
function decode(value: string): string | undefined {
  let unknown = false
  const text = value.replace(/&(?:[a-z]+;|#\d+;)?/gi, (reference) => {
    const character = references[reference]
    if (character === undefined) unknown = true
    return character ?? ''
  })
  return unknown ? undefined : text
}
