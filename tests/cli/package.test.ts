// The package that users install: small, without Helia's dependency tree, and it works from an empty folder.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { environment } from './ovn.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

it('the packed package installs alone, and archives an article', () => {
  const folder = temporaryFolder()
  const npm = (args: string[], cwd: string) => {
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd, env: environment(), encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    return stdout
  }
  npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], project)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  expect(statSync(join(folder, tarball)).size).toBeLessThan(3_000_000)

  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  npm(['install', '--offline', '--no-audit', '--no-fund', `./${tarball}`], folder)
  const packages = Object.keys(JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages)
  expect(packages.filter((name) => name !== '')).toEqual(['node_modules/ovn'])

  writeFileSync(join(folder, 'a.md'), '# A\n\nText.')
  const installed = join(folder, 'node_modules/.bin/ovn')
  const run = (args: string[]) =>
    spawnSync(process.execPath, [installed, ...args], { cwd: folder, env: environment(), encoding: 'utf8' })
  expect(run(['publish', 'a.md'])).toMatchObject({ status: 0, stderr: '' })
  expect(run(['show', 'a'])).toMatchObject({ status: 0, stderr: '' })
  expect(run(['--version']).stdout.trim()).toBe(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).version)
  expect(existsSync(join(folder, 'node_modules/ovn/dist/THIRD-PARTY-LICENCES.txt'))).toBe(true)
})
