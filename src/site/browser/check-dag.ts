// A CAR, checked block by block against the one CID that the page names. Parents come before their children, as in every CAR that
// `ovn` writes: so each block is known to be wanted before it is hashed, and only what is compared later stays in memory.

import { openCar, type Section } from './car.ts'
import { type Cid, hashAs, inlineBytes, parseCid, rawCodec } from './cid.ts'
import { equalBytes, Malformed } from './cursor.ts'
import { type Problem, Stop } from './problem.ts'
import { type Child, type Node, readNode } from './unixfs.ts'

export interface CheckedDag {
  readonly root: Cid
  readonly problems: readonly Problem[]
  /** Blocks that are right, and their bytes. */
  readonly blocks: number
  readonly size: number
  /** Every right block by its CID. The data of files is there as far as it was kept. */
  readonly nodes: ReadonlyMap<string, Kept>
}

/** A node of which the data may have been dropped. */
export type Kept = Node | { readonly kind: 'file'; readonly size: number; readonly children: readonly Child[] }

interface Place {
  readonly parent: Place | undefined
  readonly name: string
}

/** A block that some other links to. */
interface Wanted extends Child {
  readonly place: Place | undefined
  readonly keep: boolean
}

/** Links that may wait, and problems that are listed, at most. No article has a hundredth of them. */
const maxWaiting = 200_000
const maxProblems = 200

/** The file that is compared with the page, and bytes that are kept for that: of it, and of what comes before it. */
const page = 'index.html'
const maxKept = 32 * 1_048_576

/**
 * Reads and hashes all of a CAR, and walks its DAG. What is wrong with the file is listed; what keeps it from being read at all
 * (see {@link openCar}) is the last of the list. Whatever the source throws passes through, a Stop of its own as well.
 */
export async function checkDag(source: AsyncIterable<Uint8Array>, root: Cid): Promise<CheckedDag> {
  const check = new Check(root)
  try {
    const { roots, sections } = await openCar(source)
    const other = roots.find(({ text }) => text !== root.text)
    if (roots.length === 0 || other !== undefined)
      throw new Stop('wrongRoot', { cid: root.text, found: other?.text ?? '' })
    for await (const section of sections) await check.section(section)
    check.end()
  } catch (error) {
    if (!(error instanceof Stop) || !fileProblems.has(error.problem.word)) throw error
    check.report(error.problem)
    if (error.problem.word === 'cutShort') check.end()
  }
  return { root, problems: check.problems, blocks: check.blocks, size: check.size, nodes: check.nodes }
}

const fileProblems: ReadonlySet<string> = new Set(['notCar', 'cutShort', 'tooLong', 'wrongRoot', 'tooMany'])

class Check {
  readonly problems: Problem[] = []
  readonly nodes = new Map<string, Kept>()
  readonly #wanted = new Map<string, Wanted>()
  readonly #bad = new Set<string>()
  readonly #root: Cid
  #kept = 0
  /** Whether a block that may have links could not be read: then nobody knows which others are wanted. */
  #linksAreLost = false
  blocks = 0
  size = 0

  constructor(root: Cid) {
    this.#root = root
    this.#wanted.set(root.text, { cid: root, place: undefined, keep: false })
  }

  async section({ cid, bytes }: Section): Promise<void> {
    if (this.problems.length >= maxProblems) throw new Stop('tooMany', { count: maxProblems })
    const wanted = this.#wanted.get(cid.text)
    const found = await hashAs(cid, bytes)
    const isRight = found.text === cid.text
    if (wanted === undefined) {
      if (!isRight || !this.#linksAreLost) this.report({ word: 'blockForeign', values: { cid: cid.text } })
      return
    }
    if (!isRight) {
      this.#fail(wanted)
      const values = { cid: cid.text, found: found.text, file: pathOf(wanted.place) }
      this.report({ word: 'blockDamaged', values })
      return
    }
    this.blocks += 1
    this.size += bytes.length
    this.#read(wanted, bytes)
  }

  /** Lists what is wanted and never came. */
  end(): void {
    for (const { cid, place } of this.#wanted.values()) {
      if (this.problems.length >= maxProblems) return
      this.report({ word: 'blockMissing', values: { cid: cid.text, file: pathOf(place) } })
    }
  }

  report(problem: Problem): void {
    this.problems.push(problem)
  }

  /** Reads a block that is right, and those inside the CIDs that it links to. */
  #read(first: Wanted, bytes: Uint8Array): void {
    const ready = [{ wanted: first, bytes }]
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      const { wanted } = next
      this.#wanted.delete(wanted.cid.text)
      const node = this.#decode(wanted, next.bytes)
      if (node === undefined) continue
      for (const child of node.children) {
        const place = child.name === undefined ? wanted.place : { parent: wanted.place, name: child.name }
        const keep = wanted.keep || (wanted.cid.text === this.#root.text && child.name === page)
        const link = this.#want({ ...child, place, keep }, wanted)
        const inline = link && inlineBytes(link.cid)
        if (link !== undefined && inline !== undefined) ready.push({ wanted: link, bytes: inline })
      }
    }
  }

