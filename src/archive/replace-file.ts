import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFolder } from '../dag/sync-folder.ts'
import { OvnError } from '../errors.ts'
import { storageError } from './storage-error.ts'

/**
 * Writes a small text file so that it is there whole or not at all, also after a power cut. Returns false where it holds
 * that text already. Throws an OvnError `usage` where another text is there and `force` is not given.
 */
export function replaceFile(file: string, text: string, { force }: { readonly force: boolean }): boolean {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const before = readText(file)
    if (before === text) return false
    if (before !== undefined && !force) {
      throw new OvnError('usage', `${file} is there already and says something else`, {
        hint: 'edit it, or replace it with --force',
      })
    }
    const handle = openSync(temporary, 'wx')
    try {
      writeFileSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(temporary, file)
    syncFolder(dirname(file))
    return true
  } catch (error) {
    rmSync(temporary, { force: true })
    throw storageError(error, file)
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
