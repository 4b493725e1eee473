// Compares SQLite's journal modes and page sizes for what an archive does: one article per process,
// batches of articles, one large file; then with auto_vacuum and without. The figures behind the choice stand in
// ARCHITECTURE.md.
// Run: node bench/store.ts [folder]

import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const modes = ['wal', 'truncate', 'persist', 'delete']
const pageSizes = [4096, 8192, 16384, 32768, 65536]
const base = process.argv[2] ?? tmpdir()

function open(folder: string, mode: string, pageSize: number, vacuum = 'none'): DatabaseSync {
  const file = join(folder, 'blocks.sqlite')
  const isNew = !existsSync(file)
  const db = new DatabaseSync(file, { timeout: 10_000 })
  db.exec(`pragma page_size=${pageSize}`)
  if (isNew && vacuum !== 'none') db.exec(`pragma auto_vacuum=${vacuum}`)
  db.exec(`pragma journal_mode=${mode}`)
  db.exec(`pragma synchronous=${mode === 'delete' ? 'extra' : 'full'}`)
  db.exec(
    'create table if not exists block(id integer primary key, multihash blob not null unique, bytes blob not null)',
  )
  return db
}

function block(size: number): Uint8Array {
  return randomFillSync(new Uint8Array(size))
}

function insert(db: DatabaseSync, sizes: number[], count: number): void {
  const put = db.prepare('insert into block(multihash, bytes) values (?, ?)')
  db.exec('begin immediate')
  for (let i = 0; i < count; i++)
    for (const size of sizes) put.run(block(34), size === 1 << 20 ? mebibyte : block(size))
  db.exec('commit')
}

const mebibyte = block(1 << 20)
const article = [9000, 5000, 1200, 300, 200]

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

console.log('mode      page   single(ms)  batch(articles/s)  large 512 MiB(MiB/s)  size of one article')
for (const mode of modes) {
  for (const pageSize of pageSizes) {
    const folder = mkdtempSync(join(base, 'ovn-bench-'))
    try {
      let db = open(folder, mode, pageSize)
      insert(db, article, 1)
      db.close()
      const size = statSync(join(folder, 'blocks.sqlite')).size
      // As a command does: open, one transaction, close.
      const single = Array.from({ length: 15 }, () =>
        timed(() => {
          db = open(folder, mode, pageSize)
          insert(db, article, 1)
          db.close()
        }),
      )
      const batch = timed(() => {
        db = open(folder, mode, pageSize)
        for (let i = 0; i < 16; i++) insert(db, article, 128)
        db.close()
      })
      const large = timed(() => {
        db = open(folder, mode, pageSize)
        for (let i = 0; i < 8; i++) insert(db, [1 << 20], 64)
        db.close()
      })
      console.log(
        `${mode.padEnd(9)} ${String(pageSize).padStart(5)} ${median(single).toFixed(1).padStart(10)} ${((2048 / batch) * 1000).toFixed(0).padStart(14)} ${((512 / large) * 1000).toFixed(0).padStart(16)} ${String(size).padStart(18)}`,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
console.log('\ntruncate, 16384: articles in a transaction → articles/s')
for (const length of [1, 8, 32, 128, 512]) {
  inDatabase((db) => {
    const seconds = timed(() => {
      for (let done = 0; done < 2048; done += length) insert(db, article, length)
    })
    console.log(`${String(length).padStart(5)} ${((2048 / seconds) * 1000).toFixed(0).padStart(8)}`)
  })
}
console.log('\ntruncate, 16384: MiB in a transaction → MiB/s')
for (const length of [4, 16, 32, 64, 128]) {
  inDatabase((db) => {
    const seconds = timed(() => {
      for (let done = 0; done < 512; done += length) insert(db, [1 << 20], length)
    })
    console.log(`${String(length).padStart(5)} ${((512 / seconds) * 1000).toFixed(0).padStart(8)}`)
  })
}

console.log('\ntruncate, 16384: auto_vacuum, medians of 9 in turn → batches of 128 (articles/s), 512 MiB (MiB/s)')
const vacuums = ['none', 'incremental']
const turns = vacuums.map(() => ({ batch: [] as number[], large: [] as number[] }))
for (let turn = 0; turn < 9; turn++) {
  for (const [index, vacuum] of vacuums.entries()) {
    const times = turns[index]
    inDatabase((db) => times?.batch.push(timed(() => insertTimes(db, 16, article, 128))), vacuum)
    inDatabase((db) => times?.large.push(timed(() => insertTimes(db, 16, [1 << 20], 32))), vacuum)
  }
}
for (const [index, vacuum] of vacuums.entries()) {
  const { batch, large } = turns[index] ?? { batch: [], large: [] }
  const rates = [(2048 / median(batch)) * 1000, (512 / median(large)) * 1000]
  console.log(`${vacuum.padEnd(11)} ${rates.map((rate) => rate.toFixed(0).padStart(8)).join(' ')}`)
}

function insertTimes(db: DatabaseSync, times: number, sizes: number[], count: number): void {
  for (let i = 0; i < times; i++) insert(db, sizes, count)
}

function inDatabase(work: (db: DatabaseSync) => void, vacuum = 'none'): void {
  const folder = mkdtempSync(join(base, 'ovn-bench-'))
  try {
    const db = open(folder, 'truncate', 16384, vacuum)
    work(db)
    db.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const folder = mkdtempSync(join(base, 'ovn-bench-'))
const plain = timed(() => {
  const file = openSync(join(folder, 'plain'), 'w')
  for (let i = 0; i < 512; i++) writeSync(file, mebibyte)
  fsyncSync(file)
  closeSync(file)
})
rmSync(folder, { recursive: true })
console.log(`plain synced file: ${((512 / plain) * 1000).toFixed(0)} MiB/s`)
