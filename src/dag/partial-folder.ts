// The place beside a target where it is written before it appears: `.<name>.<cid>.<process>.partial`, a folder that only its owner
// can enter. In it are `new`, which becomes the target by one rename, and, while an old target is replaced, `old`.
//
// What a run leaves behind belongs to the next: its files are read again, hashed and kept if they are right. A partial folder is
// taken over only from a process that is gone, by renaming it, so that no two ever write into one.

import { createHash } from 'node:crypto'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { diskError } from './disk-error.ts'
import { syncFolder } from './sync-folder.ts'

/** Partial folders that this process works in. */
const active = new Set<string>()

/** Characters of a CID's end that tell one root from another in a name. */
const shortCid = 12

/** Bytes of the target's name that fit into the name of its partial folder. */
const longestName = 180

export class PartialFolder {
  /** The target, and its parent folder as it really is. */
  readonly target: string
  readonly #parent: string
  readonly #folder: string
  /** Whether another run had begun this. */
  readonly resumed: boolean

  private constructor(target: string, folder: string, resumed: boolean) {
    this.target = target
    this.#parent = dirname(folder)
    this.#folder = folder
    this.resumed = resumed
    active.add(folder)
  }

  /**
   * Makes the partial folder of a target, or takes over that of an earlier run, and puts back what a crash took away. Throws an
   * OvnError: `not-found` where the target's folder is not there, `usage` where the target is and `force` is not given or would
   * remove too much, `storage` where the disk refuses.
   */
  static open(target: string, root: CID, force: boolean): PartialFolder {
    const place = locate(target)
    return onDisk(place, () => {
      const parent = dirname(place)
      const left = leftovers(parent, basename(place)).filter(({ path }) => restore(path, place))
      assertFree(place, force)
      const start = `${prefixOf(basename(place))}${root.toString().slice(-shortCid)}.`
      const folder = join(parent, `${start}${process.pid}.partial`)
      if (active.has(folder)) throw new OvnError('locked', `${place} is being written already`)
      const [earlier, ...older] = left.filter(({ name }) => name.startsWith(start))
      for (const { path } of older) rmSync(path, { recursive: true, force: true })
      if (earlier === undefined) makePrivate(folder)
      else if (earlier.path !== folder) renameSync(earlier.path, folder)
      return new PartialFolder(place, folder, earlier !== undefined)
    })
  }

  /** Where the new content is written. */
  get content(): string {
    return join(this.#folder, 'new')
  }

  /**
   * Moves the content to the target, durably where that is asked for. Returns false where the old target is out of the way but could not be removed. Throws
   * an OvnError `usage` where something has appeared at the target meanwhile.
   */
  reveal({ force, durable }: { readonly force: boolean; readonly durable: boolean }): boolean {
    onDisk(this.target, () => {
      const before = lstat(this.target)
      if (before !== undefined && !force) throw isThere(this.target)
      // A file, or a link, gives way to a file in one step.
      const inOneStep = before !== undefined && !before.isDirectory() && lstat(this.content)?.isFile() === true
      if (inOneStep) renameSync(this.content, this.target)
      else this.#replace(before !== undefined)
      if (durable) syncFolder(this.#parent)
    })
    return this.#remove()
  }

  /** Ends without a result: the partial folder stays for the next run, or goes. */
  leave(keep: boolean): void {
    if (!keep) this.#remove()
    active.delete(this.#folder)
  }

  #remove(): boolean {
    active.delete(this.#folder)
    try {
      rmSync(this.#folder, { recursive: true, force: true })
      return true
    } catch {
      return false
    }
  }

  #replace(hasOld: boolean): void {
    const old = join(this.#folder, 'old')
    if (hasOld) renameSync(this.target, old)
    try {
      this.#place()
    } catch (error) {
      if (hasOld && lstat(this.target) === undefined) renameSync(old, this.target)
      throw error
    }
  }

  #place(): void {
    try {
      if (lstat(this.content)?.isDirectory()) {
        renameSync(this.content, this.target)
        return
      }
      // A second name is refused where something stands; a rename would replace it.
      linkSync(this.content, this.target)
      unlinkSync(this.content)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST' || code === 'ENOTEMPTY' || code === 'ENOTDIR') throw isThere(this.target)
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error
      if (lstat(this.target) !== undefined) throw isThere(this.target)
      renameSync(this.content, this.target)
    }
  }
}

/** Runs calls to the disk; what it answers becomes an OvnError about `path`. */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw diskError(error, path)
  }
}

/** What stands at a path, itself and not what it leads to; undefined where there is nothing. */
export function lstat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** The target's real place: the folder it is in may be reached through links, the target itself is not followed. */
function locate(target: string): string {
  const path = resolve(target)
  const parent = dirname(path)
  if (basename(path) === '')
    throw new OvnError('usage', `${target} is the root of a disk`, { hint: 'name a folder in it' })
  try {
    return join(realpathSync(parent), basename(path))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw diskError(error, parent)
    throw new OvnError('not-found', `no folder ${parent}`, { hint: 'make it first, or name another place' })
  }
}

function assertFree(target: string, force: boolean): void {
  const found = lstat(target)
  if (found === undefined) return
  if (!force) throw isThere(target)
  if (!found.isDirectory()) return
  const holds = [process.cwd(), homedir()].find((folder) => {
    const way = relative(target, folder)
    return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || resolve(way) === way)
  })
  if (holds !== undefined) throw isTooMuch(target, `${holds} is in it`)
  if (lstat(join(target, 'blocks.sqlite')) !== undefined) throw isTooMuch(target, 'it is an archive')
}

