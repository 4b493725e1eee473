import { describe, expect, it } from 'vitest'
import { bagInfoText, manifestPath, readTag } from '../../src/bag/bag-info.ts'

describe('bagInfoText', () => {
  it('writes one line for each statement that has a value', () => {
    const text = bagInfoText([
      ['Source-Organization', undefined],
      ['External-Description', 'A: B — “C”'],
      ['Internal-Sender-Identifier', ''],
      ['Bagging-Date', '2025-08-22'],
    ])
    expect(text).toBe('External-Description: A: B — “C”\nBagging-Date: 2025-08-22\n')
  })

  it.each([
    'one\ntwo',
    'one\r\ntwo',
    'one\rtwo',
    'one\u2028two',
    'one\u2029two',
    'one\u0085two',
    ' one\u0000\u001b\ttwo \n',
    '\none\n\n two',
  ])('lets no value break its line: %j', (value) => {
    expect(bagInfoText([['External-Description', value]])).toBe('External-Description: one two\n')
  })

  it('reads a statement back', () => {
    const text = bagInfoText([
      ['External-Description', 'x\nBagging-Date: 1999-01-01'],
      ['Bagging-Date', '2025-08-22'],
    ])
    expect(readTag(text, 'Bagging-Date')).toBe('2025-08-22')
    expect(readTag(text, 'Bagging')).toBeUndefined()
  })
})

describe('manifestPath', () => {
  it('escapes the percent sign and the ends of lines, and nothing else', () => {
    expect(manifestPath('data/100% é ø/a\nb\rc.txt')).toBe('data/100%25 é ø/a%0Ab%0Dc.txt')
  })

  it('gives back what it was made from when it is decoded', () => {
    const path = 'data/%25%0A%\n100%.txt'
    const decoded = manifestPath(path).replace(/%(25|0A|0D)/g, (escaped) => decodeURIComponent(escaped))
    expect(decoded).toBe(path)
  })
})
