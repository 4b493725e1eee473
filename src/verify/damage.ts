// What checking finds. Four words tell it apart, and are never mixed: intact; damaged, which is there and is wrong; missing,
// which should be there and is not; not checked, of which nothing can be said.

import type { Problem } from '../errors.ts'

/** What is wrong with something that is not intact. */
export type Fault = 'damaged' | 'missing' | 'not checked'

/**
 * The codes of damage: scripts may rely on them. One is never taken away, nor used for something else. docs/errors.md repeats the
 * table, and the archives of tests/reliability/archives.ts are named by them.
 */
export const damageCodes = {
  'database-missing': 'blocks.sqlite is not there, or empty, and the manifest has records',
  'database-journal':
    'an interrupted writer left a journal: nothing is said of the blocks until a writer has taken it back',
  'database-unreadable': 'the disk would not read blocks.sqlite',
  'database-damaged': 'SQLite finds blocks.sqlite malformed where it reads, or no database at all',
  'database-structure': "SQLite's integrity check finds something: pages, the order of rows, an index and its table",
  'database-application': 'blocks.sqlite is not the database of an archive',
  'database-format': 'blocks.sqlite names a version of the format that never was',
  'database-header': 'the header of blocks.sqlite says that it cannot be written to',
  'database-schema': 'a table or index is missing or another, or there is a trigger or a view',
  'block-hash': 'the bytes of a block do not match its CID',
  'block-missing': 'a block that is needed is not there',
  'block-size': 'a block has more than 2 MiB',
  'block-content': 'a block holds no bytes, but something else',
  'block-multihash': 'what should be the multihash of a block is none',
  'block-function': 'the CID of a block has a hash function that is not trusted, or is an identity that is too long',
  'block-codec': 'a block of a bundle has a codec that is not UnixFS: what is below it is not known',
  'block-unixfs': 'the bytes of a block match its CID, and they are not UnixFS: what is below it is not known',
  'file-parts': 'a part of a file is not as long as the file says, or no part of a file',
  'bundle-folder': 'the root of an edition is not a directory',
  'bundle-file': 'a published bundle lacks index.html, article.md or metadata.json',
  'bundle-metadata': 'metadata.json of an edition is not that of a bundle of this format',
  'line-json': 'a line of the manifest is not JSON',
  'line-record': 'a line of the manifest is JSON, and not an object',
  'line-depth': 'a line of the manifest is nested too deep',
  'line-length': 'a line of the manifest is too long',
  'line-spelling': 'a line of the manifest is not spelled as DAG-JSON',
  'line-cid': 'a line of the manifest does not match the CID that it names, or names none',
  'line-field': 'a field of a record is not what the format wants',
  'line-newline': 'the last line of the manifest is whole, and another byte stands where its newline should',
  'line-changed': 'a line of the manifest was another when it was first read',
  'chain-parent': 'the record before a line stands nowhere',
  'chain-order': 'the record before a line stands below it',
  'chain-repeat': 'a record stands in the manifest twice',
  'manifest-missing': 'the manifest is gone, and the database remembers records',
  'manifest-end': 'records at the end of the manifest are gone, and the database remembers them',
  'withdraw-unrecorded': 'a withdrawal is of an edition that no line above it records',
  'version-unnamed': 'a published version above 1 does not name the version that it replaces',
  'version-first': 'a published first version names one that it replaces',
  'version-previous': 'a published version replaces an edition that is not the version before it',
  'version-unrecorded': 'a published version replaces one that the manifest does not record',
  'record-size': 'the size of a record is not that of the files of its bundle',
  'record-source': 'the source of a record is not article.md of its bundle',
  'record-slug': 'the slug, or the identifier, of a record is not that of its bundle',
  'record-version': 'the version of a record is not that of its bundle',
  'record-title': 'the title of a record is not that of its bundle',
  'record-date': 'the date of a record is not that of its bundle',
  'record-categories': 'the categories of a record are not those of its bundle',
  'record-url': 'the address of a record is not that of its bundle',
  'record-previous': 'the version before is another in a record than in its bundle',
  'record-note': 'the note of a record is none of the corrections of its bundle',
  'pin-missing': 'an edition that is kept has no pin',
  'pin-root': 'a pin names no root',
  'pin-multihash': 'a pin has another multihash than its root',
  'pin-depth': 'a pin does not keep the whole of its root',
  'pin-metadata': 'the metadata of a pin is no JSON object',
  'pin-edition': 'a pin names another edition than the manifest does',
  'cache-mark': 'the cache of the manifest names an end that the manifest does not have, or two, or none',
  'cache-rows': 'rows of the cache are not what the manifest says',
  'cache-missing': 'records of the manifest are missing in its cache',
  'car-format': 'a file is no CAR, or cannot be read as one from some place on',
  'car-short': 'a CAR ends in the middle of a block',
  'car-section': 'a section of a CAR is as long as it says, and holds no block',
  'car-roots': 'a CAR names no root: whether anything is missing cannot be told',
  'car-unreadable': 'the disk would not read a CAR, or it changed meanwhile, or has too many blocks',
  'car-beyond': 'a block that is needed may stand behind the place from which on a CAR cannot be read',
} as const

