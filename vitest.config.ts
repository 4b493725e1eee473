import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/build.ts',
    // The suites of interface-blockstore and interface-datastore are written for mocha and aegir.
    server: { deps: { inline: ['interface-blockstore-tests', 'interface-datastore-tests'] } },
    testTimeout: 30_000,
    // Most of the time is spent waiting for other processes: three workers keep two cores busy.
    maxWorkers: 3,
    // Files of one worker share what they load.
    isolate: false,
    // What a test makes is mostly garbage soon: it is swept less often.
    execArgv: ['--max-semi-space-size=32'],
    maxConcurrency: 10,
    hookTimeout: 60_000,
  },
  resolve: {
    alias: { 'aegir/chai': fileURLToPath(new URL('tests/archive/aegir-chai.ts', import.meta.url)) },
  },
})
