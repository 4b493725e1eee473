import * as dagJson from '@ipld/dag-json'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { type Draft, encodeCanonical, encodeLine, parseLine, sealRecord } from '../../src/manifest/record.ts'

const where = { file: 'manifest.jsonl', line: 7 }

const draft: Draft = {
  event: 'publish',
  slug: 'harbour-inquiry',
  version: 2,
  root: 'bafybeieb6hfx5ptvhc5mri47qlwrcow6k6pc32tvuqkbvvtja2j3ayiqzi',
  profile: 'unixfs-v1-2025',
  size: 1234,
  title: 'Harbour “inquiry” opens',
  categories: ['Defence & Security'],
  source: 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
  inputs: 'baguqeeraaaaa',
  note: 'Corrected the date.',
  time: '2025-08-22T10:00:00.000Z',
}

describe('encodeCanonical', () => {
  it('encodes as @ipld/dag-json does', () => {
    const text = fc.string({ unit: 'binary' })
    // DAG-JSON gives the key "/" a meaning of its own, and -0 has no spelling there.
    const key = text.filter((name) => name !== '/')
    const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('value')), fc.dictionary(key, tie('value'))),
    }))
    fc.assert(
      fc.property(value, (json) => {
        expect(encodeCanonical(json as never)).toBe(dagJson.stringify(json))
      }),
    )
  })
})

describe('a record', () => {
  it('has the CID that DAG-JSON gives it', async () => {
    const record = sealRecord(draft, 'baguqeeraparent')
    const { cid, ...body } = record
    const digest = await sha256.digest(dagJson.encode(body))
    expect(cid).toBe(CID.createV1(dagJson.code, digest).toString())
  })

  it('comes back from its line', () => {
    const record = sealRecord(draft, undefined)
    expect(parseLine(encodeLine(record), where)).toEqual(record)
  })

  it('keeps fields and events that this version does not know', () => {
    const record = sealRecord({ event: 'endorse', time: draft.time, slug: 'a' } as never, undefined)
    expect(parseLine(encodeLine(record), where)).toEqual(record)
  })

  it('is damaged by every single flipped bit', () => {
    const line = Buffer.from(encodeLine(sealRecord(draft, undefined)))
    for (let bit = 0; bit < line.length * 8; bit += 1) {
      const flipped = Buffer.from(line)
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => parseLine(flipped.toString('utf8'), where), `bit ${bit}`).toThrow()
    }
  })

  it.each([
    ['', 'it is not JSON'],
    ['[]', 'it is not a record'],
    ['{"v":1}', 'it is not a record'],
    ['{"cid":"b","event":"publish","time":"t","v":1}', 'it is not a record'],
    ['{"cid":"b","event":"withdraw","time":"t","v":1}', 'it is not a record'],
    ['{"cid":"b","event":"recover","lost":[1],"time":"t","v":1}', 'it is not a record'],
    ['{"cid":"b","event":"other","time":"t","v":1}', 'its bytes do not match its CID'],
    [`${encodeLine(sealRecord(draft, undefined))} `, 'its bytes do not match its CID'],
  ])('is not %j', (line, why) => {
    expect(() => parseLine(line, where)).toThrow(`manifest.jsonl:7 is damaged: ${why}`)
  })

  it.each(['', 'elsewhere', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG', 'BAFKQAAA', '../../x'])(
    'with a right CID is damaged where its root is %j',
    (root) => {
      const line = encodeLine(sealRecord({ ...draft, root }, undefined))
      expect(() => parseLine(line, where)).toThrow('manifest.jsonl:7 is damaged: its root is not a CID')
    },
  )

  it('of a newer format is refused with what to do', () => {
    const line = '{"cid":"b","event":"publish","time":"t","v":2}'
    expect(() => parseLine(line, where)).toThrow(
      expect.objectContaining({ code: 'unsupported', hint: expect.stringContaining('newest ovn') }),
    )
  })
})
