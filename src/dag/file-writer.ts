// Files in a folder that only we can enter, written one after another from their beginning: opened new or, where an earlier run left
// them, as what they are; never through a link. Where they are to be durable, each is flushed when it is complete, beside those that
// follow.

import {
  close,
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import type { CID } from 'multiformats/cid'
import { diskError } from './disk-error.ts'
import { checkHash } from './hash.ts'
import { lstat, onDisk } from './partial-folder.ts'
import { maxBlockSize } from './profile.ts'

/** Files that are flushed at once. */
const maxFlushing = 16

/** Bytes after which what was written of a file begins to go to the disk: more is coming meanwhile. */
const flushEvery = 32 * 1024 * 1024

/** From this many bytes on a write goes beside the main thread. */
const writeAsideFrom = 65_536

const noFollow = constants.O_NOFOLLOW ?? 0

interface OpenFile {
  readonly path: string
  readonly handle: number
  readonly isNew: boolean
  position: number
  /** Up to where it is flushed, or is being flushed; and that flush, while it lasts. */
  flushed: number
  flushing?: Promise<void> | undefined
}

export class FileWriter {
  readonly #durable: boolean
  #file: OpenFile | undefined
  /** A write that is under way. */
  #pending: Promise<void> | undefined
  readonly #flushing = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  /** `durable`: whether what is written is on disk, and not only on its way there, when {@link finish} returns. */
  constructor({ durable }: { readonly durable: boolean }) {
    this.#durable = durable
  }

  /** Ends the file before, and begins with another. What an earlier run left there stays until it is written over. */
  async begin(path: string): Promise<void> {
    await this.end()
    this.#file = onDisk(path, () => {
      const isNew = !isPlainFile(path)
      if (!isNew) return { path, handle: openSync(path, constants.O_WRONLY | noFollow), isNew, position: 0, flushed: 0 }
      rmSync(path, { recursive: true, force: true })
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow
      return { path, handle: openSync(path, flags, 0o644), isNew, position: 0, flushed: 0 }
    })
  }

  /** Writes the next bytes of the file. They must not change afterwards. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.#settle()
    const file = this.#file as OpenFile
    const { position } = file
    if (this.#durable && position - file.flushed >= flushEvery) this.#flushBegun(file)
    file.position += bytes.byteLength
    if (bytes.byteLength < writeAsideFrom) onDisk(file.path, () => writeWhole(file.handle, bytes, position))
    else this.#pending = this.#aside(file, () => writeWholeAside(file.handle, bytes, position))
  }

  /** Has what is written of a file flushed, beside what is to come; one flush at a time. */
  #flushBegun(file: OpenFile): void {
    if (file.flushing !== undefined) return
    file.flushed = file.position
    file.flushing = this.#aside(file, () => flushData(file.handle)).then(() => {
      file.flushing = undefined
    })
  }

  /** Passes over bytes that are in place. */
  pass(length: number): void {
    if (this.#file !== undefined) this.#file.position += length
  }

  /** Ends the file: it has the bytes that were written, and no more. */
  async end(): Promise<void> {
    await this.#settle()
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    await file.flushing
    if (!file.isNew) onDisk(file.path, () => ftruncateSync(file.handle, file.position))
    if (this.#durable) await this.#flush(file.path, file.handle, flushData)
    else closeSync(file.handle)
  }

  /** Flushes the names in a folder. */
  async flushFolder(path: string): Promise<void> {
    if (process.platform === 'win32' || !this.#durable) return
    await this.#flush(
      path,
      onDisk(path, () => openSync(path, constants.O_RDONLY | noFollow)),
      flushAll,
    )
  }

  /** Waits until all that was written and ended is on disk, or, where it need not be durable, with the system. */
  async finish(): Promise<void> {
    await this.end()
    await Promise.all(this.#flushing)
    this.#check()
  }

  /** Lets go of everything, whatever became of it. */
  async abandon(): Promise<void> {
    await this.#pending
    await this.#file?.flushing
    await Promise.all(this.#flushing)
    if (this.#file !== undefined) closeSync(this.#file.handle)
    this.#file = undefined
  }

  async #settle(): Promise<void> {
    await this.#pending
    this.#pending = undefined
    this.#check()
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #flush(path: string, handle: number, flush: (handle: number) => Promise<void>): Promise<void> {
    while (this.#flushing.size >= maxFlushing) await Promise.race(this.#flushing)
    const done = this.#aside({ path }, async () => {
      try {
        await flush(handle)
      } finally {
        await closeAside(handle)
      }
    }).finally(() => this.#flushing.delete(done))
    this.#flushing.add(done)
    this.#check()
  }

  /** Work beside the main thread; its failure is thrown by whatever is called next. */
  async #aside({ path }: { readonly path: string }, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failure ??= { error: diskError(error, path) }
    }
  }
}

const flushData = promisify(fdatasync)
const flushAll = promisify(fsync)
const closeAside = promisify(close)
const writeAside = promisify(write)

async function writeWholeAside(handle: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await writeAside(handle, bytes, done, bytes.byteLength - done, position + done)).bytesWritten
  }
}

function writeWhole(handle: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    done += writeSync(handle, bytes, done, bytes.byteLength - done, position + done)
  }
}

/** Whether a path is a file of its own: no link, no second name of another file, no device. */
export function isPlainFile(path: string): boolean {
  const found = lstat(path)
  return found?.isFile() === true && found.nlink === 1
}

/**
 * Whether a file that an earlier run left has the bytes of a block at a place, and how many; undefined where it has not. Where
 * `size` is absent the block is the whole file.
 */
export function findOnDisk(path: string, cid: CID, offset: number, size: number | undefined): number | undefined {
  if (!isPlainFile(path)) return undefined
  const handle = openSync(path, constants.O_RDONLY | noFollow)
  try {
    const length = fstatSync(handle).size
    const wanted = size ?? length
    if (wanted > maxBlockSize || offset + wanted > length) return undefined
    const bytes = Buffer.allocUnsafe(wanted)
    if (readSync(handle, bytes, 0, wanted, offset) !== wanted) return undefined
    return checkHash(cid, bytes) ? wanted : undefined
  } finally {
    closeSync(handle)
  }
}
