// The manifest: an append-only file of lines, the truth about what was published. Whoever appends holds the archive's
// write lock; whoever reads needs none, since a line counts from its newline on.

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename } from 'node:path'
import { syncFolder } from '../dag/sync-folder.ts'
import { OvnError } from '../errors.ts'
import {
  type AnyDraft,
  encodeLine,
  type ManifestRecord,
  manifestVersion,
  newerFormat,
  parseLine,
  readLine,
  sealRecord,
} from './record.ts'

/** A record and where its line stands: byte offset, and length without the newline. */
export interface Placed<T = ManifestRecord> {
  readonly record: T
  readonly offset: number
  readonly length: number
}

/** A whole line of the file: its record, or what is wrong with it. */
export type Line = { readonly line: number } & ({ readonly record: ManifestRecord } | { readonly fault: OvnError })

const newline = 0x0a
const readSize = 4 * 1024 * 1024

export class Manifest {
  /** Path of the file, which need not exist yet. */
  readonly file: string
  readonly #name: string

  constructor(file: string) {
    this.file = file
    this.#name = basename(file)
  }

  /** Bytes of the file; 0 where there is none. */
  size(): number {
    return statSync(this.file, { throwIfNoEntry: false })?.size ?? 0
  }

  /**
   * Throws an OvnError `unsupported` where the last line is of a newer format: whoever knows it has written here, and nothing may
   * be done to the archive. What else may be wrong with that line is told by whoever reads it.
   */
  assertKnown(): void {
    const text = this.#read((file) => {
      const end = lastLineEnd(file, fstatSync(file).size)
      const start = lastLineEnd(file, end - 1)
      const bytes = Buffer.alloc(Math.max(0, end - start))
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, start))
    })
    const version = versionOf(text ?? '')
    if (version > manifestVersion) throw newerFormat(this.file, version)
  }

  /** Every record in the order of the file, not hashed: what a listing needs. Throws as {@link readLine} does. */
  records(): ManifestRecord[] {
    return [...this.#lines(0, (text, where) => readLine(text, where))].map((placed) => placed.record)
  }

  /**
   * The records from a byte offset on, which must be the start of a line, each hashed.
   * Throws as {@link parseLine} does; `line` is the number of the first of them.
   */
  placedFrom(offset: number, line: number): Placed[] {
    return [...this.placed(offset, line)]
  }

  /** As {@link placedFrom}, one after another. */
  placed(offset: number, line: number): Generator<Placed> {
    return this.#lines(offset, parseLine, line)
  }

  /** The record of one line, hashed; undefined where the bytes at that place are not a line. */
  recordAt(offset: number, length: number): ManifestRecord | undefined {
    const bytes = this.#read((file) => {
      const buffer = Buffer.alloc(length + 1)
      return readSync(file, buffer, 0, length + 1, offset) === length + 1 ? buffer : undefined
    })
    if (bytes === undefined || bytes.indexOf(newline) !== length) return undefined
    try {
      return parseLine(bytes.toString('utf8', 0, length), { file: this.#name, line: 0 })
    } catch {
      return undefined
    }
  }

  /**
   * Appends one line per draft, each the child of the one before, and returns when they are on disk. The caller holds the
   * archive's write lock and names the last record of the file. Nothing is appended where an error is thrown.
   */
  append(drafts: readonly AnyDraft[], last: string | undefined): Placed[] {
    const placed: Placed[] = []
    const created = this.#read(() => true) === undefined
    const file = openSync(this.file, 'a+')
    try {
      const start = fstatSync(file).size
      let offset = start
      let parent = last
      let text = ''
      for (const draft of drafts) {
        const record = sealRecord(draft, parent)
        const line = encodeLine(record)
        const length = Buffer.byteLength(line)
        placed.push({ record, offset, length })
        offset += length + 1
        parent = record.cid
        text += `${line}\n`
      }
      try {
        writeWhole(file, Buffer.from(text))
        fsyncSync(file)
      } catch (error) {
        // Half a line, or one that may not be on disk, must not be taken for a record.
        ftruncateSync(file, start)
        throw error
      }
    } finally {
      closeSync(file)
    }
    if (created) syncFolderOf(this.file)
    return placed
  }

  /**
   * Sets aside an end of the file that is not a whole line, as a crash leaves it: the bytes go to `manifest.torn`, which
   * keeps all of them, and then leave the manifest. The caller holds the write lock. Returns how many bytes were moved.
   */
  setAsideTorn(): number {
    const torn = this.#read((file) => {
      const { size } = fstatSync(file)
      const end = lastLineEnd(file, size)
      const bytes = Buffer.alloc(size - end)
      readSync(file, bytes, 0, bytes.length, end)
      return { end, bytes }
    })
    if (torn === undefined || torn.bytes.length === 0) return 0
    const aside = openSync(this.file.replace(/\.jsonl$/, '.torn'), 'a')
    try {
      writeWhole(aside, Buffer.concat([torn.bytes, Buffer.of(newline)]))
      fsyncSync(aside)
    } finally {
      closeSync(aside)
    }
    const file = openSync(this.file, 'r+')
    try {
      ftruncateSync(file, torn.end)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    syncFolderOf(this.file)
    return torn.bytes.length
  }

  /** Every whole line, also those that are damaged. Throws an OvnError `unsupported` for one of a newer format. */
  lines(): Line[] {
    const read = (text: string, where: { file: string; line: number }): Line => {
      try {
        return { line: where.line, record: parseLine(text, where) }
      } catch (error) {
        if (!(error instanceof OvnError) || error.code !== 'damaged') throw error
        return { line: where.line, fault: error }
      }
    }
    return [...this.#lines(0, read)].map((placed) => placed.record)
  }

  /**
   * Puts other records in the place of all lines, at once, and keeps the old file beside it. The caller holds the write lock.
   * Returns the path of the old file; undefined where there was none.
   */
  replace(records: readonly ManifestRecord[]): string | undefined {
    const temporary = `${this.file}.${process.pid}.tmp`
    try {
      const file = openSync(temporary, 'w')
      try {
        writeWhole(file, Buffer.from(records.map((record) => `${encodeLine(record)}\n`).join('')))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      const aside = this.#read(() => freeName(this.file.replace(/\.jsonl$/, '')))
      if (aside !== undefined) linkSync(this.file, aside)
      renameSync(temporary, this.file)
      syncFolderOf(this.file)
      return aside
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  }

  *#lines<T>(
    offset: number,
    parse: (text: string, where: { file: string; line: number }) => T,
    firstLine = 1,
  ): Generator<Placed<T>> {
    const file = this.#read((opened) => opened, false)
    if (file === undefined) return
    try {
      let line = firstLine
      let start = offset
      let rest: Buffer = Buffer.alloc(0)
      // As long as what is left: mostly that is one line, or none.
      const buffer = Buffer.allocUnsafe(Math.min(readSize, Math.max(0, fstatSync(file).size - offset) + 1))
      for (let position = offset; ; ) {
        const count = readSync(file, buffer, 0, buffer.length, position)
        if (count === 0) return
        position += count
        const bytes = rest.length === 0 ? buffer.subarray(0, count) : Buffer.concat([rest, buffer.subarray(0, count)])
        let from = 0
        for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
          const text = bytes.toString('utf8', from, end)
          yield { record: parse(text, { file: this.#name, line }), offset: start, length: end - from }
          line += 1
          start += end - from + 1
          from = end + 1
        }
        rest = Buffer.from(bytes.subarray(from))
      }
    } finally {
      closeSync(file)
    }
  }

  /** Opens the file and gives it to `use`; undefined where there is no file. */
  #read<T>(use: (file: number) => T, close = true): T | undefined {
    let file: number
    try {
      file = openSync(this.file, 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    try {
      return use(file)
    } finally {
      if (close) closeSync(file)
    }
  }
}

/** The version of the format that a line names; 0 where it names none. */
function versionOf(line: string): number {
  try {
    const { v } = (JSON.parse(line) ?? {}) as { readonly v?: unknown }
    return typeof v === 'number' ? v : 0
  } catch {
    return 0
  }
}

function syncFolderOf(file: string): void {
  syncFolder(file.slice(0, -basename(file).length) || '.')
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
}

/** A name for a damaged manifest that no other has. */
function freeName(base: string): string {
  for (let number = 1; ; number += 1) {
    const name = `${base}.damaged-${number}.jsonl`
    if (!existsSync(name)) return name
  }
}

function lastLineEnd(file: number, size: number): number {
  const buffer = Buffer.alloc(65_536)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - buffer.length)
    readSync(file, buffer, 0, end - start, start)
    const found = buffer.subarray(0, end - start).lastIndexOf(newline)
    if (found !== -1) return start + found + 1
    end = start
  }
  return 0
}
