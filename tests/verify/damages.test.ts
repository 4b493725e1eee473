// Random damage, thousands of times: all of it is found, none is seen where there is none, and the right article is named.
// OVN_LONG=1 makes the rounds many; OVN_SEED repeats a run.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SQLInputValue } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OvnError } from '../../src/errors.ts'
import { encodeLine, type ManifestRecord, sealRecord } from '../../src/manifest/record.ts'
import type { ArchiveChecked } from '../../src/verify/verify-archive.ts'
import { pick, type Random, randomFrom } from '../reliability/harness.ts'
import {
  areReported,
  type Block,
  blocksOf,
  check,
  cidOf,
  contentOf,
  copyArchive,
  edit,
  endOf,
  keyOf,
  makeArchive,
  type Sample,
  sameContent,
  told,
} from './archives.ts'

const isLong = process.env.OVN_LONG === '1'
const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))
const rounds = (short: number) => (isLong ? 60 * short : short)

let sample: Sample
let base: string

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'ovn-test-'))
  sample = await makeArchive(base)
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

/** Damages a copy again and again. `damage` says what it did, and returns what must be true of what is found. */
async function repeat(
  times: number,
  damage: (folder: string, random: Random) => { did: string; expected: (checked: ArchiveChecked) => boolean },
): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    const random = randomFrom(seed + round)
    const folder = copyArchive(sample, base)
    const { did, expected } = damage(folder, random)
    const checked = await check(folder)
    if (!expected(checked)) {
      expect.fail(`OVN_SEED=${seed}, round ${round}: ${did}; found:\n${told(checked).join('\n') || 'nothing'}`)
    }
    rmSync(folder, { recursive: true })
  }
}

function flipBit(bytes: Uint8Array, random: Random): string {
  const at = random(bytes.length)
  const bit = random(8)
  bytes[at] = (bytes[at] as number) ^ (1 << bit)
  return `flipped bit ${bit} of byte ${at}`
}

