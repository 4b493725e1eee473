// A file of a DAG → its bytes, one block after another, however large it is.

import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { type GetStore, readBlock } from './read-block.ts'
import { readNode } from './unixfs-node.ts'

/** Parts that may wait to be read. No file of any importer has so many side by side. */
const maxWaiting = 262_144

/**
 * Yields the bytes of a file. Throws as {@link readBlock} does at the first block that fails, and an OvnError `damaged` for what is no
 * file, or has parts of other sizes than it says: what was yielded before is then not the file.
 */
export async function* streamFile(blocks: GetStore, cid: CID, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const stack: { cid: CID; size: number | undefined }[] = [{ cid, size: undefined }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    signal?.throwIfAborted()
    const node = readNode(next.cid, await readBlock(blocks, next.cid, signal))
    if (node.kind !== 'file') throw new OvnError('damaged', `${next.cid} is not a file`)
    if (next.size !== undefined && next.size !== node.size) {
      throw new OvnError('damaged', `block ${next.cid} has another size than is announced`)
    }
    if (node.data.byteLength > 0) yield node.data
    for (let index = node.parts.length - 1; index >= 0; index -= 1) {
      const part = node.parts[index]
      if (part !== undefined) stack.push(part)
    }
    if (stack.length > maxWaiting) throw new OvnError('damaged', `${cid} has too many parts side by side`)
  }
}
