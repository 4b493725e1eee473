import { expect, it } from 'vitest'
import { hasBrowser } from '../bundle/browser.ts'
import { attackPages, payloadCount } from './xss.ts'

const seed = Number(process.env.OVN_SEED ?? 1)

it('there are five hundred payloads, and none twice', () => {
  expect(payloadCount).toBeGreaterThanOrEqual(500)
})

it.skipIf(!hasBrowser)(
  `nothing that anybody wrote runs or leaves its page (seed ${seed})`,
  async () => {
    const { failures } = await attackPages(seed, 100, false)
    expect(failures).toEqual([])
  },
  120_000,
)
