// What reads strangers' input, each asked to read one mutated input. Right is a right result, or an OvnError; anything else is thrown.

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryBlockstore } from 'blockstore-core'
import { CID } from 'multiformats/cid'
import { openArchive } from '../../src/archive/archive.ts'
import { readConfig } from '../../src/archive/config.ts'
import { layout } from '../../src/archive/layout.ts'
import { readArticle } from '../../src/article/read-article.ts'
import { packBundle } from '../../src/bundle/pack-bundle.ts'
import { readMetadata } from '../../src/bundle/read-metadata.ts'
import { listFiles } from '../../src/dag/list-files.ts'
import { planFolder } from '../../src/dag/plan-folder.ts'
import { readCar, readCarSections } from '../../src/dag/read-car.ts'
import { resolvePath } from '../../src/dag/resolve-path.ts'
import { readNode } from '../../src/dag/unixfs-node.ts'
import { walkBlocks } from '../../src/dag/walk.ts'
import { OvnError } from '../../src/errors.ts'
import { parseAddress, parseRef } from '../../src/links/parse-ref.ts'
import { parseLine } from '../../src/manifest/record.ts'
import { carLinks } from '../../src/network/find-car.ts'
import { readRecord } from '../../src/server/ipns.ts'
import { parseRedirects } from '../../src/server/redirects.ts'
import { readFacts } from '../../src/site/read-edition.ts'
import { readSafeHtml } from '../../src/site/safe-html.ts'
import { checkCarFile } from '../../src/verify/check-car.ts'
import { readLineStrictly } from '../../src/verify/read-line.ts'
import { type Block, directoryBlock, rawBlock, shardBlock } from '../dag/hostile-cars.ts'
import { hostileFolders } from '../dag/hostile-folders.ts'
import { dagOf } from '../network/liar.ts'
import { gatewayOf } from '../server/gateway-of.ts'
import { entry, knownKey, recordOf, signRecord } from '../server/ipns-records.ts'
import { pick, type Random } from './harness.ts'
import {
  mutateBytes,
  mutateCar,
  mutateCbor,
  mutateJson,
  mutateText,
  mutateTree,
  oddNode,
  type Tree,
} from './mutator.ts'

/** Reads one mutated input. Throws where what came of it is wrong. */
export interface Target {
  readonly name: string
  /** How many of a hundred inputs it is given. */
  readonly share: number
  tryOne(random: Random): Promise<void> | void
}

/** Runs what may throw an OvnError and nothing else. */
async function allowing<T>(work: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OvnError) return undefined
    throw error
  }
}

function assertRight(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`wrong: ${what}`)
}

/** Bytes that a reader may take beyond what it was given: what stands in front of the CAR in a CARv2, a header, a block. */
const mostTaken = 20 * 1_048_576

const nothing = new Uint8Array(65_536)

/** A stream of some bytes, and, where it is endless, of nothing ever after. */
async function* inChunks(bytes: Uint8Array, size: number, isEndless: boolean): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
  for (let taken = 0; isEndless; taken += nothing.byteLength) {
    assertRight(taken < mostTaken, `${taken} bytes were taken of nothing`)
    yield nothing
  }
}

function storeOf(blocks: readonly Block[]): MemoryBlockstore {
  const store = new MemoryBlockstore()
  for (const { cid, bytes } of blocks) store.put(cid, bytes)
  return store
}

/** Node's own hash of what a CID is said to name: not ours. */
function isMatch(cid: CID, bytes: Uint8Array): boolean {
  const { code, digest } = cid.multihash
  const expected = code === 0 ? bytes : createHash('sha256').update(bytes).digest()
  return Buffer.compare(expected, digest) === 0
}

const texts = [
  ...[
    '---\n',
    '\n---\n',
    'title: ',
    'date: 2025-01-01',
    'tags: [a, b]',
    'author:\n  - name: x\n',
    '&a ',
    '*a',
    '!!js ',
    '? ',
    ': ',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '![',
    '](',
    ')',
    '[^1]',
    '[^1]: ',
    '^[',
    '*',
    '**',
    '_',
    '~~',
    '`',
    '```\n',
    '> ',
    '- ',
    '1. ',
    '    ',
    '\t',
  ],
  ...[
    '<b>',
    '</b>',
    '<script>',
    '<!--',
    '-->',
    '<a href="javascript:x">',
    'javascript:',
    'data:',
    '//',
    'https://a.b/',
    '../',
    '%2e%2e',
  ],
  ...[
    '&lt;',
    '&#0;',
    '&#x1f600;',
    '\\',
    '|',
    '|-|\n',
    '# ',
    '\n===\n',
    '\n\n',
    '\r\n',
    '<http://a>',
    '[a]: b "c"\n',
    'corrections:\n',
  ],
]

