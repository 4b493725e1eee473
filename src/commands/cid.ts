// Any file or folder → the CID that it has under the profile. Nothing is stored.

import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { composeNode } from '../archive/node.ts'
import { Stage } from '../archive/stage.ts'
import { storageError } from '../archive/storage-error.ts'
import { chunkSize } from '../dag/profile.ts'
import { type DagEntry, writeDag, writeFileDag } from '../dag/write-dag.ts'
import { OvnError } from '../errors.ts'
import type { Computed } from '../output/result.ts'
import type { Context } from './context.ts'

/**
 * Computes root CIDs as `ipfs add --only-hash --recursive` does with the profile: hidden files are left out, symbolic links
 * stay links, empty folders count. Throws an OvnError `not-found` for a path that is not there.
 */
export async function computeCids(paths: readonly string[], { signal, report, readInput }: Context): Promise<Computed> {
  const node = composeNode({ blockstore: new Stage(async () => undefined) })
  let bytes = 0
  const onBytes = (count: number) => {
    bytes += count
    report({ done: 0, total: 1, bytes })
  }
  const roots = []
  for (const path of paths) {
    const { cid, size } = await computeOne(path)
    roots.push({ path, cid: cid.toString(), size })
  }
  return { kind: 'computed', roots }

  async function computeOne(path: string) {
    if (path === '-') return writeFileDag(node, await readInput(), signal)
    try {
      const stats = await lstat(path)
      if (!stats.isDirectory()) return await writeFileDag(node, () => readChunks(path, onBytes), signal)
      let size = 0
      const root = await writeDag(node, entriesOf(path, onBytes), { signal, onFile: (file) => (size += file.size) })
      return { ...root, size }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(error, path)
      throw new OvnError('not-found', `${path} is not there`, { cause: error })
    }
  }
}

/** The entries of a folder, in a fixed order; which order is no matter to the CID. */
async function* entriesOf(folder: string, onBytes: (count: number) => void, below = ''): AsyncGenerator<DagEntry> {
  const names = (await readdir(join(folder, below))).filter((name) => !name.startsWith('.')).sort()
  if (names.length === 0 && below !== '') yield { path: below }
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`
    const place = join(folder, path)
    const stats = await lstat(place)
    if (stats.isSymbolicLink()) yield { path, link: await readlink(place) }
    else if (stats.isDirectory()) yield* entriesOf(folder, onBytes, path)
    else if (stats.isFile()) yield { path, content: () => readChunks(place, onBytes) }
    else throw new OvnError('usage', `${place} is neither a file nor a folder`)
  }
}

async function* readChunks(file: string, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: chunkSize })) {
    onBytes((chunk as Buffer).byteLength)
    yield chunk as Buffer
  }
}
