import { expect, it } from 'vitest'
import { readMutations } from './mutations.ts'

const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))

it.each([
  ['read', 19_000],
  ['import', 1000],
] as const)('mutated input is read for what it is, or refused: %s', { timeout: 300_000 }, async (kind, count) => {
  const { done, failures } = await readMutations(seed, count, kind, 1)
  expect(failures, `OVN_SEED=${seed}: ${done}`).toEqual([])
})
