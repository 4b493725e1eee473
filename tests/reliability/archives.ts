// Archives that are good, bad or worth a notice, each named by what checking it must find. They are edits of the golden archive of
// the first format, so that nothing has to be stored, and nobody has to guess what is in a file.

import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { sha256 } from '../../src/dag/hash.ts'
import { cidOf, encodeCanonical } from '../../src/manifest/record.ts'
import type { DamageCode, NoticeCode } from '../../src/verify/damage.ts'
import {
  type Block,
  directoryBlock,
  fileBlock,
  pbBlock,
  rawBlock,
  shardBlock,
  unixFsData,
} from '../dag/hostile-cars.ts'
import { unpackGolden } from './golden.ts'

/** An archive of the corpus. */
export interface CorpusArchive {
  /** `good/<what>`, `warn/<code>/<what>` or `bad/<code>/<what>`. */
  readonly name: string
  /** All codes that are to be found, each once, in order. */
  readonly damage: readonly DamageCode[]
  readonly notices: readonly NoticeCode[]
  /** Makes it in a folder that is not there yet. */
  make(folder: string): void
}

type Edit = (archive: Draft) => void

interface More {
  readonly damage?: readonly DamageCode[]
  readonly notices?: readonly NoticeCode[]
}

export const corpus: CorpusArchive[] = []

function good(what: string, edit: Edit): void {
  add(`good/${what}`, edit, {})
}

/** `more`: what the same fault leads to besides. */
function warn(code: NoticeCode, what: string, edit: Edit, more: More = {}): void {
  add(`warn/${code}/${what}`, edit, { ...more, notices: [code, ...(more.notices ?? [])] })
}

function bad(code: DamageCode, what: string, edit: Edit, more: More = {}): void {
  add(`bad/${code}/${what}`, edit, { ...more, damage: [code, ...(more.damage ?? [])] })
}

function add(name: string, edit: Edit, { damage = [], notices = [] }: More): void {
  const make = (folder: string) => {
    unpackGolden('v1', folder)
    edit(new Draft(folder))
  }
  corpus.push({ name, damage: damage.toSorted(), notices: notices.toSorted(), make })
}

type Fields = { readonly [field: string]: unknown }

/** The lines of the golden archive, from 0: an article and its correction, what is withdrawn in the end, and what was imported. */
const ferry1 = 0
const rumour = 1
const tides = 2
const ferry2 = 3
const withdrawal = 4

/** An archive that is being edited. */
class Draft {
  readonly folder: string
  readonly manifest: string
  readonly blocks: string

  constructor(folder: string) {
    this.folder = folder
    this.manifest = join(folder, 'manifest.jsonl')
    this.blocks = join(folder, 'blocks.sqlite')
  }

  lines(): string[] {
    return readFileSync(this.manifest, 'utf8').trimEnd().split('\n')
  }

  records(): Fields[] {
    return this.lines().map((line) => JSON.parse(line))
  }

  record(index: number): Fields {
    return this.records()[index] as Fields
  }

