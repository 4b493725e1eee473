// Archived articles → CARs, folders, or bags.

import { openArchive } from '../archive/archive.ts'
import { readConfig } from '../archive/config.ts'
import { OvnError } from '../errors.ts'
import type { Exported } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { type ExportOptions, findExportees, planExport } from './export-plan.ts'
import { ExportRun } from './export-run.ts'

/**
 * Exports what the refs name, or every edition that is not withdrawn. Throws an OvnError for a ref or a place that makes no sense,
 * and the error of the only article; with several, those that fail stop no other.
 */
export async function exportArticles(
  refs: readonly string[],
  options: ExportOptions,
  context: Context,
): Promise<Exported> {
  if (options.output === '-' && context.outputIsTerminal) {
    throw new OvnError('usage', 'a CAR is binary, and standard output is a terminal', {
      hint: 'name a file with -o, or send it to another program: ovn export … -o - | …',
    })
  }
  const folder = archiveFolder(context)
  const config = await readConfig(folder)
  const archive = openArchive(folder, { readOnly: true })
  try {
    const exportees = findExportees(archive, refs, options)
    const plan = planExport(exportees, options, folder, context.cwd)
    const { force = false, all = false } = options
    const { places, failed, notices } = await new ExportRun(archive, config, { force, all }, context).run(plan)
    return { kind: 'exported', archive: folder, places, failed, notices }
  } finally {
    archive.close()
  }
}
