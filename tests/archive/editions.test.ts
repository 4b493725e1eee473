import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/archive/database.ts'
import { Editions } from '../../src/archive/editions.ts'
import { Manifest } from '../../src/manifest/manifest.ts'
import { cidOf, type Draft } from '../../src/manifest/record.ts'
import { temporaryFolder } from '../temporary.ts'

/** The root of an edition by its name. */
function root(name: string): string {
  return cidOf({ name })
}

function draftOf(slug: string, version: number): Draft {
  return {
    event: 'publish',
    slug,
    version,
    root: root(`${slug}-${version}`),
    profile: 'unixfs-v1-2025',
    size: 1,
    title: slug,
    categories: [],
    source: 's',
    inputs: 'i',
    time: '2025-08-22T10:00:00.000Z',
  }
}

function setUp() {
  const folder = temporaryFolder()
  const database = openDatabase(join(folder, 'blocks.sqlite'))
  const manifest = new Manifest(join(folder, 'manifest.jsonl'))
  const open = () => {
    const editions = new Editions(database, manifest)
    editions.refresh()
    return editions
  }
  const rootsOf = (editions: Editions, slug: string) => editions.ofSlug(slug).map(({ root }) => root)
  return { database, manifest, open, rootsOf }
}

describe('the editions', () => {
  it('are those of the manifest, stored or not', () => {
    const { manifest, open, rootsOf } = setUp()
    manifest.append([draftOf('a', 1), draftOf('b', 1)], undefined)
    const first = open()
    first.store()
    manifest.append([draftOf('a', 2)], first.lastCid)
    const second = open()
    expect(rootsOf(second, 'a')).toEqual([root('a-1'), root('a-2')])
    expect(second.ofRoot(root('a-2'))?.version).toBe(2)
    expect(second.ofRoot(root('b-1'))?.slug).toBe('b')
    expect(rootsOf(second, 'c')).toEqual([])
    first.refresh()
    expect(rootsOf(first, 'a')).toEqual([root('a-1'), root('a-2')])
  })

  it('stores only what is new', () => {
    const { database, manifest, open } = setUp()
    manifest.append([draftOf('a', 1)], undefined)
    const editions = open()
    editions.store()
    const changes = () => database.prepare('select total_changes() as n').get()?.n
    const before = changes()
    open().store()
    expect(changes()).toBe(before)
  })

  it('follow a manifest that was replaced by a longer one', () => {
    const { manifest, open, rootsOf } = setUp()
    manifest.append([draftOf('a', 1)], undefined)
    open().store()
    writeFileSync(manifest.file, '')
    manifest.append([draftOf('b', 1), draftOf('c', 1), draftOf('d', 1)], undefined)
    const editions = open()
    expect(rootsOf(editions, 'a')).toEqual([])
    expect(rootsOf(editions, 'd')).toEqual([root('d-1')])
    editions.store()
    expect(rootsOf(open(), 'a')).toEqual([])
    expect(rootsOf(open(), 'd')).toEqual([root('d-1')])
  })

  it('follow a manifest that became shorter', () => {
    const { manifest, open, rootsOf } = setUp()
    const [first] = manifest.append([draftOf('a', 1), draftOf('b', 1)], undefined)
    const editions = open()
    editions.store()
    writeFileSync(manifest.file, readFileSync(manifest.file).subarray(0, (first?.length ?? 0) + 1))
    editions.refresh()
    expect(editions.lastCid).toBe(first?.record.cid)
    expect(rootsOf(editions, 'b')).toEqual([])
    expect(rootsOf(editions, 'a')).toEqual([root('a-1')])
  })

  it('believe the manifest where a stored place no longer fits', () => {
    const { manifest, open, rootsOf } = setUp()
    const [a, b] = manifest.append([draftOf('a', 1), draftOf('bb', 1)], undefined)
    open().store()
    // The same lines in another order, the last one unmoved in size: a merge may do this.
    const c = manifest.append([draftOf('c', 1)], b?.record.cid)
    const editions = open()
    editions.store()
    const text = readFileSync(manifest.file, 'utf8').split('\n')
    writeFileSync(manifest.file, `${text[1]}\n${text[0]}\n${text[2]}\n`)
    expect(c).toHaveLength(1)
    expect(rootsOf(open(), 'a')).toEqual([a?.record['root' as never]])
    expect(rootsOf(open(), 'bb')).toEqual([root('bb-1')])
  })

  it('come oldest first, whichever was recorded first', () => {
    const { manifest, open, rootsOf } = setUp()
    manifest.append([draftOf('a', 2), draftOf('a', 1)], undefined)
    expect(rootsOf(open(), 'a')).toEqual([root('a-1'), root('a-2')])
  })

  it.each([false, true])('know what was withdrawn, and what was recorded again (stored: %s)', (stored) => {
    const { manifest, open, rootsOf } = setUp()
    const withdrawal = { event: 'withdraw', slug: 'a', version: 1, root: root('a-1'), reason: 'why', time: '' } as const
    manifest.append([draftOf('a', 1), draftOf('b', 1), withdrawal], undefined)
    const editions = open()
    if (stored) editions.store()
    expect(rootsOf(editions, 'a')).toEqual([root('a-1')])
    expect(editions.withdrawalOf(root('a-1'))?.reason).toBe('why')
    expect([editions.isLive(root('a-1')), editions.isLive(root('b-1')), editions.isLive(root('c-1'))]).toEqual([
      false,
      true,
      false,
    ])
    manifest.append([draftOf('a', 1)], editions.lastCid)
    const again = open()
    if (stored) again.store()
    expect(again.withdrawalOf(root('a-1'))).toBeUndefined()
    expect(again.isLive(root('a-1'))).toBe(true)
    expect(rootsOf(again, 'a')).toEqual([root('a-1')])
  })

  it('know slugs by their beginning', () => {
    const { manifest, open } = setUp()
    manifest.append([draftOf('harbour-a', 1), draftOf('harbour-b', 1), draftOf('library', 1)], undefined)
    const editions = open()
    editions.store()
    manifest.append([draftOf('harbour-c', 1)], editions.lastCid)
    editions.refresh()
    expect(editions.slugs('harbour', 10)).toEqual(['harbour-a', 'harbour-b', 'harbour-c'])
    expect(editions.slugs('harbour', 2)).toEqual(['harbour-a', 'harbour-b'])
    expect(editions.slugs('z', 10)).toEqual([])
  })
})
