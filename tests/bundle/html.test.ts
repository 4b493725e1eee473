import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HtmlValue, html, raw } from '../../src/bundle/html.ts'

const characters: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }

function decode(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (reference) => characters[reference] ?? '')
}

const hostileText = fc.string({
  unit: fc.oneof(fc.constantFrom('<', '>', '&', '"', "'", '</script>', '&lt;', '-->', '\u2028'), fc.string()),
})

describe('html', () => {
  it('escapes every text so that it comes back as it was and opens no markup', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const written = html`${text}`.text
        expect(written).not.toMatch(/[<>"']/)
        expect(written).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/)
        expect(decode(written)).toBe(text)
      }),
    )
  })

  it('keeps the template as it is and the values in their places', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (title, text) => {
        const parts = /^<p title="([^"<]*)">([^<]*)<\/p>$/.exec(html`<p title="${title}">${text}</p>`.text)
        expect(parts?.slice(1).map(decode)).toEqual([title, text])
      }),
    )
  })

  it('writes nested markup once and lists one after the other', () => {
    const items = ['a & b', html`<b>${'<c>'}</b>`, [1, ['"']]]
    expect(html`<ul>${items}</ul>`.text).toBe('<ul>a &amp; b<b>&lt;c&gt;</b>1&quot;</ul>')
  })

  it.each<HtmlValue>([undefined, null, false, '', []])('writes nothing for %j', (nothing) => {
    expect(html`<p>${nothing}</p>`.text).toBe('<p></p>')
  })

  it('writes zero, and what was made safe before', () => {
    expect(html`${0}${raw('<br>')}`.text).toBe('0<br>')
  })

  it('takes nothing for markup that only looks like it', () => {
    const forged = JSON.parse('{"text":"<script>"}')
    expect(html`${forged}`.text).toBe('')
  })
})
