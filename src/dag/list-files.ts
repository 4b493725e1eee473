// UnixFS DAG → its files, read through checked blocks only. Sizes and names are what strangers wrote: limits come first.

import { decode as decodePb, type PBNode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { OvnError } from '../errors.ts'
import { type GetStore, readBlock } from './read-block.ts'

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

/** Lists the files below a directory, in the order of its links. Throws an OvnError for blocks that fail the check. */
export async function listFiles(blocks: GetStore, root: CID, signal?: AbortSignal): Promise<DagFile[]> {
  const files: DagFile[] = []
  const stack: { cid: CID; path: string; depth: number; inShard: boolean }[] = [
    { cid: root, path: '', depth: 0, inShard: false },
  ]
  for (let next = stack.pop(), entries = 0; next !== undefined; next = stack.pop(), entries += 1) {
    const { cid, path, depth, inShard } = next
    signal?.throwIfAborted()
    if (entries > maxEntries || depth > maxDepth)
      throw new OvnError('damaged', `${root} is too large or too deep to list`)
    const bytes = await readBlock(blocks, cid, signal)
    if (cid.code === rawCode) {
      files.push({ path, cid, size: bytes.byteLength })
      continue
    }
    const { node, unixFs } = decodeNode(cid, bytes)
    if (!unixFs.isDirectory() && unixFs.type !== 'hamt-sharded-directory') {
      files.push({ path, cid, size: Number(unixFs.fileSize()) })
      continue
    }
    const isShard = unixFs.type === 'hamt-sharded-directory'
    for (const { Name = '', Hash } of [...node.Links].reverse()) {
      // A shard's links begin with two hexadecimal digits; with no name behind them they lead to another shard.
      const name = isShard ? Name.slice(2) : Name
      if (name === '' && !isShard) throw new OvnError('damaged', `${cid} has an entry without a name`)
      const below = path === '' || name === '' ? `${path}${name}` : `${path}/${name}`
      stack.push({ cid: Hash, path: below, depth: name === '' && inShard ? depth : depth + 1, inShard: isShard })
    }
  }
  return files
}

/** Reads a small file whole. Throws an OvnError `damaged` for one of more than 16 MiB, or of another size than it says. */
export async function readFile(blocks: GetStore, cid: CID, signal?: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  const stack = [cid]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const bytes = await readBlock(blocks, next, signal)
    const { node, unixFs } = next.code === rawCode ? {} : decodeNode(next, bytes)
    const part = node === undefined ? bytes : unixFs?.data
    if (part !== undefined) parts.push(part)
    size += part?.byteLength ?? 0
    if (size > maxWhole) throw new OvnError('damaged', `${cid} is too large to be read whole`)
    if (node !== undefined) stack.push(...node.Links.map(({ Hash }) => Hash).reverse())
  }
  return Buffer.concat(parts)
}

function decodeNode(cid: CID, bytes: Uint8Array): { node: PBNode; unixFs: UnixFS } {
  try {
    const node = decodePb(bytes)
    return { node, unixFs: UnixFS.unmarshal(node.Data ?? new Uint8Array()) }
  } catch (cause) {
    throw new OvnError('damaged', `block ${cid} is not a UnixFS node`, { cause })
  }
}
