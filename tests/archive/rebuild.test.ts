import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { layout } from '../../src/archive/layout.ts'
import { type Rebuilt, rebuildManifest } from '../../src/archive/rebuild.ts'
import { type EditionRecord, encodeLine, type ManifestRecord, parseLine } from '../../src/manifest/record.ts'
import { ovnJson } from '../cli/ovn.ts'
import { temporaryFolder } from '../temporary.ts'

const now = new Date('2026-01-02T03:04:05Z')
const signal = new AbortController().signal

/** An archive of `count` articles, the first of them in two versions. */
function setUp(count = 3) {
  const cwd = temporaryFolder()
  for (let number = 1; number <= count; number += 1) {
    writeFileSync(
      join(cwd, `${number}.md`),
      `---\ntitle: Article ${number}\ncategories: Defence\n---\n\nText ${number}`,
    )
  }
  const files = Array.from({ length: count }, (_, index) => `${index + 1}.md`)
  for (const file of files) ovnJson(['publish', file], { cwd })
  writeFileSync(join(cwd, '1.md'), '---\ntitle: Article 1\ncategories: Defence\n---\n\nCorrected')
  ovnJson(['publish', '1.md', '--note', 'It was wrong.'], { cwd })
  const folder = join(cwd, 'ovn-archive')
  const file = layout.manifest(folder)
  const lines = () => readFileSync(file, 'utf8').split('\n').slice(0, -1)
  const records = () => lines().map((line, index) => parseLine(line, { file: 'manifest', line: index + 1 }))
  const rebuild = async (): Promise<Rebuilt> => {
    const archive = openArchive(folder)
    try {
      return await rebuildManifest(archive, now, signal)
    } finally {
      archive.close()
    }
  }
  /** Rebuilds; another process does something between its looking and its writing. */
  const rebuildWhile = async (other: () => unknown): Promise<Rebuilt> => {
    const archive = openArchive(folder)
    const exclusively = archive.exclusively.bind(archive)
    archive.exclusively = async (work) => {
      await other()
      return exclusively(work)
    }
    try {
      return await rebuildManifest(archive, now, signal)
    } finally {
      archive.close()
    }
  }
  /** Takes the pin of a root away. */
  const unpin = async (root: CID) => {
    const archive = openArchive(folder)
    await archive.exclusively(() => archive.pins.remove(root))
    archive.close()
  }
  const write = (all: readonly string[]) => writeFileSync(file, all.map((line) => `${line}\n`).join(''))
  return { cwd, folder, file, lines, records, rebuild, rebuildWhile, unpin, write }
}

/** What a record says of its edition. */
function said(record: ManifestRecord) {
  const { slug, version, root, title, categories, previous, note, source, inputs, size } = record as EditionRecord
  return { slug, version, root, title, categories, previous, note, source, inputs, size }
}

const bySlug = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

