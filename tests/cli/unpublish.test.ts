import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { copiesOf } from '../temporary.ts'
import { checkArchive } from './check-archive.ts'
import { ovn, ovnJson } from './ovn.ts'

interface Version {
  readonly version: number
  readonly root: string
  readonly withdrawn?: { readonly reason: string }
}

/** Two articles, of which one has two versions; made once, and copied. */
const roots: string[] = []
const copy = copiesOf((template) => {
  for (const text of ['One.', 'Two.']) {
    writeFileSync(join(template, 'alpha.md'), `---\ntitle: Alpha\nurl: https://news.example/alpha\n---\n\n${text}\n`)
    roots.push(ovn(['publish', 'alpha.md', '-q'], { cwd: template }).stdout.trim())
  }
  writeFileSync(join(template, 'beta.md'), '# Beta')
  ovn(['publish', 'beta.md'], { cwd: template })
})

function setUp(): { cwd: string; roots: [first: string, second: string] } {
  const cwd = copy()
  return { cwd, roots: roots as [string, string] }
}

const pinned = (cwd: string, root: string): boolean => {
  const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'), { readOnly: true })
  const row = database.prepare('select 1 from pin where root = ?').get(CID.parse(root).bytes)
  database.close()
  return row !== undefined
}

const linesOf = (cwd: string) => readFileSync(join(cwd, 'ovn-archive/manifest.jsonl'), 'utf8').trimEnd().split('\n')

