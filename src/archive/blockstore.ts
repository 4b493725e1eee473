// Blocks in SQLite, as a Helia Blockstore. A block is keyed by its multihash. Nothing goes in or out unhashed, and right
// bytes replace damaged ones.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AbortOptions } from 'abort-error'
import { BaseBlockstore } from 'blockstore-core/base'
import type { Pair } from 'interface-blockstore'
import { NotFoundError } from 'interface-store'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { decode as decodeMultihash } from 'multiformats/hashes/digest'
import { assertHash } from '../dag/hash.ts'
import type { GetStore } from '../dag/read-block.ts'

export class SqliteBlockstore extends BaseBlockstore {
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #select: StatementSync
  readonly #exists: StatementSync
  readonly #delete: StatementSync
  readonly #page: StatementSync

  constructor(database: DatabaseSync) {
    super()
    this.#insert = database.prepare('insert into block (multihash, bytes) values (?, ?) on conflict do nothing')
    this.#update = database.prepare('update block set bytes = ?1 where multihash = ?2 and bytes is not ?1')
    this.#select = database.prepare('select bytes from block where multihash = ?')
    this.#exists = database.prepare('select 1 from block where multihash = ?')
    this.#delete = database.prepare('delete from block where multihash = ?')
    this.#page = database.prepare('select id, multihash, bytes from block where id > ? order by id limit 1')
  }

  /** The stored bytes as they are, for `readBlock` alone: it hashes them itself, large ones beside the main thread, and once. */
  get unhashed(): GetStore {
    return { get: (cid, options) => this.#read(cid, options) }
  }

  /** Stores a block whose bytes are known to hash to its CID. Returns false where it was stored already, intact. */
  insert(cid: CID, bytes: Uint8Array): boolean {
    const key = cid.multihash.bytes
    return this.#insert.run(key, bytes).changes > 0 || this.#update.run(bytes, key).changes > 0
  }

  /** Whether a block is stored; its bytes are not read. */
  hasSync(cid: CID): boolean {
    return this.#exists.get(cid.multihash.bytes) !== undefined
  }

  override async put(
    cid: CID,
    content: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    options: AbortOptions = {},
  ): Promise<CID> {
    options.signal?.throwIfAborted()
    const bytes = content instanceof Uint8Array ? content : await collect(content)
    assertHash(cid, bytes)
    this.insert(cid, bytes)
    return cid
  }

  override async *get(cid: CID, options: AbortOptions = {}): AsyncGenerator<Uint8Array> {
    for await (const bytes of this.#read(cid, options)) {
      assertHash(cid, bytes)
      yield bytes
    }
  }

  async *#read(cid: CID, options: AbortOptions = {}): AsyncGenerator<Uint8Array> {
    options.signal?.throwIfAborted()
    const bytes = this.#select.get(cid.multihash.bytes)?.bytes
    if (!(bytes instanceof Uint8Array)) throw new NotFoundError(`block ${cid} is missing`)
    yield bytes
  }

  override has(cid: CID, options: AbortOptions = {}): boolean {
    options.signal?.throwIfAborted()
    return this.hasSync(cid)
  }

  override delete(cid: CID, options: AbortOptions = {}): void {
    options.signal?.throwIfAborted()
    this.#delete.run(cid.multihash.bytes)
  }

  /** Every block, under a raw CID: the store does not know their codecs. Blocks may come and go meanwhile. */
  override async *getAll(options: AbortOptions = {}): AsyncGenerator<Pair> {
    let last: unknown = 0
    for (let row = this.#page.get(0); row !== undefined; row = this.#page.get(last as number)) {
      options.signal?.throwIfAborted()
      last = row.id
      const cid = CID.createV1(rawCode, decodeMultihash(row.multihash as Uint8Array))
      const bytes = row.bytes as Uint8Array
      yield {
        cid,
        bytes: (async function* () {
          assertHash(cid, bytes)
          yield bytes
        })(),
      }
    }
  }
}

async function collect(content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}
