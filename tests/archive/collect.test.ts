import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { encode as encodePb } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Archive, createArchive } from '../../src/archive/archive.ts'
import { type CollectOptions, collectGarbage } from '../../src/archive/collect.ts'
import { openDatabase } from '../../src/archive/database.ts'
import { layout } from '../../src/archive/layout.ts'
import { LockFile } from '../../src/archive/lock-file.ts'
import { type BlockRows, blockRows } from '../../src/archive/mark.ts'
import { composeNode } from '../../src/archive/node.ts'
import { SqlitePins } from '../../src/archive/pins.ts'
import { Reserve } from '../../src/archive/reserve.ts'
import type { StagedBlock } from '../../src/archive/stage.ts'
import { sha256 } from '../../src/dag/hash.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { Manifest } from '../../src/manifest/manifest.ts'
import { temporaryFolder } from '../temporary.ts'
import { addFiles } from './nodes.ts'

const time = '2025-08-22T10:00:00.000Z'

interface Place {
  readonly folder: string
  readonly archive: Archive
  /** Another connection, as another process has it; sweeps go through it. */
  readonly database: DatabaseSync
  publish(slug: string, files: { readonly [path: string]: string }): Promise<CID>
  /** Stores files, and nothing that needs them. */
  litter(files: { readonly [path: string]: string }): Promise<CID>
  collect(options?: CollectOptions, wrap?: (rows: BlockRows) => BlockRows): ReturnType<typeof collectGarbage>
  blocks(): number
}

function setUp(): Place {
  const folder = join(temporaryFolder(), 'archive')
  const archive = createArchive(folder)
  const database = openDatabase(layout.blocks(folder))
  onTestFinished(() => {
    archive.close()
    database.close()
  })
  const node = composeNode(archive.parts)
  const litter = (files: { readonly [path: string]: string }) => addFiles(node, files)
  return {
    folder,
    archive,
    database,
    litter,
    async publish(slug, files) {
      const root = await litter(files)
      await record(archive, slug, root)
      return root
    },
    collect(options, wrap = (rows) => rows) {
      const manifest = new Manifest(layout.manifest(folder))
      const pins = new SqlitePins(database, archive.blocks)
      const reserve = new Reserve(folder)
      return collectGarbage({ folder, database, manifest, pins, reserve, rows: wrap(blockRows(database)) }, options)
    },
    blocks: () => database.prepare('select count(*) as n from block').get()?.n as number,
  }
}

async function record(archive: Archive, slug: string, root: CID, blocks: StagedBlock[] = []): Promise<void> {
  const rest = { event: 'publish', profile: 'p', size: 1, categories: [], source: 's', inputs: 'i', time } as const
  const draft = { slug, version: 1, root: root.toString(), title: slug, ...rest }
  const { records } = await archive.store(blocks, [{ root, draft, fits: () => true }])
  expect(records[0]?.root).toBe(root.toString())
}

async function withdraw(archive: Archive, root: CID): Promise<void> {
  await archive.withdraw((editions) => [editions.ofRoot(root.toString()) ?? expect.fail()], { reason: 'r', time })
}

/** How many blocks a DAG has, each of them read and hashed. */
async function whole(archive: Archive, root: CID): Promise<number> {
  return (await Array.fromAsync(walkDag(archive.blocks, root))).length
}

/** Calls `hook` right before the n-th time that a connection takes the write lock. */
function beforeLock(database: DatabaseSync, time: number, hook: () => void): void {
  const exec = database.exec.bind(database)
  let count = 0
  database.exec = (sql) => {
    if (sql === 'begin immediate') {
      count += 1
      if (count === time) hook()
    }
    exec(sql)
  }
}

/** The lock is taken for the sweep itself, for settling what is needed, and then to delete. */
const firstDeletion = 3