function isThere(target: string): OvnError {
  return new OvnError('usage', `${target} is there already`, { hint: 'name another place, or replace it with --force' })
}

function isTooMuch(target: string, why: string): OvnError {
  return new OvnError('usage', `${target} will not be replaced: ${why}`, { hint: 'name another place' })
}

/** What the names of all partial folders of a target begin with. */
function prefixOf(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return `.${name}.`
  return `.${createHash('sha256').update(name).digest('hex').slice(0, 16)}.`
}

/** Whether an earlier run has begun to write a root to a target. */
export function isBegun(target: string, root: CID): boolean {
  const place = resolve(target)
  const start = `${prefixOf(basename(place))}${root.toString().slice(-shortCid)}.`
  try {
    return leftovers(dirname(place), basename(place)).some(({ name }) => name.startsWith(start))
  } catch {
    // What is wrong with the place is said when it is written to.
    return false
  }
}

/** Partial folders of a target that belong to nobody: ours, and their process is gone. */
function leftovers(parent: string, name: string): { readonly name: string; readonly path: string }[] {
  const prefix = prefixOf(name)
  return readdirSync(parent)
    .filter((entry) => entry.startsWith(prefix))
    .flatMap((entry) => {
      const [, process] = /^[a-z2-7]+\.(\d+)\.partial$/.exec(entry.slice(prefix.length)) ?? []
      const path = join(parent, entry)
      return process === undefined || isUsed(path, Number(process)) || !isOurs(path) ? [] : [{ name: entry, path }]
    })
}

function isUsed(path: string, id: number): boolean {
  if (id === process.pid) return active.has(path)
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Whether a folder is one that we made: no link, and nobody else can write into it. */
function isOurs(path: string): boolean {
  const found = lstat(path)
  if (found === undefined || !found.isDirectory()) return false
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o077) === 0)
}

/**
 * Ends the replacing that a crash cut in two: the old target comes back where no new one is there. Returns whether the folder holds
 * anything that can be gone on with; else it is removed.
 */
function restore(folder: string, target: string): boolean {
  const old = join(folder, 'old')
  if (lstat(old) !== undefined && lstat(target) === undefined) renameSync(old, target)
  else rmSync(old, { recursive: true, force: true })
  if (lstat(join(folder, 'new')) !== undefined) return true
  rmSync(folder, { recursive: true, force: true })
  return false
}

function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new OvnError('usage', `${folder} is in the way, and is not ours`, { hint: 'look at it, and remove it' })
  }
}
