// Space that is put by for the day on which the disk is full: a file of bytes that mean nothing. To withdraw an article and to free
// blocks, SQLite's journal needs room, and the manifest too; without any, a full disk could be emptied by deleting other files alone.

import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, ftruncateSync, openSync, statfsSync, statSync, writeSync } from 'node:fs'
import { layout } from './layout.ts'
import { isFull } from './storage-error.ts'

/** Bytes that are put by. A withdrawal changes a dozen pages of 16 KiB, and the journal keeps what was in them. */
const reserveSize = 1_048_576

/** Free bytes of a disk from which on some are put by: it must not be the reserve that fills it. */
const plenty = 16 * reserveSize

const step = 65_536

export class Reserve {
  readonly #folder: string
  readonly #file: string
  #released = false

  /** `folder` is the archive's. */
  constructor(folder: string) {
    this.#folder = folder
    this.#file = layout.reserve(folder)
  }

  /** Puts space by where there is plenty and none is put by yet. */
  keep(): void {
    try {
      const { bavail, bsize } = statfsSync(this.#folder)
      if (this.#size() < reserveSize && bavail * bsize >= plenty) this.#fill()
    } catch {
      // A precaution: what needs the archive goes on without it.
    }
  }

  /**
   * Runs a step that makes the archive smaller, or says that it may. Where the disk is full it is run again with the reserve,
   * of which what is left is put by again. A step that fails must have changed nothing.
   */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isFull(error) || !this.release()) throw error
    }
    try {
      return await work()
    } finally {
      this.restore()
    }
  }

  /** Gives the space back to the disk. Returns false where there is none to give. */
  release(): boolean {
    if (this.#size() === 0) return false
    const file = openSync(this.#file, 'r+')
    try {
      ftruncateSync(file, 0)
      // Some disks have freed blocks only when it is sure that they are free.
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    this.#released = true
    return true
  }

  /** Puts by again what there is of the space that was released. */
  restore(): void {
    if (!this.#released) return
    this.#released = false
    try {
      this.#fill()
    } catch {
      // It is as large as the disk allows.
    }
  }

  #size(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0
  }

  #fill(): void {
    const file = openSync(this.#file, 'a')
    try {
      // Not zeros: a disk may keep those for nothing. Not flushed: after a power cut it is filled again.
      for (let size = this.#size(); size < reserveSize; size += step)
        writeSync(file, randomFillSync(Buffer.alloc(step)))
    } finally {
      closeSync(file)
    }
  }
}
