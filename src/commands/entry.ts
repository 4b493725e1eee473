import type { EditionRecord } from '../manifest/record.ts'
import type { Entry } from '../output/result.ts'

/** A record as listings show it. */
export function toEntry(record: EditionRecord): Entry {
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
  }
}
