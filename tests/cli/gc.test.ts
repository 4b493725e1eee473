// House-keeping as users have it: beside publishers, killed, on a terminal's word. OVN_LONG=1 makes it last.

import { randomFillSync } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { temporaryFolder } from '../temporary.ts'
import { checkArchive, countPinnedBlocks } from './check-archive.ts'
import { type Ended, ovn, ovnJson, startOvn } from './ovn.ts'

const long = process.env.OVN_LONG !== undefined
const mebibyte = 1_048_576

function writeArticle(folder: string, name: string, { attachment = 0 } = {}): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><!-- the same in all --></svg>')
  const link = attachment > 0 ? `[Film](${name}.bin)` : ''
  if (attachment > 0) writeFileSync(join(folder, `${name}.bin`), randomFillSync(Buffer.alloc(attachment)))
  writeFileSync(join(folder, `${name}.md`), `# ${name}\n\n![Logo](logo.svg)\n\n${link}\n`)
  return join(folder, `${name}.md`)
}

const count = (cwd: string, table: string): number => {
  const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'), { readOnly: true })
  const { n } = database.prepare(`select count(*) as n from ${table}`).get() as { n: number }
  database.close()
  return n
}

describe('ovn gc', () => {
  it('frees what was withdrawn, gives the space back, and says so', async () => {
    const cwd = temporaryFolder()
    writeArticle(cwd, 'large', { attachment: 4 * mebibyte })
    writeArticle(cwd, 'small')
    ovn(['publish', '.'], { cwd })
    expect(ovn(['gc'], { cwd }).stdout).toMatch(
      /^freed 0 blocks \(0 B\); blocks\.sqlite has 4\.\d MB now, and had 4\.\d MB\n$/,
    )
    ovn(['unpublish', 'large', '--reason', 'Too large.'], { cwd })
    const before = statSync(join(cwd, 'ovn-archive/blocks.sqlite')).size

    const planned = ovn(['gc', '--dry-run'], { cwd })
    expect(planned).toMatchObject({ status: 0, stderr: '' })
    // Root, folder, page, metadata, source; the film is a node and four leaves. The picture is needed by the other.
    expect(planned.stdout).toBe('dry run: nothing was changed; 10 blocks (4.2 MB) would be freed\n')
    expect(statSync(join(cwd, 'ovn-archive/blocks.sqlite')).size).toBe(before)

    const collected = ovnJson(['gc'], { cwd })
    expect(collected).toMatchObject({ kind: 'collected', dryRun: false, blocks: 10, sizeBefore: before, notices: [] })
    expect(collected.sizeAfter).toBe(statSync(join(cwd, 'ovn-archive/blocks.sqlite')).size)
    expect(before - collected.sizeAfter).toBeGreaterThan(4 * mebibyte)
    expect(await checkArchive(join(cwd, 'ovn-archive'))).toEqual(['small@1'])
    expect(count(cwd, 'block')).toBe(await countPinnedBlocks(join(cwd, 'ovn-archive')))
  })

  it('tells of a pin without a record, and keeps it', () => {
    const cwd = temporaryFolder()
    writeArticle(cwd, 'a')
    const root = ovn(['publish', '.', '-q'], { cwd }).stdout.trim()
    writeFileSync(join(cwd, 'ovn-archive/manifest.jsonl'), '')
    const { status, stdout, stderr } = ovn(['gc'], { cwd })
    expect({ status, freed: stdout.slice(0, 13) }).toEqual({ status: 0, freed: 'freed 0 block' })
    expect(stderr).toContain(`ovn: ${root}: is pinned and in no record, and was kept`)
  })

  it('frees nothing where something that is needed is missing', () => {
    const cwd = temporaryFolder()
    writeArticle(cwd, 'a')
    writeArticle(cwd, 'b')
    ovn(['publish', '.'], { cwd })
    ovn(['unpublish', 'a', '--reason', 'r'], { cwd })
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec('delete from block where length(bytes) = (select min(length(bytes)) from block)')
    database.close()
    const blocks = count(cwd, 'block')
    const { status, stdout, stderr } = ovn(['gc'], { cwd })
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(stderr).toMatch(/the archive is not whole: block baf\w+ is missing\novn: hint: .*`ovn verify`/)
    expect(count(cwd, 'block')).toBe(blocks)
  })

  it('says that there is no archive', () => {
    expect(ovn(['gc'], { cwd: temporaryFolder() }).status).toBe(4)
  })
})

