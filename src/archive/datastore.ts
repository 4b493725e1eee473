// Keys and records in SQLite, as a Helia Datastore. A batch is one transaction.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AbortOptions } from 'abort-error'
import { BaseDatastore } from 'datastore-core/base'
import { type Batch, Key, type KeyQuery, type Pair, type Query } from 'interface-datastore'
import { NotFoundError } from 'interface-store'

const pageLength = 256

export class SqliteDatastore extends BaseDatastore {
  readonly #database: DatabaseSync
  readonly #put: StatementSync
  readonly #get: StatementSync
  readonly #delete: StatementSync
  readonly #from: StatementSync
  readonly #after: StatementSync

  constructor(database: DatabaseSync) {
    super()
    this.#database = database
    this.#put = database.prepare('insert or replace into datastore (key, value) values (?, ?)')
    this.#get = database.prepare('select value from datastore where key = ?')
    this.#delete = database.prepare('delete from datastore where key = ?')
    this.#from = database.prepare(`select key, value from datastore where key >= ? order by key limit ${pageLength}`)
    this.#after = database.prepare(`select key, value from datastore where key > ? order by key limit ${pageLength}`)
  }

  override put(key: Key, value: Uint8Array, options: AbortOptions = {}): Key {
    options.signal?.throwIfAborted()
    this.#put.run(key.toString(), value)
    return key
  }

  override get(key: Key, options: AbortOptions = {}): Uint8Array {
    options.signal?.throwIfAborted()
    const value = this.#get.get(key.toString())?.value
    if (!(value instanceof Uint8Array)) throw new NotFoundError(`no record ${key}`)
    return value
  }

  override has(key: Key, options: AbortOptions = {}): boolean {
    options.signal?.throwIfAborted()
    return this.#get.get(key.toString()) !== undefined
  }

  override delete(key: Key, options: AbortOptions = {}): void {
    options.signal?.throwIfAborted()
    this.#delete.run(key.toString())
  }

  override batch(): Batch {
    let changes: (() => void)[] = []
    return {
      put: (key, value) => {
        changes.push(() => this.#put.run(key.toString(), value))
      },
      delete: (key) => {
        changes.push(() => this.#delete.run(key.toString()))
      },
      commit: (options) => {
        options?.signal?.throwIfAborted()
        this.#database.exec('savepoint batch')
        try {
          for (const change of changes) change()
          this.#database.exec('release batch')
        } catch (error) {
          this.#database.exec('rollback to batch; release batch')
          throw error
        }
        changes = []
      },
    }
  }

  override async *_all(query: Query, options: AbortOptions = {}): AsyncGenerator<Pair> {
    for (const { key, value } of this.#rows(query.prefix ?? '')) {
      options.signal?.throwIfAborted()
      yield { key: new Key(key), value }
    }
  }

  override async *_allKeys(query: KeyQuery, options: AbortOptions = {}): AsyncGenerator<Key> {
    for (const { key } of this.#rows(query.prefix ?? '')) {
      options.signal?.throwIfAborted()
      yield new Key(key)
    }
  }

  /** Rows in key order, a page at a time: records may come and go meanwhile. Keys with one prefix stand side by side. */
  *#rows(prefix: string): Generator<{ key: string; value: Uint8Array }> {
    let rows = this.#from.all(prefix)
    for (let last: string | undefined; rows.length > 0; rows = this.#after.all(last)) {
      for (const { key, value } of rows as unknown as { key: string; value: Uint8Array }[]) {
        if (!key.startsWith(prefix)) return
        yield { key, value }
        last = key
      }
      if (last === undefined) return
    }
  }
}
