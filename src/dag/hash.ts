// The only hash that is trusted: sha2-256. A CID with any other (but a short identity) names bytes nobody here checks.

import { hash } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { MultihashDigest } from 'multiformats/hashes/interface'
import { OvnError } from '../errors.ts'

const sha256Code = 0x12
const identityCode = 0

/** Longest identity digest that is accepted, in bytes (IPIP-0512). */
const maxIdentity = 128

/** The sha2-256 multihash of some bytes. */
export function sha256(bytes: Uint8Array): MultihashDigest<typeof sha256Code> {
  return create(sha256Code, hash('sha256', bytes, 'buffer'))
}

/** The sha2-256 multihash of a large block, computed beside the main thread. */
export async function sha256Async(bytes: Uint8Array<ArrayBuffer>): Promise<MultihashDigest<typeof sha256Code>> {
  return create(sha256Code, new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

/** Throws an OvnError `damaged` unless the bytes are the ones that the CID names. */
export function assertHash(cid: CID, bytes: Uint8Array): void {
  if (checkHash(cid, bytes)) return
  throw new OvnError('damaged', `block ${cid} is damaged: its bytes do not match its CID`)
}

/** As {@link assertHash}, for a large block: its hash is computed beside the main thread. */
export async function assertHashAsync(cid: CID, bytes: Uint8Array): Promise<void> {
  if (await checkHashAsync(cid, bytes as Uint8Array<ArrayBuffer>)) return
  throw new OvnError('damaged', `block ${cid} is damaged: its bytes do not match its CID`)
}

/**
 * Whether the bytes are the ones that the CID names. Throws an OvnError `damaged` for a CID that cannot be checked: its hash
 * function is not sha2-256, or it is a long identity.
 */
export function checkHash(cid: CID, bytes: Uint8Array): boolean {
  assertCheckable(cid)
  const { code, digest } = cid.multihash
  return Buffer.compare(code === identityCode ? bytes : hash('sha256', bytes, 'buffer'), digest) === 0
}

/** As {@link checkHash}, for a large block: its hash is computed beside the main thread. */
export function checkHashAsync(cid: CID, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> | boolean {
  assertCheckable(cid)
  const { code, digest } = cid.multihash
  if (code === identityCode) return Buffer.compare(bytes, digest) === 0
  return crypto.subtle.digest('SHA-256', bytes).then((found) => Buffer.compare(new Uint8Array(found), digest) === 0)
}

/** Bytes that were hashed a moment ago, and the digest that they have. Nobody changes the bytes of a block. */
const hashed = new WeakMap<Uint8Array, Uint8Array>()

/** Takes note that these very bytes were found to match a CID, so that the next reader on their way need not hash them again. */
export function noteHash(cid: CID, bytes: Uint8Array): void {
  hashed.set(bytes, cid.multihash.digest)
}

/** Whether these very bytes were found to match a CID before. */
export function isHashNoted(cid: CID, bytes: Uint8Array): boolean {
  const digest = hashed.get(bytes)
  return digest !== undefined && Buffer.compare(digest, cid.multihash.digest) === 0
}

/** Throws an OvnError `damaged` for a CID whose bytes nobody here can check. */
export function assertCheckable(cid: CID): void {
  const { code, digest } = cid.multihash
  if (code === sha256Code && digest.byteLength === 32) return
  if (code === identityCode && digest.byteLength <= maxIdentity) return
  const why =
    code === identityCode
      ? `it holds ${digest.byteLength} bytes itself, more than ${maxIdentity}`
      : `its hash function 0x${code.toString(16)} is not trusted`
  throw new OvnError('damaged', `block ${cid} cannot be checked: ${why}`)
}

/** The bytes inside an identity CID, which is in no store; undefined for every other CID. */
export function identityBytes(cid: CID): Uint8Array | undefined {
  return cid.multihash.code === identityCode && cid.multihash.digest.byteLength <= maxIdentity
    ? cid.multihash.digest
    : undefined
}
