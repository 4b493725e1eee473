// The whole of an archive, or some of its editions, checked: every block, every DAG, every line, every pin. It reads and never writes,
// and shares nothing with what wrote: what both got wrong would look right.

import { closeSync, openSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { assertArchive, layout } from '../archive/layout.ts'
import { storageError } from '../archive/storage-error.ts'
import { OvnError } from '../errors.ts'
import { parseRef } from '../links/parse-ref.ts'
import type { EditionRecord } from '../manifest/record.ts'
import { type BadRow, BlockTable, rawCidOf } from './block-table.ts'
import { checkParents, checkVersions, followRoots, labelOf, type RootState } from './check-chain.ts'
import { type Below, type BlockProblem, DagCheck, foundCid } from './check-dag.ts'
import { checkIndex } from './check-index.ts'
import { checkPin, checkPins, type LonelyPin } from './check-pins.ts'
import { checkRecord } from './check-record.ts'
import { type Damage, hints, type Need, type Notice, repairHint } from './damage.ts'
import {
  checkStructure,
  closeStored,
  databaseDamage,
  type OpenedDatabase,
  openToVerify,
  type Stored,
} from './open-database.ts'
import { Pace } from './pace.ts'
import { isEditionLine, type ReadManifest, type RootLine, readManifest, recordOf, stampOf } from './read-manifest.ts'
import { hashed, needed } from './row-states.ts'

/** Everything that was found. */
export interface ArchiveChecked {
  /** Articles and editions that are kept, and were checked. */
  readonly articles: number
  readonly editions: number
  /** Editions of those of which something is damaged, missing or not checked. */
  readonly harmed: number
  /** Blocks that were read and hashed, and their bytes. */
  readonly blocks: number
  readonly bytes: number
  /** Lines of the manifest, and pins; 0 where only some editions were checked. */
  readonly lines: number
  readonly pins: number
  /** Blocks that no article, no pin and no command under way needs. */
  readonly strays: { readonly blocks: number; readonly bytes: number }
  readonly damage: readonly Damage[]
  readonly notices: readonly Notice[]
}

export interface VerifyOptions {
  readonly signal: AbortSignal
  /** Told of bytes that were hashed, of about so many. */
  readonly onBytes: (done: number, total: number) => void
}

/** How often an archive that changes while it is checked is checked again, when something seemed wrong with it. */
const attempts = 3

/**
 * Checks the archive in a folder; with refs, only the editions that they name. All that is wrong comes back together. What
 * seemed wrong while others were writing is looked at again, and in the end while they wait.
 * Throws an OvnError: `not-found`, `usage`, `locked`, `unsupported`, `storage`.
 */
export async function verifyArchive(
  folder: string,
  refs: readonly string[],
  options: VerifyOptions,
): Promise<ArchiveChecked> {
  assertArchive(folder)
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === attempts
    let check: Check | undefined
    try {
      check = new Check(folder, options)
      const checked = refs.length === 0 ? await check.all(isLast) : await check.some(refs, isLast)
      const isWhole = checked.damage.length === 0 && checked.notices.length === 0
      const isDoubtful = check.hasChanged() || (attempt === 1 && check.hasFailed)
      if (isWhole || isLast || !isDoubtful) return checked
    } catch (error) {
      throw storageError(error, folder)
    } finally {
      check?.close()
    }
  }
}

/** One attempt. */
class Check {
  readonly #options: VerifyOptions
  readonly #manifestFile: string
  readonly #blocksFile: string
  readonly #damage: Damage[] = []
  readonly #notices: Notice[] = []
  /** What is wrong with blocks, by their CID: one entry each, however many need it. */
  readonly #blockDamage = new Map<string, Damage & { readonly needs: Need[] }>()
  /** Multihashes of those. */
  readonly #located = new Set<string>()
  #manifest: ReadManifest
  #opened: OpenedDatabase
  #version: unknown
  #done = 0
  #wholeArchive = true

  constructor(folder: string, options: VerifyOptions) {
    this.#options = options
    this.#manifestFile = layout.manifest(folder)
    this.#blocksFile = layout.blocks(folder)
    // First the manifest: what it records was stored before.
    this.#manifest = readManifest(this.#manifestFile)
    this.#opened = openToVerify(this.#blocksFile)
    this.#version = this.#dataVersion()
  }

