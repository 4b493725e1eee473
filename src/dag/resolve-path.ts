// A path → the node it leads to, through directories and sharded ones (HAMT). A shard is entered by the hash of the name, as the
// UnixFS specification has it: what stands in the wrong place is not there.

import { murmur364 } from '@multiformats/murmur3'
import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { showName } from './entry-name.ts'
import { type GetStore, readBlock } from './read-block.ts'
import { type DagNode, readNode } from './unixfs-node.ts'

export interface Resolved {
  readonly cid: CID
  readonly node: DagNode
  /** The last segment of the path; undefined for the root itself. */
  readonly name: string | undefined
}

/** Segments that a path may have. */
const maxSegments = 256

/** Names of a folder that a message lists. */
const shownNames = 8

/** Bits of a name's hash: a shard that would need more is a trap. */
export const hashBits = 64

/**
 * Walks from a root along a path of entry names; the empty path leads to the root. Symbolic links are not followed. Throws an
 * OvnError: `not-found` for a segment that is not there, `usage` for a path of more than 256 segments, and as {@link readBlock} and
 * {@link readNode} do for blocks on the way.
 */
export async function resolvePath(
  blocks: GetStore,
  root: CID,
  path: readonly string[],
  signal?: AbortSignal,
): Promise<Resolved> {
  if (path.length > maxSegments) throw new OvnError('usage', `a path of ${path.length} segments is too long`)
  let cid = root
  let node = readNode(cid, await readBlock(blocks, cid, signal))
  for (const [index, name] of path.entries()) {
    const place = `${root}${path
      .slice(0, index)
      .map((segment) => `/${segment}`)
      .join('')}`
    const found = await findEntry(blocks, node, name, place, signal)
    cid = found
    node = readNode(cid, await readBlock(blocks, cid, signal))
  }
  return { cid, node, name: path.at(-1) }
}

/**
 * Finds an entry of a directory, sharded or not; `place` is what messages call the directory. Throws an OvnError `not-found` where
 * it has none of that name, and as {@link readBlock} and {@link readNode} do for the shards on the way.
 */
export async function findEntry(
  blocks: GetStore,
  node: DagNode,
  name: string,
  place: string,
  signal?: AbortSignal,
): Promise<CID> {
  switch (node.kind) {
    case 'directory': {
      const entry = node.entries.find((candidate) => candidate.name === name)
      if (entry !== undefined) return entry.cid
      throw notThere(
        name,
        place,
        node.entries.map((candidate) => candidate.name),
        false,
      )
    }
    case 'shard':
      return findInShard(blocks, node, name, place, signal)
    default: {
      const kind = node.kind === 'file' ? 'a file' : 'a symbolic link, which is not followed'
      throw new OvnError('not-found', `no ${showName(name)} in ${place}: that is ${kind}`)
    }
  }
}

async function findInShard(
  blocks: GetStore,
  root: Extract<DagNode, { kind: 'shard' }>,
  name: string,
  place: string,
  signal: AbortSignal | undefined,
): Promise<CID> {
  const hash = Buffer.from(await murmur364.encode(Buffer.from(name))).readBigUInt64BE()
  const bits = Math.log2(root.fanout)
  const names: string[] = []
  let shard = root
  for (let used = bits; ; used += bits) {
    if (used > hashBits) throw new OvnError('damaged', `${place} is sharded more deeply than a name's hash reaches`)
    const slot = Number((hash >> BigInt(hashBits - used)) & BigInt(root.fanout - 1))
    names.push(...shard.entries.flatMap((entry) => entry.name ?? []))
    const here = shard.entries.filter((entry) => entry.slot === slot)
    const entry = here.find((candidate) => candidate.name === name)
    if (entry !== undefined) return entry.cid
    const below = here.find((candidate) => candidate.name === undefined)
    if (below === undefined) throw notThere(name, place, names, true)
    const node = readNode(below.cid, await readBlock(blocks, below.cid, signal))
    shard = subShard(below.cid, node, root.fanout)
  }
}

/** A shard below another. Throws an OvnError `damaged` for what is none, or one of another fan-out. */
export function subShard(cid: CID, node: DagNode, fanout: number): Extract<DagNode, { kind: 'shard' }> {
  if (node.kind === 'shard' && node.fanout === fanout) return node
  throw new OvnError('damaged', `block ${cid} should be a shard of a directory with the fan-out ${fanout}, and is not`)
}

function notThere(name: string, place: string, names: readonly string[], isShard: boolean): OvnError {
  const shown = names.slice(0, shownNames).map(showName)
  // Of a sharded directory only the shards on the way were read.
  const more = isShard || names.length > shownNames ? ', and more' : ''
  const hint =
    shown.length === 0 ? (isShard ? undefined : 'it is an empty folder') : `it has ${shown.join(', ')}${more}`
  return new OvnError('not-found', `no ${showName(name)} in ${place}`, { hint })
}
