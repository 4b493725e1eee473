// Where blocks wait between being made and being stored: in memory, until a transaction takes them all. What is larger than
// a stage may hold is stored in transactions of its own before, without a pin: a hold keeps it until its root is pinned.

import type { AbortOptions } from 'abort-error'
import { BaseBlockstore } from 'blockstore-core/base'
import { NotFoundError } from 'interface-store'
import type { CID } from 'multiformats/cid'
import { blockKey } from '../dag/cid-key.ts'

/** Bytes that wait in memory before they are stored ahead of their pin. */
const spillAt = 32 * 1024 * 1024

export interface StagedBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
}

export class Stage extends BaseBlockstore {
  readonly #spill: (blocks: readonly StagedBlock[]) => Promise<void>
  #blocks = new Map<string, StagedBlock>()
  #size = 0
  #spilling: Promise<void> = Promise.resolve()

  /** `spill` stores blocks durably, in a transaction of its own. */
  constructor(spill: (blocks: readonly StagedBlock[]) => Promise<void>) {
    super()
    this.#spill = spill
  }

  /** Takes a block whose bytes are known to hash to its CID. */
  override async put(cid: CID, content: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<CID> {
    if (!(content instanceof Uint8Array)) throw new TypeError('a stage takes whole blocks')
    const key = blockKey(cid)
    if (this.#blocks.has(key)) return cid
    this.#blocks.set(key, { cid, bytes: content })
    this.#size += content.byteLength
    if (this.#size >= spillAt) await this.#spillNow()
    return cid
  }

  override async *get(cid: CID, _options?: AbortOptions): AsyncGenerator<Uint8Array> {
    const block = this.#blocks.get(blockKey(cid))
    if (block === undefined) throw new NotFoundError(`block ${cid} is not staged`)
    yield block.bytes
  }

  /** Only what is staged counts: a block that is stored already is stored again, which mends it where it is damaged. */
  override has(cid: CID): boolean {
    return this.#blocks.has(blockKey(cid))
  }

  /** Hands over all that waits and leaves the stage empty. */
  take(): StagedBlock[] {
    const blocks = [...this.#blocks.values()]
    this.#blocks = new Map()
    this.#size = 0
    return blocks
  }

  /** Writers wait here for the disk, so that memory stays bounded; one spill runs at a time. */
  async #spillNow(): Promise<void> {
    const blocks = this.take()
    this.#spilling = this.#spilling.then(() => this.#spill(blocks))
    await this.#spilling
  }
}
