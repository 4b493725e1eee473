// A UnixFS DAG → files on disk. Safe against any DAG: names, links, sizes and shapes are checked before anything is written; all is
// written inside a partial folder that only we can enter, by opening files that were not there; the target appears by one rename.

import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { OvnError, type Problem } from '../errors.ts'
import { FileWriter, findOnDisk, isPlainFile } from './file-writer.ts'
import { lstat, onDisk, PartialFolder } from './partial-folder.ts'
import { beyond, type FolderPlan, maxBytes, maxDepth, planFolder } from './plan-folder.ts'
import { ReadAhead } from './read-ahead.ts'
import { type GetStore, readBlock } from './read-block.ts'
import { readNode } from './unixfs-node.ts'

export interface WriteFolderOptions {
  /** Whether what stands at the target is replaced. */
  readonly force?: boolean
  /** Whether symbolic links that stay inside the folder are written. */
  readonly symlinks?: boolean
  /** Whether all is flushed to disk before it appears, so that it survives a power cut; true where it is absent. */
  readonly durable?: boolean
  /** Whether a run that fails leaves what it has verified for the next; true where it is absent. */
  readonly keepPartial?: boolean
  readonly signal?: AbortSignal | undefined
  /** Told of the bytes that are in place, as they come. */
  readonly onBytes?: (count: number) => void
}

export interface WrittenFolder {
  /** Where it stands now. */
  readonly path: string
  readonly files: number
  /** Bytes of the files. */
  readonly size: number
  /** Entries that were renamed or left out. */
  readonly notices: readonly Problem[]
}

/** Blocks that all files may have together: so many, and one more for every 16 KiB of them, the smallest part that is common. */
const fewBlocks = 131_072
const smallestPart = 16_384

/** Parts of files that may wait side by side to be read. */
const maxWaiting = 262_144

/**
 * Writes a directory, sharded or not, or a single file to `target`, which appears whole or not at all. Throws an OvnError: `usage`
 * where the target is there already, `damaged` for a DAG that cannot be written safely or whose sizes are not the real ones,
 * `storage` where the disk refuses, and as {@link readBlock} does. What was verified stays in a partial folder beside the target,
 * and the next run of the same root does not ask `blocks` for it again.
 */
export async function writeFolder(
  blocks: GetStore,
  root: CID,
  target: string,
  options: WriteFolderOptions = {},
): Promise<WrittenFolder> {
  const { force = false, symlinks = false, keepPartial = true, durable = true, onBytes = () => undefined } = options
  // Reads that are under way end with us.
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  try {
    signal.throwIfAborted()
    const partial = PartialFolder.open(target, root, force)
    const writing = new Writing(blocks, root, partial, { signal, durable, onBytes })
    try {
      const plan = await planFolder(blocks, root, { symlinks, signal })
      const size = await writing.write(plan)
      signal.throwIfAborted()
      const isClean = partial.reveal({ force, durable })
      const left: Problem[] = isClean ? [] : [{ file: target, message: 'the old one could not be removed' }]
      return { path: partial.target, files: plan.files.length, size, notices: [...plan.notices, ...left] }
    } catch (error) {
      await writing.abandon()
      partial.leave(keepPartial && writing.isWorthKeeping)
      throw error
    }
  } finally {
    stop.abort()
  }
}

/** A part of a file that is to be read: a block, or the top of a tree of them. */
interface Part {
  readonly cid: CID
  /** Path of the file on disk, and where the part begins in it. */
  readonly path: string
  readonly offset: number
  /** Bytes that it must have; undefined where a single block says nothing. */
  readonly size: number | undefined
  readonly depth: number
}

/** What was read of a part. Its bytes are absent where they are in place already. */
interface ReadPart {
  readonly size: number
  readonly bytes: Uint8Array | undefined
  readonly parts: readonly { readonly cid: CID; readonly size: number }[]
}

class Writing {
  readonly #blocks: GetStore
  readonly #root: CID
  readonly #partial: PartialFolder
  readonly #signal: AbortSignal
  readonly #onBytes: (count: number) => void
  readonly #writer: FileWriter
  #verified = false
  #isTrap = false

  constructor(
    blocks: GetStore,
    root: CID,
    partial: PartialFolder,
    options: { signal: AbortSignal; durable: boolean; onBytes: (count: number) => void },
  ) {
    this.#blocks = blocks
    this.#root = root
    this.#partial = partial
    this.#signal = options.signal
    this.#onBytes = options.onBytes
    this.#writer = new FileWriter(options)
  }

