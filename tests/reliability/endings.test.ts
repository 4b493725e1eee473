import { expect, it } from 'vitest'
import { endCommands } from './endings.ts'

it.skipIf(process.platform !== 'linux')(
  'every command ends as it should, and loses nothing',
  { timeout: 240_000 },
  async () => {
    const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))
    const { done, failures } = await endCommands(seed)
    expect(failures, `OVN_SEED=${seed}: ${done}`).toEqual([])
  },
)