describe('rebuildManifest', () => {
  it('leaves an archive in order as it is', async () => {
    const { rebuild, lines } = setUp()
    const before = lines()
    expect(await rebuild()).toMatchObject({ kept: 4, damaged: [], lost: [], recorded: [], repinned: [], problems: [] })
    expect(lines()).toEqual(before)
  })

  it('makes a lost manifest anew, all but the times', async () => {
    const { rebuild, file, records, cwd } = setUp()
    const before = records()
    rmSync(file)
    const { kept, recorded, aside } = await rebuild()
    expect({ kept, recorded: recorded.length, aside }).toEqual({ kept: 0, recorded: 4, aside: undefined })
    expect(records().map(said).sort(bySlug)).toEqual(before.map(said).sort(bySlug))
    expect(records().every(({ event, time }) => event === 'rebuild' && time === now.toISOString())).toBe(true)
    expect(ovnJson(['list'], { cwd }).articles).toHaveLength(3)
    // The same files are known again.
    expect(ovnJson(['publish', '1.md', '2.md'], { cwd }).articles.map(({ status }: never) => status)).toEqual([
      'unchanged',
      'unchanged',
    ])
  })

  it('keeps whole lines byte for byte, sets damaged ones aside and records their editions again', async () => {
    const { rebuild, lines, write, records } = setUp()
    const before = lines()
    const lostCid = records()[1]?.cid
    write(before.map((line, index) => (index === 1 ? line.replace('Article 2', 'Article X') : line)))
    const damaged = lines()
    const { kept, lost, recorded, aside, damaged: faults } = await rebuild()
    expect({ kept, lost }).toEqual({ kept: 3, lost: [lostCid] })
    expect(recorded.map(({ title }) => title)).toEqual(['Article 2'])
    expect(faults).toEqual([expect.stringContaining('manifest.jsonl:2')])
    expect(readFileSync(aside ?? '', 'utf8')).toBe(damaged.map((line) => `${line}\n`).join(''))
    expect(lines().slice(0, 3)).toEqual([before[0], before[2], before[3]])
    expect(records()[3]).toMatchObject({ event: 'recover', lost: [lostCid] })
    // And that is the end of it.
    const after = lines()
    expect(await rebuild()).toMatchObject({ kept: 5, lost: [], recorded: [], aside: undefined })
    expect(lines()).toEqual(after)
  })

  it('puts lines back into their order, and doubled ones away', async () => {
    const { rebuild, lines, write } = setUp()
    const before = lines()
    const [a, b, c, d] = before as [string, string, string, string]
    write([a, c, b, d, b])
    const { kept, lost, aside } = await rebuild()
    expect({ kept, lost, aside: existsSync(aside ?? '') }).toEqual({ kept: 4, lost: [], aside: true })
    expect(lines()).toEqual(before)
  })

  it('sets an unfinished line aside', async () => {
    const { rebuild, file, lines } = setUp()
    const before = lines()
    writeFileSync(file, `${before.join('\n')}\n{"half`)
    expect((await rebuild()).torn).toBe(6)
    expect(lines()).toEqual(before)
  })

  it('pins again what is recorded and whole, and says what is not whole', async () => {
    const { rebuild, folder, records } = setUp()
    const [first, second] = records().map((record) => CID.parse(said(record).root)) as [CID, CID]
    const archive = openArchive(folder)
    await archive.exclusively(() => {
      archive.pins.remove(first)
      archive.pins.remove(second)
      archive.blocks.delete(second)
    })
    archive.close()
    const { repinned, problems } = await rebuild()
    expect(repinned).toEqual([first.toString()])
    expect(problems).toEqual([
      expect.objectContaining({ file: second.toString(), message: `block ${second} is missing` }),
    ])
  })

  it('does not bring back what was withdrawn', async () => {
    const { rebuild, folder, records, lines } = setUp()
    const [record] = records()
    const archive = openArchive(folder)
    await archive.exclusively(() => {
      const { slug, version, root } = record as never
      archive.editions.refresh()
      const draft = { event: 'withdraw', slug, version, root, reason: 'why', time: 't' } as const
      archive.manifest.append([draft], archive.editions.lastCid)
      archive.pins.remove(CID.parse(root))
    })
    archive.close()
    expect(await rebuild()).toMatchObject({ kept: 5, recorded: [], repinned: [] })
    expect(lines()).toHaveLength(5)
  })

  it('does not pin what is withdrawn while it looks', async () => {
    const { cwd, records, rebuildWhile, unpin } = setUp()
    const { slug, root } = records()[1] as EditionRecord
    await unpin(CID.parse(root))
    const withdraw = () => ovnJson(['unpublish', slug, '--reason', 'It was wrong.'], { cwd })
    expect(await rebuildWhile(withdraw)).toMatchObject({ repinned: [], recorded: [] })
    expect(ovnJson(['show', slug], { cwd })).toMatchObject({ pinned: false })
  })

  it('does not record what lost its pin while it looks: the publish it was of came to nothing', async () => {
    const { file, records, rebuildWhile, unpin } = setUp()
    const roots = records().map((record) => said(record).root)
    rmSync(file)
    const { recorded } = await rebuildWhile(() => unpin(CID.parse(roots[1] as string)))
    expect(recorded.map(({ root }) => root).sort()).toEqual(roots.filter((_, index) => index !== 1).sort())
  })

  it('refuses a manifest of a newer format and leaves it', async () => {
    const { rebuild, write, lines, records } = setUp(1)
    write([...lines(), encodeLine({ ...(records()[0] as ManifestRecord), v: 2 })])
    const before = lines()
    await expect(rebuild()).rejects.toThrow('newer ovn')
    expect(lines()).toEqual(before)
  })
})
