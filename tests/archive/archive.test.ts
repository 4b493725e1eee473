import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { type Archive, createArchive, openArchive, type Prepared } from '../../src/archive/archive.ts'
import { isArchive, locateArchive } from '../../src/archive/layout.ts'
import type { StagedBlock } from '../../src/archive/stage.ts'
import { sha256 } from '../../src/dag/hash.ts'
import { temporaryFolder } from '../temporary.ts'

function blockOf(text: string): StagedBlock {
  const bytes = Buffer.from(text)
  return { cid: CID.createV1(0x55, sha256(bytes)), bytes }
}

function preparedOf(slug: string, version: number, root: CID, previous?: string): Prepared {
  const draft = { slug, version, root: root.toString(), title: slug, ...(previous === undefined ? {} : { previous }) }
  const rest = { event: 'publish', profile: 'p', size: 1, categories: [], source: 's', inputs: 'i', time: 't' } as const
  return {
    root,
    draft: { ...draft, ...rest },
    fits: (editions) => editions.ofSlug(slug).at(-1)?.root === previous,
  }
}

const rootsOf = (archive: Archive, slug: string) => archive.editions.ofSlug(slug).map(({ root }) => root)

describe('an archive', () => {
  it('stores blocks, pins and records together', async () => {
    const archive = createArchive(join(temporaryFolder(), 'archive'))
    const [a, b] = [blockOf('a'), blockOf('b')]
    const { records, torn } = await archive.store([a, b], [preparedOf('a', 1, a.cid), preparedOf('b', 1, b.cid)])
    expect(torn).toBe(0)
    expect(records.map((record) => record?.slug)).toEqual(['a', 'b'])
    expect([a, b].every(({ cid }) => archive.blocks.hasSync(cid) && archive.pins.hasRoot(cid))).toBe(true)
    archive.close()
  })

  it('records no edition whose predecessor is no longer the newest, and takes its pin back', async () => {
    const archive = createArchive(join(temporaryFolder(), 'archive'))
    const [one, two, late] = [blockOf('1'), blockOf('2'), blockOf('late')]
    await archive.store([one], [preparedOf('a', 1, one.cid)])
    await archive.store([two], [preparedOf('a', 2, two.cid, one.cid.toString())])
    const { records } = await archive.store([late], [preparedOf('a', 2, late.cid, one.cid.toString())])
    expect(records).toEqual([undefined])
    expect(archive.pins.hasRoot(late.cid)).toBe(false)
    expect(archive.pins.hasRoot(two.cid)).toBe(true)
    expect(rootsOf(archive, 'a')).toEqual([one.cid.toString(), two.cid.toString()])
    archive.close()
  })

  it('records no edition that has lost its pin meanwhile', async () => {
    const archive = createArchive(join(temporaryFolder(), 'archive'))
    const one = blockOf('1')
    const lost = { ...preparedOf('a', 1, one.cid), fits: () => archive.pins.remove(one.cid) }
    expect((await archive.store([one], [lost])).records).toEqual([undefined])
    expect(rootsOf(archive, 'a')).toEqual([])
    archive.close()
  })

  it('mends no edition that was withdrawn meanwhile', async () => {
    const archive = createArchive(join(temporaryFolder(), 'archive'))
    const one = blockOf('1')
    const { records } = await archive.store([one], [preparedOf('a', 1, one.cid)])
    const [record] = records
    if (record === undefined) throw new Error('it is not recorded')
    archive.pins.remove(one.cid)
    expect(await archive.mend([one], one.cid, record)).toBe(true)
    expect(archive.pins.hasRoot(one.cid)).toBe(true)
    await archive.withdraw(() => [record], { reason: 'r', time: 't' })
    expect(await archive.mend([one], one.cid, record)).toBe(false)
    expect(archive.pins.hasRoot(one.cid)).toBe(false)
    archive.close()
  })

  it('changes nothing where storing fails, and knows its editions afterwards', async () => {
    const folder = join(temporaryFolder(), 'archive')
    const archive = createArchive(folder)
    const [one, two] = [blockOf('1'), blockOf('2')]
    await archive.store([one], [preparedOf('a', 1, one.cid)])
    const failing = archive.store([{ cid: two.cid, bytes: {} as Uint8Array }], [preparedOf('b', 1, two.cid)])
    await expect(failing).rejects.toThrow()
    expect(archive.blocks.hasSync(two.cid)).toBe(false)
    expect(archive.pins.hasRoot(two.cid)).toBe(false)
    archive.editions.refresh()
    expect(rootsOf(archive, 'a')).toEqual([one.cid.toString()])
    expect(rootsOf(archive, 'b')).toEqual([])
    archive.close()
    const again = openArchive(folder, { readOnly: true })
    again.editions.refresh()
    expect(rootsOf(again, 'a')).toEqual([one.cid.toString()])
    again.close()
  })

  it('completes a publish that was stored and not recorded', async () => {
    const archive = createArchive(join(temporaryFolder(), 'archive'))
    const one = blockOf('1')
    archive.blocks.insert(one.cid, one.bytes)
    archive.pins.insert(one.cid, { slug: 'a', version: 1 })
    const { records } = await archive.store([one], [preparedOf('a', 1, one.cid)])
    expect(records[0]).toMatchObject({ slug: 'a', version: 1, root: one.cid.toString() })
    archive.close()
  })
})

describe('locateArchive', () => {
  it('takes a folder named ovn-archive for an archive only if it is one', () => {
    const cwd = temporaryFolder()
    mkdirSync(join(cwd, 'ovn-archive'))
    mkdirSync(join(cwd, 'below'))
    expect(isArchive(join(cwd, 'ovn-archive'))).toBe(false)
    expect(locateArchive({ cwd: join(cwd, 'below') })).toBe(join(cwd, 'below/ovn-archive'))
    writeFileSync(join(cwd, 'ovn-archive/manifest.jsonl'), '')
    expect(locateArchive({ cwd: join(cwd, 'below') })).toBe(join(cwd, 'ovn-archive'))
    expect(locateArchive({ cwd: join(cwd, 'below'), environment: '/elsewhere' })).toBe('/elsewhere')
    expect(locateArchive({ cwd: join(cwd, 'below'), environment: '/elsewhere', archive: 'x' })).toBe(
      join(cwd, 'below/x'),
    )
  })
})
