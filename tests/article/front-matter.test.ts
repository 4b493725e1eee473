import { describe, expect, it } from 'vitest'
import type { Findings } from '../../src/article/findings.ts'
import { readFrontMatter, splitFrontMatter } from '../../src/article/front-matter.ts'
import { lineOf } from './articles.ts'

function read(yaml: string) {
  const findings: Findings = { problems: [], notices: [] }
  const { isTitleUnread, ...matter } = readFrontMatter(yaml, 'a.md', findings)
  return { matter, isTitleUnread, problems: findings.problems.map(lineOf) }
}

const nothing = { authors: [], categories: [], tags: [], corrections: [] }

describe('splitFrontMatter', () => {
  function split(text: string) {
    const findings: Findings = { problems: [], notices: [] }
    return { ...splitFrontMatter(text, 'a.md', findings), problems: findings.problems.map(lineOf) }
  }

  it.each([
    ['---\na: 1\n---\nbody\n', 'a: 1\n', 'body\n', 4],
    ['---\n---\nbody', '', 'body', 3],
    ['---  \na: 1\nb: 2\n--- \t\n\nbody', 'a: 1\nb: 2\n', '\nbody', 5],
    ['---\na: 1\n---', 'a: 1\n', '', 4],
    ['---\na: ---\nb: |\n  ---\n----\n---\nbody', 'a: ---\nb: |\n  ---\n----\n', 'body', 7],
    ['---\na: x\u2028---\n---\nbody', 'a: x\u2028---\n', 'body', 4],
  ])('takes %j apart', (text, yaml, body, bodyLine) => {
    expect(split(text)).toEqual({ yaml, body, bodyLine, problems: [] })
  })

  it.each(['body', '\n---\na: 1\n---\n', '----\na\n----', '--- a\n---', '# Title\n\n---\n'])(
    'sees none in %j',
    (text) => {
      expect(split(text)).toEqual({ body: text, bodyLine: 1, problems: [] })
    },
  )

  it.each(['---', '---\na: 1\n', '---\na: 1\n --- \n'])('reports that %j is not closed', (text) => {
    expect(split(text).problems).toEqual([
      '1:1 the front matter is not closed (end it with a line that holds only ---)',
    ])
  })
})

