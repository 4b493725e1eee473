// CARs that strangers could send, imported into an archive that must not change.

import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Context } from '../../src/commands/context.ts'
import { importAll } from '../../src/commands/import.ts'
import type { Imported } from '../../src/output/result.ts'
import { ovn } from '../cli/ovn.ts'
import { fileOf, heavyCars, hostileCars, hostileDags } from '../dag/hostile-cars.ts'

let cwd = ''
let before = ''

function stateOf(): string {
  const hash = createHash('sha256')
  for (const file of ['manifest.jsonl', 'blocks.sqlite']) hash.update(readFileSync(join(cwd, 'ovn-archive', file)))
  return hash.digest('hex')
}

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ovn-import-'))
  writeFileSync(join(cwd, 'a.md'), '# A\n\nText')
  ovn(['publish', 'a.md'], { cwd })
  before = stateOf()
})

afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** Imports the CAR, as a file or as standard input, under a title. */
function importOf(input: string | AsyncIterable<Uint8Array>): Promise<Imported> {
  const context: Context = {
    archive: undefined,
    environment: {},
    cwd,
    now: new Date(0),
    signal: new AbortController().signal,
    report: () => undefined,
    readInput: () => Promise.reject(new Error('not asked for')),
    streamInput: () => input as AsyncIterable<Uint8Array>,
    writeOutput: () => Promise.reject(new Error('not asked for')),
    outputIsTerminal: false,
  } as Context
  return importAll([typeof input === 'string' ? input : '-'], { title: 'Hostile' }, context)
}

describe('a hostile CAR changes nothing, and is told in words', () => {
  it.each([...hostileCars, ...hostileDags])('$name', async ({ make, says }) => {
    const made = await make()
    const failure = { name: 'OvnError', code: 'damaged', message: expect.stringMatching(says) }
    if (made instanceof Uint8Array) {
      const file = join(cwd, 'hostile.car')
      writeFileSync(file, made)
      await expect(importOf(file)).rejects.toMatchObject(failure)
    } else {
      await expect(importOf(made)).rejects.toMatchObject(failure)
    }
    expect(stateOf()).toBe(before)
  })

  it.each(heavyCars)('$name ends soon, taken or refused', async ({ make }) => {
    const file = join(cwd, 'heavy.car')
    writeFileSync(file, await fileOf(await make()))
    const started = performance.now()
    await importOf(file).then(
      ({ articles }) => expect(articles).toHaveLength(1),
      (error) => expect(error).toMatchObject({ name: 'OvnError' }),
    )
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
