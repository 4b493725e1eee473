// One record of the manifest and its line. A line is canonical DAG-JSON, so that it has one spelling only: any flipped bit
// makes it another record, or none. FORMAT.md is the specification.

import { hash } from 'node:crypto'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { OvnError } from '../errors.ts'

/** The version of the manifest's format that is written. */
export const manifestVersion = 1

/** What every record has; fields that this version does not know are kept as they are. */
export interface RecordBase {
  /** Version of the manifest's format. */
  readonly v: number
  readonly event: string
  /** When the event was recorded: ISO 8601, UTC. */
  readonly time: string
  /** CID of the record before this one; absent in the first. */
  readonly parent?: string
  /** CID of this record: DAG-JSON, sha2-256, of all its other fields. */
  readonly cid: string
}

/**
 * How an edition came into the archive: `publish` from its article; `import` from a CAR or a folder; `fetch` from a gateway;
 * `rebuild` from the archive's own blocks, after its record was lost.
 */
export const editionEvents = ['publish', 'import', 'fetch', 'rebuild'] as const

export type EditionEvent = (typeof editionEvents)[number]

/** An edition of an article is archived from here on. */
export interface EditionRecord extends RecordBase {
  readonly event: EditionEvent
  readonly slug: string
  /** 1 for the first edition. */
  readonly version: number
  /** Root CID of the bundle. */
  readonly root: string
  /** CID profile that the bundle was written with; absent where that is not known. */
  readonly profile?: string
  /** Bytes of all the bundle's files. */
  readonly size: number
  readonly title: string
  /** schema.org `datePublished`, as the article gives it. */
  readonly datePublished?: string
  readonly categories: readonly string[]
  /** Canonical URL. */
  readonly url?: string
  /** CID of the source file, `article.md`; absent for what is no bundle of ours. */
  readonly source?: string
  /** CID of all that decides whether an edition is new: the source, the assets and the overrides. */
  readonly inputs?: string
  /** Root CID of the edition before this one. */
  readonly previous?: string
  /** Why this edition replaces the one before. */
  readonly note?: string
  /** The slug in the bundle's own metadata, where this archive keeps it under another. */
  readonly identifier?: string
}

/** An edition was withdrawn: its root is not kept any more, and stays listed with the reason. */
export interface WithdrawRecord extends RecordBase {
  readonly event: 'withdraw'
  readonly slug: string
  readonly version: number
  readonly root: string
  readonly reason: string
}

/** Records that were lost, and that later ones still name as their parents. */
export interface RecoverRecord extends RecordBase {
  readonly event: 'recover'
  /** CIDs of the lost records, as far as they are known. */
  readonly lost: readonly string[]
}

export type ManifestRecord =
  | EditionRecord
  | WithdrawRecord
  | RecoverRecord
  | (RecordBase & { readonly [field: string]: unknown })

export function isEdition(record: ManifestRecord): record is EditionRecord {
  return (editionEvents as readonly string[]).includes(record.event)
}

export function isWithdrawal(record: ManifestRecord): record is WithdrawRecord {
  return record.event === 'withdraw'
}

