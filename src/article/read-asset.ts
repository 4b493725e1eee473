// The content of an asset: read from the very file that was checked when the article was read, or not at all.

import { type BigIntStats, closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs'
import { OvnError } from '../errors.ts'

/** The chunk of the UnixFS profile: chunks of this size reach the hasher without being copied. */
const chunkSize = 1024 * 1024

/**
 * Reads a file in full chunks of 1 MiB, the next one being read while the last one is used. `written` is the path as the
 * article gives it. Throws an OvnError `article` where the file changed, `storage` where it cannot be read.
 */
export async function* readChecked(
  place: string,
  checked: BigIntStats,
  written: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const size = Number(checked.size)
  const file = openChecked(place, written)
  let next: Promise<Uint8Array> | undefined
  const readAhead = (position: number) => {
    if (position >= size) return undefined
    const chunk = readFully(file, position, Math.min(chunkSize, size - position), size, written)
    // Its failure is thrown where it is awaited, which may be later than it happens.
    chunk.catch(() => undefined)
    return chunk
  }
  try {
    assertSame(fstatSync(file, { bigint: true }), checked, written)
    next = readAhead(0)
    for (let position = 0; next !== undefined; ) {
      signal?.throwIfAborted()
      const chunk: Uint8Array = await next
      position += chunk.byteLength
      next = readAhead(position)
      yield chunk
    }
    assertSame(fstatSync(file, { bigint: true }), checked, written)
  } finally {
    await next?.catch(() => undefined)
    closeSync(file)
  }
}

function openChecked(place: string, written: string): number {
  try {
    return openSync(place, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') throw changed(written, cause)
    throw new OvnError('storage', `cannot read ${place}`, { cause })
  }
}

async function readFully(
  file: number,
  position: number,
  length: number,
  size: number,
  written: string,
): Promise<Uint8Array> {
  const chunk = Buffer.allocUnsafeSlow(length)
  // Asking another thread for a small file takes longer than reading it.
  const readSome = size <= chunkSize ? readHere : readAside
  for (let filled = 0; filled < length; ) {
    let count: number
    try {
      count = await readSome(file, chunk, filled, position + filled)
    } catch (cause) {
      throw new OvnError('storage', `cannot read ${written}`, { cause })
    }
    if (count === 0) throw changed(written)
    filled += count
  }
  return chunk
}

function readHere(file: number, chunk: Buffer, offset: number, position: number): number {
  return readSync(file, chunk, offset, chunk.length - offset, position)
}

function readAside(file: number, chunk: Buffer, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, chunk, offset, chunk.length - offset, position, (error, count) =>
      error ? reject(error) : resolve(count),
    )
  })
}

function assertSame(now: BigIntStats, checked: BigIntStats, written: string): void {
  const isSameFile = now.dev === checked.dev && now.ino === checked.ino
  if (!isSameFile || now.size !== checked.size || now.mtimeNs !== checked.mtimeNs) throw changed(written)
}

function changed(written: string, cause?: unknown): OvnError {
  return new OvnError('article', `${written} changed while it was read`, {
    hint: 'publish again when nothing writes to it any more',
    cause,
  })
}
