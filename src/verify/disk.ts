// The file under SQLite. Where the disk fails to read a page, SQLite says now that it could not, now that the database is damaged:
// the file itself is asked, before anything is said to be damaged that only could not be read.

import { closeSync, openSync, readSync } from 'node:fs'
import { type DatabaseFault, understandFault } from './database-fault.ts'

const headerSize = 100
const readSize = 1_048_576

export class Disk {
  /** SQLite's header: the first 100 bytes of the file. */
  readonly header: Buffer
  /** Whether a query has failed: it may have been for a moment only, and is tried again. */
  hasFailed = false
  readonly #file: number
  #canBeRead: boolean | undefined

  /** Opens a file. Open it before the database, and close it after: closing a file drops all locks of this process on it. */
  constructor(file: string) {
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
    return fault.state === 'damaged' && !this.canBeRead
      ? { code: 'database-unreadable', state: 'not checked', message: 'the disk failed to read it' }
      : fault
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
