import { expect, it } from 'vitest'
import { kill } from './kill.ts'

const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))

it.each([1, 4])(
  `loses nothing when %d processes are killed (OVN_SEED=${seed})`,
  { timeout: 120_000 },
  async (processes) => {
    const { done, failures } = await kill({ kills: 50, processes, seed, judgeEvery: 25, renewEvery: 50 })
    expect(failures, done).toEqual([])
  },
)
