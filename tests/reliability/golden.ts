// The golden archives of fixtures/golden: what each released version of the format wrote, as it wrote it.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fixtures } from '../cli/ovn.ts'

const base = join(fixtures, 'golden')

/** The versions of the format of which there is an archive. */
export const goldenVersions: readonly string[] = readdirSync(base).filter((name) => /^v\d+$/.test(name))

/** The folder of a version: its archive, `sources`, `cars` and `expected.json`. */
export function goldenFolder(version: string): string {
  return join(base, version)
}

/** Puts the archive of a version into a folder, which is made. */
export function unpackGolden(version: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const name of ['manifest.jsonl', 'config.json']) cpSync(join(base, version, name), join(folder, name))
  writeFileSync(join(folder, 'blocks.sqlite'), gunzipSync(readFileSync(join(base, version, 'blocks.sqlite.gz'))))
}

/** What an archive recorded when it was made. */
export interface Expected {
  /** Arguments → the JSON that they gave, without the place of the archive. */
  readonly results: { readonly [args: string]: object }
  /** Path → sha2-256 of each file of its exported folders. */
  readonly folders: { readonly [path: string]: string }
}

export function expectedOf(version: string): Expected {
  return JSON.parse(readFileSync(join(base, version, 'expected.json'), 'utf8'))
}