describe('a sweep', () => {
  it('frees what nothing needs, and nothing else', async () => {
    const place = setUp()
    const { archive } = place
    const shared = 'a picture in both'
    const kept = await place.publish('kept', { 'a.svg': shared, 'index.html': 'kept', 'deep/er/b.txt': 'below' })
    const gone = await place.publish('gone', { 'a.svg': shared, 'index.html': 'gone' })
    const unpinned = await place.publish('unpinned', { 'c.txt': 'live, and its pin was lost' })
    archive.pins.remove(unpinned)
    await place.litter({ 'd.txt': 'litter', 'e.txt': 'more' })
    const held = { cid: CID.createV1(0x55, sha256(Buffer.from('held'))), bytes: Buffer.from('held') }
    await archive.storeAhead([held], archive.hold())
    await withdraw(archive, gone)

    const before = place.blocks()
    const collection = await place.collect()
    // Of the withdrawn article its root and its page go; of the litter all.
    expect(collection).toMatchObject({ blocks: 2 + 3, unpinned: [], unrecorded: [] })
    expect(place.blocks()).toBe(before - 5)
    expect(await whole(archive, kept)).toBe(6)
    expect(await whole(archive, unpinned)).toBe(2)
    expect(archive.blocks.hasSync(held.cid)).toBe(true)
    expect(archive.blocks.hasSync(gone)).toBe(false)
    expect((await place.collect()).blocks).toBe(0)
  })

  it('gives the space back', async () => {
    const place = setUp()
    const { archive, database } = place
    const kept = await place.publish('kept', { 'a.txt': 'kept' })
    for (let index = 0; index < 12; index += 1) {
      const bytes = Buffer.alloc(1_048_576, index)
      archive.blocks.insert(CID.createV1(0x55, sha256(bytes)), bytes)
    }
    // At the end of the file, so that it must move.
    const late = await place.publish('late', { 'b.txt': 'late' })
    const { bytes, blocks, sizeBefore, sizeAfter } = await place.collect()
    expect({ bytes, blocks }).toEqual({ bytes: 12 * 1_048_576, blocks: 12 })
    expect(sizeBefore - sizeAfter).toBeGreaterThan(12 * 1_048_576)
    expect(statSync(layout.blocks(place.folder)).size).toBe(sizeAfter)
    expect(database.prepare('pragma freelist_count').get()).toEqual({ freelist_count: 0 })
    expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
    expect((await whole(archive, kept)) + (await whole(archive, late))).toBe(4)
  })

  it('completes what was interrupted: an unpublish; of a publish it keeps all and tells', async () => {
    const place = setUp()
    const { archive } = place
    const withdrawn = await place.publish('withdrawn', { 'a.txt': 'withdrawn' })
    await withdraw(archive, withdrawn)
    archive.pins.insert(withdrawn)
    const unrecorded = await place.litter({ 'b.txt': 'pinned, not recorded' })
    archive.pins.insert(unrecorded)
    const expected = { blocks: 2, unpinned: [withdrawn.toString()], unrecorded: [unrecorded.toString()] }
    expect(await place.collect({ dryRun: true })).toMatchObject(expected)
    expect(archive.pins.hasRoot(withdrawn)).toBe(true)
    expect(await place.collect()).toMatchObject(expected)
    expect(archive.pins.hasRoot(withdrawn)).toBe(false)
    expect(await whole(archive, unrecorded)).toBe(2)
  })

  it('keeps what was withdrawn and recorded again', async () => {
    const place = setUp()
    const root = await place.publish('a', { 'a.txt': 'again' })
    await withdraw(place.archive, root)
    await record(place.archive, 'a', root)
    expect(await place.collect()).toMatchObject({ blocks: 0, unpinned: [], unrecorded: [] })
    expect(await whole(place.archive, root)).toBe(2)
  })

  it('only says what would go in a dry run', async () => {
    const place = setUp()
    await place.publish('kept', { 'a.txt': 'kept' })
    await place.litter({ 'b.txt': 'litter' })
    const hold = place.archive.hold()
    const bytes = Buffer.from('of a dead owner')
    await place.archive.storeAhead([{ cid: CID.createV1(0x55, sha256(bytes)), bytes }], hold)
    hold.release()
    const before = readFileSync(layout.blocks(place.folder))
    const planned = await place.collect({ dryRun: true })
    expect(planned.blocks).toBe(3)
    expect(readFileSync(layout.blocks(place.folder))).toEqual(before)
    const { blocks, bytes: freed } = await place.collect()
    expect({ blocks, bytes: freed }).toEqual({ blocks: planned.blocks, bytes: planned.bytes })
  })

  it('keeps what is below a node, also where its very bytes are a file as well', async () => {
    const place = setUp()
    const leaf = { cid: CID.createV1(0x55, sha256(Buffer.from('leaf'))), bytes: Buffer.from('leaf') }
    const bytes = encodePb({ Data: new Uint8Array([8, 1]), Links: [{ Name: 'a', Tsize: 4, Hash: leaf.cid }] })
    const node = { cid: CID.createV1(0x70, sha256(bytes)), bytes }
    const file = { cid: CID.createV1(0x55, sha256(bytes)), bytes }
    await record(place.archive, 'file', file.cid, [file])
    await record(place.archive, 'node', node.cid, [leaf])
    expect((await place.collect()).blocks).toBe(0)
    expect(await whole(place.archive, node.cid)).toBe(2)
  })

  it('keeps of a pin with a depth what that depth reaches', async () => {
    const place = setUp()
    const root = await place.litter({ 'a/b.txt': 'b', 'a/c.txt': 'c' })
    place.archive.pins.insert(root, {}, 1)
    expect(await place.collect()).toMatchObject({ blocks: 2 })
    await expect(whole(place.archive, root)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('what comes while a sweep is at work stays', () => {
  it('where it is pinned after all was marked', async () => {
    const place = setUp()
    await place.publish('kept', { 'a.txt': 'kept' })
    const garbage = await place.litter({ 'b.txt': 'garbage until now', 'c/d.txt': 'this too' })
    await place.litter({ 'e.txt': 'garbage for good' })
    beforeLock(place.database, firstDeletion, () => place.archive.pins.insert(garbage))
    expect((await place.collect()).blocks).toBe(2)
    expect(await whole(place.archive, garbage)).toBe(4)
  })

  it('where it is held after all was marked', async () => {
    const place = setUp()
    await place.publish('kept', { 'a.txt': 'kept' })
    const bytes = Buffer.from('stored before, and needed now')
    const cid = CID.createV1(0x55, sha256(bytes))
    place.archive.blocks.insert(cid, bytes)
    const hold = place.archive.hold()
    beforeLock(place.database, firstDeletion, () => hold.protect([cid.multihash.bytes]))
    expect((await place.collect()).blocks).toBe(0)
    expect(place.archive.blocks.hasSync(cid)).toBe(true)
  })

  it('where it is withdrawn, its pin goes, and it is pinned again', async () => {
    const place = setUp()
    const root = await place.publish('a', { 'a.txt': 'again' })
    await withdraw(place.archive, root)
    beforeLock(place.database, firstDeletion, () => place.archive.pins.insert(root))
    expect((await place.collect()).blocks).toBe(0)
    expect(await whole(place.archive, root)).toBe(2)
  })
})

describe('what cannot be read ends a sweep before anything goes', () => {
  const failures: Record<string, [code: string, (rows: BlockRows, at: number) => BlockRows]> = {
    'the disk fails once': ['storage', (rows, at) => failing(rows, at, 'EIO')],
    'too many files are open': ['storage', (rows, at) => failing(rows, at, 'EMFILE')],
    'a block is missing': ['damaged', (rows, at) => failing(rows, at, undefined)],
  }

  /** Rows of which one call, counted from 0, fails. */
  function failing(rows: BlockRows, at: number, code: string | undefined): BlockRows {
    let calls = 0
    const failed = () => {
      calls += 1
      if (calls - 1 !== at) return false
      if (code === undefined) return true
      throw Object.assign(new Error('i/o error'), { code })
    }
    return {
      find: (multihash) => (failed() ? undefined : rows.find(multihash)),
      read: (id) => (failed() ? undefined : rows.read(id)),
    }
  }

  it.each(Object.entries(failures))('%s, wherever that is', async (_, [code, wrap]) => {
    const place = setUp()
    const kept = await place.publish('kept', { 'a.txt': 'kept', 'b/c.txt': 'below' })
    await place.litter({ 'd.txt': 'litter' })
    const before = place.blocks()
    let at = 0
    for (; at < 100; at += 1) {
      const failure = await place.collect({}, (rows) => wrap(rows, at)).catch((error: unknown) => error)
      // So many calls are not made.
      if (!(failure instanceof Error)) break
      expect(failure).toMatchObject({ code, hint: expect.stringContaining('ovn verify') })
      expect(place.blocks()).toBe(before)
    }
    // Two nodes that are read, four blocks that are looked up, and the live root once more.
    expect(at).toBe(2 + 4 + 1)
    expect(place.blocks()).toBe(before - 2)
    expect(await whole(place.archive, kept)).toBe(4)
  })

  it('a node is damaged', async () => {
    const place = setUp()
    const kept = await place.publish('kept', { 'a.txt': 'kept' })
    await place.litter({ 'b.txt': 'litter' })
    const empty = encodePb({ Data: new Uint8Array([8, 1]), Links: [] })
    place.database.prepare('update block set bytes = ? where multihash = ?').run(empty, kept.multihash.bytes)
    await expect(place.collect()).rejects.toMatchObject({ code: 'damaged' })
    expect(place.blocks()).toBe(4)
  })

  it('a line of the manifest is damaged', async () => {
    const place = setUp()
    await place.publish('kept', { 'a.txt': 'kept' })
    await place.litter({ 'b.txt': 'litter' })
    const file = layout.manifest(place.folder)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"title":"kept"', '"title":"Kept"'))
    await expect(place.collect()).rejects.toMatchObject({ code: 'damaged' })
    expect(place.blocks()).toBe(4)
  })

  it('it cannot be known whether the owner of a hold is alive', async () => {
    const place = setUp()
    await place.publish('kept', { 'a.txt': 'kept' })
    await place.litter({ 'b.txt': 'litter' })
    place.database.exec("insert into hold (owner, multihash) values ('x', x'00')")
    mkdirSync(layout.hold(place.folder, 'x'))
    await expect(place.collect()).rejects.toMatchObject({ code: 'storage' })
    await expect(place.collect({ dryRun: true })).rejects.toMatchObject({ code: 'storage' })
    expect(place.blocks()).toBe(4)
  })
})

describe('sweeps', () => {
  it('are made one at a time', async () => {
    const place = setUp()
    await place.litter({ 'a.txt': 'litter' })
    const other = LockFile.take(layout.gcLock(place.folder))
    await expect(place.collect()).rejects.toMatchObject({ code: 'locked' })
    expect(place.blocks()).toBe(2)
    other?.release()
    expect((await place.collect()).blocks).toBe(2)
    expect(statSync(layout.gcLock(place.folder), { throwIfNoEntry: false })).toBeUndefined()
  })

  it('can be stopped, and go on another time', async () => {
    const place = setUp()
    const kept = await place.publish('kept', { 'a.txt': 'kept' })
    await place.litter({ 'b.txt': 'litter' })
    const stop = new AbortController()
    beforeLock(place.database, firstDeletion - 1, () => stop.abort())
    await expect(place.collect({ signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' })
    expect(place.blocks()).toBe(4)
    expect(statSync(layout.gcLock(place.folder), { throwIfNoEntry: false })).toBeUndefined()
    await place.collect()
    expect(place.blocks()).toBe(2)
    expect(await whole(place.archive, kept)).toBe(2)
  })

  it('are not made by Helia, which does not know what is held', async () => {
    const place = setUp()
    await place.litter({ 'a.txt': 'not pinned yet' })
    await expect(composeNode(place.archive.parts).gc()).rejects.toThrow('Archive.collect')
    expect(place.blocks()).toBe(2)
  })
})
