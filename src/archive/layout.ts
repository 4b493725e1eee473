// Where everything lies in an archive's folder, and how the folder is found.

import { readdirSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { OvnError } from '../errors.ts'
import { storageError } from './storage-error.ts'

/** The name of an archive's folder where none is named. */
export const archiveName = 'ovn-archive'

export const layout = {
  manifest: (folder: string) => join(folder, 'manifest.jsonl'),
  blocks: (folder: string) => join(folder, 'blocks.sqlite'),
  config: (folder: string) => join(folder, 'config.json'),
  /** Bytes that mean nothing, put by for a full disk. */
  reserve: (folder: string) => join(folder, 'reserve'),
  /** Locked as long as house-keeping is at work. */
  gcLock: (folder: string) => join(folder, 'gc.lock'),
  /** Locked as long as the owner of a hold is alive. */
  hold: (folder: string, owner: string) => join(folder, `hold-${owner}.lock`),
}

/** Whether a folder is an archive. Throws an OvnError `storage` where that cannot be known. */
export function isArchive(folder: string): boolean {
  return [layout.blocks, layout.manifest, layout.config].some((place) => statOf(place(folder)) !== undefined)
}

/** Undefined where there is nothing. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw storageError(error, path)
  }
}

/** Whether a folder that nobody named is an archive, and open to us. */
function isFound(folder: string): boolean {
  try {
    return isArchive(folder)
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES') return false
    throw error
  }
}

export interface Whereabouts {
  /** `--archive`. */
  readonly archive?: string | undefined
  /** `$OVN_ARCHIVE`. */
  readonly environment?: string | undefined
  /** The current folder. */
  readonly cwd: string
}

/**
 * The archive's folder: the one that was named, else the nearest one upward from the current folder, else the place where
 * one would be created. It need not exist.
 */
export function locateArchive({ archive, environment, cwd }: Whereabouts): string {
  if (archive) return resolve(cwd, archive)
  if (environment) return resolve(cwd, environment)
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (basename(folder) === archiveName && isFound(folder)) return folder
    if (isFound(join(folder, archiveName))) return join(folder, archiveName)
    if (dirname(folder) === folder) return join(resolve(cwd), archiveName)
  }
}

/** Throws an OvnError `not-found` unless there is an archive in the folder. */
export function assertArchive(folder: string): void {
  if (isArchive(folder)) return
  throw new OvnError('not-found', `no archive at ${folder}`, {
    hint: 'publish an article to create one, or name another with --archive or $OVN_ARCHIVE',
  })
}

/** Throws an OvnError `usage` where an archive would be created among other people's files. */
export function assertCreatable(folder: string): void {
  const stats = statOf(folder)
  if (stats === undefined) return
  if (!stats.isDirectory()) throw new OvnError('usage', `${folder} is a file, not an archive`)
  if (!isArchive(folder) && readdirSync(folder).length > 0) {
    throw new OvnError('usage', `${folder} is not an archive, and it is not empty`, {
      hint: 'name a new or an empty folder, or an archive',
    })
  }
}
