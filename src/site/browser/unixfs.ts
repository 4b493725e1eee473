// One block of a UnixFS DAG → what it says: a file, a directory, a shard of one, a symbolic link. A reader of its own, so that the
// script needs nothing else; it is as strict as `dag/unixfs-node.ts`, and a test compares the two.
// Sources: the UnixFS and dag-pb specifications.

import { type Cid, dagPbCodec, rawCodec } from './cid.ts'
import { Cursor, Malformed, readText } from './cursor.ts'
import { decodePb, type PbLink } from './dag-pb.ts'

/** A link to follow. `name` is absent where it adds none to the path: parts of files, shards in shards. */
export interface Child {
  readonly cid: Cid
  readonly name?: string
  /** Bytes that a part of a file must have. */
  readonly size?: number
  /** Fan-out that a shard in a shard must have. */
  readonly fanout?: number
}

export type Node =
  /** `size` bytes: `data` first, then the children in order. */
  | { readonly kind: 'file'; readonly size: number; readonly data: Uint8Array; readonly children: readonly Child[] }
  | { readonly kind: 'directory' | 'symlink'; readonly children: readonly Child[] }
  | { readonly kind: 'shard'; readonly fanout: number; readonly children: readonly Child[] }

const types = ['raw', 'directory', 'file', 'metadata', 'symlink', 'shard'] as const
const maxFanout = 1024
const murmur3 = 0x22
const nothing = new Uint8Array(0)

/** Reads a block whose bytes were hashed. Throws Malformed for what is not UnixFS as the specification has it. */
export function readNode(cid: Cid, bytes: Uint8Array): Node {
  if (cid.codec === rawCodec) return { kind: 'file', size: bytes.length, data: bytes, children: [] }
  if (cid.codec !== dagPbCodec) throw new Malformed('a block is neither raw nor dag-pb')
  const { data: message, links } = decodePb(bytes)
  const { type, data, fileSize, blockSizes, hashType, fanout } = readData(message)
  switch (type) {
    case 'raw':
    case 'file':
      return readFile(links, data ?? nothing, fileSize, blockSizes)
    case 'directory': {
      if (links.some(({ name }) => name === '')) throw new Malformed('an entry has no name')
      return { kind: 'directory', children: unique(links) }
    }
    case 'shard':
      return readShard(links, hashType, fanout)
    case 'symlink':
      readText(data ?? nothing)
      return { kind: 'symlink', children: links.map(({ cid }) => ({ cid })) }
    default:
      throw new Malformed('a node is neither a file nor a directory')
  }
}

function readFile(
  links: readonly PbLink[],
  data: Uint8Array,
  fileSize: number | undefined,
  blockSizes: readonly number[],
): Node {
  // Empty parts could stand in one another for ever without a byte that some limit would count.
  if (links.length !== blockSizes.length || blockSizes.includes(0)) throw new Malformed('a file has odd parts')
  const children = links.map(({ cid }, index) => ({ cid, size: blockSizes[index] as number }))
  const size = children.reduce((sum, part) => sum + part.size, data.length)
  if (!Number.isSafeInteger(size) || (fileSize !== undefined && fileSize !== size)) {
    throw new Malformed('the size of a file is not that of its parts')
  }
  return { kind: 'file', size, data, children }
}

function readShard(links: readonly PbLink[], hashType: number | undefined, fanout = 0): Node {
  if (hashType !== murmur3 || fanout < 8 || fanout > maxFanout || (fanout & (fanout - 1)) !== 0) {
    throw new Malformed('a shard is of a kind that there is not')
  }
  const width = (fanout - 1).toString(16).length
  const slots = new Set<number>()
  const children = links.map(({ cid, name }): Child => {
    const prefix = name.slice(0, width)
    const slot = /^[\dA-F]+$/.test(prefix) && prefix.length === width ? Number.parseInt(prefix, 16) : fanout
    if (slot >= fanout || slots.has(slot)) throw new Malformed('a link of a shard has no place of its own')
    slots.add(slot)
    return name.length > width ? { cid, name: name.slice(width) } : { cid, fanout }
  })
  return { kind: 'shard', fanout, children: unique(children) }
}

function unique<C extends Child>(children: readonly C[]): readonly C[] {
  const names = children.flatMap(({ name }) => name ?? [])
  if (new Set(names).size !== names.length) throw new Malformed('two entries have one name')
  return children
}

interface Data {
  readonly type: (typeof types)[number] | undefined
  readonly data: Uint8Array | undefined
  readonly fileSize: number | undefined
  readonly blockSizes: readonly number[]
  readonly hashType: number | undefined
  readonly fanout: number | undefined
}

/** Reads the protobuf message `Data` of UnixFS. Fields that its specification does not name are passed over. */
function readData(message: Uint8Array | undefined): Data {
  if (message === undefined) throw new Malformed('a node has no data')
  const cursor = new Cursor(message)
  const numbers = new Map<number, number>()
  const blockSizes: number[] = []
  let data: Uint8Array | undefined
  while (!cursor.done) {
    const tag = cursor.varint()
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (field === 0) throw new Malformed('a field has no number')
    if (wire === 0) {
      const value = cursor.varint()
      if (field === 4) blockSizes.push(value)
      else numbers.set(field, value)
      continue
    }
    const length = wire === 2 ? cursor.varint() : wire === 1 ? 8 : wire === 5 ? 4 : undefined
    if (length === undefined) throw new Malformed('a field is of a kind that there is not')
    const bytes = cursor.take(length)
    if (wire !== 2) continue
    if (field === 2) data = bytes
    if (field !== 4) continue
    for (const packed = new Cursor(bytes); !packed.done; ) blockSizes.push(packed.varint())
  }
  const type = types[numbers.get(1) ?? types.length]
  return { type, data, fileSize: numbers.get(3), blockSizes, hashType: numbers.get(5), fanout: numbers.get(6) }
}
