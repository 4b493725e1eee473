// A range of a file's bytes → its chunks, in order. Only blocks that hold some of the range are read, a few of them ahead; whoever
// reads sets the pace, and no more than those few wait in memory.

import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { ReadAhead } from './read-ahead.ts'
import { type GetStore, readBlock } from './read-block.ts'
import { type DagNode, readNode } from './unixfs-node.ts'

export type FileNode = Extract<DagNode, { kind: 'file' }>

/** Bytes of a file, from the first to the last, both counted from 0 and both included. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** Blocks that are read before they are asked for: one is hashed beside the main thread while the one before it is sent. */
const ahead = 2

/** Levels of a file's tree. A thousand links to a block make eight of them hold more than any disk. */
const maxLevels = 32

interface Part {
  readonly cid: CID
  /** Where the part begins in the file, and how many bytes it is said to have. */
  readonly offset: number
  readonly size: number
  readonly level: number
}

/**
 * Yields the bytes of a range, which must lie inside the file; `root` is its CID. Every block is hashed, and must have as many
 * bytes as the block above says. Throws as {@link readBlock} and {@link readNode} do, at the place where the file fails.
 */
export async function* readRange(
  blocks: GetStore,
  root: CID,
  file: FileNode,
  { first, last }: ByteRange,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const parts = new ReadAhead<Part, FileNode>(async ({ cid, size }) => {
    const node = readNode(cid, await readBlock(blocks, cid, signal))
    if (node.kind === 'file' && node.size === size) return node
    throw new OvnError('damaged', `block ${cid} is not the ${size} bytes of ${root} that it is said to be`)
  }, ahead)

  function* open(node: FileNode, offset: number, level: number): Generator<Uint8Array> {
    if (level > maxLevels) throw new OvnError('damaged', `${root} is a file of more than ${maxLevels} levels`)
    const inline = cut(node.data, offset, first, last)
    if (inline.byteLength > 0) yield inline
    const wanted: Part[] = []
    let at = offset + node.data.byteLength
    for (const { cid, size } of node.parts) {
      if (at <= last && at + size > first) wanted.push({ cid, offset: at, size, level: level + 1 })
      at += size
    }
    parts.push(wanted)
  }

  yield* open(file, 0, 0)
  for (let next = await parts.take(); next !== undefined; next = await parts.take()) {
    signal?.throwIfAborted()
    yield* open(next.result, next.item.offset, next.item.level)
  }
}

/** What of some bytes that stand at an offset lies in a range. */
function cut(bytes: Uint8Array, offset: number, first: number, last: number): Uint8Array {
  return bytes.subarray(Math.max(0, first - offset), Math.max(0, last + 1 - offset))
}
