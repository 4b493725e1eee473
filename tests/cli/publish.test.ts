import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { fixtures, ovn, ovnJson } from './ovn.ts'

const article = '---\ntitle: On Clocks\ndate: August 22, 2025\ncategory: Defence & Security\n---\n\nTime “flies”.\n'

function folderWith(files: { readonly [path: string]: string | Uint8Array }): string {
  const folder = temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

describe('ovn publish', () => {
  it('archives an article and says where', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const { status, stdout, stderr } = ovn(['publish', 'clocks.md'], { cwd })
    const [title, cid, link, place] = stdout.split('\n')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(title).toBe('On Clocks')
    expect(cid).toMatch(/^ {2}bafybei[a-z2-7]{52}$/)
    expect(link).toBe(`  ipfs://${cid?.trim()}`)
    expect(place).toMatch(/^ {2}archived in .*\/ovn-archive as on-clocks@1 \(3 files, \d+\.\d KB\)$/)
    expect(readdirSync(join(cwd, 'ovn-archive')).sort()).toEqual([
      'blocks.sqlite',
      'blocks.sqlite-journal',
      'manifest.jsonl',
      'reserve',
    ])
  })

  it('writes one line of the manifest', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const { articles } = ovnJson(['publish', 'clocks.md'], { cwd })
    const lines = readFileSync(join(cwd, 'ovn-archive/manifest.jsonl'), 'utf8').split('\n')
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      v: 1,
      event: 'publish',
      slug: 'on-clocks',
      version: 1,
      root: articles[0].root,
      profile: 'unixfs-v1-2025',
      size: articles[0].size,
      title: 'On Clocks',
      datePublished: '2025-08-22',
      categories: ['Defence & Security'],
      source: ovn(['cid', 'clocks.md'], { cwd }).stdout.trim(),
      inputs: expect.stringMatching(/^baguqeera/),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      cid: expect.stringMatching(/^baguqeera/),
    })
  })

  it('answers with the CID on record when nothing has changed', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const first = ovnJson(['publish', 'clocks.md'], { cwd })
    const manifest = readFileSync(join(cwd, 'ovn-archive/manifest.jsonl'))
    const again = ovnJson(['publish', 'clocks.md', '--note', 'no reason'], { cwd })
    expect(again.articles[0]).toEqual({ ...first.articles[0], status: 'unchanged' })
    expect(readFileSync(join(cwd, 'ovn-archive/manifest.jsonl'))).toEqual(manifest)
  })

  it('answers with the CID on record also where the site has got another name', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const first = ovnJson(['publish', 'clocks.md'], { cwd })
    ovn(['init', '--name', 'OpenVoiceNews'], { cwd })
    const again = ovnJson(['publish', 'clocks.md'], { cwd })
    expect(again.articles[0]).toMatchObject({ status: 'unchanged', version: 1, root: first.articles[0].root })
  })

  it('makes a new version of a changed file, attachment or override, linked to the one before', () => {
    const cwd = folderWith({
      'clocks.md': `${article}\n![A clock](clock.svg)\n`,
      'clock.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    })
    const publish = (...args: string[]) => ovnJson(['publish', 'clocks.md', ...args], { cwd }).articles[0]
    const first = publish()
    writeFileSync(join(cwd, 'clock.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="1"/>')
    const second = publish('--note', 'A better drawing.')
    const third = publish('--category', 'Science')
    expect([first, second, third].map(({ version, previous, note }) => ({ version, previous, note }))).toEqual([
      { version: 1, previous: undefined, note: undefined },
      { version: 2, previous: first.root, note: 'A better drawing.' },
      { version: 3, previous: second.root, note: undefined },
    ])
    const { metadata } = ovnJson(['show', third.root], { cwd })
    expect(metadata).toMatchObject({
      version: 3,
      articleSection: ['Science'],
      'prov:wasRevisionOf': { '@id': `ipfs://${second.root}` },
    })
    expect(publish('--category', 'Science')).toMatchObject({ status: 'unchanged', version: 3 })
  })

  it('archives the three versions of a correction, each with its reason', () => {
    const cwd = temporaryFolder()
    for (const version of ['1', '2', '3']) {
      const { status, stderr } = ovn(['publish', join(fixtures, 'correction', version)], { cwd })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    }
    const { articles } = ovnJson(['list', '--all-versions'], { cwd })
    expect(articles).toHaveLength(3)
    const { versions } = ovnJson(['log', articles[0].slug], { cwd })
    expect(versions.map(({ version }: { version: number }) => version)).toEqual([3, 2, 1])
    expect(versions[0].note).toEqual(expect.any(String))
    expect(versions[1].note).toEqual(expect.any(String))
    expect(versions[0].note).not.toBe(versions[1].note)
    const { metadata } = ovnJson(['show', articles[0].slug], { cwd })
    expect(metadata['prov:wasRevisionOf']['@id']).toBe(`ipfs://${versions[1].root}`)
    expect(metadata.correction.length).toBeGreaterThan(1)
  })

  it('takes another article with the same title for another article', () => {
    const cwd = folderWith({ 'a.md': article, 'b.md': article.replace('August 22', 'August 23') })
    ovn(['publish', 'a.md'], { cwd })
    const refused = ovn(['publish', 'b.md'], { cwd })
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain('b.md: "on-clocks" is already the slug of "On Clocks" of 2025-08-22')
    expect(ovnJson(['publish', 'b.md', '--slug', 'on-clocks-again'], { cwd }).articles[0].version).toBe(1)
    expect(ovnJson(['publish', 'b.md', '--slug', 'on-clocks'], { cwd }).articles[0].version).toBe(2)
  })

  it('publishes the good articles of a batch, lists the bad ones, and ends with 7', () => {
    const cwd = folderWith({
      'in/a.md': article,
      'in/b.md': '# Twins\n\nOne.',
      'in/c.md': '# Twins\n\nTwo.',
      'in/d.md': 'no title',
    })
    const { status, stdout, stderr } = ovn(['publish', 'in', 'gone.md'], { cwd })
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' })
    const batch = ovn(['publish', 'in'], { cwd })
    expect(batch.status).toBe(7)
    expect(batch.stdout).toMatch(/2 articles archived in .*, 2 failed\n$/)
    expect(batch.stderr).toMatch(/^ovn: in\/c\.md: "twins" is the slug of in\/b\.md too$/m)
    expect(batch.stderr).toMatch(/^ovn: in\/d\.md: the article has no title$/m)
    expect(stderr).toMatch(/^ovn: .*gone\.md/)
    const json = ovnJson(['publish', 'in'], { cwd })
    expect(
      json.failed.map(({ file, code, exit }: { file: string; code: string; exit: number }) => ({ file, code, exit })),
    ).toEqual([
      { file: 'in/c.md', code: 'article', exit: 2 },
      { file: 'in/d.md', code: 'article', exit: 2 },
    ])
    expect(json.articles.map(({ status }: { status: string }) => status)).toEqual(['unchanged', 'unchanged'])
  })

  it('is an error where no article of a batch can be published', () => {
    const cwd = folderWith({ 'a.md': 'no title', 'b.md': '---\ndate: soon\n---\n# B\n' })
    const { status, stdout, stderr } = ovn(['publish', 'a.md', 'b.md'], { cwd })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(
      /^ovn: none of the 2 articles can be published\novn: a\.md: .*\novn: hint: .*\novn: b\.md:2:7: /,
    )
  })

  it('reads standard input', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const input = ovnJson(['publish', '-'], { cwd, input: article })
    expect(input.articles[0]).toMatchObject({ file: '-', status: 'published' })
    expect(ovnJson(['publish', 'clocks.md'], { cwd }).articles[0]).toMatchObject({
      status: 'unchanged',
      root: input.articles[0].root,
    })
  })

  it('stores nothing in a dry run, and computes the same CID', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const { articles } = ovnJson(['publish', 'clocks.md', '--dry-run'], { cwd })
    expect(articles[0]).toMatchObject({ status: 'planned', version: 1 })
    expect(existsSync(join(cwd, 'ovn-archive'))).toBe(false)
    const published = ovnJson(['publish', 'clocks.md'], { cwd }).articles[0]
    expect(published.root).toBe(articles[0].root)
    const before = readdirSync(join(cwd, 'ovn-archive')).map((name) => readFileSync(join(cwd, 'ovn-archive', name)))
    writeFileSync(join(cwd, 'clocks.md'), `${article}More.\n`)
    expect(ovnJson(['publish', 'clocks.md', '-n'], { cwd }).articles[0]).toMatchObject({
      status: 'planned',
      version: 2,
      previous: published.root,
    })
    expect(readdirSync(join(cwd, 'ovn-archive')).map((name) => readFileSync(join(cwd, 'ovn-archive', name)))).toEqual(
      before,
    )
  })

  it('says what it noticed', () => {
    const cwd = folderWith({ 'a.md': '# A\n\n![far](https://cdn.example/a.png)\n' })
    const { status, stderr } = ovn(['publish', 'a.md'], { cwd })
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr:
        'ovn: a.md:3:1: a remote image is not archived\novn: hint: save it beside the article and name that file\n',
    })
  })

  it('takes what the command line says of the article before what the file says', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const flags = ['--title', 'Clocks', '--date', '22 August 2024', '--author', 'Ana', '--author', 'Li Wei']
    const more = ['--category', 'Science', '--category', 'Local', '--language', 'uk', '--slug', 'clock-work']
    ovn(['publish', 'clocks.md', ...flags, ...more], { cwd })
    expect(ovnJson(['show', 'clock-work'], { cwd }).metadata).toMatchObject({
      identifier: 'clock-work',
      headline: 'Clocks',
      inLanguage: 'uk',
      datePublished: '2024-08-22',
      author: [{ name: 'Ana' }, { name: 'Li Wei' }],
      articleSection: ['Science', 'Local'],
    })
  })

  it('prints the CID alone when it is to be quiet', () => {
    const cwd = folderWith({ 'clocks.md': article })
    expect(ovn(['publish', '-q', 'clocks.md'], { cwd }).stdout).toMatch(/^bafy[a-z2-7]+\n$/)
  })

  it('has a title, or a slug, for one article only', () => {
    const cwd = folderWith({ 'a.md': '# A\n', 'b.md': '# B\n' })
    expect(ovn(['publish', 'a.md', 'b.md', '--title', 'X'], { cwd })).toMatchObject({ status: 2, stdout: '' })
  })
})

