// `ovn verify` as a user meets it: good news, bad news, what to do about it, exit codes.

import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { copiesOf, temporaryFolder } from '../temporary.ts'
import { binary, environment, ovn, ovnJson, startOvn } from './ovn.ts'

const copy = copiesOf((cwd) => {
  const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)
  write('quay.svg', '<svg xmlns="http://www.w3.org/2000/svg"></svg>')
  write('harbour.md', '# Harbour\n\n![Quay](quay.svg)\n\nOne.\n')
  write('library.md', '# Library\n\n![Quay](quay.svg)\n\nBooks.\n')
  write('mayor.md', '# Mayor\n\nSpeech.\n')
  ovn(['publish', '.'], { cwd })
  write('harbour.md', '# Harbour\n\n![Quay](quay.svg)\n\nTwo.\n')
  ovn(['publish', 'harbour.md'], { cwd })
})

/** An archive of three articles, of which one has two versions. */
function setUp() {
  const cwd = copy()
  const manifest = join(cwd, 'ovn-archive/manifest.jsonl')
  const edit = (sql: string) => {
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec(sql)
    database.close()
  }
  return { cwd, manifest, edit }
}

const damageBooks = "update block set bytes = cast(bytes || '!' as blob) where cast(bytes as text) like '# Library%'"

describe('ovn verify', () => {
  it('says the good news', () => {
    const { cwd } = setUp()
    const { status, stdout, stderr } = ovn(['verify'], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^intact: 3 articles in 4 versions, 18 blocks, [\d.]+ KB re-hashed\n$/)
    expect(ovn(['verify', 'mayor'], { cwd }).stdout).toMatch(/^intact: 1 article, 4 blocks, [\d.]+ KB re-hashed\n$/)
    expect(ovn(['verify', '-q'], { cwd })).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(ovnJson(['verify'], { cwd })).toMatchObject({
      kind: 'verified',
      schema: 1,
      state: 'intact',
      damage: [],
      articles: 3,
      editions: 4,
    })
  })

  it('says which article, file and block are damaged, what was found, and what to do', () => {
    const { cwd, edit } = setUp()
    edit(damageBooks)
    const { status, stdout, stderr } = ovn(['verify'], { cwd })
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' })
    const { files } = ovnJson(['show', 'mayor'], { cwd })
    expect(files).toHaveLength(3)
    const block = /bafkrei\w+/.exec(stdout)?.[0]
    expect(stdout).toMatch(
      new RegExp(
        `^damaged: block ${block}: its \\d+ bytes do not match its CID\n  expected ${block}\n  found    bafkrei\\w+\n  needed by library@1: article.md\n  hint: run .ovn fetch --repair library@1., or publish the same file again\n1 damaged: 1 of 4 versions concerned; 3 articles in 4 versions, 18 blocks, .* re-hashed\n$`,
      ),
    )
    const { state, harmed, damage } = ovnJson(['verify'], { cwd })
    expect({ state, harmed }).toEqual({ state: 'damaged', harmed: 1 })
    expect(damage).toMatchObject([
      {
        state: 'damaged',
        kind: 'block',
        cid: block,
        needs: [{ article: 'library@1', path: 'article.md', root: expect.stringMatching(/^bafy/) }],
      },
    ])
    expect(ovn(['verify', '-q'], { cwd }).stdout).toBe(`${damage[0].needs[0].root}\n`)
    expect(ovn(['verify', 'harbour', 'mayor'], { cwd }).status).toBe(0)
  })

  it('is content again after the same file was published again', () => {
    const { cwd, edit } = setUp()
    edit(damageBooks)
    edit("delete from block where cast(bytes as text) like '<svg%'")
    expect(ovnJson(['verify'], { cwd }).damage).toHaveLength(2)
    expect(ovn(['publish', 'library.md'], { cwd }).status).toBe(0)
    expect(ovn(['verify'], { cwd }).status).toBe(0)
  })

  it('lists all of it: blocks, lines, pins', () => {
    const { cwd, edit, manifest } = setUp()
    edit(damageBooks)
    edit("delete from block where cast(bytes as text) like '# Mayor%'")
    edit('delete from pin where rowid = (select min(rowid) from pin)')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"title":"Mayor"', '"title":"Major"'))
    const { status, stdout } = ovn(['verify'], { cwd })
    expect(status).toBe(3)
    expect(stdout).toMatch(/^damaged: line 3 of the manifest: its bytes do not match its CID$/m)
    expect(stdout).toMatch(/^missing: harbour@1 is not pinned$/m)
    expect(stdout).toMatch(/^damaged: block \w+: its \d+ bytes do not match its CID$/m)
    expect(stdout).toMatch(/^missing: block \w+: it is not in the archive$/m)
    expect(stdout).toMatch(/hint: restore the manifest from a copy, or run `ovn rebuild`$/m)
  })

  it('tells what it could not check from what is damaged', () => {
    const { cwd, edit } = setUp()
    edit("insert into block (multihash, bytes) values (x'13021234', x'01')")
    const { status, stdout } = ovn(['verify'], { cwd })
    expect(status).toBe(7)
    expect(stdout).toMatch(/^not checked: block \w+, which no article needs: its hash function 0x13 is not trusted\n/)
    expect(ovnJson(['verify'], { cwd })).toMatchObject({ state: 'not checked' })
  })

  it('counts stray blocks, and tells of an unfinished line', () => {
    const { cwd, edit, manifest } = setUp()
    edit(
      `insert into block (multihash, bytes) values (x'1220${'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}', x'')`,
    )
    appendFileSync(manifest, '{"cat')
    const { status, stdout, stderr } = ovn(['verify'], { cwd })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^intact: .*\n1 stray block \(0 B\) that no article needs: `ovn gc` frees the space\n$/)
    expect(stderr).toMatch(/manifest\.jsonl: an unfinished line of 5 bytes at its end/)
  })

  it('writes nothing, and needs no right to', () => {
    const { cwd, manifest } = setUp()
    rmSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    expect(ovn(['verify'], { cwd })).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/^missing: blocks\.sqlite: it is missing, and the manifest records articles\n/),
    })
    writeFileSync(join(cwd, 'ovn-archive/blocks.sqlite'), '')
    const before = readFileSync(manifest)
    expect(ovn(['verify'], { cwd }).status).toBe(3)
    expect(readFileSync(join(cwd, 'ovn-archive/blocks.sqlite'))).toHaveLength(0)
    expect(readFileSync(manifest)).toEqual(before)
  })

  it('has errors for what is no archive, and no article of one', () => {
    expect(ovn(['verify'], { cwd: temporaryFolder() })).toMatchObject({ status: 4, stdout: '' })
    const { cwd } = setUp()
    expect(ovn(['verify', 'nothing'], { cwd })).toEqual({
      status: 4,
      stdout: '',
      stderr: 'ovn: no article "nothing" in this archive\novn: hint: see what there is with `ovn list`\n',
    })
    expect(ovn(['verify', 'a b'], { cwd }).status).toBe(2)
  })

  it('raises no false alarm while others publish, correct, withdraw and clean up', async () => {
    const { cwd } = setUp()
    let busy = true
    const work = (async () => {
      for (let round = 0; round < 3; round += 1) {
        mkdirSync(join(cwd, `in-${round}`))
        for (let index = 0; index < 8; index += 1) {
          writeFileSync(join(cwd, `in-${round}/${index}.md`), `# Article ${round % 2} ${index}\n\nText ${round}.\n`)
        }
        await startOvn(['publish', `in-${round}`], { cwd }).ended
        await startOvn(['unpublish', `article-${round % 2}-${round}`, '--reason', 'It was wrong.'], { cwd }).ended
        await startOvn(['gc'], { cwd }).ended
      }
      busy = false
    })()
    for (let count = 0; busy || count < 3; count += 1) {
      const { status, stdout } = await startOvn(['verify'], { cwd }).ended
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^intact: /) })
    }
    await work
    expect(ovn(['verify'], { cwd })).toMatchObject({ status: 0, stderr: '' })
  }, 120_000)
})

