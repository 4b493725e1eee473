// What is not in the archive, checked: CAR files, folders and files that somebody has.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { writeCar } from '../../src/dag/write-car.ts'
import { writeFolder } from '../../src/dag/write-folder.ts'
import type { CarChecked, Compared, Published } from '../../src/output/result.ts'
import { temporaryFolder } from '../temporary.ts'
import { ovn, ovnJson } from './ovn.ts'

interface Published1 {
  readonly cwd: string
  readonly root: string
  /** A CAR of the article, and its files. */
  readonly car: string
  readonly folder: string
}

async function publish(): Promise<Published1> {
  const cwd = temporaryFolder()
  mkdirSync(join(cwd, 'images'))
  writeFileSync(join(cwd, 'images/quay.jpg'), 'a picture')
  writeFileSync(join(cwd, 'clocks.md'), '# On Clocks\n\n![The quay](images/quay.jpg)\n')
  const published = ovnJson(['publish', 'clocks.md'], { cwd }) as Published
  const root = published.articles[0]?.root as string
  const archive = openArchive(join(cwd, 'ovn-archive'), { readOnly: true })
  const cid = CID.parse(root)
  writeFileSync(join(cwd, 'clocks.car'), Buffer.concat(await Array.fromAsync(writeCar(archive.blocks, [cid]))))
  await writeFolder(archive.blocks, cid, join(cwd, 'saved'))
  archive.close()
  return { cwd, root, car: 'clocks.car', folder: join(cwd, 'saved') }
}

describe('ovn verify file.car', () => {
  it('needs no archive, and names the articles', async () => {
    const { cwd, root, car } = await publish()
    rmSync(join(cwd, 'ovn-archive'), { recursive: true })
    const { status, stdout, stderr } = ovn(['verify', car], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^intact: clocks\.car: 1 root, 7 blocks, \d+\.\d KB re-hashed$/),
      `  ${root}  On Clocks (on-clocks@1)`,
      '',
    ])
  })

  it('tells of damage, where it is needed, with exit code 3', async () => {
    const { cwd, root, car } = await publish()
    const bytes = readFileSync(join(cwd, car))
    bytes[bytes.indexOf('a picture')] = 65
    writeFileSync(join(cwd, car), bytes)
    const { status, stdout } = ovn(['verify', car], { cwd })
    expect(status).toBe(3)
    expect(stdout).toContain('damaged: block ')
    expect(stdout).toContain('needed by on-clocks@1: assets/images/quay.jpg')
    expect(stdout).toContain(`1 damaged: clocks.car`)
    const document = ovnJson(['verify', car], { cwd }) as CarChecked
    expect(document).toMatchObject({
      kind: 'car-checked',
      schema: 1,
      file: 'clocks.car',
      state: 'damaged',
      roots: [{ root, state: 'damaged', slug: 'on-clocks' }],
      damage: [{ state: 'damaged', needs: [{ root, path: 'assets/images/quay.jpg' }] }],
    })
    expect(ovn(['verify', car, '--quiet'], { cwd }).stdout).toBe(`${root}\n`)
  })

  it('is told apart from a file that is not there, and checked alone', async () => {
    const { cwd } = await publish()
    expect(ovn(['verify', 'none.car'], { cwd }).status).toBe(4)
    expect(ovn(['verify', 'a.car', 'b.car'], { cwd }).status).toBe(2)
  })
})

describe('ovn verify <folder> --against <ref>', () => {
  it('says that it is the same, or what is not', async () => {
    const { cwd, root } = await publish()
    for (const ref of ['on-clocks', 'on-clocks@1', root, `ipfs://${root}`]) {
      const { status, stdout, stderr } = ovn(['verify', 'saved', '--against', ref], { cwd })
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' })
      expect(stdout).toMatch(/^the same: \S+saved is on-clocks@1: 4 files, /)
    }
    writeFileSync(join(cwd, 'saved/article.md'), '# On Clacks\n\n![The quay](images/quay.jpg)\n')
    rmSync(join(cwd, 'saved/metadata.json'))
    writeFileSync(join(cwd, 'saved/\u001b[2J'), '')
    const { status, stdout } = ovn(['verify', 'saved', '--against', 'on-clocks'], { cwd })
    expect(status).toBe(3)
    expect(stdout.split('\n')).toEqual([
      'extra: \\u001B[2J, 0 bytes',
      'differs: article.md, at byte 7',
      expect.stringMatching(/^missing: metadata\.json/),
      expect.stringMatching(/saved is not on-clocks@1: 1 different, 1 missing, 1 extra; 2 files the same$/),
      '',
    ])
    expect(ovnJson(['verify', 'saved', '--against', 'on-clocks'], { cwd }) as Compared).toMatchObject({
      kind: 'compared',
      state: 'different',
      archive: 'intact',
      root,
      differences: [{ how: 'extra' }, { path: 'article.md', how: 'differs', first: 7, last: 7 }, { how: 'missing' }],
    })
  })

  it('compares a single file, whatever it is called', async () => {
    const { cwd, root } = await publish()
    writeFileSync(join(cwd, 'downloaded.html'), readFileSync(join(cwd, 'saved/index.html')))
    const same = ovn(['verify', 'downloaded.html', '--against', 'on-clocks'], { cwd })
    expect(same.stdout).toMatch(/^the same: \S+downloaded\.html is index\.html of on-clocks@1\n$/)
    expect(same.status).toBe(0)
    const part = ovn(['verify', 'images', '--against', `${root}/assets/images`], { cwd })
    expect(part.stdout).toContain('the same: ')
    writeFileSync(join(cwd, 'other.html'), 'something else')
    const other = ovn(['verify', 'other.html', '--against', 'on-clocks'], { cwd })
    expect(other.status).toBe(3)
    expect(other.stdout).toMatch(/^differs: index\.html, from byte 0 on; \d+ bytes archived, 14 here\n/)
  })

  it('needs one path and a ref that there is; and a folder alone is no ref', async () => {
    const { cwd } = await publish()
    expect(ovn(['verify', '--against', 'on-clocks'], { cwd }).status).toBe(2)
    expect(ovn(['verify', 'saved', 'images', '--against', 'on-clocks'], { cwd }).status).toBe(2)
    expect(ovn(['verify', 'saved', '--against', 'nothing'], { cwd }).status).toBe(4)
    expect(ovn(['verify', 'none', '--against', 'on-clocks'], { cwd }).status).toBe(4)
    const { status, stderr } = ovn(['verify', './saved'], { cwd })
    expect(status).toBe(2)
    expect(stderr).toContain('--against <ref>')
  })
})
