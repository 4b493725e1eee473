// `_redirects`: rules of a site for paths that it does not have. They only count where the site has an origin of its own. No rule
// becomes a regular expression: a stranger wrote it.
// Source: the specification of the web redirects file.

import { OvnError } from '../errors.ts'

/** Bytes that the file may have, and rules in it. */
export const maxRedirectsFile = 65_536
const maxRules = 4096

export interface Rule {
  readonly from: readonly string[]
  readonly to: string
  readonly status: number
}

export interface Target {
  /** A path on the same origin, or an address elsewhere. */
  readonly to: string
  readonly status: number
}

const statuses = new Set([200, 301, 302, 303, 307, 308, 404, 410, 451])

/** Reads the rules. Throws an OvnError `damaged` for a file that is too long, or has a line that is no rule. */
export function parseRedirects(bytes: Uint8Array): Rule[] {
  if (bytes.byteLength > maxRedirectsFile) {
    throw fault(`redirects file size cannot exceed ${maxRedirectsFile} bytes`)
  }
  const rules: Rule[] = []
  for (const [index, line] of Buffer.from(bytes).toString('utf8').split(/\r?\n/).entries()) {
    const words = line
      .replace(/(^|\s)#.*$/, '')
      .split(/\s+/)
      .filter((word) => word !== '')
    if (words.length === 0) continue
    const rule = parseRule(words, index + 1)
    rules.push(rule)
    if (rules.length > maxRules) throw fault(`it has more than ${maxRules} rules`)
  }
  return rules
}

function parseRule([from = '', to = '', code, ...rest]: string[], line: number): Rule {
  if (to === '' || rest.length > 0) throw fault(`line ${line} is not a rule: <from> <to> [status]`)
  if (!from.startsWith('/')) throw fault(`line ${line}: the path "${from}" does not begin with a slash`)
  const status = code === undefined ? 301 : /^\d{3}$/.test(code) ? Number(code) : Number.NaN
  if (!statuses.has(status)) throw fault(`line ${line}: the status "${code}" is not supported`)
  const isPath = /^\/(?!\/)/.test(to)
  const isAddress = /^https?:\/\/[^/]/i.test(to) && status >= 300 && status < 400
  if (!isPath && !isAddress) throw fault(`line ${line}: "${to}" is not a path of the site`)
  const segments = from.split('/').slice(1)
  if (segments.slice(0, -1).some((segment) => segment === '*')) throw fault(`line ${line}: * may only end a path`)
  return { from: segments, to, status }
}

function fault(why: string): OvnError {
  return new OvnError('damaged', `could not parse _redirects: ${why}`)
}

/** The target of the first rule that fits a path; undefined where none does. Segments are as they were sent, encoded. */
export function findTarget(rules: readonly Rule[], path: string): Target | undefined {
  const segments = path.split('/').slice(1)
  if (segments.length > 1 && segments.at(-1) === '') segments.pop()
  for (const { from, to, status } of rules) {
    const names = matchSegments(from, segments)
    if (names !== undefined) return { to: fill(to, names), status }
  }
  return undefined
}

/** What the placeholders of a rule stand for in a path; undefined where it does not fit. */
function matchSegments(from: readonly string[], path: readonly string[]): Map<string, string> | undefined {
  const pattern = from.length > 1 && from.at(-1) === '' ? from.slice(0, -1) : from
  const names = new Map<string, string>()
  for (const [index, segment] of pattern.entries()) {
    if (segment === '*') {
      names.set('splat', path.slice(index).join('/'))
      return names
    }
    const given = path[index]
    if (given === undefined) return undefined
    if (segment.length > 1 && segment.startsWith(':') && given !== '') names.set(segment.slice(1), given)
    else if (segment !== given) return undefined
  }
  return path.length === pattern.length ? names : undefined
}

function fill(to: string, names: ReadonlyMap<string, string>): string {
  return to
    .split('/')
    .map((segment) => (segment.startsWith(':') ? (names.get(segment.slice(1)) ?? segment) : segment))
    .join('/')
}
