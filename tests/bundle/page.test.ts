import { describe, expect, it } from 'vitest'
import { articleMetadata } from '../../src/bundle/metadata.ts'
import { renderPage } from '../../src/bundle/page.ts'
import { styleHash } from '../../src/bundle/style.ts'
import {
  arabic,
  chinese,
  corrected,
  english,
  first,
  hostile,
  hostileSite,
  illustrated,
  makeArticle,
  newsroom,
  plain,
  samples,
  third,
} from './articles.ts'
import { findHtmlErrors } from './html-errors.ts'

function headOf(page: string): string {
  return page.slice(0, page.indexOf('</head>'))
}

describe('renderPage', () => {
  it.each(samples)('is valid HTML: $name', ({ article, site, edition }) => {
    expect(findHtmlErrors(renderPage(article, site, edition))).toEqual([])
  })

  it.each(samples)('says the same twice: $name', ({ article, site, edition }) => {
    expect(renderPage(structuredClone({ ...article, assets: [] }), { ...site }, { ...edition })).toBe(
      renderPage({ ...article, assets: [] }, site, edition),
    )
  })

  it.each(samples)('runs nothing and asks for nothing but its own files: $name', ({ article, site, edition }) => {
    const page = renderPage(article, site, edition)
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).toContain('<script type="application/ld+json">')
    expect(page.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+=/)
    expect(page).not.toMatch(/href="\s*javascript:/i)
    for (const [, address = ''] of page.matchAll(/<(?:img|video|audio|source|iframe)[^>]* src="([^"]*)"/g)) {
      expect(address).toMatch(/^assets\//)
    }
    for (const [, rel] of page.matchAll(/<link rel="([^"]*)"/g)) expect(['icon', 'canonical']).toContain(rel)
  })

  it('has the policy, which allows its own style and no script', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(renderPage(plain, {}, first))?.[1]
    expect(policy?.split('; ')).toEqual([
      "default-src 'none'",
      "img-src 'self' file: ipfs: ipns: data:",
      "media-src 'self' file: ipfs: ipns:",
      `style-src '${styleHash}'`,
      "base-uri 'none'",
      "form-action 'none'",
    ])
  })

  it('carries the content of metadata.json, which cannot end its element', () => {
    const page = renderPage(hostile, hostileSite, third)
    const json = /<script type="application\/ld\+json">(.*)<\/script>\n<\/head>/s.exec(page)?.[1] ?? ''
    expect(json).not.toContain('<')
    expect(JSON.parse(json)).toEqual(articleMetadata(hostile, hostileSite, third))
  })

  it('lets no text of an author, a site or an edition become markup', () => {
    const page = renderPage(hostile, hostileSite, { version: 2, previous: '"><script>', note: '<img src=x>' })
    expect(
      page.match(
        /<(?!\/?(?:html|head|meta|title|link|style|script|body|header|p|main|article|h1|h2|a|b|time|figure|img|figcaption|span|div|section|ul|li|bdi|footer|code|pre)\b|!DOCTYPE)/g,
      ),
    ).toBeNull()
    expect(page.match(/<img/g)).toHaveLength(1)
    expect(page).toContain('<img src="assets/a%22b\'%3Cc%3E%26%3F%23%25.png"'.replace("'", '&#39;'))
    expect(page).toContain('<b>Script</b>')
  })

  describe('head', () => {
    it('names the article for search engines and previews', () => {
      const head = headOf(renderPage(illustrated, newsroom, first))
      for (const element of [
        '<title>The Pier That Was Measured Four Times – The Harbour Ledger</title>',
        '<meta name="description" content="For thirty years',
        '<meta name="author" content="Ingrid Þórsdóttir, Tom Okafor">',
        '<link rel="canonical" href="https://ledger.example/2024/the-pier">',
        '<meta property="og:type" content="article">',
        '<meta property="og:title" content="The Pier That Was Measured Four Times">',
        '<meta property="og:description" content="For thirty years',
        '<meta property="og:url" content="https://ledger.example/2024/the-pier">',
        '<meta property="og:site_name" content="The Harbour Ledger">',
        '<meta property="og:locale" content="en_GB">',
        '<meta property="article:published_time" content="2024-11-03T07:30:00+01:00">',
        '<meta property="article:modified_time" content="2024-11-05">',
        '<meta property="article:section" content="Harbour">',
        '<meta property="article:tag" content="tides &amp; sand">',
      ]) {
        expect(head).toContain(element)
      }
      expect(head).not.toContain('og:image')
    })

    it('is silent where nothing is known', () => {
      const head = headOf(renderPage(plain, {}, first))
      expect(head).toContain('<title>A short notice</title>')
      expect(head).not.toMatch(/description|name="author"|canonical|og:(?!type|title)|article:/)
    })

    it.each([
      ['en-GB', 'en_GB'],
      ['zh-Hant-TW', 'zh_TW'],
      ['pt-br', 'pt_BR'],
      ['en', undefined],
      ['es-419', undefined],
      ['zh-Hans', undefined],
    ])('gives the locale of %s as %s', (language, locale) => {
      const found = /og:locale" content="([^"]*)"/.exec(renderPage({ ...plain, language }, {}, first))?.[1]
      expect(found).toBe(locale)
    })
  })

  describe('language', () => {
    it.each([
      ['English', english, newsroom, '<html lang="en" dir="ltr">', 'By <b>Zoë Ångström</b>', 'August 22, 2025'],
      ['Arabic', arabic, {}, '<html lang="ar" dir="rtl">', 'بقلم <b>ليلى حدّاد</b>، <a', '22 أغسطس 2025، 09:00'],
      ['Chinese', chinese, {}, '<html lang="zh-Hans" dir="ltr">', '作者：<b>林晓</b>、<b>陈国安</b>', '2025年8月22日'],
    ])('writes %s with its own words, order and direction', (_, article, site, html, authors, date) => {
      const page = renderPage(article, site, first)
      expect(page).toContain(html)
      expect(page).toContain(authors)
      expect(page).toContain(date)
      expect(page).not.toContain('<span lang="en"')
    })

    it('is that of the site where the article names none', () => {
      expect(renderPage(plain, { language: 'uk' }, first)).toContain('<html lang="uk" dir="ltr">')
    })

    it('is undetermined where nobody names one', () => {
      expect(renderPage(plain, {}, first)).toContain('<html lang="und" dir="ltr">')
    })

    it('marks English words in a page of another language', () => {
      const page = renderPage({ ...corrected, language: 'fi' }, newsroom, third)
      for (const word of ['By', 'Corrections', 'Version', 'Archived copy']) {
        expect(page).toContain(`<span lang="en" dir="ltr">${word}</span>`)
      }
      expect(page).toContain('>2025-08-22</time>')
    })
  })

  it('has a masthead only where the site has a name', () => {
    expect(renderPage(plain, { motto: 'Only a motto' }, first)).not.toContain('masthead"')
    const named = renderPage(arabic, newsroom, first)
    expect(named).toContain(
      '<p class="name" dir="auto" lang="en"><a href="https://ledger.example/">The Harbour Ledger</a></p>',
    )
    expect(named).toContain('<p class="motto" dir="auto" lang="en">What the town decides, written down.</p>')
    expect(renderPage(english, newsroom, first)).toContain('<p class="name" dir="auto"><a')
    expect(renderPage(plain, { name: 'Without an address' }, first)).toContain(
      '<p class="name" dir="auto">Without an address</p>',
    )
  })

  it('shows the lead image with its alternative text, caption and credit', () => {
    const page = renderPage(illustrated, newsroom, first)
    expect(page).toContain(
      '<img src="assets/the%20harbour%20100%25.png" alt="A green hill above still water, the sun low behind it">',
    )
    expect(page).toContain('from the quarry road.\n<span class="credit">Nils Bø</span></figcaption>')
    const bare = renderPage({ ...plain, image: { path: 'assets/a.png', alt: '' } }, {}, first)
    expect(bare).toContain('<img src="assets/a.png" alt="">\n</figure>')
  })

  it('lists corrections with their dates, and the reason for this edition', () => {
    const page = renderPage(corrected, newsroom, third)
    expect(page).toContain('<h2>Corrections</h2>')
    expect(page).toContain('<li><time datetime="2025-08-24">August 24, 2025</time>: <bdi>An earlier version')
    expect(page).toContain('<li><bdi>The table gave the fare of 2023 twice.</bdi></li>')
    expect(renderPage(english, newsroom, { version: 2, note: 'One word.' })).toContain('<h2>Correction</h2>')
    expect(renderPage(english, newsroom, first)).not.toContain('Correction')
  })

  it('names its version and the one before from the second on', () => {
    const link = `<a class="cid" href="ipfs://${third.previous}">ipfs://${third.previous}</a>`
    expect(renderPage(corrected, newsroom, third)).toContain(`<p>Version 3 · This version replaces ${link}</p>`)
    expect(renderPage(corrected, newsroom, { version: 2 })).toContain('<p>Version 2</p>')
    expect(renderPage(corrected, newsroom, first)).not.toContain('<p>Version')
  })

  it.each([
    ['https://creativecommons.org/licenses/by/4.0/deed.uk', '>CC BY 4.0</a>'],
    ['https://creativecommons.org/licenses/by-sa/4.0/', '>CC BY-SA 4.0</a>'],
    ['https://creativecommons.org/licenses/by/4.0', '>CC BY 4.0</a>'],
    [
      'https://creativecommons.org/licenses/by/2.5/au/deed.en',
      '>https://creativecommons.org/licenses/by/2.5/au/deed.en</a>',
    ],
    ['https://creativecommons.org/publicdomain/zero/1.0/', '>CC0 1.0</a>'],
    ['https://ledger.example/terms', '<a href="https://ledger.example/terms">https://ledger.example/terms</a>'],
    ['MIT & others', '<p>Licence: MIT &amp; others</p>'],
  ])('gives the licence %s as %s', (license, written) => {
    expect(renderPage({ ...plain, license, language: 'en' }, {}, first)).toContain(written)
  })

  it('says what the bundle is and how to check it, in every language', () => {
    for (const article of [english, arabic, chinese, plain]) {
      const foot = renderPage(article, {}, first).split('<footer class="about">')[1] ?? ''
      expect(foot).toContain('<a href="article.md">')
      expect(foot).toContain('<a href="metadata.json">')
      expect(foot).toContain('ovn cid FOLDER')
      expect(foot).toContain('ipfs add --only-hash --recursive --cid-version=1 FOLDER')
      expect(foot).toContain('unixfs-v1-2025')
      expect(foot).toContain('A CID proves sameness, not truth')
      expect(foot).toContain('<div lang="en" dir="ltr">')
      expect(foot.includes('assets/')).toBe(article.assets.length > 0)
    }
  })

  it('is made in far less time than it takes to store', () => {
    const article = makeArticle({ ...illustrated, body: english.body.repeat(2) })
    const render = (times: number) => {
      for (let n = 0; n < times; n++) renderPage(article, newsroom, third)
    }
    render(300)
    const start = performance.now()
    render(300)
    // The budget is 0.2 ms; a busy machine gets five times that.
    expect((performance.now() - start) / 300).toBeLessThan(1)
  })
})
