// Frees blocks that nothing needs: no pin, no live root of the manifest, no living hold. What is needed is marked while others
// work; the write lock is taken for a moment per batch, and what came since is marked under it before anything goes. Whatever
// cannot be read ends it: what is not known to be garbage stays.

import { statSync } from 'node:fs'
import { uptime } from 'node:process'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { type EditionRecord, isEdition, isWithdrawal } from '../manifest/record.ts'
import { transact } from './database.ts'
import { deadOwners, dropDeadHolds } from './hold.ts'
import { layout } from './layout.ts'
import { LockFile } from './lock-file.ts'
import { type BlockRows, Marker } from './mark.ts'
import type { SqlitePins } from './pins.ts'
import { RowSet } from './row-set.ts'
import { storageError } from './storage-error.ts'

/** The archive, as a sweep sees it. */
export interface CollectParts {
  readonly folder: string
  readonly database: DatabaseSync
  readonly manifest: Manifest
  readonly pins: SqlitePins
  readonly rows: BlockRows
}

export interface CollectOptions {
  /** Finds out what would go, and writes nothing. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Told how many roots were walked, of how many. */
  readonly onRoot?: (done: number, total: number) => void
}

export interface Collection {
  /** Blocks that were freed, or would be, and their bytes. */
  readonly blocks: number
  readonly bytes: number
  /** Bytes of the database before and after. */
  readonly sizeBefore: number
  readonly sizeAfter: number
  /** Roots that were withdrawn and still pinned: an unpublish was interrupted. */
  readonly unpinned: readonly string[]
  /** Pinned roots without a record: a publish was interrupted, or is under way. They stay. */
  readonly unrecorded: readonly string[]
}

/** Milliseconds for which the lock is held at a time, not counting the commit. */
const holdFor = 20

/** Milliseconds after which the event loop gets a turn. */
const breatheEvery = 20

const pageLength = 1000

/**
 * Frees what nothing needs and gives the space back. Throws an OvnError: `damaged` where something that is needed is damaged
 * or missing, `storage` where it cannot be read, `locked` where another sweep is running.
 */
export async function collectGarbage(parts: CollectParts, options: CollectOptions = {}): Promise<Collection> {
  if (options.dryRun) return new Sweep(parts, options).plan()
  const { database, folder } = parts
  const lock = await transact(database, () => LockFile.take(layout.gcLock(folder)), options.signal)
  if (lock === undefined) {
    throw new OvnError('locked', 'another `ovn gc` is at work in this archive', { hint: 'wait for it to end' })
  }
  try {
    return await new Sweep(parts, options).run()
  } finally {
    await transact(database, () => lock.release()).catch(() => lock.close())
  }
}

class Sweep {
  readonly #parts: CollectParts
  readonly #options: CollectOptions
  readonly #marker: Marker
  readonly #followed: { size: number; lines: number } = { size: 0, lines: 0 }
  /** Roots whose last event is their withdrawal. */
  readonly #withdrawn = new Set<string>()
  readonly #nextPins: StatementSync
  readonly #nextHolds: StatementSync
  /** The last pin and the last hold that were marked; ids only grow. */
  #lastPin = 0
  #lastHold = 0
  #dead: ReadonlySet<string> = new Set()
  #unrecorded: readonly string[] = []
  #breathedAt = 1000 * uptime()
  #blocks = 0
  #bytes = 0

