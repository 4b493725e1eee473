// Which editions the manifest records, by slug and by root, and which of them were withdrawn: a cache of the manifest in the database, never a second truth.
// What the manifest has gained since the cache was stored is read from its end; where the two do not fit, the manifest wins
// and the cache is made anew.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Manifest, Placed } from '../manifest/manifest.ts'
import {
  type EditionRecord,
  isEdition,
  isWithdrawal,
  type ManifestRecord,
  type WithdrawRecord,
} from '../manifest/record.ts'

interface Mark {
  /** Bytes and lines of the manifest that are known. */
  readonly size: number
  readonly lines: number
  /** Where the last known line starts, and the CID of its record. */
  readonly lastStart: number
  readonly lastCid: string | undefined
}

/** The events that say whether a root is kept. */
type RootEvent = EditionRecord | WithdrawRecord

function isRootEvent(record: ManifestRecord): record is RootEvent {
  return isEdition(record) || isWithdrawal(record)
}

const nothing: Mark = { size: 0, lines: 0, lastStart: 0, lastCid: undefined }

export class Editions {
  readonly #database: DatabaseSync
  readonly #manifest: Manifest
  readonly #bySlug: StatementSync
  readonly #byRoot: StatementSync
  readonly #slugs: StatementSync
  readonly #insert: StatementSync
  /** How far the stored rows reach, and how far those and the tail do. */
  #stored: Mark = nothing
  #known: Mark = nothing
  /** What the manifest has beyond the stored rows. */
  #tail: Placed[] = []
  #loaded = false

  constructor(database: DatabaseSync, manifest: Manifest) {
    this.#database = database
    this.#manifest = manifest
    this.#bySlug = database.prepare('select start, length from edition where slug = ? order by start')
    this.#byRoot = database.prepare('select start, length from edition where root = ? order by start')
    this.#slugs = database.prepare('select distinct slug from edition where slug >= ? order by slug limit ?')
    this.#insert = database.prepare(
      'insert into edition (slug, version, root, event, start, length) values (?, ?, ?, ?, ?, ?) on conflict do nothing',
    )
  }

  /** CID of the last record; undefined where there is none. */
  get lastCid(): string | undefined {
    return this.#known.lastCid
  }

  /** Where the next record of the manifest will begin, in bytes, and how many lines stand before it. */
  get end(): { readonly size: number; readonly lines: number } {
    return this.#known
  }

  /** Reads what the manifest has gained. Throws an OvnError `damaged` where a new line is. */
  refresh(): void {
    if (!this.#loaded) this.#load()
    const size = this.#manifest.size()
    if (size < this.#known.size) this.#forget()
    if (size > this.#known.size) this.add(this.#manifest.placedFrom(this.#known.size, this.#known.lines + 1))
  }

  /** Takes up records that stand right after those that are known. */
  add(placed: readonly Placed[]): void {
    const last = placed.at(-1)
    if (last === undefined) return
    this.#tail.push(...placed)
    this.#known = {
      size: last.offset + last.length + 1,
      lines: this.#known.lines + placed.length,
      lastStart: last.offset,
      lastCid: last.record.cid,
    }
  }

  /** Stores what was read since the last time. The caller holds the write lock; the manifest's lines are on disk. */
  store(): void {
    if (this.#tail.length === 0) return
    if (this.#stored.size === 0) this.#database.exec('delete from edition')
    for (const { record, offset, length } of this.#tail) {
      if (isRootEvent(record)) {
        this.#insert.run(record.slug, record.version, record.root, record.event, offset, length)
      }
    }
    const { size, lines, lastStart, lastCid } = this.#known
    this.#database.exec('delete from manifest_mark')
    this.#database.prepare('insert into manifest_mark values (?, ?, ?, ?)').run(size, lines, lastStart, lastCid ?? '')
    this.#stored = this.#known
    this.#tail = []
  }

  /** Stores the whole cache anew, whatever is in it. The caller holds the write lock. */
  renew(): void {
    this.#forget()
    this.refresh()
    this.#database.exec('delete from edition; delete from manifest_mark')
    this.store()
  }

  /** What {@link store} stored was taken back with its transaction: it is read again. */
  rollBack(): void {
    this.#forget()
    this.#loaded = false
  }

  /**
   * The editions of an article, oldest version first, whichever came into the archive first. One that was withdrawn is among
   * them, one that was recorded again counts once.
   */
  ofSlug(slug: string): EditionRecord[] {
    const records = this.#find(this.#bySlug, slug, (record) => record.slug === slug).filter(isEdition)
    const last = new Map(records.map((record) => [record.root, record]))
    return [...last.values()].sort((a, b) => a.version - b.version)
  }

  /** The last record of an edition with this root (version 1, base32); undefined where there is none. */
  ofRoot(root: string): EditionRecord | undefined {
    return this.#ofRoot(root).findLast(isEdition)
  }

  /** The record that withdrew a root; undefined where none did, or where it was recorded again after that. */
  withdrawalOf(root: string): WithdrawRecord | undefined {
    const last = this.#ofRoot(root).at(-1)
    return last !== undefined && isWithdrawal(last) ? last : undefined
  }

  /** Whether a root is to be kept: the last event about it is an edition, not its withdrawal. */
  isLive(root: string): boolean {
    const last = this.#ofRoot(root).at(-1)
    return last !== undefined && isEdition(last)
  }

  #ofRoot(root: string): RootEvent[] {
    return this.#find(this.#byRoot, root, (record) => record.root === root)
  }

  /** Up to `limit` slugs that begin with a prefix, in order. */
  slugs(prefix: string, limit: number): string[] {
    const found = new Set((this.#rows(this.#slugs, prefix, limit) as { slug: string }[]).map(({ slug }) => slug))
    for (const { record } of this.#tail) if (isRootEvent(record)) found.add(record.slug)
    return [...found]
      .filter((slug) => slug.startsWith(prefix))
      .sort()
      .slice(0, limit)
  }

  #find(statement: StatementSync, key: string, matches: (record: RootEvent) => boolean): RootEvent[] {
    const records: RootEvent[] = []
    for (const { start, length } of this.#rows(statement, key) as { start: number; length: number }[]) {
      const record = this.#manifest.recordAt(start, length)
      if (record === undefined || !isRootEvent(record) || !matches(record)) {
        // The cache points at something else: the manifest was edited. It is read anew, and it is what counts.
        this.#forget()
        this.refresh()
        return this.#fromTail(matches)
      }
      records.push(record)
    }
    return [...records, ...this.#fromTail(matches)]
  }

  #fromTail(matches: (record: RootEvent) => boolean): RootEvent[] {
    return this.#tail
      .map(({ record }) => record)
      .filter((record) => isRootEvent(record) && matches(record)) as RootEvent[]
  }

  /** Stored rows; none where they are of another manifest. */
  #rows(statement: StatementSync, ...keys: (string | number)[]): unknown[] {
    return this.#stored.size === 0 ? [] : statement.all(...keys)
  }

  #load(): void {
    this.#loaded = true
    const row = this.#database.prepare('select * from manifest_mark').get()
    if (row === undefined) return
    const mark = row as unknown as { size: number; lines: number; last_start: number; last_cid: string }
    const last = this.#manifest.recordAt(mark.last_start, mark.size - mark.last_start - 1)
    if (last?.cid !== mark.last_cid) return
    this.#stored = { size: mark.size, lines: mark.lines, lastStart: mark.last_start, lastCid: mark.last_cid }
    this.#known = this.#stored
  }

  #forget(): void {
    this.#stored = nothing
    this.#known = nothing
    this.#tail = []
    this.#loaded = true
  }
}