describe('readFrontMatter', () => {
  it('reads every key', () => {
    const yaml = `
title: The “long” read
date: August 22, 2025
updated: 2025-08-23T10:30+03:00
authors:
  - Jane Doe
  - name: Ana Lucía Ibáñez
    url: https://example.org/ana
categories: [Defence & Security, World]
tags: [ships, harbour]
summary: >
  Two lines
  of summary.
language: uk-ua
slug: the-long-read
url: HTTPS://Example.org/a b
image:
  src: images/boat.jpg
  alt: A boat
  caption: The boat
  credit: Jane Doe
license: CC BY 4.0
corrections:
  - date: 23 August 2025
    note: A name was wrong.
  - note: So was a number.
draft: false
extra:
  anything: [1, { two: 3 }]
`
    expect(read(yaml.replace('a b', 'a%20b'))).toEqual({
      matter: {
        title: 'The “long” read',
        date: '2025-08-22',
        updated: '2025-08-23T10:30+03:00',
        authors: [{ name: 'Jane Doe' }, { name: 'Ana Lucía Ibáñez', url: 'https://example.org/ana' }],
        categories: ['Defence & Security', 'World'],
        tags: ['ships', 'harbour'],
        summary: 'Two lines of summary.',
        language: 'uk-UA',
        slug: 'the-long-read',
        url: 'https://example.org/a%20b',
        image: {
          src: 'images/boat.jpg',
          alt: 'A boat',
          caption: 'The boat',
          credit: 'Jane Doe',
          place: { line: 19, column: 8 },
        },
        license: 'CC BY 4.0',
        corrections: [{ date: '2025-08-23', note: 'A name was wrong.' }, { note: 'So was a number.' }],
      },
      isTitleUnread: false,
      problems: [],
    })
  })

  it.each<[string, object]>([
    ['headline: A', { title: 'A' }],
    ...['published', 'datePublished', 'pubdate'].map(
      (key) => [`${key}: 2025-01-02`, { date: '2025-01-02' }] as [string, object],
    ),
    ...['modified', 'lastmod', 'dateModified'].map(
      (key) => [`${key}: 2025-01-02`, { updated: '2025-01-02' }] as [string, object],
    ),
    ['author: A', { authors: [{ name: 'A' }] }],
    ...['category', 'section', 'sections'].map((key) => [`${key}: A`, { categories: ['A'] }] as [string, object]),
    ...['tag', 'keywords'].map((key) => [`${key}: A`, { tags: ['A'] }] as [string, object]),
    ...['description', 'excerpt', 'abstract'].map((key) => [`${key}: A`, { summary: 'A' }] as [string, object]),
    ...['lang', 'locale'].map((key) => [`${key}: en`, { language: 'en' }] as [string, object]),
    ...['canonical', 'canonical_url', 'canonicalUrl', 'link'].map(
      (key) => [`${key}: https://a.b`, { url: 'https://a.b/' }] as [string, object],
    ),
    ...['licence', 'rights'].map((key) => [`${key}: A`, { license: 'A' }] as [string, object]),
    ['correction: A', { corrections: [{ note: 'A' }] }],
    ...['cover', 'featured_image'].map(
      (key) =>
        [
          `${key}: {file: a, alt: b}`,
          { image: { src: 'a', alt: 'b', place: { line: 2, column: key.length + 10 } } },
        ] as [string, object],
    ),
  ])('understands %s', (yaml, values) => {
    expect(read(yaml)).toEqual({ matter: { ...nothing, ...values }, isTitleUnread: false, problems: [] })
  })

  it.each([
    ['title: 2025', { title: '2025' }],
    ['title: 1_000', { title: '1_000' }],
    ['title: 0x1F', { title: '0x1F' }],
    ['title: 1e3', { title: '1e3' }],
    ['title: True', { title: 'True' }],
    ['title: no', { title: 'no' }],
    ['title: "  a\\n b  "', { title: 'a b' }],
    ['title: cafe\u0301', { title: 'café' }],
    ['title: \u202eabc', { title: '\u202eabc' }],
    ['title:', {}],
    ['title: ""', {}],
    ['title: "  "', {}],
    ['title: null', {}],
    ['title: ~', {}],
    ['author: Jane Doe and John Roe', { authors: [{ name: 'Jane Doe and John Roe' }] }],
    ['author: {name: A}', { authors: [{ name: 'A' }] }],
    ['authors: [A, "", {name: B, url: }]', { authors: [{ name: 'A' }, { name: 'B' }] }],
    ['authors: []', {}],
    ['author:\nauthors: A', { authors: [{ name: 'A' }] }],
    ['category: Arts, Books & Ideas', { categories: ['Arts, Books & Ideas'] }],
    ['categories: ["A, B", A, A]', { categories: ['A, B', 'A'] }],
    ['tags: a, b ,, a', { tags: ['a', 'b'] }],
    ['keywords: [a, "b, c", 2025]', { tags: ['a', 'b, c', '2025'] }],
    ['corrections: {text: A}', { corrections: [{ note: 'A' }] }],
    ['corrections: [{reason: A, date: }]', { corrections: [{ note: 'A' }] }],
    ['draft: false', {}],
    ['draft:', {}],
    ['extra: {title: 1, a: {b: *x}}', {}],
    ['', {}],
    ['# only a comment', {}],
  ])('reads %j', (yaml, values) => {
    expect(read(yaml)).toEqual({ matter: { ...nothing, ...values }, isTitleUnread: false, problems: [] })
  })

  const ownKeys = 'keys of your own go under `extra:`'
  const aWebAddress = 'write it whole, such as https://example.org/story'
  const writeDate = 'write it as 2025-08-22 or August 22, 2025'
  const oneKey = 'write one `key: value` a line'

  it.each([
    // Keys
    ['catgory: A', [`2:1 unknown key \`catgory\` (did you mean \`category\`? ${ownKeys})`]],
    ['Title: A', [`2:1 unknown key \`Title\` (did you mean \`title\`? ${ownKeys})`]],
    ['a: 1\nmood: A', [`2:1 unknown key \`a\` (${ownKeys})`, `3:1 unknown key \`mood\` (${ownKeys})`]],
    ['__proto__: {title: x}', [`2:1 unknown key \`__proto__\` (${ownKeys})`]],
    ['<<: {title: x}', [`2:1 unknown key \`<<\` (${ownKeys})`]],
    ['lang: en\ntitle: A\ntitle: B', ['4:1 duplicate key `title` (keep one of them)']],
    ['extra: 1\nextra: 2', ['3:1 duplicate key `extra` (keep one of them)']],
    ['author: A\nauthors: B', ['3:1 `authors` says the same as `author` above (keep one of them, `authors`)']],
    ['tags: A\nlang: en\nkeywords: B', ['4:1 `keywords` says the same as `tags` above (keep one of them, `tags`)']],
    ['[a, b]: c', [`2:1 a key is not a word (${oneKey})`]],
    // Syntax
    [
      'title: NATO: what next',
      ['2:8 front matter: a value with a colon is not quoted (put the whole value in quotes)'],
    ],
    ['title: A\nimage:\n\tsrc: a', ['4:1 front matter: a tab is used as indentation (indent with spaces)']],
    ['title: "A', ['2:10 front matter: a quote is not closed (end the value with the quote that it begins with)']],
    [
      'tags: [a, , b]',
      [`2:11 front matter: unexpected , in flow sequence (${oneKey}, and values with special characters in quotes)`],
    ],
    ['- a\n- b', [`2:1 the front matter is not a list of keys and values (${oneKey})`]],
    ['just text', [`2:1 the front matter is not a list of keys and values (${oneKey})`]],
    ['title: &x A\nsummary: *x', ['3:10 aliases are not understood here (write the value itself)']],
    ['title: *x', ['2:8 aliases are not understood here (write the value itself)']],
    // Texts
    ['title: [A]', ['2:8 title is not a text (write it on one line)']],
    ['summary: {a: b}', ['2:10 summary is not a text (write it on one line)']],
    ['title: "a\\u0007b"', ['2:8 title has the control character U+0007 (remove it)']],
    ['tags: [a, "\\x9b"]', ['2:11 an entry of tags has the control character U+009B (remove it)']],
    [
      `title: ${'x'.repeat(301)}`,
      ['2:8 the title is longer than 300 characters (shorten it; `summary` has room for more)'],
    ],
    ['categories: [[A]]', ['2:14 an entry of categories is not a text (write it on one line)']],
    // Dates
    ['date: 2025', [`2:7 date is not a date (${writeDate})`]],
    ['date: [2025-01-01]', ['2:7 date is not a text (write it on one line)']],
    ['date: soon', [`2:7 date: 'soon' is not a date (${writeDate})`]],
    ['updated: 03/04/2025', ["2:10 updated: '03/04/2025' can be read in two ways (write 2025-04-03 or 2025-03-04)"]],
    // Authors
    ['author: {url: "https://a.b"}', ['2:9 an author has no name (write name: and the name)']],
    ['author: {name: A, url: a.b}', [`2:24 the url of an author is not a web address (${aWebAddress})`]],
    [
      'author: {nme: A}',
      [
        '2:10 an author has the unknown key `nme` (did you mean `name`? it has name, url)',
        '2:9 an author has no name (write name: and the name)',
      ],
    ],
    ['author:\n  name: A\n  name: B', ['4:3 duplicate key `name` (keep one of them)']],
    // Language, slug, addresses
    ['language: English', ["2:11 'English' is not a language tag (write a language tag such as en or uk)"]],
    ['slug: A B', ['2:7 the slug has upper case letters (write a-b)']],
    ['url: example.org', [`2:6 url is not a web address (${aWebAddress})`]],
    ['url: javascript:alert(1)', [`2:6 url is not a web address (${aWebAddress})`]],
    ['url: "https://a b"', [`2:6 url is not a web address (${aWebAddress})`]],
    ['url: https://a:b@c.d', ['2:6 url has a user name or password (remove what stands before the @)']],
    // Image
    [
      'image: a.jpg',
      ['2:8 image has no alternative text (write image: with src: and alt:, which says what the image shows)'],
    ],
    [
      'image: {src: a.jpg, alt: " "}',
      ['2:8 image has no alternative text (write image: with src: and alt:, which says what the image shows)'],
    ],
    ['image: {alt: A}', ['2:8 image names no file (write src: and the path of the file)']],
    ['image: [a.jpg]', ['2:8 image is a list (name one image that stands for the article)']],
    ['image: {src: a, path: b, alt: c}', ['2:17 `path` of image is given twice (keep one of them, `src`)']],
    [
      'image: {src: a, alt: b, title: c}',
      ['2:25 image has the unknown key `title` (it has src, alt, caption, credit)'],
    ],
    // Corrections
    ['corrections: [{date: 2025-01-01}]', ['2:15 a correction has no note (write note: and what was corrected)']],
    ['corrections: {note: A, date: soon}', [`2:30 date of a correction: 'soon' is not a date (${writeDate})`]],
    // Drafts
    ['draft: true', ['2:8 marked as a draft (remove `draft: true` to publish it)']],
    ['draft: maybe', ['2:8 draft is neither true nor false (write `draft: false`, or remove it)']],
    // All at once
    [
      'titel: A\ndate: soon\nslug: /\ndraft: true',
      [
        `2:1 unknown key \`titel\` (did you mean \`title\`? ${ownKeys})`,
        '5:8 marked as a draft (remove `draft: true` to publish it)',
        `3:7 date: 'soon' is not a date (${writeDate})`,
        '4:7 the slug has characters other than letters, digits and hyphens (name it with letters, digits and hyphens)',
      ],
    ],
  ])('reports of %j %j', (yaml, problems) => {
    expect(read(yaml).problems).toEqual(problems)
  })

  it.each(['titel: A', 'title: [A]', 'title: "', '- a'])('knows that %j may have had a title', (yaml) => {
    expect(read(yaml).isTitleUnread).toBe(true)
  })

  it('refuses more than 64 KiB', () => {
    expect(read(`title: A\nextra: "${'x'.repeat(65_536)}"`).problems).toEqual([
      '1:1 the front matter is larger than 64 KiB (keep the text of the article below it)',
    ])
  })
})