  #decode(wanted: Wanted, bytes: Uint8Array): Node | undefined {
    try {
      const node = readNode(wanted.cid, bytes)
      if (!fits(node, wanted)) throw new Malformed('a block is not the part that it should be')
      const data = node.kind === 'file' ? node.data.length : 0
      const isKept = this.#kept + data <= maxKept && (wanted.keep || this.#kept + data <= maxKept / 2)
      if (isKept) this.#kept += data
      const { kind, children } = node
      this.nodes.set(wanted.cid.text, isKept || kind !== 'file' ? node : { kind, size: node.size, children })
      return node
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#invalid(wanted)
      return undefined
    }
  }

  /** Notes a link. Returns it where it was not known before. */
  #want(link: Wanted, from: Wanted): Wanted | undefined {
    const key = link.cid.text
    if (this.#bad.has(key)) return undefined
    const before = this.nodes.get(key)
    if (before !== undefined) {
      if (!fits(before, link)) this.#invalid(from)
      return undefined
    }
    const other = this.#wanted.get(key)
    const differs = (one: number | undefined, two: number | undefined) =>
      one !== undefined && two !== undefined && one !== two
    if (other !== undefined && (differs(other.size, link.size) || differs(other.fanout, link.fanout))) {
      this.#invalid(from)
      return undefined
    }
    // A block that is linked to from two places must suit both.
    const wanted = other === undefined ? link : { ...link, ...other, keep: link.keep || other.keep }
    this.#wanted.set(key, wanted)
    if (this.#wanted.size > maxWaiting) throw new Stop('tooMany', { count: maxWaiting })
    return other === undefined ? wanted : undefined
  }

  #invalid(wanted: Wanted): void {
    const key = wanted.cid.text
    this.nodes.delete(key)
    if (this.#bad.has(key)) return
    this.#fail(wanted)
    this.report({ word: 'blockInvalid', values: { cid: key, file: pathOf(wanted.place) } })
  }

  #fail({ cid }: Wanted): void {
    this.#wanted.delete(cid.text)
    this.#bad.add(cid.text)
    if (cid.codec !== rawCodec) this.#linksAreLost = true
  }
}

function fits(node: Kept, { size, fanout }: Child): boolean {
  if (size !== undefined && (node.kind !== 'file' || node.size !== size)) return false
  return fanout === undefined || (node.kind === 'shard' && node.fanout === fanout)
}

/** The path of a file in the article's folder; empty for the folder itself. No more of it than can be read. */
function pathOf(place: Place | undefined): string {
  const names: string[] = []
  for (let at = place; at !== undefined && names.length < 9; at = at.parent) names.unshift(at.name.slice(0, 100))
  return names.join('/')
}

/** The CID of a file of the root folder; undefined where there is none, or the folder was not read. */
export function findFile(dag: CheckedDag, path: readonly string[]): string | undefined {
  let key = dag.root.text
  for (const name of path) {
    const shards = [key]
    let found: string | undefined
    for (let next = shards.pop(); next !== undefined && found === undefined; next = shards.pop()) {
      const node = dag.nodes.get(next)
      if (node?.kind !== 'directory' && node?.kind !== 'shard') continue
      found = node.children.find((child) => child.name === name)?.cid.text
      shards.push(...node.children.flatMap((child) => (child.name === undefined ? child.cid.text : [])))
    }
    if (found === undefined) return undefined
    key = found
  }
  return key
}

/** The bytes of a checked file; undefined where they are damaged, were not kept, or are too many. */
export function readFile(dag: CheckedDag, key: string): Uint8Array<ArrayBuffer> | undefined {
  const file = dag.nodes.get(key)
  if (file?.kind !== 'file' || file.size > maxKept) return undefined
  const bytes = new Uint8Array(file.size)
  const parts = [key]
  for (let at = 0, next = parts.pop(); next !== undefined; next = parts.pop()) {
    const node = dag.nodes.get(next)
    if (node?.kind !== 'file' || !('data' in node)) return undefined
    bytes.set(node.data, at)
    at += node.data.length
    for (const { cid } of node.children.toReversed()) parts.push(cid.text)
  }
  return bytes
}

/** Whether some bytes are those of a checked file, by the hashes of its parts; undefined where that cannot be told. */
export async function isFile(
  dag: CheckedDag,
  key: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean | undefined> {
  const file = dag.nodes.get(key)
  if (file?.kind === 'file' && file.size !== bytes.length) return false
  const parts = [key]
  for (let at = 0, next = parts.pop(); next !== undefined; next = parts.pop()) {
    const node = dag.nodes.get(next)
    if (node?.kind !== 'file') return undefined
    const own = node.children.reduce((left, part) => left - (part.size ?? 0), node.size)
    const slice = bytes.slice(at, at + own)
    if ('data' in node) {
      if (!equalBytes(node.data, slice)) return false
    } else {
      const cid = parseCid(next)
      if (cid.codec !== rawCodec) return undefined
      if ((await hashAs(cid, slice)).text !== next) return false
    }
    at += own
    for (const { cid } of node.children.toReversed()) parts.push(cid.text)
  }
  return true
}
