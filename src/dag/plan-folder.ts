// A root → what will be written to disk: folders, files, links, under names that any disk may hold. All limits are kept here, before
// anything is written; only directories, shards and the tops of files are read.

import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { OvnError, type Problem } from '../errors.ts'
import { cidKey } from './cid-key.ts'
import { diskName, foldName, showName } from './entry-name.ts'
import { ReadAhead } from './read-ahead.ts'
import { type GetStore, readBlock } from './read-block.ts'
import { hashBits, subShard } from './resolve-path.ts'
import { type DagNode, type DirectoryEntry, readNode } from './unixfs-node.ts'

/** Limits of one folder: folders inside one another, entries of all folders, and bytes of all files (64 GiB). */
export const maxDepth = 64
export const maxEntries = 100_000
export const maxBytes = 64 * 1024 ** 3

/** Characters of a symbolic link. */
const maxLink = 4096

/** Notices of one kind that are given one by one. */
const maxNotices = 100

export interface PlannedFile {
  /** Path on disk below the target, with forward slashes; empty where the root is the file. */
  readonly path: string
  readonly cid: CID
  /** Bytes, as the DAG says; undefined for a single raw block, which says nothing. */
  readonly size: number | undefined
}

export interface PlannedLink {
  readonly path: string
  readonly target: string
}

export interface FolderPlan {
  readonly kind: 'folder' | 'file'
  /** Folders below the target, each after the one that holds it. */
  readonly folders: readonly string[]
  /** Files in the order of the DAG. */
  readonly files: readonly PlannedFile[]
  readonly links: readonly PlannedLink[]
  /** Bytes of the files whose size is known. */
  readonly size: number
  readonly notices: readonly Problem[]
}

/** What is kept of a node that may be met again: not the bytes of a file. */
type Seen = Exclude<DagNode, { kind: 'file' }> | { readonly kind: 'file'; readonly size: number | undefined }

interface Place {
  readonly cid: CID
  readonly path: string
  readonly depth: number
  /** Where it is a shard below another: the one on top, and how many levels of them are above. */
  readonly shard?: { readonly fanout: number; readonly level: number; readonly taken: Map<string, string> }
}

/**
 * Plans how the DAG below a root is written to disk. Throws an OvnError: `damaged` for entries that no disk may see, for two names
 * that some disk could not tell apart, for DAGs beyond the limits, for a root that is neither directory nor file, and as
 * {@link readBlock} and {@link readNode} do.
 */
