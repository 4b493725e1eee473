// What the disk and SQLite answer → the error that the user reads. "Not found" and "could not read" are never the same.

import { closeSync, openSync, readSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { diskError, fullHint } from '../dag/disk-error.ts'
import { OvnError } from '../errors.ts'

const sqliteMeanings: Readonly<Record<number, readonly [code: 'locked' | 'storage' | 'damaged', meaning: string]>> = {
  5: ['locked', 'another process is writing to it'],
  6: ['locked', 'another process is writing to it'],
  8: ['storage', 'it cannot be written to'],
  10: ['storage', 'the disk failed to read or write'],
  11: ['damaged', 'the database is damaged'],
  13: ['storage', 'the disk is full'],
  14: ['storage', 'it cannot be opened'],
  23: ['storage', 'permission was refused'],
  26: ['damaged', 'it is not a database'],
}

const hints: Readonly<Record<string, string>> = {
  locked: 'wait for the other ovn to end, then run the same command again',
  damaged: 'restore it from a copy; nothing was changed',
}

/** Whether SQLite says that another process holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === 5 || code === 6
}

/** Whether SQLite says that an unfinished transaction must be taken back before the file can be read. */
export function needsRollback(error: unknown): boolean {
  const readOnlyRollback = 776
  return extendedCode(error) === readOnlyRollback
}

/** Whether an error, or what caused it, says that the disk has no room. */
export function isFull(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (sqliteCode(each) === 13 || ['ENOSPC', 'EDQUOT'].includes((each as NodeJS.ErrnoException).code ?? ''))
      return true
  }
  return false
}

/** Whether an error is SQLite's: it is about the archive, whatever was read meanwhile. */
export function isOfDatabase(error: unknown): boolean {
  return sqliteCode(error) !== undefined
}

/** Turns an error of the disk or of SQLite into an OvnError about `what`; passes every other error on as it is. */
export function storageError(error: unknown, what: string): unknown {
  const sqlite = sqliteMeanings[sqliteCode(error) ?? -1]
  if (sqlite !== undefined) {
    const [code, meaning] = sqlite
    const hint = isFull(error) ? `${fullHint}; \`ovn unpublish\` and \`ovn gc\` work on a full disk` : hints[code]
    return new OvnError(code, `${what}: ${meaning}`, { cause: error, hint })
  }
  return diskError(error, what)
}

/**
 * As {@link storageError}. A page that the disk fails to read is a damaged database to SQLite: the file itself is asked, and then
 * SQLite once more, before anybody is told to restore it from a copy.
 */
export function databaseError(error: unknown, file: string | null, what: string): unknown {
  const known = storageError(error, what)
  if (!isOfDatabase(error) || !(known instanceof OvnError) || known.code !== 'damaged' || file === null) return known
  if (canBeRead(file) && !isWhole(file)) return known
  return new OvnError('storage', `${what}: the disk failed to read or write`, {
    hint: 'run the same command again, and look at the disk',
    cause: error,
  })
}

/** Closing the file drops the locks of this process on it: none is held where nothing is in a transaction. */
function canBeRead(path: string): boolean {
  const buffer = Buffer.alloc(1_048_576)
  try {
    const file = openSync(path, 'r')
    try {
      for (let at = 0, count = -1; count !== 0; at += count) count = readSync(file, buffer, 0, buffer.length, at)
      return true
    } finally {
      closeSync(file)
    }
  } catch {
    return false
  }
}

/** Whether there is nothing wrong with a database: what failed to be read could be read a moment later. */
function isWhole(file: string): boolean {
  let database: DatabaseSync | undefined
  try {
    // Loaded only here: every command loads this file when it starts.
    const sqlite = process.getBuiltinModule('node:sqlite')
    database = new sqlite.DatabaseSync(file, { readOnly: true, timeout: 1000 })
    return database.prepare('pragma integrity_check(1)').get()?.integrity_check === 'ok'
  } catch {
    return false
  } finally {
    database?.close()
  }
}

/** SQLite's primary result code: the low byte of the extended one, which says more about it. */
function sqliteCode(error: unknown): number | undefined {
  const code = extendedCode(error)
  return code === undefined ? undefined : code & 0xff
}

function extendedCode(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode : undefined
}
