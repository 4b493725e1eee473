// What comes in from elsewhere: from a CAR, a folder, a gateway. Its blocks were checked by whoever read them; here they are
// stored, found to be whole, pinned and recorded, in that order.

import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { blockKey, cidKey } from '../dag/cid-key.ts'
import { identityBytes } from '../dag/hash.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { type FilePart, readNode } from '../dag/unixfs-node.ts'
import { toV1 } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import type { Draft, EditionRecord } from '../manifest/record.ts'
import type { Archive } from './archive.ts'
import type { Editions } from './editions.ts'
import type { Hold } from './hold.ts'
import type { Stage, StagedBlock } from './stage.ts'

/** A root that came in, and what is to be recorded of it. */
export interface Taken {
  readonly root: CID
  readonly draft: Draft
  /** The user named the slug: it may be one under which this archive publishes itself. */
  readonly slugGiven?: boolean
}

export interface Kept {
  /** `added` is recorded now; `unchanged` was on record, and its blocks and its pin are as they should be now. */
  readonly status: 'added' | 'unchanged'
  readonly record: EditionRecord
}

/** Blocks on their way into an archive. Use one for each file or fetch. */
export class Intake {
  readonly #archive: Archive
  readonly #hold: Hold
  readonly #stage: Stage
  readonly #signal: AbortSignal | undefined
  /** Multihashes of what came in, and bytes: it was hashed on the way, and need not be read again to know that it is there. */
  readonly #arrived = new Map<string, number>()

  constructor(archive: Archive, signal?: AbortSignal) {
    this.#archive = archive
    this.#signal = signal
    this.#hold = archive.hold()
    this.#stage = archive.stage(this.#hold, signal)
  }

  /** What came in, and else what the archive has. */
  get blocks(): GetStore {
    const stage = this.#stage
    const { blocks } = this.#archive
    return { get: (cid, options) => (stage.has(cid) ? stage.get(cid, options) : blocks.get(cid, options)) }
  }

  /** Takes a block whose bytes were checked against its CID. Waits for the disk where much has come in. */
  async put(cid: CID, bytes: Uint8Array): Promise<void> {
    if (identityBytes(cid) !== undefined) return
    this.#arrived.set(blockKey(cid), bytes.byteLength)
    await this.#stage.put(cid, bytes)
  }

  /** Stores what waits in memory, so that the next attempt finds it: nothing pins it, and house-keeping may take it. */
  async leave(): Promise<void> {
    const blocks = this.#stage.take()
    if (blocks.length > 0) await this.#archive.storeAhead(blocks, this.#hold)
  }

  /**
   * Walks a DAG to see that all of it is here, in what came in or in the archive, that it is UnixFS throughout, and that the
   * parts of its files are as long as they are said to be. Throws an OvnError `damaged` for the first block that is missing or
   * not right.
   */
  async assertWhole(root: CID, name: string): Promise<void> {
    const sizes = new Map<string, number>()
    const stack = [root]
    const parts: FilePart[] = []
    for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
      const key = cidKey(cid)
      if (sizes.has(key)) continue
      this.#signal?.throwIfAborted()
      const size = cid.code === rawCode ? this.#arrived.get(blockKey(cid)) : undefined
      if (size !== undefined) {
        sizes.set(key, size)
        continue
      }
      const bytes = await this.#read(cid, root, name)
      // What only the archive has may be nobody's there, and be swept away in the next moment: it comes in with the rest.
      if (!this.#arrived.has(blockKey(cid))) await this.put(cid, bytes)
      const node = readNode(cid, bytes)
      sizes.set(key, node.kind === 'file' ? node.size : Number.NaN)
      if (node.kind === 'file') parts.push(...node.parts)
      const links = node.kind === 'file' ? node.parts : node.kind === 'symlink' ? [] : node.entries
      for (let index = links.length - 1; index >= 0; index -= 1) stack.push((links[index] as { cid: CID }).cid)
    }
    const wrong = parts.find(({ cid, size }) => sizes.get(cidKey(cid)) !== size)
    if (wrong === undefined) return
    throw new OvnError(
      'damaged',
      `${name}: block ${wrong.cid} is not the ${wrong.size} bytes of a file that it is said to be`,
    )
  }

