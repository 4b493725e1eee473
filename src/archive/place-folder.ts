// A folder that was made whole beside its place → that place.

import { createReadStream, lstatSync, type Stats } from 'node:fs'
import { lstat, readdir, readlink, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../dag/sync-folder.ts'
import { holds, temporaryBeside } from './place-file.ts'

/** Paths of all files below a folder, relative, with forward slashes, in byte order. Symbolic links are not followed. */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = []
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) waiting.push(path)
      else files.push(path)
    }
  }
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** Whether two places hold the same: files of the same bytes, or folders with such files. Empty folders do not count. */
export async function sameContent(one: string, other: string): Promise<boolean> {
  const [stats, others] = await Promise.all([lstat(one), lstat(other)])
  if (!stats.isDirectory() || !others.isDirectory()) return sameFile(one, stats, other, others)
  const [files, otherFiles] = await Promise.all([filesBelow(one), filesBelow(other)])
  if (files.length !== otherFiles.length) return false
  for (const [index, path] of files.entries()) {
    if (otherFiles[index] !== path) return false
    const [place, otherPlace] = [join(one, path), join(other, path)]
    if (!(await sameFile(place, await lstat(place), otherPlace, await lstat(otherPlace)))) return false
  }
  return true
}

async function sameFile(path: string, stats: Stats, otherPath: string, others: Stats): Promise<boolean> {
  if (stats.isSymbolicLink() && others.isSymbolicLink()) return (await readlink(path)) === (await readlink(otherPath))
  if (!stats.isFile() || !others.isFile()) return false
  return (await holds(otherPath, createReadStream(path, { highWaterMark: 1_048_576 }))) !== undefined
}

/** Whether there is anything at a place. */
export function isThere(place: string): boolean {
  return lstatSync(place, { throwIfNoEntry: false }) !== undefined
}

/**
 * Moves a folder to its place, durably. A folder that is there is taken away when the new one stands; where that fails, it
 * comes back.
 */
export async function moveFolder(from: string, to: string): Promise<void> {
  const replaced = isThere(to) ? temporaryBeside(to) : undefined
  if (replaced !== undefined) await rename(to, replaced)
  try {
    await rename(from, to)
  } catch (error) {
    if (replaced !== undefined) await rename(replaced, to)
    throw error
  }
  syncFolder(dirname(to))
  if (replaced !== undefined) await rm(replaced, { recursive: true, force: true })
}
