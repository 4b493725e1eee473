// Input made to exhaust time, memory or the stack. A bound here is ten times what a slow machine needs.

import { describe, expect, it } from 'vitest'
import { errorOf, folderWith, problemsOf, readText, render } from './articles.ts'
import { slowTexts } from './slow-texts.ts'

const size = 16_384

describe('Markdown', () => {
  it.each(Object.entries(slowTexts))('of %s takes bounded time', (_, make) => {
    const before = process.cpuUsage()
    render(make(size))
    const { user, system } = process.cpuUsage(before)
    // The limit is a second for 1 MiB, as `npm run test:long -- slow-texts` has it; here it is for a part of that.
    expect((user + system) / 1000).toBeLessThan(1000)
  })

  it('is refused where it has too many blocks', async () => {
    const folder = folderWith({})
    expect(await problemsOf(readText(`# A\n\n${'#\n'.repeat(200_000)}`, { folder }))).toEqual([
      '66670:1 the article has too many headings, paragraphs and cells of tables (split the article)',
      'the article has no title (add `title:` to the front matter, or a first line such as # Title)',
    ])
  })

  it.each([
    ['opening brackets', `a ${'[['.repeat(50_000)}\n[b`, '2:1'],
    ['opening brackets', `a\n\n- b ${'![x]('.repeat(100_001)}`, '3:500006'],
    ['addresses', `a\n\n${'http://a '.repeat(30_001)}`, '3:270006'],
    ['footnotes', `a\n\n${'^[n] '.repeat(20_001)}`, '3:100005'],
    ['links, line breaks and words in emphasis', 'a\n'.repeat(200_000), '100001:2'],
  ])('is refused where it has too many %s', (what, text, place) => {
    expect(render(text).problems).toEqual([`${place} the article has too many ${what} (split the article)`])
  })

  it('is not looked through for ever where it names files that are not there', async () => {
    const { problems } = await errorOf(readText(`# A\n\n${'![a](b.png)\n'.repeat(20_001)}`))
    expect(problems.at(-1)).toMatchObject({ message: 'and 19001 more' })
  })

  it.each([
    ['references', `[a]: http://b/${'x'.repeat(700_000)}\n\n${'[a] '.repeat(60_000)}`, '3:61'],
    ['titles', `[a]: http://b/ "${'x'.repeat(700_000)}"\n\n${'[a] '.repeat(60_000)}`, '3:61'],
    ['quotes', `[a]: http://b/ '${'"'.repeat(300_000)}'\n\n${'[a] '.repeat(21)}`, '1:1'],
  ])('is refused where its page is too large, by %s', (_, text, place) => {
    const { problems } = render(text)
    expect(problems).toEqual([`${place} the page of the article is larger than 32 MiB (split the article)`])
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
