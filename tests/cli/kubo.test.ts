// The root of an article is the CID of its bundle as a folder, here and in another implementation, and CARs go both ways. Most of it runs
// where Kubo 0.40 or newer is on the PATH as `ipfs`; CI has none.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findArticles } from '../../src/article/find-articles.ts'
import { readArticle } from '../../src/article/read-article.ts'
import { filesOf } from '../bundle/bundles.ts'
import { temporaryFolder } from '../temporary.ts'
import { fixtures, ovn, ovnJson } from './ovn.ts'

/** Publishes all fixtures and writes their bundles as folders: root → folder. */
async function publishFixtures(cwd: string): Promise<Map<string, string>> {
  const files = await findArticles([join(fixtures, 'articles')])
  const { articles } = ovnJson(['publish', ...files], { cwd })
  expect(articles).toHaveLength(files.length)
  const folders = new Map<string, string>()
  for (const { file, root } of articles as { file: string; root: string }[]) {
    const folder = join(cwd, 'bundles', root)
    for (const [path, bytes] of await filesOf(await readArticle(file), {}, { version: 1 })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), bytes)
    }
    folders.set(root, folder)
  }
  return folders
}

const kubo = spawnSync('ipfs', ['version', '--number'], { encoding: 'utf8' }).stdout?.trim()
if (!kubo) process.stderr.write('Kubo is not installed: that it gives the same CIDs is NOT tested\n')

describe('the root of a published article', () => {
  it('is what `ovn cid` computes for its bundle', async () => {
    const cwd = temporaryFolder()
    const folders = await publishFixtures(cwd)
    const { roots } = ovnJson(['cid', ...folders.values()], { cwd })
    expect(roots.map(({ cid }: { cid: string }) => cid)).toEqual([...folders.keys()])
    expect(ovn(['cid', ...folders.values()], { cwd }).stdout.split('\n').length).toBe(folders.size + 1)
  })

  it.skipIf(!kubo)('is what Kubo computes for its bundle', async () => {
    const cwd = temporaryFolder()
    const ipfs = kuboIn(cwd)
    for (const [root, folder] of await publishFixtures(cwd)) {
      expect(ipfs('add', '--quieter', '--recursive', '--only-hash', '--cid-version=1', folder)).toBe(root)
    }
  })
})

describe.skipIf(!kubo)('a CAR of ours', () => {
  it('is imported, pinned and verified by Kubo, which exports the same bytes, and we import those', async () => {
    const cwd = temporaryFolder()
    const roots = [...(await publishFixtures(cwd)).keys()]
    const ipfs = kuboIn(cwd)
    ovn(['export', '--all', '-o', 'all.car'], { cwd })
    const imported = ipfs('dag', 'import', '--pin-roots', 'all.car')
    for (const root of roots) expect(imported).toContain(`Pinned root\t${root}\tsuccess`)
    expect(ipfs('pin', 'ls', '--type=recursive', '--quiet').split('\n')).toEqual(expect.arrayContaining(roots))
    expect(ipfs('pin', 'verify', '--verbose')).not.toMatch(/broken|error/i)
    mkdirSync(join(cwd, 'kubo-cars'))
    for (const [index, root] of roots.entries()) {
      const theirs = spawnSync('ipfs', ['dag', 'export', '--progress=false', root], {
        cwd,
        env: environmentIn(cwd),
      }).stdout
      ovn(['export', root, '-o', 'ours.car', '--force'], { cwd })
      expect(readFileSync(join(cwd, 'ours.car')).equals(theirs)).toBe(true)
      writeFileSync(join(cwd, 'kubo-cars', `${index}.car`), theirs)
    }
    const { articles } = ovnJson(['import', 'kubo-cars', '-C', 'second'], { cwd })
    expect(articles.map(({ root }: { root: string }) => root).sort()).toEqual([...roots].sort())
    expect(ovn(['verify', '-C', 'second'], { cwd }).status).toBe(0)
  })
})

function environmentIn(cwd: string): NodeJS.ProcessEnv {
  return { ...process.env, IPFS_PATH: join(cwd, 'kubo') }
}

/** Kubo with a repository of its own, which never goes online. */
function kuboIn(cwd: string): (...args: string[]) => string {
  const ipfs = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync('ipfs', args, { cwd, env: environmentIn(cwd), encoding: 'utf8' })
    if (status !== 0) throw new Error(`ipfs ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  ipfs('init', '--empty-repo', '--profile', 'unixfs-v1-2025,test')
  return ipfs
}
