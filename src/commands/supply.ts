// Where a fetch has its blocks from: the own archive, then a CAR, then the network, which is not touched before it is needed.

import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { OvnError } from '../errors.ts'
import type { Asking, Session, SourceReport } from '../network/session.ts'

/** Parents that are remembered before the network is opened. */
const parents = 16

/** What one source gave. */
export interface Served {
  readonly name: string
  blocks: number
  bytes: number
}

export interface SupplyParts {
  /** The name and the blocks of what is here: the archive, a CAR. */
  readonly here: readonly { readonly name: string; readonly blocks: GetStore; readonly isArchive: boolean }[]
  /** Opens the network; throws an OvnError where it cannot be asked. */
  readonly connect: () => Promise<Session>
  /** Told of every block that is not from the archive, before it is handed over. */
  readonly onArrival?: (cid: CID, bytes: Uint8Array) => Promise<void>
}

export class Supply implements GetStore {
  readonly #parts: SupplyParts
  readonly #served: readonly Served[]
  readonly #counted = new Set<string>()
  #session: Promise<Session> | undefined
  #asking: Asking = 'car'
  #opened: Session | undefined
  #parents: (readonly [CID, Uint8Array])[] = []
  /** Blocks of the archive that are there, and not right. */
  damaged = 0

  constructor(parts: SupplyParts) {
    this.#parts = parts
    this.#served = parts.here.map(({ name }) => ({ name, blocks: 0, bytes: 0 }))
  }

  /** How the network is to be asked from now on. */
  set asking(asking: Asking) {
    this.#asking = asking
    if (this.#opened !== undefined) this.#opened.asking = asking
  }

  /** Who gave how much, in the order in which they are asked; those that gave nothing are left out. */
  get served(): Served[] {
    return [...this.#served, ...this.reports]
      .filter(({ blocks }) => blocks > 0)
      .map(({ name, blocks, bytes }) => ({ name, blocks, bytes }))
  }

  /** What the sources on the network did; empty where none was asked. */
  get reports(): SourceReport[] {
    return this.#opened?.reports ?? []
  }

  async *get(cid: CID, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Uint8Array> {
    const bytes = this.#fromHere(cid, signal)
    yield (await bytes) ?? (await this.#fromNetwork(cid))
  }

  close(): void {
    this.#opened?.close()
  }

  async #fromHere(cid: CID, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    for (const [index, { blocks, isArchive }] of this.#parts.here.entries()) {
      let bytes: Uint8Array
      try {
        bytes = await readBlock(blocks, cid, signal)
      } catch (error) {
        if (!(error instanceof OvnError) || !['not-found', 'damaged'].includes(error.code)) throw error
        if (isArchive && error.code === 'damaged') this.damaged += 1
        continue
      }
      this.#count(this.#served[index] as Served, cid, bytes)
      if (!isArchive) await this.#parts.onArrival?.(cid, bytes)
      this.#remember(cid, bytes)
      return bytes
    }
    return undefined
  }

  #count(served: Served, cid: CID, bytes: Uint8Array): void {
    if (this.#counted.size === this.#counted.add(cid.toString()).size) return
    served.blocks += 1
    served.bytes += bytes.byteLength
  }

  /** What follows a block that is missing is written in its parents. */
  #remember(cid: CID, bytes: Uint8Array): void {
    if (cid.code === rawCode) return
    this.#opened?.saw(cid, bytes)
    if (this.#opened === undefined) this.#parents = [...this.#parents.slice(1 - parents), [cid, bytes]]
  }

  async #fromNetwork(cid: CID): Promise<Uint8Array> {
    this.#session ??= this.#parts.connect()
    const session = await this.#session
    if (this.#opened === undefined) {
      this.#opened = session
      session.asking = this.#asking
      for (const [parent, content] of this.#parents) session.saw(parent, content)
    }
    for await (const bytes of session.get(cid)) {
      await this.#parts.onArrival?.(cid, bytes)
      return bytes
    }
    throw new Error(`the session yielded nothing for ${cid}`)
  }
}
