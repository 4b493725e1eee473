// What the disk and SQLite answer → the error that the user reads. "Not found" and "could not read" are never the same.

import { diskError, fullHint } from '../dag/disk-error.ts'
import { OvnError } from '../errors.ts'

const sqliteMeanings: Readonly<Record<number, readonly [code: 'locked' | 'storage' | 'damaged', meaning: string]>> = {
  5: ['locked', 'another process is writing to it'],
  6: ['locked', 'another process is writing to it'],
  8: ['storage', 'it cannot be written to'],
  10: ['storage', 'the disk failed to read or write'],
  // SQLite's answer to a page that is damaged, and also to one that the disk does not read (EIO): only checking tells them apart.
  11: ['storage', 'it cannot be read: it is damaged, or the disk failed'],
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

/** Whether SQLite could make nothing of a page, which need not be the only one: an error, or what caused it, says so. */
export function isMalformed(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) if (sqliteCode(each) === 11) return true
  return false
}

/** Turns an error of the disk or of SQLite into an OvnError about `what`; passes every other error on as it is. */
export function storageError(error: unknown, what: string): unknown {
  const sqlite = sqliteMeanings[sqliteCode(error) ?? -1]
  if (sqlite !== undefined) {
    const [code, meaning] = sqlite
    const hint = isFull(error)
      ? `${fullHint}; \`ovn unpublish\` and \`ovn gc\` work on a full disk`
      : isMalformed(error)
        ? 'find out which with `ovn verify`; nothing was changed'
        : hints[code]
    return new OvnError(code, `${what}: ${meaning}`, { cause: error, hint })
  }
  return diskError(error, what)
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
