// docs/limits.md says what the code does: every limit, by its place, its name and its value.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const source = fileURLToPath(new URL('../src', import.meta.url))
const page = readFileSync(new URL('../docs/limits.md', import.meta.url), 'utf8')

/** Names of what limits something: they begin so, or are these. */
const limitNames = /^(?:(?:max|most|longest)[A-Z]\w*|defaultTimeout|lockTimeout|patience)$/
const tables = ['usualLimits', 'defaultLimits']

/** A number that is written as a sum or product of numbers, as constants are. */
function compute(expression: string): number {
  if (!/^[\d_n\s*+()-]+$/.test(expression)) throw new Error(`this is no number: ${expression}`)
  // biome-ignore lint/security/noGlobalEval: it is arithmetic of our own source.
  return Number(eval(expression))
}

function limitsOf(file: string): [name: string, value: number][] {
  const text = readFileSync(join(source, file), 'utf8')
  const found: [string, number][] = []
  for (const [, name = '', value = ''] of text.matchAll(/^(?:export )?const (\w+)(?:: \w+)? = (\{\n[^}]*\}|.*)$/gm)) {
    if (limitNames.test(name)) found.push([name, compute(value)])
    if (!tables.includes(name)) continue
    for (const [, key, each = ''] of value.matchAll(/(\w+): ([^,}]+)/g)) found.push([`${name}.${key}`, compute(each)])
  }
  return found
}

const units: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, s: 1000 }

it('names every limit of the code with its value, and no other', () => {
  const inCode = globSync('**/*.ts', { cwd: source }).flatMap((file) =>
    limitsOf(file).map(([name, value]) => `${file.replaceAll('\\', '/')} ${name} = ${value}`),
  )
  const inPage = [...page.matchAll(/^\| `([\w/-]+\.ts)` \| `([\w.]+)` \| ([\d,]+)(?: (\w+))? \| (.+) \|$/gm)].map(
    ([, file, name, number = '', unit = '']) =>
      `${file} ${name} = ${Number(number.replaceAll(',', '')) * (units[unit] ?? Number.NaN)}`,
  )
  expect(inCode.length).toBeGreaterThan(80)
  expect(inPage.toSorted()).toEqual(inCode.toSorted())
})
