// HTML that is safe by construction: a template escapes every value that is put into it, unless that value is Html itself.
// `raw` is the only way around it, for text that was made safe before it came here.

/** Markup that can be put into a page as it is. Made by `html` and `raw` alone. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What may stand in a template. Nothing, said as `undefined`, `null` or `false`, is written as nothing. */
export type HtmlValue = Html | string | number | undefined | null | false | readonly HtmlValue[]

/**
 * A template whose values are escaped for element content and for quoted attributes. It is no use inside `<script>` or
 * `<style>`, in an unquoted attribute, or against a `javascript:` URL.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] as string
  for (let index = 0; index < values.length; index++) text += write(values[index]) + strings[index + 1]
  return new Html(text)
}

/** Markup that was made safe already. */
export function raw(text: string): Html {
  return new Html(text)
}

function write(value: HtmlValue): string {
  if (typeof value === 'string') return escapeText(value)
  if (value instanceof Html) return value.text
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(write).join('')
  return ''
}

const references: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => references[character] as string)
}
