// Dates as newsrooms write them → ISO 8601. What could be read in two ways is a problem with both readings, never a
// guess. Every expression is anchored and bounded, and the text is short: no input takes long.

import { allWords } from './words.ts'

/** A date understood as ISO 8601, or what is wrong with it and what to do. */
export type ParsedDate = { readonly iso: string } | { readonly problem: string; readonly hint: string }

interface Day {
  readonly year: number
  readonly month: number
  readonly day: number
}

const maxLength = 100
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const englishMonths = allWords()[0]?.months ?? []

const time = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})([.,]\d{1,9})?)?`
const zone = String.raw`(z|utc|gmt|(?:utc|gmt)?[+-]\d{2}(?::?\d{2})?)`
const isoDate = /^(\d{4})-(\d{2})-(\d{2})$/
const isoDateTime = new RegExp(String.raw`^(\d{4}-\d{2}-\d{2})(?:t| )${time} ?${zone}?$`, 'i')
const numericDate = /^(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})$/
const chineseDate = /^(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?[日号號]$/
const trailingTime = new RegExp(
  String.raw`^(.{1,60}?)[,،]? (?:at |um |à |о |в )?${time} ?([ap]\.?m\.?)? ?${zone}?$`,
  'i',
)
const trailingHour = /^(.{1,60}?),? (?:at )?(\d{1,2}) ?([ap]\.?m\.?)$/i
const dayOfMonth = /^(\d{1,2})(?:st|nd|rd|th|er|º|°|\.)?$/i
const leftOut = new Set(['the', 'of', 'de', 'del', 'р.', 'року', 'г.', 'года'])

const writeIso = 'write it as 2025-08-22 or August 22, 2025'

/** Milliseconds since 1970 of an ISO 8601 date or date-time. A day counts from its midnight UTC, and so does a time without an offset. */
export function instantOf(iso: string): number {
  const text = iso.length <= 10 || /(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`
  return Date.parse(text)
}

/**
 * Reads a date or date-time: ISO 8601, or a form such as `August 22, 2025`, `22 August 2025, 10:30`, `22/08/2025`,
 * `22. August 2025`, `2025年8月22日`. A date stays a date, an offset stays as written (`Z` or `±hh:mm`), and a time
 * without one stays without.
 */
export function parseDate(text: string): ParsedDate {
  if (text.length > maxLength) return problem('date is too long', writeIso)
  const date = asciiDigits(text.normalize('NFC')).replace(/\s+/g, ' ').trim()
  if (date === '') return problem('date is empty', writeIso)

  const [, isoDay, ...isoTime] = isoDateTime.exec(date) ?? []
  if (isoDay !== undefined) {
    return join(parseDay(isoDay), parseTime(isoTime[0], isoTime[1], isoTime[2], isoTime[3]), isoTime[4])
  }
  const [, day, hours, minutes, seconds, fraction, half, offset] = trailingTime.exec(date) ?? []
  if (day !== undefined) return join(parseDay(day), parseTime(hours, minutes, seconds, fraction, half), offset)

  const [, dayOfHour, hour, halfOfHour] = trailingHour.exec(date) ?? []
  if (dayOfHour !== undefined) return join(parseDay(dayOfHour), parseTime(hour, '00', undefined, undefined, halfOfHour))

  return parseDay(date)
}

function problem(message: string, hint: string): ParsedDate {
  return { problem: message, hint }
}

/** Arabic-Indic, Persian and full-width digits as ASCII: the last four bits of each are its value. */
function asciiDigits(text: string): string {
  return text.replace(/[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g, (digit) => String(digit.charCodeAt(0) & 15))
}

function parseDay(text: string): ParsedDate {
  const iso = isoDate.exec(text) ?? chineseDate.exec(text)
  if (iso !== null) return realDay({ year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) })
  const numbers = numericDate.exec(text)
  if (numbers !== null) return parseNumbers(text, numbers[1] ?? '', Number(numbers[3]), numbers[4] ?? '')
  return parseWords(text)
}

function parseNumbers(text: string, first: string, second: number, last: string): ParsedDate {
  if (first.length === 4 && last.length <= 2) {
    return realDay({ year: Number(first), month: second, day: Number(last) })
  }
  if (first.length > 2 || last.length !== 4) {
    return problem(`the year of ${quote(text)} is not clear`, 'write the year with four digits')
  }
  const dayFirst = { year: Number(last), month: second, day: Number(first) }
  const monthFirst = { year: Number(last), month: Number(first), day: second }
  if (dayFirst.day === dayFirst.month || dayFirst.day > 12) return realDay(dayFirst)
  if (dayFirst.month > 12) return realDay(monthFirst)
  return problem(`${quote(text)} can be read in two ways`, `write ${formatIso(dayFirst)} or ${formatIso(monthFirst)}`)
}

