// Pins, as Helia's interface has them, without its counters: a pin is one row that names a root. Which blocks a root needs
// is written in the DAG itself and nowhere else, so that nothing can drift and a shared block costs nothing.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AddOptions, IsPinnedOptions, LsOptions, Pin, Pins } from '@helia/interface'
import type { AbortOptions } from 'abort-error'
import type { Blockstore } from 'interface-blockstore'
import { NotFoundError } from 'interface-store'
import { CID } from 'multiformats/cid'
import { blockKey } from '../dag/cid-key.ts'
import { identityBytes } from '../dag/hash.ts'
import { toV1, walkDag } from '../dag/walk.ts'

type Metadata = Pin['metadata']

/** A pin under way: iterate over it for the CIDs of its blocks, or await it; it runs either way. */
export type Pinning = AsyncGenerator<CID, void, undefined> & PromiseLike<void>

export class SqlitePins implements Pins {
  readonly #database: DatabaseSync
  readonly #blocks: Pick<Blockstore, 'get'>
  readonly #insert: StatementSync
  readonly #delete: StatementSync
  readonly #select: StatementSync
  readonly #all: StatementSync
  readonly #isRoot: StatementSync
  readonly #setMetadata: StatementSync
  #changes = 0
  #reachable: { readonly state: string; readonly multihashes: ReadonlySet<string> } | undefined

  constructor(database: DatabaseSync, blocks: Pick<Blockstore, 'get'>) {
    this.#database = database
    this.#blocks = blocks
    this.#insert = database.prepare('insert or replace into pin (root, multihash, depth, metadata) values (?, ?, ?, ?)')
    this.#delete = database.prepare('delete from pin where root = ?')
    this.#select = database.prepare('select root, depth, metadata from pin where root = ?')
    this.#all = database.prepare('select root, depth, metadata from pin order by root')
    this.#isRoot = database.prepare('select 1 from pin where multihash = ?')
    this.#setMetadata = database.prepare('update pin set metadata = ? where root = ?')
  }

  /** Pins a root whose blocks are known to be stored: one row, in the caller's transaction. */
  insert(root: CID, metadata: Metadata = {}, depth = Number.POSITIVE_INFINITY): void {
    const cid = toV1(root)
    this.#insert.run(cid.bytes, cid.multihash.bytes, Number.isFinite(depth) ? depth : null, JSON.stringify(metadata))
    this.#changes += 1
  }

  /** Takes a pin away, if there is one: one row, in the caller's transaction. */
  remove(root: CID): boolean {
    this.#changes += 1
    return this.#delete.run(toV1(root).bytes).changes > 0
  }

  /** Whether this very root is pinned. */
  hasRoot(root: CID): boolean {
    return this.#select.get(toV1(root).bytes) !== undefined
  }

  /**
   * Pins a DAG after every one of its blocks was read and hashed. Pinning again is not an error. It starts at once:
   * `await pins.add(cid)` pins as well as a loop over its CIDs does, and leaving the loop early does not stop it.
   * Throws as `walkDag` does; nothing is pinned then.
   */
  add(root: CID, options: AddOptions = {}): Pinning {
    const depth = Math.round(options.depth ?? Number.POSITIVE_INFINITY)
    if (!(depth >= 0)) throw new RangeError('the depth of a pin must be 0 or more')
    return startNow(this.#add(root, depth, options))
  }

  async *#add(root: CID, depth: number, { metadata, signal }: AddOptions): AsyncGenerator<CID> {
    yield* walkDag(this.#blocks, root, { depth, signal })
    this.insert(root, metadata, depth)
  }

  /** Takes a pin away and yields its root. The blocks are not read: a damaged DAG can be unpinned too. */
  rm(root: CID, options: AbortOptions = {}): Pinning {
    return startNow(this.#rm(root, options))
  }

  async *#rm(root: CID, { signal }: AbortOptions): AsyncGenerator<CID> {
    signal?.throwIfAborted()
    if (!this.remove(root)) throw notPinned(root)
    yield root
  }

  async *ls({ cid, signal }: LsOptions = {}): AsyncGenerator<Pin, void, undefined> {
    const rows = cid === undefined ? this.#all.all() : this.#select.all(toV1(cid).bytes)
    for (const row of rows) {
      signal?.throwIfAborted()
      yield toPin(row)
    }
  }

  async get(root: CID, { signal }: AbortOptions = {}): Promise<Pin> {
    signal?.throwIfAborted()
    const row = this.#select.get(toV1(root).bytes)
    if (row === undefined) throw notPinned(root)
    return toPin(row)
  }

  async setMetadata(root: CID, metadata: Metadata | undefined, { signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    if (this.#setMetadata.run(JSON.stringify(metadata ?? {}), toV1(root).bytes).changes === 0) throw notPinned(root)
  }

  /**
   * Whether a block is a pinned root or below one, whatever codec its CID has. A block that cannot be read on the way
   * there is an error, never a "no".
   */
  async isPinned(cid: CID, { signal }: IsPinnedOptions = {}): Promise<boolean> {
    signal?.throwIfAborted()
    if (this.#isRoot.get(cid.multihash.bytes) !== undefined) return true
    return (await this.#reachableNow(signal)).has(blockKey(cid))
  }

  /** The multihashes of all pinned blocks, walked once for as long as no pin changes, here or in another process. */
  async #reachableNow(signal: AbortSignal | undefined): Promise<ReadonlySet<string>> {
    const state = `${this.#database.prepare('pragma data_version').get()?.data_version} ${this.#changes}`
    if (this.#reachable?.state === state) return this.#reachable.multihashes
    const multihashes = new Set<string>()
    for await (const { cid, depth } of this.ls(signal === undefined ? {} : { signal })) {
      for await (const block of walkDag(this.#blocks, cid, { depth, signal })) {
        if (identityBytes(block) === undefined) multihashes.add(blockKey(block))
      }
    }
    this.#reachable = { state, multihashes }
    return multihashes
  }
}

function notPinned(root: CID): Error {
  return new NotFoundError(`${root} is not pinned`)
}

function toPin(row: { [column: string]: unknown }): Pin {
  const { root, depth, metadata } = row as { root: Uint8Array; depth: number | null; metadata: string }
  return { cid: CID.decode(root), depth: depth ?? Number.POSITIVE_INFINITY, metadata: JSON.parse(metadata) as Metadata }
}

/** Runs a generator to its end from now on, whether or not somebody iterates over it or awaits it. */
function startNow(work: AsyncGenerator<CID>): Pinning {
  const found: CID[] = []
  let wake = Promise.withResolvers<void>()
  const done = (async () => {
    for await (const cid of work) {
      found.push(cid)
      wake.resolve()
    }
  })()
  const follow = (async function* () {
    // From here on a failure is met by whoever iterates.
    const ended = done.then(
      () => true,
      () => true,
    )
    for (let next = 0; ; ) {
      while (next < found.length) yield found[next++] as CID
      if ((await Promise.race([ended, wake.promise])) === true && next === found.length) break
      wake = Promise.withResolvers<void>()
    }
    await done
  })()
  // biome-ignore lint/suspicious/noThenProperty: awaiting a pin must wait for it; Helia's own does nothing then.
  return Object.assign(follow, { then: done.then.bind(done) as PromiseLike<void>['then'] })
}
