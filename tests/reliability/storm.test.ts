import { expect, it } from 'vitest'
import { storm } from './storm.ts'

const seconds = Number(process.env.OVN_STORM_SECONDS ?? 8)
const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))

it(
  `an archive in a storm of ${seconds} seconds, with reads that fail, is what it must be (OVN_SEED=${seed})`,
  async () => {
    expect((await storm({ seed, seconds })).failures).toEqual([])
  },
  1000 * (seconds + 300),
)
