// Records of names, signed by keys of every kind.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { varint } from '../dag/hostile-cars.ts'

export type Field = readonly [field: number, value: number | Uint8Array]

export function protobuf(fields: readonly Field[]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([field, value]) =>
      typeof value === 'number'
        ? [...varint(field * 8), ...varint(value)]
        : [...varint(field * 8 + 2), ...varint(value.byteLength), ...value],
    ),
  )
}

export interface Key {
  readonly name: CID
  readonly privateKey: KeyObject
  /** As it stands in the record, where the name has no room for it. */
  readonly embedded: Uint8Array | undefined
  readonly algorithm: 'sha256' | null
}

type Kind = 'RSA' | 'Ed25519' | 'secp256k1' | 'ECDSA'

/** The key of Ed25519 that is the same every time. */
export function knownKey(): Key {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return keyOf('Ed25519', { privateKey, publicKey: createPublicKey(privateKey) })
}

function generatePair(kind: Kind) {
  return kind === 'RSA'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : kind === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: kind === 'ECDSA' ? 'P-256' : 'secp256k1' })
}

export function keyOf(kind: Kind, known?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): Key {
  const pair = known ?? generatePair(kind)
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' })
  const type = ['RSA', 'Ed25519', 'secp256k1', 'ECDSA'].indexOf(kind)
  const point = spki.subarray(-64)
  const data =
    kind === 'Ed25519'
      ? spki.subarray(-32)
      : kind === 'secp256k1'
        ? Buffer.concat([Buffer.of(2 + ((point[63] as number) & 1)), point.subarray(0, 32)])
        : spki
  const bytes = protobuf([
    [1, type],
    [2, data],
  ])
  const isInline = bytes.byteLength <= 42
  const digest = isInline ? createDigest(0, bytes) : createDigest(0x12, createHash('sha256').update(bytes).digest())
  return {
    name: CID.createV1(0x72, digest),
    privateKey: pair.privateKey,
    embedded: isInline ? undefined : bytes,
    algorithm: kind === 'Ed25519' ? null : 'sha256',
  }
}

export const until = Buffer.from('2030-01-01T00:00:00.000000000Z')
export const entry = {
  Value: Buffer.from('/ipfs/bafkqaaa'),
  Validity: until,
  ValidityType: 0,
  Sequence: 7,
  TTL: 60_000_000_000,
}

export function recordOf(key: Key, data: object = entry, fields: readonly Field[] = []): Uint8Array {
  return signRecord(key, encodeCbor(data), fields)
}

/** A record of any bytes that the key has signed. */
export function signRecord(key: Key, data: Uint8Array, fields: readonly Field[] = []): Uint8Array {
  const signature = sign(key.algorithm, Buffer.concat([Buffer.from('ipns-signature:'), data]), key.privateKey)
  return protobuf([
    ...fields,
    ...(key.embedded === undefined ? [] : [[7, key.embedded] as const]),
    [8, signature],
    [9, data],
  ])
}
