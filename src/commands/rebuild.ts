import { openArchive } from '../archive/archive.ts'
import { rebuildManifest } from '../archive/rebuild.ts'
import type { Rebuilt } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'

/** Rebuilds the manifest of an archive. Throws as {@link rebuildManifest} does, and an OvnError `not-found` for no archive. */
export async function rebuild(context: Context): Promise<Rebuilt> {
  const folder = archiveFolder(context)
  const archive = openArchive(folder)
  try {
    const { aside, recorded, ...found } = await rebuildManifest(archive, context.now, context.signal)
    const rest = { ...found, ...(aside === undefined ? {} : { aside }) }
    return { kind: 'rebuilt', archive: folder, ...rest, recorded: recorded.map((record) => toEntry(record)) }
  } finally {
    archive.close()
  }
}
