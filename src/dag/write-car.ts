// A DAG → a CAR, version 1: depth first, links in order, no block twice, roots first. Whoever writes the same roots writes the
// same bytes. Nothing is written that was not read and hashed; a block that fails ends the stream with an error.

import { encode as encodeCbor } from '@ipld/dag-cbor'
import type { CID } from 'multiformats/cid'
import type { GetStore } from './read-block.ts'
import { walkBlocks } from './walk.ts'

/**
 * Yields the bytes of a CAR with these roots, in this order. Throws as `readBlock` does at the first block that fails: what was
 * yielded before is then not a CAR, and whoever wrote it somewhere must take it away.
 */
export async function* writeCar(
  blocks: GetStore,
  roots: readonly CID[],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const header = encodeCbor({ roots, version: 1 })
  yield Buffer.concat([varint(header.byteLength), header])
  for await (const { cid, bytes, inline } of walkBlocks(blocks, roots, signal)) {
    if (inline) continue
    yield Buffer.concat([varint(cid.bytes.byteLength + bytes.byteLength), cid.bytes])
    yield bytes
  }
}

function varint(value: number): Uint8Array {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return Uint8Array.from([...bytes, value])
}
