import { expect, it } from 'vitest'
import { keepSecrets } from './secrets.ts'

const seed = Number(process.env.OVN_SEED ?? 1)

it(`keeps what only one host may know to itself (seed ${seed})`, async () => {
  const { failures } = await keepSecrets(seed)
  expect(failures).toEqual([])
}, 120_000)
