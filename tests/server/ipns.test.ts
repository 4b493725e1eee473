// Records of names: signed by keys of every kind, and every way in which one is not.

import { sign } from 'node:crypto'
import { MemoryDatastore } from 'datastore-core'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { findRecord, formatKeyName, parseKeyName, readRecord, recordKey, storeRecord } from '../../src/server/ipns.ts'
import { entry, type Field, keyOf, protobuf, recordOf, until } from './ipns-records.ts'

const now = new Date('2026-01-01T00:00:00Z')

describe('a record', () => {
  it.each(['RSA', 'Ed25519', 'secp256k1', 'ECDSA'] as const)('that a key of %s has signed is believed', (kind) => {
    const key = keyOf(kind)
    expect(readRecord(key.name, recordOf(key), now)).toEqual({ value: '/ipfs/bafkqaaa', maxAge: 60 })
  })

  const key = keyOf('Ed25519')

  it('may say the same outside of what is signed', () => {
    const same: Field[] = [
      [1, entry.Value],
      [3, 0],
      [4, until],
      [5, 7],
      [6, 60_000_000_000],
    ]
    expect(readRecord(key.name, recordOf(key, entry, same), now).maxAge).toBe(60)
  })

  it('is kept no longer than it is valid', () => {
    const soon = { ...entry, Validity: Buffer.from('2026-01-01T00:00:10Z') }
    expect(readRecord(key.name, recordOf(key, soon), now).maxAge).toBe(10)
    const { TTL: _none, ...silent } = entry
    expect(readRecord(key.name, recordOf(key, silent), now).maxAge).toBeUndefined()
  })

  it('of an old kind holds the bytes of a CID', () => {
    const old = { ...entry, Value: CID.parse('bafkqaaa').bytes }
    expect(readRecord(key.name, recordOf(key, old), now).value).toBe('/ipfs/bafkqaaa')
  })

  it.each<[string, () => Uint8Array, RegExp]>([
    ['of another key', () => recordOf(keyOf('Ed25519')), /not of that key/],
    ['with another key in it', () => recordOf(keyOf('RSA')), /not of that key/],
    [
      'that has expired',
      () => recordOf(key, { ...entry, Validity: Buffer.from('2025-12-31T23:59:59Z') }),
      /has expired/,
    ],
    ['without an end', () => recordOf(key, { ...entry, Validity: Buffer.from('for ever') }), /until when/],
    ['with a map for a number', () => recordOf(key, { ...entry, Sequence: { toString: 1, valueOf: 1 } }), /not whole/],
    ['of another kind of end', () => recordOf(key, { ...entry, ValidityType: 1 }), /until when/],
    [
      'that says another value outside',
      () =>
        recordOf(key, entry, [
          [1, Buffer.from('/ipfs/x')],
          [4, until],
        ]),
      /twice/,
    ],
    [
      'that says another end outside',
      () =>
        recordOf(key, entry, [
          [1, entry.Value],
          [4, Buffer.from('2031')],
        ]),
      /twice/,
    ],
    ['that stands for nothing', () => recordOf(key, { ...entry, Value: Buffer.from('nothing') }), /no path/],
    ['that is a list', () => recordOf(key, []), /not whole/],
    ['of eleven thousand bytes', () => recordOf(key, { ...entry, X: 'x'.repeat(11_000) }), /more than 10240/],
    ['that is cut short', () => recordOf(key).subarray(0, -1), /cut short/],
    ['that is nothing', () => new Uint8Array(0), /no signature/],
    ['of noise', () => Buffer.alloc(100, 0xff), /cut short/],
    [
      'whose data is no CBOR',
      () =>
        protobuf([
          [8, sign(null, Buffer.from('ipns-signature:\xff', 'latin1'), key.privateKey)],
          [9, Buffer.of(0xff)],
        ]),
      /not DAG-CBOR/,
    ],
  ])('%s is not', (_, make, why) => {
    expect(() => readRecord(key.name, make(), now)).toThrow(why)
  })

  it('whose every byte was changed is not, each', () => {
    const record = recordOf(key)
    for (let at = 0; at < record.byteLength; at += 1) {
      const changed = Uint8Array.from(record)
      changed[at] = (changed[at] as number) ^ 1
      let read: unknown
      try {
        read = readRecord(key.name, changed, now)
      } catch (error) {
        expect((error as { code?: string }).code, String(error)).toBe('damaged')
        continue
      }
      expect(read, `byte ${at}`).toBeUndefined()
    }
  })

  it('of a name that is a hash has the key of that hash in it', () => {
    const [rsa, other] = [keyOf('RSA'), keyOf('RSA')]
    expect(() => readRecord(rsa.name, recordOf(other), now)).toThrow(/the key in it is another/)
    expect(() => readRecord(rsa.name, recordOf({ ...rsa, embedded: undefined }), now)).toThrow(/its key is not in it/)
  })

  it('is kept where Helia looks for it', async () => {
    const store = new MemoryDatastore()
    await storeRecord(store, key.name, recordOf(key), now)
    expect(Buffer.from((await findRecord(store, key.name)) ?? [])).toEqual(Buffer.from(recordOf(key)))
    const peer = parseKeyName('12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d') as CID
    expect(recordKey(peer).toString()).toBe(
      '/dht/record/f5uxa3ttf4acicabciqj245neq7ugu743g23crhfnhc2bbbelgxjcb2cqj63islm3lhu7tq',
    )
    expect(await findRecord(store, keyOf('Ed25519').name)).toBeUndefined()
  })
})

describe('a name', () => {
  it('is read in every form, and written in one', () => {
    const peer = '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d'
    const name = parseKeyName(peer) as CID
    expect(formatKeyName(name)).toBe('k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam')
    for (const text of [formatKeyName(name), name.toString()]) expect(parseKeyName(text)?.equals(name)).toBe(true)
  })

  it.each(['', 'example.org', '12D3', 'Qm', 'bafkqabtimvwgy3yk0', 'k51'])('is not %j', (text) => {
    expect(parseKeyName(text)).toBeUndefined()
  })
})
