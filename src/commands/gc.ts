// Archive → the same archive without the blocks that nothing needs.

import { openArchive } from '../archive/archive.ts'
import type { Problem } from '../errors.ts'
import type { Collected } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'

export interface GcOptions {
  readonly dryRun?: boolean
}

/** Frees blocks that nothing needs and gives their space back; with `dryRun`, says what would go. Throws as collecting does. */
export async function gc({ dryRun = false }: GcOptions, context: Context): Promise<Collected> {
  const folder = archiveFolder(context)
  const archive = openArchive(folder, { readOnly: dryRun })
  try {
    const collection = await archive.collect({
      dryRun,
      signal: context.signal,
      onRoot: (done, total) => context.report({ done, total, bytes: 0 }),
    })
    const notices = noticesOf(collection.unrecorded)
    return { kind: 'collected', archive: folder, dryRun, ...collection, notices }
  } finally {
    archive.close()
  }
}

function noticesOf(unrecorded: readonly string[]): Problem[] {
  return unrecorded.map((root) => ({
    file: root,
    message: 'is pinned and in no record, and was kept: publishing it was interrupted, or is under way',
    hint: 'publish it again, and its record is there',
  }))
}
