// What is whole, what is damaged, what cannot be checked, and what is only worth knowing.

import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { encodeLine, type ManifestRecord, sealRecord } from '../../src/manifest/record.ts'
import { verifyArchive } from '../../src/verify/verify-archive.ts'
import { check, cidOf, copyArchive, edit, makeArchive, type Sample, told } from './archives.ts'

let sample: Sample
let base: string

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  sample = await makeArchive(base)
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

const copy = () => copyArchive(sample, base)

function manifestOf(folder: string) {
  const file = join(folder, 'manifest.jsonl')
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return {
    file,
    lines,
    write: (changed: readonly string[]) => writeFileSync(file, changed.map((line) => `${line}\n`).join('')),
  }
}

function forget(folder: string): void {
  edit(folder, (database) => database.exec('delete from edition; delete from manifest_mark'))
}

/** A record after all others. */
function append(folder: string, draft: object, parent?: string): ManifestRecord {
  const { lines, write } = manifestOf(folder)
  const last = JSON.parse(lines.at(-1) as string) as ManifestRecord
  const record = sealRecord({ time: '2025-08-22T10:00:00.000Z', ...draft } as never, parent ?? last.cid)
  write([...lines, encodeLine(record)])
  return record
}

describe('an archive that is whole', () => {
  it('is intact, and counted', async () => {
    const checked = await check(sample.folder)
    expect(told(checked)).toEqual([])
    const { articles, editions, harmed, blocks, bytes, lines, pins, strays } = checked
    expect({ articles, editions, harmed, lines, pins }).toEqual({
      articles: 4,
      editions: 6,
      harmed: 0,
      lines: 8,
      pins: 6,
    })
    const stored = edit(sample.folder, (database) =>
      database.prepare('select count(*) as blocks, sum(length(bytes)) as bytes from block').get(),
    )
    expect({ blocks, bytes }).toEqual({ ...stored })
    // The stray block, and the four of the withdrawn article; not the one that is held.
    expect(strays.blocks).toBe(5)
  })

  it('is left as it is, with nothing beside it', async () => {
    const folder = copy()
    const state = () =>
      readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs, readFileSync(join(folder, name))])
    const before = state()
    await check(folder)
    await check(folder, ['harbour'])
    expect(state()).toEqual(before)
  })

  it.each([
    ['after a vacuum', (folder: string) => edit(folder, (database) => database.exec('vacuum'))],
    ['without its cache', forget],
    [
      'with another page size',
      (folder: string) => edit(folder, (database) => database.exec('pragma page_size = 4096; vacuum')),
    ],
    ['in the mode WAL', (folder: string) => edit(folder, (database) => database.exec('pragma journal_mode = wal'))],
    [
      'without what nobody needs',
      (folder: string) =>
        edit(folder, (database) =>
          database.prepare('delete from block where multihash = ?').run(cidOf('stray').multihash.bytes),
        ),
    ],
    [
      'with fields and events that nobody knows',
      (folder: string) => append(folder, { event: 'blessing', by: ['a', { b: 1.5 }] }),
    ],
  ])('is intact %s', async (_, change) => {
    const folder = copy()
    change(folder)
    expect(told(await check(folder))).toEqual([])
    expect(readdirSync(folder).sort()).toEqual(['blocks.sqlite', 'manifest.jsonl'])
  })

  it('is intact where nothing was published yet', async () => {
    const folder = mkdtempSync(join(base, 'empty-'))
    writeFileSync(join(folder, 'config.json'), '{}')
    expect(await check(folder)).toMatchObject({ articles: 0, blocks: 0, damage: [], notices: [] })
    writeFileSync(join(folder, 'blocks.sqlite'), '')
    expect(await check(folder)).toMatchObject({ articles: 0, blocks: 0, damage: [], notices: [] })
  })
})

describe('an interruption', () => {
  it('stops it between two reads', async () => {
    const interruption = new AbortController()
    const onBytes = () => interruption.abort()
    await expect(verifyArchive(sample.folder, [], { signal: interruption.signal, onBytes })).rejects.toThrow(/abort/)
  })
})

