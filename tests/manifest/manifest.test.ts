import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Manifest } from '../../src/manifest/manifest.ts'
import { cidOf, type Draft } from '../../src/manifest/record.ts'
import { temporaryFolder } from '../temporary.ts'

function draftOf(slug: string): Draft {
  return {
    event: 'publish',
    slug,
    version: 1,
    root: cidOf({ root: slug }),
    profile: 'unixfs-v1-2025',
    size: 1,
    title: `${slug} “ї” 新闻`,
    categories: [],
    source: 's',
    inputs: 'i',
    time: '2025-08-22T10:00:00.000Z',
  }
}

function newManifest(): Manifest {
  return new Manifest(join(temporaryFolder(), 'manifest.jsonl'))
}

describe('the manifest', () => {
  it('is empty where there is no file', () => {
    const manifest = newManifest()
    expect(manifest.size()).toBe(0)
    expect(manifest.records()).toEqual([])
    expect(manifest.recordAt(0, 10)).toBeUndefined()
    expect(manifest.setAsideTorn()).toBe(0)
    expect(existsSync(manifest.file)).toBe(false)
  })

  it('chains every record to the one before it', () => {
    const manifest = newManifest()
    const first = manifest.append([draftOf('a'), draftOf('b')], undefined)
    const second = manifest.append([draftOf('c')], first[1]?.record.cid)
    const records = manifest.records()
    expect(records.map(({ parent }) => parent)).toEqual([undefined, records[0]?.cid, records[1]?.cid])
    expect(manifest.placedFrom(0, 1)).toEqual([...first, ...second])
  })

  it('finds a record by its place, and nothing at any other', () => {
    const manifest = newManifest()
    const placed = manifest.append([draftOf('a'), draftOf('b')], undefined)
    for (const { record, offset, length } of placed) {
      expect(manifest.recordAt(offset, length)).toEqual(record)
      expect(manifest.recordAt(offset + 1, length - 1)).toBeUndefined()
      expect(manifest.recordAt(offset, length - 1)).toBeUndefined()
      expect(manifest.recordAt(offset, length + 1)).toBeUndefined()
    }
  })

  it('reads lines that are longer than what is read at once', () => {
    const manifest = newManifest()
    const long = { ...draftOf('long'), note: 'ж'.repeat(5_000_000) }
    manifest.append([draftOf('a'), long, draftOf('z')], undefined)
    expect(manifest.placedFrom(0, 1).map(({ record }) => record['slug' as never])).toEqual(['a', 'long', 'z'])
  })

  it('ignores an unfinished last line, whatever its length, and sets it aside', () => {
    const manifest = newManifest()
    const [, last] = manifest.append([draftOf('a'), draftOf('b')], undefined)
    const whole = readFileSync(manifest.file)
    for (let length = last?.offset ?? 0; length < whole.length; length += 1) {
      writeFileSync(manifest.file, whole.subarray(0, length))
      expect(manifest.records()).toHaveLength(1)
      expect(manifest.setAsideTorn()).toBe(length - (last?.offset ?? 0))
      expect(manifest.size()).toBe(last?.offset)
    }
    const aside = readFileSync(manifest.file.replace('.jsonl', '.torn'), 'utf8')
    expect(aside.split('\n').at(-2)).toBe(whole.subarray(last?.offset, -1).toString())
  })

  it('sets aside an unfinished line that is the only one', () => {
    const manifest = newManifest()
    appendFileSync(manifest.file, 'x'.repeat(200_000))
    expect(manifest.setAsideTorn()).toBe(200_000)
    expect(manifest.size()).toBe(0)
  })

  it('says which line is damaged', () => {
    const manifest = newManifest()
    const placed = manifest.append([draftOf('a'), draftOf('b'), draftOf('c')], undefined)
    const bytes = readFileSync(manifest.file)
    bytes[(placed[1]?.offset ?? 0) + 20] = 0x58
    writeFileSync(manifest.file, bytes)
    expect(() => manifest.placedFrom(0, 1)).toThrow('manifest.jsonl:2 is damaged')
    expect(() => manifest.placedFrom(placed[1]?.offset ?? 0, 2)).toThrow('manifest.jsonl:2 is damaged')
    truncateSync(manifest.file, placed[1]?.offset)
    expect(manifest.placedFrom(0, 1)).toEqual([placed[0]])
  })
})
