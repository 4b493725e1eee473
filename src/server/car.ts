// What a CAR of a path holds: the blocks on the way, then those of the scope that was asked for; depth first, links in order.
// Source: the specification of trustless gateways.

import { encode as encodeCbor } from '@ipld/dag-cbor'
import type { CID } from 'multiformats/cid'
import { cidKey } from '../dag/cid-key.ts'
import { identityBytes } from '../dag/hash.ts'
import { allLinksOf } from '../dag/ipld.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import type { DagNode } from '../dag/unixfs-node.ts'
import { OvnError } from '../errors.ts'
import type { CarWish, EntityBytes } from './negotiate.ts'
import { type Block, type Content, readUnixFs } from './resolve-content.ts'

/** Blocks of one answer: a doubling DAG of forty blocks has more paths than there is time. */
const maxBlocks = 1_000_000

/** Links that may wait to be followed at one time. */
const maxWaiting = 200_000

/**
 * Yields the bytes of a CAR whose root is the root of the path. The blocks on the path were read already. Throws as
 * {@link readBlock} does at the first block that fails: what was yielded before is then not a CAR.
 */
export async function* writeContentCar(
  blocks: GetStore,
  { visited, roots, cid, bytes }: Content,
  wish: CarWish,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const header = encodeCbor({ roots: [roots[0] as CID], version: 1 })
  yield Buffer.concat([varint(header.byteLength), header])
  const seen = new Set<string>()
  let count = 0
  function* section(block: Block): Generator<Uint8Array> {
    count += 1
    if (count > maxBlocks) throw new OvnError('damaged', `a CAR of ${cid} would have more than ${maxBlocks} blocks`)
    const key = cidKey(block.cid)
    if (identityBytes(block.cid) !== undefined || (!wish.duplicates && seen.has(key))) return
    seen.add(key)
    yield Buffer.concat([varint(block.cid.bytes.byteLength + block.bytes.byteLength), block.cid.bytes])
    yield block.bytes
  }
  for (const block of visited) yield* section(block)
  if (wish.scope === 'block') return

  const follow = wish.scope === 'all' ? allLinks : entityLinks(cid, bytes, wish.bytes)
  const whole = new Set<string>()
  const waiting = follow({ cid, bytes }).reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    signal?.throwIfAborted()
    // Without duplicates, what was written with all that is below it needs no second look.
    const key = cidKey(next.cid)
    if (!wish.duplicates && whole.has(key)) continue
    if (next.isWhole) whole.add(key)
    const block = { cid: next.cid, bytes: await readBlock(blocks, next.cid, signal) }
    yield* section(block)
    const below = follow(block, next)
    for (let index = below.length - 1; index >= 0; index -= 1) waiting.push(below[index] as Step)
    if (waiting.length > maxWaiting) {
      throw new OvnError('damaged', `${cid} is a DAG with more than ${maxWaiting} links side by side`)
    }
    // The store answers at once: other requests get their turn here.
    if (count % 256 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A link that waits to be followed. */
interface Step {
  readonly cid: CID
  /** Whether all that is below it will be written. */
  readonly isWhole: boolean
  /** Of a file: where the part begins, and how many bytes it is said to have. */
  readonly offset?: number
  readonly size?: number
}

/** The links of a block that are to be followed; `step` led to it, the root has none. */
type Follow = (block: Block, step?: Step) => Step[]

function allLinks({ cid, bytes }: Block): Step[] {
  return allLinksOf(cid, bytes).map((link) => ({ cid: link, isWhole: true }))
}

/** The links that belong to one entity: the blocks of a file, or the shards of a folder, but not what is in the folder. */
function entityLinks(root: CID, bytes: Uint8Array, range: EntityBytes | undefined): Follow {
  const node = readUnixFs(root, bytes)
  switch (node?.kind) {
    case 'shard':
      return (block) => {
        const shard = readUnixFs(block.cid, block.bytes)
        if (shard?.kind !== 'shard') throw new OvnError('damaged', `block ${block.cid} should be a shard of ${root}`)
        const below = shard.entries.filter(({ name }) => name === undefined)
        return below.map(({ cid }) => ({ cid, isWhole: true }))
      }
    case 'file':
      return fileLinks(root, node, range)
    default:
      return () => []
  }
}

/** The links of a file that lead to some of the bytes of a range. */
function fileLinks(root: CID, file: Extract<DagNode, { kind: 'file' }>, range: EntityBytes | undefined): Follow {
  const first = range === undefined ? 0 : Math.max(0, range.from < 0 ? file.size + range.from : range.from)
  const to = range?.to ?? file.size - 1
  const last = Math.min(file.size - 1, to < 0 ? file.size + to : to)
  return ({ cid, bytes }, { offset = 0, size = file.size } = { cid, isWhole: true }) => {
    const node = readUnixFs(cid, bytes)
    if (node?.kind !== 'file' || node.size !== size) {
      throw new OvnError('damaged', `block ${cid} is not the ${size} bytes of ${root} that it is said to be`)
    }
    const steps: Step[] = []
    let at = offset + node.data.byteLength
    for (const part of node.parts) {
      const end = at + part.size
      const isWhole = at >= first && end - 1 <= last
      if (at <= last && end > first) steps.push({ cid: part.cid, isWhole, offset: at, size: part.size })
      at = end
    }
    return steps
  }
}

function varint(value: number): Uint8Array {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return Uint8Array.from([...bytes, value])
}
