// A lock that lives as long as its process: an empty SQLite file that is held open, locked. The operating system lets go of
// it when the process ends, however it ends; no clock and no process number is asked. SQLite's locks are known to work
// wherever an archive does, and two holders in one process see each other too, which bare `fcntl` locks do not grant.

import { closeSync, openSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { isBusy, storageError } from './storage-error.ts'

export class LockFile {
  readonly file: string
  readonly #database: DatabaseSync

  private constructor(file: string, database: DatabaseSync) {
    this.file = file
    this.#database = database
  }

  /** Makes the file and locks it; undefined where somebody else has it. */
  static take(file: string): LockFile | undefined {
    let database: DatabaseSync | undefined
    try {
      makeFile(file)
      database = new DatabaseSync(file, { timeout: 0 })
      // Nothing is ever written: a journal would be one more file.
      database.exec('pragma journal_mode = memory; begin exclusive')
      return new LockFile(file, database)
    } catch (error) {
      database?.close()
      if (isBusy(error)) return undefined
      throw storageError(error, file)
    }
  }

  /** Lets go of the lock and leaves the file. */
  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  /**
   * Lets go of the lock and removes the file. Where others may take a lock of the same name, the caller holds the archive's
   * write lock, and so do they: a file that is removed must not be one that somebody has opened just now.
   */
  release(): void {
    this.close()
    rmSync(this.file, { force: true })
  }
}

/**
 * Makes a file where there is none: SQLite would not say that it was the full disk that did not let it. One that is there is not
 * opened, since closing it would drop this process's locks on it.
 */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Whether somebody holds a lock. Throws where that cannot be known. */
export function isTaken(file: string): boolean {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 0 })
    database.prepare('select 1 from sqlite_schema').get()
    return false
  } catch (error) {
    if (isBusy(error)) return true
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return false
    throw storageError(error, file)
  } finally {
    database?.close()
  }
}
