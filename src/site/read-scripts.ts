// The scripts that the build puts beside the program, for the site to hand out.

import { readdirSync, readFileSync } from 'node:fs'

/** The script that checks an article in the browser, with what it loads; none where this ovn was built without it. */
export function readScripts(): Map<string, Uint8Array> {
  const folder = new URL('./site/', import.meta.url)
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.js'))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return new Map()
    throw error
  }
  return new Map(names.sort().map((name) => [name, readFileSync(new URL(name, folder))]))
}
