import { describe, expect, it } from 'vitest'
import { allWords } from '../../src/article/words.ts'
import { formatMonth, siteWordsFor } from '../../src/site/words.ts'

describe('the words of a site', () => {
  it.each(allWords().map(({ language }) => language))('are there in %s', (language) => {
    const words = siteWordsFor(language)
    expect(Object.keys(words)).toEqual(Object.keys(siteWordsFor('en')))
    expect(Object.values(words)).not.toContain('')
    expect(JSON.stringify(words)).toBe(JSON.stringify(words).normalize('NFC'))
    const isEnglish = language.startsWith('en')
    expect(words.withdrawnArticle === siteWordsFor('en').withdrawnArticle).toBe(isEnglish)
  })

  it.each([
    ['en', 'August 2025'],
    ['uk', 'серпень 2025'],
    ['pl-PL', 'sierpień 2025'],
    ['es', 'agosto de 2025'],
    ['de', 'August 2025'],
    ['zh-TW', '2025年8月'],
    ['ar', 'أغسطس 2025'],
    ['ja', '2025-08'],
    [undefined, 'August 2025'],
  ])('name a month in %s', (language, text) => {
    expect(formatMonth('2025-08', language)).toBe(text)
  })
})