  close(): void {
    if (this.#opened.stored !== undefined) closeStored(this.#opened.stored)
  }

  /** Whether another process has written since the beginning. */
  hasChanged(): boolean {
    return this.#manifestHasChanged() || this.#version !== this.#dataVersion()
  }

  /** Whether a query failed: a disk may fail for a moment only. */
  get hasFailed(): boolean {
    return this.#opened.hasFailed || this.#opened.stored?.disk.hasFailed === true
  }

  async all(hold: boolean): Promise<ArchiveChecked> {
    const stored = await this.#begin(hold)
    const { damage: parentDamage, notices } = checkParents(this.#manifest, this.#manifestFile)
    const { roots, damage: rootDamage } = followRoots(this.#manifest)
    const versions = checkVersions(
      this.#manifest.lines.filter(isEditionLine),
      roots,
      this.#manifest,
      this.#manifestFile,
    )
    this.#damage.push(...this.#manifest.damage, ...parentDamage, ...rootDamage, ...versions.damage)
    this.#notices.push(...notices, ...versions.notices, ...this.#tornNotice())
    const live = [...roots.values()].filter((root) => root.live)
    this.#notices.push(...this.#doubleNotices(live))

    if (stored === undefined) return this.#result(live, undefined)
    const structure = checkStructure(stored)
    this.#damage.push(...structure)
    const pins = checkPins(stored, roots, this.#manifest.claimed, this.#manifestFile)
    this.#damage.push(...pins.damage, ...checkIndex(stored, this.#manifest))
    this.#notices.push(...pins.notices)
    const table = this.#tableOf(stored, structure.length === 0)
    if (table === undefined) return this.#result(live, undefined, pins.pins)

    const total = statSync(this.#blocksFile).size
    const fault = await table.hashAll(this.#options.signal, (count) => this.#tell(count, total))
    if (fault !== undefined) this.#damage.push(databaseDamage(fault))
    const pace = new Pace(this.#options.signal, stored.database)
    const dag = new DagCheck(table, pace)
    await this.#checkEditions(live, dag, pace)
    await this.#checkLonely(pins.lonely, dag)
    const strays = this.#straysOf(stored, table)
    pace.end()
    return this.#result(live, table, pins.pins, strays)
  }

  async some(refs: readonly string[], hold: boolean): Promise<ArchiveChecked> {
    const stored = await this.#begin(hold)
    this.#wholeArchive = false
    const { roots } = followRoots(this.#manifest)
    const wanted = this.#find(refs, roots)
    const live = wanted.filter((root) => root.live)
    for (const { live: kept, editions } of wanted) {
      const label = labelOf(editions.at(-1) as RootLine)
      if (!kept)
        this.#notices.push({
          code: 'edition-withdrawn',
          file: this.#manifestFile,
          message: `${label} is withdrawn: its blocks are not kept`,
        })
    }
    const lines = live.flatMap(({ editions }) => editions)
    const versions = checkVersions(lines, roots, this.#manifest, this.#manifestFile)
    this.#damage.push(...versions.damage)
    this.#notices.push(...versions.notices)
    const table = stored === undefined ? undefined : this.#tableOf(stored, false)
    if (stored === undefined || table === undefined) return this.#result(live, undefined)
    for (const root of live) this.#damage.push(...checkPin(stored, root))
    const pace = new Pace(this.#options.signal, stored.database)
    await this.#checkEditions(live, new DagCheck(table, pace), pace)
    pace.end()
    return this.#result(live, table)
  }

  /** The database, standing still where `hold` is set: then the manifest that was read is the one that belongs to it. */
  async #begin(hold: boolean): Promise<Stored | undefined> {
    const { stored, damage, absent } = this.#opened
    if (hold) {
      for (let round = 0; round < 20; round += 1) {
        stored?.database.exec('begin')
        this.#version = this.#dataVersion()
        if (!this.#manifestHasChanged()) break
        stored?.database.exec('rollback')
        await sleep(20)
        this.#manifest = readManifest(this.#manifestFile)
      }
    }
    this.#damage.push(...damage)
    if (absent && this.#manifest.lines.length > 0) {
      const message = 'blocks.sqlite: it is missing, and the manifest records articles'
      this.#damage.push({
        code: 'database-missing',
        state: 'missing',
        kind: 'database',
        message,
        hint: hints.database,
        needs: [],
      })
    }
    return stored
  }

  #dataVersion(): unknown {
    try {
      return this.#opened.stored?.database.prepare('pragma data_version').get()?.data_version
    } catch (error) {
      return this.#opened.stored?.disk.faultOf(error).message
    }
  }

  #manifestHasChanged(): boolean {
    return stampOf(this.#manifestFile) !== this.#manifest.stamp
  }

  #tableOf(stored: Stored, indexIsRight: boolean): BlockTable | undefined {
    try {
      return new BlockTable(stored, indexIsRight)
    } catch (error) {
      this.#damage.push(databaseDamage(stored.disk.faultOf(error)))
      return undefined
    }
  }

  #tell(count: number, total: number): void {
    this.#done += count
    this.#options.onBytes(this.#done, total)
  }

  /** The roots that refs name: of a slug all its versions. */
  #find(refs: readonly string[], roots: ReadonlyMap<string, RootState>): RootState[] {
    const found = new Set<RootState>()
    for (const text of refs) {
      const ref = parseRef(text)
      const matches = [...roots.values()].filter(({ root, editions }) =>
        ref.kind === 'root'
          ? root === ref.root.toString()
          : editions.some(({ slug, version }) => slug === ref.slug && (ref.version ?? version) === version),
      )
      if (matches.every(({ editions }) => editions.length === 0)) {
        throw new OvnError('not-found', `no article "${text}" in this archive`, {
          hint:
            this.#manifest.bad.length > 0
              ? 'lines of the manifest are damaged: verify the whole archive'
              : 'see what there is with `ovn list`',
        })
      }
      for (const match of matches) found.add(match)
    }
    return [...found]
  }

  /** Checks the DAG and the records of every live root, in the order of the manifest. */
  async #checkEditions(live: readonly RootState[], dag: DagCheck, pace: Pace): Promise<void> {
    const handle = live.length === 0 ? undefined : openSync(this.#manifestFile, 'r')
    try {
      for (const { root: name, editions } of live) {
        if (pace.isDue) await pace.rest()
        const root = CID.parse(name)
        const below = await dag.check(root)
        const label = labelOf(editions.at(-1) as RootLine)
        if (below.broken) await this.#locate(dag, root, label)
        for (const edition of editions) this.#checkRecord(handle as number, edition, root, below, dag)
      }
    } finally {
      if (handle !== undefined) closeSync(handle)
    }
  }

  #checkRecord(handle: number, line: RootLine, root: CID, below: Below, dag: DagCheck): void {
    const record = recordOf(handle, line) as EditionRecord | undefined
    if (record === undefined) {
      const message = `line ${line.line} of the manifest is another now than when it was first read`
      this.#damage.push({
        code: 'line-changed',
        state: 'not checked',
        kind: 'manifest',
        line: line.line,
        message,
        hint: 'verify again',
        needs: [],
      })
      return
    }
    const size = below.broken ? undefined : below.size
    this.#damage.push(...checkRecord(record, { root, line: line.line, size }, dag))
  }

  /** Walks below pins that no record stands behind: what they keep must be whole too. */
  async #checkLonely(lonely: readonly LonelyPin[], dag: DagCheck): Promise<void> {
    for (const { root, depth } of lonely) {
      if (Number.isFinite(depth)) await dag.need(root, depth)
      else if ((await dag.check(root)).broken) await this.#locate(dag, root, undefined)
    }
  }

  #locate(dag: DagCheck, root: CID, article: string | undefined): Promise<void> {
    return dag.locate(root, (problem, path) => {
      const key = problem.cid.toString()
      this.#located.add(keyOf(problem.cid.multihash.bytes))
      const need = { ...(article === undefined ? {} : { article }), root: root.toString(), path }
      const known = this.#blockDamage.get(key)
      if (known === undefined) this.#blockDamage.set(key, { ...toDamage(problem, article), needs: [need] })
      else if (known.needs.every((each) => each.root !== need.root || each.path !== path)) known.needs.push(need)
    })
  }

  /** Blocks that nothing needs; damaged ones among them are damage too. */
  #straysOf({ database, disk }: Stored, table: BlockTable): ArchiveChecked['strays'] {
    try {
      for (const { multihash } of database.prepare('select multihash from hold').iterate()) {
        const id = multihash instanceof Uint8Array ? table.find(multihash) : undefined
        if (typeof id === 'number') table.rows.mark(id, needed)
      }
    } catch (error) {
      this.#damage.push(databaseDamage(disk.faultOf(error)))
    }
    const strays = { blocks: 0, bytes: 0 }
    for (const id of table.rows.select(hashed, needed)) {
      strays.blocks += 1
      strays.bytes += table.rows.length(id)
    }
    for (const [, row] of table.badRows()) {
      if (row.multihash === undefined || !this.#located.has(keyOf(row.multihash))) this.#damage.push(strayDamage(row))
    }
    return strays
  }

  #tornNotice(): Notice[] {
    const { torn } = this.#manifest
    if (torn === 0) return []
    const message = `an unfinished line of ${torn} bytes at its end: a publish was interrupted, or is under way`
    return [
      {
        code: 'line-torn',
        file: this.#manifestFile,
        message,
        hint: 'the next publish sets it aside; publish that article again',
      },
    ]
  }

  /** Two editions with one number: what two copies of an archive recorded before they were merged. */
  #doubleNotices(live: readonly RootState[]): Notice[] {
    const roots = new Map<string, RootLine>()
    const notices: Notice[] = []
    for (const edition of live.flatMap(({ editions }) => editions)) {
      const label = labelOf(edition)
      const other = roots.get(label)
      if (other === undefined) roots.set(label, edition)
      else if (other.root !== edition.root) {
        const message = `${label} is recorded with two roots, here and on line ${other.line}: two copies were merged`
        notices.push({ code: 'version-twice', file: this.#manifestFile, line: edition.line, message })
      }
    }
    return notices
  }

  #result(live: readonly RootState[], table: BlockTable | undefined, pins = 0, strays = noStrays): ArchiveChecked {
    const editions = live.flatMap((root) => root.editions)
    const labels = new Set(editions.map(labelOf))
    const { lines, bad } = this.#manifest
    const damage = [...this.#damage, ...this.#blockDamage.values()]
    const harmed = new Set(damage.flatMap(({ needs }) => needs.map(({ article }) => article)))
    return {
      articles: new Set(editions.map(({ slug }) => slug)).size,
      editions: labels.size,
      harmed: table === undefined ? labels.size : [...labels].filter((label) => harmed.has(label)).length,
      blocks: table?.blocks ?? 0,
      bytes: table?.bytes ?? 0,
      lines: this.#wholeArchive ? lines.length + bad.length : 0,
      pins,
      strays,
      damage,
      notices: this.#notices,
    }
  }
}

const noStrays = { blocks: 0, bytes: 0 }

function keyOf(multihash: Uint8Array): string {
  return Buffer.from(multihash).toString('latin1')
}

function toDamage(problem: BlockProblem, article: string | undefined): Damage {
  const { cid, code, state, message, bundle } = problem
  const found = foundCid(problem)
  return {
    code,
    state,
    kind: bundle === true ? 'bundle' : 'block',
    message: `block ${cid}: ${message}`,
    hint: state === 'not checked' ? hints.disk : repairHint(article),
    cid: cid.toString(),
    ...(found === undefined ? {} : { expected: cid.toString(), found }),
    needs: [],
  }
}

function strayDamage({ multihash, code, state, message, found }: BadRow): Damage {
  const cid = rawCidOf(multihash)
  const foundCid = rawCidOf(found)
  return {
    code,
    state,
    kind: 'block',
    message: `block ${cid ?? 'without a name'}, which no article needs: ${message}`,
    hint: state === 'not checked' ? hints.disk : hints.stray,
    ...(cid === undefined ? {} : { cid }),
    ...(cid === undefined || foundCid === undefined ? {} : { expected: cid, found: foundCid }),
    needs: [],
  }
}
