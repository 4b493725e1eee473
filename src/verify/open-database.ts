// blocks.sqlite, opened to be checked. Nothing is ever written: a journal that an interrupted writer left stays where it is, and then
// nothing is said about the blocks, since some pages may be of one transaction and some of another.

import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { OvnError } from '../errors.ts'
import { type Damage, type DamageCode, hints } from './damage.ts'
import type { DatabaseFault } from './database-fault.ts'
import { Disk, patience } from './disk.ts'

/** Bytes of the file that SQLite keeps in memory. */
const cacheKibibytes = 16_384

const applicationId = 0x6f766e31
const schemaVersion = 1

/** The tables and indexes of FORMAT.md. Those that SQLite makes by itself, for what is unique, have no statement. */
const schema: { readonly [name: string]: string } = {
  sqlite_autoindex_block_1: 'null',
  sqlite_autoindex_pin_1: 'null',
  block: 'CREATE TABLE block (id integer primary key, multihash blob not null unique, bytes blob not null)',
  pin: 'CREATE TABLE pin ( id integer primary key autoincrement, root blob not null unique, multihash blob not null, depth integer, metadata text not null )',
  pin_multihash: 'CREATE INDEX pin_multihash on pin (multihash)',
  hold: 'CREATE TABLE hold (id integer primary key autoincrement, owner text not null, multihash blob not null)',
  sqlite_sequence: 'CREATE TABLE sqlite_sequence(name,seq)',
  datastore: 'CREATE TABLE datastore (key text primary key, value blob not null) without rowid',
  edition:
    'CREATE TABLE edition ( slug text, version integer, root text not null, event text not null, start integer not null, length integer not null, primary key (slug, version, start) ) without rowid',
  edition_root: 'CREATE INDEX edition_root on edition (root)',
  manifest_mark:
    'CREATE TABLE manifest_mark (size integer not null, lines integer not null, last_start integer not null, last_cid text not null)',
}

/** A database that is open, and the file under it. */
export interface Stored {
  readonly database: DatabaseSync
  readonly disk: Disk
}

/** What came of opening it: without `stored`, `damage` says why not, unless there is nothing. */
export interface OpenedDatabase {
  readonly stored: Stored | undefined
  /** Whether there is no file, or one that nothing was ever written into. */
  readonly absent: boolean
  /** Whether what is wrong may have been so for a moment only. */
  readonly hasFailed: boolean
  readonly damage: readonly Damage[]
}

/**
 * Opens the database; `close` it with {@link closeStored}. Throws an OvnError `unsupported` for a newer format, and `locked` where
 * a writer holds it for long; what keeps the file from being opened at all is passed on.
 */
export function openToVerify(file: string): OpenedDatabase {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return { stored: undefined, absent: true, hasFailed: false, damage: [] }
  const disk = new Disk(file)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(disk.place, { readOnly: true, timeout: patience })
    database.exec(`pragma cache_size = -${cacheKibibytes}; pragma temp_store = memory; pragma trusted_schema = off`)
    const damage = checkFormat(database, disk.header, file)
    return { stored: { database, disk }, absent: false, hasFailed: false, damage }
  } catch (error) {
    try {
      if (error instanceof OvnError) throw error
      const damage = [databaseDamage(disk.faultOf(error))]
      return { stored: undefined, absent: false, hasFailed: true, damage }
    } finally {
      database?.close()
      disk.close()
    }
  }
}

/** Closes what {@link openToVerify} opened. */
export function closeStored({ database, disk }: Stored): void {
  database.close()
  disk.close()
}

/** What SQLite's own check finds; see {@link Disk.structure}. */
export function checkStructure({ disk }: Stored): Damage[] {
  return disk.structure.map(databaseDamage)
}

export function databaseDamage({ code, state, message }: DatabaseFault): Damage {
  return {
    code,
    state,
    kind: 'database',
    message: `blocks.sqlite: ${message}`,
    hint:
      code === 'database-journal'
        ? 'run another command that opens the archive, such as `ovn show <ref>`, which takes it back; then verify again'
        : state === 'damaged'
          ? hints.database
          : hints.disk,
    needs: [],
  }
}

function checkFormat(database: DatabaseSync, header: Buffer, file: string): Damage[] {
  const application = database.prepare('pragma application_id').get()?.application_id
  const version = database.prepare('pragma user_version').get()?.user_version
  const damaged = (code: DamageCode, message: string) => databaseDamage({ code, state: 'damaged', message })
  if (application !== applicationId) return [damaged('database-application', 'it is not the database of an archive')]
  if (typeof version === 'number' && version > schemaVersion) {
    throw new OvnError('unsupported', `${file} was written by a newer ovn (format ${version})`, {
      hint: 'install the newest ovn; this one leaves the archive as it is',
    })
  }
  const damage: Damage[] = []
  if (version !== schemaVersion) damage.push(damaged('database-format', `it names the format ${version}`))
  // With a higher number SQLite reads the file, and never writes into it again.
  if ((header[18] as number) > 2)
    damage.push(damaged('database-header', 'its header says that it cannot be written to'))
  const found = new Map<string, string>()
  for (const row of database.prepare('select type, name, tbl_name as "table", sql from sqlite_schema').iterate()) {
    const { type, name, sql, table } = row
    if (type === 'trigger' || type === 'view')
      damage.push(damaged('database-schema', `it has a ${type} that no archive has: ${name}`))
    else if (isNamedAsItIs(String(type), String(name), String(table), String(sql))) {
      found.set(String(name), normalise(String(sql)))
    }
  }
  for (const [name, sql] of Object.entries(schema)) {
    if (!found.has(name)) damage.push(damaged('database-schema', `the table or index ${name} is missing`))
    else if (found.get(name) !== normalise(sql))
      damage.push(damaged('database-schema', `the table or index ${name} is not that of an archive`))
  }
  return damage
}

/** Whether the columns beside a statement say the same as the statement does. */
function isNamedAsItIs(type: string, name: string, table: string, sql: string): boolean {
  if (type === 'table') return table === name
  return type === 'index' && (sql === 'null' ? name === `sqlite_autoindex_${table}_1` : sql.includes(` on ${table} `))
}

function normalise(sql: string): string {
  return sql
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([(),]) ?/g, '$1')
    .trim()
}
