// The blocks of an archive, as they lie on disk. Every row is hashed, in the order in which it lies there; bytes are handed out only
// where they are the ones that their CID names. Each query is short: whoever publishes meanwhile does not wait.

import { hash } from 'node:crypto'
import type { StatementSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { create, decode as decodeMultihash } from 'multiformats/hashes/digest'
import { maxBlockSize } from '../dag/profile.ts'
import type { DamageCode, Fault } from './damage.ts'
import type { DatabaseFault } from './database-fault.ts'
import type { Disk } from './disk.ts'
import type { Stored } from './open-database.ts'
import { bad, hashed, RowStates } from './row-states.ts'

/** What is wrong with a block. */
export interface BlockFault {
  readonly code: DamageCode
  readonly state: Fault
  readonly message: string
  /** Multihash of the bytes that were found. */
  readonly found?: Uint8Array
}

export interface BadRow extends BlockFault {
  readonly multihash: Uint8Array | undefined
}

/** `content`: the bytes; their number where they are more than a block may have; anything else where they are none. */
type Row = readonly [id: number, multihash: unknown, content: unknown]

/** Bytes that are read in one query, and that wait to be hashed beside the main thread. */
const chunkBytes = 1_048_576
const waitingBytes = 8 * 1_048_576

/** Rows in one query. */
const chunkRows = 256

/** From this many bytes on a hash is computed beside the main thread. */
const hashAsideFrom = 65_536

/** Blocks of up to so many bytes stay in memory once they were hashed, up to so many in all: directories and metadata, mostly. */
const smallBytes = 2048
const keptBytes = 16 * 1_048_576

const columns = `id, multihash, case when length(bytes) > ${maxBlockSize} then length(bytes) else bytes end`
const sha256Code = 0x12

export class BlockTable {
  readonly rows = new RowStates()
  /** Rows that were hashed, and their bytes. */
  blocks = 0
  bytes = 0
  readonly #bad = new Map<number, BadRow>()
  /** Small blocks that were found right, by row. */
  readonly #kept = new Map<number, { readonly multihash: Uint8Array; readonly bytes: Uint8Array }>()
  #keptBytes = 0
  readonly #disk: Disk
  readonly #scan: StatementSync
  readonly #find: StatementSync
  readonly #read: StatementSync

  /** `indexIsRight`: SQLite's own check has found the index of multihashes to agree with the rows. */
  constructor({ database, disk }: Stored, indexIsRight: boolean) {
    this.#disk = disk
    this.#scan = database.prepare(`select ${columns} from block where id > ? order by id`)
    const own = indexIsRight ? 'multihash' : '(select row.multihash from block row where row.id = block.id)'
    this.#find = database.prepare(`select id, ${own} as own from block where multihash = ?`)
    this.#read = database.prepare(`select ${columns} from block where multihash = ?`)
    this.#scan.setReturnArrays(true)
    this.#read.setReturnArrays(true)
  }

  /**
   * Hashes every row. Returns what kept SQLite from reading on, if anything did; blocks that are needed are then looked for
   * one by one. `onBytes` is told of the bytes that were hashed since the last time.
   */
  async hashAll(signal: AbortSignal, onBytes: (count: number) => void): Promise<DatabaseFault | undefined> {
    let last = Number.MIN_SAFE_INTEGER
    let waiting = 0
    let wake = Promise.withResolvers<void>()
    const pending = new Set<Promise<void>>()
    for (;;) {
      signal.throwIfAborted()
      const chunk: Row[] = []
      const before = last
      try {
        let size = 0
        for (const row of this.#scan.iterate(last) as Iterable<unknown>) {
          const each = row as Row
          chunk.push(each)
          last = each[0]
          size += lengthOf(each)
          if (size >= chunkBytes || chunk.length >= chunkRows) break
        }
      } catch (error) {
        for (const row of chunk) this.#hash(row)
        await Promise.all(pending)
        return this.#disk.faultOf(error)
      }
      if (chunk.length === 0) break
      if ((chunk[0] as Row)[0] <= before || last < (chunk[0] as Row)[0]) {
        await Promise.all(pending)
        return { code: 'database-structure', state: 'damaged', message: 'its rows are out of order' }
      }
      let done = 0
      for (const row of chunk) {
        const [, multihash, bytes] = row
        if (!(bytes instanceof Uint8Array) || bytes.byteLength < hashAsideFrom || !isSha256(multihash)) {
          this.#hash(row)
          done += lengthOf(row)
          continue
        }
        const size = bytes.byteLength
        waiting += size
        const digesting = crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>).then((digest) => {
          this.#judge(row, new Uint8Array(digest))
          release(bytes)
          waiting -= size
          pending.delete(digesting)
          onBytes(size)
          wake.resolve()
        })
        pending.add(digesting)
      }
      onBytes(done)
      while (waiting > waitingBytes) {
        await wake.promise
        wake = Promise.withResolvers()
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(pending)
    return undefined
  }

  /** The row that holds a block, or why there is none to be had. Its bytes are not read. */
  find(multihash: Uint8Array): number | BlockFault {
    try {
      const row = this.#find.get(multihash)
      if (typeof row?.id !== 'number') return missing
      return row.own instanceof Uint8Array && Buffer.compare(row.own, multihash) === 0 ? row.id : misplaced
    } catch (error) {
      return this.#unreadable(error)
    }
  }

  /** What is wrong with the bytes of a row that was found, which are hashed now unless they were before. */
  faultAt(id: number, multihash: Uint8Array): BlockFault | undefined {
    if ((this.rows.flags(id) & hashed) === 0) {
      const read = this.read(multihash)
      return read instanceof Uint8Array ? undefined : read
    }
    return (this.rows.flags(id) & bad) === 0 ? undefined : this.#bad.get(id)
  }

  /** Reads the bytes of a block and hashes them, or says what is wrong with them. `id` is its row, where that was found. */
  read(multihash: Uint8Array, id?: number): Uint8Array | BlockFault {
    const known = id ?? this.find(multihash)
    if (typeof known !== 'number') return known
    const kept = this.#kept.get(known)
    // The row may be another block's by now.
    if (kept !== undefined && Buffer.compare(kept.multihash, multihash) === 0) return kept.bytes
    let row: Row | undefined
    try {
      row = this.#read.get(multihash) as Row | undefined
    } catch (error) {
      return this.#unreadable(error)
    }
    if (row === undefined) return missing
    const [found, , content] = row
    // What was hashed before is hashed again: it may have been written anew, and nothing is decoded unhashed.
    return this.#judge([found, multihash, content], digestOf(row)) ?? (content as Uint8Array)
  }

  /** The rows whose bytes are not the right ones. */
  badRows(): IterableIterator<[id: number, row: BadRow]> {
    return this.#bad.entries()
  }

  #unreadable(error: unknown): BlockFault {
    const { code, state, message } = this.#disk.faultOf(error)
    return { code, state, message: `the database could not be read where it lies: ${message}` }
  }

  #hash(row: Row): void {
    const [id, multihash, bytes] = row
    if (this.#judge(row, digestOf(row)) === undefined && lengthOf(row) <= smallBytes && this.#keptBytes < keptBytes) {
      this.#kept.set(id, { multihash: multihash as Uint8Array, bytes: bytes as Uint8Array })
      this.#keptBytes += lengthOf(row)
    } else {
      release(bytes)
    }
  }

  /** Notes what a row is worth, once. `digest` is the sha2-256 of its bytes. */
  #judge(row: Row, digest: Uint8Array | undefined): BlockFault | undefined {
    const [id, multihash] = row
    const fault = faultIn(row, digest)
    if ((this.rows.flags(id) & hashed) === 0) {
      this.blocks += 1
      this.bytes += lengthOf(row)
      this.rows.mark(id, hashed)
      this.rows.setLength(id, lengthOf(row))
    }
    if (fault !== undefined) {
      this.rows.mark(id, bad)
      this.#bad.set(id, { ...fault, multihash: multihash instanceof Uint8Array ? multihash : undefined })
    }
    return fault
  }
}