describe('the same article', () => {
  it('has the same root in another archive and folder, under another time zone, locale, umask and file time', () => {
    const roots = new Set<string>()
    const surroundings = [
      {},
      { env: { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } },
      { env: { TZ: 'America/Los_Angeles', LANG: 'C', LC_ALL: 'C' }, old: true },
      { umask: 0o077 },
    ]
    for (const { env = {}, old = false, umask } of surroundings as {
      env?: NodeJS.ProcessEnv
      old?: boolean
      umask?: number
    }[]) {
      const cwd = temporaryFolder()
      cpSync(join(fixtures, 'articles'), join(cwd, 'texts'), { recursive: true })
      for (const file of readdirSync(join(cwd, 'texts'), { recursive: true, withFileTypes: true })) {
        const place = join(file.parentPath, file.name)
        if (old) utimesSync(place, 1, 1)
        if (umask !== undefined && file.isFile()) chmodSync(place, 0o600)
      }
      const before = umask === undefined ? undefined : process.umask(umask)
      try {
        const { articles, failed } = ovnJson(['publish', 'texts', '-C', `archive ${roots.size} ж`], { cwd, env })
        expect(failed).toEqual([])
        expect(articles.length).toBeGreaterThanOrEqual(12)
        roots.add(articles.map(({ root }: { root: string }) => root).join(' '))
      } finally {
        if (before !== undefined) process.umask(before)
      }
    }
    expect(roots.size).toBe(1)
  })
})

