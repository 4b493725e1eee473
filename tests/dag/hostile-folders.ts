// DAGs that strangers could send to be written to disk, made by code: each must be refused in words, and leave nothing behind.

import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { sha256 } from '../../src/dag/hash.ts'
import {
  type Block,
  directoryBlock,
  fileBlock,
  pbBlock,
  rawBlock,
  shardBlock,
  unixFsData,
  varint,
} from './hostile-cars.ts'

export interface HostileFolder {
  readonly name: string
  make(): readonly Block[]
  readonly says: RegExp
  /** `damaged` where it is absent. */
  readonly code?: string
  /** Takes the time of a hundred thousand entries to be refused. */
  readonly isHeavy?: boolean
}

const kibibyte = 1024
export const hello = rawBlock('hello')

/** A directory whose names may be any bytes, in any order. */
export function anyDirectory(entries: readonly (readonly [name: string | Uint8Array, cid: CID])[]): Block {
  const field = (number: number, bytes: Uint8Array) => [
    ...varint(number * 8 + 2),
    ...varint(bytes.byteLength),
    ...bytes,
  ]
  const links = entries.flatMap(([name, cid]) =>
    field(2, Uint8Array.from([...field(1, cid.bytes), ...field(2, Buffer.from(name))])),
  )
  const bytes = Uint8Array.from([...links, ...field(1, unixFsData([[1, 1]]))])
  return { cid: CID.createV1(0x70, sha256(bytes)), bytes }
}

export function symlinkBlock(target: string): Block {
  return pbBlock(
    unixFsData([
      [1, 4],
      [2, Buffer.from(target)],
    ]),
    [],
  )
}

/** Blocks below a root, in a store of their own; the root is the first. */
export function storeOf(blocks: readonly Block[]): { readonly blocks: MemoryBlockstore; readonly root: CID } {
  const store = new MemoryBlockstore()
  for (const { cid, bytes } of blocks) store.put(cid, bytes)
  return { blocks: store, root: (blocks[0] as Block).cid }
}

export function oneEntry(name: string | Uint8Array, below: Block = hello): readonly Block[] {
  return [anyDirectory([[name, below.cid]]), below]
}

function nest(levels: number, wrap: (below: CID, level: number) => Block, bottom: Block): Block[] {
  const blocks = [bottom]
  for (let level = 0; level < levels; level += 1) blocks.unshift(wrap((blocks[0] as Block).cid, level))
  return blocks
}

function bothIn(one: string, other: string): readonly Block[] {
  return [
    anyDirectory([
      [one, hello.cid],
      [other, hello.cid],
    ]),
    hello,
  ]
}

const names: readonly (readonly [shown: string, name: string | Uint8Array, says: RegExp])[] = [
  ['.', '.', /means another folder/],
  ['..', '..', /means another folder/],
  ['../evil', '../evil', /is a path/],
  ['a/../../evil', 'a/../../evil', /is a path/],
  ['/etc/cron.d/x', '/etc/cron.d/x', /is a path/],
  ['/', '/', /is a path/],
  ['a/b', 'a/b', /is a path/],
  ['a/', 'a/', /is a path/],
  ['..\\evil', '..\\evil', /is a path/],
  ['a\\b', 'a\\b', /is a path/],
  ['\\\\server\\share', '\\\\server\\share', /is a path/],
  ['\\\\?\\C:\\x', '\\\\?\\C:\\x', /is a path/],
  ['C:', 'C:', /drive/],
  ['c:evil', 'c:evil', /drive/],
  ['C:\\evil', 'C:\\evil', /is a path/],
  ['NUL inside', 'a\0b', /control/],
  ['NUL at the end', 'article.md\0.txt', /control/],
  ['an escape', 'a\u001b]0;evil\u0007', /control/],
  ['a newline', 'a\nb', /control/],
  ['a C1 control', 'a\u009b31m', /control/],
  ['DEL', 'a\u007f', /control/],
  ['CON', 'CON', /device/],
  ['nul', 'nul', /device/],
  ['NUL.txt', 'NUL.txt', /device/],
  ['aux.tar.gz', 'aux.tar.gz', /device/],
  ['COM1', 'COM1', /device/],
  ['com9.log', 'com9.log', /device/],
  ['COM¹', 'COM¹', /device/],
  ['LPT3 .txt', 'LPT3 .txt', /device/],
  ['conout$', 'conout$', /device/],
  ['a trailing dot', 'article.md.', /dot or a space/],
  ['a trailing space', 'article.md ', /dot or a space/],
  ['...', '...', /dot or a space/],
  ['a space', ' ', /dot or a space/],
  ['256 bytes', 'a'.repeat(256), /more than 255 bytes/],
  ['256 bytes of umlauts', 'ä'.repeat(128), /more than 255 bytes/],
  ['a MiB', 'a'.repeat(kibibyte * kibibyte), /more than 255 bytes/],
  ['255 bytes, more when escaped', `${'a'.repeat(254)}?`, /too long when escaped/],
]