/** Makes all targets over an archive and its articles. */
export async function makeTargets(archive: string, fixtures: readonly string[]): Promise<Target[]> {
  const opened = openArchive(archive, { readOnly: true })
  const manifest = readFileSync(layout.manifest(archive), 'utf8').trimEnd()
  const lines = manifest.split('\n')
  const roots = lines.map((line) => String(JSON.parse(line).root))
  const trees: Tree[] = []
  for (const root of new Set(roots)) {
    const { root: cid, blocks } = await dagOf(archive, root)
    trees.push({ roots: [cid], blocks })
  }
  const shardedTree = makeSharded()
  const hostileTrees = hostileFolders
    .filter(({ isHeavy }) => isHeavy !== true)
    .map(({ make }) => make())
    .filter((blocks) => blocks.length < 40 && blocks.every(({ bytes }) => bytes.byteLength < 65_536))
    .map((blocks): Tree => ({ roots: [(blocks[0] as Block).cid], blocks }))
  const pieces = [...trees, shardedTree, ...hostileTrees].flatMap(({ blocks }) => blocks.map(({ bytes }) => bytes))
  const nodes = [...trees, shardedTree, ...hostileTrees].flatMap(({ blocks }) =>
    blocks.filter(({ cid }) => cid.code === 0x70),
  )
  const anyTree = (random: Random) => pick(random, [...trees, ...trees, shardedTree, pick(random, hostileTrees)])
  const metadata = trees.flatMap(({ blocks }) => blocks.flatMap(({ bytes }) => metadataIn(bytes)))
  const pages = trees.flatMap(({ blocks }) => blocks.flatMap(({ bytes }) => pageIn(bytes)))
  const gateway = gatewayOf(opened)
  const key = knownKey()
  const record = recordOf(key)
  const now = new Date('2026-01-01T00:00:00Z')
  const signal = new AbortController().signal

  return [
    {
      name: 'a CAR',
      share: 14,
      async tryOne(random) {
        const tree = random(3) === 0 ? mutateTree(random, anyTree(random), pieces) : anyTree(random)
        const car = mutateCar(random, tree, pieces)
        const chunk = 1 + random(random(4) === 0 ? 64 : 65_536)
        const stream = () => inChunks(car, chunk, random(2) === 0)
        const found: Block[] = []
        const read = await allowing(async () => {
          const { blocks, roots } = await readCar(stream(), 'x.car')
          for await (const block of blocks) found.push(block)
          return roots
        })
        for (const { cid, bytes } of found) assertRight(isMatch(cid, bytes), `block ${cid} was handed over`)
        if (read !== undefined) await allowing(() => Array.fromAsync(walkBlocks(storeOf(found), read)))
        if (random(8) > 0) return
        await allowing(async () => {
          const { sections } = await readCarSections(stream(), 'x.car', () => undefined)
          await Array.fromAsync(sections)
        })
      },
    },
    {
      name: 'a CAR that is verified',
      share: 1,
      async tryOne(random) {
        const file = join(archive, '..', 'mutated.car')
        writeFileSync(file, mutateCar(random, mutateTree(random, anyTree(random), pieces), pieces))
        await allowing(() => checkCarFile(file, { signal }))
      },
    },
    {
      name: 'a node',
      share: 26,
      async tryOne(random) {
        const bytes = random(2) === 0 ? oddNode(random, pieces) : mutateBytes(random, pick(random, nodes).bytes, pieces)
        const cid = pick(random, nodes).cid
        const node = await allowing(() => readNode(cid, bytes))
        if (node?.kind !== 'file') return
        const sum = node.parts.reduce((all, { size }) => all + size, node.data.byteLength)
        assertRight(node.size === sum, `a file of ${node.size} bytes has ${sum}`)
      },
    },
    {
      name: 'a DAG',
      share: 10,
      async tryOne(random) {
        const tree = mutateTree(random, anyTree(random), pieces)
        const store = storeOf(tree.blocks)
        const [root] = tree.roots
        if (root === undefined) return
        const path = pick(random, [
          [],
          ['index.html'],
          ['a', 'b'],
          ['assets', 'logo.svg'],
          ['name 37'],
          ['..'],
          [''],
          ['é', '\0'],
        ])
        await allowing(() => resolvePath(store, root, path))
        await allowing(() => listFiles(store, root))
        await allowing(() => planFolder(store, root, { symlinks: random(2) === 0, signal }))
      },
    },
    {
      name: 'the metadata of a bundle',
      share: 8,
      async tryOne(random) {
        const one = pick(random, metadata)
        const text = random(3) === 0 ? mutateText(random, one, texts) : mutateJson(random, JSON.parse(one))
        const bytes = Buffer.from(text)
        await allowing(() => readMetadata(bytes))
        if (random(4) > 0) return
        const file = rawBlock(bytes)
        const folder = directoryBlock([['metadata.json', file.cid]])
        await allowing(() => readFacts(storeOf([folder, file]), folder.cid))
      },
    },
    {
      name: 'a line of the manifest',
      share: 16,
      tryOne(random) {
        const line = pick(random, lines)
        const text = random(2) === 0 ? mutateText(random, line, texts, lines) : mutateJson(random, JSON.parse(line))
        return tryLine(text, lines)
      },
    },
    {
      name: 'what names an article',
      share: 9,
      async tryOne(random) {
        const all = [
          ...roots,
          `ipfs://${roots[0]}/a/b`,
          `https://${roots[0]}.ipfs.example.org/a`,
          'slug@3',
          `https://a.b/ipfs/${roots[0]}.car`,
        ]
        const words = [
          ...texts,
          '/ipfs/',
          'ipfs://',
          'http://',
          '@',
          '%',
          '%zz',
          '.car',
          'Qm',
          'z',
          'b',
          'f',
          '9',
          '[::1]',
        ]
        const text = mutateText(random, pick(random, all), words)
        await allowing(() => parseRef(text))
        await allowing(() => parseAddress(text))
      },
    },
    {
      name: 'the HTML of an article',
      share: 4,
      tryOne(random) {
        const words = [
          ...texts,
          '<',
          '>',
          '"',
          '=',
          '&',
          ' class="table"',
          '<p>',
          '</p>',
          '<img src="assets/x">',
          'onload="x"',
          ' id="h-a"',
        ]
        const html = mutateText(random, pick(random, pages), words, pages)
        const moved = readSafeHtml(html, keepAddress)
        if (moved === undefined) return
        assertRight(!couldRun(moved), `it could run: ${moved}`)
        assertRight(readSafeHtml(moved, keepAddress) === moved, 'read twice, it is another')
      },
    },
    {
      name: 'a page that names a CAR',
      share: 3,
      tryOne(random) {
        const page = `<!doctype html><link rel="alternate" type="application/vnd.ipld.car" href="/ipfs/${roots[0]}.car"><p>`
        carLinks(
          mutateText(random, page, [...texts, '<link ', '<!--', '-->', '=', '"', "'", '>', '/', '&#1;', '&#x110000;']),
        )
      },
    },
    {
      name: 'config.json',
      share: 2,
      async tryOne(random) {
        const config = { name: 'News', motto: 'm', url: 'https://a.b', language: 'en', gateways: ['https://g.example'] }
        const folder = join(archive, '..', 'configured')
        const text = random(3) === 0 ? mutateText(random, JSON.stringify(config), texts) : mutateJson(random, config)
        writeFileSync(layout.config(folder), text)
        await allowing(() => readConfig(folder))
      },
    },
    {
      name: 'a record of IPNS',
      share: 1,
      async tryOne(random) {
        const bytes = random(2) === 0 ? mutateBytes(random, record, pieces) : signRecord(key, mutateCbor(random, entry))
        const name = random(4) === 0 ? CID.createV1(0x72, pick(random, nodes).cid.multihash) : key.name
        await allowing(() => readRecord(name, bytes, now))
      },
    },
    {
      name: 'the redirects of a site',
      share: 1,
      async tryOne(random) {
        const rules = '/old/:a/* /new/:a/:splat 301\n/x https://a.b/ 404 # c\n'
        await allowing(() => parseRedirects(Buffer.from(mutateText(random, rules, [...texts, ':a', '*', ' 200', '/']))))
      },
    },
    {
      name: 'a request',
      share: 2,
      async tryOne(random) {
        const paths = [
          `/ipfs/${pick(random, roots)}/`,
          `/ipfs/${pick(random, roots)}/index.html?format=car`,
          '/',
          '/links.json',
          '/ipns/x',
        ]
        const words = [
          ...texts,
          '/ipfs/',
          '/ipns/',
          '?format=',
          'raw',
          'car',
          'dag-json',
          '&entity-bytes=0:5',
          '%',
          '%00',
          '..',
          '//',
          '?',
        ]
        const headers = {
          host: random(4) === 0 ? mutateText(random, `${roots[0]}.ipfs.localhost:80`, words) : 'localhost:80',
          ...(random(4) === 0 ? { range: mutateText(random, 'bytes=0-5', ['-', ',', '9', 'bytes=']) } : {}),
          ...(random(4) === 0 ? { accept: mutateText(random, 'application/vnd.ipld.car; version=1', words) } : {}),
          ...(random(4) === 0 ? { 'if-none-match': mutateText(random, '"a", W/"b"', ['"', 'W/', '*']) } : {}),
        }
        const url = mutateText(random, pick(random, paths), words)
        const { status, body } = await gateway({
          method: pick(random, ['GET', 'GET', 'HEAD', 'POST', '']),
          url,
          headers,
        })
        if (body !== undefined && !(body instanceof Uint8Array)) for await (const _ of body) status.toFixed()
        assertRight(status < 500 || status === 501 || status === 505, `${url} is answered with ${status}`)
      },
    },
    {
      name: 'an article',
      share: 3,
      async tryOne(random) {
        const text = mutateText(random, pick(random, fixtures), texts, fixtures)
        const article = await allowing(() => readArticle('a.md', { bytes: Buffer.from(text), folder: archive }))
        if (article === undefined) return
        const [page] = packBundle(article, { name: 'News' }).rendered({ version: 1 })
        const html = Buffer.from(page?.content as Uint8Array).toString('utf8')
        const inner = pageIn(Buffer.from(html))
        const safe = readSafeHtml(inner[0] ?? '', keepAddress)
        assertRight(safe !== undefined, `its page is none that could be shown: ${JSON.stringify(text.slice(0, 2000))}`)
      },
    },
  ]
}