const hasStrace = spawnSync('strace', ['-V']).status === 0
if (!hasStrace) process.stderr.write('strace is not installed: verifying on a failing disk is NOT tested\n')
if (!hasStrace && process.env.OVN_NO_SKIP) throw new Error('strace must be installed where no test may be skipped')

describe.skipIf(!hasStrace)('a disk that fails to read', () => {
  /** Runs `ovn verify`; the reads of the database that `when` names fail. */
  function verifyWhile(cwd: string, when: string) {
    const database = join(cwd, 'ovn-archive/blocks.sqlite')
    const faults = ['-P', database, '-e', 'trace=pread64', '-e', `inject=pread64:error=EIO:when=${when}`]
    const args = ['-f', '-o', join(cwd, 'strace.log'), ...faults, process.execPath, binary, 'verify']
    const { status, stdout } = spawnSync('strace', args, { cwd, env: environment(), encoding: 'utf8' })
    expect(readFileSync(join(cwd, 'strace.log'), 'utf8')).toContain('INJECTED')
    return { status, stdout }
  }

  it.each([3, 10, 20])('once, at read %i, is asked again', (read) => {
    const { cwd } = setUp()
    expect(verifyWhile(cwd, `${read}`)).toEqual({ status: 0, stdout: expect.stringMatching(/^intact: /) })
  })

  it.each([2, 8, 15, 25])('from read %i on is never taken for damage', (read) => {
    const { cwd } = setUp()
    const { status, stdout } = verifyWhile(cwd, `${read}+`)
    expect([6, 7]).toContain(status)
    expect(stdout).not.toMatch(/damaged|missing/)
  })
})
