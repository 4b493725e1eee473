// A site of the fixtures, written once for a test file, and a plain web server for its folder.

import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type FileServer, serveFiles } from '../bundle/browser.ts'
import { fixtures, ovn } from './ovn.ts'

export interface FixtureSite {
  readonly cwd: string
  /** Folder of the site. */
  readonly folder: string
}

/** Publishes articles, a corrected and a withdrawn one among them, and writes the site. It is gone after the tests of the file. */
export function writeFixtureSite(): FixtureSite {
  const cwd = mkdtempSync(join(tmpdir(), 'ovn-site-'))
  afterAll(() => rmSync(cwd, { recursive: true, force: true }))
  run(
    cwd,
    'init',
    '--name',
    'OpenVoiceNews',
    '--motto',
    'Transparent. Unbiased. Yours.',
    '--language',
    'en',
    '--url',
    'https://news.example/',
    '--gateway',
    'https://gateway.example',
  )
  run(cwd, 'publish', join(fixtures, 'articles'), join(fixtures, 'hostile'))
  for (const version of ['1', '2', '3']) run(cwd, 'publish', join(fixtures, 'correction', version))
  run(cwd, 'unpublish', 'a-map-is-a-promise', '--reason', 'A source asked for it.')
  run(cwd, 'site', '-o', 'out')
  return { cwd, folder: join(cwd, 'out') }
}

export function run(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = ovn(args, { cwd })
  if (status !== 0) throw new Error(`ovn ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** Every file of a folder by its path, with forward slashes. */
export function readAll(folder: string): Map<string, Buffer> {
  const paths = globSync(['**', '.*'], { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return new Map(paths.map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path)]))
}

/** Serves a folder as a plain web server does. */
export function serveFolder(folder: string): Promise<FileServer> {
  return serveFiles(readAll(folder))
}