describe('with refs', () => {
  it('only the editions that they name are checked', async () => {
    const folder = copy()
    edit(folder, (database) =>
      database.exec("update block set bytes = x'00' where cast(bytes as text) like '%Books.%'"),
    )
    expect(told(await check(folder, ['harbour']))).toEqual([])
    expect(await check(folder, ['harbour'])).toMatchObject({ articles: 1, editions: 3, pins: 0, lines: 0 })
    expect(await check(folder, ['harbour@2', 'film'])).toMatchObject({ articles: 2, editions: 2, damage: [] })
    const { damage, harmed } = await check(folder, ['library'])
    expect(harmed).toBe(1)
    expect(damage.flatMap(({ needs }) => needs.map(({ article, path }) => `${article}:${path}`)).sort()).toEqual([
      'library@1:article.md',
      'library@1:index.html',
    ])
  })

  it('a CID names an edition too, and its pin and record are checked', async () => {
    const folder = copy()
    const [root] = manifestOf(folder).lines.map((line) => JSON.parse(line).root)
    edit(folder, (database) => database.exec('delete from pin'))
    expect(told(await check(folder, [`ipfs://${root}`]))).toEqual(['missing pin: harbour@1 is not pinned [harbour@1:]'])
  })

  it('a withdrawn edition is a notice, and an unknown one an error', async () => {
    expect(told(await check(sample.folder, ['gone']))).toEqual(['notice: gone@1 is withdrawn: its blocks are not kept'])
    await expect(check(sample.folder, ['nothing'])).rejects.toMatchObject({ code: 'not-found' })
    await expect(check(sample.folder, ['harbour@7'])).rejects.toMatchObject({ code: 'not-found' })
    await expect(check(sample.folder, [cidOf('x').toString()])).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a record that its pin and the chain agree with', () => {
  it.each([
    ['slug', { slug: 'books', version: 1 }],
    ['version', { slug: 'library', version: 2 }],
  ])('is compared with its bundle: %s', async (field, values) => {
    const folder = copy()
    const { lines, write } = manifestOf(folder)
    const { cid: _, ...record } = lines.map((line) => JSON.parse(line)).find(({ slug }) => slug === 'library')
    // A version that was imported needs none before it.
    const changed = sealRecord({ ...record, ...values, event: 'import' }, record.parent)
    const index = lines.findIndex((line) => line.includes('"slug":"library"'))
    const rest = lines.slice(index + 1).map((line) => JSON.parse(line))
    let parent = changed.cid
    const resealed = rest.map(({ cid: _cid, parent: _parent, ...body }) => {
      const next = sealRecord(body, parent)
      parent = next.cid
      return encodeLine(next)
    })
    write([...lines.slice(0, index), encodeLine(changed), ...resealed])
    forget(folder)
    edit(folder, (database) =>
      database
        .prepare('update pin set metadata = ? where root = ?')
        .run(JSON.stringify(values), CID.parse(record.root).bytes),
    )
    expect((await check(folder)).damage).toMatchObject([
      { state: 'damaged', kind: 'record', message: expect.stringContaining(`the ${field} of`) },
    ])
  })
})

describe('the chain of records', () => {
  it('may have branches, as a merge of two copies leaves them', async () => {
    const folder = copy()
    const { lines } = manifestOf(folder)
    const parent = JSON.parse(lines[3] as string).cid
    append(folder, { event: 'note' }, parent)
    expect(told(await check(folder))).toEqual([
      'notice: this record and line 5 follow the same one: two copies were merged',
    ])
  })

  it('may lack what is known to be lost', async () => {
    const folder = copy()
    const { lines, write } = manifestOf(folder)
    const lost = JSON.parse(lines[1] as string).cid
    write(lines.filter((_, index) => index !== 1))
    forget(folder)
    expect((await check(folder)).damage.map(({ kind, cid }) => [kind, cid])).toEqual([['manifest', lost]])
    append(folder, { event: 'recover', lost: [lost] })
    expect(told(await check(folder))).toEqual([
      expect.stringMatching(/^notice: .*is pinned, and the manifest does not name it/),
    ])
  })

  it('is rebuilt by `rebuild`, and whole then', async () => {
    const folder = copy()
    const { lines, write } = manifestOf(folder)
    write([lines[0] as string, (lines[1] as string).replace('Library', 'Lubrary'), ...lines.slice(3)])
    expect((await check(folder)).damage.length).toBeGreaterThan(1)
    const archive = openArchive(folder)
    const { rebuildManifest } = await import('../../src/archive/rebuild.ts')
    await rebuildManifest(archive, new Date(), new AbortController().signal)
    archive.close()
    expect((await check(folder)).damage).toEqual([])
  })

  it('of a newer format is refused', async () => {
    const folder = copy()
    const { file, lines } = manifestOf(folder)
    const { cid: _, ...body } = JSON.parse(lines.at(-1) as string)
    const { cid } = sealRecord({ ...body, v: 2 } as never, body.parent)
    writeFileSync(file, `${encodeLine({ ...body, v: 2, cid })}\n`)
    await expect(check(folder)).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('spelled otherwise is damaged, though it says the same', async () => {
    const folder = copy()
    const { lines, write } = manifestOf(folder)
    write(lines.map((line, index) => (index === 2 ? line.replace('"event":', '"event": ') : line)))
    expect((await check(folder)).damage[0]?.message).toBe('line 3 of the manifest: it is not spelled as DAG-JSON')
  })
})

describe('what a crash leaves is a notice', () => {
  it('a line that was not finished', async () => {
    const folder = copy()
    const { file, lines } = manifestOf(folder)
    writeFileSync(file, `${lines.join('\n')}\n${(lines[0] as string).slice(0, 70)}`)
    expect(told(await check(folder))).toEqual([expect.stringMatching(/^notice: an unfinished line of 70 bytes/)])
  })

  it('a pin without a record', async () => {
    const folder = copy()
    const { lines, write } = manifestOf(folder)
    const { root } = JSON.parse(lines.at(-1) as string)
    write(lines.slice(0, -1))
    forget(folder)
    expect(told(await check(folder))).toEqual([
      `notice: ${root} is pinned, and the manifest does not name it: a publish was interrupted, or is under way, or the manifest has lost its end`,
    ])
  })

  it('a pin of a withdrawn root', async () => {
    const folder = copy()
    const { root } = manifestOf(folder)
      .lines.map((line) => JSON.parse(line))
      .find(({ event }) => event === 'withdraw')
    const archive = openArchive(folder)
    archive.pins.insert(CID.parse(root))
    archive.close()
    expect(told(await check(folder))).toEqual([expect.stringMatching(/^notice: gone@1 is withdrawn and still pinned/)])
  })
})

describe('what cannot be checked is not said to be damaged', () => {
  it('a hash function that nobody trusts', async () => {
    const folder = copy()
    edit(folder, (database) =>
      database
        .prepare('insert into block (multihash, bytes) values (?, ?)')
        .run(Buffer.from('13021234', 'hex'), Buffer.of(1)),
    )
    expect((await check(folder)).damage).toMatchObject([{ state: 'not checked', kind: 'block', needs: [] }])
  })

  it('a journal that an interrupted writer left, which stays where it is', async () => {
    const folder = mkdtempSync(join(base, 'journal-'))
    const source = copy()
    edit(source, (database) => {
      database.exec('pragma journal_mode = truncate; pragma cache_size = 1; begin immediate')
      database.exec("update block set bytes = bytes || 'x'")
      for (const name of readdirSync(source)) copyFileSync(join(source, name), join(folder, name))
      database.exec('rollback')
    })
    expect(readdirSync(folder)).toContain('blocks.sqlite-journal')
    const before = readFileSync(join(folder, 'blocks.sqlite'))
    expect((await check(folder)).damage).toMatchObject([
      {
        state: 'not checked',
        kind: 'database',
        message: expect.stringContaining('an interrupted writer left a journal'),
      },
    ])
    expect(readFileSync(join(folder, 'blocks.sqlite'))).toEqual(before)
    openArchive(folder, { readOnly: true }).close()
    expect(told(await check(folder))).toEqual([])
  })
})

describe('the database file', () => {
  it.each([
    [
      'is no database',
      (file: string) => writeFileSync(file, 'nonsense, and a lot of it: '.repeat(100)),
      'damaged',
      'file is not a database',
    ],
    ['is cut off', (file: string) => truncateSync(file, statSync(file).size - 40_000), 'damaged', 'malformed'],
    ['is missing', (file: string) => rmSync(file), 'missing', 'it is missing, and the manifest records articles'],
    [
      'is empty',
      (file: string) => writeFileSync(file, ''),
      'missing',
      'it is missing, and the manifest records articles',
    ],
  ])('that %s is damage, and the manifest is checked all the same', async (_, damage, state, message) => {
    const folder = copy()
    damage(join(folder, 'blocks.sqlite'))
    const { lines, write } = manifestOf(folder)
    write(lines.map((line, index) => (index === 7 ? `${line} ` : line)))
    const checked = await check(folder)
    const found = checked.damage.filter(({ kind }) => kind === 'database')
    expect(found.some((each) => each.state === state && each.message.includes(message))).toBe(true)
    expect(checked.damage.some(({ kind, line }) => kind === 'manifest' && line === 8)).toBe(true)
  })

  it.each([
    ["delete from sqlite_schema where name = 'hold'", 'the table or index hold is missing'],
    [
      "update sqlite_schema set sql = replace(sql, 'not null unique', 'not null unique '||'check (1)') where name = 'block'",
      'the table or index block is not that of an archive',
    ],
  ])('with another schema is damage: %s', async (sql, message) => {
    const folder = copy()
    const database = new DatabaseSync(join(folder, 'blocks.sqlite'), { defensive: false })
    database.exec(`pragma writable_schema = on; ${sql}`)
    database.close()
    expect((await check(folder)).damage.map((each) => each.message).join('\n')).toContain(message)
  })

  it('with a trigger is damage', async () => {
    const folder = copy()
    edit(folder, (database) => database.exec('create trigger t after insert on pin begin delete from block; end'))
    expect(told(await check(folder))).toEqual([
      'damaged database: blocks.sqlite: it has a trigger that no archive has: t []',
    ])
  })
})

describe('damage to what is shared', () => {
  it('is one entry, which names all who need it', async () => {
    const folder = copy()
    edit(folder, (database) =>
      database.exec("update block set bytes = cast(bytes || '!' as blob) where cast(bytes as text) like '<svg%'"),
    )
    const checked = await check(folder)
    expect(checked.damage).toMatchObject([{ state: 'damaged', kind: 'block' }])
    expect(checked.harmed).toBe(4)
    expect(checked.damage[0]?.needs.map(({ article, path }) => `${article} ${path}`).sort()).toEqual([
      'harbour@1 assets/quay.svg',
      'harbour@2 assets/quay.svg',
      'harbour@3 assets/quay.svg',
      'library@1 assets/quay.svg',
    ])
    const { cid, expected, found } = checked.damage[0] ?? {}
    expect(expected).toBe(cid)
    expect(found).toMatch(/^bafkrei/)
  })
})
