import { describe, expect, it } from 'vitest'
import { canMakeDisk } from './disk.ts'
import { cutPower, diskSize } from './power-cut.ts'

const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe.each([
  ['ext4', 3],
  ['xfs', 2],
] as const)('on %s', (on, cuts) => {
  const isPossible = canMakeDisk(on, diskSize[on], 'a power cut')

  it.skipIf(!isPossible)(`a power cut loses nothing (OVN_SEED=${seed})`, { timeout: 240_000 }, async () => {
    const { done, failures } = await cutPower({ on, cuts, seed })
    expect(failures, done).toEqual([])
  })
})
