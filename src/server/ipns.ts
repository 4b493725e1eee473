// Names of IPNS, and their records: which key signed what, until when. A record is only believed when its signature is right.
// Source: the specification of IPNS records (IPIP-428). Records lie in the archive's datastore where Helia puts them.

import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import { decode as decodeCbor } from '@ipld/dag-cbor'
import type { Datastore } from 'interface-datastore'
import { Key } from 'interface-datastore/key'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode as decodeMultihash } from 'multiformats/hashes/digest'
import { OvnError } from '../errors.ts'
import { parseCid } from '../links/parse-ref.ts'

const libp2pKeyCode = 0x72
const sha256Code = 0x12
const identityCode = 0

/** Bytes that a record may have. */
const maxRecord = 10_240

/** A record whose signature was checked. */
export interface NameRecord {
  /** The content path that the name stands for. */
  readonly value: string
  /** Seconds for which an answer may be kept; undefined where the record does not say. */
  readonly maxAge: number | undefined
}

/**
 * The CID (version 1, codec libp2p-key) of a name that is a key: a peer ID, or a CID in any base and with any codec. undefined for
 * what is none.
 */
export function parseKeyName(text: string): CID | undefined {
  const cid = /^(1|Qm)/.test(text) ? parsePeerId(text) : parseCid(text)
  if (cid === undefined) return undefined
  const { code, digest } = cid.multihash
  const isKey = (code === sha256Code && digest.byteLength === 32) || (code === identityCode && digest.byteLength <= 64)
  return isKey ? CID.createV1(libp2pKeyCode, cid.multihash) : undefined
}

function parsePeerId(text: string): CID | undefined {
  try {
    return CID.createV1(libp2pKeyCode, decodeMultihash(base58btc.decode(`z${text}`)))
  } catch {
    return undefined
  }
}

/** A name in its one form: CID version 1, base 36. */
export function formatKeyName(name: CID): string {
  return name.toString(base36)
}

/** Where Helia keeps the record of a name. */
export function recordKey(name: CID): Key {
  const routing = Buffer.concat([Buffer.from('/ipns/'), name.multihash.bytes])
  return new Key(`/dht/record/${base32.baseEncode(routing)}`, false)
}

/** The bytes of the record that the archive has of a name; undefined where it has none. They are not checked. */
export async function findRecord(datastore: Pick<Datastore, 'get'>, name: CID): Promise<Uint8Array | undefined> {
  try {
    // Around it is what a DHT writes: a field 2 with the record.
    return bytesIn(readFields(await datastore.get(recordKey(name))), 2)
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return undefined
    throw error
  }
}

/** Puts a record of a name, of which nothing is checked, where {@link findRecord} and Helia find it. */
export async function storeRecord(
  datastore: Pick<Datastore, 'put'>,
  name: CID,
  record: Uint8Array,
  now: Date,
): Promise<void> {
  const routing = Buffer.concat([Buffer.from('/ipns/'), name.multihash.bytes])
  const fields: [number, Uint8Array][] = [
    [1, routing],
    [2, record],
    [5, Buffer.from(now.toISOString())],
  ]
  const parts = fields.flatMap(([field, bytes]) => [Uint8Array.of(field * 8 + 2), varint(bytes.byteLength), bytes])
  await datastore.put(recordKey(name), Buffer.concat(parts))
}

/**
 * Reads a record. Throws an OvnError `damaged` for one that is not signed by the key of its name, that contradicts itself, or that
 * is not valid at `now`.
 */
export function readRecord(name: CID, bytes: Uint8Array, now: Date): NameRecord {
  if (bytes.byteLength > maxRecord) throw notValid(name, `it has more than ${maxRecord} bytes`)
  const fields = readFields(bytes)
  const signature = bytesIn(fields, 8)
  const data = bytesIn(fields, 9)
  if (signature === undefined || data === undefined) throw notValid(name, 'it has no signature of version 2')
  const signed = Buffer.concat([Buffer.from('ipns-signature:'), data])
  if (!isSigned(publicKeyOf(name, bytesIn(fields, 7)), signed, signature)) {
    throw notValid(name, 'its signature is not of that key')
  }
  const entry = readData(name, data)
  if (bytesIn(fields, 1) !== undefined || bytesIn(fields, 2) !== undefined) assertSame(name, fields, entry)
  const until = Date.parse(Buffer.from(entry.validity).toString('utf8'))
  if (entry.validityType !== 0 || Number.isNaN(until)) throw notValid(name, 'it does not say until when it is valid')
  if (until < now.getTime()) throw notValid(name, 'it has expired')
  const left = Math.floor((until - now.getTime()) / 1000)
  const ttl = entry.ttl === undefined ? undefined : Math.min(left, Math.floor(entry.ttl / 1e9))
  return { value: readValue(name, entry.value), maxAge: ttl }
}

interface Entry {
  readonly value: Uint8Array
  readonly validity: Uint8Array
  readonly validityType: number
  readonly sequence: number
  readonly ttl: number | undefined
}

