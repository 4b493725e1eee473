// What commands return: plain values, printed once. `--json` prints them as they are; this file is that contract.
// It only grows: fields and kinds are added, none is taken away or changes its meaning.

import type { ErrorCode, Problem } from '../errors.ts'
import type { Links } from '../links/links-to.ts'
import type { ArticleLinks } from '../site/links-file.ts'
import type { CarFindings } from '../verify/check-car.ts'
import type { Comparison } from '../verify/compare-folder.ts'
import type { Fault } from '../verify/damage.ts'
import type { ArchiveChecked } from '../verify/verify-archive.ts'

/** The version of the JSON documents. */
export const resultSchema = 1

export interface Initialised {
  readonly kind: 'initialised'
  readonly archive: string
  /** Path of config.json. */
  readonly config: string
  readonly created: boolean
  readonly settings: readonly { readonly key: string; readonly value?: unknown; readonly meaning: string }[]
}

export interface PublishedArticle {
  /** The file as it was named; `-` is standard input. */
  readonly file: string
  /** `published` is recorded now; `unchanged` is on record; `planned` is what a dry run would record. */
  readonly status: 'published' | 'unchanged' | 'planned'
  readonly title: string
  readonly slug: string
  readonly version: number
  /** Root CID. */
  readonly root: string
  /** Root CID of the version before. */
  readonly previous?: string
  readonly note?: string
  /** Files in the bundle, and their bytes. */
  readonly files: number
  readonly size: number
  readonly links: Links
  readonly notices: readonly Problem[]
}

export interface FailedArticle {
  readonly file: string
  readonly code: ErrorCode
  readonly exit: number
  readonly message: string
  readonly hint?: string
  readonly problems: readonly Problem[]
}

export interface Published {
  readonly kind: 'published'
  /** The archive's folder. */
  readonly archive: string
  readonly dryRun: boolean
  readonly articles: readonly PublishedArticle[]
  readonly failed: readonly FailedArticle[]
  /** What was noticed about the archive itself. */
  readonly notices: readonly Problem[]
}

/** An edition, as listings show it. */
export interface Entry {
  readonly slug: string
  readonly version: number
  readonly root: string
  readonly title: string
  readonly datePublished?: string
  readonly categories: readonly string[]
  readonly url?: string
  readonly size: number
  readonly previous?: string
  readonly note?: string
  /** When it was recorded: ISO 8601, UTC. */
  readonly time: string
  /** When and why it was withdrawn; absent where it was not. */
  readonly withdrawn?: { readonly time: string; readonly reason: string }
}

export interface Listed {
  readonly kind: 'listed'
  readonly archive: string
  readonly articles: readonly Entry[]
}

export interface ShownFile {
  readonly path: string
  readonly cid: string
  readonly size: number
}

export interface Shown {
  readonly kind: 'shown'
  readonly archive: string
  readonly article: Entry
  readonly pinned: boolean
  readonly links: Links
  readonly files: readonly ShownFile[]
  /** The bundle's metadata.json; null for what is no bundle of ovn, and where a withdrawn edition's blocks are gone. */
  readonly metadata: unknown
  /** All versions, oldest first. */
  readonly versions: readonly Entry[]
}

export interface Logged {
  readonly kind: 'logged'
  readonly archive: string
  readonly slug: string
  /** All versions, newest first. */
  readonly versions: readonly Entry[]
}

export interface Computed {
  readonly kind: 'computed'
  readonly roots: readonly { readonly path: string; readonly cid: string; readonly size: number }[]
}

export interface ImportedArticle extends Entry {
  /** The CAR or folder as it was named; `-` is standard input. */
  readonly file: string
  /** `imported` is recorded now; `unchanged` is on record. */
  readonly status: 'imported' | 'unchanged'
  /** How the edition came into the archive. */
  readonly event: string
}

export interface Imported {
  readonly kind: 'imported'
  readonly archive: string
  readonly articles: readonly ImportedArticle[]
  readonly failed: readonly FailedArticle[]
}

export interface Rebuilt {
  readonly kind: 'rebuilt'
  readonly archive: string
  /** Lines of the manifest that stayed as they were. */
  readonly kept: number
  /** What was wrong with the lines that went aside, and the file that they are in. */
  readonly damaged: readonly string[]
  readonly aside?: string
  /** Bytes of an unfinished last line that went to manifest.torn. */
  readonly torn: number
  /** CIDs of records that are missing from the chain of lines. */
  readonly lost: readonly string[]
  /** Editions that were recorded again; when they were published is not known. */
  readonly recorded: readonly Entry[]
  /** Roots that were pinned again. */
  readonly repinned: readonly string[]
  /** What could not be rebuilt. */
  readonly problems: readonly Problem[]
}

export interface ExportedArticle {
  /** Root CID. */
  readonly root: string
  /** Absent for a DAG that the manifest does not record. */
  readonly slug?: string
  readonly version?: number
  readonly title?: string
}

/** A file or folder that was written. */
export interface ExportedPlace {
  /** As it was named, or from the folder that was; `-` is standard output. */
  readonly path: string
  readonly format: 'car' | 'folder' | 'bag'
  /** `unchanged` held the same bytes already. */
  readonly status: 'exported' | 'unchanged'
  readonly articles: readonly ExportedArticle[]
  /** Blocks in a CAR. */
  readonly blocks?: number
  /** Files in a folder, or in the payload of a bag. */
  readonly files?: number
  /** Bytes of the CAR, or of these files. */
  readonly size: number
}