describe('beside ten publishers', () => {
  it('house-keeping loses nothing, and leaves no garbage in the end', { timeout: 300_000 }, async () => {
    const cwd = temporaryFolder()
    const archive = join(cwd, 'ovn-archive')
    writeArticle(join(cwd, 'first'), 'first')
    ovn(['publish', 'first'], { cwd })
    const rounds = long ? 40 : 5
    const failures: string[] = []
    const check = ({ status, stderr }: Ended) => {
      if (status !== 0) failures.push(stderr)
    }
    const run = async (...args: string[]) => check(await startOvn(args, { cwd }).ended)

    async function publishAll(name: string): Promise<void> {
      for (let round = 0; round < rounds; round += 1)
        await run('publish', writeArticle(join(cwd, name), `${name}-${round}`))
    }
    /** What is stored ahead of its pin is held: that which is larger than 32 MiB. */
    async function publishLarge(name: string): Promise<void> {
      for (let round = 0; round < (long ? 8 : 1); round += 1) {
        await run(
          'publish',
          writeArticle(join(cwd, name), `${name}-${round}`, { attachment: (long ? 70 : 34) * mebibyte }),
        )
      }
    }
    /** The blocks are garbage when they are needed again. */
    async function publishAgain(name: string): Promise<void> {
      const file = writeArticle(join(cwd, name), name, { attachment: 2 * mebibyte })
      await run('publish', file)
      for (let round = 0; round < rounds; round += 1) {
        await run('unpublish', name, '--reason', 'A test.')
        await run('publish', file)
      }
    }
    /** Killed in the middle: what it stored ahead is nobody's. */
    async function publishHalf(name: string): Promise<void> {
      const file = writeArticle(join(cwd, name), name, { attachment: (long ? 80 : 66) * mebibyte })
      const { child, ended } = startOvn(['publish', file], { cwd })
      while (!readdirSync(archive).some((entry) => entry.startsWith('hold-')) && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      child.kill('SIGKILL')
      await ended
    }

    const publishers = [
      ...['a', 'b', 'c', 'd'].map(publishAll),
      ...['large-a', 'large-b'].map(publishLarge),
      ...['again-a', 'again-b', 'again-c'].map(publishAgain),
      publishHalf('half'),
    ]
    let busy = true
    const published = Promise.all(publishers).finally(() => {
      busy = false
    })
    let sweeps = 0
    const housekeeper = openArchive(archive)
    while (busy) {
      check(await startOvn(['gc'], { cwd }).ended)
      // A process takes longer to start than to sweep: most sweeps are made here.
      for (let more = 0; more < 25 && busy; more += 1) {
        await housekeeper.collect()
        sweeps += 1
      }
    }
    housekeeper.close()
    await published
    expect(failures).toEqual([])
    expect(sweeps).toBeGreaterThan(5)

    const expected = [
      'first@1',
      ...['a', 'b', 'c', 'd'].flatMap((name) => Array.from({ length: rounds }, (_, round) => `${name}-${round}@1`)),
      ...['large-a', 'large-b'].flatMap((name) =>
        Array.from({ length: long ? 8 : 1 }, (_, round) => `${name}-${round}@1`),
      ),
      ...['again-a@1', 'again-b@1', 'again-c@1'],
    ]
    const live = new Set(await checkArchive(archive))
    expect([...expected].filter((edition) => !live.has(edition))).toEqual([])
    ovn(['gc'], { cwd })
    expect(count(cwd, 'block')).toBe(await countPinnedBlocks(archive))
    expect(count(cwd, 'hold')).toBe(0)
    expect(readdirSync(archive).filter((name) => name.endsWith('.lock'))).toEqual([])
  })
})

describe('house-keeping that is killed', () => {
  it('leaves a whole archive, and the next one completes it', { timeout: 120_000 }, async () => {
    const cwd = temporaryFolder()
    const archive = join(cwd, 'ovn-archive')
    for (let index = 0; index < 40; index += 1) writeArticle(cwd, `kept-${index}`)
    for (const name of ['gone-a', 'gone-b']) writeArticle(cwd, name, { attachment: 24 * mebibyte })
    ovn(['publish', '.'], { cwd })
    for (const name of ['gone-a', 'gone-b']) ovn(['unpublish', name, '--reason', 'A test.'], { cwd })
    const large = statSync(join(archive, 'blocks.sqlite')).size
    let killed = 0
    for (let round = 0; round < (long ? 100 : 8); round += 1) {
      const { child, ended } = startOvn(['gc'], { cwd })
      setTimeout(() => child.kill('SIGKILL'), 60 + 12 * (round % 16))
      if ((await ended).status === null) killed += 1
      expect(await checkArchive(archive)).toHaveLength(40)
    }
    expect(killed).toBeGreaterThan(0)
    expect(ovn(['gc'], { cwd }).status).toBe(0)
    expect(count(cwd, 'block')).toBe(await countPinnedBlocks(archive))
    expect(large - statSync(join(archive, 'blocks.sqlite')).size).toBeGreaterThan(48 * mebibyte)
    expect(existsSync(join(archive, 'gc.lock'))).toBe(false)
  })

  it('can be interrupted', async () => {
    const cwd = temporaryFolder()
    writeArticle(cwd, 'a')
    ovn(['publish', '.'], { cwd })
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec('begin immediate')
    const { child, ended } = startOvn(['gc'], { cwd })
    await new Promise((resolve) => setTimeout(resolve, 700))
    child.kill('SIGINT')
    const { status, stderr } = await ended
    database.close()
    expect({ status, stderr }).toEqual({ status: 130, stderr: 'ovn: interrupted\n' })
  })
})
