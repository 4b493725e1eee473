// A stream of bytes → a file that is there whole or not at all, also after a power cut. What is there already is compared before
// anything is written: the same again is no change, and something else is replaced only on request.

import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncFolder } from '../dag/sync-folder.ts'
import { OvnError } from '../errors.ts'
import { storageError } from './storage-error.ts'

export interface Placed {
  /** False where the file held these bytes already. */
  readonly changed: boolean
  /** Bytes of the file. */
  readonly size: number
}

/** Bytes that are gathered before they are written. */
const gathered = 1_048_576

/**
 * Writes a file. `make` begins the stream of its bytes, and is called again where a first one was only compared. An error of the
 * stream is passed on, and nothing is left behind. Throws an OvnError `usage` where another file is there and `force` is not
 * given, and where the place is none for a file.
 */
export async function placeFile(
  file: string,
  make: () => AsyncIterable<Uint8Array>,
  { force }: { readonly force: boolean },
): Promise<Placed> {
  const place = await resolvePlace(file)
  const temporary = temporaryBeside(place.path)
  try {
    if (place.there) {
      const size = await holds(place.path, make())
      if (size !== undefined) return { changed: false, size }
      if (!force) throw isThere(file)
    }
    const size = await writeNew(temporary, make())
    await rename(temporary, place.path)
    syncFolder(dirname(place.path))
    return { changed: true, size }
  } catch (error) {
    await rm(temporary, { force: true })
    throw storageError(error, file)
  }
}

/** A name beside a place that is to be written, for what is not whole yet. */
export function temporaryBeside(place: string): string {
  // A long name could not be made longer.
  return join(dirname(place), `.ovn-${process.pid}-${Math.trunc(performance.now() * 1000)}.tmp`)
}

/** Writes a new file to disk and returns how many bytes it has. The next bytes are asked for while those before are written. */
export async function writeNew(file: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
  const handle = await open(file, 'wx')
  let writing: Promise<void> = Promise.resolve()
  try {
    let size = 0
    let waiting: Uint8Array[] = []
    let length = 0
    for await (const part of bytes) {
      waiting.push(part)
      length += part.byteLength
      if (length < gathered) continue
      await writing
      writing = writeAll(handle, waiting)
      // A failure is met where it is awaited, not here.
      writing.catch(() => undefined)
      size += length
      waiting = []
      length = 0
    }
    await writing
    await writeAll(handle, waiting)
    await handle.sync()
    return size + length
  } finally {
    await writing.catch(() => undefined)
    await handle.close()
  }
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  const wanted = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
  if (wanted === 0) return
  let { bytesWritten: done } = await handle.writev(parts)
  // A disk that takes only some of it is rare, and soon says why.
  for (const whole = Buffer.concat(done < wanted ? parts : []); done < wanted; ) {
    done += (await handle.write(whole, done)).bytesWritten
  }
}

/** Where a file is really written: behind a symbolic link, and never in the place of a device or a folder. */
async function resolvePlace(file: string): Promise<{ path: string; there: boolean }> {
  try {
    const stats = await stat(file)
    if (!stats.isFile()) {
      throw new OvnError('usage', `${file} is ${stats.isDirectory() ? 'a folder' : 'no plain file'}`, {
        hint: 'name a file, or - for standard output',
      })
    }
    return { path: await realpath(file), there: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(error, file)
  }
  try {
    return { path: join(await realpath(dirname(file)), basename(file)), there: false }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(error, file)
    throw new OvnError('not-found', `the folder of ${file} is not there`, {
      hint: 'make it, or name another',
      cause: error,
    })
  }
}

/** The size of a file that holds exactly these bytes; undefined where it holds others. */
export async function holds(file: string, bytes: AsyncIterable<Uint8Array>): Promise<number | undefined> {
  const handle = await open(file)
  try {
    let at = 0
    let buffer = Buffer.alloc(65_536)
    for await (const part of bytes) {
      if (part.byteLength > buffer.byteLength) buffer = Buffer.alloc(part.byteLength)
      for (let done = 0; done < part.byteLength; ) {
        const { bytesRead } = await handle.read(buffer, 0, part.byteLength - done, at)
        if (bytesRead === 0 || buffer.compare(part, done, done + bytesRead, 0, bytesRead) !== 0) return undefined
        done += bytesRead
        at += bytesRead
      }
    }
    return (await handle.stat()).size === at ? at : undefined
  } finally {
    await handle.close()
  }
}

function isThere(file: string): OvnError {
  return new OvnError('usage', `${file} is there already and holds something else`, {
    hint: 'name another file, or replace it with --force',
  })
}
