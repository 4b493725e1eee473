// Folders, with those above them that are not there yet. Not `mkdir` with `recursive`: where a folder is there and takes no other,
// as in /proc and where homes are mounted on demand, that goes on for ever, and hears no signal.

import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OvnError } from '../errors.ts'
import { syncFolder } from './sync-folder.ts'

/** Somebody else may make, or take away, the folder above in the same moment. */
const attempts = 3

/**
 * Makes a folder and returns the first one that was made; undefined where it was there. Throws an OvnError `storage` where the
 * place takes no folder, and what the disk says otherwise.
 */
export function makeFolder(folder: string): string | undefined {
  let first: string | undefined
  for (let attempt = 1; ; attempt += 1) {
    try {
      mkdirSync(folder)
      return first ?? folder
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST' && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return first
      if (code !== 'ENOENT') throw error
      if (attempt === attempts)
        throw new OvnError('storage', `${folder}: a folder cannot be made there`, { cause: error })
    }
    first = makeFolder(dirname(folder)) ?? first
  }
}

/** As {@link makeFolder}; a power cut does not take it back. */
export function makeDurableFolder(folder: string): void {
  const first = makeFolder(folder)
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made))
}
