// Manifest → the articles in it, newest first. The manifest alone is read: listing needs no database and no lock.

import { assertKnownHeader } from '../archive/known-header.ts'
import { assertArchive, layout } from '../archive/layout.ts'
import { storageError } from '../archive/storage-error.ts'
import { instantOf, parseDate } from '../article/dates.ts'
import { OvnError } from '../errors.ts'
import { Manifest } from '../manifest/manifest.ts'
import {
  type EditionRecord,
  isEdition,
  isWithdrawal,
  type ManifestRecord,
  type WithdrawRecord,
} from '../manifest/record.ts'
import type { Listed } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'

export interface ListOptions {
  readonly category?: string
  /** Only articles of this day or later, in any form that an article's date may have. */
  readonly since?: string
  readonly allVersions?: boolean
  /** Those that were withdrawn, too. */
  readonly withdrawn?: boolean
}

/** Lists the newest edition of every article, or all editions. Throws as reading the manifest does. */
export function list(options: ListOptions, context: Context): Listed {
  const { category, since, allVersions = false, withdrawn = false } = options
  const from = since === undefined ? Number.NEGATIVE_INFINITY : instantOf(readSince(since))
  const folder = archiveFolder(context)
  assertArchive(folder)
  assertKnownHeader(layout.blocks(folder))
  const { editions, withdrawals } = readRecords(folder)
  const live = editions.filter(({ root }) => !withdrawals.has(root))
  const newest = allVersions ? new Set(live) : newestEditions(live)
  const articles = editions
    .filter((record) => newest.has(record) || (withdrawn && withdrawals.has(record.root)))
    // Newest record first, so that of two articles of one day the later one stays before the other.
    .reverse()
    .filter((record) => category === undefined || isIn(record, category))
    .map((record) => ({ record, instant: instantFor(record) }))
    .filter(({ instant }) => instant >= from)
    .sort((a, b) => b.instant - a.instant)
    .map(({ record }) => toEntry(record, withdrawals.get(record.root)))
  return { kind: 'listed', archive: folder, articles }
}

/** When an article was published, else when it was recorded. What a stranger's bundle calls a date need not be one. */
function instantFor({ datePublished = '', time }: EditionRecord): number {
  return [instantOf(datePublished), instantOf(time)].find(Number.isFinite) ?? Number.NEGATIVE_INFINITY
}

interface Recorded {
  /** The last record of every edition, in the order of the manifest. */
  readonly editions: readonly EditionRecord[]
  /** Why editions were withdrawn, by their roots. */
  readonly withdrawals: ReadonlyMap<string, WithdrawRecord>
}

function readRecords(folder: string): Recorded {
  const editions = new Map<string, EditionRecord>()
  const withdrawals = new Map<string, WithdrawRecord>()
  for (const record of readManifest(folder)) {
    if (isWithdrawal(record)) withdrawals.set(record.root, record)
    if (!isEdition(record)) continue
    withdrawals.delete(record.root)
    editions.delete(record.root)
    editions.set(record.root, record)
  }
  return { editions: [...editions.values()], withdrawals }
}

function readManifest(folder: string): ManifestRecord[] {
  try {
    return new Manifest(layout.manifest(folder)).records()
  } catch (error) {
    throw storageError(error, layout.manifest(folder))
  }
}

/** Of every article the edition with the highest version, whichever came into the archive first. */
function newestEditions(editions: readonly EditionRecord[]): Set<EditionRecord> {
  const newest = new Map<string, EditionRecord>()
  for (const record of editions) {
    if (record.version >= (newest.get(record.slug)?.version ?? 0)) newest.set(record.slug, record)
  }
  return new Set(newest.values())
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
