// An archive: one folder that holds a newsroom's articles, their pins and their manifest.
// The write order, never changed: blocks and pin in one durable transaction → manifest line on disk → answer.

import type { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { makeDurableFolder } from '../dag/make-folder.ts'
import { OvnError } from '../errors.ts'
import { Manifest } from '../manifest/manifest.ts'
import type { Draft, EditionRecord } from '../manifest/record.ts'
import { SqliteBlockstore } from './blockstore.ts'
import type { Collection, CollectOptions } from './collect.ts'
import { openDatabase, transact } from './database.ts'
import { SqliteDatastore } from './datastore.ts'
import { Editions } from './editions.ts'
import { Hold } from './hold.ts'
import { assertArchive, assertCreatable, layout } from './layout.ts'
import { SqlitePins } from './pins.ts'
import { Reserve } from './reserve.ts'
import { Stage, type StagedBlock } from './stage.ts'
import { storageError } from './storage-error.ts'

/** A bundle that is written to a stage and waits to be stored and recorded. */
export interface Prepared {
  readonly root: CID
  readonly draft: Draft
  /** Whether the draft may be recorded as it is, asked under the lock: what the archive holds may have changed since it was made. */
  fits(editions: Editions): boolean
}

export interface Stored {
  /** Records in the order of the drafts; undefined where one did not fit any more, or lost its pin: it is to be made and stored anew. */
  readonly records: readonly (EditionRecord | undefined)[]
  /** Bytes of an unfinished manifest line that were set aside; 0 as a rule. */
  readonly torn: number
}

export interface Withdrawn {
  readonly chosen: readonly EditionRecord[]
  /** Roots of those that were withdrawn now; the others were before. */
  readonly roots: readonly string[]
  /** As in {@link Stored}. */
  readonly torn: number
}

export class Archive {
  readonly folder: string
  readonly manifest: Manifest
  readonly blocks: SqliteBlockstore
  readonly datastore: SqliteDatastore
  readonly pins: SqlitePins
  readonly editions: Editions
  readonly #database: DatabaseSync
  readonly #reserve: Reserve
  readonly #holds: Hold[] = []

  /** Use {@link openArchive} or {@link createArchive}. */
  constructor(folder: string, database: DatabaseSync) {
    this.folder = folder
    this.#database = database
    this.#reserve = new Reserve(folder)
    this.manifest = new Manifest(layout.manifest(folder))
    this.blocks = new SqliteBlockstore(database)
    this.datastore = new SqliteDatastore(database)
    this.pins = new SqlitePins(database, this.blocks)
    this.editions = new Editions(database, this.manifest)
  }

  /** The archive's parts as a Helia node takes them; see `composeNode`. */
  get parts(): { blockstore: SqliteBlockstore; datastore: SqliteDatastore; pins: SqlitePins } {
    return { blockstore: this.blocks, datastore: this.datastore, pins: this.pins }
  }

  /** A new hold, released with the archive at the latest. */
  hold(): Hold {
    const hold = new Hold(this.folder, this.#database)
    this.#holds.push(hold)
    return hold
  }

  /** A new stage, whose overflow goes to this archive and is held until it is pinned. */
  stage(hold: Hold, signal?: AbortSignal): Stage {
    return new Stage((blocks) => this.storeAhead(blocks, hold, signal))
  }

  /** Stores blocks before there is a pin that needs them; what swept the archive meanwhile would take them but for the hold. */
  async storeAhead(blocks: readonly StagedBlock[], hold: Hold, signal?: AbortSignal): Promise<void> {
    await this.#write(() => {
      this.#insert(blocks)
      hold.protect(blocks.map(({ cid }) => cid.multihash.bytes))
    }, signal)
  }

  /**
   * Stores blocks with the pins of their roots, then records them: when it returns, all of it is on disk. A draft that does
   * not fit any more is not recorded, and its pin is taken back. A hold is cleared: the pins need all that it protects.
   */
  async store(
    blocks: readonly StagedBlock[],
    prepared: readonly Prepared[],
    { hold, signal }: { readonly hold?: Hold; readonly signal?: AbortSignal } = {},
  ): Promise<Stored> {
    await this.#write(() => {
      this.editions.refresh()
      this.editions.store()
      this.#insert(blocks)
      for (const { root, draft } of prepared) this.pins.insert(root, { slug: draft.slug, version: draft.version })
      hold?.clear()
    }, signal)
    // No signal from here on: what is stored and pinned is also recorded.
    return this.#write(() => this.#record(prepared))
  }

  /**
   * Stores blocks that are pinned and recorded already, so that damaged ones are mended, and renews the pin. Returns false,
   * and stores nothing, where the edition was withdrawn meanwhile.
   */
  mend(blocks: readonly StagedBlock[], root: CID, record: EditionRecord, signal?: AbortSignal): Promise<boolean> {
    return this.#write(() => {
      this.editions.refresh()
      if (!this.editions.isLive(record.root)) return false
      this.#insert(blocks)
      if (!this.pins.hasRoot(root)) this.pins.insert(root, { slug: record.slug, version: record.version })
      return true
    }, signal)
  }

  /** Runs synchronous work under the write lock, in one transaction. */
  exclusively<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    return this.#write(work, signal)
  }

  /**
   * Withdraws editions that are chosen under the lock: records it durably, then takes their pins away. Their blocks stay until
   * the next sweep. Of those that were withdrawn before, a pin that a crash left behind goes as well.
   */
  withdraw(
    choose: (editions: Editions) => readonly EditionRecord[],
    { reason, time, signal }: { readonly reason: string; readonly time: string; readonly signal?: AbortSignal },
  ): Promise<Withdrawn> {
    const withdraw = () => {
      this.editions.refresh()
      const chosen = choose(this.editions)
      const drafts = chosen
        .filter(({ root }) => this.editions.isLive(root))
        .map(({ slug, version, root }) => ({ event: 'withdraw', slug, version, root, reason, time }) as const)
      // First in the journal, so that a full disk is met before the line is written; on disk they go with the commit.
      for (const { root } of chosen) this.pins.remove(CID.parse(root))
      const torn = drafts.length > 0 ? this.manifest.setAsideTorn() : 0
      if (drafts.length > 0) this.editions.add(this.manifest.append(drafts, this.editions.lastCid))
      return { torn, chosen, roots: drafts.map(({ root }) => root) }
    }
    return this.#reserve.spend(() => this.#write(withdraw, signal))
  }

  /** Frees blocks that nothing needs. Throws as `collectGarbage` does. */
  async collect(options?: CollectOptions): Promise<Collection> {
    const [{ collectGarbage }, { blockRows }] = await Promise.all([import('./collect.ts'), import('./mark.ts')])
    const { folder, manifest, pins } = this
    return collectGarbage(
      { folder, manifest, pins, database: this.#database, rows: blockRows(this.#database), reserve: this.#reserve },
      options,
    )
  }

  /** Puts space by for a full disk, where there is none yet and plenty is free. */
  keepReserve(): void {
    this.#reserve.keep()
  }

  close(): void {
    for (const hold of this.#holds) hold.release()
    this.#database.close()
  }

  #insert(blocks: readonly StagedBlock[]): void {
    for (const { cid, bytes } of blocks) this.blocks.insert(cid, bytes)
  }

  #record(prepared: readonly Prepared[]): Stored {
    const torn = this.manifest.setAsideTorn()
    this.editions.refresh()
    // A pin that is gone again was one of a withdrawn root, and house-keeping may have taken the blocks with it.
    const fitting = prepared.map((each) => each.fits(this.editions) && this.pins.hasRoot(each.root))
    const drafts = prepared.filter((_, index) => fitting[index]).map(({ draft }) => draft)
    const placed = drafts.length === 0 ? [] : this.manifest.append(drafts, this.editions.lastCid)
    this.editions.add(placed)
    for (const [index, { root }] of prepared.entries()) {
      if (!fitting[index] && !this.editions.isLive(root.toString())) this.pins.remove(root)
    }
    const records = placed.map(({ record }) => record as EditionRecord)
    return { torn, records: fitting.map((fits) => (fits ? records.shift() : undefined)) }
  }

  async #write<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    try {
      return await transact(this.#database, work, signal)
    } catch (error) {
      this.editions.rollBack()
      throw error
    }
  }
}

