import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSlug, slugify } from '../../src/article/slug.ts'

describe('slugify', () => {
  it.each([
    ['On Clocks', 'on-clocks'],
    ['  On -- Clocks!  ', 'on-clocks'],
    ['Zürich, Łódź & Ørsted', 'zurich-lodz-orsted'],
    ['Straße ẞ Ærø Œuvre Þór đ', 'strasse-ss-aero-oeuvre-thor-d'],
    ['İstanbul Işık', 'istanbul-isik'],
    ['Zu\u0308rich', 'zurich'],
    ['don’t, rock ’n’ roll', 'dont-rock-n-roll'],
    ['Defence & Security', 'defence-security'],
    ['AT&T in 2025: 50% off', 'at-t-in-2025-50-off'],
    ['Київ: “Єдність” й п’ять', 'київ-єдність-й-пять'],
    ['Кии\u0306в', 'кийв'],
    ['п\u02bcять', 'пять'],
    ['مرحـــبا بالعالم', 'مرحبا-بالعالم'],
    ['\u202eمرحبا\u202c', 'مرحبا'],
    ['می\u200cخواهم', 'میخواهم'],
    ['你好，世界 2025年', '你好-世界-2025年'],
    ['हिन्दी समाचार', 'हिन्दी-समाचार'],
    ['한국어 뉴스', '한국어-뉴스'],
    ['ΟΔΟΣ', 'οδος'],
    ['צה״ל', 'צהל'],
    ['1️⃣ first ❤️ second', '1-first-second'],
    ['co\u00adop\u200bera', 'coopera'],
    ['__proto__', 'proto'],
    ['../../etc', 'etc'],
    ['\u0301abc', 'abc'],
  ])('makes of %s %s', (title, slug) => {
    expect(slugify(title)).toBe(slug)
  })

  it('names a title without letters by its hash', () => {
    expect(slugify('🎉🎉')).toBe('article-9bbfb342')
    expect(slugify('…')).toMatch(/^article-[0-9a-f]{8}$/)
    expect(slugify('🎉')).not.toBe(slugify('🎊'))
  })

  it('cuts at a word where it can', () => {
    expect(slugify('word '.repeat(40))).toBe(`${'word-'.repeat(15)}word`)
    expect(slugify(`${'x'.repeat(70)} ${'y'.repeat(70)}`)).toBe('x'.repeat(70))
    expect(slugify(`${'x'.repeat(80)} y`)).toBe('x'.repeat(80))
    expect(slugify(`a ${'y'.repeat(100)}`)).toBe(`a-${'y'.repeat(78)}`)
    expect(slugify('漢'.repeat(90))).toBe('漢'.repeat(80))
    expect(slugify('𝒜'.repeat(90))).toBe('𝒜'.repeat(60))
  })

  const titles = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 150 }),
    fc.string({ unit: 'binary', maxLength: 150 }),
    fc
      .array(fc.constantFrom(...'aZé ßİıſŉﬁЙйіءـ\u200d\u0301\u202e漢字-’&٣①🎉ﾞΣς'), { maxLength: 60 })
      .map((signs) => signs.join('')),
  )

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(titles, (title) => {
        expect(slugify(slugify(title))).toBe(slugify(title))
      }),
      { numRuns: 2000 },
    )
  })

  it('always makes a slug that may be given', () => {
    fc.assert(
      fc.property(titles, (title) => {
        expect(checkSlug(slugify(title))).toEqual({ slug: slugify(title) })
      }),
      { numRuns: 2000 },
    )
  })

  it('makes the same of every normal form', () => {
    fc.assert(
      fc.property(titles, (title) => {
        expect(slugify(title.normalize('NFD'))).toBe(slugify(title.normalize('NFC')))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('checkSlug', () => {
  it.each(['on-clocks', 'a', '2025', 'київ', 'مرحبا', '你好', 'a--b', 'a-', 'x'.repeat(100)])('takes %s', (slug) => {
    expect(checkSlug(slug)).toEqual({ slug })
  })

  const others = 'the slug has characters other than letters, digits and hyphens'

  it.each([
    ['', 'the slug is empty', 'name it with letters, digits and hyphens'],
    ['On-Clocks', 'the slug has upper case letters', 'write on-clocks'],
    ['a/b', others, 'write a-b'],
    ['a b', others, 'write a-b'],
    ['a@2', others, 'write a-2'],
    ['..', others, 'name it with letters, digits and hyphens'],
    ['a.b', others, 'write a-b'],
    ['a_b', others, 'write a-b'],
    ['-a', 'the slug does not begin with a letter or digit', 'write a'],
    ['\u0301a', 'the slug does not begin with a letter or digit', 'write a'],
    ['cafe\u0301', 'the slug is not in Unicode normal form C', 'write cafe'],
    ['a\u200bb', 'the slug has invisible characters', 'write ab'],
    ['\u3164', 'the slug has invisible characters', 'name it with letters, digits and hyphens'],
    ['x'.repeat(101), 'the slug is longer than 100 characters', `write ${'x'.repeat(80)}`],
    ['漢'.repeat(100), 'the slug is longer than 240 bytes', `write ${'漢'.repeat(80)}`],
  ])('refuses %s', (slug, problem, hint) => {
    expect(checkSlug(slug)).toEqual({ problem, hint })
  })
})
