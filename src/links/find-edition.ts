// A ref → the edition of an article that the manifest records.

import type { Archive } from '../archive/archive.ts'
import { OvnError } from '../errors.ts'
import type { EditionRecord } from '../manifest/record.ts'
import { parseRef } from './parse-ref.ts'

/** What a ref names: one edition, and all editions of its article, oldest first. */
export interface Found {
  readonly record: EditionRecord
  readonly editions: readonly EditionRecord[]
}

/**
 * Finds the edition that a ref names: the newest of a slug, unless the ref says which. One that was withdrawn is the newest
 * only where all of them were.
 * Throws an OvnError: `usage` for what is no ref, `not-found` for what the archive does not record.
 */
export function findEdition(archive: Archive, text: string): Found {
  archive.editions.refresh()
  const ref = parseRef(text)
  const recorded = ref.kind === 'root' ? archive.editions.ofRoot(ref.root.toString()) : undefined
  const slug = ref.kind === 'slug' ? ref.slug : recorded?.slug
  const editions = slug === undefined ? [] : archive.editions.ofSlug(slug)
  const wanted = ref.kind === 'slug' ? ref.version : undefined
  const record = recorded ?? (wanted === undefined ? newestOf(archive, editions) : ofVersion(editions, wanted))
  if (record === undefined) throw notRecorded(text, editions)
  return { record, editions }
}

function newestOf(archive: Archive, editions: readonly EditionRecord[]): EditionRecord | undefined {
  return editions.findLast(({ root }) => archive.editions.isLive(root)) ?? editions.at(-1)
}

function ofVersion(editions: readonly EditionRecord[], version: number): EditionRecord | undefined {
  return editions.findLast((each) => each.version === version)
}

function notRecorded(text: string, editions: readonly EditionRecord[]): OvnError {
  const newest = editions.at(-1)
  return new OvnError('not-found', `no article "${text}" in this archive`, {
    hint:
      newest === undefined
        ? 'see what there is with `ovn list`'
        : `its newest version is ${newest.slug}@${newest.version}`,
  })
}