export function isRecovery(record: ManifestRecord): record is RecoverRecord {
  return record.event === 'recover'
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * Encodes a JSON value as canonical DAG-JSON, as @ipld/dag-json does: keys in the order of their UTF-16 units, no white space,
 * absent fields left out.
 * Source: the DAG-JSON specification of IPLD. The value must have neither links nor bytes, nor a key `/`.
 */
export function encodeCanonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(encodeCanonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${encodeCanonical(field as Json)}`)
  return `{${fields.join(',')}}`
}

const dagJsonCode = 0x0129
const sha256Code = 0x12

/** The CID (version 1, DAG-JSON, sha2-256, base32) of a JSON value in its canonical form. */
export function cidOf(value: Json): string {
  const digest = hash('sha256', encodeCanonical(value), 'buffer')
  return CID.createV1(dagJsonCode, create(sha256Code, digest)).toString(base32)
}

/** A record that has neither its own CID nor its parent's yet. */
export type Draft<R extends RecordBase = EditionRecord> = Omit<R, 'cid' | 'parent' | 'v'>

/** A record of any event, not sealed yet. */
export type AnyDraft = Draft | Draft<WithdrawRecord> | Draft<RecoverRecord>

/** Gives a draft its place after `parent` and its own CID. */
export function sealRecord(draft: AnyDraft, parent: string | undefined): ManifestRecord {
  const body = { v: manifestVersion, ...draft, ...(parent === undefined ? {} : { parent }) }
  return { ...body, cid: cidOf(body as unknown as Json) } as unknown as ManifestRecord
}

/** The line of a record, without its newline. */
export function encodeLine(record: ManifestRecord): string {
  return encodeCanonical(record as unknown as Json)
}

/**
 * Reads a line. Throws an OvnError `damaged` for what is not a record, or not the record that its CID names,
 * and `unsupported` for one of a newer format.
 */
export function parseLine(line: string, where: { file: string; line: number }): ManifestRecord {
  const record = readLine(line, where)
  const { cid, ...body } = record
  if (encodeLine(record) !== line || cidOf(body as unknown as Json) !== cid) {
    throw damagedLine(where, 'its bytes do not match its CID')
  }
  // Whoever edits a line can give it its right CID; what the rest of the program takes for a root must be one.
  if ((isEdition(record) || isWithdrawal(record)) && record.v === 1 && !isRoot(record.root)) {
    throw damagedLine(where, 'its root is not a CID')
  }
  return record
}

/** Reads a line without hashing it: for listings of what {@link parseLine} is used to prove. */
export function readLine(line: string, where: { file: string; line: number }): ManifestRecord {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    throw damagedLine(where, 'it is not JSON')
  }
  if (!isRecord(record)) throw damagedLine(where, 'it is not a record')
  if (record.v > manifestVersion) throw newerFormat(`${where.file}:${where.line}`, record.v)
  return record
}

/** The error of something that a newer ovn has written. */
export function newerFormat(what: string, version: number): OvnError {
  return new OvnError('unsupported', `${what} was written by a newer ovn (format ${version})`, {
    hint: 'install the newest ovn; this one leaves the archive as it is',
  })
}

function isRecord(value: unknown): value is ManifestRecord {
  if (typeof value !== 'object' || value === null) return false
  const { v, event, time, cid, parent } = value as { [field: string]: unknown }
  if (typeof v !== 'number' || typeof event !== 'string' || typeof time !== 'string' || typeof cid !== 'string')
    return false
  if (parent !== undefined && typeof parent !== 'string') return false
  // What an event of a newer format holds is that format's business.
  return v > 1 || (checks[event as keyof typeof checks]?.(value as Fields) ?? true)
}

function isRoot(text: string): boolean {
  try {
    return CID.parse(text, base32).version === 1
  } catch {
    return false
  }
}

type Fields = { readonly [field: string]: unknown }

const checks = {
  publish: (fields: Fields) => isEditionBody(fields) && hasTexts(fields, ['profile', 'source', 'inputs']),
  import: isEditionBody,
  fetch: isEditionBody,
  rebuild: isEditionBody,
  withdraw: (fields: Fields) => hasTexts(fields, ['slug', 'root', 'reason']) && Number.isSafeInteger(fields.version),
  recover: ({ lost }: Fields) => isTexts(lost),
}

function isEditionBody(fields: Fields): boolean {
  const { version, size, categories } = fields
  const optional = optionalTextFields.filter((key) => fields[key] !== undefined)
  return (
    hasTexts(fields, ['slug', 'root', 'title', ...optional]) &&
    Number.isSafeInteger(version) &&
    Number.isSafeInteger(size) &&
    isTexts(categories)
  )
}

function hasTexts(fields: Fields, keys: readonly string[]): boolean {
  for (const key of keys) if (typeof fields[key] !== 'string') return false
  return true
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

const optionalTextFields = ['profile', 'datePublished', 'url', 'source', 'inputs', 'previous', 'note', 'identifier']

function damagedLine(where: { file: string; line: number }, why: string): OvnError {
  return new OvnError('damaged', `${where.file}:${where.line} is damaged: ${why}`, {
    hint: 'restore the line from a copy of the manifest, or run `ovn rebuild`; nothing was changed',
  })
}
