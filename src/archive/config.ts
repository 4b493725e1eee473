// config.json: what a newsroom says of itself. All of it is optional; what is there must be right.

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Site } from '../bundle/bundle.ts'
import { OvnError, type Problem } from '../errors.ts'
import { layout } from './layout.ts'
import { storageError } from './storage-error.ts'

export interface Config extends Site {
  /** Base URLs of IPFS gateways, without `/ipfs`, for links to articles. None is built in. */
  readonly gateways: readonly string[]
}

interface Key {
  readonly meaning: string
  /** Says what is wrong with a value; undefined where nothing is. */
  check(value: unknown): string | undefined
}

/** The keys of config.json, in the order in which they are written. */
export const configKeys = {
  name: { meaning: 'the name of the site, on every page', check: checkText },
  motto: { meaning: 'the motto below the name', check: checkText },
  url: { meaning: 'the address of the site', check: checkUrl },
  language: { meaning: 'the language of articles that do not name their own, such as en or uk', check: checkLanguage },
  gateways: {
    meaning: 'addresses of IPFS gateways that links to articles may use; none is built in',
    check: checkGateways,
  },
} satisfies Record<string, Key>

/**
 * Reads the config of an archive; the empty one where there is none.
 * Throws an OvnError `config` with a problem for every key that is wrong.
 */
export async function readConfig(folder: string): Promise<Config> {
  const file = layout.config(folder)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return { gateways: [] }
    throw storageError(error, file)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw configError(file, [{ file, ...describeSyntaxError(text, cause) }], cause)
  }
  const faults = checkConfig(value)
  if (faults.length > 0) {
    const problems = faults.map(async ({ path, ...fault }) => ({ file, ...(await findPath(text, path)), ...fault }))
    throw configError(file, await Promise.all(problems))
  }
  return { gateways: [], ...(value as Partial<Config>) }
}

interface Fault {
  readonly path: readonly string[]
  readonly message: string
  readonly hint?: string
}

/** What is wrong with a config; empty where nothing is. */
export function checkConfig(value: unknown): Fault[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ path: [], message: 'config.json must hold one object', hint: 'write {"name": "…"}' }]
  }
  return Object.entries(value).flatMap(([name, field]): Fault[] => {
    const key = Object.entries(configKeys).find(([known]) => known === name)?.[1]
    if (key === undefined) {
      return [
        { path: [name], message: `unknown key "${name}"`, hint: `the keys are ${Object.keys(configKeys).join(', ')}` },
      ]
    }
    const message = key.check(field)
    return message === undefined
      ? []
      : [{ path: [name], message: `"${name}" ${message}`, hint: `it is ${key.meaning}` }]
  })
}

function configError(file: string, problems: readonly Problem[], cause?: unknown): OvnError {
  return new OvnError('config', `${basename(file)} cannot be used as it is`, { problems, cause })
}

/** Where a key stands. JSON is YAML too, and the YAML parser knows lines; it is loaded for errors only. */
async function findPath(text: string, path: readonly string[]): Promise<{ line: number; column: number }> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const { contents } = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const pair = isMap(contents) ? contents.items.find(({ key }) => isScalar(key) && key.value === path[0]) : undefined
  const { line, col } = lines.linePos(isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0)
  return { line, column: col }
}

/** V8 says where it stopped, but for a text that ends too early. */
function describeSyntaxError(text: string, cause: unknown): Omit<Problem, 'file'> {
  const [, line, column] = /line (\d+) column (\d+)/.exec(String(cause)) ?? []
  const lines = text.split('\n')
  return {
    line: Number(line ?? lines.length),
    column: Number(column ?? (lines.at(-1)?.length ?? 0) + 1),
    message: 'not JSON',
    hint: 'it must be JSON: double quotes, commas between entries, none after the last',
  }
}

function checkText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return 'must be a text'
  return /\p{Cc}/u.test(value) ? 'must not hold control characters' : undefined
}

function checkUrl(value: unknown): string | undefined {
  const url = parseWebUrl(value)
  if (url === undefined) return 'must be an address that begins with https:// or http://'
  return hasSecret(url) ? 'must not have a user, a password or a query: it is on every page' : undefined
}

function parseWebUrl(value: unknown): URL | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) ? url : undefined
}

/** All that stands in the config is published with the site, which only some are meant to know here. */
function hasSecret({ username, password, search, hash }: URL): boolean {
  return [username, password, search, hash].some((part) => part !== '')
}

function checkLanguage(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(value)
    ? undefined
    : 'must be a language tag, such as en or uk'
}

function checkGateways(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'must be a list of addresses'
  const urls = value.map(parseWebUrl)
  if (urls.includes(undefined)) return 'must hold addresses that begin with https:// or http://'
  return urls.some((url) => url !== undefined && hasSecret(url))
    ? 'must not have a user, a password or a query: they are links on every page. Give such an address in $OVN_GATEWAYS'
    : undefined
}
