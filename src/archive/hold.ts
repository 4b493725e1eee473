// Holds: blocks that are stored before their pin, and the process that still needs them. A hold is worth as much as its
// owner is alive, and an owner is alive as long as it has its lock file locked.

import { randomUUID } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { layout } from './layout.ts'
import { isTaken, LockFile } from './lock-file.ts'

export class Hold {
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #owner = randomUUID()
  #lock: LockFile | undefined

  /** Costs nothing until something is protected. `folder` is the archive's. */
  constructor(folder: string, database: DatabaseSync) {
    this.#folder = folder
    this.#database = database
  }

  /**
   * Keeps blocks from being swept, in the caller's transaction under the write lock: the one that stores them, or that has
   * found them stored.
   */
  protect(multihashes: Iterable<Uint8Array>): void {
    // Under the lock, so that house-keeping never sees the file before it is locked.
    this.#lock ??= LockFile.take(layout.hold(this.#folder, this.#owner))
    if (this.#lock === undefined) throw new Error(`the hold ${this.#owner} is taken`)
    const insert = this.#database.prepare('insert into hold (owner, multihash) values (?, ?)')
    for (const multihash of multihashes) insert.run(this.#owner, multihash)
  }

  /** Lets go of all that was protected, in the caller's transaction: the one that pins what is needed of it. */
  clear(): void {
    if (this.#lock !== undefined) this.#database.prepare('delete from hold where owner = ?').run(this.#owner)
  }

  /** Ends the hold. What is still protected then is nobody's, and goes with the next sweep. */
  release(): void {
    this.#lock?.release()
    this.#lock = undefined
  }
}

/** The owners in the table of holds that are not alive any more. Throws where that cannot be known. */
export function deadOwners(folder: string, database: DatabaseSync): string[] {
  const owners = database.prepare('select distinct owner from hold').all() as { owner: string }[]
  return owners.map(({ owner }) => owner).filter((owner) => !isTaken(layout.hold(folder, owner)))
}

/** Drops the holds of dead owners, and their files. The caller holds the write lock. Returns how many owners were dead. */
export function dropDeadHolds(folder: string, database: DatabaseSync): number {
  const dead = deadOwners(folder, database)
  for (const owner of dead) database.prepare('delete from hold where owner = ?').run(owner)
  // A file without rows is left by an owner that was killed between the two.
  const files = readdirSync(folder).flatMap((name) => /^hold-([\da-f-]{36})\.lock$/.exec(name)?.[1] ?? [])
  for (const owner of files) {
    const file = layout.hold(folder, owner)
    if (!isTaken(file)) rmSync(file, { force: true })
  }
  return dead.length
}
