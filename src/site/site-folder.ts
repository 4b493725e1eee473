// The folder that a site is written to. A file appears whole, by rename, and only where it says something else than before. What
// was written is listed in `.ovn-site.json`: only that is ever replaced or removed. Nothing is flushed: what a power cut takes away
// is missing or of another length at the next run, and made again.

import {
  createWriteStream,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { holds } from '../archive/place-file.ts'
import { diskError } from '../dag/disk-error.ts'
import { makeFolder } from '../dag/make-folder.ts'
import { OvnError, type Problem } from '../errors.ts'
import { fileOf } from './paths.ts'
import type { Facts } from './read-edition.ts'

/** What an earlier run noted of one article, so that it need not be read again. */
export interface Noted {
  /** Hash of all that its pages are made from. */
  readonly key: string
  /** Its files. */
  readonly files: readonly string[]
  readonly facts: Facts
}

interface State {
  readonly v: 1
  /** Files that are ours, and their bytes; -1 for one that may not have been finished. */
  readonly files: { readonly [path: string]: number }
  readonly articles: { readonly [slug: string]: Noted }
}

const stateFile = '.ovn-site.json'

export class SiteFolder {
  readonly folder: string
  readonly #force: boolean
  /** Those, and what this run is going to write. */
  readonly #announced: Map<string, number>
  readonly #before: ReadonlyMap<string, number>
  readonly #notedBefore: ReadonlyMap<string, Noted>
  readonly #files = new Map<string, number>()
  readonly #noted = new Map<string, Noted>()
  readonly #folders = new Set<string>()
  readonly problems: Problem[] = []
  written = 0
  unchanged = 0
  removed = 0

  /**
   * Opens the folder of a site, and makes it where it is not there. Throws an OvnError `usage` for a folder that holds other files,
   * unless `force` is given, and `unsupported` for the site of a newer ovn.
   */
  constructor(folder: string, force: boolean) {
    this.folder = folder
    this.#force = force
    const state = readState(folder, force)
    this.#before = new Map(Object.entries(state.files))
    this.#announced = new Map(this.#before)
    this.#notedBefore = new Map(Object.entries(state.articles))
  }

  /** What is noted of an article whose files are all there with the lengths that they were written with. */
  noted(slug: string, key: string): Noted | undefined {
    const noted = this.#notedBefore.get(slug)
    if (noted?.key !== key || this.#force) return undefined
    return noted.files.every((path) => this.has(path)) ? noted : undefined
  }

  /** What is noted of an article, whether or not it still holds. */
  lastNoted(slug: string): Noted | undefined {
    return this.#notedBefore.get(slug)
  }

  /** Whether a file of ours is there with the length that it was written with. */
  has(path: string): boolean {
    const size = this.#before.get(path)
    return size !== undefined && size >= 0 && sizeOf(join(this.folder, path)) === size
  }

  /** Bytes of a file of ours. */
  size(path: string): number | undefined {
    return this.#files.get(path) ?? this.#before.get(path)
  }

  /** Keeps files of an earlier run as they are. */
  keep(paths: readonly string[]): void {
    for (const path of paths) {
      if (this.#files.has(path)) continue
      this.#files.set(path, this.#before.get(path) ?? -1)
      this.unchanged += 1
    }
  }

  note(slug: string, noted: Noted): void {
    this.#noted.set(slug, noted)
  }

  /** Lists files before they are written, so that they are known as ours even where this run is cut off. */
  announce(places: Iterable<string>): void {
    const known = this.#announced.size
    for (const place of places) {
      const path = fileOf(place)
      // What stands there and is not ours does not become ours.
      const isOurs = this.#force || sizeOf(join(this.folder, path)) === undefined
      if (!this.#announced.has(path) && isOurs) this.#announced.set(path, -1)
    }
    if (this.#announced.size > known || known === 0) {
      this.#save(new Map([...this.#announced, ...this.#files]), this.#notedBefore)
    }
  }

  /** Writes a small file, unless its bytes are there already. Returns its path; undefined where somebody else's file is there. */
  write(place: string, content: string | Uint8Array): string | undefined {
    const path = fileOf(place)
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const file = join(this.folder, path)
    return this.#onDisk(path, () => {
      const isSame = sizeOf(file) === bytes.byteLength && readFileSync(file).equals(bytes)
      if (!isSame && this.#isForeign(path)) return this.#refuse(path)
      this.#files.set(path, bytes.byteLength)
      if (isSame) {
        this.unchanged += 1
        return path
      }
      this.#makeFolderOf(file)
      writeWhole(file, bytes)
      this.written += 1
      return path
    })
  }

  /**
   * Writes a file from a stream, unless it is there with its length: its name is the hash of what is in it, and it appeared whole.
   * Nothing is left where the stream fails. Returns its path; undefined where somebody else's file is there.
   */
  async stream(place: string, chunks: () => AsyncIterable<Uint8Array>): Promise<string | undefined> {
    const path = fileOf(place)
    if (this.#files.has(path)) return path
    if (!this.#force && this.has(path)) {
      this.keep([path])
      return path
    }
    const file = join(this.folder, path)
    if (this.#isForeign(path)) {
      // What a run wrote that was cut off before it could say so is ours if it is what this one would write.
      const size = sizeOf(file) === -1 ? undefined : await holds(file, chunks())
      if (size === undefined) return this.#refuse(path)
      this.#files.set(path, size)
      this.unchanged += 1
      return path
    }
    const temporary = temporaryOf(file)
    this.#onDisk(path, () => this.#makeFolderOf(file))
    let size = 0
    try {
      // What is small is written at once: most files are.
      let held: Uint8Array[] | undefined = []
      let stream: ReturnType<typeof createWriteStream> | undefined
      for await (const chunk of chunks()) {
        size += chunk.byteLength
        if (held !== undefined && size <= holdSize) {
          held.push(chunk)
          continue
        }
        if (stream === undefined) {
          stream = createWriteStream(temporary)
          // Whoever writes to it is told of a failure; without a listener the stream would end the process.
          stream.on('error', () => undefined)
          for (const part of held ?? []) await writeTo(stream, part)
          held = undefined
        }
        await writeTo(stream, chunk)
      }
      if (stream === undefined) writeFileSync(temporary, Buffer.concat(held ?? []))
      else {
        stream.end()
        await finished(stream)
      }
      renameSync(temporary, file)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw diskError(error, file)
    }
    this.#files.set(path, size)
    this.written += 1
    return path
  }

  /** Removes what earlier runs wrote and this one did not, and lists what stands. */
  close(): void {
    for (const path of this.#before.keys()) {
      if (this.#files.has(path) || path === stateFile) continue
      this.#onDisk(path, () => {
        const file = join(this.folder, path)
        if (sizeOf(file) === undefined) return
        rmSync(file)
        this.removed += 1
        removeEmpty(dirname(file), this.folder)
      })
    }
    this.#save(this.#files, this.#noted)
  }

  /** Lists what stands after a run that did not end: all that was ours before, and what is now. */
  abandon(): void {
    this.#save(new Map([...this.#before, ...this.#files]), new Map([...this.#notedBefore, ...this.#noted]))
  }

  /** Whether somebody else's file is at a place, as far as is known. */
  #isForeign(path: string): boolean {
    if (this.#force || this.#before.has(path) || this.#files.has(path)) return false
    return sizeOf(join(this.folder, path)) !== undefined
  }

  /** Says that somebody else's file is at a place. */
  #refuse(path: string): undefined {
    const hint = 'move it away, or replace it with --force'
    this.problems.push({ file: join(this.folder, path), message: 'is there already, and ovn did not write it', hint })
  }

  #makeFolderOf(file: string): void {
    const folder = dirname(file)
    if (this.#folders.has(folder)) return
    makeFolder(folder)
    this.#folders.add(folder)
  }

  #save(files: ReadonlyMap<string, number>, noted: ReadonlyMap<string, Noted>): void {
    const file = join(this.folder, stateFile)
    const line = ([key, value]: readonly [string, unknown]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`
    const sorted = (map: ReadonlyMap<string, unknown>) =>
      [...map]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(line)
        .join(',\n')
    const text = `{"v":1,"files":{\n${sorted(files)}\n},"articles":{\n${sorted(noted)}\n}}\n`
    this.#onDisk(stateFile, () => {
      if (sizeOf(file) === Buffer.byteLength(text) && readFileSync(file, 'utf8') === text) return
      makeFolder(this.folder)
      writeWhole(file, text)
    })
  }

  #onDisk<T>(path: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw diskError(error, join(this.folder, path))
    }
  }
}

const holdSize = 1024 * 1024

async function writeTo(stream: ReturnType<typeof createWriteStream>, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}

/** Writes a file that appears whole; where it cannot be written, nothing is left. */
function writeWhole(file: string, content: string | Uint8Array): void {
  const temporary = temporaryOf(file)
  try {
    writeFileSync(temporary, content)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function temporaryOf(file: string): string {
  return join(dirname(file), `.ovn-${process.pid}.tmp`)
}

function sizeOf(file: string): number | undefined {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats?.isFile() ? stats.size : stats === undefined ? undefined : -1
}

/** Removes a folder that holds nothing any more, and those above it, up to the site's own. */
function removeEmpty(folder: string, top: string): void {
  for (let each = folder; each.length > top.length && readdirSync(each).length === 0; each = dirname(each))
    rmdirSync(each)
}

function readState(folder: string, force: boolean): State {
  const empty: State = { v: 1, files: {}, articles: {} }
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return empty
    if (code === 'ENOTDIR') throw new OvnError('usage', `${folder} is a file, not a folder`)
    throw diskError(error, folder)
  }
  if (names.includes(stateFile)) return parseState(join(folder, stateFile), force) ?? empty
  if (names.length === 0 || force) return empty
  throw new OvnError('usage', `${folder} is not empty, and ovn did not make it`, {
    hint: 'name a new folder, or write into this one with --force',
  })
}

function parseState(file: string, force: boolean): State | undefined {
  let state: Partial<State> | null
  try {
    state = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw diskError(error, file)
    state = null
  }
  if (typeof state?.v === 'number' && state.v > 1) {
    throw new OvnError('unsupported', `${file} was written by a newer ovn`, { hint: 'install the newest ovn' })
  }
  const isRight =
    typeof state?.files === 'object' && typeof state.articles === 'object' && Object.keys(state.files).every(isBelow)
  if (isRight) return state as State
  if (force) return undefined
  throw new OvnError('usage', `${file} does not list what ovn wrote`, {
    hint: 'name a new folder, or write into this one with --force',
  })
}

/** Whether a path stays below the folder: what is listed there may be removed. */
function isBelow(path: string): boolean {
  return (
    path !== '' && !/^[/\\]|^[a-z]:/i.test(path) && path.split(/[/\\]/).every((part) => !['', '.', '..'].includes(part))
  )
}
