// A small archive that has one of everything, made once, and copies of it to be damaged.

import { hash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import * as digests from 'multiformats/hashes/digest'
import { type Archive, openArchive } from '../../src/archive/archive.ts'
import { composeNode } from '../../src/archive/node.ts'
import { publish } from '../../src/commands/publish.ts'
import { sha256 } from '../../src/dag/hash.ts'
import { listFiles } from '../../src/dag/list-files.ts'
import { readBlock } from '../../src/dag/read-block.ts'
import { linksOf } from '../../src/dag/walk.ts'
import { isEdition } from '../../src/manifest/record.ts'
import { type ArchiveChecked, verifyArchive } from '../../src/verify/verify-archive.ts'
import { addFiles } from '../archive/nodes.ts'

/** Who needs a block: `slug@version` and the path there. */
export interface Sample {
  readonly folder: string
  /** By multihash, in latin1. */
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>
}

const now = new Date('2025-08-22T10:00:00Z')

/**
 * Makes an archive in a folder: an article in three versions, one with an attachment of two blocks, two that share a picture, a
 * withdrawn one, a directory that is no bundle, a stray block and one that is held. A small one has no attachment and one version
 * less. The sources stay in `in`, as they were last.
 */
export async function makeArchive(folder: string, { small = false } = {}): Promise<Sample> {
  const source = join(folder, 'in')
  const archiveFolder = join(folder, 'archive')
  mkdirSync(source, { recursive: true })
  const write = (name: string, text: string | Uint8Array) => writeFileSync(join(source, name), text)
  write('quay.svg', '<svg xmlns="http://www.w3.org/2000/svg"><!-- the quay --></svg>')
  write('film.mp4', Buffer.alloc(1_048_576 + 3000, 'film'))
  const add = (name: string, text: string, note?: string) => {
    write(name, text)
    return publish(
      [join(source, name)],
      { overrides: {}, ...(note === undefined ? {} : { note }) },
      contextOf(archiveFolder),
    )
  }
  const harbour = (text: string) =>
    `---\ntitle: Harbour\nslug: harbour\ndate: 2025-08-22\ncategories: [Local, Sea]\nurl: https://example.org/harbour\n---\n\n![Quay](quay.svg)\n\n${text}\n`
  await add('harbour.md', harbour('One.'))
  await add('library.md', '# Library\n\n![Quay](quay.svg)\n\nBooks.\n')
  await add('harbour.md', harbour('Two.'), 'The second text.')
  if (!small) await add('film.md', '---\ntitle: Film\ncategory: Culture\n---\n\n![The film](film.mp4)\n')
  await add('gone.md', '# Gone\n\nIt was here.\n')
  const archive = openArchive(archiveFolder)
  try {
    withdraw(archive, 'gone')
    await addForeign(archive)
  } finally {
    archive.close()
  }
  if (!small) await add('harbour.md', harbour('Three.'))
  return sampleOf(archiveFolder)
}

/** An archive that is there, and who needs what in it. */
export async function sampleOf(folder: string): Promise<Sample> {
  const archive = openArchive(folder)
  try {
    // The cache reaches to the end, as it does after the next command.
    archive.editions.refresh()
    archive.editions.store()
    return { folder, needs: await needsOf(archive) }
  } finally {
    archive.close()
  }
}

/** The surroundings of a command that is run in this process. */
export function contextOf(archive: string) {
  return {
    archive,
    environment: {},
    cwd: archive,
    now,
    signal: new AbortController().signal,
    report: () => undefined,
    readInput: async () => new Uint8Array(),
    streamInput: async function* () {},
    writeOutput: () => Promise.reject(new Error('nothing is to be written')),
    outputIsTerminal: false,
  }
}

function withdraw(archive: Archive, slug: string): void {
  archive.editions.refresh()
  const record = archive.editions.ofSlug(slug).at(-1)
  if (record === undefined) throw new Error(slug)
  const { version, root } = record
  const draft = { event: 'withdraw', slug, version, root, reason: 'It was wrong.', time: now.toISOString() } as const
  archive.manifest.append([draft], archive.editions.lastCid)
  archive.pins.remove(CID.parse(root))
}

async function addForeign(archive: Archive): Promise<void> {
  const node = composeNode(archive.parts)
  const root = await addFiles(node, { 'a.txt': 'A', 'deep/b.txt': 'Bee' })
  archive.editions.refresh()
  archive.pins.insert(root, { slug: 'foreign', version: 1 })
  const draft = {
    event: 'import',
    slug: 'foreign',
    version: 1,
    root: root.toString(),
    size: 4,
    title: 'F',
    categories: [],
  } as const
  archive.manifest.append([{ ...draft, time: now.toISOString() }], archive.editions.lastCid)
  archive.blocks.insert(cidOf('stray'), Buffer.from('stray'))
  archive.blocks.insert(cidOf('held'), Buffer.from('held'))
  const database = new DatabaseSync(join(archive.folder, 'blocks.sqlite'))
  database
    .prepare('insert into hold (owner, multihash) values (?, ?)')
    .run('some process', cidOf('held').multihash.bytes)
  database.close()
}

export function cidOf(text: string): CID {
  return CID.createV1(0x55, sha256(Buffer.from(text)))
}

export function keyOf(multihash: Uint8Array): string {
  return Buffer.from(multihash).toString('latin1')
}

/** Which files of which editions need each block; found with another walk than the one that is tested. */
async function needsOf(archive: Archive): Promise<Map<string, Set<string>>> {
  const needs = new Map<string, Set<string>>()
  const note = (cid: CID, need: string) => {
    const key = keyOf(cid.multihash.bytes)
    needs.set(key, (needs.get(key) ?? new Set()).add(need))
  }
  for (const record of archive.manifest.records().filter(isEdition)) {
    if (!archive.editions.isLive(record.root)) continue
    const label = `${record.slug}@${record.version}`
    const root = CID.parse(record.root)
    note(root, `${label}:`)
    const folders = new Set<string>()
    for (const { path, cid } of await listFiles(archive.blocks, root)) {
      note(cid, `${label}:${path}`)
      for (const part of linksOf(cid, await readBlock(archive.blocks, cid))) note(part, `${label}:${path}`)
      if (path.includes('/')) folders.add(path.slice(0, path.indexOf('/')))
    }
    const { Links } = (await import('@ipld/dag-pb')).decode(await readBlock(archive.blocks, root))
    for (const { Name = '', Hash } of Links) if (folders.has(Name)) note(Hash, `${label}:${Name}`)
  }
  return needs
}

let copies = 0

/** A copy of a sample's archive, to be damaged. */
export function copyArchive({ folder }: Sample, into: string): string {
  copies += 1
  const copy = mkdtempSync(join(into, `copy-${copies}-`))
  for (const name of ['manifest.jsonl', 'blocks.sqlite']) copyFileSync(join(folder, name), join(copy, name))
  return copy
}

/** Checks an archive in this process. */
export function check(folder: string, refs: readonly string[] = []): Promise<ArchiveChecked> {
  return verifyArchive(folder, refs, { signal: new AbortController().signal, onBytes: () => undefined })
}

/** Changes a database behind everyone's back. */
export function edit<T>(folder: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder, 'blocks.sqlite'))
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** A row of the table of blocks. */
export interface Block {
  readonly id: number
  readonly multihash: Uint8Array
  readonly bytes: Uint8Array
}

