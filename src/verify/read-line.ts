// One line of the manifest, read by the rules of FORMAT.md and by nothing that wrote it: a second opinion on every byte.

import { hash } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { ManifestRecord } from '../manifest/record.ts'
import type { DamageCode } from './damage.ts'

/** The newest version of the manifest's format that is understood here. */
const knownVersion = 1

const deepest = 100

/** A record whose bytes were found to be right, or what is wrong with the line. */
export type ReadLine =
  | { readonly record: ManifestRecord }
  | { readonly code: DamageCode; readonly damage: string; readonly expected?: string; readonly found?: string }
  | { readonly newer: number }

type Fields = { readonly [field: string]: unknown }

/** Reads the bytes of a line without its newline. */
export function readLineStrictly(bytes: Buffer): ReadLine {
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { code: 'line-json', damage: 'it is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { code: 'line-record', damage: 'it is not a record' }
  const fields = fieldsOf(value, 0)
  if (fields === undefined) return { code: 'line-depth', damage: 'it is too deep' }
  // What is spelled the same has the same bytes, unless some of them were no text at all.
  if (spell(fields) !== text || (text.includes('\ufffd') && Buffer.compare(Buffer.from(text), bytes) !== 0)) {
    return { code: 'line-spelling', damage: 'it is not spelled as DAG-JSON' }
  }
  const { cid: claimed } = value as Fields
  if (typeof claimed !== 'string') return { code: 'line-cid', damage: 'it does not name its own CID' }
  const found = cidOfText(spell(fields.filter(({ key }) => key !== 'cid')))
  if (found !== claimed) return { code: 'line-cid', damage: 'its bytes do not match its CID', expected: claimed, found }
  const { v } = value as Fields
  if (Number.isSafeInteger(v) && (v as number) > knownVersion) return { newer: v as number }
  const wrong = wrongFieldOf(value as Fields)
  return wrong === undefined
    ? { record: value as unknown as ManifestRecord }
    : { code: 'line-field', damage: `its field "${wrong}" is not what the format wants` }
}

interface Field {
  readonly key: string
  readonly text: string
}

/** The fields of an object in the order of their keys' UTF-16 units, each spelled; undefined where they are nested too deep. */
function fieldsOf(value: object, depth: number): Field[] | undefined {
  const fields: Field[] = []
  for (const key of Object.keys(value).sort()) {
    const text = spellValue((value as Fields)[key], depth + 1)
    if (text === undefined) return undefined
    fields.push({ key, text })
  }
  return fields
}

function spell(fields: readonly Field[]): string {
  return `{${fields.map(({ key, text }) => `${JSON.stringify(key)}:${text}`).join(',')}}`
}

function spellValue(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (depth > deepest) return undefined
  if (!Array.isArray(value)) {
    const fields = fieldsOf(value, depth)
    return fields === undefined ? undefined : spell(fields)
  }
  const items = value.map((item) => spellValue(item, depth + 1))
  return items.includes(undefined) ? undefined : `[${items.join(',')}]`
}

function cidOfText(text: string): string {
  const dagJson = 0x0129
  const sha256 = 0x12
  return CID.createV1(dagJson, create(sha256, hash('sha256', text, 'buffer'))).toString(base32)
}

type Shape = { readonly [field: string]: (value: unknown) => boolean }

const isText = (value: unknown) => typeof value === 'string'
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isRoot = (value: unknown) => typeof value === 'string' && /^b[a-z2-7]{10,}$/.test(value) && isCid(value)
const optional = (shape: (value: unknown) => boolean) => (value: unknown) => value === undefined || shape(value)

const common: Shape = { v: (v) => v === knownVersion, event: isText, time: isText, parent: optional(isText) }

const edition: Shape = {
  slug: isText,
  version: (value) => isCount(value) && (value as number) > 0,
  root: isRoot,
  profile: optional(isText),
  size: isCount,
  title: isText,
  datePublished: optional(isText),
  categories: isTexts,
  url: optional(isText),
  source: optional(isText),
  inputs: optional(isText),
  previous: optional(isText),
  note: optional(isText),
  identifier: optional(isText),
}

const shapes: { readonly [event: string]: readonly (readonly [field: string, fits: (value: unknown) => boolean])[] } = {
  publish: Object.entries({ ...common, ...edition, profile: isText, source: isText, inputs: isText }),
  import: Object.entries({ ...common, ...edition }),
  fetch: Object.entries({ ...common, ...edition }),
  rebuild: Object.entries({ ...common, ...edition }),
  withdraw: Object.entries({ ...common, slug: isText, version: isCount, root: isRoot, reason: isText }),
  recover: Object.entries({ ...common, lost: isTexts }),
}

const anyEvent = Object.entries(common)

function wrongFieldOf(fields: Fields): string | undefined {
  const known = typeof fields.event === 'string' && Object.hasOwn(shapes, fields.event)
  const shape = known ? shapes[fields.event as string] : undefined
  return (shape ?? anyEvent).find(([field, fits]) => !fits(fields[field]))?.[0]
}

/** Whether a text is a CID of version 1 in base32. */
function isCid(text: string): boolean {
  try {
    return CID.parse(text, base32).version === 1
  } catch {
    return false
  }
}
