import { CID } from 'multiformats/cid'
import { type Archive, openArchive } from '../archive/archive.ts'
import { readConfig } from '../archive/config.ts'
import { listFiles, readFile } from '../dag/list-files.ts'
import { OvnError } from '../errors.ts'
import { findEdition } from '../links/find-edition.ts'
import { linksTo } from '../links/links-to.ts'
import type { EditionRecord } from '../manifest/record.ts'
import type { Shown } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'

/**
 * All that the archive knows of one edition. Its directories and its metadata are read from the blocks, checked; the
 * other files are not. Throws as {@link findEdition} does, and an OvnError for blocks that are missing or damaged; that those
 * of a withdrawn edition are gone is no error.
 */
export async function show(ref: string, context: Context): Promise<Shown> {
  const folder = archiveFolder(context)
  const { gateways } = await readConfig(folder)
  const archive = openArchive(folder, { readOnly: true })
  try {
    const { record, editions } = findEdition(archive, ref)
    const root = CID.parse(record.root)
    const entryOf = (each: EditionRecord) => toEntry(each, archive.editions.withdrawalOf(each.root))
    const article = entryOf(record)
    return {
      kind: 'shown',
      archive: folder,
      article,
      pinned: archive.pins.hasRoot(root),
      links: linksTo(record.root, gateways),
      ...(await readContent(archive, root, article.withdrawn !== undefined, context.signal)),
      versions: editions.map(entryOf),
    }
  } finally {
    archive.close()
  }
}

async function readContent(
  archive: Archive,
  root: CID,
  withdrawn: boolean,
  signal: AbortSignal,
): Promise<Pick<Shown, 'files' | 'metadata'>> {
  try {
    const files = await listFiles(archive.blocks, root, signal)
    return {
      files: files.map(({ path, cid, size }) => ({ path, cid: cid.toString(), size })),
      metadata: await readMetadata(archive, files, signal),
    }
  } catch (error) {
    if (withdrawn && error instanceof OvnError && error.code === 'not-found') return { files: [], metadata: null }
    throw error
  }
}

async function readMetadata(
  archive: Archive,
  files: Awaited<ReturnType<typeof listFiles>>,
  signal: AbortSignal,
): Promise<unknown> {
  const file = files.find(({ path }) => path === 'metadata.json')
  // What is no bundle of ours has none.
  if (file === undefined) return null
  return JSON.parse(Buffer.from(await readFile(archive.blocks, file.cid, signal)).toString('utf8'))
}
