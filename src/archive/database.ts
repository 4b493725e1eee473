// The one SQLite file of an archive: its settings, its tables and its write lock, which is the archive's.
// The choices are measured (bench/store.ts) and argued in ARCHITECTURE.md.

import { statSync } from 'node:fs'
import { uptime } from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvnError } from '../errors.ts'
import { newerFormat } from '../manifest/record.ts'
import { applicationId, schemaVersion } from './known-header.ts'
import { isBusy, needsRollback, storageError } from './storage-error.ts'

const pageSize = 16_384

/** How long another process's lock is waited for, in milliseconds. */
export const lockTimeout = 10_000

// Ids of pins and holds are never used twice: what came after a certain one can be asked for.
const schema = `
  create table block (id integer primary key, multihash blob not null unique, bytes blob not null);
  create table pin (
    id integer primary key autoincrement, root blob not null unique, multihash blob not null, depth integer,
    metadata text not null
  );
  create index pin_multihash on pin (multihash);
  create table hold (id integer primary key autoincrement, owner text not null, multihash blob not null);
  create table datastore (key text primary key, value blob not null) without rowid;
  create table edition (
    slug text, version integer, root text not null, event text not null, start integer not null, length integer not null,
    primary key (slug, version, start)
  ) without rowid;
  create index edition_root on edition (root);
  create table manifest_mark (size integer not null, lines integer not null, last_start integer not null, last_cid text not null);
`

export interface DatabaseOptions {
  readonly readOnly?: boolean
}

/**
 * Opens the archive's database, and creates it unless it is opened read-only.
 * Throws an OvnError: `unsupported` for a newer format, `damaged` for a file that is no archive, `storage`, `locked`.
 */
export function openDatabase(file: string, { readOnly = false }: DatabaseOptions = {}): DatabaseSync {
  try {
    // A process was killed before it had written its tables into it.
    const size = statSync(file, { throwIfNoEntry: false })?.size
    if (readOnly && size !== undefined && size <= pageSize) open(file, false).close()
    return open(file, readOnly)
  } catch (error) {
    if (!readOnly || !needsRollback(error)) throw storageError(error, file)
  }
  try {
    // A process was killed in the middle of a transaction. Only a writer can take it back; any command may be the first to come.
    open(file, false).close()
    return open(file, true)
  } catch (error) {
    throw storageError(error, file)
  }
}

function open(file: string, readOnly: boolean): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly, timeout: lockTimeout })
  try {
    // Of a database that has pages already it changes nothing.
    if (!readOnly) database.exec(`pragma page_size = ${pageSize}`)
    // Before its journal gets another mode: a newer format may want it as it is.
    if (readOnly || !isEmpty(database)) assertFormat(database, file)
    if (readOnly) return database
    // After a commit in this mode the journal's end is on disk: a power cut takes nothing back. The file is whole between
    // two commits, so that a copy of it is a copy of the archive.
    database.exec('pragma journal_mode = truncate; pragma synchronous = full; pragma fullfsync = on')
    if (isEmpty(database)) {
      create(database)
      assertFormat(database, file)
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('select 1 from sqlite_schema').get() === undefined
}

function create(database: DatabaseSync): void {
  // Space can be given back. It can be said of an empty file only, before the transaction has begun to write, and is part of it:
  // a file is empty or whole, whatever happens meanwhile.
  database.exec('begin; pragma auto_vacuum = incremental')
  if (isEmpty(database)) {
    database.exec(schema)
    database.exec(`pragma application_id = ${applicationId}; pragma user_version = ${schemaVersion}`)
  }
  database.exec('commit')
}

function assertFormat(database: DatabaseSync, file: string): void {
  const { application_id } = database.prepare('pragma application_id').get() ?? {}
  const { user_version } = database.prepare('pragma user_version').get() ?? {}
  if (application_id !== applicationId) {
    throw new OvnError('damaged', `${file} is not the database of an archive`, { hint: 'restore it from a copy' })
  }
  if (typeof user_version === 'number' && user_version > schemaVersion) {
    throw newerFormat(file, user_version)
  }
}

/**
 * Runs `work` in one transaction under the archive's write lock, which holds across processes. `work` is synchronous: a
 * lock is never held while something is waited for. What it throws takes the transaction back.
 * Throws an OvnError `locked` where the lock cannot be had in {@link lockTimeout}.
 */
export async function transact<T>(database: DatabaseSync, work: () => T, signal?: AbortSignal): Promise<T> {
  await beginImmediate(database, signal)
  try {
    const result = work()
    database.exec('commit')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw storageError(error, 'the archive')
  }
}

async function beginImmediate(database: DatabaseSync, signal: AbortSignal | undefined): Promise<void> {
  const deadline = 1000 * uptime() + lockTimeout
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      // SQLite's own waiting would stop the event loop, and with it Ctrl-C.
      database.exec('pragma busy_timeout = 0')
      database.exec('begin immediate')
      return
    } catch (error) {
      if (!isBusy(error)) throw storageError(error, 'the archive')
      if (1000 * uptime() > deadline) {
        throw new OvnError(
          'locked',
          `another process has been writing to the archive for ${lockTimeout / 1000} seconds`,
          {
            cause: error,
            hint: 'wait for the other ovn to end, then run the same command again',
          },
        )
      }
    } finally {
      database.exec(`pragma busy_timeout = ${lockTimeout}`)
    }
    await sleep(Math.min(50, 1 + attempt) * (0.5 + Math.random()), undefined, signal === undefined ? {} : { signal })
  }
}