export interface Exported {
  readonly kind: 'exported'
  readonly archive: string
  readonly places: readonly ExportedPlace[]
  /** `file` names the article. */
  readonly failed: readonly FailedArticle[]
  readonly notices: readonly Problem[]
}

export interface Unpublished {
  readonly kind: 'unpublished'
  readonly archive: string
  /** What the ref named, oldest first. All of it is withdrawn. */
  readonly articles: readonly (Entry & {
    /** `withdrawn` now, or `already` before. */
    readonly status: 'withdrawn' | 'already'
    readonly links: Links
  })[]
  /** Addresses at which copies may still be. Nobody can call them back. */
  readonly elsewhere: readonly string[]
  readonly notices: readonly Problem[]
}

export interface Collected {
  readonly kind: 'collected'
  readonly archive: string
  readonly dryRun: boolean
  /** Blocks that were freed, or would be, and their bytes. */
  readonly blocks: number
  readonly bytes: number
  /** Bytes of blocks.sqlite before and after. */
  readonly sizeBefore: number
  readonly sizeAfter: number
  /** Withdrawn roots whose pins were left behind, and went now or would go. */
  readonly unpinned: readonly string[]
  /** Pinned roots without a record. */
  readonly unrecorded: readonly string[]
  readonly notices: readonly Problem[]
}

/** An archive, or some of its editions, that was checked. */
export interface Verified extends ArchiveChecked {
  readonly kind: 'verified'
  /** The archive's folder. */
  readonly archive: string
  /** The refs that were given; empty where the whole archive was checked. */
  readonly refs: readonly string[]
  /** The worst of what was found: damaged, then missing, then not checked. */
  readonly state: 'intact' | Fault
}

/** A CAR file that was checked without being imported. */
export interface CarChecked extends CarFindings {
  readonly kind: 'car-checked'
  readonly file: string
}

/** A folder or file on disk that was compared with an archived edition. */
export interface Compared extends Comparison {
  readonly kind: 'compared'
  /** The archive's folder. */
  readonly archiveFolder: string
}

/** Where blocks came from: the archive, a CAR, a host. */
export interface BlockSource {
  readonly name: string
  readonly blocks: number
  readonly bytes: number
}

/** A host that was of no use, or not of all that it might have been. */
export interface FailedSource {
  readonly source: string
  /** `offline`, `damaged` or `not-found`. */
  readonly code: string
  readonly message: string
}

export interface Fetched {
  readonly kind: 'fetched'
  /** `unchanged` where it stood there, or was on record, already. */
  readonly status: 'fetched' | 'unchanged'
  /** CID of what was fetched: of the edition, or of what its path leads to. */
  readonly root: string
  /** Where it was written; absent where it is only kept in the archive. */
  readonly path?: string
  /** Files and their bytes; absent where nothing was written. */
  readonly files?: number
  readonly size?: number
  /** The edition that is kept in the archive, and the archive's folder. */
  readonly archive?: string
  readonly article?: Entry
  /** Who gave how many blocks, in the order in which they were asked. */
  readonly sources: readonly BlockSource[]
  readonly failed: readonly FailedSource[]
  readonly notices: readonly Problem[]
}

export interface RepairedBlock {
  readonly cid: string
  /** What it was before. */
  readonly was: 'damaged' | 'missing'
}

export interface Repaired {
  readonly kind: 'repaired'
  readonly archive: string
  readonly article: Entry
  readonly root: string
  /** Blocks of the edition that were read. */
  readonly blocks: number
  readonly healed: readonly RepairedBlock[]
  /** Whether the pin was missing, and is there again. */
  readonly repinned: boolean
  /** What is as it was; blocks below these could not be looked at. */
  readonly unhealed: readonly (RepairedBlock & { readonly code: string; readonly message: string })[]
  readonly sources: readonly BlockSource[]
  readonly failed: readonly FailedSource[]
  readonly notices: readonly Problem[]
}

export interface FailedSiteArticle {
  readonly slug: string
  readonly code: ErrorCode
  readonly exit: number
  readonly message: string
  readonly hint?: string
}

/** The site stands in its folder. */
export interface SiteWritten {
  readonly kind: 'site-written'
  readonly archive: string
  /** The folder it was written to. */
  readonly folder: string
  /** Articles that have a page. */
  readonly articles: number
  /** Files that were written, that said the same already, and that were removed. */
  readonly written: number
  readonly unchanged: number
  readonly removed: number
  readonly failed: readonly FailedSiteArticle[]
  /** Files of others that stand where the site's own would. */
  readonly inTheWay: readonly Problem[]
  readonly notices: readonly Problem[]
}

/** What links.json of the site says of one article. */
export interface Linked extends ArticleLinks {
  readonly kind: 'linked'
  readonly archive: string
}

/** Text that is printed as it is: completion scripts and their answers. */
export interface Printed {
  readonly kind: 'printed'
  readonly text: string
}

export type Result =
  | Initialised
  | Published
  | Listed
  | Shown
  | Logged
  | Unpublished
  | Collected
  | Verified
  | CarChecked
  | Compared
  | Fetched
  | Repaired
  | Exported
  | Imported
  | Rebuilt
  | Computed
  | SiteWritten
  | Linked
  | Printed
