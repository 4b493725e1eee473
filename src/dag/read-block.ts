// Blocks are read through here or not at all: a reader that cannot hand over bytes that do not hash to their CID.

import { availableParallelism } from 'node:os'
import type { Blockstore } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { assertCheckable, assertHash, assertHashAsync, identityBytes, isHashNoted } from './hash.ts'
import { maxBlockSize } from './profile.ts'

/** Below this many bytes a hash costs less than handing the block to another thread, which needs a core of its own. */
const hashAsideFrom = availableParallelism() > 1 ? 65_536 : Number.POSITIVE_INFINITY

export type GetStore = Pick<Blockstore, 'get'>

/**
 * Reads one block and checks it. Throws an OvnError: `not-found` where the store has no such block, `damaged` where its
 * bytes are not the ones its CID names. Any other failure to read is passed on as it is: it is not "not found".
 */
export async function readBlock(blocks: GetStore, cid: CID, signal?: AbortSignal): Promise<Uint8Array> {
  // What cannot be checked is not looked for: that it is missing would be no news.
  assertCheckable(cid)
  const inline = identityBytes(cid)
  if (inline !== undefined) return inline
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of blocks.get(cid, signal === undefined ? {} : { signal })) {
      size += part.byteLength
      if (size > maxBlockSize) throw new OvnError('damaged', `block ${cid} is larger than ${maxBlockSize} bytes`)
      parts.push(part)
    }
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'NotFoundError') throw cause
    throw new OvnError('not-found', `block ${cid} is missing`, { cause })
  }
  const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  if (isHashNoted(cid, bytes)) return bytes
  if (bytes.byteLength < hashAsideFrom) assertHash(cid, bytes)
  else await assertHashAsync(cid, bytes)
  return bytes
}
