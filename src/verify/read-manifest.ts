// The manifest, line by line. Only what later checks need of a record stays in memory; the rest is read again where it is wanted.

import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { OvnError } from '../errors.ts'
import type { EditionEvent, ManifestRecord } from '../manifest/record.ts'
import { type Damage, type DamageCode, hints } from './damage.ts'
import { type ReadLine, readLineStrictly } from './read-line.ts'

/** What stays in memory of a record. */
export interface Line {
  /** From 1. */
  readonly line: number
  /** Where the line starts, and its length without the newline, in bytes. */
  readonly offset: number
  readonly length: number
  readonly cid: string
  readonly parent: string | undefined
  readonly event: string
  /** Of editions and withdrawals. */
  readonly slug?: string
  readonly version?: number
  readonly root?: string
  readonly previous?: string
  /** Of a recovery. */
  readonly lost?: readonly string[]
}

/** A line about a root. */
export type RootLine = Line & { readonly slug: string; readonly version: number; readonly root: string }

/** A stretch of the file that is no record. */
export interface BadLine {
  readonly line: number
  readonly offset: number
  readonly length: number
}

export interface ReadManifest {
  /** Whether there is a file. */
  readonly exists: boolean
  /** Bytes that were read. */
  readonly size: number
  readonly lines: readonly Line[]
  readonly bad: readonly BadLine[]
  /** CIDs that damaged lines speak of: roots among them are not strangers. */
  readonly claimed: ReadonlySet<string>
  readonly damage: readonly Damage[]
  /** Bytes after the last newline: an unfinished line. */
  readonly torn: number
  /** What tells the file from one that was written to since, or put in its place. */
  readonly stamp: string
}

const newline = 0x0a
const readSize = 1_048_576
const longestLine = 16 * 1_048_576
const editionEvents: ReadonlySet<string> = new Set<EditionEvent>(['publish', 'import', 'fetch', 'rebuild'])

export function isEditionLine(line: Line): line is RootLine {
  return editionEvents.has(line.event)
}

export function isWithdrawLine(line: Line): line is RootLine {
  return line.event === 'withdraw'
}

/** What tells a file from what it was or will be; empty where there is none. */
export function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? '' : toStamp(stats)
}

function toStamp({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`
}

/** Reads every line. Throws an OvnError `unsupported` for one of a newer format; errors of the disk are passed on. */
export function readManifest(file: string): ReadManifest {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { exists: false, size: 0, lines: [], bad: [], claimed: new Set(), damage: [], torn: 0, stamp: '' }
  }
  try {
    return readAll(handle)
  } finally {
    closeSync(handle)
  }
}

function readAll(handle: number): ReadManifest {
  const lines: Line[] = []
  const bad: BadLine[] = []
  const claimed = new Set<string>()
  const damage: Damage[] = []
  let number = 0
  let offset = 0

  function addBad(
    bytes: Buffer,
    code: DamageCode,
    message: string,
    details: { expected?: string; found?: string } = {},
  ): void {
    bad.push({ line: number, offset, length: bytes.length })
    for (const [cid] of bytes.toString('latin1').matchAll(/b[a-z2-7]{20,}/g)) claimed.add(cid)
    damage.push({
      code,
      state: 'damaged',
      kind: 'manifest',
      line: number,
      message: `line ${number} of the manifest: ${message}`,
      hint: hints.manifest,
      needs: [],
      ...details,
    })
  }

  function addLine(bytes: Buffer): void {
    number += 1
    const read: ReadLine =
      bytes.length > longestLine
        ? { code: 'line-length', damage: `it is longer than ${longestLine} bytes` }
        : readLineStrictly(bytes)
    if ('newer' in read) {
      throw new OvnError(
        'unsupported',
        `line ${number} of the manifest was written by a newer ovn (format ${read.newer})`,
        {
          hint: 'install the newest ovn; this one leaves the archive as it is',
        },
      )
    }
    if ('damage' in read) {
      const { code, damage: message, ...details } = read
      addBad(bytes, code, message, details)
    } else {
      lines.push(toLine(read.record, number, offset, bytes.length))
    }
    offset += bytes.length + 1
  }

  const stats = fstatSync(handle)
  const stamp = toStamp(stats)
  const buffer = Buffer.allocUnsafe(Math.min(readSize, stats.size + 1))
  let rest: Buffer = Buffer.alloc(0)
  for (let position = 0; ; ) {
    const count = readSync(handle, buffer, 0, buffer.length, position)
    if (count === 0) break
    position += count
    const part = buffer.subarray(0, count)
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part])
    let from = 0
    // What was kept from before has no newline in it.
    for (let end = bytes.indexOf(newline, rest.length); end !== -1; end = bytes.indexOf(newline, from)) {
      addLine(bytes.subarray(from, end))
      from = end + 1
    }
    rest = Buffer.from(bytes.subarray(from))
    if (rest.length > longestLine) break
  }
  if (rest.length > longestLine) {
    number += 1
    addBad(
      rest.subarray(0, 65_536),
      'line-length',
      `it is longer than ${longestLine} bytes, and nothing after it was read`,
    )
    return { exists: true, size: offset, lines, bad, claimed, damage, torn: 0, stamp }
  }
  // A crash leaves the beginning of a line. A whole line with another byte where its newline should be is no such thing.
  if (rest.length > 1 && 'record' in readLineStrictly(rest.subarray(0, -1))) {
    number += 1
    addBad(rest, 'line-newline', 'the newline at its end is another byte')
    return { exists: true, size: offset + rest.length, lines, bad, claimed, damage, torn: 0, stamp }
  }
  return { exists: true, size: offset, lines, bad, claimed, damage, torn: rest.length, stamp }
}

function toLine(record: ManifestRecord, line: number, offset: number, length: number): Line {
  const { cid, parent, event } = record
  const { slug, version, root, previous, lost } = record as unknown as RootLine
  const isAboutRoot = editionEvents.has(event) || event === 'withdraw'
  return {
    line,
    offset,
    length,
    cid,
    parent,
    event,
    ...(isAboutRoot ? { slug, version, root } : {}),
    ...(isAboutRoot && previous !== undefined ? { previous } : {}),
    ...(event === 'recover' ? { lost: lost ?? [] } : {}),
  }
}

/** The record of a line that was read, and found right, before; undefined where another stands there now. */
export function recordOf(handle: number, { offset, length, cid }: Line): ManifestRecord | undefined {
  const bytes = Buffer.allocUnsafe(length)
  if (readSync(handle, bytes, 0, length, offset) !== length) return undefined
  try {
    const record = JSON.parse(bytes.toString('utf8')) as ManifestRecord | null
    return record?.cid === cid ? record : undefined
  } catch {
    return undefined
  }
}
