import { expect, it } from 'vitest'
import { understandFault } from '../../src/verify/database-fault.ts'

const sqliteError = (errcode: number) =>
  Object.assign(new Error('what SQLite says'), { code: 'ERR_SQLITE_ERROR', errcode })

it.each([
  [11, 'damaged', 'database-damaged'],
  [26, 'damaged', 'database-damaged'],
  [267, 'damaged', 'database-damaged'],
  [1, 'damaged', 'database-damaged'],
  [10, 'not checked', 'database-unreadable'],
  [266, 'not checked', 'database-unreadable'],
  [14, 'not checked', 'database-unreadable'],
  [776, 'not checked', 'database-journal'],
])('the error %i of SQLite is understood as %s', (errcode, state, code) => {
  expect(understandFault(sqliteError(errcode))).toMatchObject({ state, code })
})

it('a lock is neither, and a bug is not hidden', () => {
  expect(() => understandFault(sqliteError(5))).toThrow(expect.objectContaining({ code: 'locked' }))
  expect(() => understandFault(new TypeError('a bug'))).toThrow(TypeError)
})
