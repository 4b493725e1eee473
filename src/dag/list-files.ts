// UnixFS DAG → its files, read through checked blocks only. Sizes and names are what strangers wrote: limits come first.

import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { type GetStore, readBlock } from './read-block.ts'
import { readNode } from './unixfs-node.ts'

export interface DagFile {
  /** Path below the root, with forward slashes. Of any DAG: check it before it is used on a disk. */
  readonly path: string
  readonly cid: CID
  /** Bytes of the content. */
  readonly size: number
}

/** Entries that one DAG may have, and folders inside one another, before it is refused as a trap. */
const maxEntries = 100_000
const maxDepth = 64

/** Bytes of a file that is read whole into memory. */
const maxWhole = 16 * 1024 * 1024

/**
 * Lists the files below a directory, in the order of its links; of a DAG that is one file, that file with an empty path. A
 * symbolic link counts as a file. Throws an OvnError for blocks that fail the check.
 */
export async function listFiles(blocks: GetStore, root: CID, signal?: AbortSignal): Promise<DagFile[]> {
  const files: DagFile[] = []
  const stack: { cid: CID; path: string; depth: number }[] = [{ cid: root, path: '', depth: 0 }]
  for (let next = stack.pop(), count = 0; next !== undefined; next = stack.pop(), count += 1) {
    const { cid, path, depth } = next
    signal?.throwIfAborted()
    if (count > maxEntries || depth > maxDepth)
      throw new OvnError('damaged', `${root} is too large or too deep to list`)
    const node = readNode(cid, await readBlock(blocks, cid, signal))
    if (node.kind === 'file') files.push({ path, cid, size: node.size })
    else if (node.kind === 'symlink') files.push({ path, cid, size: Buffer.byteLength(node.target) })
    else {
      for (const { name, cid: below } of [...node.entries].reverse()) {
        const whole = [path, name].filter((part) => part !== undefined && part !== '').join('/')
        stack.push({ cid: below, path: whole, depth: depth + 1 })
      }
    }
  }
  return files
}

/** Reads a small file whole. Throws an OvnError `damaged` for one of more than 16 MiB, or of another size than it says. */
export async function readFile(blocks: GetStore, cid: CID, signal?: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const stack: { cid: CID; size: number | undefined }[] = [{ cid, size: undefined }]
  for (let next = stack.pop(), count = 0; next !== undefined; next = stack.pop(), count += 1) {
    const node = readNode(next.cid, await readBlock(blocks, next.cid, signal))
    if (node.kind !== 'file') throw new OvnError('damaged', `${cid} is not a file`)
    if (next.size !== undefined && next.size !== node.size)
      throw new OvnError('damaged', `${cid} has a part of another size than it says`)
    if (node.size > maxWhole || count > maxEntries)
      throw new OvnError('damaged', `${cid} is too large to be read whole`)
    if (node.data.byteLength > 0) parts.push(node.data)
    stack.push(...[...node.parts].reverse())
  }
  return Buffer.concat(parts)
}
