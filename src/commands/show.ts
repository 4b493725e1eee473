import { CID } from 'multiformats/cid'
import { type Archive, openArchive } from '../archive/archive.ts'
import { readConfig } from '../archive/config.ts'
import { listFiles, readFile } from '../dag/list-files.ts'
import { findEdition } from '../links/find-edition.ts'
import { linksTo } from '../links/links-to.ts'
import type { Shown } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'

/**
 * All that the archive knows of one edition. Its directories and its metadata are read from the blocks, checked; the
 * other files are not. Throws as {@link findEdition} does, and an OvnError for blocks that are missing or damaged.
 */
export async function show(ref: string, context: Context): Promise<Shown> {
  const folder = archiveFolder(context)
  const { gateways } = await readConfig(folder)
  const archive = openArchive(folder, { readOnly: true })
  try {
    const { record, editions } = findEdition(archive, ref)
    const root = CID.parse(record.root)
    const files = await listFiles(archive.blocks, root, context.signal)
    return {
      kind: 'shown',
      archive: folder,
      article: toEntry(record),
      pinned: archive.pins.hasRoot(root),
      links: linksTo(record.root, gateways),
      files: files.map(({ path, cid, size }) => ({ path, cid: cid.toString(), size })),
      metadata: await readMetadata(archive, files, context.signal),
      versions: editions.map(toEntry),
    }
  } finally {
    archive.close()
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
