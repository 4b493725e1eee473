// A reader of HTML that knows only what the body of a page may hold: anything else is a fault.

const elements: Readonly<Record<string, readonly string[]>> = {
  p: [],
  em: [],
  strong: [],
  s: [],
  code: ['class'],
  pre: ['tabindex'],
  blockquote: [],
  ul: [],
  ol: ['start'],
  li: ['class', 'id'],
  hr: [],
  br: [],
  h2: ['id'],
  h3: ['id'],
  h4: ['id'],
  h5: ['id'],
  h6: ['id'],
  a: ['href', 'title', 'id', 'role', 'class', 'aria-label'],
  img: ['src', 'alt', 'title', 'decoding'],
  figure: [],
  figcaption: [],
  video: ['src', 'controls', 'preload', 'aria-label', 'title'],
  audio: ['src', 'controls', 'preload', 'aria-label', 'title'],
  div: ['class', 'role', 'tabindex', 'aria-label'],
  table: [],
  thead: [],
  tbody: [],
  tr: [],
  th: ['class', 'scope'],
  td: ['class'],
  span: ['class'],
  section: ['class', 'role', 'aria-label'],
  ...Object.fromEntries(
    ['sub', 'kbd', 'mark', 'small', 'cite', 'q', 'ins', 'del', 'u', 'b', 'i'].map((name) => [name, []]),
  ),
  sup: ['class'],
}
const empty = new Set(['br', 'hr', 'img'])
const values: Readonly<Record<string, RegExp>> = {
  class:
    /^(?:language-[\w+#.-]{1,40}|align-(?:left|center|right)|table|task|box|footnotes|footnote-ref|footnote-back)$/,
  id: /^(?:h-[\p{L}\p{M}\p{N}-]+|fn-\d+|fnref-\d+(?:-\d+)?)$/u,
  role: /^(?:region|doc-endnotes|doc-noteref|doc-backlink)$/,
  href: /^(?:#[\w%-]+$|assets\/[^\s"<>\\]+$|https?:\/\/[^\s"<>\\]+$|mailto:|tel:|ip[fn]s:\/\/)/i,
  src: /^assets\/[\w%./()'!~*-]+(?:#[^\s"<>\\]*)?$/,
  start: /^\d+$/,
  tabindex: /^0$/,
  scope: /^col$/,
  decoding: /^async$/,
  preload: /^metadata$/,
  controls: /^$/,
}

/** Faults of a body's HTML; none where it is safe. */
export function findUnsafe(html: string): string[] {
  const faults: string[] = []
  const open: string[] = []
  const token = /<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>|[^<>&]+|&(?:amp|lt|gt|quot);|./suy
  for (const [text, slash, name, attributes] of html.matchAll(new RegExp(token, 'suyg'))) {
    if (name === undefined) {
      if (/^[<>&]$/.test(text)) faults.push(`a bare ${text}`)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text)) faults.push('a control character')
    } else if (slash === '/') {
      if (open.pop() !== name) faults.push(`</${name}> closes nothing`)
    } else {
      if (name === 'a' && open.includes('a')) faults.push('a link in a link')
      if (!empty.has(name)) open.push(name)
      faults.push(...findUnsafeAttributes(name, attributes ?? ''))
    }
  }
  return [...faults, ...open.map((name) => `<${name}> is not closed`)]
}

function findUnsafeAttributes(element: string, attributes: string): string[] {
  const allowed = elements[element]
  if (allowed === undefined) return [`<${element}>`]
  const names = new Set<string>()
  return [...attributes.matchAll(/ ([a-z-]+)="([^"]*)"/g)].flatMap(([, name = '', value = '']) => {
    if (names.has(name)) return [`${name} twice`]
    names.add(name)
    if (!allowed.includes(name)) return [`${name} on <${element}>`]
    return values[name]?.test(decodeEntities(value)) === false ? [`${name}="${value}"`] : []
  })
}

function decodeEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
