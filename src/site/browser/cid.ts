// CIDs: those whose bytes can be checked here, and no others. Version 0 is read as the version 1 that names the same block.
// Sources: the CID, multihash and multibase specifications.

import { Cursor, equalBytes, Malformed } from './cursor.ts'

export interface Cid {
  /** Version 1 in base32: the one form that is compared and shown. */
  readonly text: string
  readonly codec: number
  readonly hash: number
  readonly digest: Uint8Array
}

export const rawCodec = 0x55
export const dagPbCodec = 0x70
const sha256Code = 0x12
const identityCode = 0
const sha256Size = 32

/** Longest identity digest that is accepted, in bytes (IPIP-0512). */
const maxIdentity = 128

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Reads a CID where the cursor stands. Throws Malformed for what is none, or names bytes that cannot be checked. */
export function readCid(cursor: Cursor): Cid {
  const version = cursor.varint()
  if (version === sha256Code) {
    if (cursor.byte() !== sha256Size) throw new Malformed('a CID of version 0 is not of sha2-256')
    return sha256Cid(dagPbCodec, cursor.take(sha256Size))
  }
  if (version !== 1) throw new Malformed('a CID has neither the version 0 nor 1')
  const codec = cursor.varint()
  const hash = cursor.varint()
  const size = cursor.varint()
  if (hash === sha256Code ? size !== sha256Size : hash !== identityCode || size > maxIdentity) {
    throw new Malformed('a CID has a hash that cannot be checked')
  }
  return makeCid(codec, hash, cursor.take(size))
}

/** Reads a CID that fills all of the bytes. */
export function decodeCid(bytes: Uint8Array): Cid {
  const cursor = new Cursor(bytes)
  const cid = readCid(cursor)
  if (!cursor.done) throw new Malformed('there are bytes behind a CID')
  return cid
}

/** Reads a CID of version 1 in base32. Throws Malformed for any other text. */
export function parseCid(text: string): Cid {
  if (!/^b[a-z2-7]{1,400}$/.test(text)) throw new Malformed('this is not a CID in base32')
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const letter of text.slice(1)) {
    value = ((value << 5) | alphabet.indexOf(letter)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((value >> bits) & 255)
  }
  const cid = decodeCid(Uint8Array.from(bytes))
  if (cid.text !== text) throw new Malformed('a CID is not written in its one form')
  return cid
}

/** The CID of bytes with this sha2-256 digest. */
export function sha256Cid(codec: number, digest: Uint8Array): Cid {
  return makeCid(codec, sha256Code, digest)
}

/** The bytes that are inside a CID; undefined for every CID that names others. */
export function inlineBytes(cid: Cid): Uint8Array | undefined {
  return cid.hash === identityCode ? cid.digest : undefined
}

/** The CID that bytes have; the same as `cid` where they are its block. */
export async function hashAs(cid: Cid, bytes: Uint8Array<ArrayBuffer>): Promise<Cid> {
  if (cid.hash === identityCode && equalBytes(bytes, cid.digest)) return cid
  return sha256Cid(cid.codec, new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

function makeCid(codec: number, hash: number, digest: Uint8Array): Cid {
  const bytes = Uint8Array.of(1, ...varint(codec), hash, ...varint(digest.length), ...digest)
  return { text: `b${base32(bytes)}`, codec, hash, digest }
}

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; ) {
      bits -= 5
      text += alphabet[(value >> bits) & 31]
    }
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31]
}

function varint(value: number): number[] {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return [...bytes, value]
}
