// Manifest → the articles in it, newest first. The manifest alone is read: listing needs no database and no lock.

import { assertArchive, layout } from '../archive/layout.ts'
import { storageError } from '../archive/storage-error.ts'
import { instantOf, parseDate } from '../article/dates.ts'
import { OvnError } from '../errors.ts'
import { Manifest } from '../manifest/manifest.ts'
import { type EditionRecord, isEdition } from '../manifest/record.ts'
import type { Listed } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'

export interface ListOptions {
  readonly category?: string
  /** Only articles of this day or later, in any form that an article's date may have. */
  readonly since?: string
  readonly allVersions?: boolean
}

/** Lists the newest edition of every article, or all editions. Throws as reading the manifest does. */
export function list({ category, since, allVersions = false }: ListOptions, context: Context): Listed {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : instantOf(readSince(since))
  const folder = archiveFolder(context)
  assertArchive(folder)
  const records = readRecords(folder)
  const shown = allVersions ? records : newestEditions(records)
  const articles = shown
    // Newest record first, so that of two articles of one day the later one stays before the other.
    .reverse()
    .filter((record) => category === undefined || isIn(record, category))
    .map((record) => ({ record, instant: instantOf(record.datePublished ?? record.time) }))
    .filter(({ instant }) => instant >= from)
    .sort((a, b) => b.instant - a.instant)
    .map(({ record }) => toEntry(record))
  return { kind: 'listed', archive: folder, articles }
}

function readRecords(folder: string): EditionRecord[] {
  try {
    return new Manifest(layout.manifest(folder)).records().filter(isEdition)
  } catch (error) {
    throw storageError(error, layout.manifest(folder))
  }
}

function newestEditions(records: readonly EditionRecord[]): EditionRecord[] {
  const newest = new Map<string, EditionRecord>()
  for (const record of records) {
    newest.delete(record.slug)
    newest.set(record.slug, record)
  }
  return [...newest.values()]
}

function isIn({ categories }: EditionRecord, category: string): boolean {
  const wanted = category.normalize('NFC').toLowerCase()
  return categories.some((name) => name.toLowerCase() === wanted)
}

function readSince(text: string): string {
  const date = parseDate(text)
  if ('iso' in date) return date.iso
  throw new OvnError('usage', `--since: ${date.problem}`, { hint: date.hint })
}
