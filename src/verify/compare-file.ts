// One file on a disk and one in an archive, byte for byte.

import { type FileHandle, open } from 'node:fs/promises'
import type { CID } from 'multiformats/cid'
import { ReadAhead } from '../dag/read-ahead.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { readNode } from '../dag/unixfs-node.ts'
import { OvnError } from '../errors.ts'

/** Where two files differ. */
export interface FileDifference {
  /** Bytes of the archived file, and of the one on disk. */
  readonly archived: number
  readonly found: number
  /** The first byte that differs, counted from 0; and the last, where both have the same size. */
  readonly first: number
  readonly last?: number
}

interface Part {
  readonly cid: CID
  readonly offset: number
  readonly size: number | undefined
  readonly depth: number
}

interface ReadPart {
  readonly size: number
  readonly data: Uint8Array
  readonly parts: readonly { readonly cid: CID; readonly size: number }[]
}

const maxDepth = 64
/** Blocks of one file, and those that wait side by side. */
const maxBlocks = 5_000_000
const maxWaiting = 262_144

/**
 * Compares an archived file with one on disk to their ends; undefined where they are the same. Throws as {@link readBlock} does for
 * a block that is not right, an OvnError `damaged` for parts that are not as long as they say, and what the disk answers.
 */
export async function compareFile(
  blocks: GetStore,
  root: CID,
  file: string,
  options: { readonly signal: AbortSignal; readonly onBytes: (count: number) => void },
): Promise<FileDifference | undefined> {
  const { signal, onBytes } = options
  const handle = await open(file, 'r')
  try {
    const { size: found } = await handle.stat()
    const stack = new ReadAhead((part: Part) => readPart(blocks, part, signal))
    stack.push([{ cid: root, offset: 0, size: undefined, depth: 0 }])
    let archived = 0
    let first: number | undefined
    let last = 0
    let count = 0
    for (let next = await stack.take(); next !== undefined; next = await stack.take()) {
      signal.throwIfAborted()
      const { item, result } = next
      count += 1
      if (item.depth > maxDepth || count > maxBlocks || stack.size > maxWaiting) {
        throw new OvnError('damaged', `${root} has too many parts, or too deep ones`)
      }
      const { data } = result
      if (item.depth === 0) archived = result.size
      if (archived !== found && first !== undefined) break
      const local = await readAt(handle, item.offset, data.byteLength)
      const length = Math.min(local.byteLength, data.byteLength)
      if (Buffer.compare(local, data.subarray(0, length)) !== 0) {
        const from = firstDifference(local, data)
        first ??= item.offset + from
        last = item.offset + lastDifference(local, data)
      }
      onBytes(data.byteLength)
      stack.push(partsBelow(item, result))
    }
    if (archived !== found) return { archived, found, first: first ?? Math.min(archived, found) }
    return first === undefined ? undefined : { archived, found, first, last }
  } finally {
    await handle.close()
  }
}

async function readPart(blocks: GetStore, { cid, size }: Part, signal: AbortSignal): Promise<ReadPart> {
  const node = readNode(cid, await readBlock(blocks, cid, signal))
  if (node.kind !== 'file') throw new OvnError('damaged', `block ${cid} should be a part of a file, and is not`)
  if (size === undefined || size === node.size) return node
  throw new OvnError('damaged', `block ${cid} has ${node.size} bytes of a file where ${size} are announced`)
}

function partsBelow({ offset, depth }: Part, { data, parts }: ReadPart): Part[] {
  let at = offset + data.byteLength
  return parts.map(({ cid, size }) => {
    const part = { cid, offset: at, size, depth: depth + 1 }
    at += size
    return part
  })
}

/** Up to so many bytes from a place; fewer where the file ends before. */
async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

/** Where two texts of bytes begin to differ, within the shorter of them. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.byteLength, b.byteLength)
  for (let index = 0; index < length; index += 1) if (a[index] !== b[index]) return index
  return length
}

function lastDifference(a: Uint8Array, b: Uint8Array): number {
  for (let index = Math.min(a.byteLength, b.byteLength) - 1; index >= 0; index -= 1)
    if (a[index] !== b[index]) return index
  return 0
}