export function blocksOf(database: DatabaseSync): Block[] {
  return database.prepare('select * from block order by id').all() as unknown as Block[]
}

/** Whether exactly these blocks are reported, each in this state, and each for all who need it. */
export function areReported(
  sample: Sample,
  { damage }: ArchiveChecked,
  blocks: readonly { readonly block: Block; readonly state: 'damaged' | 'missing' }[],
): boolean {
  if (damage.length !== blocks.length) return false
  return blocks.every(({ block, state }) => {
    const needs = sample.needs.get(keyOf(block.multihash)) ?? new Set()
    const found = damage.find(({ cid }) => cid?.endsWith(endOf(block)) === true)
    const told = new Set(found?.needs.map(({ article, path }) => `${article}:${path}`))
    return found?.kind === 'block' && found.state === state && told.symmetricDifference(needs).size === 0
  })
}

/** The end of a CID, which is the same with every codec: the first characters tell of that. */
export function endOf({ multihash }: Block): string {
  return CID.createV1(0x55, digests.decode(multihash)).toString().slice(8)
}

/** What a database holds. */
export interface Content {
  /** The bytes of every block, by row and multihash, hashed. */
  readonly blocks: ReadonlyMap<string, string>
  /** All else, and what SQLite says of the structure; a word where it cannot read it. */
  readonly rest: string
}

/** All that a database holds, as SQLite reads it. */
export function contentOf(folder: string): Content {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(join(folder, 'blocks.sqlite'), { readOnly: true })
    const found: unknown[] = [database.prepare('pragma integrity_check').all()]
    found.push(database.prepare('pragma application_id').all(), database.prepare('pragma user_version').all())
    found.push(database.prepare('select type, name, tbl_name, sql from sqlite_schema').all())
    // With what is in the others there is nothing to compare it.
    for (const table of ['pin', 'edition', 'manifest_mark']) {
      const statement = database.prepare(`select * from ${table}`)
      statement.setReadBigInts(true)
      found.push(statement.all())
    }
    const rows = database.prepare('select * from block')
    rows.setReadBigInts(true)
    const blocks = new Map<string, string>()
    for (const { id, multihash, bytes } of rows.iterate()) {
      const key = JSON.stringify([id, multihash], inWords)
      // A row that stands twice is no longer what it was.
      blocks.set(key, JSON.stringify(blocks.has(key) ? ['twice'] : bytes, inWords))
    }
    return { blocks, rest: JSON.stringify(found, inWords) }
  } catch (error) {
    return { blocks: new Map(), rest: String(error) }
  } finally {
    database?.close()
  }
}

function inWords(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return hash('sha256', value)
  return typeof value === 'bigint' ? `${value}n` : value
}

/** Whether two databases hold the same. */
export function sameContent(one: Content, other: Content): boolean {
  return one.rest === other.rest && changedBlocks(one, other)?.length === 0
}

/** The rows of those blocks whose bytes differ; undefined where other rows are there. */
export function changedBlocks(one: Content, other: Content): number[] | undefined {
  if (one.blocks.size !== other.blocks.size) return undefined
  const changed: number[] = []
  for (const [key, bytes] of one.blocks) {
    const found = other.blocks.get(key)
    if (found === undefined) return undefined
    if (found !== bytes) changed.push(Number.parseInt(JSON.parse(key)[0], 10))
  }
  return changed
}

/** Everything that was found, on lines that a failed test can show. */
export function told({ damage, notices }: ArchiveChecked): string[] {
  return [
    ...damage.map(
      ({ state, kind, message, needs }) =>
        `${state} ${kind}: ${message} [${needs.map(({ article, path }) => `${article}:${path}`).join(' ')}]`,
    ),
    ...notices.map(({ message }) => `notice: ${message}`),
  ]
}
