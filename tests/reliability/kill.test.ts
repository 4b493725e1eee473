import { expect, it } from 'vitest'
import { kill } from './kill.ts'

const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))

// At the same time: one process alone leaves the other core idle.
it.concurrent.each([
  [1, 35],
  [4, 65],
])(`loses nothing when %d processes are killed (OVN_SEED=${seed})`, { timeout: 240_000 }, async (processes, kills) => {
  const { done, failures } = await kill({ kills, processes, seed, judgeEvery: 35, renewEvery: 100 })
  expect(failures, done).toEqual([])
})