function readData(name: CID, data: Uint8Array): Entry {
  let fields: Record<string, unknown>
  try {
    fields = decodeCbor(data)
  } catch (cause) {
    throw notValid(name, 'its data is not DAG-CBOR', cause)
  }
  const { Value, Validity, ValidityType, Sequence, TTL } = fields ?? {}
  if (!(Value instanceof Uint8Array) || !(Validity instanceof Uint8Array)) throw notValid(name, 'its data is not whole')
  return {
    value: Value,
    validity: Validity,
    validityType: numberOf(name, ValidityType ?? 0),
    sequence: numberOf(name, Sequence ?? 0),
    ttl: TTL === undefined ? undefined : numberOf(name, TTL),
  }
}

/** CBOR has numbers of 64 bits, and anything else in the place of one. */
function numberOf(name: CID, value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  throw notValid(name, 'its data is not whole')
}

/** What stands outside of the signed data, for old readers, must be the same. */
function assertSame(name: CID, fields: Fields, entry: Entry): void {
  const isSame =
    Buffer.compare(bytesIn(fields, 1) ?? new Uint8Array(0), entry.value) === 0 &&
    Buffer.compare(bytesIn(fields, 4) ?? new Uint8Array(0), entry.validity) === 0 &&
    (numberIn(fields, 3) ?? 0) === entry.validityType &&
    (numberIn(fields, 5) ?? 0) === entry.sequence &&
    (numberIn(fields, 6) ?? 0) === (entry.ttl ?? 0)
  if (!isSame) throw notValid(name, 'what it says twice is not the same')
}

function readValue(name: CID, value: Uint8Array): string {
  const text = Buffer.from(value).toString('utf8')
  if (text.startsWith('/')) return text
  try {
    // In old records the bytes of a CID.
    return `/ipfs/${CID.decode(value)}`
  } catch {
    throw notValid(name, 'it stands for no path')
  }
}

/** The key of a name: inside the name, or, where that is its hash, inside the record. */
function publicKeyOf(name: CID, embedded: Uint8Array | undefined): PublicKey {
  const { code, digest } = name.multihash
  const bytes = code === identityCode ? digest : embedded
  if (bytes === undefined) throw notValid(name, 'its key is not in it')
  if (code === sha256Code && Buffer.compare(hash('sha256', bytes, 'buffer'), digest) !== 0) {
    throw notValid(name, 'the key in it is another')
  }
  const fields = readFields(bytes)
  const data = bytesIn(fields, 2)
  const type = numberIn(fields, 1)
  try {
    if (data !== undefined && type !== undefined) return importKey(type, data)
  } catch (cause) {
    throw notValid(name, 'its key cannot be used', cause)
  }
  throw notValid(name, 'its key cannot be used')
}

interface PublicKey {
  readonly key: KeyObject
  readonly algorithm: 'sha256' | null
}

/** What stands in front of a key of these kinds in the form SPKI. */
const ed25519Prefix = '302a300506032b6570032100'
const secp256k1Prefix = '3036301006072a8648ce3d020106052b8104000a032200'

function importKey(type: number, data: Uint8Array): PublicKey {
  const prefix = type === 1 ? ed25519Prefix : type === 2 ? secp256k1Prefix : ''
  if (type === 1 && data.byteLength !== 32) throw new RangeError('an Ed25519 key has 32 bytes')
  const der = Buffer.concat([Buffer.from(prefix, 'hex'), data])
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
  const expected = ['rsa', 'ed25519', 'ec', 'ec'][type]
  if (key.asymmetricKeyType !== expected) throw new TypeError('the key is of another kind than it says')
  return { key, algorithm: type === 1 ? null : 'sha256' }
}

function isSigned({ key, algorithm }: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(algorithm, bytes, key, signature)
  } catch {
    return false
  }
}

type Fields = ReadonlyMap<number, Uint8Array | number>

function bytesIn(fields: Fields, field: number): Uint8Array | undefined {
  const value = fields.get(field)
  return value instanceof Uint8Array ? value : undefined
}

function numberIn(fields: Fields, field: number): number | undefined {
  const value = fields.get(field)
  return typeof value === 'number' ? value : undefined
}

/** The fields of a protobuf message; of one that stands twice, the last. Throws an OvnError `damaged` for what is none. */
function readFields(bytes: Uint8Array): Fields {
  const fields = new Map<number, Uint8Array | number>()
  let at = 0
  function number(): number {
    let value = 0
    for (let scale = 1; at < bytes.length && scale < 2 ** 64; scale *= 128) {
      const byte = bytes[at++] as number
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new OvnError('damaged', 'a record is cut short')
  }
  while (at < bytes.length) {
    const tag = number()
    const wire = tag % 8
    if (wire === 0) {
      fields.set(Math.floor(tag / 8), number())
      continue
    }
    const length = wire === 2 ? number() : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN
    if (!(at + length <= bytes.length)) throw new OvnError('damaged', 'a record is cut short')
    fields.set(Math.floor(tag / 8), bytes.subarray(at, at + length))
    at += length
  }
  return fields
}

function varint(value: number): Uint8Array {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return Uint8Array.from([...bytes, value])
}

function notValid(name: CID, why: string, cause?: unknown): OvnError {
  return new OvnError('damaged', `the record of ${formatKeyName(name)} is not valid: ${why}`, { cause })
}