const missing: BlockFault = { code: 'block-missing', state: 'missing', message: 'it is not in the archive' }

const misplaced: BlockFault = {
  code: 'block-hash',
  state: 'damaged',
  message: 'the index of the database leads to another block in its place',
}

function lengthOf([, , content]: Row): number {
  if (content instanceof Uint8Array) return content.byteLength
  return typeof content === 'number' ? content : 0
}

/** Gives the memory of a block back at once: until the garbage is collected there would be room for hundreds of them. */
function release(bytes: unknown): void {
  if (bytes instanceof Uint8Array && bytes.byteLength >= 1024 && bytes.byteLength === bytes.buffer.byteLength) {
    ;(bytes.buffer as ArrayBuffer).transfer(0)
  }
}

function digestOf([, , bytes]: Row): Uint8Array | undefined {
  return bytes instanceof Uint8Array ? hash('sha256', bytes, 'buffer') : undefined
}

function isSha256(multihash: unknown): multihash is Uint8Array {
  return (
    multihash instanceof Uint8Array && multihash.length === 34 && multihash[0] === sha256Code && multihash[1] === 32
  )
}

function faultIn(row: Row, digest: Uint8Array | undefined): BlockFault | undefined {
  const [, multihash, bytes] = row
  if (!(multihash instanceof Uint8Array))
    return { code: 'block-multihash', state: 'damaged', message: 'it has no multihash' }
  if (!(bytes instanceof Uint8Array) || digest === undefined) {
    const length = lengthOf(row)
    return length > maxBlockSize
      ? { code: 'block-size', state: 'damaged', message: `it has ${length} bytes, more than ${maxBlockSize}` }
      : { code: 'block-content', state: 'damaged', message: 'it holds no bytes' }
  }
  if (isSha256(multihash)) {
    if (Buffer.compare(digest, multihash.subarray(2)) === 0) return undefined
    const message = `its ${bytes.byteLength} bytes do not match its CID`
    return { code: 'block-hash', state: 'damaged', message, found: create(sha256Code, digest).bytes }
  }
  return faultOfOther(multihash, bytes)
}

/** A block under another hash function than sha2-256: an identity holds its own bytes, of all others nothing can be said. */
function faultOfOther(multihash: Uint8Array, bytes: Uint8Array): BlockFault | undefined {
  try {
    const { code, digest } = decodeMultihash(multihash)
    if (code === 0 && Buffer.compare(digest, bytes) === 0) return undefined
    if (code === 0 || code === sha256Code) {
      return { code: 'block-hash', state: 'damaged', message: 'its bytes do not match its CID' }
    }
    return {
      code: 'block-function',
      state: 'not checked',
      message: `its hash function 0x${code.toString(16)} is not trusted`,
    }
  } catch {
    return { code: 'block-multihash', state: 'damaged', message: 'what should be its multihash is none' }
  }
}

/** A CID for a multihash whose codec is not known: that of raw bytes. Undefined where it is no multihash. */
export function rawCidOf(multihash: Uint8Array | undefined): string | undefined {
  return cidWith(rawCode, multihash)
}

/** The CID (version 1, base32) of a multihash read with a codec; undefined where it is no multihash. */
export function cidWith(codec: number, multihash: Uint8Array | undefined): string | undefined {
  if (multihash === undefined) return undefined
  try {
    return CID.createV1(codec, decodeMultihash(multihash)).toString()
  } catch {
    return undefined
  }
}
