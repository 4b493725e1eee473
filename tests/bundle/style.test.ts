import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { style, styleHash } from '../../src/bundle/style.ts'

describe('style', () => {
  it('has the hash that pages allow it by', () => {
    expect(styleHash).toBe(`sha256-${createHash('sha256').update(style).digest('base64')}`)
  })

  it('is small, on one line, and closes what it opens', () => {
    expect(Buffer.byteLength(style)).toBeLessThanOrEqual(6 * 1024)
    expect(style).not.toMatch(/\n| {2}|[{};,] |: |;}|\/\*/)
    expect(style.split('{').length).toBe(style.split('}').length)
    expect(style).toContain('@media screen and (prefers-color-scheme:dark){')
    expect(style).toContain('font:1.125rem/var(--leading) var(--text)')
    expect(style).toContain('content:" (" attr(href) ")"')
  })

  it('asks for nothing and ends no style element', () => {
    expect(style).not.toMatch(/url\(|@import|@font-face|<|\\/)
  })

  it('knows no left and right, but for code and for columns that the author aligned', () => {
    const declared = style.replace('text-align:left;overflow-x:auto', '').replace(/\.align-\w+{[^}]*}/g, '')
    expect(declared).not.toMatch(/[-:](?:left|right)\b/)
  })

  const [light = {}, dark = {}] = [...style.matchAll(/:root{([^}]*)}/g)].map((rule) =>
    Object.fromEntries([...(rule[1] ?? '').matchAll(/--(\w+):(#\w+)/g)].map(([, name, value]) => [name, value])),
  ) as Record<string, string>[]

  describe.each([
    ['light', light],
    ['dark', dark],
  ])('in %s', (_, colours) => {
    it.each([
      ['ink', 'paper'],
      ['quiet', 'paper'],
      ['accent', 'paper'],
      ['ink', 'wash'],
      ['quiet', 'wash'],
      ['accent', 'wash'],
    ])('%s on %s has the contrast of WCAG AA', (front, back) => {
      expect(contrast(colours[front] ?? '', colours[back] ?? '')).toBeGreaterThanOrEqual(4.5)
    })
  })
})

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.replace(/[^#]/g, '$&$&') : colour
  const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(digits.slice(start, start + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
