// A root and a path → the block that the path leads to, through folders, sharded folders, and the keys of DAG-CBOR and DAG-JSON.

import { code as dagPbCode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { decodeData, isDagData } from '../dag/ipld.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { findEntry } from '../dag/resolve-path.ts'
import { type DagNode, readNode } from '../dag/unixfs-node.ts'
import { OvnError } from '../errors.ts'
import { Refusal } from './message.ts'

export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

export interface Content extends Block {
  /** The last name of the path; undefined for the root itself. */
  readonly name: string | undefined
  /** Every block that was read on the way, shards too, in order; the last of them is the one that was found. */
  readonly visited: readonly Block[]
  /** The root, and one CID for each name of the path. */
  readonly roots: readonly CID[]
}

/**
 * Walks a path. Throws a Refusal: 404 for a name that is not there, 501 for a path that ends inside a block; and an OvnError as
 * {@link readBlock} and {@link readNode} do.
 */
export async function resolveContent(
  blocks: GetStore,
  root: CID,
  path: readonly string[],
  signal?: AbortSignal,
): Promise<Content> {
  const visited: Block[] = []
  const recorder = recording(blocks, visited)
  const roots = [root]
  let cid = root
  let bytes = await readBlock(recorder, cid, signal)
  let at = 0
  while (at < path.length) {
    const [next, used] = isDagData(cid)
      ? followKeys(cid, bytes, path.slice(at))
      : [await followEntry(recorder, cid, bytes, path[at] as string, signal), 1]
    at += used
    cid = next
    roots.push(cid)
    bytes = await readBlock(recorder, cid, signal)
  }
  return { cid, bytes, name: path.at(-1), visited: visited.map((block) => block), roots }
}

/** A store that writes down what was read of it. What it hands over is checked by its reader, or nothing comes of it. */
function recording(blocks: GetStore, visited: Block[]): GetStore {
  return {
    async *get(cid, options) {
      const parts: Uint8Array[] = []
      for await (const part of blocks.get(cid, options)) {
        parts.push(part)
        yield part
      }
      visited.push({ cid, bytes: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts) })
    },
  }
}

async function followEntry(
  blocks: GetStore,
  cid: CID,
  bytes: Uint8Array,
  name: string,
  signal: AbortSignal | undefined,
): Promise<CID> {
  const place = `/ipfs/${cid}`
  const node = readUnixFs(cid, bytes)
  if (node === undefined) throw new Refusal(404, `no ${JSON.stringify(name)} in ${place}: that is one block of data`)
  try {
    return await findEntry(blocks, node, name, place, signal)
  } catch (error) {
    if (!(error instanceof OvnError) || error.code !== 'not-found') throw error
    throw new Refusal(404, error.message)
  }
}

/** The UnixFS node of a block; undefined for a block of another codec. */
export function readUnixFs(cid: CID, bytes: Uint8Array): DagNode | undefined {
  return cid.code === dagPbCode || cid.code === 0x55 ? readNode(cid, bytes) : undefined
}

/** Follows keys up to the first link. Returns where it leads, and how many keys were used. */
function followKeys(cid: CID, bytes: Uint8Array, keys: readonly string[]): [CID, number] {
  let value = decodeData(cid, bytes)
  for (const [index, key] of keys.entries()) {
    const isOpen = typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
    if (!isOpen || !Object.hasOwn(value as object, key) || (Array.isArray(value) && !/^\d+$/.test(key))) {
      throw new Refusal(404, `no ${JSON.stringify(key)} in /ipfs/${cid}`)
    }
    value = (value as Record<string, unknown>)[key]
    if (value instanceof CID) return [value, index + 1]
  }
  throw new Refusal(501, `the path ends inside the block ${cid}; only links are followed`)
}
