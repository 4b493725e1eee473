// The independent checker itself: it finds nothing where nothing is, and something where something is.

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyArchive, edit, makeArchive, type Sample } from '../verify/archives.ts'
import { checkIndependently, hasChecker, startChecker } from './check.ts'

let sample: Sample
let base: string

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  sample = await makeArchive(base)
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

describe.skipIf(!hasChecker)('the independent checker', () => {
  it('finds an archive intact, and says what is in it', () => {
    const checked = checkIndependently(sample.folder)
    expect(checked).toMatchObject({
      state: 'intact',
      records: 8,
      blocks: 36,
      pins: 6,
      strays: 5,
      damage: [],
      notices: [],
    })
    expect(checked?.editions.map(({ article }) => article)).toEqual([
      'film@1',
      'foreign@1',
      'harbour@1',
      'harbour@2',
      'harbour@3',
      'library@1',
    ])
    expect(checked?.withdrawn).toHaveLength(1)
  })

  it('checks many archives in one process', async () => {
    const checker = startChecker()
    const folder = copyArchive(sample, base)
    edit(folder, (database) => database.exec('delete from pin where id = 1'))
    appendFileSync(`${folder}/manifest.jsonl`, '{"half')
    const states = [await checker?.check(sample.folder), await checker?.check(folder), await checker?.check('/nowhere')]
    checker?.end()
    expect(states.map((each) => each?.state)).toEqual(['intact', 'missing', 'not checked'])
    expect(states[1]?.damage.map(({ code }) => code)).toEqual(['pin-missing'])
    expect(states[1]?.notices.map(({ code }) => code)).toEqual(['line-torn'])
  })
})
