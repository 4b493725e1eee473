// Every dependency earns its line in CONTRIBUTING.md, and has one exact version.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const { dependencies = {}, devDependencies } = JSON.parse(read('package.json'))

it('none is a dependency of the package: all are bundled', () => {
  expect(dependencies).toEqual({})
})

it.each(Object.entries(devDependencies as Record<string, string>))('%s %s', (name, version) => {
  expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  const rows = read('CONTRIBUTING.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const listed = rows.flatMap(
    (row) =>
      row
        .split('|')[1]
        ?.split(',')
        .map((each) => each.trim()) ?? [],
  )
  expect(listed).toContain(name)
})
