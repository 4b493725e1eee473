// The manifest's records → what a site is made from: articles with their versions, categories, months. Records may come from
// strangers' bundles: dates are looked at before anything is named after them, and what has no safe name is left out and told.

import { instantOf } from '../article/dates.ts'
import { checkSlug } from '../article/slug.ts'
import type { Problem } from '../errors.ts'
import { parseCid } from '../links/parse-ref.ts'
import {
  type EditionRecord,
  isEdition,
  isWithdrawal,
  type ManifestRecord,
  type WithdrawRecord,
} from '../manifest/record.ts'
import { categoryFolders, folderOf } from './paths.ts'

export interface Version {
  readonly record: EditionRecord
  /** Absent where the version is kept. */
  readonly withdrawal?: WithdrawRecord
}

export interface CatalogArticle {
  readonly slug: string
  /** Folder of its page. */
  readonly folder: string
  /** Oldest first. */
  readonly versions: readonly Version[]
  /** The last of them. */
  readonly newest: Version
  /** The day, or the time, that it counts from: ISO 8601. */
  readonly date: string
  /** `2025-08`. */
  readonly month: string
  readonly categories: readonly CategoryName[]
}

export interface CategoryName {
  readonly name: string
  readonly folder: string
}

export interface Category extends CategoryName {
  readonly articles: readonly CatalogArticle[]
}

export interface Month {
  readonly month: string
  readonly articles: readonly CatalogArticle[]
}

export interface Catalog {
  /** Newest first. */
  readonly articles: readonly CatalogArticle[]
  /** By name, in byte order of its folder. */
  readonly categories: readonly Category[]
  /** Newest first. */
  readonly months: readonly Month[]
  /** CID of the first record, by which feeds know each other; absent where there is none. */
  readonly origin?: string
  /** Records that cannot be shown. */
  readonly problems: readonly Problem[]
}

/** Sorts the records of a manifest, in its order, into a catalog. */
export function catalogOf(records: readonly ManifestRecord[]): Catalog {
  const problems: Problem[] = []
  const lastEvent = new Map<string, ManifestRecord>()
  const bySlug = new Map<string, Map<string, EditionRecord>>()
  for (const record of records) {
    if (isWithdrawal(record)) lastEvent.set(record.root, record)
    if (!isEdition(record)) continue
    lastEvent.set(record.root, record)
    if (!isNameable(record)) {
      problems.push({
        file: 'manifest.jsonl',
        message: `${record.slug}@${record.version} has no name that a site can use`,
      })
      continue
    }
    const editions = bySlug.get(record.slug) ?? new Map<string, EditionRecord>()
    // Recorded last, listed last: of two articles of one day the later one comes first.
    bySlug.delete(record.slug)
    bySlug.set(record.slug, editions.set(record.root, record))
  }
  const folders = foldersOf(records)
  const articles = [...bySlug.values()]
    .map((editions) => articleOf([...editions.values()], lastEvent, folders))
    .reverse()
    .map((article) => ({ article, instant: instantOf(article.date) }))
    .sort((a, b) => b.instant - a.instant)
    .map(({ article }) => article)
  const origin = records[0]?.cid
  return {
    articles,
    categories: groupByCategory(articles),
    months: groupByMonth(articles),
    problems,
    ...(origin === undefined ? {} : { origin }),
  }
}

function isNameable({ slug, root, version }: EditionRecord): boolean {
  return !('problem' in checkSlug(slug)) && parseCid(root)?.toString() === root && version >= 1
}

function articleOf(
  editions: readonly EditionRecord[],
  lastEvent: ReadonlyMap<string, ManifestRecord>,
  folders: ReadonlyMap<string, CategoryName>,
): CatalogArticle {
  const versions = editions
    .toSorted((a, b) => a.version - b.version)
    .map((record): Version => {
      const last = lastEvent.get(record.root)
      return last !== undefined && isWithdrawal(last) ? { record, withdrawal: last } : { record }
    })
  const newest = versions.at(-1) as Version
  const { slug } = newest.record
  const date = dateOf(newest.record)
  const categories = new Map(newest.record.categories.map((name) => [keyOf(name), folders.get(keyOf(name))]))
  return {
    slug,
    folder: folderOf(slug),
    versions,
    newest,
    date,
    month: date.slice(0, 7),
    categories: [...categories.values()].filter((category) => category !== undefined),
  }
}

/** When an edition was published, else when it was recorded: ISO 8601. */
export function dateOf({ datePublished, time }: EditionRecord): string {
  return [datePublished, time].find(isDate) ?? '1970-01-01'
}

/** Whether a text is a date or a date and time as an article may have it. */
export function isDate(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text) &&
    !Number.isNaN(instantOf(text))
  )
}

/** Names that differ in case are one category: what it is called is how it was first written. */
function keyOf(category: string): string {
  return category.normalize('NFC').toLowerCase()
}

function foldersOf(records: readonly ManifestRecord[]): Map<string, CategoryName> {
  const names = new Map<string, string>()
  for (const record of records) {
    if (!isEdition(record)) continue
    for (const name of record.categories) if (!names.has(keyOf(name))) names.set(keyOf(name), name)
  }
  const folders = categoryFolders([...names.values()])
  return new Map([...names].map(([key, name], index) => [key, { name, folder: folders[index] as string }]))
}

function groupByCategory(articles: readonly CatalogArticle[]): Category[] {
  const groups = new Map<string, { name: string; folder: string; articles: CatalogArticle[] }>()
  for (const article of articles) {
    for (const { name, folder } of article.categories) {
      const group = groups.get(folder) ?? { name, folder, articles: [] }
      groups.set(folder, group)
      group.articles.push(article)
    }
  }
  return [...groups.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1))
}

function groupByMonth(articles: readonly CatalogArticle[]): Month[] {
  const groups = new Map<string, CatalogArticle[]>()
  for (const article of articles) {
    const group = groups.get(article.month) ?? []
    groups.set(article.month, group)
    group.push(article)
  }
  return [...groups].map(([month, each]) => ({ month, articles: each })).sort((a, b) => (a.month < b.month ? 1 : -1))
}