export async function planFolder(
  blocks: GetStore,
  root: CID,
  options: { readonly symlinks: boolean; readonly signal: AbortSignal },
): Promise<FolderPlan> {
  const { symlinks, signal } = options
  const folders: string[] = []
  const files: PlannedFile[] = []
  const links: PlannedLink[] = []
  const notices = new Notices()
  const seen = new Map<string, Seen>()
  let entries = 0
  let shards = 0
  let size = 0

  async function read({ cid }: Place): Promise<Seen> {
    // A raw block is a file; it is read when it is written.
    if (cid.code === rawCode) return { kind: 'file', size: undefined }
    const key = cidKey(cid)
    const before = seen.get(key)
    if (before !== undefined) return before
    const node = readNode(cid, await readBlock(blocks, cid, signal))
    const kept: Seen = node.kind === 'file' ? { kind: 'file', size: node.size } : node
    seen.set(key, kept)
    return kept
  }

  const stack = new ReadAhead(read)

  /** Puts the entries of a directory, or of one of its shards, on the stack. `taken` holds the names that the folder has by now. */
  function enter(place: Place, named: readonly DirectoryEntry[], taken: Map<string, string>): Place[] {
    entries += named.length
    if (entries > maxEntries) throw beyond(root, `more than ${maxEntries} entries`)
    if (place.depth >= maxDepth && named.length > 0) {
      throw beyond(root, `more than ${maxDepth} folders inside one another`)
    }
    return named.map(({ name, cid }) => {
      const written = diskName(name)
      for (const folded of new Set([foldName(name), foldName(written)])) {
        const other = taken.get(folded)
        if (other !== undefined) throw colliding(other, name)
        taken.set(folded, name)
      }
      const path = place.path === '' ? written : `${place.path}/${written}`
      if (written !== name) notices.escaped(path, name)
      return { cid, path, depth: place.depth + 1 }
    })
  }

  stack.push([{ cid: root, path: '', depth: 0 }])
  for (let next = await stack.take(); next !== undefined; next = await stack.take()) {
    signal.throwIfAborted()
    const { item: place, result: node } = next
    if (place.shard !== undefined) subShard(place.cid, node as DagNode, place.shard.fanout)
    switch (node.kind) {
      case 'file':
        size += node.size ?? 0
        if (size > maxBytes) throw beyond(root, `more than ${maxBytes} bytes`)
        files.push({ path: place.path, cid: place.cid, size: node.size })
        break
      case 'symlink':
        if (place.path === '') throw notWritable(root, 'it is a symbolic link')
        if (!symlinks) notices.skipped(place.path, 'a symbolic link: not written')
        else if (staysInside(place, node.target)) links.push({ path: place.path, target: node.target })
        else notices.skipped(place.path, 'a symbolic link that leads elsewhere: not written')
        break
      case 'directory':
        if (place.path !== '') folders.push(place.path)
        stack.push(enter(place, node.entries, new Map()))
        break
      case 'shard': {
        if (place.shard === undefined && place.path !== '') folders.push(place.path)
        const { level, taken } = place.shard ?? { level: 0, taken: new Map<string, string>() }
        const named = node.entries.flatMap(({ name, cid }) => (name === undefined ? [] : [{ name, cid }]))
        const entered = enter(place, named, taken).values()
        shards += node.entries.length - named.length
        if (shards > maxEntries) throw beyond(root, `more than ${maxEntries} shards of directories`)
        const isDeepest = (level + 2) * Math.log2(node.fanout) > hashBits
        if (isDeepest && node.entries.length > named.length) {
          throw new OvnError('damaged', `block ${place.cid} is sharded more deeply than a name's hash reaches`)
        }
        const below = { fanout: node.fanout, level: level + 1, taken }
        const { path, depth } = place
        stack.push(
          node.entries.map(({ name, cid }) =>
            name === undefined ? { cid, path, depth, shard: below } : (entered.next().value as Place),
          ),
        )
        break
      }
    }
  }
  const kind = files.length === 1 && files[0]?.path === '' ? 'file' : 'folder'
  return { kind, folders, files, links, size, notices: notices.all() }
}

/**
 * Whether a link stays inside the folder that is written, whatever other links lie on its way: it climbs only before it descends,
 * and not above the top.
 */
function staysInside({ depth }: Place, target: string): boolean {
  if (target === '' || target.length > maxLink || target.startsWith('/')) return false
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.')
  const climbs = segments.findIndex((segment) => segment !== '..')
  const names = climbs === -1 ? [] : segments.slice(climbs)
  if ((climbs === -1 ? segments.length : climbs) > depth - 1) return false
  try {
    // A name that would be written differently leads nowhere.
    return names.every((name) => diskName(name) === name)
  } catch {
    return false
  }
}

/** What was noticed, in the order it was met; of each kind the first ones, and how many more there were. */
class Notices {
  readonly #kinds = new Map<string, { readonly problems: Problem[]; count: number }>()

  escaped(file: string, name: string): void {
    this.#add('entries under escaped names', {
      file,
      message: `the entry ${showName(name)} is written under this name`,
    })
  }

  skipped(file: string, message: string): void {
    this.#add('symbolic links that were not written', { file, message })
  }

  all(): Problem[] {
    return [...this.#kinds].flatMap(([kind, { problems, count }]) =>
      count === problems.length
        ? problems
        : [...problems, { file: '.', message: `${count - problems.length} more ${kind}` }],
    )
  }

  #add(kind: string, problem: Problem): void {
    const known = this.#kinds.get(kind) ?? { problems: [], count: 0 }
    this.#kinds.set(kind, known)
    known.count += 1
    if (known.problems.length < maxNotices) known.problems.push(problem)
  }
}

function colliding(one: string, other: string): OvnError {
  const both = `${showName(one)} and ${showName(other)}`
  return new OvnError('damaged', `two entries of one folder cannot stand beside each other on every disk: ${both}`, {
    hint: 'its blocks can still be exported as a CAR',
  })
}

/** The error of a DAG that goes beyond a limit: no honest folder does. */
export function beyond(root: CID, what: string): OvnError {
  return notWritable(root, `it has ${what}`)
}

function notWritable(root: CID, why: string): OvnError {
  return new OvnError('damaged', `${root} cannot be written to disk: ${why}`, {
    hint: 'its blocks can still be exported as a CAR',
  })
}
