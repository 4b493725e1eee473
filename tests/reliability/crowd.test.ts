import { expect, it } from 'vitest'
import { crowd } from './crowd.ts'

it('eight processes that publish at once lose nothing and record nothing twice', async () => {
  expect((await crowd({ processes: 8, articles: 50, batch: 25, shared: 10 })).failures).toEqual([])
}, 180_000)
