import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

// The binary is built already. Time is no proof here: what is changed may be slow, and the machine may be busy.
export default defineConfig({
  ...base,
  root,
  cacheDir: `${root}/.cache`,
  test: {
    ...base.test,
    globalSetup: [],
    setupFiles: ['tests/mutation/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: Number(process.env.PROBE_WORKERS ?? 2),
  },
})
