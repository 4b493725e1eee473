import { expect, it } from 'vitest'
import { understandFault } from '../../src/verify/database-fault.ts'

const sqliteError = (errcode: number) =>
  Object.assign(new Error('what SQLite says'), { code: 'ERR_SQLITE_ERROR', errcode })

it.each([
  [11, 'damaged'],
  [26, 'damaged'],
  [267, 'damaged'],
  [1, 'damaged'],
  [10, 'not checked'],
  [266, 'not checked'],
  [14, 'not checked'],
  [776, 'not checked'],
])('the error %i of SQLite is understood as %s', (errcode, state) => {
  expect(understandFault(sqliteError(errcode))).toMatchObject({ state })
})

it('a lock is neither, and a bug is not hidden', () => {
  expect(() => understandFault(sqliteError(5))).toThrow(expect.objectContaining({ code: 'locked' }))
  expect(() => understandFault(new TypeError('a bug'))).toThrow(TypeError)
})