const collisions: readonly (readonly [shown: string, one: string, other: string])[] = [
  ['only case differs', 'Article.md', 'article.md'],
  ['only case beyond ASCII differs', 'Ärger', 'ärger'],
  ['one is NFC and one NFD', 'é.md', 'e\u0301.md'],
  ['ß and SS', 'straße', 'STRASSE'],
  ['a character is one that cannot be seen', 'arti\u200dcle.md', 'article.md'],
  ['one is how the other is escaped', 'a?b', 'a%3Fb'],
  ['both are bytes that are no text', 'x\ufffd', 'X\ufffd'],
]

/** What no disk may see; every one fails before a byte is written, or leaves no more than a partial folder. */
export const hostileFolders: readonly HostileFolder[] = [
  ...names.map(([shown, name, says]) => ({ name: `a name: ${shown}`, make: () => oneEntry(name), says })),
  { name: 'no name', make: () => oneEntry(''), says: /entry without a name/ },
  {
    name: 'a bad name far below',
    make: () => nest(20, (below) => directoryBlock([['a', below]]), anyDirectory([['..', hello.cid]])),
    says: /means another folder/,
  },
  {
    name: 'a bad name in a shard',
    make: () => [shardBlock(256, [['00..', hello.cid]]), hello],
    says: /means another folder/,
  },
  {
    name: 'a bad name in a shard below a shard',
    make: () => {
      const below = shardBlock(256, [['00a/b', hello.cid]])
      return [shardBlock(256, [['07', below.cid]]), below, hello]
    },
    says: /is a path/,
  },
  ...collisions.map(([shown, one, other]) => ({
    name: `two names: ${shown}`,
    make: () => bothIn(one, other),
    says: /cannot stand beside each other/,
  })),
  { name: 'two entries of one name', make: () => bothIn('a', 'a'), says: /one name/ },
  {
    name: 'two names that are the same broken UTF-8',
    make: () => [
      anyDirectory([
        [Uint8Array.of(0x61, 0xff), hello.cid],
        [Uint8Array.of(0x61, 0xfe), hello.cid],
      ]),
      hello,
    ],
    says: /one name/,
  },
  {
    name: 'two entries of one name in two shards',
    make: () => {
      const below = shardBlock(256, [['00a', hello.cid]])
      return [
        shardBlock(256, [
          ['00a', hello.cid],
          ['01', below.cid],
        ]),
        below,
        hello,
      ]
    },
    says: /cannot stand beside each other/,
  },
  {
    name: 'a link and a folder of one name, and a file through it',
    make: () => {
      const link = symlinkBlock('..')
      const folder = directoryBlock([['evil', hello.cid]])
      return [
        anyDirectory([
          ['a', link.cid],
          ['a', folder.cid],
        ]),
        link,
        folder,
        hello,
      ]
    },
    says: /one name/,
  },
  {
    name: 'a link and a folder whose names differ in case',
    make: () => {
      const link = symlinkBlock('..')
      const folder = directoryBlock([['evil', hello.cid]])
      return [
        anyDirectory([
          ['a', link.cid],
          ['A', folder.cid],
        ]),
        link,
        folder,
        hello,
      ]
    },
    says: /cannot stand beside each other/,
  },
  {
    name: 'a file and a folder of one name',
    make: () => {
      const folder = directoryBlock([['evil', hello.cid]])
      return [
        anyDirectory([
          ['a', hello.cid],
          ['a', folder.cid],
        ]),
        folder,
        hello,
      ]
    },
    says: /one name/,
  },
  { name: 'a root that is a symbolic link', make: () => [symlinkBlock('/etc/passwd')], says: /it is a symbolic link/ },
  {
    name: 'a part of a file that is a directory',
    make: () => {
      const folder = directoryBlock([['a', hello.cid]])
      return [fileBlock([[folder.cid, 5]]), folder, hello]
    },
    says: /should be a part of a file/,
  },
  {
    name: 'a part of a file that is a symbolic link',
    make: () => {
      const link = symlinkBlock('/etc/passwd')
      return [fileBlock([[link.cid, 11]]), link]
    },
    says: /should be a part of a file/,
  },
  {
    name: '2^40 folders from 41 blocks',
    make: () =>
      nest(
        40,
        (below) =>
          directoryBlock([
            ['a', below],
            ['b', below],
          ]),
        hello,
      ),
    says: /more than 100000 entries/,
    isHeavy: true,
  },
  {
    name: '2^40 folders from 41 blocks of half a MiB',
    make: () =>
      nest(
        40,
        (below, level) => {
          const padding = new Uint8Array(512 * kibibyte).fill(level)
          const data = Buffer.concat([unixFsData([[1, 1]]), unixFsData([[15, padding]])])
          return pbBlock(data, [
            { Name: 'a', Hash: below, Tsize: 1 },
            { Name: 'b', Hash: below, Tsize: 1 },
          ])
        },
        hello,
      ),
    says: /more than 100000 entries/,
    isHeavy: true,
  },
  {
    name: 'a folder of 48,000 entries in three folders',
    make: () => {
      const many = directoryBlock(
        Array.from({ length: 36_000 }, (_, index) => [String(index).padStart(5, '0'), hello.cid] as const),
      )
      return [
        directoryBlock([
          ['a', many.cid],
          ['b', many.cid],
          ['c', many.cid],
        ]),
        many,
        hello,
      ]
    },
    says: /more than 100000 entries/,
    isHeavy: true,
  },
  {
    name: '3,000 folders inside one another',
    make: () => nest(3000, (below) => directoryBlock([['a', below]]), hello),
    says: /more than 64 folders inside one another/,
  },
  {
    name: '65 folders inside one another',
    make: () => nest(65, (below) => directoryBlock([['a', below]]), hello),
    says: /more than 64 folders inside one another/,
  },
  {
    name: '3,000 shards inside one another',
    make: () => nest(3000, (below) => shardBlock(256, [['00', below]]), shardBlock(256, [['00a', hello.cid]])),
    says: /sharded more deeply/,
  },
  {
    name: '8^20 shards from 21 blocks',
    make: () =>
      nest(
        20,
        (below) =>
          shardBlock(
            8,
            Array.from({ length: 8 }, (_, slot) => [String(slot), below] as const),
          ),
        shardBlock(8, []),
      ),
    says: /more than 100000 shards/,
    isHeavy: true,
  },
  ...[1, 3, 2048, 2 ** 40].map((fanout) => ({
    name: `a shard with a fan-out of ${fanout}`,
    make: () => [shardBlock(fanout, [['00a', hello.cid]]), hello],
    says: /fan-out/,
  })),
  {
    name: 'a shard below one of another fan-out',
    make: () => {
      const below = shardBlock(16, [['0a', hello.cid]])
      return [shardBlock(256, [['00', below.cid]]), below, hello]
    },
    says: /should be a shard of a directory/,
  },
  {
    name: 'a shard below another that is a file',
    make: () => [shardBlock(256, [['00', hello.cid]]), hello],
    says: /should be a shard of a directory/,
  },
  {
    name: 'a file of 5 TB from 41 blocks',
    make: () => {
      let size = 2.5
      return nest(
        40,
        (below) => {
          size *= 2
          return fileBlock([
            [below, size],
            [below, size],
          ])
        },
        hello,
      )
    },
    says: /more than 68719476736 bytes/,
  },
  {
    name: '100 files of 1 GiB that are one',
    make: () => {
      const file = fileBlock([[hello.cid, 2 ** 30]])
      return [
        directoryBlock(
          Array.from({ length: 100 }, (_, index) => [`${String(index).padStart(3, '0')}`, file.cid] as const),
        ),
        file,
        hello,
      ]
    },
    says: /more than 68719476736 bytes/,
  },
  {
    name: 'a file that says it has 60 GiB',
    make: () => [fileBlock([[hello.cid, 60 * 2 ** 30]]), hello],
    says: /has 5 bytes of a file where 64424509440 are announced/,
  },
  {
    name: 'a part that is shorter than it says',
    make: () => [fileBlock([[hello.cid, 6]]), hello],
    says: /5 bytes .* 6 are/,
  },
  {
    name: 'a part that is longer than it says',
    make: () => [fileBlock([[hello.cid, 4]]), hello],
    says: /5 bytes .* 4 are/,
  },
  {
    name: 'a second part that is longer than it says',
    make: () => [
      fileBlock([
        [hello.cid, 5],
        [rawBlock('world').cid, 1],
      ]),
      hello,
      rawBlock('world'),
    ],
    says: /5 bytes .* 1 are/,
  },
  {
    name: 'an inner part that says less than its parts',
    make: () => {
      const inner = fileBlock([
        [hello.cid, 5],
        [hello.cid, 5],
      ])
      return [fileBlock([[inner.cid, 5]]), inner, hello]
    },
    says: /10 bytes .* 5 are/,
  },
  {
    name: 'a file of 2^60 bytes',
    make: () => [
      fileBlock([
        [hello.cid, 2 ** 52],
        [hello.cid, 2 ** 53 - 1],
      ]),
      hello,
    ],
    says: /beyond all measure/,
  },
  {
    name: 'a file size that is not that of its parts',
    make: () => [fileBlock([[hello.cid, 5]], 4), hello],
    says: /its size is not that of its parts/,
  },
  {
    name: '2^40 empty parts',
    make: () =>
      nest(
        40,
        (below) =>
          fileBlock([
            [below, 0],
            [below, 0],
          ]),
        rawBlock(''),
      ),
    says: /no bytes/,
  },
  {
    name: 'a file whose parts are 3,000 deep',
    make: () => nest(3000, (below) => fileBlock([[below, 5]]), hello),
    says: /too deep/,
  },
  {
    name: 'a file of one byte 2^21 times, from 22 blocks',
    make: () =>
      nest(
        21,
        (below, level) =>
          fileBlock([
            [below, 2 ** level],
            [below, 2 ** level],
          ]),
        rawBlock('x'),
      ),
    says: /2097152 bytes in more than 131201 blocks/,
    isHeavy: true,
  },
  {
    name: 'a link to DAG-CBOR',
    make: () => {
      const bytes = Buffer.from('a0', 'hex')
      const block = { cid: CID.createV1(0x71, sha256(bytes)), bytes }
      return [directoryBlock([['a', block.cid]]), block]
    },
    says: /not a dag-pb node|not UnixFS/,
  },
  {
    name: 'a root that is missing',
    make: () => [hello].map(({ bytes }) => ({ cid: rawBlock('x').cid, bytes })),
    says: /damaged/,
  },
  {
    name: 'a first block that is missing',
    make: () => [directoryBlock([['a', rawBlock('elsewhere').cid]])],
    says: /is missing/,
    code: 'not-found',
  },
  {
    name: 'a block in the middle that is missing',
    make: () => [
      fileBlock([
        [hello.cid, 5],
        [rawBlock('gone').cid, 4],
        [hello.cid, 5],
      ]),
      hello,
    ],
    says: /is missing/,
    code: 'not-found',
  },
  {
    name: 'a block in the middle that is damaged',
    make: () => [
      fileBlock([
        [hello.cid, 5],
        [rawBlock('world').cid, 5],
      ]),
      hello,
      { cid: rawBlock('world').cid, bytes: Buffer.from('w0rld') },
    ],
    says: /do not match its CID/,
  },
]
