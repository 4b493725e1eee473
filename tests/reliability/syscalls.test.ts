import { expect, it } from 'vitest'
import { failSystemCalls, hasStrace } from './syscalls.ts'

if (!hasStrace) process.stderr.write('strace is not installed: failing system calls are NOT tested\n')
if (!hasStrace && process.env.OVN_NO_SKIP) throw new Error('strace must be installed where no test may be skipped')

it.skipIf(!hasStrace)(
  'a system call that fails loses nothing, and is not passed over',
  { timeout: 240_000 },
  async () => {
    const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))
    const { done, failures } = await failSystemCalls(seed, 20)
    expect(failures, `OVN_SEED=${seed}: ${done}`).toEqual([])
  },
)
