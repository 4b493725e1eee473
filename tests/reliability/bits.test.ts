import { describe, expect, it } from 'vitest'
import { changeBits, changeForBinary, changeLarge } from './bits.ts'

const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe(`a bit that is changed (OVN_SEED=${seed})`, { timeout: 240_000 }, () => {
  it.each([
    ['in a small archive', () => changeBits({ seed, some: 60, healEvery: 10 })],
    ['in a large one', () => changeLarge({ seed, mebibytes: 6, bits: 20, together: 20 })],
    ['for the binary', () => changeForBinary({ seed, bits: 1 })],
  ])('is found, harms nobody, and is healed: %s', async (_, run) => {
    const { done, failures } = await run()
    expect(failures, done).toEqual([])
  })
})
