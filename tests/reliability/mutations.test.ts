import { expect, it } from 'vitest'
import { readMutations } from './mutations.ts'

it('mutated input is read for what it is, or refused', { timeout: 300_000 }, async () => {
  const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))
  for (const { done, failures } of await Promise.all([
    readMutations(seed, 19_000, 'read', 1),
    readMutations(seed, 1000, 'import', 1),
  ])) {
    expect(failures, `OVN_SEED=${seed}: ${done}`).toEqual([])
  }
})