describe('ovn unpublish', () => {
  it('withdraws every version of a slug, says what it cannot do, and where copies may be', () => {
    const { cwd, roots } = setUp()
    ovn(['init', '--gateway', 'https://gateway.example/'], { cwd })
    const { status, stdout, stderr } = ovn(['unpublish', 'alpha', '--reason', 'By mistake.'], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('alpha@1 is withdrawn')
    expect(stdout).toContain('alpha@2 is withdrawn')
    expect(stdout).toMatch(/copies elsewhere cannot be recalled; there may be some at\n/)
    expect(stdout).toContain('\n  https://news.example/alpha\n')
    for (const root of roots) expect(stdout).toContain(`  https://gateway.example/ipfs/${root}/\n`)
    expect(roots.map((root) => pinned(cwd, root))).toEqual([false, false])
    const added = linesOf(cwd).slice(3)
    expect(added.map((line) => JSON.parse(line))).toEqual(
      roots.map((root, index) => ({
        v: 1,
        event: 'withdraw',
        slug: 'alpha',
        version: index + 1,
        root,
        reason: 'By mistake.',
        time: expect.any(String),
        parent: expect.any(String),
        cid: expect.any(String),
      })),
    )
  })

  it('withdraws the version that is named, and the others stay', async () => {
    const { cwd, roots } = setUp()
    const { articles, elsewhere } = ovnJson(['unpublish', 'alpha@2', '--reason', 'A name.'], { cwd })
    expect(articles).toMatchObject([
      { version: 2, root: roots[1], status: 'withdrawn', withdrawn: { reason: 'A name.' } },
    ])
    expect(elsewhere).toEqual(['https://news.example/alpha'])
    expect(roots.map((root) => pinned(cwd, root))).toEqual([true, false])
    expect(await checkArchive(join(cwd, 'ovn-archive'))).toEqual(['alpha@1', 'beta@1'])
    // The newest of a slug is the newest that is kept.
    expect(ovnJson(['show', 'alpha'], { cwd }).article).toMatchObject({ version: 1, root: roots[0] })
    expect(ovnJson(['unpublish', roots[0], '--reason', 'All.'], { cwd }).articles).toHaveLength(1)
    expect(ovnJson(['show', 'alpha'], { cwd }).article).toMatchObject({ version: 2, root: roots[1] })
  })

  it('changes nothing when it is done again', () => {
    const { cwd } = setUp()
    ovn(['unpublish', 'alpha', '--reason', 'By mistake.'], { cwd })
    const before = linesOf(cwd)
    const again = ovn(['unpublish', 'alpha', '--reason', 'Another.'], { cwd })
    expect(again.status).toBe(0)
    expect(again.stdout).toContain('alpha@2 was withdrawn already')
    expect(again.stdout).toContain('By mistake.')
    expect(linesOf(cwd)).toEqual(before)
  })

  it('completes one that was interrupted between its record and its pin', () => {
    const { cwd, roots } = setUp()
    ovn(['unpublish', 'alpha', '--reason', 'By mistake.'], { cwd })
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    const insert = database.prepare("insert into pin (root, multihash, metadata) values (?, ?, '{}')")
    for (const root of roots) insert.run(CID.parse(root).bytes, CID.parse(root).multihash.bytes)
    database.close()
    const { status, stdout } = ovn(['unpublish', 'alpha', '--reason', 'By mistake.'], { cwd })
    expect({ status, already: stdout.match(/already/g)?.length }).toEqual({ status: 0, already: 2 })
    expect(roots.map((root) => pinned(cwd, root))).toEqual([false, false])
  })

  it.each([
    [['alpha'], 2, /^ovn: why is it withdrawn\? --reason is missing\novn: hint: add --reason /],
    [['alpha', '--reason', ' '], 2, /--reason is missing/],
    [['gamma', '--reason', 'r'], 4, /^ovn: no article "gamma" in this archive\novn: hint: /],
    [['alpha@7', '--reason', 'r'], 4, /its newest version is alpha@2/],
  ])('%j', (args, status, message) => {
    const { cwd } = setUp()
    const before = linesOf(cwd)
    const ended = ovn(['unpublish', ...args], { cwd })
    expect(ended).toMatchObject({ status, stdout: '' })
    expect(ended.stderr).toMatch(message)
    expect(linesOf(cwd)).toEqual(before)
  })
})

describe('a withdrawn article', () => {
  it('is left out of the list, and stays listed where it is asked for', () => {
    const { cwd, roots } = setUp()
    const listed = (...args: string[]) =>
      ovnJson(['list', ...args], { cwd }).articles.map(({ root, withdrawn }: Version) => [root, withdrawn?.reason])
    ovn(['unpublish', 'alpha@2', '--reason', 'A name.'], { cwd })
    const beta = ovnJson(['show', 'beta'], { cwd }).article.root
    expect(listed()).toEqual([
      [beta, undefined],
      [roots[0], undefined],
    ])
    expect(listed('--all-versions')).toEqual(listed())
    expect(listed('--withdrawn')).toEqual([
      [beta, undefined],
      [roots[1], 'A name.'],
      [roots[0], undefined],
    ])
    ovn(['unpublish', 'alpha', '--reason', 'All.'], { cwd })
    expect(listed()).toEqual([[beta, undefined]])
    expect(ovn(['list', '--withdrawn'], { cwd }).stdout).toMatch(/\n {2}withdrawn \S+Z: A name\.\n/)
  })

  it('stays in its log and can be shown: with its blocks, and without', () => {
    const { cwd, roots } = setUp()
    ovn(['unpublish', 'alpha@1', '--reason', 'Old.'], { cwd })
    const { versions } = ovnJson(['log', 'alpha'], { cwd })
    expect(versions.map(({ root, withdrawn }: Version) => [root, withdrawn?.reason])).toEqual([
      [roots[1], undefined],
      [roots[0], 'Old.'],
    ])
    expect(ovn(['log', 'alpha'], { cwd }).stdout).toMatch(/\n {5}withdrawn \S+: Old\.\n$/)
    const shown = ovnJson(['show', roots[0]], { cwd })
    expect(shown).toMatchObject({ pinned: false, article: { withdrawn: { reason: 'Old.' } }, metadata: { version: 1 } })
    ovn(['gc'], { cwd })
    const { status, stdout } = ovn(['show', 'alpha@1'], { cwd })
    expect(status).toBe(0)
    expect(stdout).toMatch(/withdrawn {2}\S+Z\n {2}because {4}Old\.\n/)
    expect(stdout).toContain('not here any more')
    expect(ovnJson(['show', 'alpha@1'], { cwd })).toMatchObject({ files: [], metadata: null })
  })

  it('is recorded again, as it was, when it is published again', async () => {
    const { cwd, roots } = setUp()
    for (const args of [[], ['gc']]) {
      ovn(['unpublish', 'alpha@2', '--reason', 'A doubt.'], { cwd })
      if (args.length > 0) ovn(args, { cwd })
      const planned = ovnJson(['publish', 'alpha.md', '--dry-run'], { cwd }).articles[0]
      expect(planned).toMatchObject({ status: 'planned', version: 2, root: roots[1] })
      const published = ovnJson(['publish', 'alpha.md'], { cwd }).articles[0]
      expect(published).toMatchObject({ status: 'published', version: 2, root: roots[1], previous: roots[0] })
      expect(JSON.parse(linesOf(cwd).at(-1) ?? '')).toMatchObject({ event: 'publish', version: 2, root: roots[1] })
      expect(await checkArchive(join(cwd, 'ovn-archive'))).toContain('alpha@2')
      expect(ovnJson(['publish', 'alpha.md'], { cwd }).articles[0].status).toBe('unchanged')
    }
    const { versions } = ovnJson(['log', 'alpha'], { cwd })
    expect(versions.map(({ version, withdrawn }: Version) => [version, withdrawn])).toEqual([
      [2, undefined],
      [1, undefined],
    ])
    expect(ovnJson(['list', '--all-versions'], { cwd }).articles).toHaveLength(3)
  })

  it('has a next version when it is changed, or when its page would be another', () => {
    const { cwd, roots } = setUp()
    ovn(['unpublish', 'alpha@2', '--reason', 'Wrong.'], { cwd })
    writeFileSync(join(cwd, 'alpha.md'), readFileSync(join(cwd, 'alpha.md'), 'utf8').replace('Two', 'Three'))
    const third = ovnJson(['publish', 'alpha.md'], { cwd }).articles[0]
    expect(third).toMatchObject({ status: 'published', version: 3, previous: roots[1] })
    ovn(['unpublish', 'alpha', '--reason', 'All of it.'], { cwd })
    ovn(['init', '--name', 'OpenVoiceNews'], { cwd })
    const fourth = ovnJson(['publish', 'alpha.md'], { cwd }).articles[0]
    expect(fourth).toMatchObject({ status: 'published', version: 4, previous: third.root })
  })
})
