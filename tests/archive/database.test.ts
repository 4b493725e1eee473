import { cpSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openDatabase, transact } from '../../src/archive/database.ts'
import { temporaryFolder } from '../temporary.ts'

function newDatabase() {
  const file = join(temporaryFolder(), 'blocks.sqlite')
  return { file, database: openDatabase(file) }
}

const count = (database: DatabaseSync) => database.prepare('select count(*) as n from datastore').get()?.n

describe('the database', () => {
  it('has the settings that the write order needs', () => {
    const { database } = newDatabase()
    const setting = (name: string) => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0]
    expect({
      journal: setting('journal_mode'),
      synchronous: setting('synchronous'),
      page: setting('page_size'),
    }).toEqual({
      journal: 'truncate',
      synchronous: 2,
      page: 16384,
    })
    database.close()
  })

  it('takes a transaction back when its work throws', async () => {
    const { database } = newDatabase()
    const work = transact(database, () => {
      database.exec("insert into datastore values ('a', x'00')")
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect(count(database)).toBe(0)
    await transact(database, () => database.exec("insert into datastore values ('a', x'00')"))
    expect(count(database)).toBe(1)
    database.close()
  })

  it('can be opened for reading after a writer was killed in the middle of a transaction', () => {
    const { file, database } = newDatabase()
    const big = 'insert into datastore values (?, zeroblob(100000))'
    for (let key = 0; key < 20; key += 1) database.prepare(big).run(`kept ${key}`)
    // So little cache that changed pages are on disk before the transaction ends.
    database.exec('pragma cache_size = 2; begin immediate; update datastore set value = zeroblob(99999)')
    const folder = temporaryFolder()
    for (const name of ['blocks.sqlite', 'blocks.sqlite-journal']) cpSync(join(file, '..', name), join(folder, name))
    database.exec('rollback')
    database.close()
    expect(statSync(join(folder, 'blocks.sqlite-journal')).size).toBeGreaterThan(0)
    const copy = openDatabase(join(folder, 'blocks.sqlite'), { readOnly: true })
    expect(copy.prepare('select sum(length(value)) as n from datastore').get()).toEqual({ n: 2_000_000 })
    expect(() => copy.exec('delete from datastore')).toThrow('readonly')
    copy.close()
  })

  it('can be opened after a process was killed while it made it', () => {
    for (const [readOnly, begun] of [
      [true, false],
      [false, false],
      [true, true],
      [false, true],
    ] as const) {
      const file = join(temporaryFolder(), 'blocks.sqlite')
      writeFileSync(file, '')
      if (begun) {
        const unfinished = new DatabaseSync(file)
        unfinished.exec('pragma page_size = 16384; pragma auto_vacuum = incremental')
        unfinished.close()
        expect(statSync(file).size).toBe(16_384)
      }
      const database = openDatabase(file, { readOnly })
      expect(count(database)).toBe(0)
      expect(database.prepare('pragma page_size').get()).toEqual({ page_size: 16384 })
      expect(database.prepare('pragma auto_vacuum').get()).toEqual({ auto_vacuum: 2 })
      database.close()
    }
  })

  it('is not made by opening it for reading', () => {
    const file = join(temporaryFolder(), 'blocks.sqlite')
    expect(() => openDatabase(file, { readOnly: true })).toThrow(expect.objectContaining({ code: 'storage' }))
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('of somebody else is not touched', () => {
    const file = join(temporaryFolder(), 'blocks.sqlite')
    const other = new DatabaseSync(file)
    other.exec('create table mine (a)')
    other.close()
    for (const readOnly of [true, false]) {
      expect(() => openDatabase(file, { readOnly })).toThrow(expect.objectContaining({ code: 'damaged' }))
    }
    expect(new DatabaseSync(file).prepare('select name from sqlite_schema').all()).toEqual([{ name: 'mine' }])
    writeFileSync(file, 'not a database at all, but long enough to be taken for one'.repeat(100))
    expect(() => openDatabase(file)).toThrow(expect.objectContaining({ code: 'damaged' }))
  })
})
