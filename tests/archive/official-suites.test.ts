// The official suites of interface-blockstore and interface-datastore, run on the archive's stores. They are written for
// mocha: their globals are given to them here.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interfaceBlockstoreTests } from 'interface-blockstore-tests'
import { interfaceDatastoreTests } from 'interface-datastore-tests'
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest'
import { SqliteBlockstore } from '../../src/archive/blockstore.ts'
import { openDatabase } from '../../src/archive/database.ts'
import { SqliteDatastore } from '../../src/archive/datastore.ts'

Object.assign(globalThis, {
  describe,
  before: beforeAll,
  after: afterAll,
  beforeEach,
  afterEach,
  it: (name: string, test: () => unknown) =>
    it(name, () => test.call({ timeout: () => undefined, skip: () => undefined })),
})

function temporaryDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  const database = openDatabase(join(folder, 'blocks.sqlite'))
  return {
    database,
    remove: () => {
      database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const open: { remove: () => void }[] = []

afterAll(() => {
  for (const { remove } of open) remove()
})

describe('the official blockstore suite', () => {
  interfaceBlockstoreTests({
    setup: async () => {
      const temporary = temporaryDatabase()
      open.push(temporary)
      return new SqliteBlockstore(temporary.database)
    },
    teardown: async () => undefined,
  })
})

describe('the official datastore suite', () => {
  interfaceDatastoreTests({
    setup: async () => {
      const temporary = temporaryDatabase()
      open.push(temporary)
      return new SqliteDatastore(temporary.database)
    },
    teardown: async () => undefined,
  })
})
