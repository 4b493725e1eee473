// Records of editions that were never made, for all that is decided by records alone.

import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import type { EditionRecord, WithdrawRecord } from '../../src/manifest/record.ts'

export function rootOf(number: number): string {
  return CID.createV1(rawCode, create(0x12, new Uint8Array(32).fill(number))).toString()
}

export function edition(number: number, fields: Partial<EditionRecord> = {}): EditionRecord {
  return {
    v: 1,
    event: 'publish',
    time: '2025-09-01T10:00:00.000Z',
    cid: rootOf(100 + number),
    slug: `article-${number}`,
    version: 1,
    root: rootOf(number),
    size: 10,
    title: `Article ${number}`,
    datePublished: '2025-08-22',
    categories: [],
    ...fields,
  }
}

export function withdrawal(number: number, fields: Partial<WithdrawRecord> = {}): WithdrawRecord {
  return {
    v: 1,
    event: 'withdraw',
    time: '2025-10-01T10:00:00.000Z',
    cid: rootOf(200 + number),
    slug: `article-${number}`,
    version: 1,
    root: rootOf(number),
    reason: 'It was wrong.',
    ...fields,
  }
}