/** Opens the archive in a folder for reading, or for writing too. Throws an OvnError `not-found` where there is none. */
export function openArchive(folder: string, { readOnly = false } = {}): Archive {
  assertArchive(folder)
  return open(folder, readOnly)
}

/** Opens the archive in a folder, and creates folder and archive where there is none. */
export function createArchive(folder: string): Archive {
  makeArchiveFolder(folder)
  return open(folder, false)
}

/** Opens an archive, unless a newer ovn has written to it. */
function open(folder: string, readOnly: boolean): Archive {
  try {
    new Manifest(layout.manifest(folder)).assertKnown()
  } catch (error) {
    throw storageError(error, layout.manifest(folder))
  }
  const archive = new Archive(folder, openDatabase(layout.blocks(folder), { readOnly }))
  if (!readOnly) archive.keepReserve()
  return archive
}

/** Makes the folder of an archive, durably. Throws an OvnError `usage` where it would lie among other files. */
export function makeArchiveFolder(folder: string): void {
  assertCreatable(folder)
  try {
    makeDurableFolder(folder)
  } catch (error) {
    const isLinkToNowhere = (error as NodeJS.ErrnoException).code === 'EEXIST'
    if (!isLinkToNowhere) throw storageError(error, folder)
    throw new OvnError('storage', `${folder} is a link to a folder that is not there`, {
      hint: 'make that folder, or name another',
      cause: error,
    })
  }
}
