// Which blocks may be seen: those of the editions that the manifest calls live, and nothing else that is stored. The manifest is
// asked for every request; what is below the roots is walked when a block that is no root is first asked for.

import { CID } from 'multiformats/cid'
import type { Archive } from '../archive/archive.ts'
import { identityBytes } from '../dag/hash.ts'
import { allLinksOf } from '../dag/ipld.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { toV1 } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import { isEdition, isWithdrawal } from '../manifest/record.ts'

/** What is said of a root: whether it may be seen, or why it may not any more. */
export type Standing =
  | { readonly kind: 'published' }
  | { readonly kind: 'withdrawn'; readonly reason: string }
  | { readonly kind: 'unknown' }

export class Published {
  readonly #archive: Archive
  readonly #blocks: GetStore
  #size = -1
  #lookedAt = Number.NEGATIVE_INFINITY
  #generation = 0
  #standings = new Map<string, Standing>()
  /** Roots whose blocks are not in the index yet; undefined until the index is asked for. */
  #pending: CID[] | undefined
  #index = new Set<string>()
  #indexing: Promise<void> | undefined

  constructor(archive: Archive, blocks: GetStore) {
    this.#archive = archive
    this.#blocks = blocks
  }

  /** A number that changes with the manifest: whatever was found out before may not hold any more. */
  generation(): number {
    // A look at the file costs as much as a whole answer that was made before.
    const now = performance.now()
    if (now - this.#lookedAt < lookEvery) return this.#generation
    this.#lookedAt = now
    const size = this.#archive.manifest.size()
    if (size === this.#size) return this.#generation
    const { editions } = this.#archive
    const before = editions.end
    editions.refresh()
    if (this.#size >= 0 && editions.end.size >= before.size) this.#takeUp(before)
    else this.#forget()
    this.#size = size
    this.#generation += 1
    this.#standings.clear()
    return this.#generation
  }

  /** Whether a block may be seen. */
  async standingOf(cid: CID): Promise<Standing> {
    if (identityBytes(cid) !== undefined) return { kind: 'published' }
    this.generation()
    const name = toV1(cid).toString()
    const known = this.#standings.get(name)
    if (known !== undefined) return known
    const standing = this.#rootStanding(name) ?? ((await this.#isBelow(cid)) ? published : unknown)
    // Names that are asked for are strangers' choice: what is remembered of them has an end.
    if (this.#standings.size >= maxRemembered) this.#standings.clear()
    this.#standings.set(name, standing)
    return standing
  }

  #rootStanding(name: string): Standing | undefined {
    const { editions } = this.#archive
    if (editions.isLive(name)) return published
    const withdrawal = editions.withdrawalOf(name)
    return withdrawal === undefined ? undefined : { kind: 'withdrawn', reason: withdrawal.reason }
  }

  /** What the manifest has gained: new roots are to be walked; a withdrawal may take blocks away. */
  #takeUp(before: { readonly size: number; readonly lines: number }): void {
    const gained = this.#archive.manifest.placedFrom(before.size, before.lines + 1)
    const records = gained.map(({ record }) => record)
    if (records.some(isWithdrawal)) this.#forget()
    else this.#pending?.push(...records.filter(isEdition).map(({ root }) => CID.parse(root)))
  }

  #forget(): void {
    this.#pending = undefined
    this.#index = new Set()
    this.#indexing = undefined
  }

  async #isBelow(cid: CID): Promise<boolean> {
    const key = keyOf(cid)
    while (!this.#index.has(key)) {
      this.#pending ??= await this.#liveRoots()
      if (this.#pending.length === 0 && this.#indexing === undefined) return false
      this.#indexing ??= this.#walkPending(this.#pending, this.#index)
      try {
        await this.#indexing
      } catch (error) {
        // The index may have lost what is below the block that failed.
        this.#forget()
        throw error
      }
    }
    return true
  }

  async #liveRoots(): Promise<CID[]> {
    const roots: CID[] = []
    for await (const { cid } of this.#archive.pins.ls()) {
      if (this.#archive.editions.isLive(cid.toString())) roots.push(cid)
      if (roots.length % 256 === 0) await nextTurn()
    }
    return roots
  }

  async #walkPending(pending: CID[], index: Set<string>): Promise<void> {
    let count = 0
    const stack: CID[] = []
    for (;;) {
      const cid = stack.pop() ?? pending.pop()
      if (cid === undefined) break
      const key = keyOf(cid)
      if (index.has(key)) continue
      index.add(key)
      count += 1
      if (count % 64 === 0) await nextTurn()
      for (const link of await this.#linksOf(cid)) stack.push(link)
    }
    if (this.#index === index) this.#indexing = undefined
  }

  /** The links of a block; of one that is not there, or not right, none: what is below it cannot be reached here. */
  async #linksOf(cid: CID): Promise<CID[]> {
    if (cid.code === 0x55) return []
    try {
      return allLinksOf(cid, await readBlock(this.#blocks, cid))
    } catch (error) {
      if (error instanceof OvnError) return []
      throw error
    }
  }
}

const published: Standing = { kind: 'published' }
const unknown: Standing = { kind: 'unknown' }
/** Milliseconds for which a look at the manifest counts: fewer than any process needs to publish, and to be asked. */
const lookEvery = 1

const maxRemembered = 10_000

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Half of a digest: enough to tell blocks apart, and half the memory. */
function keyOf(cid: CID): string {
  const { digest } = cid.multihash
  return Buffer.from(digest.buffer, digest.byteOffset, Math.min(16, digest.byteLength)).toString('latin1')
}
