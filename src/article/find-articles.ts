// What the user named → article files: files as they are, folders searched for Markdown. The order is that of the
// command line, and within a folder that of the bytes of the paths.

import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { OvnError } from '../errors.ts'

const article = /\.(?:md|markdown)$/i
/** Files that speak of a folder and are no articles, also as `README.uk.md` and `LICENSE-MIT.md`. */
const aboutFolder =
  /^(?:readme|changelog|contributing|code_of_conduct|licen[cs]e(?:-(?:apache|bsd|cc|gpl|mit)[\w.-]*)?)(?:\.[\w-]+)?\.(?:md|markdown)$/i
/** What an archive's folder holds. */
const archiveFiles = new Set(['blocks.sqlite', 'manifest.jsonl'])

/**
 * Finds the articles among files, folders and `-` (standard input), each once. In folders, symbolic links, hidden names,
 * names that begin with `_`, `node_modules`, archives, and files such as README.md are passed over.
 * Throws an OvnError `not-found` for a path that is not there and for a folder without an article.
 */
export async function findArticles(
  paths: readonly string[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<string[]> {
  const found = new Map<string, string>()
  for (const path of paths) {
    for (const file of path === '-' ? ['-'] : articlesAt(path, options.signal)) {
      const key = file === '-' ? '-' : onDisk(file, () => realpathSync.native(file))
      if (!found.has(key)) found.set(key, file)
    }
  }
  return [...found.values()]
}

function articlesAt(path: string, signal: AbortSignal | undefined): string[] {
  const stats: Stats = onDisk(path, () => statSync(path))
  if (!stats.isDirectory()) return [path]
  const files = searchFolder(path, signal)
  if (files.length > 0) return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  throw new OvnError('not-found', `no article in ${path}`, { hint: 'articles are files that end in .md or .markdown' })
}

function searchFolder(top: string, signal: AbortSignal | undefined): string[] {
  const files: string[] = []
  const folders = [top]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal?.throwIfAborted()
    const place = folder
    const entries = onDisk(place, () => readdirSync(place, { withFileTypes: true }))
    if (entries.some(({ name }) => archiveFiles.has(name))) continue
    for (const entry of entries) {
      if (isPassedOver(entry)) continue
      if (entry.isDirectory()) folders.push(join(place, entry.name))
      else if (entry.isFile() && article.test(entry.name)) files.push(join(place, entry.name))
    }
  }
  return files
}

function isPassedOver({ name }: Dirent): boolean {
  return /^[._]/.test(name) || name === 'node_modules' || aboutFolder.test(name)
}

function onDisk<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new OvnError('not-found', `no file or folder ${path}`, {
        hint: 'check the path; it is relative to the current folder',
        cause,
      })
    }
    throw new OvnError('storage', `cannot read ${path}`, { hint: 'check that you may read it', cause })
  }
}
