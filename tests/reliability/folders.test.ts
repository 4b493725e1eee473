import { expect, it } from 'vitest'
import { hasStrace, writeHostileFolders } from './folders.ts'

if (!hasStrace) process.stderr.write('strace is not installed: where files are written is NOT tested\n')
if (!hasStrace && process.env.OVN_NO_SKIP) throw new Error('strace must be installed where no test may be skipped')

it.skipIf(!hasStrace)('no DAG makes a fetch write outside of its target', { timeout: 300_000 }, async () => {
  const { done, failures } = await writeHostileFolders({ asBinary: false })
  expect(failures, done).toEqual([])
})
