// Titles → slugs: the stable names of articles in links, folders and the manifest. Latin letters lose their diacritics;
// every other script keeps its letters. No locale, no table of the platform's: the same title gives the same slug.

import { createHash } from 'node:crypto'

/** A slug fit to be used, or what is wrong with it and what to do. */
export type CheckedSlug = { readonly slug: string } | { readonly problem: string; readonly hint: string }

const maxDerived = 80
const maxGiven = 100
/** So that `<slug>.car` and the like are file names everywhere (255 bytes). */
const maxBytes = 240

/** Latin letters that Unicode does not take apart into a letter and a mark. */
const latinLetters = new Map(
  Object.entries({
    ß: 'ss',
    ø: 'o',
    ł: 'l',
    đ: 'd',
    ð: 'd',
    æ: 'ae',
    œ: 'oe',
    þ: 'th',
    ı: 'i',
    ħ: 'h',
    ŧ: 't',
    ŋ: 'n',
    ſ: 's',
  }),
)
const special = new RegExp(`[${[...latinLetters.keys()].join('')}]`, 'g')
const invisible = /\p{Default_Ignorable_Code_Point}/gu

/**
 * A slug made from a title: lower case, words joined by `-`, at most 80 code points. Apostrophes inside words are
 * dropped; `&` and every other sign separates words. A title without a letter or digit gives `article-` and 8 digits
 * of its hash. Applied to a slug it changes nothing.
 */
export function slugify(title: string): string {
  const words = slugWords(title)
  if (words !== '') return words
  return `article-${createHash('sha256').update(title.normalize('NFC')).digest('hex').slice(0, 8)}`
}

/** What most titles are made of. It has no letter that must be asked of Unicode's tables, which take milliseconds to load. */
const plainText = /^[ -~‘’“”–—…]*$/

/** The same, but empty where the text has no letter or digit. */
export function slugWords(text: string): string {
  if (plainText.test(text)) {
    const words = text.toLowerCase().replace(/(?<=[a-z0-9])['’‘](?=[a-z0-9])/g, '')
    return shorten(words.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''))
  }
  return shorten(
    toPlainLetters(text)
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
      .replace(/(^|-)\p{M}+/gu, '$1')
      .replace(/--+/g, '-')
      .replace(/^-|-$/g, ''),
  )
}

function toPlainLetters(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(invisible, '')
    .replace(/[\u0640\p{Me}]/gu, '')
    .replace(/(?<=[\p{L}\p{M}\p{N}])['’‘ʼ＇\u05f3\u05f4](?=[\p{L}\p{N}])/gu, '')
    .replace(/ʼ/g, ' ')
    .normalize('NFD')
    .replace(/(\p{Script=Latin})\p{M}+/gu, '$1')
    .replace(special, (letter) => latinLetters.get(letter) ?? letter)
    .normalize('NFC')
}

function shorten(slug: string): string {
  if (slug.length <= maxDerived && Buffer.byteLength(slug) <= maxBytes) return slug
  const points = Array.from(slug).slice(0, maxDerived + 1)
  let end = Math.min(points.length, maxDerived)
  while (Buffer.byteLength(points.slice(0, end).join('')) > maxBytes) end--
  const hyphen = points.slice(0, end + 1).lastIndexOf('-')
  if (end < points.length && hyphen >= end / 2) end = hyphen
  return points.slice(0, end).join('').replace(/-+$/, '')
}

/** Checks a slug that somebody named: 1 to 100 letters, marks, digits and hyphens, lower case, NFC. */
export function checkSlug(text: string): CheckedSlug {
  const fault = findFault(text)
  if (fault === undefined) return { slug: text }
  const suggestion = slugWords(text.slice(0, 1000))
  return {
    problem: `the slug ${fault}`,
    hint: suggestion === '' ? 'name it with letters, digits and hyphens' : `write ${suggestion}`,
  }
}

function findFault(text: string): string | undefined {
  if (text === '') return 'is empty'
  if (text.length > 2 * maxGiven || Array.from(text).length > maxGiven) return `is longer than ${maxGiven} characters`
  if (Buffer.byteLength(text) > maxBytes) return `is longer than ${maxBytes} bytes`
  if (text !== text.normalize('NFC')) return 'is not in Unicode normal form C'
  if (text !== text.toLowerCase()) return 'has upper case letters'
  if (text.search(invisible) >= 0) return 'has invisible characters'
  if (!/^[\p{L}\p{M}\p{N}-]*$/u.test(text)) return 'has characters other than letters, digits and hyphens'
  if (!/^[\p{L}\p{N}]/u.test(text)) return 'does not begin with a letter or digit'
  return undefined
}
