// Processes that wait for each other, files that were left unfinished. Crowds, and processes that are killed, are in tests/reliability/.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { checkArchive } from './check-archive.ts'
import { ovn, ovnJson, startOvn } from './ovn.ts'

/** Articles that share one picture. */
function writeArticles(folder: string, count: number, prefix: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><!-- the same in all --></svg>')
  for (let index = 0; index < count; index += 1) {
    writeFileSync(
      join(folder, `${prefix}-${index}.md`),
      `# ${prefix} ${index}\n\n![Logo](logo.svg)\n\nText ${index}.\n`,
    )
  }
}

describe('several processes', () => {
  it('wait ten seconds for a lock, and say so', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    ovn(['publish', 'a.md'], { cwd })
    writeFileSync(join(cwd, 'b.md'), '# B')
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec('begin immediate')
    const started = performance.now()
    const waiting = startOvn(['publish', 'b.md'], { cwd }).ended
    expect(ovn(['show', 'a'], { cwd }).status).toBe(0)
    expect(ovn(['list'], { cwd }).status).toBe(0)
    const { status, stdout, stderr } = await waiting
    database.exec('rollback')
    database.close()
    expect({ status, stdout }).toEqual({ status: 6, stdout: '' })
    expect(stderr).toBe(
      'ovn: another process has been writing to the archive for 10 seconds\novn: hint: wait for the other ovn to end, then run the same command again\n',
    )
    expect(performance.now() - started).toBeLessThan(20_000)
    expect(ovn(['publish', 'b.md'], { cwd }).status).toBe(0)
  })

  it('stop waiting for a lock when they are interrupted', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    ovn(['init'], { cwd })
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec('begin immediate')
    const { child, ended } = startOvn(['publish', 'a.md'], { cwd })
    await new Promise((resolve) => setTimeout(resolve, 1000))
    child.kill('SIGINT')
    const { status, stderr } = await ended
    database.close()
    expect({ status, stderr }).toEqual({ status: 130, stderr: 'ovn: interrupted: nothing was published\n' })
  })
})

describe('an unfinished line at the end of the manifest', () => {
  it('is set aside, reported, and harms nothing', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    writeFileSync(join(cwd, 'b.md'), '# B')
    ovn(['publish', 'a.md'], { cwd })
    const manifest = join(cwd, 'ovn-archive/manifest.jsonl')
    const torn = readFileSync(manifest).subarray(0, 100)
    appendFileSync(manifest, torn)
    expect(ovnJson(['list'], { cwd }).articles).toHaveLength(1)
    const { status, stderr } = ovn(['publish', 'b.md'], { cwd })
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /manifest\.jsonl: an unfinished line of 100 bytes at its end was set aside in manifest\.torn\n/,
    )
    expect(readFileSync(join(cwd, 'ovn-archive/manifest.torn'), 'utf8')).toBe(`${torn}\n`)
    expect(await checkArchive(join(cwd, 'ovn-archive'))).toEqual(['a@1', 'b@1'])
  })
})

describe('a damaged line of the manifest', () => {
  it('is named, and nothing is built on it', () => {
    const cwd = temporaryFolder()
    for (const name of ['a', 'b', 'c']) writeFileSync(join(cwd, `${name}.md`), `# ${name}`)
    ovn(['publish', 'a.md'], { cwd })
    ovn(['publish', 'b.md'], { cwd })
    const manifest = join(cwd, 'ovn-archive/manifest.jsonl')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"title":"b"', '"title":"B"'))
    const { status, stdout, stderr } = ovn(['publish', 'c.md'], { cwd })
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(stderr).toMatch(/^ovn: manifest\.jsonl:2 is damaged: its bytes do not match its CID\novn: hint: /)
  })
})

describe('pinning', () => {
  it('costs one row for an article, however many share its picture', () => {
    const cwd = temporaryFolder()
    writeArticles(join(cwd, 'in'), 200, 'shared')
    ovn(['publish', 'in'], { cwd })
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    const pins = database.prepare('select length(root) + length(multihash) + length(metadata) as bytes from pin').all()
    expect(pins).toHaveLength(200)
    for (const { bytes } of pins) expect(bytes).toBeLessThan(120)
    // Per article: root, page, metadata, source. For all: the picture and the folder that holds it.
    expect(database.prepare('select count(*) as n from block').get()).toEqual({ n: 4 * 200 + 2 })
    database.close()
  })
})
