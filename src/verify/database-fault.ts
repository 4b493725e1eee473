// What SQLite answers → whether the file is damaged, or only could not be read. The two are never the same.

import { OvnError } from '../errors.ts'
import type { DamageCode, Fault } from './damage.ts'

export interface DatabaseFault {
  readonly code: DamageCode
  readonly state: Exclude<Fault, 'missing'>
  readonly message: string
}

const busy = new Set([5, 6])
const notRead = new Set([3, 7, 8, 9, 10, 14, 22, 23])

/** Whether SQLite says that it can make nothing of a page: one that is damaged, or one that the disk did not read. */
export function isMalformed(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && (errcode & 0xff) === 11
}

/**
 * Understands an error that a query has thrown. Throws an OvnError `locked` where another process holds the database, and
 * the error itself where it is not SQLite's.
 */
export function understandFault(error: unknown): DatabaseFault {
  const { code, errcode, message } = (error ?? {}) as { code?: unknown; errcode?: unknown; message?: unknown }
  // A number beyond 2^53, which no archive holds.
  if (code === 'ERR_OUT_OF_RANGE')
    return { code: 'database-damaged', state: 'damaged', message: 'a number in it is beyond all measure' }
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') throw error
  if (errcode === 776) {
    return { code: 'database-journal', state: 'not checked', message: 'an interrupted writer left a journal' }
  }
  if (busy.has(errcode & 0xff)) {
    throw new OvnError('locked', 'another process is writing to the archive', {
      cause: error,
      hint: 'wait for the other ovn to end, then run the same command again',
    })
  }
  return notRead.has(errcode & 0xff)
    ? { code: 'database-unreadable', state: 'not checked', message: String(message) }
    : { code: 'database-damaged', state: 'damaged', message: String(message) }
}
