import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Overrides } from '../../src/article/article.ts'
import { readArticle } from '../../src/article/read-article.ts'
import { errorOf, folderWith, isUnix, lineOf, makePipe, problemsOf, readText } from './articles.ts'

const whole = `---
title: "NATO, the EU: what next"
date: August 22, 2025
updated: 23 August 2025 10:30
author: Ana Lucía Ibáñez
category: Defence & Security
tags: [nato, eu]
summary: A summary.
language: en-gb
url: https://example.org/news/nato
image: { src: images/boat.jpg, alt: A boat, caption: The boat, credit: Jane Doe }
license: CC BY 4.0
corrections: { date: 2025-08-24, note: A name was wrong. }
---

# NATO, the EU: what next

The “long” text, with [a report](report.pdf) and an image:

![A boat](images/boat.jpg)

<div>
`

describe('an article', () => {
  it('is read whole', async () => {
    const folder = folderWith({ 'a.md': whole, 'images/boat.jpg': 'boat', 'report.pdf': 'report' })
    const { source, assets, body, ...article } = await readArticle(join(folder, 'a.md'))
    expect(Buffer.from(source).toString()).toBe(whole)
    expect(body).toBe(
      '<p>The “long” text, with <a href="assets/report.pdf">a report</a> and an image:</p>\n' +
        '<figure><img src="assets/images/boat.jpg" alt="A boat" decoding="async"></figure>\n<p>&lt;div&gt;</p>\n',
    )
    expect(assets.map(({ path, size, mediaType }) => [path, size, mediaType])).toEqual([
      ['assets/images/boat.jpg', 4, 'image/jpeg'],
      ['assets/report.pdf', 6, 'application/pdf'],
    ])
    expect(article).toEqual({
      file: join(folder, 'a.md'),
      title: 'NATO, the EU: what next',
      slug: 'nato-the-eu-what-next',
      slugGiven: false,
      summary: 'A summary.',
      language: 'en-GB',
      datePublished: '2025-08-22',
      dateModified: '2025-08-23T10:30',
      authors: [{ name: 'Ana Lucía Ibáñez' }],
      categories: ['Defence & Security'],
      tags: ['nato', 'eu'],
      url: 'https://example.org/news/nato',
      license: 'CC BY 4.0',
      image: { path: 'assets/images/boat.jpg', alt: 'A boat', caption: 'The boat', credit: 'Jane Doe' },
      corrections: [{ date: '2025-08-24', note: 'A name was wrong.' }],
      overrides: {},
      notices: [
        {
          file: join(folder, 'a.md'),
          line: 22,
          column: 1,
          message: 'raw HTML is shown as text',
          hint: 'write it in Markdown',
        },
      ],
    })
  })

  it('needs no more than a heading', async () => {
    expect(await readText('# A *title*\n')).toEqual({
      file: 'a.md',
      source: Buffer.from('# A *title*\n'),
      title: 'A title',
      slug: 'a-title',
      slugGiven: false,
      authors: [],
      categories: [],
      tags: [],
      corrections: [],
      body: '',
      assets: [],
      overrides: {},
      notices: [],
    })
  })

  it('is the same with a byte order mark and other line breaks', async () => {
    const text = '---\ntitle: A\ntags:\n- b\n---\n\nc\nd\n\n<!-- e\n\nf -->\ng[^1]\n\n[^1]: h\n'
    const { source: _, ...expected } = await readText(text)
    for (const other of [`\ufeff${text}`, text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r')]) {
      const { source, ...article } = await readText(other)
      expect(Buffer.from(source).toString()).toBe(other)
      expect(article).toEqual(expected)
    }
  })

  it.skipIf(!isUnix)('may be a symbolic link, and has the folder of the file it leads to', async () => {
    const folder = folderWith({ 'in/a.md': '# A\n\n![b](b.jpg)', 'in/b.jpg': 'b' })
    symlinkSync('in/a.md', join(folder, 'link.md'))
    const { file, assets } = await readArticle(join(folder, 'link.md'))
    expect(file).toBe(join(folder, 'link.md'))
    expect(assets.map(({ path }) => path)).toEqual(['assets/b.jpg'])
  })

  it('may come as bytes, with a folder for its files', async () => {
    const folder = folderWith({ 'b.jpg': 'b' })
    const bytes = Buffer.from('# A\n\n![b](b.jpg)')
    const article = await readArticle('-', { bytes, folder })
    expect(article.file).toBe('-')
    expect(article.source).toBe(bytes)
    expect(article.assets.map(({ path }) => path)).toEqual(['assets/b.jpg'])
  })

  it('takes the words of its body from its language, else from the archive’s', async () => {
    const text = '# A\n\n|a|\n|-|\n'
    expect((await readText(text)).body).toContain('"Table 1"')
    expect((await readText(text, { language: 'de' })).body).toContain('"Tabelle 1"')
    expect((await readText(text, { language: 'de' })).language).toBeUndefined()
    expect((await readText(`---\nlang: uk\n---\n${text}`, { language: 'de' })).body).toContain('"Таблиця 1"')
    expect((await readText(text, { language: 'de', overrides: { language: 'fr' } })).body).toContain('"Tableau 1"')
  })

  it('is the same in another place', async () => {
    const files = { 'a.md': whole, 'images/boat.jpg': 'boat', 'report.pdf': 'report' }
    const [first, second] = await Promise.all(
      [folderWith(files), folderWith(files)].map((folder) => readArticle(join(folder, 'a.md'))),
    )
    const comparable = (article: typeof first) => JSON.stringify(article).replaceAll(/"file":"[^"]*"/g, '')
    expect(comparable(first)).toBe(comparable(second))
  })

  it.each([
    ['---\ntitle: A\n---\n# B\n', {}, 'A', '<h2 id="h-b">B</h2>\n'],
    ['---\ntitle: A\n---\n# A\n\nc', {}, 'A', '<p>c</p>\n'],
    ['# A\n\nb', { title: ' C ' }, 'C', '<p>b</p>\n'],
    ['---\ntitle: A\n---\n# A\n\nb', { title: 'C' }, 'C', '<p>b</p>\n'],
    ['b', { title: 'C' }, 'C', '<p>b</p>\n'],
    ['---\ntitle: A\n---\n', {}, 'A', ''],
    ['---\ntitle:\n---\n# B', {}, 'B', ''],
  ])('%j with %j is titled %s', async (text, overrides, title, body) => {
    const article = await readText(text, { overrides })
    expect({ title: article.title, body: article.body }).toEqual({ title, body })
  })
})

describe('overrides', () => {
  const text = '---\ntitle: A\ndate: 2025-01-01\nauthor: B\ncategory: C\nlang: en\nslug: d\n---\n'

  it('go before the front matter, in the form they are understood', async () => {
    const article = await readText(text, {
      overrides: {
        title: ' The\ntitle ',
        date: 'August 22, 2025',
        authors: ['Cafe\u0301', 'X'],
        categories: [' Y, Z '],
        language: 'uk-ua',
        slug: 'own',
      },
    })
    expect(article).toMatchObject({
      title: 'The title',
      slug: 'own',
      slugGiven: true,
      datePublished: '2025-08-22',
      authors: [{ name: 'Café' }, { name: 'X' }],
      categories: ['Y, Z'],
      language: 'uk-UA',
    })
    expect(article.overrides).toEqual({
      title: 'The title',
      date: '2025-08-22',
      authors: ['Café', 'X'],
      categories: ['Y, Z'],
      language: 'uk-UA',
      slug: 'own',
    })
  })

  it('leave the rest, and the slug of the front matter is a given one', async () => {
    const article = await readText(text, { overrides: { date: '2025-02-02' } })
    expect(article).toMatchObject({
      title: 'A',
      slug: 'd',
      slugGiven: true,
      datePublished: '2025-02-02',
      authors: [{ name: 'B' }],
    })
    expect(article.overrides).toEqual({ date: '2025-02-02' })
  })

  it('do not hide a problem', async () => {
    expect(await problemsOf(readText('---\ndate: soon\n---\n# A', { overrides: { date: '2025-01-01' } }))).toEqual([
      "2:7 date: 'soon' is not a date (write it as 2025-08-22 or August 22, 2025)",
    ])
  })

  it.each<[Overrides, string, string]>([
    [{ date: '03/04/2025' }, "--date: '03/04/2025' can be read in two ways", 'write 2025-04-03 or 2025-03-04'],
    [{ title: '  ' }, '--title is empty', 'leave it out, or give it a value'],
    [{ title: 'a\u0007' }, '--title has the control character U+0007', 'remove it'],
    [{ title: 'x'.repeat(301) }, '--title is longer than 300 characters', 'shorten it'],
    [{ authors: ['A', ''] }, '--author is empty', 'leave it out, or give it a value'],
    [{ categories: ['\u001b[1m'] }, '--category has the control character U+001B', 'remove it'],
    [{ language: 'english' }, "--language: 'english' is not a language tag", 'write a language tag such as en or uk'],
    [{ slug: 'A b' }, '--slug: the slug has upper case letters', 'write a-b'],
  ])('%j is an error of usage', async (overrides, message, hint) => {
    const error = await errorOf(readText('# A', { overrides }))
    expect({ code: error.code, message: error.message, hint: error.hint }).toEqual({ code: 'usage', message, hint })
  })
})

describe('a file that is no article', () => {
  const noTitle = 'the article has no title (add `title:` to the front matter, or a first line such as # Title)'

  it.each<[string, string | Uint8Array, string[]]>([
    ['empty', '', ['the file is empty (write the article first)']],
    ['blank', ' \n\t\r\n\u00a0', ['the file is empty (write the article first)']],
    ['a byte order mark', '\ufeff', ['the file is empty (write the article first)']],
    ['no title', 'text', [noTitle]],
    ['no title under front matter', '---\ndate: 2025-01-01\n---\ntext', [noTitle]],
    ['second headings alone', '## a\n\ntext', [noTitle]],
    [
      'neither title nor text',
      '---\ndate: 2025-01-01\n---\n\n',
      ['the article has neither a title nor a text (write it first)'],
    ],
    [
      'a long heading',
      `# ${'x'.repeat(301)}\n`,
      ['1:3 the title is longer than 300 characters (shorten it; `summary` has room for more)'],
    ],
    ['a binary', 'a\0b', ['this is a binary file (name a Markdown file)']],
    ['UTF-16', Buffer.from('# Title', 'utf16le'), ['this is a binary file (name a Markdown file)']],
    ['Latin-1', Buffer.from('# T\n\ncafé ü', 'latin1'), ['3:4 this is not UTF-8 (save the file as UTF-8)']],
    ['a bad first byte', Uint8Array.of(0xff, 0x41), ['1:1 this is not UTF-8 (save the file as UTF-8)']],
    [
      'a sequence that is cut off',
      Buffer.concat([Buffer.from('é𝒜'), Uint8Array.of(0xe2, 0x82)]),
      ['1:4 this is not UTF-8 (save the file as UTF-8)'],
    ],
    [
      'a sequence that is cut short',
      Buffer.concat([Buffer.from('ab\ncd'), Uint8Array.of(0xe2, 0x82, 0x0a, 0x41)]),
      ['2:3 this is not UTF-8 (save the file as UTF-8)'],
    ],
    ['a surrogate', Uint8Array.of(0x41, 0xed, 0xa0, 0x80), ['1:2 this is not UTF-8 (save the file as UTF-8)']],
    [
      'over the limit',
      'x'.repeat(1024 * 1024 + 1),
      ['the article has 2 MiB, and the limit is 1 MiB (put what is not text into files beside it)'],
    ],
    [
      'unclosed front matter',
      '---\ntitle: A\n\ntext',
      ['1:1 the front matter is not closed (end it with a line that holds only ---)'],
    ],
    [
      'broken front matter',
      '---\nfoo: a: b\n---\ntext',
      ['2:6 front matter: a value with a colon is not quoted (put the whole value in quotes)'],
    ],
    [
      'a mistyped title',
      '---\ntitel: A\n---\ntext',
      ['2:1 unknown key `titel` (did you mean `title`? keys of your own go under `extra:`)'],
    ],
    [
      'quotes in quotes',
      `---\ntitle: A\n---\n${'> '.repeat(120)}a`,
      ['4:1 quotes or lists are nested too deeply (keep them below 50 levels)'],
    ],
  ])('%s', async (_, content, problems) => {
    const folder = folderWith({ 'a.md': content })
    expect(await problemsOf(readArticle(join(folder, 'a.md')))).toEqual(problems)
    expect(await problemsOf(readArticle('-', { bytes: Buffer.from(content), folder }))).toEqual(problems)
  })

  it('has all its problems reported, by their lines', async () => {
    const text = `---
date: soon
catgory: A
image: nothing.jpg
url: example.org
---

[a](missing.pdf) ![b](../b.jpg)

text ![c](x/y.jpg)
`
    const folder = folderWith({ 'a.md': text })
    const error = await errorOf(readArticle(join(folder, 'a.md')))
    expect(error.code).toBe('article')
    expect(error.message).toBe(`${join(folder, 'a.md')}: 9 problems`)
    expect(error.problems.every(({ file }) => file === join(folder, 'a.md'))).toBe(true)
    const put = 'put the file beside the article, or correct the path'
    expect(error.problems.map(lineOf)).toEqual([
      "2:7 date: 'soon' is not a date (write it as 2025-08-22 or August 22, 2025)",
      '3:1 unknown key `catgory` (did you mean `category`? keys of your own go under `extra:`)',
      '4:8 image has no alternative text (write image: with src: and alt:, which says what the image shows)',
      `4:8 missing file 'nothing.jpg' (${put})`,
      '5:6 url is not a web address (write it whole, such as https://example.org/story)',
      `8:1 missing file 'missing.pdf' (${put})`,
      "8:18 '../b.jpg' leaves the article's folder (put the file beside the article)",
      `10:6 missing file 'x/y.jpg' (${put})`,
      noTitle,
    ])
  })

  it('says the one problem in its message', async () => {
    expect((await errorOf(readText('text'))).message).toBe('a.md: the article has no title')
  })

  it.each([
    [
      'https://a.b/c.jpg',
      'the image of the article is not a local file (save it beside the article and name that file)',
    ],
    ['//a.b/c.jpg', 'the image of the article is not a local file (save it beside the article and name that file)'],
    [
      'data:image/png,x',
      'the image of the article is not a local file (save it beside the article and name that file)',
    ],
    ['b.pdf', "'b.pdf' is not an image (name a picture, such as a .jpg, .png or .webp)"],
    ['c.jpg', "missing file 'c.jpg' (put the file beside the article, or correct the path)"],
    ['../c.jpg', "'../c.jpg' leaves the article's folder (put the file beside the article)"],
    ['/c.jpg', "'/c.jpg' is an absolute path (put the file beside the article and name it from there)"],
  ])('has no image at %s', async (src, problem) => {
    const text = `---\ntitle: A\nimage:\n  alt: B\n  src: "${src}"\n---\n`
    expect(await problemsOf(readText(text, { folder: folderWith({ 'b.pdf': 'b' }) }))).toEqual([`5:8 ${problem}`])
  })

  it.skipIf(!isUnix)('is a folder, or a pipe, which is not waited for', async () => {
    const folder = folderWith({})
    expect(await problemsOf(readArticle(folder))).toEqual(['this is a folder (name the article in it)'])
    makePipe(join(folder, 'pipe'))
    expect(await problemsOf(readArticle(join(folder, 'pipe')))).toEqual([
      'this is not a regular file (use - to read standard input)',
    ])
  })

  it.skipIf(!isUnix).each(['nothing.md', 'a.md/b.md', 'broken.md'])('is not there: %s', async (name) => {
    const folder = folderWith({ 'a.md': '' })
    symlinkSync('nowhere', join(folder, 'broken.md'))
    const error = await errorOf(readArticle(join(folder, name)))
    expect(error).toMatchObject({ code: 'not-found', message: `no file ${join(folder, name)}` })
    expect(error.hint).toBe('check the path; it is relative to the current folder')
  })

  it.skipIf(!isUnix)('cannot be read', async () => {
    const folder = folderWith({ 'a.md': '# A' })
    symlinkSync('b.md', join(folder, 'c.md'))
    symlinkSync('c.md', join(folder, 'b.md'))
    const error = await errorOf(readArticle(join(folder, 'b.md')))
    expect(error).toMatchObject({ code: 'storage', message: `cannot read ${join(folder, 'b.md')}` })
    expect(error.cause).toMatchObject({ code: 'ELOOP' })
  })

  it.skipIf(process.getuid?.() === 0)('may not be read', async () => {
    const folder = folderWith({ 'a.md': '# A' })
    chmodSync(join(folder, 'a.md'), 0)
    expect(await errorOf(readArticle(join(folder, 'a.md')))).toMatchObject({ code: 'storage' })
  })

  it('is not read where it was stopped before', async () => {
    const signal = AbortSignal.abort(new Error('stopped'))
    await expect(readText('# A', { signal })).rejects.toThrow('stopped')
  })
})