function parseWords(text: string): ParsedDate {
  const words = text.split(/[ ,]+/).filter((word) => word !== '' && !leftOut.has(word.toLowerCase()))
  const weekday = words.length > 3 ? findWeekday(words[0] ?? '') : undefined
  if (weekday !== undefined) words.shift()

  const [first = '', second = '', year = '', ...rest] = words
  const month = findMonth(first) ?? findMonth(second)
  const day = dayOfMonth.exec(findMonth(first) === undefined ? first : second)?.[1]
  if (month !== undefined && words.length === 2 && /^\d{4}$/.test(second)) {
    return problem(`${quote(text)} names no day`, 'write the day too, such as 2025-08-22')
  }
  if (month === undefined || day === undefined || rest.length > 0 || !/^\d+$/.test(year)) {
    return problem(`${quote(text)} is not a date`, writeIso)
  }
  if (year.length !== 4) return problem(`the year of ${quote(text)} is not clear`, 'write the year with four digits')
  return realDay({ year: Number(year), month, day: Number(day) }, weekday)
}

function findMonth(word: string): number | undefined {
  return monthNumbers().get(word.toLowerCase().replace(/\.$/, ''))
}

function findWeekday(word: string): number | undefined {
  const name = word.toLowerCase().replace(/\.$/, '')
  const index = weekdays.findIndex(
    (weekday) => weekday === name || (name.length >= 3 && name.length <= 5 && weekday.startsWith(name)),
  )
  return index < 0 ? undefined : index
}

let months: ReadonlyMap<string, number> | undefined

function monthNumbers(): ReadonlyMap<string, number> {
  months ??= new Map([
    ...allWords().flatMap((words) =>
      words.months.map((name, index): [string, number] => [name.toLowerCase(), index + 1]),
    ),
    ...englishMonths.map((name, index): [string, number] => [name.slice(0, 3).toLowerCase(), index + 1]),
    ['sept', 9],
  ])
  return months
}

function realDay(date: Day, weekday?: number): ParsedDate {
  const iso = formatIso(date)
  if (date.year < 1000) {
    return problem(`the year of ${iso} is not between 1000 and 9999`, 'write the year with four digits')
  }
  if (date.month < 1 || date.month > 12) return problem(`${iso} is not in the calendar`, 'a month is between 01 and 12')
  const days = daysIn(date.year, date.month)
  if (date.day < 1 || date.day > days) {
    return problem(`${iso} is not in the calendar`, `${englishMonths[date.month - 1]} ${date.year} has ${days} days`)
  }
  const actual = weekdayOf(date)
  if (weekday !== undefined && weekday !== actual) {
    return problem(
      `${iso} is a ${capital(weekdays[actual])}, not a ${capital(weekdays[weekday])}`,
      'correct the date, or leave out the day of the week',
    )
  }
  return { iso }
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
}

/** 0 for Sunday, in the Gregorian calendar. */
function weekdayOf({ year, month, day }: Day): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay()
}

function formatIso({ year, month, day }: Day): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}

/** `hh:mm`, with seconds and fraction where they were written; undefined where there is no such time of day. */
function parseTime(hours = '', minutes = '', seconds?: string, fraction?: string, half?: string): string | undefined {
  const hour = half === undefined ? Number(hours) : toTwentyFour(Number(hours), half)
  if (hour === undefined || hour > 23 || Number(minutes) > 59 || Number(seconds ?? 0) > 59) return undefined
  return `${pad(hour, 2)}:${minutes}${seconds === undefined ? '' : `:${seconds}`}${fraction?.replace(',', '.') ?? ''}`
}

function toTwentyFour(hour: number, half: string): number | undefined {
  if (hour < 1 || hour > 12) return undefined
  return (hour % 12) + (half.toLowerCase().startsWith('p') ? 12 : 0)
}

function join(day: ParsedDate, timeOfDay: string | undefined, offset?: string): ParsedDate {
  if ('problem' in day) return day
  if (timeOfDay === undefined) return problem('there is no such time of day', `write it as ${day.iso}T10:30`)
  const written = offset === undefined ? '' : parseOffset(offset)
  if (written === undefined) return problem(`there is no offset ${offset}`, `write it as ${day.iso}T${timeOfDay}+03:00`)
  return { iso: `${day.iso}T${timeOfDay}${written}` }
}

/** `Z` or `±hh:mm`; undefined where no place on earth has it. */
function parseOffset(offset: string): string | undefined {
  const [, sign, hours = '', minutes = '00'] = /([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? []
  if (sign === undefined) return 'Z'
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined
  return `${Number(hours) + Number(minutes) === 0 ? '+' : sign}${hours}:${minutes}`
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0')
}

function capital(word = ''): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

function quote(text: string): string {
  return `'${text}'`
}
