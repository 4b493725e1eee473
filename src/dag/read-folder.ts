// Files and folders on disk → entries of a DAG, as `ipfs add --recursive` takes them: hidden files are left out, symbolic links
// stay links, empty folders count.

import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { OvnError } from '../errors.ts'
import { chunkSize } from './profile.ts'
import type { DagEntry } from './write-dag.ts'

/** Yields what is in a folder, in a fixed order; which order is no matter to the CID. `onBytes` is told of bytes as they are read. */
export async function* readFolder(
  folder: string,
  onBytes: (count: number) => void,
  below = '',
): AsyncGenerator<DagEntry> {
  const names = (await readdir(join(folder, below))).filter((name) => !name.startsWith('.')).sort()
  if (names.length === 0 && below !== '') yield { path: below }
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`
    const place = join(folder, path)
    const stats = await lstat(place)
    if (stats.isSymbolicLink()) yield { path, link: await readlink(place) }
    else if (stats.isDirectory()) yield* readFolder(folder, onBytes, path)
    else if (stats.isFile()) yield { path, content: () => readChunks(place, onBytes) }
    else throw new OvnError('usage', `${place} is neither a file nor a folder`)
  }
}

/** Reads a file in pieces of the profile's chunk size. */
export async function* readChunks(file: string, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: chunkSize })) {
    onBytes((chunk as Buffer).byteLength)
    yield chunk as Buffer
  }
}
