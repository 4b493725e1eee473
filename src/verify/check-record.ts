// A record of the manifest and the bundle that it speaks of: the bundle's own metadata, its source and its size must say the same.

import { isUtf8 } from 'node:buffer'
import type { CID } from 'multiformats/cid'
import type { EditionRecord } from '../manifest/record.ts'
import { labelOf } from './check-chain.ts'
import type { DagCheck } from './check-dag.ts'
import { type Damage, type DamageCode, hints, repairHint } from './damage.ts'

const bundleFormat = 'ovn-bundle/1'
const longestMetadata = 16 * 1_048_576

/** The fields of metadata.json that a record repeats. */
interface Metadata {
  readonly schemaVersion?: unknown
  readonly identifier?: unknown
  readonly version?: unknown
  readonly headline?: unknown
  readonly datePublished?: unknown
  readonly articleSection?: unknown
  readonly url?: unknown
  readonly correction?: unknown
  readonly 'prov:wasRevisionOf'?: unknown
}

/**
 * Compares a record with its bundle. `size` are the bytes of all files below the root; undefined where a part of it is not intact:
 * what can be read is compared all the same. What is no bundle of ours has a size and nothing else to compare.
 */
export function checkRecord(
  record: EditionRecord,
  { root, line, size }: { readonly root: CID; readonly line: number; readonly size: number | undefined },
  dag: DagCheck,
): Damage[] {
  const label = labelOf(record)
  const damage: Damage[] = []
  const needs = [{ article: label, root: record.root, path: '' }]

  function compare(code: DamageCode, field: string, found: unknown, expected: unknown): void {
    if (typeof found === typeof expected && spell(found) === spell(expected)) return
    damage.push({
      code,
      state: 'damaged',
      kind: 'record',
      line,
      message: `line ${line} of the manifest: the ${field} of ${label} is not that of its bundle`,
      expected: spell(expected),
      found: spell(found),
      hint: hints.manifest,
      needs,
    })
  }

  function lacks(code: DamageCode, path: string, why: string): void {
    const message = `the bundle of ${label}: ${path} ${why}`
    damage.push({
      code,
      state: 'damaged',
      kind: 'bundle',
      message,
      hint: repairHint(label),
      needs: [{ ...needs[0], root: record.root, path }],
    })
  }

  if (size !== undefined) compare('record-size', 'size', record.size, size)
  const entries = dag.entriesOf(root)
  if (entries === undefined) {
    // A root that is not intact is reported as a block.
    if (record.source !== undefined && size !== undefined) lacks('bundle-folder', 'the root', 'is not a directory')
    return damage
  }
  const metadata = readMetadata(dag, entries.get('metadata.json'))
  const isBundle = metadata?.schemaVersion === bundleFormat
  if (record.source === undefined && !isBundle) return damage

  if (record.event === 'publish') {
    for (const path of ['article.md', 'index.html', 'metadata.json'])
      if (!entries.has(path)) lacks('bundle-file', path, 'is not in it')
  }
  const source = entries.get('article.md')
  compare(
    'record-source',
    'source',
    record.source,
    source !== undefined && dag.isFile(source) ? source.toString() : undefined,
  )
  if (!isBundle) {
    if (size !== undefined)
      lacks('bundle-metadata', 'metadata.json', `is not that of a bundle of the format ${bundleFormat}`)
    return damage
  }
  compare('record-slug', 'slug', record.identifier ?? record.slug, metadata.identifier)
  compare('record-version', 'version', record.version, metadata.version)
  compare('record-title', 'title', record.title, metadata.headline)
  compare('record-date', 'date', record.datePublished, metadata.datePublished)
  compare('record-categories', 'categories', record.categories, metadata.articleSection ?? [])
  compare('record-url', 'address', record.url, metadata.url)
  compare('record-previous', 'previous version', record.previous, revisedBy(metadata))
  if (record.note !== undefined && !correctionsOf(metadata).includes(record.note)) {
    compare('record-note', 'note', record.note, correctionsOf(metadata).at(-1))
  }
  return damage
}

function readMetadata(dag: DagCheck, file: CID | undefined): Metadata | undefined {
  const bytes = file === undefined ? undefined : dag.bytesOf(file, longestMetadata)
  if (bytes === undefined) return undefined
  try {
    if (!isUtf8(bytes)) return undefined
    const value: unknown = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        .toString()
        .replace(/^\ufeff/, ''),
    )
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function revisedBy(metadata: Metadata): unknown {
  const id = (metadata['prov:wasRevisionOf'] as { readonly '@id'?: unknown } | null | undefined)?.['@id']
  return typeof id === 'string' ? id.replace(/^ipfs:\/\//, '') : id
}

function correctionsOf({ correction }: Metadata): string[] {
  if (!Array.isArray(correction)) return []
  return correction.map((each) => (each as { text?: unknown } | null)?.text).filter((text) => typeof text === 'string')
}

function spell(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined ? 'none' : JSON.stringify(value)
}
