// What commands return: plain values, printed once. `--json` prints them as they are; this file is that contract.
// It only grows: fields and kinds are added, none is taken away or changes its meaning.

import type { ErrorCode, Problem } from '../errors.ts'
import type { Links } from '../links/links-to.ts'

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
  /** The bundle's metadata.json; null for what is no bundle of ovn. */
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

/** A server is ready; it goes on until it is stopped. */
export interface Serving {
  readonly kind: 'serving'
  readonly archive: string
  readonly port: number
  /** Addresses of the site, one for each way to it. */
  readonly urls: readonly string[]
  /** An address of the gateway, with `<cid>` in the place of a CID. */
  readonly gateway: string
  /** The same with an origin for each root. */
  readonly subdomains: string
  readonly warnings: readonly string[]
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
  | Computed
  | Imported
  | Rebuilt
  | Serving
  | Printed
