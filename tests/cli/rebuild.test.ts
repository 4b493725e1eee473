// A lost or damaged manifest, from the outside.

import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { ovn, ovnJson } from './ovn.ts'

function archiveOfTwo() {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'a.md'), '# A\n\nText')
  writeFileSync(join(cwd, 'b.md'), '# B\n\nText')
  const roots = ovnJson(['publish', 'a.md', 'b.md'], { cwd }).articles.map(({ root }: { root: string }) => root)
  return { cwd, roots: roots as string[], manifest: join(cwd, 'ovn-archive', 'manifest.jsonl') }
}

describe('ovn rebuild', () => {
  it('brings back a manifest that was deleted, and says what is not known', () => {
    const { cwd, roots, manifest } = archiveOfTwo()
    rmSync(manifest)
    expect(ovn(['list'], { cwd }).stdout).toBe('no articles\n')
    const { status, stdout } = ovn(['rebuild'], { cwd })
    expect(status).toBe(0)
    expect(stdout).toContain('the manifest is rebuilt: 2 records')
    expect(stdout).toContain('when each was published is not known')
    for (const root of roots) expect(stdout).toContain(root)
    expect(ovnJson(['list'], { cwd }).articles).toHaveLength(2)
    expect(ovn(['rebuild'], { cwd }).stdout).toContain('the manifest is in order: 2 records')
  })

  it('is what a damaged line needs: other commands refuse it before, and work after', () => {
    const { cwd, manifest } = archiveOfTwo()
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"title":"A"', '"title":"Z"'))
    expect(ovn(['show', 'a'], { cwd })).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('manifest.jsonl:1'),
    })
    const { status, stdout } = ovn(['rebuild'], { cwd })
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('1 damaged line set aside in') })
    expect(ovn(['show', 'a'], { cwd }).status).toBe(0)
    appendFileSync(manifest, '{"half')
    expect(ovnJson(['rebuild'], { cwd })).toMatchObject({ torn: 6, damaged: [], recorded: [] })
  })

  it('exits with 4 where there is no archive', () => {
    expect(ovn(['rebuild'], { cwd: temporaryFolder() })).toMatchObject({ status: 4, stdout: '' })
  })
})
