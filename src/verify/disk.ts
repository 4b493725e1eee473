// The file under SQLite. Where the disk fails to read a page, SQLite says now that it could not, now that the database is damaged:
// the file itself is asked, before anything is said to be damaged that only could not be read.

import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { type DatabaseFault, isMalformed, understandFault } from './database-fault.ts'

const headerSize = 100
const readSize = 1_048_576

/** How long a writer's commit is waited for, in milliseconds. */
export const patience = 10_000

/** How often SQLite's check is run where it does not say the same thing twice. */
const checks = 5

/** How often it must end with an error, one time after another, until that counts as a finding. */
const errorsInTurn = 4

/** What SQLite's check says of a page that it could not read, with SQLite's own code for why. */
const unreadPage = /error code=(\d+)/
const ioError = 10

export class Disk {
  /** SQLite's header: the first 100 bytes of the file. */
  readonly header: Buffer
  /** Whether a query has failed: it may have been for a moment only, and is tried again. */
  hasFailed = false
  readonly #path: string
  readonly #file: number
  #canBeRead: boolean | undefined
  #structure: readonly DatabaseFault[] | undefined

  /** Opens a file. Open it before the database, and close it after: closing a file drops all locks of this process on it. */
  constructor(file: string) {
    this.#path = file
    this.#file = openSync(file, 'r')
    this.header = Buffer.alloc(headerSize)
    try {
      readSync(this.#file, this.header, 0, headerSize, 0)
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  /** Understands an error that a query has thrown, as {@link understandFault} does. */
  faultOf(error: unknown): DatabaseFault {
    const fault = understandFault(error)
    this.hasFailed = true
    if (fault.state !== 'damaged') return fault
    // A page that was not read for a moment can be read when the file is asked: then SQLite's check finds nothing.
    const isSo = this.canBeRead && (!isMalformed(error) || this.structure.some(({ state }) => state === 'damaged'))
    return isSo ? fault : unread
  }

  /**
   * A database in the mode WAL is opened with files beside it, which a reader makes where there are none. One whose log is empty
   * can be read without.
   */
  get place(): string | URL {
    const isWal = this.header[19] === 2
    if (!isWal || (statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return this.#path
    const url = pathToFileURL(this.#path)
    url.searchParams.set('immutable', '1')
    return url
  }

  /**
   * What SQLite's own check finds: pages that belong to nothing or to two, rows out of order, an index that disagrees with its
   * table. It reads the whole file, and writers wait for it. Only what it finds every time counts.
   */
  get structure(): readonly DatabaseFault[] {
    this.#structure ??= this.#checkStructure()
    return this.#structure
  }

  #checkStructure(): DatabaseFault[] {
    let before: ReadonlySet<string> = new Set()
    let errors = 0
    for (let check = 0; check < checks; check += 1) {
      try {
        const lines = this.#runCheck()
        if (lines.length === 0) return []
        this.hasFailed = true
        const again = lines.filter((line) => before.has(line))
        const wasRead = again.length > 0 && !lines.some(isUnread) && this.canBeRead
        if (wasRead) return again.map((message) => ({ code: 'database-structure', state: 'damaged', message }))
        if (again.length > 0) return again.map((message) => ({ ...unread, message }))
        before = new Set(lines)
        errors = 0
      } catch (error) {
        this.hasFailed = true
        const fault = understandFault(error)
        errors += 1
        if (fault.state !== 'damaged') return [fault]
        if (errors === errorsInTurn) return [this.canBeRead ? fault : unread]
      }
    }
    return [unread]
  }

  #runCheck(): string[] {
    const database = new DatabaseSync(this.place, { readOnly: true, timeout: patience })
    try {
      const rows = database.prepare('pragma integrity_check(100)').all()
      return rows
        .map(({ integrity_check }) => String(integrity_check).replaceAll('\n', ' '))
        .filter((line) => line !== 'ok')
    } finally {
      database.close()
    }
  }

  /** Whether every byte of the file can be read, for which they all are, once. */
  get canBeRead(): boolean {
    this.#canBeRead ??= this.#readAll()
    return this.#canBeRead
  }

  close(): void {
    closeSync(this.#file)
  }

  #readAll(): boolean {
    const buffer = Buffer.allocUnsafe(readSize)
    try {
      for (let at = 0, count = -1; count !== 0; at += count) count = readSync(this.#file, buffer, 0, readSize, at)
      return true
    } catch {
      return false
    }
  }
}

const unread: DatabaseFault = {
  code: 'database-unreadable',
  state: 'not checked',
  message: 'the disk failed to read it',
}

function isUnread(line: string): boolean {
  return (Number(unreadPage.exec(line)?.[1] ?? 0) & 0xff) === ioError || line.includes('failed to get page')
}
