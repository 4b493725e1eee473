// docs/errors.md and the tables of codes say the same.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorCodes } from '../../src/errors.ts'
import { damageCodes, noticeCodes } from '../../src/verify/damage.ts'

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

/** The rows of the table below a heading, without its head. */
function rowsBelow(heading: string): string[][] {
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
}

it.each([
  ['Errors', Object.entries(errorCodes).map(([code, { exit, meaning }]) => [`\`${code}\``, String(exit), meaning])],
  ['Damage', Object.entries(damageCodes).map(([code, meaning]) => [`\`${code}\``, meaning])],
  ['Notices', Object.entries(noticeCodes).map(([code, meaning]) => [`\`${code}\``, meaning])],
])('docs/errors.md lists every code of the table "%s", and no other', (heading, rows) => {
  expect(rowsBelow(heading)).toEqual(rows)
})
