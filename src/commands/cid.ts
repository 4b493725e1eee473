// Any file or folder → the CID that it has under the profile. Nothing is stored.

import { lstat } from 'node:fs/promises'
import { composeNode } from '../archive/node.ts'
import { Stage } from '../archive/stage.ts'
import { storageError } from '../archive/storage-error.ts'
import { readChunks, readFolder } from '../dag/read-folder.ts'
import { writeDag, writeFileDag } from '../dag/write-dag.ts'
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
      const root = await writeDag(node, readFolder(path, onBytes), { signal, onFile: (file) => (size += file.size) })
      return { ...root, size }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(error, path)
      throw new OvnError('not-found', `${path} is not there`, { cause: error })
    }
  }
}
