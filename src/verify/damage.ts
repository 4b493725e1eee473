// What checking finds. Four words tell it apart, and are never mixed: intact; damaged, which is there and is wrong; missing,
// which should be there and is not; not checked, of which nothing can be said.

/** What is wrong with something that is not intact. */
export type Fault = 'damaged' | 'missing' | 'not checked'

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
