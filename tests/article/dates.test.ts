import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDate } from '../../src/article/dates.ts'
import { allWords, formatDate } from '../../src/article/words.ts'

describe('parseDate', () => {
  it.each([
    // ISO 8601
    ['2025-08-22', '2025-08-22'],
    ['2025-08-22T10:30', '2025-08-22T10:30'],
    ['2025-08-22T10:30:05', '2025-08-22T10:30:05'],
    ['2025-08-22T10:30:05.25Z', '2025-08-22T10:30:05.25Z'],
    ['2025-08-22 10:30', '2025-08-22T10:30'],
    ['2025-08-22t10:30z', '2025-08-22T10:30Z'],
    ['2025-08-22T10:30+03:00', '2025-08-22T10:30+03:00'],
    ['2025-08-22T10:30-0330', '2025-08-22T10:30-03:30'],
    ['2025-08-22T10:30+03', '2025-08-22T10:30+03:00'],
    ['2025-08-22 10:30:00 +0300', '2025-08-22T10:30:00+03:00'],
    ['2025-08-22T10:30-00:00', '2025-08-22T10:30+00:00'],
    ['  2025-08-22  ', '2025-08-22'],
    ['2024-02-29', '2024-02-29'],
    ['2000-02-29', '2000-02-29'],
    ['1000-01-01', '1000-01-01'],
    ['9999-12-31', '9999-12-31'],
    // English
    ['August 22, 2025', '2025-08-22'],
    ['august 22 2025', '2025-08-22'],
    ['Aug. 22, 2025', '2025-08-22'],
    ['Sept. 2, 2025', '2025-09-02'],
    ['May 5, 2025', '2025-05-05'],
    ['22 August 2025', '2025-08-22'],
    ['22nd of August 2025', '2025-08-22'],
    ['the 1st of May, 2025', '2025-05-01'],
    ['Friday, August 22, 2025', '2025-08-22'],
    ['Fri Aug 22 2025', '2025-08-22'],
    ['August 22, 2025 at 10:30', '2025-08-22T10:30'],
    ['August 22, 2025, 10:30 AM', '2025-08-22T10:30'],
    ['August 22, 2025 12:05 a.m.', '2025-08-22T00:05'],
    ['August 22, 2025 12:05 p.m.', '2025-08-22T12:05'],
    ['August 22, 2025 10 PM', '2025-08-22T22:00'],
    ['Fri, 22 Aug 2025 10:30:00 GMT', '2025-08-22T10:30:00Z'],
    ['Fri, 22 Aug 2025 10:30:00 -0500', '2025-08-22T10:30:00-05:00'],
    // Other languages
    ['22. August 2025', '2025-08-22'],
    ['22 серпня 2025 року', '2025-08-22'],
    ['22 августа 2025 г.', '2025-08-22'],
    ['22 de agosto de 2025', '2025-08-22'],
    ['1er août 2025', '2025-08-01'],
    ['2025年8月22日', '2025-08-22'],
    ['2025 年 8 月 22 日 10:30', '2025-08-22T10:30'],
    ['٢٢ أغسطس ٢٠٢٥', '2025-08-22'],
    ['۲۰۲۵-۰۸-۲۲', '2025-08-22'],
    ['２０２５年８月２２日', '2025-08-22'],
    ['22 aou\u0302t 2025', '2025-08-22'],
    // Numbers that can be read in one way only
    ['22/08/2025', '2025-08-22'],
    ['08/22/2025', '2025-08-22'],
    ['22.8.2025', '2025-08-22'],
    ['8-22-2025', '2025-08-22'],
    ['08/08/2025', '2025-08-08'],
    ['2025/8/22', '2025-08-22'],
    ['2025.08.02', '2025-08-02'],
    ['22/08/2025 10:30', '2025-08-22T10:30'],
  ])('reads %s', (text, iso) => {
    expect(parseDate(text)).toEqual({ iso })
  })

  const writeIso = 'write it as 2025-08-22 or August 22, 2025'
  const fourDigits = 'write the year with four digits'

  it.each([
    ['03/04/2025', "'03/04/2025' can be read in two ways", 'write 2025-04-03 or 2025-03-04'],
    ['3.4.2025', "'3.4.2025' can be read in two ways", 'write 2025-04-03 or 2025-03-04'],
    ['12-11-2025', "'12-11-2025' can be read in two ways", 'write 2025-11-12 or 2025-12-11'],
    ['2025-02-29', '2025-02-29 is not in the calendar', 'February 2025 has 28 days'],
    ['1900-02-29', '1900-02-29 is not in the calendar', 'February 1900 has 28 days'],
    ['30 February 2024', '2024-02-30 is not in the calendar', 'February 2024 has 29 days'],
    ['April 31, 2025', '2025-04-31 is not in the calendar', 'April 2025 has 30 days'],
    ['31/04/2025', '2025-04-31 is not in the calendar', 'April 2025 has 30 days'],
    ['2025-13-01', '2025-13-01 is not in the calendar', 'a month is between 01 and 12'],
    ['2025-00-10', '2025-00-10 is not in the calendar', 'a month is between 01 and 12'],
    ['2025-01-00', '2025-01-00 is not in the calendar', 'January 2025 has 31 days'],
    ['13/13/2025', '2025-13-13 is not in the calendar', 'a month is between 01 and 12'],
    ['22/08/25', "the year of '22/08/25' is not clear", fourDigits],
    ['25-08-22', "the year of '25-08-22' is not clear", fourDigits],
    ['22 Aug 25', "the year of '22 Aug 25' is not clear", fourDigits],
    ['August 22, 20255', "the year of 'August 22, 20255' is not clear", fourDigits],
    ['0999-01-01', 'the year of 0999-01-01 is not between 1000 and 9999', fourDigits],
    ['August 2025', "'August 2025' names no day", 'write the day too, such as 2025-08-22'],
    [
      'Monday, August 22, 2025',
      '2025-08-22 is a Friday, not a Monday',
      'correct the date, or leave out the day of the week',
    ],
    ['2025-08-22T24:00', 'there is no such time of day', 'write it as 2025-08-22T10:30'],
    ['2025-08-22T10:60', 'there is no such time of day', 'write it as 2025-08-22T10:30'],
    ['August 22, 2025 13:00 PM', 'there is no such time of day', 'write it as 2025-08-22T10:30'],
    ['2025-08-22T10:30+15:00', 'there is no offset +15:00', 'write it as 2025-08-22T10:30+03:00'],
    ['2025-08-22T10:30+03:75', 'there is no offset +03:75', 'write it as 2025-08-22T10:30+03:00'],
    ['2025', "'2025' is not a date", writeIso],
    ['20250822', "'20250822' is not a date", writeIso],
    ['tomorrow', "'tomorrow' is not a date", writeIso],
    ['22 Smarch 2025', "'22 Smarch 2025' is not a date", writeIso],
    ['August 22, 2025 or so', "'August 22, 2025 or so' is not a date", writeIso],
    ['22 August 2025 10:30 EST', "'22 August 2025 10:30 EST' is not a date", writeIso],
    ['constructor 22, 2025', "'constructor 22, 2025' is not a date", writeIso],
    ['', 'date is empty', writeIso],
    ['  ', 'date is empty', writeIso],
    [`August 22, 2025${' '.repeat(100)}`, 'date is too long', writeIso],
  ])('refuses %s', (text, problem, hint) => {
    expect(parseDate(text)).toEqual({ problem, hint })
  })

  it('reads every date of every language back', () => {
    const day = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    const time = fc.constantFrom('', 'T00:05', 'T10:30Z', 'T23:59+03:00', 'T12:00-09:30')
    const language = fc.constantFrom(...allWords().map(({ language }) => language), 'ja')
    fc.assert(
      fc.property(day, time, language, (date, clock, tag) => {
        const iso = date.toISOString().slice(0, 10) + clock
        expect(parseDate(formatDate(iso, tag))).toEqual({ iso })
      }),
      { numRuns: 500 },
    )
  })

  it('takes no time for any text', () => {
    const texts = [' '.repeat(99), `${'1'.repeat(60)}:`, `${'a '.repeat(40)}1:1`, '1'.repeat(100), ','.repeat(100)]
    const start = performance.now()
    for (const text of texts) for (let i = 0; i < 100; i++) parseDate(text)
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
