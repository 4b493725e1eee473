// The text of an element as a reader sees it: a run of white space is one space, and where a block begins or ends there is a line
// end. So a page may be indented, wrapped or minified otherwise, and every other change of a character or a paragraph counts.

const inline = new Set(
  'a abbr b bdi bdo cite code data del dfn em i img ins kbd label mark q rp rt ruby s samp small span strong sub sup time u var wbr'.split(
    ' ',
  ),
)
const silent = new Set(['script', 'style', 'template'])

export function textOf(element: Element): string {
  const parts: string[] = []
  collect(element, parts)
  return parts
    .join('')
    .replace(/[ \t\f\r]+/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .replace(/^[ \n]+|[ \n]+$/g, '')
}

function collect(element: Element, parts: string[]): void {
  for (const child of element.childNodes) {
    // A line end in the source is white space like another; those that count are the blocks'.
    if (child instanceof Text) parts.push(child.data.replaceAll('\n', ' '))
    if (!(child instanceof Element) || silent.has(child.localName) || isPanel(child)) continue
    const edge = inline.has(child.localName) ? '' : '\n'
    parts.push(edge)
    collect(child, parts)
    parts.push(edge)
  }
}

/** Whether an element is the panel that the check stands in, which a page may show in the middle of its article. */
function isPanel(element: Element): boolean {
  return (
    element.localName === 'details' &&
    element.ownerDocument === document &&
    element.querySelector('[data-ovn-check]') !== null
  )
}

/** What a selector finds in an element, but for what is in a panel. */
export function findIn(element: Element, selector: string): Element[] {
  return [...element.querySelectorAll(selector)].filter((found) => {
    for (let at = found.closest('details'); at !== null; at = at.parentElement?.closest('details') ?? null) {
      if (isPanel(at)) return false
    }
    return true
  })
}
