import { openArchive } from '../archive/archive.ts'
import { findEdition } from '../links/find-edition.ts'
import type { Logged } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'

/** The versions of an article: when, why, which CID; newest first. Throws as {@link findEdition} does. */
export function log(ref: string, context: Context): Logged {
  const folder = archiveFolder(context)
  const archive = openArchive(folder, { readOnly: true })
  try {
    const { record, editions } = findEdition(archive, ref)
    const versions = editions.map((each) => toEntry(each, archive.editions.withdrawalOf(each.root))).reverse()
    return { kind: 'logged', archive: folder, slug: record.slug, versions }
  } finally {
    archive.close()
  }
}
