// The header of blocks.sqlite: it tells whose the file is, and of which format, without SQLite.

import { closeSync, openSync, readSync } from 'node:fs'
import { newerFormat } from '../manifest/record.ts'

/** Marks the file as an archive's; `ovn1` in ASCII. */
export const applicationId = 0x6f766e31
export const schemaVersion = 1

/** Where SQLite's header has them, big-endian, and its length. */
const versionAt = 60
const applicationAt = 68
const headerSize = 100

/**
 * Throws an OvnError `unsupported` where the file's header names a newer format: for whoever reads the manifest, and does not open
 * the database. Nobody in this process may have it open: closing a file drops all locks that SQLite has on it.
 */
export function assertKnownHeader(file: string): void {
  const header = readHeader(file)
  if (header === undefined || header.readUInt32BE(applicationAt) !== applicationId) return
  const version = header.readUInt32BE(versionAt)
  if (version > schemaVersion) throw newerFormat(file, version)
}

/** The header of a database; undefined where there are none. */
function readHeader(file: string): Buffer | undefined {
  const header = Buffer.alloc(headerSize)
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch {
    return undefined
  }
  try {
    return readSync(handle, header, 0, header.length, 0) === header.length ? header : undefined
  } finally {
    closeSync(handle)
  }
}
