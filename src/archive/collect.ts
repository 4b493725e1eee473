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
import type { Reserve } from './reserve.ts'
import { RowSet } from './row-set.ts'
import { isFull, storageError } from './storage-error.ts'

/** The archive, as a sweep sees it. */
export interface CollectParts {
  readonly folder: string
  readonly database: DatabaseSync
  readonly manifest: Manifest
  readonly pins: SqlitePins
  readonly rows: BlockRows
  readonly reserve: Reserve
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

/** Blocks, or pages, of a batch where the disk is full: with each, the journal has less to keep. */
const fewerEachTime = [16, 4, 1]

/** Pages that are given back to the disk in one step. */
const pagesAtOnce = 32

/**
 * Frees what nothing needs and gives the space back. Throws an OvnError: `damaged` where something that is needed is damaged
 * or missing, `storage` where it cannot be read, `locked` where another sweep is running.
 */
export async function collectGarbage(parts: CollectParts, options: CollectOptions = {}): Promise<Collection> {
  if (options.dryRun) return new Sweep(parts, options).plan()
  const { database, folder, reserve } = parts
  const takeLock = () => LockFile.take(layout.gcLock(folder))
  const lock = await reserve.spend(() => transact(database, takeLock, options.signal))
  if (lock === undefined) {
    throw new OvnError('locked', 'another `ovn gc` is at work in this archive', { hint: 'wait for it to end' })
  }
  try {
    return await new Sweep(parts, options).run()
  } finally {
    await transact(database, () => lock.release()).catch(() => lock.close())
    reserve.restore()
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
  /** The most that a batch may do. */
  #most = Number.POSITIVE_INFINITY

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
    const { folder, database, pins, reserve } = this.#parts
    const { signal } = this.#options
    const sizeBefore = this.#size()
    await this.#read()
    const begin = () => {
      for (const _ of this.#follow());
      dropDeadHolds(folder, database)
      const unpinned = [...this.#withdrawn].filter((root) => pins.remove(CID.parse(root)))
      return { last: this.#lastIds(), unpinned }
    }
    const { last, unpinned } = await reserve.spend(() => transact(database, begin, signal))
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
      const why = code === 'damaged' ? ', since the archive is not whole' : ''
      throw new OvnError(code, `what is garbage cannot be told${why}: ${error.message}`, {
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
    for (let done = 0, isDone = false; !isDone; ) {
      await this.#markSince()
      const batch = await this.#underLock((isEnough) => {
        for (const _ of this.#steps());
        const batch = { blocks: 0, bytes: 0, last: done, isDone: true }
        for (const id of garbage.after(done)) {
          batch.isDone = false
          if (isEnough()) break
          batch.isDone = true
          batch.last = id
          const size = this.#marker.kept.has(id) ? undefined : lengthOf.get(id)?.size
          if (typeof size !== 'number') continue
          remove.run(id)
          batch.blocks += 1
          batch.bytes += size
        }
        return batch
      })
      this.#blocks += batch.blocks
      this.#bytes += batch.bytes
      done = batch.last
      isDone = batch.isDone
    }
  }

  /** Gives free pages back to the disk, those at the end of the file first. */
  async #shrink(): Promise<void> {
    const { database } = this.#parts
    const freePages = () => database.prepare('pragma freelist_count').get()?.freelist_count as number
    for (let free = freePages(), before = free + 1; free > 0 && free < before; ) {
      before = free
      free = await this.#underLock((isEnough) => {
        let left = before
        for (; left > 0 && !isEnough(); left = freePages()) {
          database.exec(`pragma incremental_vacuum(${Math.min(pagesAtOnce, this.#most)})`)
        }
        return left
      })
    }
  }

  /**
   * Runs a batch under the lock, and leaves the lock to others for as long as it was held. Where the disk is full, the reserve is
   * spent, and the batch is run again with less to do.
   */
  async #underLock<T>(batch: (isEnough: () => boolean) => T): Promise<T> {
    const { database, reserve } = this.#parts
    for (;;) {
      let start = 0
      try {
        const result = await transact(
          database,
          () => {
            start = 1000 * uptime()
            let count = 0
            return batch(() => count++ >= this.#most || 1000 * uptime() - start > holdFor)
          },
          this.#options.signal,
        )
        await sleep(1000 * uptime() - start)
        return result
      } catch (error) {
        const fewer = fewerEachTime.find((most) => most < this.#most)
        if (!isFull(error) || fewer === undefined) throw error
        reserve.release()
        this.#most = fewer
      }
    }
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
