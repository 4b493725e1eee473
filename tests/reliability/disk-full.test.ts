import { describe, expect, it } from 'vitest'
import { canMakeDisk } from './disk.ts'
import { diskSize, fillDisk } from './disk-full.ts'

describe.each([
  ['ext4', 0, false],
  ['tmpfs', 16, true],
] as const)('on %s with %d KiB free', (on, spare, brief) => {
  const isPossible = canMakeDisk(on, diskSize[on], 'a full disk')

  it.skipIf(!isPossible)('nothing is lost, and an archive can be made smaller', { timeout: 240_000 }, async () => {
    const { done, failures } = await fillDisk({ on, spares: [spare], brief })
    expect(failures, done).toEqual([])
  })
})
