import { expect, it } from 'vitest'
import { canMount, hasFaketime, runEverywhere } from './surroundings.ts'

if (!hasFaketime) process.stderr.write('faketime is not installed: wrong clocks are NOT tested\n')
if (!hasFaketime && process.env.OVN_NO_SKIP) throw new Error('faketime must be installed where no test may be skipped')
if (!canMount) process.stderr.write('nothing can be mounted here: a read-only disk is NOT tested\n')

it('every command works in odd surroundings, or says clearly why not', { timeout: 240_000 }, async () => {
  const { done, failures } = await runEverywhere()
  expect(failures, done).toEqual([])
})
