// One block of a UnixFS DAG → what it says: a file, a directory, a shard of one, a symbolic link. A reader of our own, and a
// strict one: what strangers wrote must be what the specification allows before a size or a name of it is believed.
// Sources: the UnixFS and dag-pb specifications; limits of directories sharded as HAMT from the former.

import { decode as decodePb, type PBLink, type PBNode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { OvnError } from '../errors.ts'

/** A part of a file: a block, or a tree of blocks, that holds `size` bytes of it. */
export interface FilePart {
  readonly cid: CID
  readonly size: number
}

/** An entry of a directory. The name is what a stranger wrote: check it before it is used on a disk. */
export interface DirectoryEntry {
  readonly name: string
  readonly cid: CID
}

/** A link of a shard: to an entry, or, without a name, to another shard. `slot` is its place in the shard. */
export interface ShardEntry {
  readonly slot: number
  readonly name: string | undefined
  readonly cid: CID
}

export type DagNode =
  /** `size` bytes: `data` first, then the parts in order. Each part must be read to be as long as it says. */
  | { readonly kind: 'file'; readonly size: number; readonly data: Uint8Array; readonly parts: readonly FilePart[] }
  | { readonly kind: 'directory'; readonly entries: readonly DirectoryEntry[] }
  | { readonly kind: 'shard'; readonly fanout: number; readonly entries: readonly ShardEntry[] }
  | { readonly kind: 'symlink'; readonly target: string }

const types = ['raw', 'directory', 'file', 'metadata', 'symlink', 'shard'] as const
const maxFanout = 1024
const murmur3 = 0x22
const nothing = new Uint8Array(0)

/**
 * Reads a block whose bytes were checked against its CID. Throws an OvnError `damaged` for what is not UnixFS as the
 * specification has it.
 */
export function readNode(cid: CID, bytes: Uint8Array): DagNode {
  if (cid.code === rawCode) return { kind: 'file', size: bytes.byteLength, data: bytes, parts: [] }
  let node: PBNode
  try {
    node = decodePb(bytes)
  } catch (cause) {
    throw new OvnError('damaged', `block ${cid} is not a dag-pb node`, { cause })
  }
  const { type, data = nothing, fileSize, blockSizes, hashType, fanout } = readData(cid, node.Data)
  switch (type) {
    case 'raw':
    case 'file':
      return readFile(cid, node.Links, data, fileSize, blockSizes)
    case 'directory':
      return { kind: 'directory', entries: uniqueNames(cid, node.Links.map(entryOf(cid))) }
    case 'shard':
      return readShard(cid, node.Links, hashType, fanout)
    case 'symlink':
      return { kind: 'symlink', target: readTarget(cid, data) }
    default:
      throw notUnixFs(cid, 'its type is not one of files and directories')
  }
}

function readTarget(cid: CID, data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    throw notUnixFs(cid, 'the target of its symbolic link is not UTF-8')
  }
}

function readFile(
  cid: CID,
  links: readonly PBLink[],
  data: Uint8Array,
  fileSize: number | undefined,
  blockSizes: readonly number[],
): DagNode {
  if (links.length !== blockSizes.length) throw notUnixFs(cid, 'it has another number of parts than of their sizes')
  // Empty parts could stand in one another for ever without a byte that some limit would count.
  if (blockSizes.includes(0)) throw notUnixFs(cid, 'a part of it has no bytes')
  const parts = links.map(({ Hash }, index) => ({ cid: Hash, size: blockSizes[index] as number }))
  const size = parts.reduce((sum, part) => sum + part.size, data.byteLength)
  if (!Number.isSafeInteger(size)) throw notUnixFs(cid, 'its size is beyond all measure')
  if (fileSize !== undefined && fileSize !== size) throw notUnixFs(cid, 'its size is not that of its parts')
  return { kind: 'file', size, data, parts }
}