  constructor(parts: CollectParts, options: CollectOptions) {
    this.#parts = parts
    this.#options = options
    this.#marker = new Marker(parts.rows)
    this.#nextPins = parts.database.prepare('select id, root, depth from pin where id > ? order by id limit ?')
    this.#nextHolds = parts.database.prepare(
      'select hold.id, owner, block.id as block from hold left join block using (multihash) where hold.id > ? order by hold.id limit ?',
    )
  }

  /** What would go. */
  async plan(): Promise<Collection> {
    const { folder, database, pins } = this.#parts
    const sizeBefore = this.#size()
    const last = this.#lastIds()
    await this.#read()
    this.#dead = new Set(deadOwners(folder, database))
    const unpinned = [...this.#withdrawn].filter((root) => pins.hasRoot(CID.parse(root)))
    await this.#markAll(last.pin, new Set(unpinned))
    const garbage = await this.#findGarbage(last.block)
    await this.#markSince()
    const lengthOf = database.prepare('select length(bytes) as size from block where id = ?')
    for (const id of garbage) {
      if (!this.#marker.kept.has(id)) this.#count(lengthOf.get(id)?.size)
      await this.#breathe()
    }
    return this.#collection(sizeBefore, unpinned, this.#unrecorded)
  }

  async run(): Promise<Collection> {
    const { folder, database, pins } = this.#parts
    const { signal } = this.#options
    const sizeBefore = this.#size()
    await this.#read()
    const { last, unpinned } = await transact(
      database,
      () => {
        for (const _ of this.#follow());
        dropDeadHolds(folder, database)
        const unpinned = [...this.#withdrawn].filter((root) => pins.remove(CID.parse(root)))
        return { last: this.#lastIds(), unpinned }
      },
      signal,
    )
    await this.#markAll(last.pin)
    await this.#delete(await this.#findGarbage(last.block))
    await this.#shrink()
    return this.#collection(sizeBefore, unpinned, this.#unrecorded)
  }

  /** Reads the manifest, every line hashed: what was withdrawn, and what was not. */
  async #read(): Promise<void> {
    for (const _ of this.#follow()) await this.#breathe()
  }

  /** The editions in the lines that the manifest has gained. */
  *#follow(): Generator<EditionRecord> {
    const { manifest } = this.#parts
    if (manifest.size() < this.#followed.size) {
      throw new OvnError('locked', 'the manifest was replaced while blocks were being marked', {
        hint: 'run `ovn gc` again',
      })
    }
    for (const { record, offset, length } of manifest.placed(this.#followed.size, this.#followed.lines + 1)) {
      this.#followed.size = offset + length + 1
      this.#followed.lines += 1
      if (isWithdrawal(record)) this.#withdrawn.add(record.root)
      else if (isEdition(record)) {
        this.#withdrawn.delete(record.root)
        yield record
      }
    }
  }

  /** Marks all that is needed, while others work. `unpinned`: roots whose pins do not count. */
  async #markAll(lastPin: number, unpinned: ReadonlySet<string> = new Set()): Promise<void> {
    const total = this.#parts.database.prepare('select count(*) as n from pin').get()?.n as number
    let done = 0
    for (const step of this.#steps(lastPin, unpinned)) {
      if (step === 'root') done += 1
      if (step === 'root') this.#options.onRoot?.(Math.min(done, total), total)
      await this.#breathe()
    }
    const recorded = new RowSet()
    const pinOf = this.#parts.database.prepare('select id from pin where root = ?')
    for (const { record } of this.#parts.manifest.placed(0, 1)) {
      await this.#breathe()
      if (!isEdition(record) && !isWithdrawal(record)) continue
      const root = CID.parse(record.root)
      const pin = pinOf.get(root.bytes)?.id
      if (typeof pin === 'number') recorded.add(pin)
      if (this.#withdrawn.has(record.root)) continue
      // A live root without a pin is damage, and no reason to let it go.
      for (const _ of this.#marked(root)) await this.#breathe()
    }
    this.#unrecorded = this.#pinsBeside(recorded, lastPin)
  }

  /** Marks what was pinned, held or recorded since; to be done again under the lock, where it has next to nothing to do. */
  async #markSince(): Promise<void> {
    for (const _ of this.#steps()) await this.#breathe()
  }

  *#steps(lastPin = 0, unpinned: ReadonlySet<string> = new Set()): Generator<'root' | undefined> {
    for (const row of this.#after(this.#nextPins, () => this.#lastPin)) {
      const { id, root, depth } = row as { id: number; root: Uint8Array; depth: number | null }
      const cid = CID.decode(root)
      if (id > lastPin || !unpinned.has(cid.toString())) {
        for (const _ of this.#marked(cid, depth ?? undefined)) yield
      }
      this.#lastPin = id
      yield 'root'
    }
    for (const row of this.#after(this.#nextHolds, () => this.#lastHold)) {
      const { id, owner, block } = row as { id: number; owner: string; block: number | null }
      if (block !== null && !this.#dead.has(owner)) this.#marker.keep(block)
      this.#lastHold = id
    }
    for (const { root } of this.#follow()) for (const _ of this.#marked(CID.parse(root))) yield
  }

  *#after(statement: StatementSync, last: () => number): Generator<unknown> {
    for (let page = statement.all(last(), pageLength); page.length > 0; page = statement.all(last(), pageLength)) {
      yield* page
    }
  }

  *#marked(root: CID, depth?: number): Generator<void> {
    try {
      yield* this.#marker.mark(root, depth)
    } catch (cause) {
      const error = storageError(cause, 'the archive')
      if (!(error instanceof OvnError)) throw error
      const code = error.code === 'not-found' ? 'damaged' : error.code
      throw new OvnError(code, `what is garbage cannot be told, since the archive is not whole: ${error.message}`, {
        hint: 'nothing that is needed was touched; `ovn verify` lists all that is damaged',
        cause,
      })
    }
  }

  /** The rows up to `lastBlock` that are not marked. */
  async #findGarbage(lastBlock: number): Promise<RowSet> {
    const garbage = new RowSet()
    // By multihash, since that index has the ids and not the bytes.
    const page = this.#parts.database.prepare(
      'select id, multihash from block where multihash > ? order by multihash limit ?',
    )
    let last: Uint8Array = new Uint8Array(0)
    for (let rows = page.all(last, pageLength); rows.length > 0; rows = page.all(last, pageLength)) {
      for (const { id } of rows as { id: number }[]) {
        if (id <= lastBlock && !this.#marker.kept.has(id)) garbage.add(id)
      }
      last = rows.at(-1)?.multihash as Uint8Array
      await this.#breathe()
    }
    return garbage
  }

  async #delete(garbage: RowSet): Promise<void> {
    const { database } = this.#parts
    const lengthOf = database.prepare('select length(bytes) as size from block where id = ?')
    const remove = database.prepare('delete from block where id = ?')
    const ids = garbage[Symbol.iterator]()
    for (let next = ids.next(); !next.done; ) {
      await this.#markSince()
      let blocks = this.#blocks
      let bytes = this.#bytes
      await this.#underLock((isTimeUp) => {
        for (const _ of this.#steps());
        for (; !next.done && !isTimeUp(); next = ids.next()) {
          if (this.#marker.kept.has(next.value)) continue
          const size = lengthOf.get(next.value)?.size
          if (typeof size !== 'number') continue
          remove.run(next.value)
          blocks += 1
          bytes += size
        }
      })
      this.#blocks = blocks
      this.#bytes = bytes
    }
  }

  /** Gives free pages back to the disk, those at the end of the file first. */
  async #shrink(): Promise<void> {
    const { database } = this.#parts
    const freePages = () => database.prepare('pragma freelist_count').get()?.freelist_count as number
    for (let free = freePages(), before = free + 1; free > 0 && free < before; ) {
      before = free
      await this.#underLock((isTimeUp) => {
        for (; free > 0 && !isTimeUp(); free = freePages()) database.exec('pragma incremental_vacuum(32)')
      })
    }
  }

  /** Runs a batch under the lock, and leaves the lock to others for as long as it was held. */
  async #underLock(batch: (isTimeUp: () => boolean) => void): Promise<void> {
    let start = 0
    await transact(
      this.#parts.database,
      () => {
        start = 1000 * uptime()
        batch(() => 1000 * uptime() - start > holdFor)
      },
      this.#options.signal,
    )
    await sleep(1000 * uptime() - start)
  }

  /** Pinned roots, up to `lastPin`, that no line of the manifest names. */
  #pinsBeside(recorded: RowSet, lastPin: number): string[] {
    const pins = this.#parts.database.prepare('select id, root from pin where id <= ? order by id').iterate(lastPin)
    const unrecorded = []
    for (const { id, root } of pins as Iterable<{ id: number; root: Uint8Array }>) {
      if (!recorded.has(id)) unrecorded.push(CID.decode(root).toString())
    }
    return unrecorded
  }

  #count(size: unknown): void {
    if (typeof size !== 'number') return
    this.#blocks += 1
    this.#bytes += size
  }

  #lastIds(): { pin: number; block: number } {
    const last = (table: 'pin' | 'block') =>
      (this.#parts.database.prepare(`select max(id) as id from ${table}`).get()?.id ?? 0) as number
    return { pin: last('pin'), block: last('block') }
  }

  #size(): number {
    return statSync(layout.blocks(this.#parts.folder)).size
  }

  #collection(sizeBefore: number, unpinned: readonly string[], unrecorded: readonly string[]): Collection {
    return {
      blocks: this.#blocks,
      bytes: this.#bytes,
      sizeBefore,
      sizeAfter: this.#size(),
      unpinned,
      unrecorded,
    }
  }

  async #breathe(): Promise<void> {
    this.#options.signal?.throwIfAborted()
    if (1000 * uptime() - this.#breathedAt < breatheEvery) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#breathedAt = 1000 * uptime()
    this.#options.signal?.throwIfAborted()
  }
}
