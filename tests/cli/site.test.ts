import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CarReader } from '@ipld/car'
import { describe, expect, it } from 'vitest'
import { copiesOf, temporaryFolder } from '../temporary.ts'
import { fixtures, ovn, ovnJson } from './ovn.ts'
import { readAll, run } from './sites.ts'

/** A folder with an archive of two articles, one of them in two versions. */
function publishThree(cwd: string, url?: string): void {
  if (url !== undefined) run(cwd, 'init', '--url', url)
  writeFileSync(join(cwd, 'harbour.md'), '---\ntitle: Harbour\ndate: 2025-08-22\n---\n\n![Quay](quay.png)\n')
  writeFileSync(join(cwd, 'quay.png'), 'not really a picture')
  writeFileSync(join(cwd, 'clock.md'), '---\ntitle: Clock\ndate: 2025-08-23\ncategory: Local\n---\n\nText.\n')
  run(cwd, 'publish', 'harbour.md', 'clock.md')
  writeFileSync(join(cwd, 'clock.md'), '---\ntitle: Clock\ndate: 2025-08-23\ncategory: Local\n---\n\nOther text.\n')
  run(cwd, 'publish', 'clock.md', '--note', 'The text was wrong.')
}

const setUp = copiesOf((cwd) => publishThree(cwd))

function contents(folder: string): Record<string, string> {
  return Object.fromEntries([...readAll(folder)].map(([path, bytes]) => [path, bytes.toString('base64')]))
}