describe('every broken article', () => {
  const names = readdirSync(join(fixtures, 'broken')).filter((name) => name.endsWith('.md') && name !== 'README.md')

  it.each(names)('%s: a clear error, and no archive', (name) => {
    const cwd = temporaryFolder()
    const { status, stdout, stderr } = ovn(['publish', join(fixtures, 'broken', name), '-C', 'archive'], { cwd })
    // A folder is searched for articles; this one has none.
    expect({ status, stdout }).toEqual({ status: name === 'a-folder.md' ? 4 : 2, stdout: '' })
    for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^ovn: \S/)
    expect(stderr).not.toMatch(/^\s+at |this is a bug/m)
    expect(stderr).toMatch(/^ovn: hint: /m)
    expect(existsSync(join(cwd, 'archive'))).toBe(false)
  })
})

describe('a damaged block', () => {
  it('is mended by publishing the same article again', async () => {
    const cwd = folderWith({ 'clocks.md': article })
    const { articles } = ovnJson(['publish', 'clocks.md'], { cwd })
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec('update block set bytes = zeroblob(length(bytes)); delete from pin')
    database.close()
    expect(ovn(['show', 'on-clocks'], { cwd })).toMatchObject({ status: 3, stdout: '' })
    expect(ovnJson(['publish', 'clocks.md'], { cwd }).articles[0].status).toBe('unchanged')
    expect(ovnJson(['show', 'on-clocks'], { cwd })).toMatchObject({ pinned: true, article: { root: articles[0].root } })
  })
})

describe('a missing manifest', () => {
  it('is begun again, and the blocks are reused', () => {
    const cwd = folderWith({ 'clocks.md': article })
    const first = ovnJson(['publish', 'clocks.md'], { cwd }).articles[0]
    rmSync(join(cwd, 'ovn-archive/manifest.jsonl'))
    expect(ovnJson(['publish', 'clocks.md'], { cwd }).articles[0]).toMatchObject({
      status: 'published',
      root: first.root,
    })
  })
})
