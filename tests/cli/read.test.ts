// The commands that only look: list, show, log, cid.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Manifest } from '../../src/manifest/manifest.ts'
import { temporaryFolder } from '../temporary.ts'
import { fixtures, ovn, ovnJson } from './ovn.ts'

let cwd = ''

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  const write = (name: string, title: string, lines: string) =>
    writeFileSync(join(cwd, name), `---\ntitle: ${title}\n${lines}\n---\nText.\n`)
  write('a.md', 'Alpha', 'date: 2025-01-02\ncategories: [Defence & Security, Local]')
  write('b.md', '新闻 Beta', 'date: 2025-03-01T10:00:00+02:00\ncategory: local')
  write('c.md', 'Gamma “quoted”', 'date: 2024-12-31')
  expect(ovn(['publish', 'a.md', 'b.md', 'c.md'], { cwd }).status).toBe(0)
  write(
    'a.md',
    'Alpha',
    'date: 2025-01-02\ncategories: [Defence & Security, Local]\ncorrections:\n  - {date: 2025-01-05, note: A name was wrong.}',
  )
  expect(ovn(['publish', 'a.md'], { cwd }).status).toBe(0)
})

afterAll(() => rmSync(cwd, { recursive: true }))

const slugsOf = ({ articles }: { articles: { slug: string; version: number }[] }) =>
  articles.map(({ slug, version }) => `${slug}@${version}`)

describe('ovn list', () => {
  it('lists the newest version of each article, newest first', () => {
    expect(slugsOf(ovnJson(['list'], { cwd }))).toEqual(['新闻-beta@1', 'alpha@2', 'gamma-quoted@1'])
    const { stdout, stderr } = ovn(['list'], { cwd })
    expect(stderr).toBe('')
    expect(stdout.split('\n').slice(0, 2)).toEqual(['新闻 Beta', '  2025-03-01T10:00:00+02:00 · 新闻-beta@1 · local'])
  })

  it.each([
    [
      ['--category', 'LOCAL'],
      ['新闻-beta@1', 'alpha@2'],
    ],
    [['--category', 'defence & security'], ['alpha@2']],
    [
      ['--since', 'January 2, 2025'],
      ['新闻-beta@1', 'alpha@2'],
    ],
    [['--since', '2025-03-01T08:00:00Z'], ['新闻-beta@1']],
    [['--since', '2025-03-01T08:00:01Z'], []],
    [['--all-versions'], ['新闻-beta@1', 'alpha@2', 'alpha@1', 'gamma-quoted@1']],
  ])('%j', (flags, slugs) => {
    expect(slugsOf(ovnJson(['list', ...flags], { cwd }))).toEqual(slugs)
  })

  it('says that there is nothing, and where it would look', () => {
    const empty = temporaryFolder()
    const { status, stdout, stderr } = ovn(['list'], { cwd: empty })
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' })
    expect(stderr).toMatch(/^ovn: no archive at .*ovn-archive\novn: hint: publish an article/)
    ovn(['init'], { cwd: empty })
    expect(ovn(['list'], { cwd: empty })).toEqual({ status: 0, stdout: 'no articles\n', stderr: '' })
  })

  it('refuses a date that it would have to guess', () => {
    expect(ovn(['list', '--since', '03/04/2025'], { cwd })).toMatchObject({ status: 2, stdout: '' })
  })

  it('lets no control or bidi character of a title reach the terminal', () => {
    const folder = temporaryFolder()
    ovn(['init', '-C', 'archive'], { cwd: folder })
    const text = 'a\u001b[31mred\u0007\u009b2J\u202egnp.exe\u2066\u200b\ud800'
    const draft = {
      event: 'publish',
      version: 1,
      root: 'bafy',
      profile: 'p',
      size: 1,
      source: 's',
      inputs: 'i',
      time: '2025-01-01T00:00:00Z',
    } as const
    new Manifest(join(folder, 'archive/manifest.jsonl')).append(
      [{ ...draft, slug: text, title: text, categories: [text], url: text, note: text }],
      undefined,
    )
    for (const args of [['list'], ['list', '--json'], ['log', 'x'], ['list', '--all-versions']]) {
      const { stdout, stderr } = ovn([...args, '-C', 'archive'], { cwd: folder })
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there.
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    }
    expect(ovn(['list', '-C', 'archive'], { cwd: folder }).stdout).toContain('a\\u001B[31mred\\u0007')
    expect(ovnJson(['list', '-C', 'archive'], { cwd: folder }).articles[0].title).toBe(text)
  })
})

