import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { findExportees, planExport } from '../../src/commands/export-plan.ts'
import { ExportRun } from '../../src/commands/export-run.ts'
import { ovn, ovnJson } from '../cli/ovn.ts'
import { temporaryFolder } from '../temporary.ts'

/** Exports; what it is of was chosen before one of two articles was withdrawn and swept away. */
async function exportLate(refs: readonly string[], options: { readonly output: string; readonly all: boolean }) {
  const cwd = temporaryFolder()
  for (const name of ['a', 'b']) writeFileSync(join(cwd, `${name}.md`), `# ${name}\n\nText of ${name}.`)
  ovn(['publish', 'a.md', 'b.md'], { cwd })
  const archive = openArchive(join(cwd, 'ovn-archive'), { readOnly: true })
  try {
    const given = { ...options, output: join(cwd, options.output) }
    const plan = planExport(findExportees(archive, refs, given), given, archive.folder, cwd)
    expect(ovnJson(['unpublish', 'a', '--reason', 'It was wrong.'], { cwd }).articles).toHaveLength(1)
    expect(ovnJson(['gc'], { cwd }).blocks).toBeGreaterThan(0)
    const context = { signal: new AbortController().signal, now: new Date(), cwd, report: () => undefined }
    const run = new ExportRun(archive, { gateways: [] }, { force: false, all: options.all }, context as never)
    const { places, failed } = await run.run(plan)
    return { labels: places.flatMap(({ articles }) => articles.map(({ slug }) => slug)), failed }
  } finally {
    archive.close()
    expect(existsSync(join(cwd, 'out/a@1.car'))).toBe(false)
  }
}

it.each(['out/', 'all.car'])(
  'what is withdrawn while all is exported to %s is not among it, and no damage',
  async (output) => {
    expect(await exportLate([], { output, all: true })).toEqual({ labels: ['b'], failed: [] })
  },
)

it('an article that is withdrawn while it is exported is not there, which is no damage', async () => {
  await expect(exportLate(['a'], { output: 'a.car', all: false })).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/^a@1 was withdrawn on .*, and its blocks are gone$/),
  })
})
