// Folders that are gone when the test is.

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

/** A new folder, removed when the test that asked for it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes a folder once, before the tests of a file. Returns how a test gets a copy of it, which is removed when the test ends. */
export function copiesOf(make: (folder: string) => unknown): () => string {
  const template = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  beforeAll(async () => {
    await make(template)
  })
  afterAll(() => rmSync(template, { recursive: true, force: true }))
  return () => {
    const folder = temporaryFolder()
    cpSync(template, folder, { recursive: true })
    return folder
  }
}
