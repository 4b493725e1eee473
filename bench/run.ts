// The budgets, each measured against a peer in the same run. Run: npm run bench [-- name…]
// Names: start publish batch large memory verify fetch site records serve. All but `start` and `publish` take minutes and some
// gigabytes of disk; `serve` needs wrk and taskset.

import { execFileSync, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CID } from 'multiformats/cid'
import { openArchive } from '../src/archive/archive.ts'
import { findArticles } from '../src/article/find-articles.ts'
import { readArticle } from '../src/article/read-article.ts'
import { packBundle } from '../src/bundle/pack-bundle.ts'
import { writeCar } from '../src/dag/write-car.ts'
import {
  compare,
  median,
  milliseconds,
  type Pair,
  peakMemory,
  printRows,
  type Row,
  runProgram,
  secondsOf,
} from './measure.ts'

import { benchServe } from './serve.ts'

const project = fileURLToPath(new URL('..', import.meta.url))
const node = process.execPath
const ovn = join(project, 'bin/ovn.js')
const ipfsCar = join(project, 'node_modules/ipfs-car/bin.js')
const base = mkdtempSync(join(tmpdir(), 'ovn-bench-'))
process.on('exit', () => rmSync(base, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))

const mebibyte = 1024 * 1024

const benches: Record<string, () => Promise<Row[]>> = {
  async start() {
    const rows: Row[] = []
    for (const flag of ['--help', '--version']) {
      const { a, b, ratio } = await compare(
        25,
        () => runProgram(node, [ovn, flag]),
        () => runProgram(node, ['-e', '0']),
        3,
      )
      rows.push({
        what: `\`ovn ${flag}\``,
        ours: milliseconds(a),
        peer: `node -e 0: ${milliseconds(b)}`,
        ratio,
        atMost: 1.6,
      })
    }
    return rows
  },

  async publish() {
    const folder = newFolder('publish')
    const article = join(project, 'fixtures/articles/harbour-inquiry.md')
    const text = readFileSync(article, 'utf8')
    const one = join(folder, 'one.md')
    let number = 0
    // A new article each time: nothing of it is there to be reused.
    const publishTo = (archive: () => string) => () => {
      number += 1
      writeFileSync(one, text.replace(/^title:.*$/m, `title: Article ${number}`))
      runProgram(node, [ovn, 'publish', one, '-C', archive()])
    }
    const toExisting = publishTo(() => join(folder, 'archive'))
    const toNew = publishTo(() => join(folder, `archive-${number}`))
    const bundle = join(folder, 'bundle')
    await writeBundle(article, bundle)
    const bareNode = () => runProgram(node, ['-e', '0'])
    const existing = await compare(25, toExisting, bareNode, 3)
    const created = await compare(25, toNew, bareNode, 3)
    const car = await compare(15, toExisting, () =>
      runProgram(node, [ipfsCar, 'pack', bundle, '--output', join(folder, 'one.car')]),
    )
    const what = '`ovn publish one.md`, durable'
    return [
      { ...againstNode(what, existing), atMost: 3.5 },
      againstNode('the same, and the archive is made first', created),
      {
        what,
        ours: milliseconds(car.a),
        peer: `ipfs-car pack of the bundle: ${milliseconds(car.b)}`,
        ratio: car.ratio,
        atMost: 1,
      },
    ]
  },

  async batch() {
    const folder = newFolder('batch')
    const articles = join(folder, 'articles')
    writeArticles(articles, 2000)
    const bundles = join(folder, 'bundles')
    for (const file of await findArticles([articles]))
      await writeBundle(file, join(bundles, file.slice(articles.length)))
    let number = 0
    const publish = () => {
      number += 1
      runProgram(node, [ovn, 'publish', articles, '-q', '-C', join(folder, `archive-${number}`)])
    }
    const car = await compare(5, publish, () =>
      runProgram(node, [ipfsCar, 'pack', bundles, '--output', join(folder, 'all.car')]),
    )
    const helia = await compare(
      3,
      publish,
      () => {
        number += 1
        runProgram(node, [join(project, 'bench/helia-fs.ts'), bundles, join(folder, `helia-${number}`)])
      },
      0,
    )
    const what = '2,000 articles of 5 KB, one picture, durable'
    const rate = (seconds: number) => `${(2000 / seconds).toFixed(0)}/s`
    return [
      {
        what,
        ours: rate(car.a),
        peer: `ipfs-car pack of the bundles: ${rate(car.b)}`,
        ratio: 1 / car.ratio,
        atLeast: 2,
      },
      {
        what,
        ours: rate(helia.a),
        peer: `Helia, blockstore-fs, datastore-fs: ${rate(helia.b)}`,
        ratio: 1 / helia.ratio,
        atLeast: 5,
      },
    ]
  },

  async large() {
    const folder = newFolder('large')
    const size = 512
    const article = writeLarge(folder, size)
    const film = join(folder, 'film.mp4')
    let number = 0
    const publish = () => {
      number += 1
      const archive = join(folder, `archive-${number}`)
      runProgram(node, [ovn, 'publish', article, '-C', archive])
      rmSync(archive, { recursive: true })
    }
    const car = await compare(5, publish, () => {
      runProgram(node, [ipfsCar, 'pack', film, '--no-wrap', '--output', join(folder, 'film.car')])
      rmSync(join(folder, 'film.car'))
    })
    const bare = await compare(5, publish, () => {
      execFileSync('sha256sum', [film])
      copySynced(film, join(folder, 'copy'))
      rmSync(join(folder, 'copy'))
    })
    const rate = (seconds: number) => `${(size / seconds).toFixed(0)} MiB/s`
    const what = 'an attachment of 512 MiB, durable'
    return [
      { what, ours: rate(car.a), peer: `ipfs-car pack: ${rate(car.b)}`, ratio: 1 / car.ratio, atLeast: 1.5 },
      {
        what,
        ours: rate(bare.a),
        peer: `sha256sum, then a synced write: ${rate(bare.b)}`,
        ratio: 1 / bare.ratio,
        atLeast: 0.5,
      },
    ]
  },

  async memory() {
    const folder = newFolder('memory')
    const article = writeLarge(folder, 4096)
    const archive = join(folder, 'archive')
    const car = join(folder, 'large.car')
    const peaks: (readonly [what: string, args: readonly string[]])[] = [
      ['`ovn publish` with an attachment of 4 GiB', ['publish', article, '-C', archive]],
      ['`ovn export` of it', ['export', '--all', '-o', car, '-C', archive]],
      ['`ovn import` of its CAR', ['import', car, '-C', join(folder, 'other')]],
      ['`ovn verify` of its CAR', ['verify', car]],
    ]
    const rows = peaks.map(([what, args]) => {
      const peak = peakMemory(node, [ovn, ...args])
      return {
        what: `peak memory: ${what}`,
        ours: `${peak.toFixed(0)} MiB`,
        peer: '256 MiB',
        ratio: peak / 256,
        atMost: 1,
      }
    })
    rmSync(folder, { recursive: true })
    return rows
  },

  async verify() {
    return [...(await verifyLarge()), ...(await verifySmall())]
  },

  async fetch() {
    const folder = newFolder('fetch')
    const archive = join(folder, 'archive')
    const article = join(project, 'fixtures/articles/harbour-inquiry.md')
    const small = await exportCar(archive, article, join(folder, 'small.car'))
    const large = await exportCar(archive, writeLarge(folder, 200), join(folder, 'large.car'))
    const gateway = spawn(
      node,
      [join(project, 'bench/gateway.ts'), join(folder, 'small.car'), join(folder, 'large.car')],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    try {
      const [first] = await once(gateway.stdout, 'data')
      const url = String(first).trim()
      const target = join(folder, 'target')
      const fetchTo = (root: string, from: string) => () => {
        runProgram(node, [ovn, 'fetch', root, '--gateway', from, '-o', target, '-C', join(folder, 'none')])
        rmSync(target, { recursive: true })
      }
      const curl = (root: string, from: string) => () => {
        const query = '?format=car&dag-scope=all&car-order=dfs&car-dups=n'
        runProgram('curl', ['--silent', '--fail', '--output', target, `${from}/ipfs/${root}${query}`])
        rmSync(target)
      }
      const helia = (root: string, from: string) => () => {
        runProgram(node, [join(project, 'bench/helia-gateway.ts'), from, root, target])
        rmSync(target, { recursive: true })
      }
      const rows: Row[] = []
      for (const [what, root, times, atMost, from] of [
        ['`ovn fetch` of an article of 3 files', small, 15, 1.5, url],
        ['`ovn fetch` of one with 200 MiB', large, 7, 1.3, url],
        ['the same at 1 Gbit/s', large, 5, 1.3, `${url}/gigabit`],
      ] as const) {
        const here = `${what}, from a gateway that is 50 ms away for each connection and each request`
        const plain = await compare(times, fetchTo(root, from), curl(root, from), 2)
        rows.push({
          what: here,
          ours: milliseconds(plain.a),
          peer: `curl of the CAR: ${milliseconds(plain.b)}`,
          ratio: plain.ratio,
          atMost,
        })
        if (from !== url) continue
        const peer = await compare(3, fetchTo(root, from), helia(root, from), 0)
        rows.push({
          what: here,
          ours: milliseconds(peer.a),
          peer: `Helia, block by block: ${milliseconds(peer.b)}`,
          ratio: peer.ratio,
        })
      }
      return rows
    } finally {
      gateway.stdin.end()
    }
  },

  async site() {
    const folder = newFolder('site')
    const articles = join(folder, 'articles')
    const archive = join(folder, 'archive')
    const out = join(folder, 'out')
    const count = 10_000
    writeArticles(articles, count, 2000)
    runProgram(node, [ovn, 'publish', articles, '-q', '-C', archive])
    const write = [ovn, 'site', '-o', out, '-C', archive]
    let memory = 0
    const scratch = await secondsOf(() => {
      memory = peakMemory(node, write)
    })
    const unchanged = await secondsOf(() => runProgram(node, write))
    const file = join(folder, 'new.md')
    writeFileSync(file, '---\ntitle: One more\ndate: 2025-09-01\ncategory: Local\n---\n\nText.\n')
    runProgram(node, [ovn, 'publish', file, '-C', archive])
    const more = await secondsOf(() => runProgram(node, write))
    const seconds = (value: number) => `${value.toFixed(1)} s`
    const what = `\`ovn site\` of ${count.toLocaleString('en')} articles of 2 KB with one picture`
    return [
      { what: `${what}, from scratch`, ours: seconds(scratch), peer: '60 s', ratio: scratch / 60, atMost: 1 },
      { what: 'again, with nothing new', ours: seconds(unchanged), peer: '2 s', ratio: unchanged / 2, atMost: 1 },
      { what: 'again, with one more article', ours: seconds(more), peer: '2 s', ratio: more / 2, atMost: 1 },
      { what: 'its peak memory', ours: `${memory.toFixed(0)} MiB`, peer: '512 MiB', ratio: memory / 512, atMost: 1 },
    ]
  },

  async records() {
    const folder = newFolder('records')
    const full = join(folder, 'full')
    const count = 100_000
    const articles = join(folder, 'articles')
    writeArticles(articles, count, 300)
    const seconds = await secondsOf(() => runProgram(node, [ovn, 'publish', articles, '-q', '-C', full]))
    console.error(`${count} articles of 300 bytes: ${(count / seconds).toFixed(0)}/s`)
    let number = 0
    const publishTo = (archive: () => string) => () => {
      number += 1
      const file = join(folder, 'new.md')
      writeFileSync(file, `# New article ${number}\n\nText.\n`)
      runProgram(node, [ovn, 'publish', file, '-C', archive()])
    }
    const { a, b, ratio } = await compare(
      15,
      publishTo(() => full),
      publishTo(() => join(folder, `empty-${number}`)),
      3,
    )
    const times: number[] = []
    for (let run = 0; run < 5; run += 1)
      times.push(await secondsOf(() => runProgram(node, [ovn, 'list', '--json', '-C', full])))
    const list = median(times)
    return [
      {
        what: 'publish into an archive of 100,000 records',
        ours: milliseconds(a),
        peer: `into an empty one: ${milliseconds(b)}`,
        ratio,
        atMost: 1.25,
      },
      { what: '`ovn list --json` of 100,000 records', ours: milliseconds(list), peer: '1 s', ratio: list, atMost: 1 },
    ]
  },
}

benches.serve = () => benchServe(newFolder('serve'), (folder, count) => writeArticles(folder, count))

async function verifyLarge(): Promise<Row[]> {
  const folder = newFolder('verify-large')
  const size = 2048
  const article = writeLarge(folder, size)
  const film = join(folder, 'film.mp4')
  const archive = join(folder, 'archive')
  runProgram(node, [ovn, 'publish', article, '-C', archive])
  const args = [ovn, 'verify', '-C', archive]
  const { a, b, ratio } = await compare(
    3,
    () => runProgram(node, args),
    () => runProgram('sha256sum', [film]),
  )
  const peak = peakMemory(node, args)
  rmSync(folder, { recursive: true })
  const rate = (seconds: number) => `${(size / seconds).toFixed(0)} MiB/s`
  return [
    { what: '`ovn verify` of 2 GiB', ours: rate(a), peer: `sha256sum: ${rate(b)}`, ratio, atMost: 1.5 },
    memoryRow('peak memory of that', peak),
  ]
}

async function verifySmall(): Promise<Row[]> {
  const folder = newFolder('verify-small')
  const count = 10_000
  writeArticles(join(folder, 'articles'), count)
  const archive = join(folder, 'archive')
  runProgram(node, [ovn, 'publish', join(folder, 'articles'), '-q', '-C', archive])
  const args = [ovn, 'verify', '-C', archive]
  const times: number[] = []
  for (let run = 0; run < 5; run += 1) times.push(await secondsOf(() => runProgram(node, args)))
  const rate = count / median(times)
  const peak = peakMemory(node, args)
  rmSync(folder, { recursive: true })
  return [
    {
      what: '`ovn verify` of 10,000 articles of 5 KB',
      ours: `${rate.toFixed(0)}/s`,
      peer: '5,000/s',
      ratio: rate / 5000,
      atLeast: 1,
    },
    memoryRow('peak memory of that', peak),
  ]
}

function memoryRow(what: string, peak: number): Row {
  return { what, ours: `${peak.toFixed(0)} MiB`, peer: '256 MiB', ratio: peak / 256, atMost: 1 }
}

function againstNode(what: string, { a, b, ratio }: Pair): Row {
  return { what, ours: milliseconds(a), peer: `node -e 0: ${milliseconds(b)}`, ratio }
}

/** Publishes an article and writes its CAR. Returns the root. */
async function exportCar(archive: string, article: string, file: string): Promise<string> {
  const root = execFileSync(node, [ovn, 'publish', article, '-q', '-C', archive], { encoding: 'utf8' }).trim()
  const opened = openArchive(archive, { readOnly: true })
  const car = openSync(file, 'w')
  for await (const part of writeCar(opened.blocks, [CID.parse(root)])) writeSync(car, part)
  closeSync(car)
  opened.close()
  return root
}

function newFolder(name: string): string {
  const folder = join(base, name)
  mkdirSync(folder)
  return folder
}

/** Articles that share one picture; `bytes` of text each, all different. */
function writeArticles(folder: string, count: number, bytes = 5000): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'logo.png'), randomFillSync(Buffer.alloc(40_000)))
  const words = readFileSync(join(project, 'fixtures/articles/town-clock.md'), 'utf8')
    .replace(/^---.*?\n---\n/s, '')
    .split(/\s+/)
  for (let index = 0; index < count; index += 1) {
    let text = `---\ntitle: Article ${index}\ndate: 2025-08-${String(1 + (index % 28)).padStart(2, '0')}\ncategory: Local\n---\n\n![The logo of the paper](logo.png)\n`
    for (let at = index * 37, length = 0; text.length < bytes; at += 1, length += 1) {
      if (length % 90 === 0) text += '\n\n'
      text += `${words[at % words.length]?.replace(/[[\]^!#|<>*_`]/g, '')} `
    }
    writeFileSync(join(folder, `article-${index}.md`), text)
  }
}

function writeLarge(folder: string, mebibytes: number): string {
  const file = openSync(join(folder, 'film.mp4'), 'w')
  const chunk = Buffer.alloc(mebibyte)
  for (let index = 0; index < mebibytes; index += 1) writeSync(file, randomFillSync(chunk))
  closeSync(file)
  const article = join(folder, 'film.md')
  writeFileSync(article, '# Film\n\n![The interview](film.mp4)\n')
  return article
}

async function writeBundle(file: string, folder: string): Promise<void> {
  const bundle = packBundle(await readArticle(file), {})
  for (const { path, content } of [...bundle.given, ...bundle.rendered({ version: 1 })]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    const parts = content instanceof Uint8Array ? [content] : await Array.fromAsync(content())
    writeFileSync(join(folder, path), Buffer.concat(parts))
  }
}

function copySynced(from: string, to: string): void {
  const source = openSync(from, 'r')
  const target = openSync(to, 'w')
  const chunk = Buffer.alloc(mebibyte)
  for (let count = readSync(source, chunk); count > 0; count = readSync(source, chunk))
    writeSync(target, chunk, 0, count)
  fsyncSync(target)
  closeSync(target)
  closeSync(source)
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => benches[name] === undefined)
if (unknown.length > 0)
  throw new Error(`no such bench: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
if (!existsSync(join(project, 'dist'))) throw new Error('run `npm run build` first')
const rows: Row[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.error(name)
  rows.push(...(await bench()))
}
if (!printRows(rows)) process.exitCode = 1
