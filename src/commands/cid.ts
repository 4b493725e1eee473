// Any file or folder → the CID that it has under the profile. Nothing is stored.

import { lstat } from 'node:fs/promises'
import type { CID } from 'multiformats/cid'
import { composeNode } from '../archive/node.ts'
import { Stage } from '../archive/stage.ts'
import { storageError } from '../archive/storage-error.ts'
import { readChunks, readFolder } from '../dag/read-folder.ts'
import { writeDag, writeFileDag } from '../dag/write-dag.ts'
import { OvnError } from '../errors.ts'
import type { Computed } from '../output/result.ts'
import type { Context } from './context.ts'

interface ComputedRoot {
  readonly cid: CID
  /** Files below it, and their bytes. */
  readonly files: number
  readonly size: number
}

/**
 * Computes root CIDs as `ipfs add --only-hash --recursive` does with the profile: hidden files are left out, symbolic links
 * stay links, empty folders count. Throws an OvnError `not-found` for a path that is not there.
 */
export async function computeCids(paths: readonly string[], context: Context): Promise<Computed> {
  const roots = []
  for (const path of paths) {
    const { cid, size } = await computeCid(path, context)
    roots.push({ path, cid: cid.toString(), size })
  }
  return { kind: 'computed', roots }
}

/** Computes the root CID of one path. Throws as {@link computeCids} does. */
export async function computeCid(path: string, { signal, report, readInput }: Context): Promise<ComputedRoot> {
  const node = composeNode({ blockstore: new Stage(async () => undefined) })
  let bytes = 0
  const onBytes = (count: number) => {
    bytes += count
    report({ done: 0, total: 1, bytes })
  }
  if (path === '-') return { files: 1, ...(await writeFileDag(node, await readInput(), signal)) }
  try {
    const stats = await lstat(path)
    if (!stats.isDirectory())
      return { files: 1, ...(await writeFileDag(node, () => readChunks(path, onBytes), signal)) }
    let files = 0
    let size = 0
    async function* counted() {
      for await (const entry of readFolder(path, onBytes)) {
        if ('content' in entry) files += 1
        yield entry
      }
    }
    const { cid } = await writeDag(node, counted(), { signal, onFile: (file) => (size += file.size) })
    return { cid, files, size }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(error, path)
    throw new OvnError('not-found', `${path} is not there`, { cause: error })
  }
}