export type DamageCode = keyof typeof damageCodes

/** The codes of what is worth knowing, and no damage: the exit code is 0 where there is nothing else. */
export const noticeCodes = {
  'line-torn': 'the manifest ends in an unfinished line: a publish was interrupted, or is under way',
  'chain-branch': 'two records follow the same one: two copies of an archive were merged',
  'chain-start': 'a second record follows none: two manifests were joined',
  'version-twice': 'one version is recorded with two roots: two copies of an archive were merged',
  'version-absent': 'the version before one that came from elsewhere is not recorded here, or known to be lost',
  'edition-withdrawn': 'an edition that was asked for is withdrawn: its blocks are not kept',
  'pin-unrecorded':
    'a pin that no record names: a publish was interrupted, or is under way, or the manifest has lost its end',
  'pin-withdrawn': 'a withdrawn edition is still pinned: an unpublish was interrupted, or is under way',
  'car-unneeded': 'blocks of a CAR are needed by none of its roots',
  'car-repeat': 'blocks of a CAR stand in it more than once',
  'car-codec': 'blocks of a CAR have CIDs with another codec than the links to them',
  'link-archived':
    'a folder is compared with an edition that has a symbolic link, which as a rule is not written to disk',
} as const

export type NoticeCode = keyof typeof noticeCodes

/** Something worth knowing about what was checked. */
export interface Notice extends Problem {
  readonly code: NoticeCode
}

/**
 * `block`: bytes and their CID; `bundle`: what the blocks of an edition say; `record`: a line of the manifest and the bundle or
 * the lines that it speaks of; `manifest`: the lines themselves; `pin`; `index`: the cache of the manifest in the database;
 * `database`: the file blocks.sqlite.
 */
export type DamageKind = 'block' | 'bundle' | 'record' | 'manifest' | 'pin' | 'index' | 'database'

/** Who needs what is damaged: a file of an edition, or one of its folders. */
export interface Need {
  /** `slug@version`; absent where the manifest does not name the root. */
  readonly article?: string
  /** Root CID. */
  readonly root: string
  /** Path of the file or folder in the bundle; empty for the root itself. */
  readonly path: string
}

/** One thing that is not intact. */
export interface Damage {
  readonly code: DamageCode
  readonly state: Fault
  readonly kind: DamageKind
  /** What is wrong with which; lower case, without a full stop. */
  readonly message: string
  /** Something to do about it. */
  readonly hint: string
  /** CID of the block. */
  readonly cid?: string
  /** Line of the manifest, from 1. */
  readonly line?: number
  readonly expected?: string
  readonly found?: string
  readonly needs: readonly Need[]
}

export const hints = {
  database: 'restore blocks.sqlite from a copy, or make the archive anew from CARs with `ovn import`',
  manifest: 'restore the manifest from a copy, or run `ovn rebuild`',
  index: 'run `ovn rebuild`',
  stray: 'run `ovn gc`: no article needs it',
  disk: 'look after the disk, then verify again',
} as const

/** What to do about a part of some edition. */
export function repairHint(article: string | undefined): string {
  return article === undefined
    ? 'publish the article again'
    : `run \`ovn fetch --repair ${article}\`, or publish the same file again`
}