describe('ovn show', () => {
  it('shows metadata, files, versions and links', () => {
    const shown = ovnJson(['show', 'alpha'], { cwd })
    expect(shown).toMatchObject({ kind: 'shown', schema: 1, pinned: true, article: { slug: 'alpha', version: 2 } })
    expect(shown.files.map(({ path }: { path: string }) => path)).toEqual(['article.md', 'index.html', 'metadata.json'])
    expect(shown.files[0].cid).toBe(ovn(['cid', 'a.md'], { cwd }).stdout.trim())
    expect(shown.metadata).toMatchObject({ '@type': 'NewsArticle', headline: 'Alpha', version: 2 })
    expect(shown.versions.map(({ version }: { version: number }) => version)).toEqual([1, 2])
    expect(shown.links).toEqual({ ipfs: `ipfs://${shown.article.root}`, gateways: [] })
  })

  it('finds an edition by whatever names it', () => {
    const [first, second] = ovnJson(['show', 'alpha'], { cwd }).versions
    const refs = [
      ['alpha@1', first],
      ['alpha@2', second],
      [first.root, first],
      [`ipfs://${second.root}`, second],
      [`/ipfs/${first.root}/index.html`, first],
      [`https://gateway.example/ipfs/${first.root}/`, first],
      [`https://${first.root}.ipfs.gateway.example/`, first],
      ['新闻-beta', { version: 1 }],
    ] as const
    for (const [ref, { version }] of refs) expect(ovnJson(['show', ref], { cwd }).article.version, ref).toBe(version)
  })

  it.each([
    ['alpha@7', 4, 'no article "alpha@7" in this archive'],
    ['nothing', 4, 'no article "nothing" in this archive'],
    ['bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e', 4, 'no article "bafk'],
    ['a/b@c', 2, '"a/b@c" does not name an article'],
    ['ipfs://nonsense', 2, '"ipfs://nonsense" does not name an article: it holds no valid CID'],
  ])('%s', (ref, status, message) => {
    const ended = ovn(['show', ref], { cwd })
    expect(ended).toMatchObject({ status, stdout: '' })
    expect(ended.stderr).toContain(`ovn: ${message}`)
  })

  it('aligns what it shows, also beside wide characters', () => {
    const { stdout } = ovn(['show', '新闻-beta'], { cwd })
    const values = stdout.split('\n').filter((line) => /^ {2}(slug|version|date|CID) /.test(line))
    expect(values.map((line) => /^ {2}\w+ +/.exec(line)?.[0].length)).toEqual([14, 14, 14, 14])
  })

  it('knows the gateways of the config', () => {
    const folder = temporaryFolder()
    cpSync(cwd, folder, { recursive: true })
    ovn(['init', '--gateway', 'https://one.example/', '--gateway', 'https://two.example'], { cwd: folder })
    const { links, article } = ovnJson(['show', 'alpha'], { cwd: folder })
    expect(links.gateways).toEqual([
      `https://one.example/ipfs/${article.root}/`,
      `https://two.example/ipfs/${article.root}/`,
    ])
  })
})

describe('ovn log', () => {
  it('lists the versions, newest first, with their reasons', () => {
    const { status, stdout } = ovn(['log', 'alpha'], { cwd })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^alpha\n {2}2 {2}\S+ {2}bafy\S+ {2}A name was wrong\.\n {2}1 {2}\S+ {2}bafy\S+\n$/)
  })
})

describe('ovn cid', () => {
  it('gives the CID that publishing gave', () => {
    const folder = temporaryFolder()
    cpSync(join(fixtures, 'articles'), folder, { recursive: true })
    const { articles } = ovnJson(['publish', '.'], { cwd: folder })
    const { files } = ovnJson(['show', articles[0].slug], { cwd: folder })
    expect(files.find(({ path }: { path: string }) => path === 'article.md').cid).toBe(
      ovn(['cid', articles[0].file], { cwd: folder }).stdout.trim(),
    )
  })

  it('leaves out hidden files, keeps symbolic links and empty folders', () => {
    const folder = temporaryFolder()
    const cidOf = () => ovn(['cid', 'site'], { cwd: folder }).stdout.trim()
    mkdirSync(join(folder, 'site'))
    writeFileSync(join(folder, 'site/a.txt'), 'hello world')
    // `ipfs add --recursive --only-hash` with the profile, Kubo 0.43.
    expect(cidOf()).toBe('bafybeidss4ygl4z2zset4jrvwrgjgmw7pu56db4a4lny5foue4f6x2racm')
    writeFileSync(join(folder, 'site/.hidden'), 'secret')
    expect(cidOf()).toBe('bafybeidss4ygl4z2zset4jrvwrgjgmw7pu56db4a4lny5foue4f6x2racm')
    symlinkSync('a.txt', join(folder, 'site/link'))
    mkdirSync(join(folder, 'site/empty'))
    expect(cidOf()).toBe('bafybeievzonerhjyeo3c3b4cqqstpme42cf7zlpftaib2agbdgogv2el3q')
  })

  it('reads standard input, and says what is not there', () => {
    const folder = temporaryFolder()
    expect(ovn(['cid', '-'], { cwd: folder, input: 'hello world' }).stdout.trim()).toBe(
      'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
    )
    expect(ovn(['cid', 'gone'], { cwd: folder })).toEqual({ status: 4, stdout: '', stderr: 'ovn: gone is not there\n' })
  })
})
