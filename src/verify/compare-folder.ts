// A folder or file on a disk, compared with an archived edition: what is missing, what is over, what differs and where. Archived blocks
// are read and hashed; where one of them is not right, that is told as damage of the archive, never as a difference.

import { type Dirent, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { storageError } from '../archive/storage-error.ts'
import { diskName } from '../dag/entry-name.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { type DagNode, type DirectoryEntry, readNode } from '../dag/unixfs-node.ts'
import { type ErrorCode, OvnError } from '../errors.ts'
import { compareFile, type FileDifference } from './compare-file.ts'
import type { Fault, Notice } from './damage.ts'

/** One thing that is not the same. */
export interface Difference {
  /** Path below the folder, or the file of the edition that was compared with. */
  readonly path: string
  /** `kind`: a file here and a folder or a link there. */
  readonly how: 'missing' | 'extra' | 'differs' | 'kind'
  /** Bytes in the archive, and on disk. */
  readonly archived?: number
  readonly found?: number
  /** The first byte that differs, counted from 0; and the last one, where both have the same size. */
  readonly first?: number
  readonly last?: number
  /** Worth knowing about it. */
  readonly note?: string
}

/** Something that could not be compared: damaged or missing in the archive, or not to be read on the disk. */
export interface CompareFault {
  readonly code: ErrorCode
  readonly state: Fault
  readonly where: 'archive' | 'disk'
  readonly path: string
  readonly message: string
}

export interface Comparison {
  /** What was compared, and whether it is one file. */
  readonly path: string
  readonly subject: 'folder' | 'file'
  /** The edition: `slug@version`, or a root where it is no edition, and its root CID. */
  readonly against: string
  readonly root: string
  /** The files of the edition that one file was compared with, or is the same as; empty where there is none like it. */
  readonly counterparts: readonly string[]
  readonly state: 'same' | 'different' | 'not checked'
  /** The worst that is wrong with the archive itself. */
  readonly archive: 'intact' | Fault
  /** Files that are the same, and bytes that were compared. */
  readonly files: number
  readonly bytes: number
  /** In the order of their paths. */
  readonly differences: readonly Difference[]
  /** Differences beyond what is listed. */
  readonly unlisted: number
  readonly faults: readonly CompareFault[]
  readonly notices: readonly Notice[]
}

export interface CompareEdition {
  readonly root: CID
  readonly label: string
}

export interface CompareOptions {
  readonly signal: AbortSignal
  /** Told of bytes that were compared, as they come. */
  readonly onBytes?: (count: number) => void
}

/** Differences that are listed. */
const mostListed = 10_000

/** Limits of what is gone through, on either side. */
const maxEntries = 100_000
const maxDepth = 64

/** A folder, or a part of the archived edition, that is to be compared. */
interface Pair {
  readonly path: string
  /** The archived folder; undefined where there is none. */
  readonly there?: Folder
  /** Whether there is a folder on disk. */
  readonly onDisk: boolean
  readonly depth: number
}

type Folder = Extract<DagNode, { kind: 'directory' | 'shard' }>

/** An archived entry: its node, or only that it is a raw block. */
type Archived = DagNode | { readonly kind: 'raw' }

/**
 * Compares a folder, or a single file, with an edition. A file may be any of the edition's files. Throws an OvnError: `not-found`
 * where nothing is at the path, `usage` where it is neither file nor folder, `damaged` for an edition beyond all limits.
 */
export async function compareFolder(
  path: string,
  edition: CompareEdition,
  blocks: GetStore,
  options: CompareOptions,
): Promise<Comparison> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new OvnError('not-found', `no file or folder ${path}`)
  const comparing = new Comparing(resolve(path), edition, blocks, options)
  if (found.isDirectory()) return comparing.folder()
  if (found.isFile()) return comparing.file()
  throw new OvnError('usage', `${path} is neither a file nor a folder`, { hint: 'name a folder or a file' })
}

class Comparing {
  readonly #path: string
  readonly #edition: CompareEdition
  readonly #blocks: GetStore
  readonly #options: CompareOptions
  readonly #differences: Difference[] = []
  #faults: CompareFault[] = []
  readonly #notices: Notice[] = []
  #unlisted = 0
  #archivedEntries = 0
  #localEntries = 0
  #files = 0
  #bytes = 0