/** Both readers of a line, which share no code, must say the same of it. */
function tryLine(text: string, known: readonly string[]): void {
  const strict = readLineStrictly(Buffer.from(text))
  let usual: unknown
  try {
    usual = parseLine(text, { file: 'manifest.jsonl', line: 1 })
  } catch (error) {
    if (!(error instanceof OvnError)) throw error
    assertRight(!('record' in strict), `only the checker takes ${text}`)
    return
  }
  // A record whose CID is right was made by somebody who could make it: the mutator cannot.
  assertRight(known.includes(text), `a changed line was taken: ${text}`)
  assertRight(
    'record' in strict && JSON.stringify(strict.record) === JSON.stringify(usual),
    `only the checker refuses ${text}`,
  )
}

function metadataIn(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString('utf8')
  return text.startsWith('{') && text.includes('"ovn-bundle/') ? [text] : []
}

/** Leaves the address of a file as it is. */
function keepAddress(address: string, attribute: 'href' | 'src'): string {
  const escaped = address.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  return `${attribute}="${escaped.replaceAll('>', '&gt;')}"`
}

/** Whether HTML has an element, an attribute or an address that could run or load anything. */
function couldRun(html: string): boolean {
  for (const [, name = '', attributes = ''] of html.matchAll(/<([a-z][^\s>/]*)([^>]*)>/gi)) {
    if (/^(script|iframe|frame|object|embed|svg|math|style|link|meta|base|form|input|button|template)$/i.test(name))
      return true
    for (const [, key = '', value = ''] of attributes.matchAll(/([^\s=]+)\s*=\s*"([^"]*)"/g)) {
      if (/^(on|style$|srcdoc$|formaction$|action$)/i.test(key)) return true
      if (/^(href|src)$/i.test(key) && /^\s*(javascript|data|vbscript|blob|file):/i.test(value)) return true
    }
  }
  return false
}

/** What stands inside the `<article>` of a page. */
function pageIn(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString('utf8')
  const [start, end] = [text.indexOf('<article>'), text.lastIndexOf('</article>')]
  return /^<!doctype html>/i.test(text) && end > start ? [text.slice(start + '<article>'.length, end)] : []
}

/** A folder in shards, two deep. */
function makeSharded(): Tree {
  const files = Array.from({ length: 8 }, (_, index) => rawBlock(`file ${index}`))
  const slot = (index: number) => index.toString(16).toUpperCase().padStart(2, '0')
  const below = shardBlock(
    256,
    files.slice(4).map(({ cid }, index) => [`${slot(index)}name ${index + 33}`, cid] as const),
  )
  const top = shardBlock(256, [
    ...files.slice(0, 4).map(({ cid }, index) => [`${slot(index)}n${index}`, cid] as const),
    [slot(200), below.cid],
  ])
  return { roots: [top.cid], blocks: [top, ...files.slice(0, 4), below, ...files.slice(4)] }
}
