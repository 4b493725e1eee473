// Articles and folders of articles, made for one test.

import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AssetFolder } from '../../src/article/assets.ts'
import type { Findings } from '../../src/article/findings.ts'
import { type BodyOptions, renderBody } from '../../src/article/markdown.ts'
import { type ReadOptions, readArticle } from '../../src/article/read-article.ts'
import { OvnError, type Problem } from '../../src/errors.ts'
import { temporaryFolder } from '../temporary.ts'

/** A folder with these files, gone after the test. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = realpathSync(temporaryFolder())
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

/** Whether the system has pipes with names, and symbolic links for everybody. */
export const isUnix = process.platform !== 'win32'

/** Makes a pipe with a name. */
export function makePipe(path: string): void {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path])
}

/** Reads a text as the article `a.md` of a folder. */
export async function readText(text: string, options: ReadOptions = {}) {
  return readArticle('a.md', { bytes: Buffer.from(text), folder: folderWith({}), ...options })
}

/** The error that reading throws. */
export async function errorOf(article: Promise<unknown>): Promise<OvnError> {
  const error = await article.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (error instanceof OvnError) return error
  throw error ?? new Error('no error was thrown')
}

/** A problem as `line:column message (hint)`. */
export function lineOf({ line, column, message, hint }: Problem): string {
  const place = line === undefined ? '' : `${line}:${column ?? '?'} `
  return `${place}${message}${hint === undefined ? '' : ` (${hint})`}`
}

export async function problemsOf(article: Promise<unknown>): Promise<string[]> {
  const { code, problems } = await errorOf(article)
  if (code !== 'article') throw new Error(`the error is ${code}`)
  return problems.map(lineOf)
}

/** Renders a body in an empty folder, or that of `options`. */
export function render(text: string, options: Partial<BodyOptions> & { folder?: string } = {}) {
  const findings: Findings = { problems: [], notices: [] }
  const assets = new AssetFolder(options.folder ?? folderWith({}))
  const { html, headline } = renderBody(text, { file: 'a.md', firstLine: 1, assets, findings, ...options })
  return {
    html,
    headline: headline?.text,
    assets: assets.list().map(({ path }) => path),
    problems: findings.problems.map(lineOf),
    notices: findings.notices.map(lineOf),
  }
}