  constructor(path: string, edition: CompareEdition, blocks: GetStore, options: CompareOptions) {
    this.#path = path
    this.#edition = edition
    this.#blocks = blocks
    this.#options = options
  }

  async folder(): Promise<Comparison> {
    const { root } = this.#edition
    const top = await this.#archived(root, '')
    if (top !== undefined && !isFolder(top)) this.#differ({ path: '', how: 'kind', note: 'the archived one is a file' })
    else if (top !== undefined) await this.#compareTree([{ path: '', there: top, onDisk: true, depth: 0 }])
    return this.#result('folder', [])
  }

  async file(): Promise<Comparison> {
    const { size: found } = statSync(this.#path)
    const archived = await this.#listFiles()
    const before = [...this.#faults]
    const same: string[] = []
    for (const { path, cid, size } of archived) {
      if ((size ?? found) === found && (await this.#compareOne(path, cid, this.#path)) === 'same') same.push(path)
    }
    // What is wrong with files that it was only tried against is no answer to what was asked.
    this.#faults = before
    if (same.length > 0) {
      this.#files = 1
      return this.#result('file', same)
    }
    const like = findLike(basename(this.#path), archived)
    if (like === undefined) {
      this.#differ({
        path: basename(this.#path),
        how: 'extra',
        found,
        note: 'no archived file has its name or its kind',
      })
      return this.#result('file', [])
    }
    const difference = await this.#compareOne(like.path, like.cid, this.#path)
    if (typeof difference === 'object') this.#differ({ path: like.path, how: 'differs', ...difference })
    return this.#result('file', [like.path])
  }

  async #compareTree(stack: Pair[]): Promise<void> {
    for (let pair = stack.pop(); pair !== undefined; pair = stack.pop()) {
      this.#options.signal.throwIfAborted()
      const { path, onDisk, depth } = pair
      const there = pair.there === undefined ? { entries: [], isWhole: true } : await this.#entriesOf(pair.there, path)
      const here = onDisk ? this.#namesIn(path) : new Map<string, Dirent>()
      if (here === undefined) continue
      this.#archivedEntries += there.entries.length
      this.#localEntries += here.size
      this.#keepLimits(depth, pair.there !== undefined)
      if (there.entries.length === 0 && there.isWhole && !onDisk)
        this.#differ({ path, how: 'missing', note: 'an empty folder' })
      if (here.size === 0 && pair.there === undefined) this.#differ({ path, how: 'extra', note: 'an empty folder' })
      for (const entry of there.entries) {
        const name = writtenName(entry.name)
        const found = name === undefined ? undefined : (here.get(name) ?? here.get(name.normalize('NFD')))
        if (found !== undefined) here.delete(found.name)
        stack.push(...(await this.#compareEntry(join(path, name ?? entry.name), entry.cid, found, depth + 1)))
      }
      // Of a folder that could not be read whole, nobody knows what is over.
      if (!there.isWhole) continue
      for (const found of here.values()) {
        const below = join(path, found.name)
        if (found.isDirectory()) stack.push({ path: below, onDisk: true, depth: depth + 1 })
        else this.#noteExtra(below, found)
      }
    }
  }

  /** Compares an archived entry with what is on disk in its place. Returns the folders that are compared next. */
  async #compareEntry(path: string, cid: CID, found: Dirent | undefined, depth: number): Promise<Pair[]> {
    const archived = await this.#archived(cid, path)
    if (archived === undefined) return []
    if (isFolder(archived)) {
      if (found === undefined || found.isDirectory())
        return [{ path, there: archived, onDisk: found !== undefined, depth }]
      this.#differ({ path, how: 'kind', note: 'the archived one is a folder' })
    } else if (archived.kind === 'symlink') {
      this.#compareLink(path, archived.target, found)
    } else if (found === undefined) {
      this.#differ({ path, how: 'missing', ...(archived.kind === 'file' ? { archived: archived.size } : {}) })
    } else if (!found.isFile()) {
      this.#differ({ path, how: 'kind', note: 'the archived one is a file' })
    } else {
      const difference = await this.#compareOne(path, cid, join(this.#path, path))
      if (difference === 'same') this.#files += 1
      else if (difference !== undefined) this.#differ({ path, how: 'differs', ...difference })
    }
    return []
  }

  #compareLink(path: string, target: string, found: Dirent | undefined): void {
    if (found === undefined) {
      this.#notices.push({
        code: 'link-archived',
        file: path,
        message: 'a symbolic link in the archive, and as a rule not written to disk',
      })
    } else if (!found.isSymbolicLink()) {
      this.#differ({ path, how: 'kind', note: 'the archived one is a symbolic link' })
    } else if (readlinkSync(join(this.#path, path)) !== target) {
      this.#differ({ path, how: 'differs', note: 'the symbolic links lead to different places' })
    }
  }

  #noteExtra(path: string, found: Dirent): void {
    const size = found.isFile() ? lstatSync(join(this.#path, path), { throwIfNoEntry: false })?.size : undefined
    const kind = found.isFile() ? undefined : found.isSymbolicLink() ? 'a symbolic link' : 'no ordinary file'
    const hidden = found.name.startsWith('.') ? 'a hidden file: the system may have put it there' : undefined
    const note = kind ?? hidden
    this.#differ({
      path,
      how: 'extra',
      ...(size === undefined ? {} : { found: size }),
      ...(note === undefined ? {} : { note }),
    })
  }

  /** Compares one file; undefined where that cannot be done, which is noted. */
  async #compareOne(path: string, cid: CID, file: string): Promise<'same' | FileDifference | undefined> {
    const { signal, onBytes } = this.#options
    try {
      const difference = await compareFile(this.#blocks, cid, file, {
        signal,
        onBytes: (count) => {
          this.#bytes += count
          onBytes?.(count)
        },
      })
      return difference ?? 'same'
    } catch (error) {
      this.#noteFault(error, path)
      return undefined
    }
  }

  /** Reads the top of an archived entry; undefined where it is not right, which is noted. */
  async #archived(cid: CID, path: string): Promise<Archived | undefined> {
    if (cid.code === rawCode) return { kind: 'raw' }
    try {
      return readNode(cid, await readBlock(this.#blocks, cid, this.#options.signal))
    } catch (error) {
      this.#noteFault(error, path)
      return undefined
    }
  }

  /** The entries of an archived folder, sharded or not, as far as they can be read. */
  async #entriesOf(folder: Folder, path: string): Promise<{ entries: DirectoryEntry[]; isWhole: boolean }> {
    if (folder.kind === 'directory') return { entries: [...folder.entries], isWhole: true }
    const entries: DirectoryEntry[] = []
    let isWhole = true
    const shards = [folder]
    for (let shard = shards.pop(); shard !== undefined; shard = shards.pop()) {
      for (const { name, cid } of shard.entries) {
        if (name !== undefined) {
          entries.push({ name, cid })
          continue
        }
        this.#archivedEntries += 1
        this.#keepLimits(0)
        const below = await this.#archived(cid, path)
        if (below?.kind === 'shard') shards.push(below)
        else isWhole = false
        if (below !== undefined && below.kind !== 'shard') {
          this.#noteFault(new OvnError('damaged', `block ${cid} should be a shard of a folder, and is not`), path)
        }
      }
    }
    return { entries, isWhole }
  }

  /** All files of the edition, as far as they can be found. */
  async #listFiles(): Promise<ArchivedFile[]> {
    const files: ArchivedFile[] = []
    const stack = [{ path: '', cid: this.#edition.root, depth: 0 }]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      this.#options.signal.throwIfAborted()
      const { path, cid, depth } = next
      const node = await this.#archived(cid, path)
      if (node === undefined || node.kind === 'symlink') continue
      if (!isFolder(node)) {
        files.push({ path, cid, size: node.kind === 'file' ? node.size : undefined })
        continue
      }
      const { entries } = await this.#entriesOf(node, path)
      this.#archivedEntries += entries.length
      this.#keepLimits(depth)
      const below = entries.map((entry) => ({ path: join(path, entry.name), cid: entry.cid, depth: depth + 1 }))
      stack.push(...below.reverse())
    }
    return files
  }

  #namesIn(path: string): Map<string, Dirent> | undefined {
    try {
      const found = readdirSync(join(this.#path, path), { withFileTypes: true })
      return new Map(found.map((entry) => [entry.name, entry]))
    } catch (error) {
      this.#noteFault(error, path)
      return undefined
    }
  }

  #keepLimits(depth: number, isArchived = true): void {
    const why = 'too many entries, or too deep ones, to be compared'
    if (this.#archivedEntries > maxEntries || (isArchived && depth > maxDepth)) {
      throw new OvnError('damaged', `${this.#edition.label} has ${why}`)
    }
    if (this.#localEntries > maxEntries || depth > maxDepth) throw new OvnError('usage', `${this.#path} has ${why}`)
  }

  #differ(difference: Difference): void {
    if (this.#differences.length < mostListed) this.#differences.push(difference)
    else this.#unlisted += 1
  }

  /** Notes why something cannot be compared. Whatever is neither the archive's nor the disk's fault is thrown. */
  #noteFault(thrown: unknown, path: string): void {
    this.#options.signal.throwIfAborted()
    const { syscall, path: file } = thrown as NodeJS.ErrnoException
    const where = syscall !== undefined && (file === undefined || file.startsWith(this.#path)) ? 'disk' : 'archive'
    const error = storageError(thrown, where === 'disk' ? join(this.#path, path) : this.#edition.label)
    if (!(error instanceof OvnError)) throw error
    const { code, message } = error
    const state =
      code === 'not-found' ? 'missing' : code === 'damaged' && !/cannot be checked/.test(message) ? code : 'not checked'
    if (this.#faults.some((each) => each.path === path && each.message === message)) return
    this.#faults.push({ code, state, where, path, message })
  }

  #result(subject: Comparison['subject'], counterparts: readonly string[]): Comparison {
    const { root, label } = this.#edition
    const differences = this.#differences.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
    const faults = this.#faults
    const archive = faults.filter(({ where }) => where === 'archive').map(({ state }) => state)
    return {
      path: this.#path,
      subject,
      against: label,
      root: root.toString(),
      counterparts,
      state: differences.length > 0 ? 'different' : faults.length > 0 ? 'not checked' : 'same',
      archive: (['damaged', 'missing', 'not checked'] as const).find((state) => archive.includes(state)) ?? 'intact',
      files: this.#files,
      bytes: this.#bytes,
      differences,
      unlisted: this.#unlisted,
      faults,
      notices: this.#notices,
    }
  }
}

interface ArchivedFile {
  readonly path: string
  readonly cid: CID
  readonly size: number | undefined
}

function isFolder(node: Archived): node is Folder {
  return node.kind === 'directory' || node.kind === 'shard'
}

/** The name that an entry has on disk; undefined where no disk may see it. */
function writtenName(name: string): string | undefined {
  try {
    return diskName(name)
  } catch {
    return undefined
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : name === '' ? path : `${path}/${name}`
}

/** The files of a bundle that a page, or a text, was saved from, whatever it is called now. */
const likely: Readonly<Record<string, string>> = {
  '.html': 'index.html',
  '.htm': 'index.html',
  '.xhtml': 'index.html',
  '.md': 'article.md',
  '.markdown': 'article.md',
  '.json': 'metadata.json',
}

/** The archived file that a file on disk is most likely to be: of its name, else of its kind. */
function findLike(name: string, files: readonly ArchivedFile[]): ArchivedFile | undefined {
  const extension = extname(name).toLowerCase()
  const wanted = likely[extension]
  const size = (file: ArchivedFile) => file.size ?? 0
  const bySize = [...files].sort((a, b) => size(b) - size(a))
  return (
    files.find(({ path }) => path === '') ??
    files.find(({ path }) => path === name) ??
    files.find(({ path }) => basename(path) === name) ??
    files.find(({ path }) => path === wanted) ??
    bySize.find(({ path }) => extension !== '' && extname(path).toLowerCase() === extension)
  )
}
