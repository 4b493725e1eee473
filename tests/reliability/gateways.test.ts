import { expect, it } from 'vitest'
import { canSilenceResolver, meetGateways } from './gateways.ts'

if (!canSilenceResolver) process.stderr.write('not root: a resolver that does not answer is NOT tested\n')

it('whatever a gateway does, a fetch ends in time and keeps nothing that was not verified', {
  timeout: 300_000,
}, async () => {
  const { done, failures } = await meetGateways({ asBinary: 'endless' })
  expect(failures, done).toEqual([])
})
