// metadata.json of a bundle → what a record says of it. Whose bundle it is nobody knows: every field is looked at.

import { checkSlug } from '../article/slug.ts'
import { OvnError } from '../errors.ts'

/** What a bundle's metadata says that a record repeats. */
export interface BundleFacts {
  /** The slug. */
  readonly identifier: string
  readonly version: number
  readonly title: string
  readonly datePublished?: string
  readonly categories: readonly string[]
  readonly url?: string
  /** Root CID of the edition before, as it is written. */
  readonly previous?: string
  /** The newest of its corrections: why an edition that is not the first replaces the one before. */
  readonly note?: string
}

const schema = /^ovn-bundle\/([1-9]\d{0,4})$/
const newest = 1

/**
 * Reads the bytes of metadata.json; undefined where they are not the metadata of a bundle of ovn. Throws an OvnError:
 * `damaged` where they say that they are but miss what every bundle has, `unsupported` for a newer form of bundle.
 */
export function readMetadata(bytes: Uint8Array): BundleFacts | undefined {
  const fields = parseObject(bytes)
  const form = typeof fields?.schemaVersion === 'string' ? schema.exec(fields.schemaVersion)?.[1] : undefined
  if (fields === undefined || form === undefined) return undefined
  if (Number(form) > newest) {
    throw new OvnError('unsupported', `the bundle has the form ovn-bundle/${form}, which is newer than this ovn`, {
      hint: 'install the newest ovn',
    })
  }
  const { identifier, version, headline, datePublished, articleSection = [], url, correction } = fields
  const previous = (fields['prov:wasRevisionOf'] as Fields | undefined)?.['@id']
  if (typeof identifier !== 'string' || 'problem' in checkSlug(identifier)) throw damaged('identifier')
  if (!Number.isSafeInteger(version) || (version as number) < 1) throw damaged('version')
  if (typeof headline !== 'string') throw damaged('headline')
  if (!Array.isArray(articleSection) || !articleSection.every((name) => typeof name === 'string')) {
    throw damaged('articleSection')
  }
  for (const [key, value] of Object.entries({ datePublished, url, 'prov:wasRevisionOf': previous })) {
    if (value !== undefined && typeof value !== 'string') throw damaged(key)
  }
  const note = (version as number) > 1 ? newestNote(correction) : undefined
  return {
    identifier,
    version: version as number,
    title: headline,
    ...(datePublished === undefined ? {} : { datePublished: datePublished as string }),
    categories: articleSection,
    ...(url === undefined ? {} : { url: url as string }),
    ...(previous === undefined ? {} : { previous: (previous as string).replace(/^ipfs:\/\//, '') }),
    ...(note === undefined ? {} : { note }),
  }
}

interface Fields {
  readonly [key: string]: unknown
}

function parseObject(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

/** The reason for the edition, which comes last and has no date, or else the correction with the latest date. */
function newestNote(corrections: unknown): string | undefined {
  if (!Array.isArray(corrections)) return undefined
  const dated = corrections.filter(
    (each) => typeof each?.text === 'string' && /^(string|undefined)$/.test(typeof each.datePublished),
  ) as { text: string; datePublished?: string }[]
  const last = dated.at(-1)
  if (last === undefined || last.datePublished === undefined) return last?.text
  return dated.reduce((best, next) => (String(next.datePublished) < String(best.datePublished) ? best : next)).text
}

function damaged(key: string): OvnError {
  return new OvnError('damaged', `the bundle's metadata.json has no right "${key}"`)
}