  async #read(cid: CID, root: CID, name: string): Promise<Uint8Array> {
    try {
      return await readBlock(this.blocks, cid, this.#signal)
    } catch (cause) {
      if (!(cause instanceof OvnError) || cause.code !== 'not-found') throw cause
      const what = cid.equals(root) ? `its root ${root}` : `block ${cid} of ${root}`
      throw new OvnError('damaged', `${name} is not whole: ${what} is missing`, {
        hint: 'get it again from where it came',
        cause,
      })
    }
  }

  /** The record of a root that is kept already. */
  recorded(root: CID): EditionRecord | undefined {
    const { editions } = this.#archive
    const name = toV1(root).toString()
    editions.refresh()
    return editions.isLive(name) ? editions.ofRoot(name) : undefined
  }

  /**
   * Stores what came in, pins the roots and records those that are not on record: when it returns, all of it is on disk.
   * The roots are known to be whole. Throws an OvnError `usage` where a slug belongs to another article here.
   */
  async keep(taken: readonly Taken[]): Promise<Kept[]> {
    const { editions } = this.#archive
    editions.refresh()
    const isNew = taken.map(({ root }) => !editions.isLive(toV1(root).toString()))
    const fresh = taken.filter((_, index) => isNew[index])
    for (const [index, each] of fresh.entries()) {
      assertFits(editions, each)
      assertAlone(fresh.slice(0, index), each)
    }
    let blocks: readonly StagedBlock[] = this.#stage.take()
    if (fresh.length > 0) {
      const prepared = fresh.map((each) => ({
        root: each.root,
        draft: each.draft,
        fits: (now: Editions) => !now.isLive(each.draft.root) && conflictOf(now, each) === undefined,
      }))
      await this.#archive.store(blocks, prepared, { hold: this.#hold, ...(this.#signal && { signal: this.#signal }) })
      blocks = []
    }
    const kept: Kept[] = []
    for (const [index, each] of taken.entries()) {
      const record = editions.ofRoot(toV1(each.root).toString())
      // Another process may have recorded something else under its slug in this moment.
      if (record === undefined || !editions.isLive(record.root)) throw conflict(editions, each)
      if (!isNew[index] && !(await this.#archive.mend(blocks, each.root, record, this.#signal))) {
        throw new OvnError('locked', `another process withdraws ${record.root} at this moment`)
      }
      blocks = []
      kept.push({ status: isNew[index] ? 'added' : 'unchanged', record })
    }
    return kept
  }
}

function assertFits(editions: Editions, taken: Taken): void {
  if (conflictOf(editions, taken) !== undefined) throw conflict(editions, taken)
}

/** Two roots that come in together and call themselves the same edition. */
function assertAlone(others: readonly Taken[], { draft }: Taken): void {
  const twin = others.find((other) => other.draft.slug === draft.slug && other.draft.version === draft.version)
  if (twin === undefined) return
  throw new OvnError('usage', `${twin.draft.root} and ${draft.root} are both ${draft.slug}@${draft.version}`, {
    hint: 'import them one by one, and keep one under another name with --slug',
  })
}

function conflict(editions: Editions, taken: Taken): OvnError {
  const why = conflictOf(editions, taken) ?? 'another process recorded it meanwhile'
  return new OvnError('usage', `${taken.draft.root} cannot be kept as "${taken.draft.slug}": ${why}`, {
    hint: 'keep it under another name with --slug',
  })
}

/** Why an edition cannot stand among those of its slug; undefined where it can. Withdrawn ones are in nobody's way. */
function conflictOf(editions: Editions, { draft, slugGiven = false }: Taken): string | undefined {
  const others = editions
    .ofSlug(draft.slug)
    .filter(({ root }) => root !== draft.root && editions.withdrawalOf(root) === undefined)
  // Whoever made the bundle wrote this slug into it. What a newsroom publishes itself gains no edition from elsewhere unasked.
  if (!slugGiven && others.some(({ event }) => event === 'publish')) return 'this archive publishes that article itself'
  const same = others.find(({ version }) => version === draft.version)
  if (same !== undefined) return `version ${draft.version} of it is ${same.root} here`
  const before = others.filter(({ version }) => version === draft.version - 1)
  if (before.length > 0 && before.every(({ root }) => root !== draft.previous)) return 'it replaces another edition'
  const after = others.filter(({ version }) => version === draft.version + 1)
  if (after.length > 0 && after.every(({ previous }) => previous !== draft.root))
    return 'the next version replaces another'
  return undefined
}
