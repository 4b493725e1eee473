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

/** An edition of an article was archived. */
export interface PublishRecord extends RecordBase {
  readonly event: 'publish'
  readonly slug: string
  /** 1 for the first edition. */
  readonly version: number
  /** Root CID of the bundle. */
  readonly root: string
  /** CID profile that the bundle was written with. */
  readonly profile: string
  /** Bytes of all the bundle's files. */
  readonly size: number
  readonly title: string
  /** schema.org `datePublished`, as the article gives it. */
  readonly datePublished?: string
  readonly categories: readonly string[]
  /** Canonical URL. */
  readonly url?: string
  /** CID of the source file, `article.md`. */
  readonly source: string
  /** CID of all that decides whether an edition is new: the source, the assets and the overrides. */
  readonly inputs: string
  /** Root CID of the edition before this one. */
  readonly previous?: string
  /** Why this edition replaces the one before. */
  readonly note?: string
}

export type ManifestRecord = PublishRecord | (RecordBase & { readonly [field: string]: unknown })

export function isPublish(record: ManifestRecord): record is PublishRecord {
  return record.event === 'publish'
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * Encodes a JSON value as canonical DAG-JSON: keys in byte order, no white space, absent fields left out.
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
export type Draft<R extends RecordBase = PublishRecord> = Omit<R, 'cid' | 'parent' | 'v'>

/** Gives a draft its place after `parent` and its own CID. */
export function sealRecord<R extends RecordBase>(draft: Draft<R>, parent: string | undefined): R {
  const body = { v: manifestVersion, ...draft, ...(parent === undefined ? {} : { parent }) }
  return { ...body, cid: cidOf(body as unknown as Json) } as unknown as R
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
  if (record.v > manifestVersion) {
    throw new OvnError('unsupported', `${where.file}:${where.line} was written by a newer ovn (format ${record.v})`, {
      hint: 'install the newest ovn; this one leaves the archive as it is',
    })
  }
  return record
}

function isRecord(value: unknown): value is ManifestRecord {
  if (typeof value !== 'object' || value === null) return false
  const { v, event, time, cid, parent } = value as { [field: string]: unknown }
  if (typeof v !== 'number' || typeof event !== 'string' || typeof time !== 'string' || typeof cid !== 'string')
    return false
  return (parent === undefined || typeof parent === 'string') && (event !== 'publish' || v > 1 || isPublishBody(value))
}

function isPublishBody(value: object): boolean {
  const record = value as { [field: string]: unknown }
  for (const key of textFields) if (typeof record[key] !== 'string') return false
  for (const key of optionalTextFields) if (record[key] !== undefined && typeof record[key] !== 'string') return false
  const { version, size, categories } = record
  if (!Number.isSafeInteger(version) || !Number.isSafeInteger(size) || !Array.isArray(categories)) return false
  return categories.every((name) => typeof name === 'string')
}

const textFields = ['slug', 'root', 'profile', 'title', 'source', 'inputs']
const optionalTextFields = ['datePublished', 'url', 'previous', 'note']

function damagedLine(where: { file: string; line: number }, why: string): OvnError {
  return new OvnError('damaged', `${where.file}:${where.line} is damaged: ${why}`, {
    hint: 'restore the line from a copy of the manifest; nothing else was changed',
  })
}
