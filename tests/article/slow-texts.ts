// Markdown that is made to cost more than its size: each text of about so many bytes.

export type MakeText = (size: number) => string

const fill =
  (...parts: readonly string[]): MakeText =>
  (size) =>
    parts.map((part) => part.repeat(Math.floor(size / parts.length / Buffer.byteLength(part)))).join('')

const after =
  (beginning: string, part: string): MakeText =>
  (size) =>
    beginning + part.repeat(Math.floor((size - beginning.length) / part.length))

const each =
  (make: (index: number) => string): MakeText =>
  (size) => {
    const parts: string[] = []
    for (let index = 0, left = size; left > 0; index += 1) {
      const part = make(index)
      left -= part.length
      parts.push(part)
    }
    return parts.slice(0, -1).join('')
  }

/** What one sign, or a few, can do again and again. */
const repeated = [
  ...[
    '[',
    '![',
    '[a](',
    ']',
    '[]',
    '[](',
    '[ ',
    '[\n',
    '[[]',
    '[a][',
    '[][]',
    '![](',
    '[[x](y)',
    '![x](y ![',
    '(',
    'a](',
  ],
  ...['[a](<', '[a](b "', "[a](b '", '[a]((', '[a]: b\n', '[a]:\n', '[a]: <\n', '[a]: b "\n', '[\\', '\\', 'a\\\n'],
  ...[
    '&',
    '&#',
    '&amp;',
    '*',
    '* ',
    '**a ',
    '*a_ ',
    '_a ',
    'a*',
    'a**',
    '***a** ',
    '~~a ',
    '~~a~ ',
    '*a**b',
    '*a**a**',
  ],
  ...[
    'a**bc* ',
    'a*b**c***d ',
    '`',
    '`a ',
    '```\n',
    '~~~\n',
    '```a\n',
    '<',
    '<a ',
    '<!--',
    '<!-- \n',
    'a <!--',
    '</',
    '<?',
  ],
  ...['<!A ', '<a href="', '<sub>', '<sub></sub>', '<b><i>', '<http://a ', '<http://a>', '<a@b.c', '<ab:', '<!---->'],
  ...['<!--x-->\n', '> <!--\n', '- <!--\n', '<!--\n\n', '<!-->a\n', 'http://', 'http://a ', 'http://a.', 'http://a/('],
  ...[
    'http://a?',
    '//a ',
    '//',
    '//a.b',
    'www.a.b ',
    'mailto:a@b ',
    ':',
    'a:',
    'a@',
    'http:',
    '://',
    'ftp://a ',
    'http://a<',
  ],
  ...[
    '^[',
    '^[a] ',
    '^[a ^[b] ',
    '[^',
    '[^a',
    '[^a]',
    '[^a]: x\n',
    '> ',
    '>',
    '> a\n',
    '> > > > a\n',
    '>\n',
    '> - ',
    '- ',
  ],
  ...[
    '- a\n',
    '-\n',
    '1. ',
    '1. a\n',
    '- a\n\n',
    '- a\n  b\n',
    '- - - - - - a\n',
    '- [ ] a\n',
    '- [x] ',
    '#',
    '# ',
    '# a\n',
  ],
  ...[
    '# a #',
    '# a\n# b\n',
    'a\n=\n',
    '=',
    '---\n',
    '***\n',
    'a\n',
    '|',
    '|a',
    '|-',
    'a|b\n',
    'a|b\n-|-\n\n',
    'a|b\n-|\n',
  ],
  ...['\n', ' \n', 'a\t\n', 'a  \n', 'a   ', 'a', '\u0001', 'é', 'e\u0301', '\u{1f600}', '\u2028', '\u202e', '    a\n'],
  ...[
    '    a\n\n',
    '[a](#b) ',
    '[a](%zz) ',
    '[a](javascript:x) ',
    '[a](http://b) ',
    '![a](http://b/c) ',
    '[a](http://[) ',
  ],
]

/** By name. */
export const slowTexts: Readonly<Record<string, MakeText>> = {
  ...Object.fromEntries(repeated.map((part) => [JSON.stringify(part), fill(part)])),
  'brackets in brackets': fill('[', ']'),
  'images in images': fill('![', ']'),
  'fifty images in images': fill(`${'!['.repeat(50)}a${'](//x)'.repeat(50)} `),
  'links in links': fill('[a](', ')'),
  'notes in notes': fill('^[', ']'),
  'emphasis in emphasis': fill('*a ', ' a*'),
  'many quotes in quotes': fill(`${'>'.repeat(90)}a\n`),
  'many lists in lists': fill(`${'- '.repeat(40)}a\n`),
  'lists in lists': each((index) => `${' '.repeat(2 * (index % 700))}- a\n`),
  'lists of every kind': each((index) => `${'+*-'[index % 3]} a\n`),
  'lists of two kinds': each((index) => (index % 2 === 0 ? '1. a\n' : '1) a\n')),
  'runs of backticks': each((index) => `${'`'.repeat(index % 1400)} `),
  'longer runs of backticks': each((index) => `a${'`'.repeat(index + 1)}`),
  'headings of every level': each((index) => `${'#'.repeat((index % 6) + 1)} a\n`),
  'headings that collide': each((index) => `## a-${index}\n## a\n`),
  'a long heading': after('# ', 'a'),
  'a heading under many lines': (size) => `${fill('a\n')(size - 4)}===`,
  'a line after a quote': after('> a\n', 'b\n'),
  'a wide table': (size) => `${fill('|a')(size / 2)}\n${fill('|-')(size / 2)}`,
  'a wide table of many rows': (size) => `${fill('a|')(1000)}\n${fill('-|')(1000)}\n${fill('x\n')(size - 2000)}`,
  'a long table': after('a|b\n-|-\n', 'c|d\n'),
  'a table of escapes': after('a|b\n-|-\n', '\\|'),
  'a long fence': after('```\n', 'a\n'),
  'a long language': after('```', 'a'),
  'one address of brackets': after('http://a/', '('),
  'one address of dots': after('http://a/', '.'),
  'one address of dashes': after('http://a/', '-'),
  'one address of commas': after('http://a/', ','),
  'one note, referred to': (size) => `${fill('[^a] ')(size - 20)}\n\n[^a]: x`,
  'many notes': each((index) => `[^${index}]\n\n[^${index}]: n\n\n`),
  'many notes in the text': each((index) => `a^[n${index}]\n\n`),
  'notes of notes': each((index) => `[^${index}]: [^${index + 1}]\n\n`),
  'notes that nobody refers to': each((index) => `[^${index}]: a\n`),
  'missing pictures': each((index) => `![a](b${index}/c${index}.png)\n`),
  'missing files': each((index) => `[a](b${index}) `),
  'files of others': each((index) => `[a](../b${index}) `),
  'deep files': fill(`[a](${'x/'.repeat(5000)}y.png) `),
  'files far above': fill(`[a](${'../'.repeat(3000)}y.png) `),
  'long fragments': fill(`[a](#${'a b'.repeat(300)}) `),
  'one reference': after('[a]: http://b\n\n', '[a] '),
  'many references': each((index) => `[a${index}]: b\n[a${index}] `),
  'a long reference': after(`[a]: http://b/${'x'.repeat(3000)}\n\n`, '![a]'),
  'a reference of most of it': (size) => `[a]: http://b/${'x'.repeat(size / 2)}\n\n${fill('[a] ')(size / 2 - 20)}`,
  'a long title': after(`[a]: /b "${'x'.repeat(3000)}"\n\n`, '[a]\n'),
}
