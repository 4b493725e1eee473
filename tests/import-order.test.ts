// A folder imports only from those before it in this list: each knows less than the next.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const order = [
  'errors.ts',
  'article',
  'bundle',
  'dag',
  'manifest',
  'archive',
  'bag',
  'links',
  'network',
  'verify',
  'site',
  'output',
  'commands',
  'cli.ts',
]
const source = fileURLToPath(new URL('../src', import.meta.url))

interface Import {
  readonly from: string
  readonly to: string
}

function placeOf(file: string): string {
  return relative(source, file).split(sep)[0] ?? ''
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)]
    .map(([, specifier = '']) => specifier)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ from: file, to: resolve(dirname(file), specifier) }))
    .filter(({ to }) => to.startsWith(source))
}

const files = globSync('**/*.ts', { cwd: source }).map((name) => join(source, name))

describe('the import order', () => {
  it('names every folder of src', () => {
    expect([...new Set(files.map(placeOf))].sort()).toEqual([...order].sort())
  })

  it('is kept by every import', () => {
    const imports = files.flatMap(importsOf)
    expect(imports.length).toBeGreaterThan(50)
    const backward = imports
      .filter(({ from, to }) => order.indexOf(placeOf(to)) > order.indexOf(placeOf(from)))
      .map(({ from, to }) => `${relative(source, from)} imports ${relative(source, to)}`)
    expect(backward).toEqual([])
  })

  it.each([
    ['helia', 'archive/node.ts'],
    ['node:sqlite', /^(archive|verify)\//],
    ['markdown-it', 'article/'],
    ['commander', /^(cli\.ts|commands\/completion\.ts)$/],
  ])('%s is imported in %s alone', (library, place) => {
    const importers = files
      .filter((file) => new RegExp(`(from|import)\\s*\\(?\\s*'${library}'`).test(readFileSync(file, 'utf8')))
      .map((file) => relative(source, file).replaceAll(sep, '/'))
    expect(importers).not.toEqual([])
    expect(
      importers.filter((file) => (typeof place === 'string' ? !file.startsWith(place) : !place.test(file))),
    ).toEqual([])
  })
})
