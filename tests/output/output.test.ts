import { describe, expect, it } from 'vitest'
import { OvnError } from '../../src/errors.ts'
import { describeError, errorText } from '../../src/output/errors.ts'
import { errorJson, toJson } from '../../src/output/json.ts'
import { progressLine } from '../../src/output/progress.ts'
import { count, escapeControls, formatSize, wantsColour } from '../../src/output/terminal.ts'
import { toText } from '../../src/output/text.ts'
import { widthOf } from '../../src/output/width.ts'

describe('escapeControls', () => {
  it('leaves no control character, bidi control or stray surrogate, and everything else', () => {
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code)
      const isControl = code < 32 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000)
      const isBidi = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
      const escaped = escapeControls(character)
      if (isControl || isBidi) expect(escaped).toMatch(/^\\u[0-9A-F]{4}$/)
    }
    expect(escapeControls('a\u001b]0;x\u0007')).toBe('a\\u001B]0;x\\u0007')
    expect(escapeControls('“Ж 新 🔥 a\u0301”')).toBe('“Ж 新 🔥 a\u0301”')
    expect(escapeControls('\u{e0041}')).toBe('\\u{E0041}')
  })
})

describe('widthOf', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['新闻', 4],
    ['Київ', 4],
    ['e\u0301', 1],
    ['\u001b[1mabc\u001b[22m', 3],
    ['ｆｕｌｌ', 8],
    ['한국', 4],
  ])('%j takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })
})

describe('numbers', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [20_712, '20.7 KB'],
    [999_949, '999.9 KB'],
    [999_950, '1.0 MB'],
    [4_294_967_296, '4.3 GB'],
    [5e15, '5000.0 TB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text)
  })

  it.each([
    [0, '0 files'],
    [1, '1 file'],
    [1234, '1,234 files'],
    [1_234_567, '1,234,567 files'],
  ])('%i: %s', (number, text) => {
    expect(count(number, 'file')).toBe(text)
  })
})

describe('colour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s, environment %j: %s', (isTerminal, environment, colour) => {
    expect(wantsColour({ isTerminal, environment })).toBe(colour)
  })
})

describe('errors', () => {
  it('of several problems stand under one heading, each with its place and its hint', () => {
    const problems = [
      { file: 'a.md', line: 2, column: 7, message: 'one', hint: 'do this' },
      { file: 'a.md', message: 'two' },
    ]
    const text = errorText(describeError(new OvnError('article', 'a.md: 2 problems', { problems })))
    expect(text).toBe('ovn: a.md: 2 problems\novn: a.md:2:7: one\novn: hint: do this\novn: a.md: two')
  })

  it('that are bugs show their stack, and where to go with it', () => {
    const document = describeError(new TypeError('x is undefined'))
    expect(document).toMatchObject({ code: 'bug', exit: 1 })
    expect(errorText(document)).toMatch(
      /^ovn: this is a bug in ovn\novn: TypeError: x is undefined\novn: +at .*\novn: hint: /s,
    )
    expect(describeError('a string').message).toBe('a string')
  })

  it('let nothing through to the terminal, as text or as JSON', () => {
    const document = describeError(new OvnError('usage', 'x\u001b[2J\u202e\u009b', { hint: '\u0007' }))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there.
    const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/
    expect(errorText(document)).not.toMatch(unsafe)
    expect(errorJson(document)).not.toMatch(unsafe)
    expect(JSON.parse(errorJson(document)).message).toBe('x\u001b[2J\u202e\u009b')
  })
})

describe('results', () => {
  it('are one line of JSON with a schema', () => {
    const json = toJson({ kind: 'logged', archive: '/a\u2028b', slug: 's', versions: [] })
    expect(json).toBe('{"kind":"logged","schema":1,"archive":"/a\\u2028b","slug":"s","versions":[]}')
  })

  it('are styled only where colour is wanted', () => {
    const entry = { slug: 's', version: 1, root: 'bafy', title: 'T', categories: [], size: 1, time: 't' }
    const listed = { kind: 'listed', archive: 'a', articles: [entry] } as const
    expect(toText(listed, { colour: false, quiet: false })).toBe('T\n  s@1\n  bafy')
    expect(toText(listed, { colour: true, quiet: false })).toBe(
      '\u001b[1mT\u001b[22m\n  \u001b[2ms@1\u001b[22m\n  bafy',
    )
    expect(toText(listed, { colour: true, quiet: true })).toBe('bafy')
  })
})

describe('progress', () => {
  function line(isTTY: boolean) {
    const written: string[] = []
    const stream = { isTTY, write: (text: string) => written.push(text) } as never
    return { written, ...progressLine(stream) }
  }

  it('is drawn on a terminal, and taken away', () => {
    const { written, report, end } = line(true)
    report({ done: 3, total: 2000, bytes: 1_500_000 })
    end()
    expect(written).toEqual(['\r\u001b[2K3 of 2,000 articles · 1.5 MB', '\r\u001b[2K'])
  })

  it('is silent elsewhere, and for what is over at once', () => {
    const elsewhere = line(false)
    elsewhere.report({ done: 3, total: 2000, bytes: 1 })
    elsewhere.end()
    const small = line(true)
    small.report({ done: 0, total: 1, bytes: 5000 })
    small.end()
    expect([...elsewhere.written, ...small.written]).toEqual([])
  })
})