describe('ovn site', () => {
  it('writes the same bytes for the same manifest, and nothing the second time', () => {
    const cwd = setUp()
    const first = ovnJson(['site', '-o', 'out'], { cwd })
    expect(first).toMatchObject({
      kind: 'site-written',
      articles: 2,
      unchanged: 0,
      removed: 0,
      failed: [],
      inTheWay: [],
    })
    const before = contents(join(cwd, 'out'))
    const times = () => Object.keys(before).map((path) => statSync(join(cwd, 'out', path)).mtimeMs)
    const timesBefore = times()
    expect(ovnJson(['site', '-o', 'out'], { cwd })).toMatchObject({ written: 0, removed: 0, unchanged: first.written })
    expect(times()).toEqual(timesBefore)
    run(cwd, 'site', '-o', 'other')
    expect(contents(join(cwd, 'other'))).toEqual(before)
    run(cwd, 'site', '-o', 'out', '--force')
    expect(contents(join(cwd, 'out'))).toEqual(before)
  })

  it('is the same whether it grew or was written at once', () => {
    const cwd = setUp()
    run(cwd, 'site', '-o', 'grown')
    writeFileSync(join(cwd, 'clock.md'), '# Clock\n\nThird text.\n')
    run(cwd, 'publish', 'clock.md', '--date', '2025-08-23', '--slug', 'clock', '--note', 'Again.')
    run(cwd, 'publish', join(fixtures, 'articles/harbour-inquiry.md'))
    const { written, unchanged } = ovnJson(['site', '-o', 'grown'], { cwd })
    expect(written).toBeGreaterThan(4)
    expect(unchanged).toBeGreaterThan(4)
    run(cwd, 'unpublish', 'harbour', '--reason', 'Wrong.')
    expect(ovnJson(['site', '-o', 'grown'], { cwd }).removed).toBe(2)
    run(cwd, 'site', '-o', 'fresh')
    expect(contents(join(cwd, 'grown'))).toEqual(contents(join(cwd, 'fresh')))
  })

  it('has every kept edition as the CAR that export writes, whole for another implementation', async () => {
    const cwd = setUp()
    run(cwd, 'site', '-o', 'out')
    const { articles } = ovnJson(['list', '--all-versions'], { cwd })
    expect(articles).toHaveLength(3)
    for (const { root, slug, version } of articles) {
      const bytes = readFileSync(join(cwd, `out/ipfs/${root}.car`))
      const reader = await CarReader.fromBytes(bytes)
      expect(String(await reader.getRoots())).toBe(root)
      run(cwd, 'export', `${slug}@${version}`, '-o', `${root}.car`)
      expect(readFileSync(join(cwd, `${root}.car`)).equals(bytes)).toBe(true)
    }
  })

  it('describes every article in links.json, and `ovn links` says the same', () => {
    const cwd = temporaryFolder()
    publishThree(cwd, 'https://news.example/paper')
    run(cwd, 'site', '-o', 'out')
    const { schema, site, articles } = JSON.parse(readFileSync(join(cwd, 'out/links.json'), 'utf8'))
    expect({ schema, site }).toEqual({ schema: 1, site: { url: 'https://news.example/paper' } })
    expect(Object.keys(articles)).toEqual(['clock', 'harbour'])
    const { clock } = articles
    expect(clock).toMatchObject({
      title: 'Clock',
      datePublished: '2025-08-23',
      version: 2,
      page: 'clock/',
      note: 'The text was wrong.',
    })
    expect(clock.versions.map(({ page }: { page: string }) => page)).toEqual(['clock/v1/', 'clock/'])
    for (const { car, cid, page } of clock.versions) {
      expect(car).toEqual({
        path: `ipfs/${cid}.car`,
        size: statSync(join(cwd, 'out', car.path)).size,
        url: `https://news.example/paper/ipfs/${cid}.car`,
      })
      expect(existsSync(join(cwd, 'out', page, 'index.html'))).toBe(true)
    }
    const { kind, schema: version, archive, ...linked } = ovnJson(['links', 'clock'], { cwd })
    expect({ kind, version }).toEqual({ kind: 'linked', version: 1 })
    expect(linked).toEqual(clock)
    expect(ovnJson(['links', 'clock@1'], { cwd })).toMatchObject({ ...clock.versions[0], versions: clock.versions })
    expect(run(cwd, 'links', 'clock')).toContain(clock.car.url)
  })

  it('touches nothing that it did not write', () => {
    const cwd = setUp()
    mkdirSync(join(cwd, 'out'))
    writeFileSync(join(cwd, 'out/mine.txt'), 'mine')
    const refused = ovn(['site', '-o', 'out'], { cwd })
    expect(refused).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is not empty, and ovn did not make it'),
    })
    expect(Object.keys(contents(join(cwd, 'out')))).toEqual(['mine.txt'])
    run(cwd, 'site', '-o', 'out', '--force')
    expect(readFileSync(join(cwd, 'out/mine.txt'), 'utf8')).toBe('mine')
    // Another's file in the way of a page that comes later.
    mkdirSync(join(cwd, 'out/later'))
    writeFileSync(join(cwd, 'out/later/index.html'), 'mine')
    writeFileSync(join(cwd, 'later.md'), '# Later')
    run(cwd, 'publish', 'later.md')
    const { status, stderr } = ovn(['site', '-o', 'out'], { cwd })
    expect(status).toBe(7)
    expect(stderr).toContain('is there already, and ovn did not write it')
    expect(readFileSync(join(cwd, 'out/later/index.html'), 'utf8')).toBe('mine')
    run(cwd, 'unpublish', 'later', '--reason', 'x')
    ovn(['site', '-o', 'out'], { cwd })
    expect(readFileSync(join(cwd, 'out/later/index.html'), 'utf8')).toBe('mine')
  })

  it('writes again what was taken away or cut short', () => {
    const cwd = setUp()
    run(cwd, 'site', '-o', 'out')
    const before = contents(join(cwd, 'out'))
    const { cid } = ovnJson(['links', 'harbour'], { cwd })
    writeFileSync(join(cwd, `out/ipfs/${cid}.car`), '')
    rmSync(join(cwd, 'out/clock/v1/index.html'))
    writeFileSync(join(cwd, 'out/index.html'), 'x')
    expect(ovnJson(['site', '-o', 'out'], { cwd }).written).toBe(3)
    expect(contents(join(cwd, 'out'))).toEqual(before)
  })

  it('does not list what it cannot read, keeps what it wrote of it before, and ends with 7', () => {
    const cwd = setUp()
    run(cwd, 'site', '-o', 'before')
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec("update block set bytes = zeroblob(length(bytes)) where bytes = cast('not really a picture' as blob)")
    database.close()
    const { status, stderr } = ovn(['site', '-o', 'out'], { cwd })
    expect({ status, stderr }).toMatchObject({
      status: 7,
      stderr: expect.stringMatching(/^ovn: harbour: block bafk\w+ /m),
    })
    expect(readFileSync(join(cwd, 'out/index.html'), 'utf8')).not.toContain('Harbour')
    expect(existsSync(join(cwd, 'out/harbour'))).toBe(false)
    expect([...readAll(join(cwd, 'out')).keys()].filter((path) => path.includes('tmp'))).toEqual([])
    const kept = contents(join(cwd, 'before'))
    expect(ovn(['site', '-o', 'before'], { cwd }).status).toBe(0)
    expect(contents(join(cwd, 'before'))).toEqual(kept)
  })

  it('shows no page that somebody else put into a bundle, but has its files', () => {
    const cwd = temporaryFolder()
    const article = {
      '@type': 'NewsArticle',
      schemaVersion: 'ovn-bundle/1',
      identifier: 'evil',
      version: 1,
      headline: 'Evil',
    }
    mkdirSync(join(cwd, 'evil'))
    writeFileSync(join(cwd, 'evil/metadata.json'), JSON.stringify(article))
    writeFileSync(join(cwd, 'evil/article.md'), '# Evil')
    writeFileSync(
      join(cwd, 'evil/index.html'),
      '<html><main><article><p>x</p><script src="assets/x.js"></script></article></main></html>',
    )
    run(cwd, 'import', 'evil')
    run(cwd, 'site', '-o', 'out')
    const page = readFileSync(join(cwd, 'out/evil/index.html'), 'utf8')
    expect(page).toContain('<h1 dir="auto">Evil</h1>')
    expect(page).toContain('All of its files are in the download.')
    expect(page).not.toMatch(/<script|data-ovn-article/)
    expect(readAll(join(cwd, 'out/ipfs')).size).toBe(1)
  })

  it('gives three commands, the last of which needs nothing but a shell', () => {
    const cwd = temporaryFolder()
    publishThree(cwd, 'https://news.example/')
    run(cwd, 'site', '-o', 'out')
    const page = readFileSync(join(cwd, 'out/harbour/index.html'), 'utf8')
    const commands = [...page.matchAll(/<pre lang="en">(.*?)<\/pre>/g)].map(([, text = '']) =>
      text.replaceAll('&amp;', '&'),
    )
    expect(commands).toHaveLength(3)
    const [command = '', expected] = (commands[2] ?? '').split(' # ')
    const local = command.replace('curl -s https://news.example/', `cat ${join(cwd, 'out')}/`)
    expect(spawnSync('sh', ['-c', local], { encoding: 'utf8' }).stdout.split(' ')[0]).toBe(expected)
  })

  it('says what it misses without an address, and refuses the archive itself', () => {
    const cwd = setUp()
    const { status, stderr } = ovn(['site', '-o', 'out'], { cwd })
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('does not know its address'),
    })
    expect(existsSync(join(cwd, 'out/sitemap.xml'))).toBe(false)
    expect(ovn(['site', '-o', 'ovn-archive'], { cwd }).status).toBe(2)
    expect(ovn(['site'], { cwd })).toMatchObject({ status: 2, stderr: expect.stringContaining('--output') })
    expect(ovn(['site', '-o', 'clock.md'], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is a file'),
    })
  })
})
