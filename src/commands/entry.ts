import type { EditionRecord, WithdrawRecord } from '../manifest/record.ts'
import type { Entry } from '../output/result.ts'

/** A record as listings show it, with the record of its withdrawal where it was withdrawn. */
export function toEntry(record: EditionRecord, withdrawal?: WithdrawRecord): Entry {
  const { slug, version, root, title, datePublished, categories, url, size, previous, note, time } = record
  return {
    slug,
    version,
    root,
    title,
    ...(datePublished === undefined ? {} : { datePublished }),
    categories,
    ...(url === undefined ? {} : { url }),
    size,
    ...(previous === undefined ? {} : { previous }),
    ...(note === undefined ? {} : { note }),
    time,
    ...(withdrawal === undefined ? {} : { withdrawn: { time: withdrawal.time, reason: withdrawal.reason } }),
  }
}