  /** Whether a later run could use what is on disk: at least one block of it is right, and no limit is in the way. */
  get isWorthKeeping(): boolean {
    return (this.#verified || this.#partial.resumed) && !this.#isTrap
  }

  /** Writes all that is planned, and flushes it where it is to be durable. Returns the bytes of all files. */
  async write(plan: FolderPlan): Promise<number> {
    const { content, resumed } = this.#partial
    const folders = plan.kind === 'folder' ? [content, ...plan.folders.map((path) => join(content, path))] : []
    if (resumed) onDisk(content, () => removeForeign(content, plan))
    for (const path of folders) onDisk(path, () => mkdirSync(path, { recursive: true, mode: 0o755 }))
    const size = await this.#writeFiles(plan)
    for (const { path, target } of plan.links) onDisk(path, () => symlinkSync(target, join(content, path)))
    await this.#writer.finish()
    for (const path of folders) await this.#writer.flushFolder(path)
    await this.#writer.finish()
    return size
  }

  /** Closes what is open. */
  abandon(): Promise<void> {
    return this.#writer.abandon()
  }

  async #writeFiles({ files, size: planned }: FolderPlan): Promise<number> {
    const { content } = this.#partial
    const stack = new ReadAhead((part: Part) => this.#read(part))
    stack.push(files.map(({ path, cid, size }) => ({ cid, path: join(content, path), offset: 0, size, depth: 0 })))
    const waiting = files.length + maxWaiting
    const mostBlocks = fewBlocks + files.length + Math.ceil(planned / smallestPart)
    let left = maxBytes - planned
    let blocks = 0
    let size = 0
    for (let next = await stack.take(); next !== undefined; next = await stack.take()) {
      this.#signal.throwIfAborted()
      const { item: part, result: read } = next
      if (part.depth === 0) {
        await this.#writer.begin(part.path)
        if (part.size === undefined) left -= read.size
        size += read.size
      }
      blocks += 1
      if (blocks > mostBlocks) this.#refuse(`files of ${planned} bytes in more than ${mostBlocks} blocks`)
      if (left < 0) this.#refuse(`more than ${maxBytes} bytes`)
      if (part.depth > maxDepth) this.#refuse('a file whose parts lie too deep inside one another')
      if (part.size !== undefined && part.size !== read.size) {
        const sizes = `${read.size} bytes of a file where ${part.size} are announced`
        throw new OvnError('damaged', `block ${part.cid} has ${sizes}`)
      }
      const length = read.bytes?.byteLength ?? read.size
      if (read.bytes === undefined) this.#writer.pass(length)
      else if (length > 0) await this.#writer.append(read.bytes)
      if (length > 0) this.#verified = true
      this.#onBytes(length)
      stack.push(partsBelow(part, length, read.parts))
      if (stack.size > waiting) this.#refuse(`more than ${maxWaiting} parts of files side by side`)
    }
    await this.#writer.end()
    return size
  }

  async #read({ cid, path, offset, size }: Part): Promise<ReadPart> {
    if (this.#partial.resumed && cid.code === rawCode) {
      const found = onDisk(path, () => findOnDisk(path, cid, offset, size))
      if (found !== undefined) return { size: found, bytes: undefined, parts: [] }
    }
    const node = readNode(cid, await readBlock(this.#blocks, cid, this.#signal))
    if (node.kind === 'file') return { size: node.size, bytes: node.data, parts: node.parts }
    throw new OvnError('damaged', `block ${cid} should be a part of a file, and is not`)
  }

  #refuse(what: string): never {
    this.#isTrap = true
    throw beyond(this.#root, what)
  }
}

/** The parts of a part, in order. */
function partsBelow(part: Part, begin: number, parts: ReadPart['parts']): Part[] {
  let offset = part.offset + begin
  return parts.map(({ cid, size }) => {
    const below = { cid, path: part.path, offset, size, depth: part.depth + 1 }
    offset += size
    return below
  })
}

/** Removes from what an earlier run left all that is not part of the plan, or not of its kind. */
function removeForeign(content: string, plan: FolderPlan): void {
  const folders = new Set(plan.kind === 'folder' ? ['', ...plan.folders] : [])
  const files = new Set(plan.files.map(({ path }) => path))
  const waiting = ['']
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const place = join(content, path)
    const found = lstat(place)
    if (found === undefined) continue
    if (folders.has(path) && found.isDirectory()) {
      for (const name of readdirSync(place)) waiting.push(path === '' ? name : `${path}/${name}`)
    } else if (!files.has(path) || !isPlainFile(place)) {
      rmSync(place, { recursive: true, force: true })
    }
  }
}
