// Every archive of the corpus is found to be what its name says: by ovn, and by a checker that shares nothing with it.

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verify } from '../../src/commands/verify.ts'
import { exitCodeOf } from '../../src/output/errors.ts'
import { toJson } from '../../src/output/json.ts'
import type { Verified } from '../../src/output/result.ts'
import { damageCodes, noticeCodes } from '../../src/verify/damage.ts'
import { ovn } from '../cli/ovn.ts'
import { type Checker, hasChecker, startChecker } from '../independent/check.ts'
import { temporaryFolder } from '../temporary.ts'
import { contextOf } from '../verify/archives.ts'
import { corpus } from './archives.ts'

const codesOf = (found: readonly { readonly code: string }[]) => [...new Set(found.map(({ code }) => code))].sort()

/** What is wrong with what, and for whom, in one order for both. */
function findingsOf(
  damage: readonly { code: string; line?: number; cid?: string; articles: readonly string[] }[],
): string[] {
  return damage
    .filter(({ code }) => code !== 'database-structure')
    .map(({ code, line = '', cid = '', articles }) => `${code} ${line} ${cid} ${[...new Set(articles)].sort()}`)
    .sort()
}

describe('the corpus of archives', () => {
  let checker: Checker | undefined
  beforeAll(() => {
    checker = startChecker()
  })
  afterAll(() => checker?.end())

  it.each(corpus)('$name', async ({ make, name, damage, notices }) => {
    const folder = join(temporaryFolder(), 'ovn-archive')
    make(folder)
    const result = (await verify([], {}, contextOf(folder))) as Verified
    const told: Verified = JSON.parse(toJson(result))
    expect({ damage: codesOf(told.damage), notices: codesOf(told.notices) }).toEqual({ damage, notices })
    const isBad = name.startsWith('bad/')
    const isUnchecked = told.damage.every(({ state }) => state === 'not checked')
    expect(exitCodeOf(result)).toBe(!isBad ? 0 : isUnchecked ? 7 : 3)

    if (checker === undefined) return
    const checked = await checker.check(folder)
    expect({ damage: codesOf(checked.damage), notices: codesOf(checked.notices) }).toEqual({ damage, notices })
    expect(checked.state).toBe(told.state)
    const ours = told.damage.map(({ needs, ...each }) => ({
      ...each,
      articles: needs.map(({ article }) => article ?? ''),
    }))
    expect(findingsOf(checked.damage.map((each) => ({ articles: [], ...each })))).toEqual(findingsOf(ours))
  })

  it.each([
    'good/as it was written',
    'warn/line-torn/half a line',
    'bad/block-hash/a bit of a file',
    'bad/block-codec/a file that is DAG-CBOR',
  ])('ends with an exit code that says so: %s', (name) => {
    const cwd = temporaryFolder()
    const found = corpus.find((each) => each.name === name)
    found?.make(join(cwd, 'ovn-archive'))
    const { status, stdout } = ovn(['verify', '--json'], { cwd })
    expect(codesOf(JSON.parse(stdout).damage)).toEqual(found?.damage)
    expect(status).toBe(name.startsWith('bad/block-codec') ? 7 : name.startsWith('bad/') ? 3 : 0)
  })

  it('has an archive for every code that an archive can have', () => {
    const named = new Set(corpus.flatMap(({ damage, notices }) => [...damage, ...notices]))
    // Those of CARs, of a failing disk, of a manifest that changes meanwhile, of a question about one edition, of a comparison.
    const elsewhere = /^(car-|database-unreadable$|line-changed$|edition-withdrawn$|link-archived$)/
    const codes = [...Object.keys(damageCodes), ...Object.keys(noticeCodes)].filter((code) => !elsewhere.test(code))
    expect(codes.filter((code) => !named.has(code as never))).toEqual([])
    expect(corpus.length).toBeGreaterThanOrEqual(60)
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
  })

  it.skipIf(!hasChecker)('is checked by two', () => expect(checker).toBeDefined())
})
