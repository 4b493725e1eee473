import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { check, edit, makeArchive, type Sample, told } from './archives.ts'

let sample: Sample
let base: string

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  sample = await makeArchive(base)
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

describe('an archive that is whole', () => {
  it('is intact, and counted', async () => {
    const checked = await check(sample.folder)
    expect(told(checked)).toEqual([])
    const { articles, editions, harmed, blocks, bytes, lines, pins, strays } = checked
    expect({ articles, editions, harmed, lines, pins }).toEqual({
      articles: 4,
      editions: 6,
      harmed: 0,
      lines: 8,
      pins: 6,
    })
    const stored = edit(sample.folder, (database) =>
      database.prepare('select count(*) as blocks, sum(length(bytes)) as bytes from block').get(),
    )
    expect({ blocks, bytes }).toEqual({ ...stored })
    // The stray block, and the four of the withdrawn article; not the one that is held.
    expect(strays.blocks).toBe(5)
  })
})
