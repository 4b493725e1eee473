// Marks the rows of blocks that are needed: a root, and all that is reached from it. Nodes are read and hashed, since their
// links decide what stays; of a leaf only its row is looked up. Synchronous, so that the same walk serves under the lock.

import type { DatabaseSync } from 'node:sqlite'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { assertHash, identityBytes } from '../dag/hash.ts'
import { linksOf } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import { RowSet } from './row-set.ts'

/** Where blocks are looked up. */
export interface BlockRows {
  /** The row of a block; undefined where there is none. */
  find(multihash: Uint8Array): number | undefined
  /** The bytes in a row. */
  read(id: number): Uint8Array | undefined
}

/** The rows of blocks in the database. */
export function blockRows(database: DatabaseSync): BlockRows {
  const find = database.prepare('select id from block where multihash = ?')
  const read = database.prepare('select bytes from block where id = ?')
  return {
    find: (multihash) => find.get(multihash)?.id as number | undefined,
    read: (id) => read.get(id)?.bytes as Uint8Array | undefined,
  }
}

export class Marker {
  /** The rows of blocks that are needed. */
  readonly kept = new RowSet()
  /** Nodes from which all that is below was marked. Not the same: one block may be a leaf here and a node there. */
  readonly #walked = new RowSet()
  readonly #rows: BlockRows

  constructor(rows: BlockRows) {
    this.#rows = rows
  }

  /** Marks rows that are needed whatever links to them. */
  keep(id: number): void {
    this.kept.add(id)
  }

  /**
   * Marks a DAG down to a depth, and yields after every node that was read. Throws an OvnError for the first block that is
   * missing or damaged: `not-found`, `damaged`; what the disk answers is passed on.
   */
  *mark(root: CID, depth = Number.POSITIVE_INFINITY): Generator<void> {
    // How deep it was walked below a node, where that has an end.
    const seen = new Map<number, number>()
    const stack = [{ cid: root, depth }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { cid, depth } = next
      let bytes = identityBytes(cid)
      if (bytes === undefined) {
        const id = this.#rows.find(cid.multihash.bytes)
        if (id === undefined) throw missing(cid)
        this.kept.add(id)
        if (cid.code === rawCode || depth === 0 || this.#walked.has(id) || (seen.get(id) ?? -1) >= depth) continue
        bytes = this.#rows.read(id)
        if (bytes === undefined) throw missing(cid)
        assertHash(cid, bytes)
        if (depth === Number.POSITIVE_INFINITY) this.#walked.add(id)
        else seen.set(id, depth)
      }
      if (depth === 0) continue
      for (const link of linksOf(cid, bytes)) stack.push({ cid: link, depth: depth - 1 })
      yield
    }
  }
}

function missing(cid: CID): OvnError {
  return new OvnError('not-found', `block ${cid} is missing`)
}
