// Walks a DAG from its root: every block once, parents before children, links in order, without recursion.

import { code as dagPbCode, decode as decodePb } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { OvnError } from '../errors.ts'
import { cidKey } from './cid-key.ts'
import { identityBytes } from './hash.ts'
import { type GetStore, readBlock } from './read-block.ts'

export interface WalkOptions {
  /** Levels below the root that are walked; all of them where it is absent. */
  readonly depth?: number
  readonly signal?: AbortSignal | undefined
}

/** A CID in the one form that is compared and stored: version 1, whichever it was written in. */
export function toV1(cid: CID): CID {
  return cid.version === 1 ? cid : CID.createV1(cid.code, cid.multihash)
}

/** The CIDs that a checked block links to, in order. Throws an OvnError `damaged` for bytes that are not of its codec. */
export function linksOf(cid: CID, bytes: Uint8Array): CID[] {
  if (cid.code === rawCode) return []
  if (cid.code !== dagPbCode) {
    throw new OvnError('damaged', `block ${cid} has the codec 0x${cid.code.toString(16)}, which is not UnixFS`)
  }
  try {
    return decodePb(bytes).Links.map((link) => link.Hash)
  } catch (cause) {
    throw new OvnError('damaged', `block ${cid} is not a dag-pb node`, { cause })
  }
}

/** Yields the CID of every block of a DAG, once each. Throws as {@link readBlock} does at the first block that fails. */
export async function* walkDag(blocks: GetStore, root: CID, options: WalkOptions = {}): AsyncGenerator<CID> {
  const { depth = Number.POSITIVE_INFINITY, signal } = options
  // A block met again nearer to the root may have children that were out of reach before.
  const seen = new Map<string, number>()
  const stack = [{ cid: root, level: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { cid, level } = next
    const key = cidKey(cid)
    const before = seen.get(key)
    if (before !== undefined && (before <= level || depth === Number.POSITIVE_INFINITY)) continue
    seen.set(key, level)
    signal?.throwIfAborted()
    const links = linksOf(cid, await readBlock(blocks, cid, signal))
    if (before === undefined) yield cid
    if (level < depth) stack.push(...links.reverse().map((link) => ({ cid: link, level: level + 1 })))
  }
}

/** A block of a DAG that was read and hashed. `inline` where its bytes are inside its CID, and in no store. */
export interface DagBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
  readonly inline: boolean
}

/** Links that may wait to be followed at one time. No file or sharded directory has a hundredth of them. */
const maxWaiting = 200_000

/**
 * Yields every block of some DAGs, once each: depth first, parents before children, links in order, one root after another.
 * Throws as {@link readBlock} does at the first block that fails, and an OvnError `damaged` for a DAG with so many links side
 * by side that it can only be a trap.
 */
export async function* walkBlocks(
  blocks: GetStore,
  roots: readonly CID[],
  signal?: AbortSignal,
): AsyncGenerator<DagBlock> {
  const seen = new Set<string>()
  const waiting = roots.map((cid) => ({ cid, key: cidKey(cid) })).reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { cid, key } = next
    if (seen.has(key)) continue
    seen.add(key)
    signal?.throwIfAborted()
    const bytes = await readBlock(blocks, cid, signal)
    const links = linksOf(cid, bytes)
    yield { cid, bytes, inline: identityBytes(cid) !== undefined }
    for (let index = links.length - 1; index >= 0; index -= 1) {
      const link = { cid: links[index] as CID, key: cidKey(links[index] as CID) }
      if (!seen.has(link.key)) waiting.push(link)
    }
    if (waiting.length > roots.length + maxWaiting) {
      throw new OvnError('damaged', `block ${cid} is in a DAG with more than ${maxWaiting} links side by side`)
    }
  }
}