function entryOf(cid: CID): (link: PBLink) => DirectoryEntry {
  return ({ Name = '', Hash }) => {
    if (Name === '') throw notUnixFs(cid, 'it has an entry without a name')
    return { name: Name, cid: Hash }
  }
}

function readShard(
  cid: CID,
  links: readonly PBLink[],
  hashType: number | undefined,
  fanout: number | undefined,
): DagNode {
  if (hashType !== murmur3) throw notUnixFs(cid, 'its shards are not made with murmur3-x64-64')
  if (fanout === undefined || fanout < 8 || fanout > maxFanout || (fanout & (fanout - 1)) !== 0) {
    throw notUnixFs(cid, 'the fan-out of its shards is not a power of two from 8 to 1024')
  }
  const width = (fanout - 1).toString(16).length
  const entries = links.map(({ Name = '', Hash }) => {
    const prefix = Name.slice(0, width)
    const slot = /^[\dA-F]+$/.test(prefix) && prefix.length === width ? Number.parseInt(prefix, 16) : fanout
    if (slot >= fanout) throw notUnixFs(cid, 'a link of its shard names no place in it')
    return { slot, name: Name.length > width ? Name.slice(width) : undefined, cid: Hash }
  })
  uniqueNames(cid, entries)
  if (new Set(entries.map(({ slot }) => slot)).size !== entries.length) {
    throw notUnixFs(cid, 'two links of its shard have one place')
  }
  return { kind: 'shard', fanout, entries }
}

function uniqueNames<E extends { readonly name: string | undefined }>(cid: CID, entries: E[]): E[] {
  const names = entries.map(({ name }) => name).filter((name) => name !== undefined)
  if (new Set(names).size !== names.length) throw notUnixFs(cid, 'two of its entries have one name')
  return entries
}

interface UnixFsData {
  readonly type: (typeof types)[number] | undefined
  readonly data: Uint8Array | undefined
  readonly fileSize: number | undefined
  readonly blockSizes: readonly number[]
  readonly hashType: number | undefined
  readonly fanout: number | undefined
}

/** Reads the protobuf message `Data` of the UnixFS specification. Fields that it does not name are passed over. */
function readData(cid: CID, bytes: Uint8Array | undefined): UnixFsData {
  if (bytes === undefined) throw notUnixFs(cid, 'it has no data')
  const numbers = new Map<number, number>()
  const blockSizes: number[] = []
  let data: Uint8Array | undefined
  let at = 0

  function varint(end: number): number {
    let value = 0
    for (let scale = 1; at < end; scale *= 128) {
      const byte = bytes?.[at++] as number
      value += (byte & 127) * scale
      if (value > Number.MAX_SAFE_INTEGER) throw notUnixFs(cid, 'a number in it is beyond all measure')
      if (byte < 128) return value
    }
    throw notUnixFs(cid, 'its data ends in the middle of a number')
  }

  while (at < bytes.length) {
    const tag = varint(bytes.length)
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (field === 0) throw notUnixFs(cid, 'a field of its data has no number')
    if (wire === 0) {
      const value = varint(bytes.length)
      if (field === 4) blockSizes.push(value)
      else numbers.set(field, value)
      continue
    }
    const length = wire === 2 ? varint(bytes.length) : wire === 1 ? 8 : wire === 5 ? 4 : undefined
    if (length === undefined || at + length > bytes.length) throw notUnixFs(cid, 'its data is cut short')
    if (field === 2 && wire === 2) data = bytes.subarray(at, at + length)
    if (field === 4 && wire === 2) {
      for (const end = at + length; at < end; ) blockSizes.push(varint(end))
      continue
    }
    at += length
  }
  const type = types[numbers.get(1) ?? types.length]
  return { type, data, fileSize: numbers.get(3), blockSizes, hashType: numbers.get(5), fanout: numbers.get(6) }
}

function notUnixFs(cid: CID, why: string): OvnError {
  return new OvnError('damaged', `block ${cid} is not a UnixFS node: ${why}`)
}