  /** Writes lines as they are. The cache is emptied: what it remembers is another matter. */
  write(lines: readonly (string | Buffer)[]): void {
    writeFileSync(this.manifest, Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')])))
    this.sql('delete from edition; delete from manifest_mark')
  }

  /** Changes one line, and nothing else. */
  rewrite(index: number, change: (line: string) => string | Buffer): void {
    this.write(this.lines().map((line, at) => (at === index ? change(line) : line)))
  }

  /** Writes records anew, each following the one before, so that nothing but what they say is changed. */
  seal(records: readonly Fields[]): void {
    const lines: string[] = []
    let last: string | undefined
    for (const { cid: _, parent: __, ...body } of records) {
      const fields = { ...body, ...(last === undefined ? {} : { parent: last }) } as never
      last = cidOf(fields)
      lines.push(encodeCanonical({ ...(fields as object), cid: last }))
    }
    this.write(lines)
  }

  /** Changes the fields of one record, in a chain that is sealed anew; undefined takes a field away. */
  change(index: number, fields: Fields): void {
    this.seal(this.records().map((record, at) => (at === index ? withFields(record, fields) : record)))
  }

  append(...records: readonly Fields[]): void {
    this.seal([...this.records(), ...records.map((record) => ({ v: 1, time: '2030-01-01T00:00:00.000Z', ...record }))])
  }

  /** Fills the cache from the manifest, up to a number of lines. */
  cache(count = Number.POSITIVE_INFINITY): void {
    this.edit((database) => {
      database.exec('delete from edition; delete from manifest_mark')
      let start = 0
      let mark: SQLInputValue[] = []
      for (const [index, line] of this.lines().slice(0, count).entries()) {
        const { slug, version, root, event, cid } = JSON.parse(line)
        const length = Buffer.byteLength(line)
        if (root !== undefined) {
          const row = [slug, version, root, event, start, length]
          database.prepare('insert into edition values (?, ?, ?, ?, ?, ?)').run(...row)
        }
        mark = [start + length + 1, index + 1, start, cid]
        start += length + 1
      }
      database.prepare('insert into manifest_mark values (?, ?, ?, ?)').run(...mark)
    })
  }

  edit<T>(work: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(this.blocks)
    try {
      return work(database)
    } finally {
      database.close()
    }
  }

  sql(text: string): void {
    this.edit((database) => database.exec(text))
  }

  /** The number of the first page of a table or an index, from 1. */
  pageOf(name: string): number {
    const sql = 'select rootpage from sqlite_schema where name = ?'
    return this.edit((database) => database.prepare(sql).get(name))?.rootpage as number
  }

  /** Changes bytes of the database's file. */
  bytes(change: (bytes: Buffer) => void): void {
    const bytes = readFileSync(this.blocks)
    change(bytes)
    writeFileSync(this.blocks, bytes)
  }

  put(...blocks: readonly Block[]): void {
    this.edit((database) => {
      const insert = database.prepare('insert into block (multihash, bytes) values (?, ?) on conflict do nothing')
      for (const { cid, bytes } of blocks) insert.run(cid.multihash.bytes, bytes)
    })
  }

  read(cid: CID): Buffer {
    const sql = 'select bytes from block where multihash = ?'
    const row = this.edit((database) => database.prepare(sql).get(cid.multihash.bytes))
    return Buffer.from(row?.bytes as Uint8Array)
  }

  /** Changes the bytes of the block that is stored for a CID. */
  spoil(cid: CID, change: (bytes: Buffer) => Uint8Array | string): void {
    const bytes = change(this.read(cid))
    this.edit((database) =>
      database.prepare('update block set bytes = ? where multihash = ?').run(bytes, cid.multihash.bytes),
    )
  }

  remove(cid: CID): void {
    this.edit((database) => database.prepare('delete from block where multihash = ?').run(cid.multihash.bytes))
  }

  root(index: number): CID {
    return CID.parse(this.record(index).root as string)
  }

  /** The CID of a file of an edition, by the results that were recorded with it. */
  file(index: number, name: string): CID {
    const node = this.entries(this.root(index))
    return node.find(([each]) => each === name)?.[1] as CID
  }

  entries(root: CID): [name: string, cid: CID][] {
    const links = pbLinks(this.read(root))
    return links.map(({ name, cid }) => [name, cid])
  }

  /** Gives an edition another bundle, its pin with it. */
  bundle(index: number, root: Block, others: readonly Block[], size: number, fields: Fields = {}): void {
    const old = this.root(index)
    this.put(root, ...others)
    this.change(index, { root: root.cid.toString(), size, ...fields })
    this.edit((database) =>
      database
        .prepare('update pin set root = ?, multihash = ? where root = ?')
        .run(root.cid.bytes, root.cid.multihash.bytes, old.bytes),
    )
  }

  /** Keeps something that is no bundle. */
  keep(root: Block, others: readonly Block[], size: number): void {
    this.put(root, ...others)
    const record = { event: 'import', slug: 'foreign', version: 1, root: root.cid.toString(), size, title: 'Foreign' }
    this.append({ ...record, categories: [] })
    this.pin(root.cid, { slug: 'foreign', version: 1 })
  }

  pin(root: CID, metadata: object = {}, depth: number | null = null): void {
    this.edit((database) =>
      database
        .prepare('insert into pin (root, multihash, depth, metadata) values (?, ?, ?, ?)')
        .run(root.bytes, root.multihash.bytes, depth, JSON.stringify(metadata)),
    )
  }
}

function withFields(record: Fields, fields: Fields): Fields {
  const kept = Object.entries({ ...record, ...fields }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept)
}

/** The links of a dag-pb node that ovn has written. */
function pbLinks(bytes: Buffer): { readonly name: string; readonly cid: CID }[] {
  const links: { name: string; cid: CID }[] = []
  for (let at = 0; bytes[at] === 0x12; at += 2 + (bytes[at + 1] as number)) {
    const link = bytes.subarray(at + 2, at + 2 + (bytes[at + 1] as number))
    const cid = CID.decode(link.subarray(2, 38))
    const name = link.subarray(40, 40 + (link[39] as number)).toString()
    links.push({ name, cid })
  }
  return links
}

function flip(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1
  return bytes
}

const text = rawBlock('A text of another newsroom.\n')
const stray = rawBlock('nobody needs this')
const anything = { event: 'remark', remark: 'kept as it is' }

/** The block of a link in a directory, whatever the CID of the link says of its hash function and codec. */
function underCid(block: Block, codec: number, hash: { readonly code: number; readonly digest: Uint8Array }): Block {
  return { ...block, cid: CID.createV1(codec, create(hash.code, hash.digest)) }
}

// Good

good('as it was written', () => undefined)
good('without a cache', (archive) => archive.sql('delete from edition; delete from manifest_mark'))
good('with a cache of its beginning', (archive) => archive.cache(3))
good('of a config alone', ({ manifest, blocks }) => {
  rmSync(manifest)
  rmSync(blocks)
})
good('of a database and nothing in it', (archive) => {
  rmSync(archive.manifest)
  archive.sql('delete from pin; delete from block; delete from edition; delete from manifest_mark')
})
good('with a manifest of no lines, and a database of no bytes', ({ manifest, blocks }) => {
  truncateSync(manifest)
  truncateSync(blocks)
})
good('without a config', ({ folder }) => rmSync(join(folder, 'config.json')))
good('with events and fields that nobody knows', (archive) => {
  archive.change(tides, { later: { numbers: [0.1, -1.5e-7, 1e21, 2 ** 60, 100], text: '\u2028\u0001"\\/\u007f' } })
  archive.append(anything)
})
good('with keys beyond U+FFFF', (archive) => archive.append({ ...anything, '\u{1f30a}': 1, '\uff5e': 2, ü: 3 }))
good('with a record that is known to be lost', (archive) => {
  const { cid, root } = archive.record(tides)
  archive.edit((database) => database.prepare('delete from pin where root = ?').run(CID.parse(root as string).bytes))
  const lines = archive.lines()
  const last = archive.record(withdrawal).cid
  const recover = { v: 1, event: 'recover', lost: [cid], time: '2030-01-01T00:00:00.000Z', parent: last } as never
  const line = encodeCanonical({ ...(recover as object), cid: cidOf(recover) })
  archive.write([...lines.filter((_, index) => index !== tides), line])
})
good('with strays', (archive) => archive.put(stray))
good('with a block that is held, and keys', (archive) => {
  archive.put(stray)
  archive.edit((database) => {
    database.prepare('insert into hold (owner, multihash) values (?, ?)').run('x', stray.cid.multihash.bytes)
    database.exec("insert into datastore values ('/a', x'01')")
  })
})
good('with a database in the mode WAL', (archive) => archive.sql('pragma journal_mode = wal'))
good('with pages of another size', (archive) => archive.sql('pragma page_size = 4096; vacuum'))
good('with what was withdrawn swept', (archive) => {
  for (const name of ['index.html', 'article.md', 'metadata.json']) archive.remove(archive.file(rumour, name))
  archive.remove(archive.root(rumour))
})
good('with what was withdrawn recorded again', (archive) => {
  const root = archive.root(rumour)
  archive.append({ ...archive.record(rumour), time: '2030-01-01T00:00:00.000Z' })
  archive.pin(root, { slug: 'a-rumour-about-the-bridge', version: 1 })
})
good('with one root under two slugs', (archive) =>
  archive.append({ ...archive.record(tides), slug: 'tides-too', time: '2030-01-01T00:00:00.000Z' }),
)
good('with locks and torn lines that were left', ({ folder }) => {
  writeFileSync(join(folder, 'hold-x.lock'), '')
  writeFileSync(join(folder, 'manifest.torn'), '{"half\n')
})
good('with more in the metadata of a pin', (archive) =>
  archive.sql(`update pin set metadata = json_set(metadata, '$.more', 1)`),
)
good('with a file', (archive) => archive.keep(text, [], text.bytes.length))
good('with folders, an empty file and a symbolic link', (archive) => {
  const link = pbBlock(
    unixFsData([
      [1, 4],
      [2, Buffer.from('a.txt')],
    ]),
    [],
  )
  const inner = directoryBlock([['link', link.cid]])
  const root = directoryBlock([
    ['a.txt', text.cid],
    ['b', inner.cid],
    ['empty', rawBlock('').cid],
  ])
  archive.keep(root, [text, link, inner, rawBlock('')], text.bytes.length + 5)
})
good('with a block inside a CID', (archive) => {
  const inline = underCid(rawBlock('inside'), 0x55, { code: 0, digest: Buffer.from('inside') })
  archive.keep(directoryBlock([['inline', inline.cid]]), [], 6)
})
good('with links of version 0', (archive) => {
  const inner = directoryBlock([['a', text.cid]])
  archive.keep(directoryBlock([['b', CID.createV0(inner.cid.multihash as never)]]), [inner, text], text.bytes.length)
})
good('with a file of parts, some of them parts of parts', (archive) => {
  const [one, two, three] = ['one,', 'two,', 'three'].map((each) => rawBlock(each)) as [Block, Block, Block]
  const inner = fileBlock([
    [one.cid, 4],
    [two.cid, 4],
  ])
  archive.keep(
    fileBlock([
      [inner.cid, 8],
      [three.cid, 5],
      [one.cid, 4],
    ]),
    [inner, one, two, three],
    17,
  )
})
good('with a folder of shards', (archive) => {
  const inner = shardBlock(256, [['00b', text.cid]])
  archive.keep(
    shardBlock(256, [
      ['03', inner.cid],
      ['F0a', text.cid],
    ]),
    [inner, text],
    2 * text.bytes.length,
  )
})

// Worth a notice

warn('line-torn', 'half a line', ({ manifest }) => appendFileSync(manifest, '{"cid":"bafy'))
warn('line-torn', 'a line without its last two bytes', (archive) => {
  archive.append(anything)
  const bytes = readFileSync(archive.manifest)
  writeFileSync(archive.manifest, bytes.subarray(0, -2))
})
warn('chain-branch', 'two copies that were merged', (archive) => {
  const record = { v: 1, time: '2030-01-01T00:00:00.000Z', ...anything, parent: archive.record(tides).cid } as never
  archive.write([...archive.lines(), encodeCanonical({ ...(record as object), cid: cidOf(record) })])
})
warn('chain-start', 'two manifests that were joined', (archive) => {
  const record = { v: 1, time: '2030-01-01T00:00:00.000Z', ...anything } as never
  archive.write([...archive.lines(), encodeCanonical({ ...(record as object), cid: cidOf(record) })])
})
warn('version-twice', 'two roots of one version', (archive) => {
  archive.put(text)
  const { title, categories } = archive.record(tides)
  const fields = { event: 'import', slug: 'tide-tables', version: 1, size: text.bytes.length, title, categories }
  archive.append({ ...fields, root: text.cid.toString() })
  archive.pin(text.cid, { slug: 'tide-tables', version: 1 })
})
warn('version-absent', 'an imported version without the one before', (archive) => {
  // The second version of the ferry, alone, in another archive.
  const record = { ...archive.record(ferry2), event: 'import', note: undefined }
  archive.seal([withFields(record, {})])
  archive.sql(`delete from pin where json_extract(metadata, '$.version') <> 2`)
})
warn('version-absent', 'a version before that is known to be lost', (archive) => {
  const root = archive.root(ferry1)
  archive.edit((database) => database.prepare('delete from pin where root = ?').run(root.bytes))
  archive.seal([
    ...archive.records().slice(1),
    { v: 1, event: 'recover', lost: [archive.record(ferry1).cid], time: '' },
  ])
})
warn('pin-unrecorded', 'an interrupted publish', (archive) => {
  archive.put(text)
  archive.pin(text.cid, { slug: 'text', version: 1 })
})
warn('pin-unrecorded', 'a pin of some levels', (archive) => {
  const root = directoryBlock([['gone', stray.cid]])
  archive.put(root)
  archive.pin(root.cid, {}, 0)
})
warn('pin-unrecorded', 'a manifest that lost its end, and no cache of it', (archive) => {
  archive.seal([archive.record(ferry1), archive.record(ferry2)])
})
warn('pin-withdrawn', 'an interrupted withdrawal', (archive) =>
  archive.pin(archive.root(rumour), { slug: 'a-rumour-about-the-bridge', version: 1 }),
)

// Bad: the database

bad('database-missing', 'it is gone', ({ blocks }) => rmSync(blocks))
bad('database-missing', 'it is empty', ({ blocks }) => truncateSync(blocks))
bad('database-journal', 'a writer was killed in the middle', (archive) => {
  const database = new DatabaseSync(archive.blocks)
  // So little cache that changed pages are on disk before the transaction ends.
  database.exec('pragma cache_size = 2; begin immediate; update block set bytes = zeroblob(30000)')
  for (const end of ['', '-journal']) cpSync(`${archive.blocks}${end}`, `${archive.folder}/copy${end}`)
  database.exec('rollback')
  database.close()
  for (const end of ['', '-journal']) cpSync(`${archive.folder}/copy${end}`, `${archive.blocks}${end}`)
})
bad('database-damaged', 'it begins with something else', (archive) => archive.bytes((bytes) => bytes.fill(0, 0, 16)))
for (const table of ['edition', 'block']) {
  bad('database-damaged', `the first page of ${table} is overwritten`, (archive) => {
    const end = 16_384 * archive.pageOf(table)
    archive.bytes((bytes) => bytes.fill(0xff, end - 16_384, end))
  })
}
bad('database-structure', 'an index disagrees with its table', (archive) => {
  const { multihash } = archive.root(tides)
  const start = 16_384 * (archive.pageOf('pin_multihash') - 1)
  archive.bytes((bytes) => {
    const at = bytes.indexOf(multihash.bytes, start) + 10
    bytes[at] = (bytes[at] as number) ^ 1
  })
})
bad('database-structure', 'free pages are miscounted', (archive) =>
  archive.bytes((bytes) => bytes.writeUInt32BE(7, 36)),
)
bad('database-application', 'it is of another program', (archive) => archive.sql('pragma application_id = 1'))
bad('database-format', 'it names no version', (archive) => archive.sql('pragma user_version = 0'))
bad('database-header', 'it cannot be written to', (archive) =>
  archive.bytes((bytes) => {
    bytes[18] = 3
  }),
)
bad('database-schema', 'an index is gone', (archive) => archive.sql('drop index pin_multihash'))
bad('database-schema', 'a table is gone', (archive) => archive.sql('drop table datastore'))
bad('database-schema', 'a letter of what SQLite made itself', (archive) =>
  archive.bytes((bytes) => bytes.write('indEx', bytes.indexOf('indexsqlite_autoindex_pin_1'))),
)
bad('database-schema', 'a column too many', (archive) => archive.sql('alter table hold add column more text'))
bad('database-schema', 'a trigger', (archive) =>
  archive.sql('create trigger t after insert on pin begin delete from pin; end'),
)
bad('database-schema', 'a view', (archive) => archive.sql('create view v as select * from block'))

// Bad: blocks

bad('block-hash', 'a bit of a file', (archive) => archive.spoil(archive.file(ferry2, 'index.html'), flip))
bad('block-hash', 'a bit of the source', (archive) => archive.spoil(archive.file(tides, 'article.md'), flip))
bad('block-hash', 'a bit of the metadata', (archive) => archive.spoil(archive.file(tides, 'metadata.json'), flip))
bad('block-hash', 'a bit of a root', (archive) => archive.spoil(archive.root(ferry1), flip))
bad('block-hash', 'a folder that two versions share', (archive) => archive.spoil(archive.file(ferry1, 'assets'), flip))
bad('block-hash', 'cut short', (archive) =>
  archive.spoil(archive.file(ferry2, 'index.html'), (bytes) => bytes.subarray(0, 100)),
)
bad('block-hash', 'one byte too many', (archive) =>
  archive.spoil(archive.file(ferry2, 'index.html'), (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
)
bad('block-hash', 'no bytes left', (archive) =>
  archive.spoil(archive.file(ferry2, 'index.html'), () => Buffer.alloc(0)),
)
bad('block-hash', 'two blocks in the place of each other', (archive) => {
  const [one, two] = [archive.file(ferry2, 'index.html'), archive.file(tides, 'index.html')]
  const bytes = archive.read(one)
  archive.spoil(one, () => archive.read(two))
  archive.spoil(two, () => bytes)
})
bad('block-hash', 'a stray', (archive) => {
  archive.put(stray)
  archive.spoil(stray.cid, flip)
})
bad(
  'block-hash',
  'a block below a pin that no record names',
  (archive) => {
    archive.put(text)
    archive.pin(text.cid)
    archive.spoil(text.cid, flip)
  },
  { notices: ['pin-unrecorded'] },
)
bad(
  'block-hash',
  'an index that leads to another block',
  (archive) => {
    const [one, two] = [rawBlock('either this'), rawBlock('or the that')]
    const entries = [
      ['a', one.cid],
      ['b', two.cid],
    ] as const
    archive.keep(directoryBlock(entries), [one, two], 22)
    archive.bytes((bytes) => {
      const start = 16_384 * (archive.pageOf('sqlite_autoindex_block_1') - 1)
      // An entry of the index is a multihash, and the number of its row.
      const [first, second] = [one, two].map(({ cid }) => bytes.indexOf(cid.multihash.bytes, start) + 34) as [
        number,
        number,
      ]
      const row = bytes[first] as number
      bytes[first] = bytes[second] as number
      bytes[second] = row
    })
  },
  { damage: ['database-structure'] },
)
bad('block-missing', 'a file', (archive) => archive.remove(archive.file(ferry2, 'index.html')))
bad('block-missing', 'the metadata', (archive) => archive.remove(archive.file(tides, 'metadata.json')))
bad('block-missing', 'a root', (archive) => archive.remove(archive.root(tides)))
bad('block-missing', 'all of them', (archive) => archive.sql('delete from block'))
bad('block-missing', 'a withdrawn root that was recorded again', (archive) => {
  archive.append({ ...archive.record(rumour), time: '2030-01-01T00:00:00.000Z' })
  archive.pin(archive.root(rumour), { slug: 'a-rumour-about-the-bridge', version: 1 })
  archive.remove(archive.file(rumour, 'article.md'))
})
bad('block-size', 'a stray of more than 2 MiB', (archive) => archive.put(rawBlock(Buffer.alloc(2 * 1_048_576 + 1))))
bad('block-content', 'a text', (archive) =>
  archive.spoil(archive.file(ferry2, 'index.html'), (bytes) => bytes.toString()),
)
bad('block-multihash', 'three bytes', (archive) =>
  archive.sql("insert into block (multihash, bytes) values (x'122001', x'00')"),
)
bad('block-multihash', 'a text', (archive) => archive.sql("insert into block (multihash, bytes) values ('a', x'00')"))
bad('block-function', 'a file that was hashed otherwise', (archive) => {
  const other = underCid(text, 0x55, { code: 0x1e, digest: sha256(text.bytes).digest })
  archive.keep(directoryBlock([['a', other.cid]]), [other], text.bytes.length)
})
bad('block-codec', 'a file that is DAG-CBOR', (archive) => {
  const data = underCid(rawBlock(Buffer.of(0xa0)), 0x71, sha256(Buffer.of(0xa0)))
  archive.keep(directoryBlock([['a', data.cid]]), [data], 1)
})
bad('block-unixfs', 'a node without data', (archive) => archive.keep(pbBlock(undefined, []), [], 0))
bad('block-unixfs', 'bytes that are no node', (archive) => {
  const bytes = Buffer.from('no node at all')
  archive.keep({ bytes, cid: CID.createV1(0x70, sha256(bytes)) }, [], 0)
})
bad('block-unixfs', 'two entries of one name', (archive) =>
  archive.keep(
    directoryBlock([
      ['a', text.cid],
      ['a', text.cid],
    ]),
    [text],
    2 * text.bytes.length,
  ),
)
bad('block-unixfs', 'a file with another size than its parts', (archive) =>
  archive.keep(fileBlock([[text.cid, text.bytes.length]], 5), [text], 5),
)
bad('block-unixfs', 'shards with another hash function', (archive) =>
  archive.keep(shardBlock(256, [['00a', text.cid]], 0x23), [text], text.bytes.length),
)
bad('block-unixfs', 'a shard with two links in one place', (archive) =>
  archive.keep(
    shardBlock(256, [
      ['00a', text.cid],
      ['00b', text.cid],
    ]),
    [text],
    2 * text.bytes.length,
  ),
)
bad('file-parts', 'a part that is longer than it should be', (archive) =>
  archive.keep(fileBlock([[text.cid, text.bytes.length - 1]]), [text], text.bytes.length - 1),
)
bad('file-parts', 'a folder as a part', (archive) => {
  const folder = directoryBlock([['a', text.cid]])
  archive.keep(fileBlock([[folder.cid, text.bytes.length]]), [folder, text], text.bytes.length)
})

// Bad: bundles

bad('bundle-folder', 'a bundle that is a file', (archive) => archive.bundle(tides, text, [], text.bytes.length))
bad('bundle-file', 'no index.html', (archive) => {
  const rest = archive.entries(archive.root(ferry2)).filter(([name]) => name !== 'index.html')
  const size = (archive.record(ferry2).size as number) - archive.read(archive.file(ferry2, 'index.html')).length
  archive.bundle(ferry2, directoryBlock(rest), [], size)
})
bad('bundle-metadata', 'metadata.json of somebody else', (archive) => {
  const other = rawBlock('{"name":"package"}\n')
  const entries = archive.entries(archive.root(tides))
  const size = (archive.record(tides).size as number) - archive.read(archive.file(tides, 'metadata.json')).length
  const root = directoryBlock(entries.map(([name, cid]) => [name, name === 'metadata.json' ? other.cid : cid]))
  archive.bundle(tides, root, [other], size + other.bytes.length)
})

// Bad: lines

bad('line-json', 'a line that is no JSON', (archive) => archive.rewrite(tides, (line) => line.slice(0, -1)))
bad('line-json', 'a line of nothing', (archive) => archive.write([...archive.lines(), '']))
bad('line-record', 'a list', (archive) => archive.write([...archive.lines(), '[]']))
bad('line-depth', 'two hundred lists', (archive) =>
  archive.append({ ...anything, deep: JSON.parse('['.repeat(200) + ']'.repeat(200)) }),
)
bad('line-length', 'more than 16 MiB', (archive) => archive.append({ ...anything, long: 'x'.repeat(16 * 1_048_576) }))
bad('line-spelling', 'white space', (archive) => archive.rewrite(tides, (line) => line.replace('":', '": ')))
bad('line-spelling', 'a carriage return', (archive) => archive.rewrite(tides, (line) => `${line}\r`))
bad('line-spelling', 'keys in another order', (archive) =>
  archive.rewrite(tides, (line) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).reverse()))),
)
bad('line-spelling', 'a key twice', (archive) =>
  archive.rewrite(tides, (line) => line.replace('{', '{"categories":[],')),
)
bad('line-spelling', 'an escape that is none too many', (archive) =>
  archive.rewrite(tides, (line) => line.replace('Tide', '\\u0054ide')),
)
bad('line-spelling', 'a byte that is no UTF-8', (archive) =>
  archive.rewrite(tides, (line) => Buffer.from(line.replace('Tide', 'T\u00ffde'), 'latin1')),
)
bad('line-spelling', 'a number with a fraction of nothing', (archive) =>
  archive.rewrite(tides, (line) => line.replace('"version":1', '"version":1.0')),
)
bad('line-cid', 'another title', (archive) => archive.rewrite(tides, (line) => line.replace('Tide', 'Time')))
bad('line-cid', 'another CID', (archive) =>
  archive.rewrite(tides, (line) => line.replace(/"baguqeera\w/, '"baguqeera2')),
)
bad('line-cid', 'no CID', (archive) => archive.rewrite(tides, (line) => line.replace(/"cid":"\w+",/, '')))
for (const [what, index, fields] of [
  ['a version of the format that never was', tides, { v: 0 }],
  ['a version in words', tides, { version: '1' }],
  ['a version 0', tides, { version: 0 }],
  ['a size below 0', tides, { size: -1 }],
  ['no title', tides, { title: undefined }],
  ['categories that are a text', tides, { categories: 'Sea' }],
  ['a note that is a number', tides, { note: 5 }],
  ['a publish without inputs', ferry1, { inputs: undefined }],
] as const) {
  bad('line-field', what, (archive) => archive.change(index, fields))
}
bad('line-field', 'a root that is no CID', (archive) => archive.change(tides, { root: 'bafybeigdyrzt' }), {
  notices: ['pin-unrecorded'],
})
bad('line-field', 'a withdrawal without a reason', (archive) =>
  archive.append({ event: 'withdraw', slug: 'x', version: 1 }),
)
bad('line-field', 'a recovery of nothing', (archive) => archive.append({ event: 'recover' }))
bad('line-newline', 'another byte at the very end', (archive) => {
  archive.append(anything)
  const bytes = readFileSync(archive.manifest)
  bytes[bytes.length - 1] = 0x0b
  writeFileSync(archive.manifest, bytes)
})

// Bad: the chain

bad('chain-parent', 'the first line is gone', (archive) => {
  archive.seal([{ v: 1, time: '', ...anything }, ...archive.records()])
  archive.write(archive.lines().slice(1))
})
bad(
  'chain-parent',
  'a line in the middle is gone',
  (archive) => archive.write(archive.lines().filter((_, index) => index !== tides)),
  { notices: ['pin-unrecorded'] },
)
bad('chain-order', 'two lines in the place of each other', (archive) => {
  const [one, two, three, ...rest] = archive.lines() as [string, string, string]
  archive.write([one, three, two, ...rest])
})
bad('chain-repeat', 'a line twice', (archive) => {
  const lines = archive.lines()
  archive.write([...lines.slice(0, 3), lines[tides] as string, ...lines.slice(3)])
})
bad('manifest-missing', 'it is gone', ({ manifest }) => rmSync(manifest), { notices: ['pin-unrecorded'] })
bad('manifest-end', 'its last line is gone', (archive) => {
  archive.append(anything)
  archive.cache()
  const bytes = readFileSync(archive.manifest)
  truncateSync(archive.manifest, bytes.lastIndexOf('\n', -2) + 1)
})
bad(
  'manifest-end',
  'half of its last line is gone',
  (archive) => {
    archive.append(anything)
    archive.cache()
    truncateSync(archive.manifest, readFileSync(archive.manifest).length - 20)
  },
  { notices: ['line-torn'] },
)
bad('withdraw-unrecorded', 'of an article that was never there', (archive) => {
  archive.append({ event: 'withdraw', slug: 'never', version: 1, root: text.cid.toString(), reason: 'Why not' })
})
bad('withdraw-unrecorded', 'of another version than the one that has the root', (archive) =>
  archive.change(withdrawal, { version: 2 }),
)
// What is withdrawn is not compared with its bundle: versions of it can be anything.
const versions = (archive: Draft, fields: Fields) => {
  const records = archive.records()
  const { version = 1 } = fields
  records[rumour] = withFields(records[rumour] as Fields, fields)
  records[withdrawal] = withFields(records[withdrawal] as Fields, { version })
  archive.seal(records)
}
bad('version-unnamed', 'a second version that names none', (archive) => versions(archive, { version: 2 }))
bad('version-previous', 'a second version of another article', (archive) =>
  versions(archive, { version: 2, previous: archive.root(ferry1).toString() }),
)
bad(
  'version-first',
  'a first version that replaces one',
  (archive) => versions(archive, { previous: archive.root(ferry1).toString() }),
  { damage: ['version-previous'] },
)
bad('version-unrecorded', 'a second version of what was never there', (archive) =>
  versions(archive, { version: 2, previous: text.cid.toString() }),
)

// Bad: records and their bundles

for (const [code, index, fields] of [
  ['record-size', tides, { size: 9105 }],
  ['record-source', tides, { source: text.cid.toString() }],
  ['record-slug', tides, { identifier: 'tide' }],
  ['record-slug', tides, { identifier: undefined }],
  ['record-title', tides, { title: 'Time tables' }],
  ['record-date', tides, { datePublished: '2025-01-02' }],
  ['record-date', tides, { datePublished: undefined }],
  ['record-categories', ferry2, { categories: ['Sea', 'Local'] }],
  ['record-url', ferry1, { url: 'https://example.org/another' }],
  ['record-note', ferry2, { note: 'Another reason.' }],
] as const) {
  const what = Object.entries(fields).map(([field, value]) => `${field} ${value ?? 'left out'}`)
  bad(code, what.join().replaceAll('/', ' '), (archive) => archive.change(index, fields))
}
bad('record-version', 'another number', (archive) => {
  archive.change(tides, { version: 2 })
  archive.sql(`update pin set metadata = json_set(metadata, '$.version', 2) where metadata like '%tide%'`)
})
bad('record-version', 'a number that is a text in the bundle', (archive) => {
  const file = archive.file(tides, 'metadata.json')
  const other = rawBlock(archive.read(file).toString().replace('"version": 1', '"version": "1"'))
  const entries = archive.entries(archive.root(tides))
  const root = directoryBlock(entries.map(([name, cid]) => [name, cid.equals(file) ? other.cid : cid]))
  archive.bundle(tides, root, [other], (archive.record(tides).size as number) + 2)
})
bad(
  'record-previous',
  'a version before that the bundle does not name',
  (archive) => archive.change(tides, { previous: archive.root(ferry1).toString() }),
  { notices: ['version-absent'] },
)

// Bad: pins

const pinOf = (archive: Draft, index: number, set: string, ...values: SQLInputValue[]) =>
  archive.edit((database) =>
    database.prepare(`update pin set ${set} where root = ?`).run(...values, archive.root(index).bytes),
  )
bad('pin-missing', 'it is gone', (archive) =>
  archive.edit((database) => database.prepare('delete from pin where root = ?').run(archive.root(tides).bytes)),
)
bad('pin-missing', 'all of them', (archive) => archive.sql('delete from pin'))
bad('pin-root', 'bytes that are no CID', (archive) =>
  archive.sql("insert into pin (root, multihash, metadata) values (x'0155', x'00', '{}')"),
)
bad('pin-root', 'a CID of version 0', (archive) => {
  const { bytes } = archive.root(tides).multihash
  const sql = "insert into pin (root, multihash, metadata) values (?, ?, '{}')"
  archive.edit((database) => database.prepare(sql).run(bytes, bytes))
})
bad('pin-multihash', 'of another root', (archive) =>
  pinOf(archive, tides, 'multihash = ?', archive.root(ferry1).multihash.bytes),
)
bad('pin-depth', 'one level', (archive) => pinOf(archive, ferry2, 'depth = 1'))
bad('pin-depth', 'no number, of a root that nobody recorded', (archive) => {
  archive.put(text)
  archive.pin(text.cid)
  archive.edit((database) => database.prepare("update pin set depth = 'deep' where root = ?").run(text.cid.bytes))
})
bad('pin-metadata', 'no JSON', (archive) => pinOf(archive, tides, "metadata = 'tides'"))
bad('pin-metadata', 'null', (archive) => pinOf(archive, tides, "metadata = 'null'"))
bad('pin-metadata', 'bytes', (archive) => pinOf(archive, tides, "metadata = x'7b7d'"))
bad('pin-edition', 'another slug', (archive) => pinOf(archive, tides, `metadata = '{"slug":"tides","version":1}'`))
bad('pin-edition', 'another version', (archive) =>
  pinOf(archive, ferry2, `metadata = '{"slug":"last-ferry","version":1}'`),
)
bad('pin-edition', 'none', (archive) => pinOf(archive, tides, "metadata = '{}'"))

// Bad: the cache

bad('cache-mark', 'two ends', (archive) => archive.sql('insert into manifest_mark select * from manifest_mark'))
bad('cache-mark', 'editions and no end', (archive) => {
  archive.cache()
  archive.sql('delete from manifest_mark')
})
bad('cache-mark', 'another record on its line', (archive) => {
  archive.cache()
  archive.sql(`update manifest_mark set last_cid = '${archive.record(ferry1).cid}x'`)
})
bad('cache-mark', 'its line at another place', (archive) => {
  archive.cache(2)
  archive.sql('update manifest_mark set last_start = last_start - 1')
})
bad('cache-mark', 'another number of lines', (archive) => {
  archive.cache()
  archive.sql('update manifest_mark set lines = lines - 1')
})
bad('cache-mark', 'words', (archive) => archive.sql("update manifest_mark set lines = 'many'"))
bad(
  'cache-rows',
  'another version',
  (archive) => {
    archive.cache()
    archive.sql(`update edition set version = 7 where slug = 'tide-tables'`)
  },
  { damage: ['cache-missing'] },
)
bad('cache-rows', 'a row too many', (archive) => {
  archive.cache()
  archive.sql(`insert into edition values ('x', 1, 'bafy', 'publish', 5, 9)`)
})
bad('cache-missing', 'a row too few', (archive) => {
  archive.cache()
  archive.sql(`delete from edition where slug = 'tide-tables'`)
})
