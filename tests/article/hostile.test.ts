// Input made to exhaust time, memory or the stack. A bound here is ten times what a slow machine needs.

import { describe, expect, it } from 'vitest'
import { errorOf, folderWith, problemsOf, readText, render } from './articles.ts'

const size = 100_000
const fill = (text: string) => text.repeat(Math.ceil(size / text.length))

const bodies: Record<string, string> = {
  'open brackets': fill('['),
  'links in links': fill('[a](') + fill(')'),
  'open images': fill('!['),
  'images in images': fill(`${'!['.repeat(50)}a${'](//x)'.repeat(50)} `),
  'labels of footnotes': `${fill('[^a')}\n\n[^a]: x`,
  'open footnotes': fill('^['),
  'footnotes in footnotes': fill('^[a ^[b ^[c]] d] '),
  'many footnotes': Array.from({ length: size / 20 }, (_, index) => `[^${index}]\n\n[^${index}]: n`).join('\n\n'),
  'one footnote': `${fill('[^x] ')}\n\n[^x]: [^x]`,
  'open comments': fill('<!-- '),
  'open comments, one a line': fill('<!--\n'),
  'open comments in a quote': fill('> <!--\n'),
  'open tags': fill('<sub><sup>'),
  'tags that close nothing': '<sub>'.repeat(size / 10) + '</sup>'.repeat(size / 10),
  'open angle brackets': fill('<a b="'),
  'open emphasis': fill('*a **b _c ~~d '),
  'runs of backticks': Array.from({ length: 400 }, (_, index) => '`'.repeat(index)).join(' '),
  'quotes in quotes': fill('> '),
  'lists in lists': Array.from({ length: 300 }, (_, index) => `${' '.repeat(2 * index)}- a`).join('\n'),
  'wide table': `${fill('|a')}\n${fill('|-')}\n${fill('|b\n')}`,
  'many references': fill('[a]: b\n'),
  'links to nothing': fill('[a](#b) '),
  'links that are addresses': fill('http://'),
  'headings of one name': fill('## a\n'),
  'missing files': Array.from({ length: size / 20 }, (_, index) => `![a](b${index}/c.png)`).join('\n'),
  'one long word': fill('a'),
  'empty lines': fill('\n'),
}

describe('Markdown', () => {
  it.each(Object.entries(bodies))('with %s takes bounded time', (_, text) => {
    const start = performance.now()
    render(text)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it('is refused where it has too many blocks', async () => {
    const folder = folderWith({})
    expect(await problemsOf(readText(`# A\n\n${'#\n'.repeat(200_000)}`, { folder }))).toEqual([
      '1:1 the article has too many headings, paragraphs and cells of tables (split the article)',
      'the article has no title (add `title:` to the front matter, or a first line such as # Title)',
    ])
  })

  it('is refused where its page is too large', () => {
    const { problems } = render(`${'^[a] '.repeat(140_000)}`)
    expect(problems).toEqual(['1:1 the page of the article is larger than 32 MiB (split the article)'])
  })

  it('has no more than a thousand problems', async () => {
    const { problems } = await errorOf(readText(`# A\n\n${'![a](b.png)\n'.repeat(5000)}`))
    expect(problems).toHaveLength(1001)
    expect(problems.at(-1)).toMatchObject({ message: 'and 4000 more' })
  })
})

describe('front matter', () => {
  it.each([
    ['nested lists', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['nested lists in a key', `extra: ${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['nested maps', `extra: ${'{a: '.repeat(15_000)}`],
    ['open lists', `extra: ${'['.repeat(60_000)}`],
    ['nested blocks', Array.from({ length: 300 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
    ['sequences in sequences', `extra:\n  ${'- '.repeat(30_000)}`],
    ['keys of keys', `extra:\n  ${'? '.repeat(30_000)}`],
    ['many keys', Array.from({ length: 8000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['one key', 'title: a\n'.repeat(7000)],
    ['many tags', `tags: [${'a, '.repeat(20_000)}]`],
    ['anchors', Array.from({ length: 3000 }, (_, index) => `a${index}: &a${index} [*a${index - 1}]`).join('\n')],
    ['a long number', `title: ${'9'.repeat(60_000)}`],
    ['a long date', `date: ${'1/'.repeat(30_000)}`],
    ['a long language', `lang: ${'a-'.repeat(30_000)}`],
    ['a long address', `url: https://${'a.'.repeat(30_000)}`],
    ['a long slug', `slug: ${'a b'.repeat(20_000)}`],
    ['a long unknown key', `? ${'a'.repeat(60_000)}\n: b`],
    ['open quotes', `title: ${'"'.repeat(60_000)}`],
    ['colons', ': '.repeat(30_000)],
    ['question marks', '? '.repeat(30_000)],
    ['tags of YAML', '!a '.repeat(20_000)],
    ['directives', '%a\n'.repeat(20_000)],
  ])('with %s takes bounded time', async (_, yaml) => {
    const start = performance.now()
    const outcome = await readText(`---\n${yaml}\n---\n# A\n`).then(
      () => 'article',
      ({ code }) => code,
    )
    expect(outcome).toBe('article')
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it('does not unfold aliases', async () => {
    const bomb = Array.from(
      { length: 30 },
      (_, index) => `  a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(10)}]`,
    )
    const yaml = `extra:\n  a0: &a0 x\n${bomb.join('\n')}\ntags: *a30`
    expect(await problemsOf(readText(`---\n${yaml}\n---\n# A\n`))).toEqual([
      '34:7 aliases are not understood here (write the value itself)',
    ])
  })

  it.each([
    '__proto__: { title: x }',
    'constructor: { prototype: { x: 1 } }',
    'extra: { __proto__: { x: 1 } }',
    'image: { __proto__: a, src: a, alt: b }',
    'author: { __proto__: { name: x } }',
  ])('changes no prototype: %s', async (yaml) => {
    await readText(`---\n${yaml}\n---\n# A\n`).catch(() => undefined)
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it('is refused where it is nested too deeply', async () => {
    const [problem] = await problemsOf(readText(`---\nextra: ${'['.repeat(30_000)}${']'.repeat(30_000)}\n---\n# A\n`))
    expect(problem).toMatch(/^2:\d+ front matter: it is nested too deeply \(write one `key: value` a line\)$/)
  })
})
