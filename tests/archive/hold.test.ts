import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createArchive } from '../../src/archive/archive.ts'
import { openDatabase, transact } from '../../src/archive/database.ts'
import { deadOwners, dropDeadHolds, Hold } from '../../src/archive/hold.ts'
import { layout } from '../../src/archive/layout.ts'
import { isTaken, LockFile } from '../../src/archive/lock-file.ts'
import { temporaryFolder } from '../temporary.ts'

const script = fileURLToPath(new URL('hold-and-wait.ts', import.meta.url))

/** A process that holds a block from now on. */
async function startHolder(folder: string, text: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [script, folder, text], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

async function end(child: ChildProcess, how: 'kill' | 'well'): Promise<void> {
  const ended = once(child, 'exit')
  if (how === 'kill') child.kill('SIGKILL')
  else child.stdin?.write('end')
  await ended
}

function setUp() {
  const folder = join(temporaryFolder(), 'archive')
  createArchive(folder).close()
  const database = openDatabase(layout.blocks(folder))
  onTestFinished(() => database.close())
  const locks = () => readdirSync(folder).filter((name) => name.startsWith('hold-'))
  return { folder, database, locks }
}

const held = (database: DatabaseSync) => database.prepare('select count(*) as n from hold').get()?.n

describe('a hold', () => {
  it('lives as long as its process, and no longer', async () => {
    const { folder, database, locks } = setUp()
    const [killed, kept] = [await startHolder(folder, 'killed'), await startHolder(folder, 'kept')]
    expect(locks()).toHaveLength(2)
    expect(deadOwners(folder, database)).toEqual([])
    expect(await transact(database, () => dropDeadHolds(folder, database))).toBe(0)
    expect(held(database)).toBe(2)

    await end(killed, 'kill')
    expect(locks()).toHaveLength(2)
    expect(deadOwners(folder, database)).toHaveLength(1)
    expect(await transact(database, () => dropDeadHolds(folder, database))).toBe(1)
    expect(held(database)).toBe(1)
    expect(locks()).toHaveLength(1)

    await end(kept, 'well')
    expect(locks()).toEqual([])
    expect(await transact(database, () => dropDeadHolds(folder, database))).toBe(1)
    expect(held(database)).toBe(0)
  })

  it('of this very process counts as well', () => {
    const { folder, database, locks } = setUp()
    const hold = new Hold(folder, database)
    expect(locks()).toEqual([])
    hold.protect([Buffer.from('a'), Buffer.from('b')])
    hold.protect([Buffer.from('b')])
    expect(locks()).toHaveLength(1)
    expect(dropDeadHolds(folder, database)).toBe(0)
    hold.clear()
    expect(held(database)).toBe(0)
    hold.protect([Buffer.from('c')])
    hold.release()
    expect(locks()).toEqual([])
    expect(deadOwners(folder, database)).toHaveLength(1)
  })

  it('protects with the transaction that stores, or not at all', async () => {
    const { folder, database } = setUp()
    const hold = new Hold(folder, database)
    const failing = transact(database, () => {
      hold.protect([Buffer.from('a')])
      throw new Error('the disk is full')
    })
    await expect(failing).rejects.toThrow('full')
    expect(held(database)).toBe(0)
    hold.release()
  })

  it('leaves no file behind that its owner was killed over', () => {
    const { folder, database, locks } = setUp()
    writeFileSync(layout.hold(folder, '00000000-0000-4000-8000-000000000000'), '')
    expect(dropDeadHolds(folder, database)).toBe(0)
    expect(locks()).toEqual([])
  })
})

describe('a lock file', () => {
  it('has one holder, and can be had again', () => {
    const file = join(temporaryFolder(), 'a.lock')
    expect(isTaken(file)).toBe(false)
    const lock = LockFile.take(file)
    expect(isTaken(file)).toBe(true)
    expect(LockFile.take(file)).toBeUndefined()
    expect(isTaken(file)).toBe(true)
    lock?.release()
    expect(existsSync(file)).toBe(false)
    const again = LockFile.take(file)
    expect(again).toBeDefined()
    again?.release()
  })

  it('that cannot be looked at is an error, never "free"', () => {
    const folder = temporaryFolder()
    expect(() => isTaken(folder)).toThrow(expect.objectContaining({ code: 'storage' }))
    writeFileSync(join(folder, 'a.lock'), 'not a lock at all, and long enough to be looked at'.repeat(20))
    expect(() => isTaken(join(folder, 'a.lock'))).toThrow(expect.objectContaining({ code: 'damaged' }))
  })
})
