import { describe, expect, it } from 'vitest'
import { allWords, formatDate, textDirection, wordsFor } from '../../src/article/words.ts'

describe('wordsFor', () => {
  it.each([
    ['en', 'en'],
    ['en-US', 'en'],
    ['en-GB', 'en-GB'],
    ['en-au', 'en-GB'],
    ['uk-UA', 'uk'],
    ['zh', 'zh'],
    ['zh-Hans-CN', 'zh'],
    ['zh-Hant-TW', 'zh-Hant'],
    ['zh-TW', 'zh-Hant'],
    ['pt-BR', 'pt'],
    ['ja', 'en'],
    ['constructor', 'en'],
    ['__proto__', 'en'],
    ['', 'en'],
    [undefined, 'en'],
  ])('%s has the words of %s', (tag, language) => {
    expect(wordsFor(tag).language).toBe(language)
  })

  it.each(allWords().map((words) => [words.language, words] as const))('%s has every word and month', (_, words) => {
    expect(Object.values(words).filter((word) => typeof word === 'string' && word === '')).toEqual([])
    expect(Object.keys(words)).toEqual(Object.keys(wordsFor('en')))
    expect(new Set(words.months).size).toBe(12)
    expect(JSON.stringify(words)).toBe(JSON.stringify(words).normalize('NFC'))
  })
})

describe('formatDate', () => {
  it.each([
    ['en', 'August 22, 2025'],
    ['en-GB', '22 August 2025'],
    ['uk', '22 серпня 2025'],
    ['ru', '22 августа 2025'],
    ['ar', '22 أغسطس 2025'],
    ['zh', '2025年8月22日'],
    ['zh-TW', '2025年8月22日'],
    ['de', '22. August 2025'],
    ['fr', '22 août 2025'],
    ['es', '22 de agosto de 2025'],
    ['pt-BR', '22 de agosto de 2025'],
    ['it', '22 agosto 2025'],
    ['pl', '22 sierpnia 2025'],
    ['tr', '22 Ağustos 2025'],
    ['ja', '2025-08-22'],
    [undefined, 'August 22, 2025'],
  ])('writes a date in %s', (language, text) => {
    expect(formatDate('2025-08-22', language)).toBe(text)
  })

  it.each([
    ['en', '2025-08-22T10:30', 'August 22, 2025, 10:30'],
    ['en', '2025-08-22T10:30:59.5Z', 'August 22, 2025, 10:30 UTC'],
    ['en', '2025-08-22T10:30+00:00', 'August 22, 2025, 10:30 UTC'],
    ['en', '2025-08-22T10:30-05:30', 'August 22, 2025, 10:30 UTC-05:30'],
    ['ar', '2025-08-22T10:30', '22 أغسطس 2025، 10:30'],
    ['zh', '2025-08-22T10:30', '2025年8月22日 10:30'],
    ['fr', '2025-01-01T00:05', '1er janvier 2025, 00:05'],
    ['it', '2025-01-01', '1º gennaio 2025'],
    ['ja', '2025-08-22T10:30Z', '2025-08-22 10:30 UTC'],
    ['en', 'not a date', 'not a date'],
  ])('writes in %s the time of %s', (language, iso, text) => {
    expect(formatDate(iso, language)).toBe(text)
  })
})

describe('textDirection', () => {
  it.each(['ar', 'ar-EG', 'he', 'fa-IR', 'ur', 'ps', 'sd', 'ug', 'yi', 'dv', 'ckb', 'ku-Arab', 'az-Arab-IR', 'AR'])(
    '%s is rtl',
    (tag) => {
      expect(textDirection(tag)).toBe('rtl')
    },
  )

  it.each(['en', 'ar-Latn', 'ku', 'uk', 'zh-Hant', 'he-Latn-IL', '', undefined])('%s is ltr', (tag) => {
    expect(textDirection(tag)).toBe('ltr')
  })
})
