// The content of an asset: read from the very file that was checked when the article was read, or not at all.

import { type BigIntStats, constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
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
  const file = await openChecked(place, checked, written)
  let next: Promise<Uint8Array> | undefined
  const readAhead = (position: number) => {
    if (position >= size) return undefined
    const chunk = readFully(file, position, Math.min(chunkSize, size - position), written)
    // Its failure is thrown where it is awaited, which may be later than it happens.
    chunk.catch(() => undefined)
    return chunk
  }
  try {
    next = readAhead(0)
    for (let position = 0; next !== undefined; ) {
      signal?.throwIfAborted()
      const chunk: Uint8Array = await next
      position += chunk.byteLength
      next = readAhead(position)
      yield chunk
    }
    assertSame(await file.stat({ bigint: true }), checked, written)
  } finally {
    await next?.catch(() => undefined)
    await file.close()
  }
}

async function openChecked(place: string, checked: BigIntStats, written: string): Promise<FileHandle> {
  let file: FileHandle
  try {
    // Loaded when it is needed: most articles have nothing that is read this way.
    const { open } = await import('node:fs/promises')
    file = await open(place, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') throw changed(written, cause)
    throw new OvnError('storage', `cannot read ${place}`, { cause })
  }
  try {
    assertSame(await file.stat({ bigint: true }), checked, written)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readFully(file: FileHandle, position: number, length: number, written: string): Promise<Uint8Array> {
  const chunk = Buffer.allocUnsafeSlow(length)
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(chunk, filled, length - filled, position + filled).catch((cause) => {
      throw new OvnError('storage', `cannot read ${written}`, { cause })
    })
    if (bytesRead === 0) throw changed(written)
    filled += bytesRead
  }
  return chunk
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
