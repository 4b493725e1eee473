// Whether all blocks below a root are there and right. Every node is decoded once in an archive, whatever shares it; what is below
// it is then known by its row. A second walk goes along what is broken, and says which files of which articles that concerns.

import { code as dagPbCode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { identityBytes } from '../dag/hash.ts'
import { type DagNode, readNode } from '../dag/unixfs-node.ts'
import { OvnError } from '../errors.ts'
import { type BlockFault, type BlockTable, cidWith } from './block-table.ts'
import type { Pace } from './pace.ts'
import { broken, isFile, needed, walked } from './row-states.ts'

/** What is known of a DAG. */
export interface Below {
  /** Whether a block of it is not intact. */
  readonly broken: boolean
  /** Bytes of the file, or of all files below the directory. */
  readonly size: number
  readonly file: boolean
}

/** A link of a node. `name` is absent where it leads to another part of the same file or directory. */
interface Link {
  readonly cid: CID
  readonly name?: string | undefined
  /** Bytes that the part of a file is said to have. */
  readonly size?: number
}

interface Frame {
  readonly cid: CID
  /** Row of the block; absent where its bytes are in its CID. */
  readonly id: number | undefined
  readonly links: readonly Link[]
  readonly file: boolean
  next: number
  size: number
  broken: boolean
}

/** Where the blocks of DAGs are looked for: those of an archive, or of a CAR. */
export interface Blocks extends Pick<BlockTable, 'rows' | 'faultAt' | 'read'> {
  /** The row that holds a block, which is to be read with a codec; or why there is none. */
  find(multihash: Uint8Array, codec: number): number | BlockFault
}

/** When to let others go on. */
type Rhythm = Pick<Pace, 'isDue' | 'rest'>

/** Something that is wrong with a block, told to whoever asked where it is needed. */
export interface BlockProblem extends BlockFault {
  readonly cid: CID
  /** Whether the bytes are right, and what they say is wrong. */
  readonly bundle?: boolean
}

/** Blocks that are looked at for one root along what is broken: a trap may have more paths than there are atoms. */
const mostSteps = 100_000

/** Links of a block that cost as much as a block does. */
const linksInAStep = 64

const brokenBelow: Below = { broken: true, size: 0, file: false }

export class DagCheck {
  readonly #table: Blocks
  readonly #pace: Rhythm
  /** Nodes whose bytes are right, and whose parts are not as long as they say. */
  readonly #lies = new Map<string, string>()
  /** The root that was walked last, which is asked for again. */
  #last: { readonly cid: CID; readonly node: DagNode } | undefined

  constructor(table: Blocks, pace: Rhythm) {
    this.#table = table
    this.#pace = pace
  }

  /** Walks a DAG, as far as it was not walked before. */
  async check(root: CID): Promise<Below> {
    const first = this.#enter(root, true)
    if (!('links' in first)) return first
    const stack: Frame[] = [first]
    for (;;) {
      if (this.#pace.isDue) await this.#pace.rest()
      const frame = stack.at(-1) as Frame
      const link = frame.links[frame.next]
      if (link === undefined) {
        stack.pop()
        const below = this.#leave(frame)
        const parent = stack.at(-1)
        if (parent === undefined) return below
        this.#add(parent, below)
        continue
      }
      const entered = this.#enter(link.cid)
      if ('links' in entered) stack.push(entered)
      else this.#add(frame, entered)
    }
  }

  /** Marks the blocks of the first `depth` levels below a root as needed: a pin may keep no more than these. */
  async need(root: CID, depth: number): Promise<void> {
    let level = [root]
    for (let steps = 0; level.length > 0 && steps <= depth; steps += 1) {
      const next = new Map<string, CID>()
      for (const cid of level) {
        if (this.#pace.isDue) await this.#pace.rest()
        const row = this.#table.find(cid.multihash.bytes, cid.code)
        if (typeof row === 'number') this.#table.rows.mark(row, needed)
        for (const link of this.#linksOf(cid) ?? []) next.set(link.cid.toString(), link.cid)
      }
      level = [...next.values()]
    }
  }

  /**
   * Tells of every block below a root that is not intact, once for each path it has there: the file that it is part of, or the
   * folder.
   */
  async locate(root: CID, tell: (problem: BlockProblem, path: string) => void): Promise<void> {
    const stack = [{ cid: root, path: '' }]
    for (let next = stack.pop(), steps = 0; next !== undefined && steps < mostSteps; next = stack.pop()) {
      if (this.#pace.isDue) await this.#pace.rest()
      const { cid, path } = next
      const problem = this.#problemOf(cid)
      if (problem !== undefined) tell(problem, path)
      const links = this.#linksOf(cid) ?? []
      steps += 1 + links.length / linksInAStep
      for (const { cid: below, name } of links.toReversed()) {
        if (this.#isBroken(below)) stack.push({ cid: below, path: joinPath(path, name) })
      }
    }
  }

  /** The entries of a directory, sharded or not; undefined for everything else, and where it is not intact. */
  entriesOf(root: CID): ReadonlyMap<string, CID> | undefined {
    const entries = new Map<string, CID>()
    const stack = [root]
    for (let cid = stack.pop(), steps = 0; cid !== undefined; cid = stack.pop(), steps += 1) {
      const node = this.#last?.cid === cid ? this.#last.node : this.#nodeOf(cid)
      if (!('kind' in node) || (node.kind !== 'directory' && node.kind !== 'shard') || steps > mostSteps)
        return undefined
      for (const { name, cid: below } of node.entries) {
        if (name === undefined) stack.push(below)
        else entries.set(name, below)
      }
    }
    return entries
  }

  /** Whether a block is a file, or the first of one. */
  isFile(cid: CID): boolean {
    if (cid.code === rawCode) return true
    const node = this.#nodeOf(cid)
    return 'kind' in node && node.kind === 'file'
  }

  /** The bytes of a file; undefined where it is no file, not intact, or larger than `most` bytes. */
  bytesOf(file: CID, most: number): Uint8Array | undefined {
    const parts: Uint8Array[] = []
    let size = 0
    const stack = [file]
    for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
      const node = this.#nodeOf(cid)
      if (!('kind' in node) || node.kind !== 'file') return undefined
      parts.push(node.data)
      size += node.data.byteLength
      if (size > most || node.size > most) return undefined
      for (const { cid: part } of node.parts.toReversed()) stack.push(part)
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  #enter(cid: CID, isRoot = false): Below | Frame {
    const multihash = cid.multihash.bytes
    const { rows } = this.#table
    const inline = identityBytes(cid) !== undefined
    const id = inline ? undefined : this.#table.find(multihash, cid.code)
    if (id !== undefined && typeof id !== 'number') return brokenBelow
    if (id !== undefined) {
      rows.mark(id, needed)
      if (cid.code === rawCode) {
        if (this.#table.faultAt(id, multihash) !== undefined) return brokenBelow
        return { broken: false, size: rows.length(id), file: true }
      }
      const flags = rows.flags(id)
      if ((flags & walked) !== 0 && cid.code === dagPbCode) {
        return { broken: (flags & broken) !== 0, size: rows.size(id), file: (flags & isFile) !== 0 }
      }
    }
    const node = this.#nodeOf(cid, id)
    if (!('kind' in node)) {
      if (id !== undefined && cid.code === dagPbCode) rows.mark(id, walked | broken)
      return brokenBelow
    }
    if (isRoot) this.#last = { cid, node }
    const file = node.kind === 'file'
    return { cid, id, links: linksOf(node), file, next: 0, size: ownSize(node), broken: false }
  }

  /** Takes up what is known of the next link of a node. */
  #add(frame: Frame, below: Below): void {
    const { size: said } = frame.links[frame.next] as Link
    frame.next += 1
    frame.size += below.size
    if (below.broken) frame.broken = true
    else if (frame.file && (!below.file || below.size !== said)) {
      frame.broken = true
      const what = below.file ? `a part of ${below.size} bytes` : 'a directory'
      this.#lies.set(frame.cid.toString(), `it names ${what} as a part of a file with ${said} bytes`)
    }
  }

  #leave({ id, broken: isBroken, size, file }: Frame): Below {
    if (id !== undefined) {
      this.#table.rows.mark(id, walked | (isBroken ? broken : 0) | (file ? isFile : 0))
      this.#table.rows.setSize(id, size)
    }
    return { broken: isBroken, size, file }
  }

  #isBroken(cid: CID): boolean {
    const id = identityBytes(cid) === undefined ? this.#table.find(cid.multihash.bytes, cid.code) : undefined
    if (typeof id === 'number' && cid.code === dagPbCode) return (this.#table.rows.flags(id) & broken) !== 0
    // What is inside a CID is in no row, and short enough to be looked at.
    return this.#problemOf(cid) !== undefined || (id === undefined && (this.#linksOf(cid) ?? []).length > 0)
  }

  #problemOf(cid: CID): BlockProblem | undefined {
    const lie = this.#lies.get(cid.toString())
    if (lie !== undefined) return { cid, code: 'file-parts', state: 'damaged', message: lie, bundle: true }
    const fault = cid.code === rawCode && identityBytes(cid) === undefined ? this.#faultOfRaw(cid) : this.#nodeOf(cid)
    return fault === undefined || 'kind' in fault ? undefined : { cid, ...fault }
  }

  #faultOfRaw(cid: CID): BlockFault | undefined {
    const id = this.#table.find(cid.multihash.bytes, cid.code)
    return typeof id === 'number' ? this.#table.faultAt(id, cid.multihash.bytes) : id
  }

  #linksOf(cid: CID): Link[] | undefined {
    if (cid.code === rawCode) return []
    const node = this.#nodeOf(cid)
    return 'kind' in node ? linksOf(node) : undefined
  }

  /** What a block says, or why that cannot be known. */
  #nodeOf(cid: CID, id?: number): DagNode | BlockFault {
    const bytes = identityBytes(cid) ?? this.#table.read(cid.multihash.bytes, id)
    if (!(bytes instanceof Uint8Array)) return bytes
    if (cid.code !== rawCode && cid.code !== dagPbCode) {
      return {
        code: 'block-codec',
        state: 'not checked',
        message: `its codec 0x${cid.code.toString(16)} is not UnixFS: what is below it is not known`,
      }
    }
    try {
      return readNode(cid, bytes)
    } catch (error) {
      if (!(error instanceof OvnError)) throw error
      return {
        code: 'block-unixfs',
        state: 'not checked',
        message: `its bytes match its CID, and they are not UnixFS: what is below it is not known`,
      }
    }
  }
}

function linksOf(node: DagNode): Link[] {
  switch (node.kind) {
    case 'file':
      return node.parts.map(({ cid, size }) => ({ cid, size }))
    case 'directory':
    case 'shard':
      return node.entries.map(({ cid, name }) => ({ cid, name }))
    case 'symlink':
      return []
  }
}

/** Bytes of the files below a node that are in it itself. A symbolic link counts as a file that holds its target. */
function ownSize(node: DagNode): number {
  if (node.kind === 'file') return node.data.byteLength
  return node.kind === 'symlink' ? Buffer.byteLength(node.target) : 0
}

function joinPath(path: string, name: string | undefined): string {
  if (name === undefined) return path
  return path === '' ? name : `${path}/${name}`
}

/** The CID, of the same codec, that the bytes of a damaged block have. */
export function foundCid({ cid, found }: BlockProblem): string | undefined {
  return cidWith(cid.code, found)
}