describe(`random damage (OVN_SEED=${seed})`, { timeout: isLong ? 3_600_000 : 60_000 }, () => {
  it('to the bytes of a block is found, with all who need it', () =>
    repeat(rounds(100), (folder, random) =>
      edit(folder, (database) => {
        const block = pick(random, blocksOf(database))
        const bytes = Buffer.from(block.bytes)
        const way = random(4)
        let did = ''
        let changed: Uint8Array = bytes
        if (way < 2) did = flipBit(bytes, random)
        else if (way === 2) {
          changed = bytes.subarray(0, random(bytes.length))
          did = `cut at ${changed.length}`
        } else {
          changed = Buffer.concat([bytes, Buffer.of(random(256))])
          did = 'lengthened'
        }
        database.prepare('update block set bytes = ? where id = ?').run(changed, block.id)
        return {
          did: `block ${block.id}: ${did}`,
          expected: (checked) => areReported(sample, checked, [{ block, state: 'damaged' }]),
        }
      }),
    ))

  it('to several blocks is found, all of it', () =>
    repeat(rounds(20), (folder, random) =>
      edit(folder, (database) => {
        const damaged = new Map<number, Block>()
        // Leaves alone: what is below a damaged directory cannot be seen.
        const leaves = blocksOf(database).filter(({ bytes }) => bytes[0] !== 0x12 && bytes[0] !== 0x0a)
        for (let count = 2 + random(3); damaged.size < count; ) {
          const block = pick(random, leaves)
          damaged.set(block.id, block)
        }
        for (const { id, bytes } of damaged.values()) {
          const changed = Buffer.from(bytes)
          flipBit(changed, random)
          database.prepare('update block set bytes = ? where id = ?').run(changed, id)
        }
        return {
          did: `blocks ${[...damaged.keys()].join(' ')}`,
          expected: (checked) =>
            areReported(
              sample,
              checked,
              [...damaged.values()].map((block) => ({ block, state: 'damaged' })),
            ),
        }
      }),
    ))

  it('by a block that is gone is found, unless nobody needs it', () =>
    repeat(rounds(25), (folder, random) =>
      edit(folder, (database) => {
        const block = pick(random, blocksOf(database))
        database.prepare('delete from block where id = ?').run(block.id)
        const isNeeded = sample.needs.has(keyOf(block.multihash))
        return {
          did: `deleted block ${block.id}`,
          expected: (checked) => areReported(sample, checked, isNeeded ? [{ block, state: 'missing' }] : []),
        }
      }),
    ))

  it('by two blocks in the place of each other is found', () =>
    repeat(rounds(25), (folder, random) =>
      edit(folder, (database) => {
        const blocks = blocksOf(database)
        const one = pick(random, blocks)
        const other = pick(
          random,
          blocks.filter(({ id }) => id !== one.id),
        )
        const put = database.prepare('update block set bytes = ? where id = ?')
        put.run(other.bytes, one.id)
        put.run(one.bytes, other.id)
        const found = (block: Block, { damage }: ArchiveChecked) =>
          damage.some(({ cid }) => cid?.endsWith(endOf(block)))
        return {
          did: `swapped blocks ${one.id} and ${other.id}`,
          // A block above the other hides it: then it is reported as one that no article needs.
          expected: (checked) => checked.damage.length === 2 && found(one, checked) && found(other, checked),
        }
      }),
    ))

  it('to the multihash of a block is found', () =>
    repeat(rounds(25), (folder, random) =>
      edit(folder, (database) => {
        const block = pick(random, blocksOf(database))
        const multihash = Buffer.from(block.multihash)
        const did = flipBit(multihash, random)
        database.prepare('update block set multihash = ? where id = ?').run(multihash, block.id)
        const isNeeded = sample.needs.has(keyOf(block.multihash))
        return {
          did: `multihash of block ${block.id}: ${did}`,
          expected: ({ damage }) =>
            damage.length === (isNeeded ? 2 : 1) &&
            (!isNeeded || damage.some(({ state, cid }) => state === 'missing' && cid?.endsWith(endOf(block)))),
        }
      }),
    ))

  it('to any bit of the manifest is found', () =>
    repeat(rounds(120), (folder, random) => {
      const file = join(folder, 'manifest.jsonl')
      const bytes = readFileSync(file)
      const did = flipBit(bytes, random)
      writeFileSync(file, bytes)
      return {
        did,
        expected: ({ damage }) => damage.some(({ kind, state }) => kind === 'manifest' && state === 'damaged'),
      }
    }))

  it('by a manifest that is cut off is found', () =>
    repeat(rounds(40), (folder, random) => {
      const file = join(folder, 'manifest.jsonl')
      const bytes = readFileSync(file)
      const length = random(bytes.length)
      writeFileSync(file, bytes.subarray(0, length))
      return { did: `cut at ${length}`, expected: ({ damage }) => damage.some(({ state }) => state === 'missing') }
    }))

  it('by a manifest that is cut off is at least noticed where the database does not remember its end', () =>
    repeat(rounds(20), (folder, random) => {
      const file = join(folder, 'manifest.jsonl')
      const bytes = readFileSync(file)
      const length = random(bytes.length)
      writeFileSync(file, bytes.subarray(0, length))
      edit(folder, (database) => database.exec('delete from edition; delete from manifest_mark'))
      return {
        did: `cut at ${length}`,
        expected: ({ notices }) => notices.some(({ message }) => /is pinned, and/.test(message)),
      }
    }))

  it('by lines that are swapped, gone or doubled is found, whether or not the database remembers them', () =>
    repeat(rounds(60), (folder, random) => {
      const file = join(folder, 'manifest.jsonl')
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
      const at = random(lines.length)
      const way = random(3)
      const remembers = random(2) === 0
      let did = ''
      if (way === 0) {
        const other = (at + 1 + random(lines.length - 1)) % lines.length
        did = `swapped lines ${at + 1} and ${other + 1}`
        const line = lines[at] as string
        lines[at] = lines[other] as string
        lines[other] = line
      } else if (way === 1) {
        did = `removed line ${at + 1}`
        lines.splice(at, 1)
      } else {
        const to = random(lines.length + 1)
        did = `put line ${at + 1} before line ${to + 1} once more`
        lines.splice(to, 0, lines[at] as string)
      }
      writeFileSync(file, `${lines.join('\n')}\n`)
      if (!remembers) edit(folder, (database) => database.exec('delete from edition; delete from manifest_mark'))
      const isEnd = way === 1 && at === lines.length && !remembers
      return {
        did: `${did}${remembers ? '' : ', forgotten'}`,
        expected: ({ damage, notices }) =>
          isEnd
            ? notices.some(({ message }) => /is pinned, and/.test(message))
            : damage.some(({ kind }) => kind === 'manifest'),
      }
    }))

  it('by a line that says something else, in a chain that is sealed anew, is found', () =>
    repeat(rounds(100), (folder, random) => {
      const file = join(folder, 'manifest.jsonl')
      const records = readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      const targets = records.flatMap((record, index) => changesOf(record).map((change) => ({ index, ...change })))
      const { index, field, value } = pick(random, targets)
      if (value === undefined) delete records[index][field]
      else records[index][field] = value
      let parent: string | undefined
      const sealed = records.map(({ cid: _cid, parent: _parent, ...body }) => {
        const record: ManifestRecord = sealRecord(body, parent)
        parent = record.cid
        return `${encodeLine(record)}\n`
      })
      writeFileSync(file, sealed.join(''))
      edit(folder, (database) => database.exec('delete from edition; delete from manifest_mark'))
      return {
        did: `${field} of line ${index + 1} is now ${JSON.stringify(value)}`,
        expected: ({ damage }) => damage.length > 0,
      }
    }))

  it('to a pin is found', () =>
    repeat(rounds(50), (folder, random) =>
      edit(folder, (database) => {
        const pins = database.prepare('select * from pin').all() as unknown as {
          root: Uint8Array
          multihash: Uint8Array
        }[]
        const { root, multihash } = pick(random, pins)
        const set = (column: string, value: SQLInputValue) =>
          database.prepare(`update pin set ${column} = ? where root = ?`).run(value, root)
        const way = random(5)
        const changed = Buffer.from(way === 0 ? root : multihash)
        if (way < 2) flipBit(changed, random)
        if (way === 0) set('root', changed)
        if (way === 1) set('multihash', changed)
        if (way === 2) set('depth', random(3))
        if (way === 3)
          set('metadata', pick(random, ['', '{}', '{"slug":"library","version":7}', 'null', '{"slug":"x"']))
        if (way === 4) database.prepare('delete from pin where root = ?').run(root)
        return {
          did: `way ${way}, pin of ${Buffer.from(root).toString('hex')}`,
          expected: ({ damage }) =>
            damage.length > 0 && damage.every(({ kind }) => kind === 'pin' || (way === 0 && kind === 'block')),
        }
      }),
    ))

  it('to the cache of the manifest is found', () =>
    repeat(rounds(100), (folder, random) =>
      edit(folder, (database) => {
        const starts = database.prepare('select start from edition').all() as unknown as { start: number }[]
        const { start } = pick(random, starts)
        const column = pick(random, ['slug', 'version', 'root', 'event', 'start', 'length'])
        const mark = pick(random, ['size', 'lines', 'last_start', 'last_cid'])
        const [did, sql] = pick(random, [
          [`${column} of ${start}`, `update edition set ${column} = ${column} || '1' where start = ${start}`],
          [`row ${start} deleted`, `delete from edition where start = ${start}`],
          ['row added', `insert into edition values ('x', 1, 'y', 'publish', ${start}, 7)`],
          [mark, `update manifest_mark set ${mark} = ${mark} || '1'`],
          ['mark deleted', 'delete from manifest_mark'],
          ['mark doubled', 'insert into manifest_mark select * from manifest_mark'],
        ] as const)
        database.exec(sql)
        return {
          did,
          expected: ({ damage }) =>
            damage.length > 0 && damage.every(({ kind }) => kind === 'index' || kind === 'manifest'),
        }
      }),
    ))

  it('to any bit of the database file is found, unless nothing is changed by it', async () => {
    const whole = contentOf(sample.folder)
    const pageSize = 16_384
    let unseen = 0
    const count = rounds(100)
    for (let round = 0; round < count; round += 1) {
      const random = randomFrom(seed + round)
      const folder = copyArchive(sample, base)
      const file = join(folder, 'blocks.sqlite')
      const bytes = readFileSync(file)
      // The attachment fills most pages; what is not it, and the header, are hit more often than by chance.
      const end = [bytes.length, 100, 12 * pageSize, bytes.length][random(4)] as number
      const at = random(end)
      const bit = random(8)
      bytes[at] = (bytes[at] as number) ^ (1 << bit)
      writeFileSync(file, bytes)
      const content = contentOf(folder)
      // Above 2, SQLite reads the file and would not write it.
      const isDamaged = !sameContent(content, whole) || (bytes[18] as number) > 2
      const lines = await check(folder).then(
        (checked) => told(checked),
        (error) => {
          if (!(error instanceof OvnError)) throw error
          return [error.message]
        },
      )
      if (!isDamaged) unseen += 1
      if (lines.length > 0 !== isDamaged) {
        const why = isDamaged ? 'was not found' : `changed nothing, and was reported:\n${lines.join('\n')}`
        expect.fail(`OVN_SEED=${seed}, round ${round}: bit ${bit} of byte ${at} ${why}`)
      }
      rmSync(folder, { recursive: true })
    }
    expect(unseen).toBeLessThan(count)
  })
})

/** Changes of a record that must be seen; what is withdrawn has no bundle any more that could contradict. */
function changesOf(record: { [field: string]: unknown }): { field: string; value: unknown }[] {
  const { event, slug } = record
  const all = [
    { field: 'title', value: 'Another' },
    { field: 'datePublished', value: record.datePublished === undefined ? '2001-01-01' : undefined },
    { field: 'categories', value: ['Other'] },
    { field: 'url', value: 'https://example.org/other' },
    { field: 'source', value: cidOf('other').toString() },
    { field: 'note', value: 'Another reason.' },
  ]
  const identity = [
    { field: 'slug', value: 'another' },
    { field: 'version', value: 9 },
    { field: 'root', value: cidOf('other').toString() },
  ]
  const size = [{ field: 'size', value: 7 }]
  const previous = [{ field: 'previous', value: record.previous === undefined ? cidOf('x').toString() : undefined }]
  if (event === 'withdraw') return identity
  if (slug === 'gone') return identity.slice(0, 2)
  if (slug === 'foreign') return [...identity, ...size]
  return [...all, ...identity, ...size, ...previous]
}
