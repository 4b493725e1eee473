// Articles from gateways, web hosts, CARs and the own archive, through the binary.

import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificate } from '../network/certificate.ts'
import {
  type Behaviour,
  carOf,
  carType,
  type Dag,
  dagOf,
  freePort,
  makeDag,
  noise,
  page,
  serve,
  stopServers,
  subDag,
} from '../network/liar.ts'
import { lies } from '../network/lies.ts'
import { temporaryFolder } from '../temporary.ts'
import { type Ended, ovn, ovnJson, startOvn } from './ovn.ts'

interface Options {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs `ovn fetch`; the servers of this process answer meanwhile. */
function fetch(args: readonly string[], { cwd, env = {} }: Options): Promise<Ended> {
  return startOvn(['fetch', ...args], { cwd, env }).ended
}

// biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it.
async function fetchJson(args: readonly string[], options: Options): Promise<any> {
  const { stdout, stderr } = await fetch([...args, '--json'], options)
  return JSON.parse(stdout === '' ? stderr : stdout)
}

/** Path → bytes of all files below a folder. */
function filesIn(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = entries.map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    files.sort().map((file) => [file.slice(folder.length + 1), readFileSync(file).toString('base64')]),
  )
}

afterAll(stopServers)

let newsroom: string
let archive: string
let root: string
let dag: Dag
let bundle: Record<string, string>

beforeAll(async () => {
  newsroom = temporaryFolderOfAll()
  archive = join(newsroom, 'ovn-archive')
  writeFileSync(join(newsroom, 'film.mp4'), noise(5_300_000, 11))
  writeFileSync(join(newsroom, 'clock.jpg'), noise(60_000, 12))
  writeFileSync(
    join(newsroom, 'on-clocks.md'),
    '---\ntitle: On Clocks\ndate: 2025-08-22\ncategory: Local\n---\n\n![The clock](clock.jpg)\n\n![Film](film.mp4)\n',
  )
  root = ovnJson(['publish', 'on-clocks.md'], { cwd: newsroom }).articles[0].root
  dag = await dagOf(archive, root)
  ovn(['fetch', root, '-o', 'bundle'], { cwd: newsroom })
  bundle = filesIn(join(newsroom, 'bundle'))
  return () => rmSync(newsroom, { recursive: true })
})

function temporaryFolderOfAll(): string {
  const { mkdtempSync } = process.getBuiltinModule('node:fs')
  return mkdtempSync(join(process.getBuiltinModule('node:os').tmpdir(), 'ovn-test-'))
}

describe('an article that is fetched', () => {
  it('is written to a folder, byte for byte, and nothing else is', async () => {
    const gateway = await serve(dag)
    const cwd = temporaryFolder()
    const { status, stdout, stderr } = await fetch([`ipfs://${root}`, '--gateway', gateway.url, '-o', 'clocks'], {
      cwd,
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(root)
    expect(stdout).toContain(`written to ${join(cwd, 'clocks')} (5 files, `)
    expect(stdout).toContain(`from ${new URL(gateway.url).host}`)
    expect(filesIn(join(cwd, 'clocks'))).toEqual(bundle)
    expect(readdirSync(cwd)).toEqual(['clocks'])
    expect(gateway.requests).toEqual([`car ${root}`])
  })

  it('says who served it, as JSON, and its CID alone', async () => {
    const gateway = await serve(dag)
    const cwd = temporaryFolder()
    expect(await fetchJson([root, '--gateway', gateway.url], { cwd })).toEqual({
      kind: 'fetched',
      schema: 1,
      status: 'fetched',
      root,
      path: join(cwd, root),
      files: 5,
      size: expect.any(Number),
      sources: [
        {
          name: new URL(gateway.url).host,
          blocks: dag.blocks.length,
          bytes: dag.blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
        },
      ],
      failed: [],
      notices: [],
    })
    expect(await fetch([root, '--gateway', gateway.url, '-q'], { cwd })).toMatchObject({
      status: 0,
      stdout: `${root}\n`,
    })
  })

  it.each([
    ['a path of a gateway', (url: string) => `${url}/ipfs/${root}`, ['car']],
    ['a subdomain of a gateway', (url: string) => `${url.replace('127.0.0.1', `${root}.ipfs.localhost`)}/`, ['car']],
    ['a gateway below a path', (url: string) => `${url}/some/where/ipfs/${root}/`, ['car']],
  ])('is asked of the host of its address: %s', async (_, address, kinds) => {
    const gateway = await serve(dag, { base: _.includes('below') ? '/some/where' : '' })
    const cwd = temporaryFolder()
    expect(await fetchJson([address(gateway.url), '-o', 'out'], { cwd })).toMatchObject({ status: 'fetched' })
    expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
    expect(gateway.requests).toEqual(kinds.map((kind) => `${kind} ${root}`))
  })

  it.each([
    ['the CAR beside the gateway’s path', (url: string) => `${url}/ipfs/${root}`, ['car', 'file']],
    ['the address of its CAR', (url: string) => `${url}/ipfs/${root}.car`, ['file']],
    ['the address of its page', (url: string) => `${url}/2025/on-clocks/`, ['page', 'file']],
  ])('may lie on a web host, without any gateway: %s', async (_, address, kinds) => {
    const behaviour: Behaviour = ({ kind, request, response }) => {
      if (kind !== 'page') return false
      expect(request.headers.accept).toContain('text/html')
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(`../../ipfs/${root}.car`))
      return true
    }
    const host = await serve(dag, { as: 'host', behaviour })
    const cwd = temporaryFolder()
    expect(await fetchJson([address(host.url), '-o', 'out'], { cwd })).toMatchObject({ status: 'fetched', root })
    expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
    expect(host.requests).toEqual(kinds.map((kind) => `${kind} ${root}`))
  })

  it('may be one file of it: nothing beside its path is asked for', async () => {
    const gateway = await serve(dag)
    const cwd = temporaryFolder()
    const result = await fetchJson([`/ipfs/${root}/assets/clock.jpg`, '--gateway', gateway.url], { cwd })
    expect(result).toMatchObject({ status: 'fetched', path: join(cwd, 'clock.jpg'), files: 1, size: 60_000 })
    expect(readFileSync(join(cwd, 'clock.jpg'))).toEqual(readFileSync(join(newsroom, 'clock.jpg')))
    expect(gateway.requests).toHaveLength(3)
    const missing = await fetch([`${root}/assets/clok.jpg`, '--gateway', gateway.url], { cwd })
    expect(missing).toMatchObject({ status: 4, stdout: '' })
    expect(missing.stderr).toMatch(/^ovn: no .*clok\.jpg/)
  })

  it('comes from the own archive, by slug too, and nobody is asked then', async () => {
    const cwd = temporaryFolder()
    const env = { OVN_ARCHIVE: archive, OVN_GATEWAYS: 'http://name.invalid' }
    expect(await fetchJson(['on-clocks'], { cwd, env })).toMatchObject({
      status: 'fetched',
      path: join(cwd, 'on-clocks'),
      sources: [{ name: archive, blocks: dag.blocks.length }],
      failed: [],
    })
    expect(filesIn(join(cwd, 'on-clocks'))).toEqual(bundle)
    expect(await fetch(['on-clocks'], { cwd })).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('no archive'),
    })
  })

  it('comes from a CAR, and what the CAR has not from a gateway', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'whole.car'), carOf([dag.root], dag.blocks))
    writeFileSync(join(cwd, 'part.car'), carOf([dag.root], dag.blocks).subarray(0, 3_000_000))
    expect(await fetchJson([root, '--car', 'whole.car', '-o', 'a'], { cwd })).toMatchObject({
      sources: [{ name: 'whole.car', blocks: dag.blocks.length }],
    })
    expect(filesIn(join(cwd, 'a'))).toEqual(bundle)
    const gateway = await serve(dag)
    const mixed = await fetchJson([root, '--car', 'part.car', '--gateway', gateway.url, '-o', 'b'], { cwd })
    expect(mixed.sources.map(({ name }: { name: string }) => name)).toEqual(['part.car', new URL(gateway.url).host])
    expect(mixed.notices[0].message).toContain('cut short')
    expect(filesIn(join(cwd, 'b'))).toEqual(bundle)
    expect(gateway.requests.every((each) => each.startsWith('raw'))).toBe(true)
    expect(await fetch([root, '--car', 'part.car', '-o', 'c'], { cwd })).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('is not all in part.car, and no gateway is named'),
    })
    expect(readdirSync(cwd).filter((name) => !name.startsWith('.'))).toEqual(['a', 'b', 'part.car', 'whole.car'])
  })

  it('is left as it stands, and replaces nothing else unasked', async () => {
    const gateway = await serve(dag)
    const cwd = temporaryFolder()
    const args = [root, '--gateway', gateway.url, '-o', 'out']
    await fetch(args, { cwd })
    expect(await fetchJson(args, { cwd })).toMatchObject({ status: 'unchanged', path: join(cwd, 'out'), sources: [] })
    expect(gateway.requests).toHaveLength(1)
    writeFileSync(join(cwd, 'out/article.md'), 'changed')
    expect(await fetch(args, { cwd })).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/is there already, and is not bafy.*\novn: hint: .*--force/),
    })
    expect(readFileSync(join(cwd, 'out/article.md'), 'utf8')).toBe('changed')
    expect(gateway.requests).toHaveLength(1)
    expect((await fetch([...args, '--force'], { cwd })).status).toBe(0)
    expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
  })
})

describe('the gateways', () => {
  it('are none, unless they are named', async () => {
    const cwd = temporaryFolder()
    expect(await fetch([root], { cwd })).toEqual({
      status: 5,
      stdout: '',
      stderr: expect.stringMatching(
        /^ovn: bafy\w+ is not all here, and no gateway is named\novn: hint: .*--gateway .*OVN_GATEWAYS.*init/,
      ),
    })
    expect(readdirSync(cwd)).toEqual([])
  })

  it('are those of the command line, else of the environment, else of the config, in their order', async () => {
    const [first, second, third, empty] = [
      await serve(dag),
      await serve(dag),
      await serve(dag),
      await serve(await makeDag({ x: 'x' })),
    ]
    const cwd = temporaryFolder()
    ovn(['init', '--gateway', third.url], { cwd })
    expect((await fetch([root, '-o', 'c'], { cwd })).status).toBe(0)
    const env = { OVN_GATEWAYS: `${empty.url} , ${second.url}/ipfs/` }
    expect((await fetch([root, '-o', 'b'], { cwd, env })).status).toBe(0)
    expect((await fetch([root, '-o', 'a', '--gateway', first.url], { cwd, env })).status).toBe(0)
    expect([first, second, third].map(({ requests }) => requests.length)).toEqual([1, 1, 1])
    expect(await fetch([root, '--gateway', 'gateway.example'], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--gateway: "gateway.example" is not the address of a gateway'),
    })
    expect(await fetch([root, '--timeout', 'soon'], { cwd })).toMatchObject({ status: 2 })
  })

  it.each([
    [['--repair', '--pin'], '--pin has no meaning with --repair'],
    [['--repair', '-o', 'x'], '--output has no meaning with --repair'],
    [['--title', 'X'], '--title has no meaning without --pin'],
  ])('are not asked where the options make no sense: %j', async (args, message) => {
    expect(await fetch([root, ...args], { cwd: temporaryFolder() })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(message),
    })
  })

  it('are reached through the proxy of the environment, which must be one', async () => {
    const proxy = await serve(dag)
    const cwd = temporaryFolder()
    const args = [root, '--gateway', 'http://gateway.invalid', '-o', 'out']
    expect((await fetch(args, { cwd, env: { http_proxy: proxy.url } })).status).toBe(0)
    expect(proxy.requests).toEqual([`car ${root}`])
    expect(await fetch([...args, '--force'], { cwd, env: { HTTP_PROXY: 'no proxy' } })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('unchanged'),
    })
    expect(await fetch([...args.slice(0, 3), '-o', 'b'], { cwd, env: { HTTP_PROXY: 'no proxy' } })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('ovn: $HTTP_PROXY does not name a proxy\novn: hint: '),
    })
  })

  it('are trusted where the system trusts them, and never lead from https to http', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'ca.pem'), certificate)
    const env = { NODE_EXTRA_CA_CERTS: join(cwd, 'ca.pem') }
    const secure = await serve(dag, { secure: true })
    expect((await fetch([root, '--gateway', secure.url, '-o', 'out'], { cwd, env })).status).toBe(0)
    const plain = await serve(dag)
    const down: Behaviour = ({ request, response }) => {
      response.writeHead(302, { location: `http://${request.headers.host}${request.url}` }).end()
      return true
    }
    const leading = await serve(dag, { secure: true, behaviour: down })
    expect(await fetch([root, '--gateway', leading.url], { cwd, env })).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('it redirects from https to http'),
    })
    expect(plain.requests).toEqual([])
  })

  it.each(['wrong bytes', 'a foreign block at the end', 'an answer that stops', '404', '500', 'a compressed bomb'])(
    'may lie: %s',
    async (name) => {
      const lie = lies[name]
      const bad = await lie?.start(dag)
      const good = await serve(dag)
      const cwd = temporaryFolder()
      const alone = await fetch([root, '--gateway', bad?.url ?? '', '--timeout', '1'], { cwd })
      expect(alone).toMatchObject({
        status: { damaged: 3, 'not-found': 4, offline: 5 }[lie?.code as string],
        stdout: '',
      })
      expect(alone.stderr).toMatch(lie?.says ?? /^$/)
      expect(alone.stderr).not.toContain('\u001b')
      expect(readdirSync(cwd).filter((each) => !each.startsWith('.'))).toEqual([])
      const args = [root, '--gateway', bad?.url ?? '', '--gateway', good.url, '--timeout', '4', '-o', 'out']
      const both = await fetch(args, { cwd })
      expect(both).toMatchObject({ status: 0, stderr: expect.stringMatching(lie?.says ?? /^$/) })
      expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
    },
  )
})

describe('a fetch that is interrupted', () => {
  /** Sends the first blocks, and then nothing. */
  function firstBlocks(count: number): Behaviour {
    return async ({ kind, cid, dag: from, response }) => {
      if (kind !== 'car') return true
      response.writeHead(200, { 'content-type': carType })
      response.write(carOf([cid], (await subDag(from, cid)).slice(0, count)))
      return true
    }
  }

  it('leaves nothing that looks whole, ends with 130, and goes on where it was', async () => {
    const cwd = temporaryFolder()
    const stopping = await serve(dag, { behaviour: firstBlocks(dag.blocks.length - 3) })
    const { child, ended } = startOvn(['fetch', root, '--gateway', stopping.url, '-o', 'out'], { cwd, env: {} })
    const begun = () =>
      readdirSync(cwd, { recursive: true }).some((each) => {
        const place = join(cwd, String(each))
        return String(each).endsWith('film.mp4') && (statSync(place, { throwIfNoEntry: false })?.size ?? 0) > 3_000_000
      })
    while (!begun()) await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGINT')
    const { status, stdout, stderr } = await ended
    expect({ status, stdout, stderr }).toEqual({ status: 130, stdout: '', stderr: 'ovn: interrupted\n' })
    expect(existsSync(join(cwd, 'out'))).toBe(false)
    const good = await serve(dag)
    expect((await fetch([root, '--gateway', good.url, '-o', 'out'], { cwd })).status).toBe(0)
    expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
    expect(readdirSync(cwd)).toEqual(['out'])
    expect(good.requests.filter((each) => each.startsWith('car'))).toEqual([])
    expect(good.requests.length).toBeLessThan(dag.blocks.length)
  })

  it('keeps what it has in the archive, where it is to be kept', async () => {
    const cwd = temporaryFolder()
    const stopping = await serve(dag, { behaviour: firstBlocks(dag.blocks.length - 3) })
    const failed = await fetch([root, '--pin', '--gateway', stopping.url, '--timeout', '1'], { cwd })
    expect(failed.status).toBe(5)
    expect(ovnJson(['list'], { cwd }).articles).toEqual([])
    const good = await serve(dag)
    expect((await fetch([root, '--pin', '--gateway', good.url], { cwd })).status).toBe(0)
    expect(new Set(good.requests).size).toBe(3)
  })
})

describe('--pin', () => {
  it('keeps an article in the archive, recorded as fetched', async () => {
    const gateway = await serve(dag)
    const cwd = temporaryFolder()
    const result = await fetchJson([root, '--pin', '--gateway', gateway.url], { cwd })
    expect(result).toMatchObject({
      kind: 'fetched',
      status: 'fetched',
      root,
      archive: join(cwd, 'ovn-archive'),
      article: {
        slug: 'on-clocks',
        version: 1,
        root,
        title: 'On Clocks',
        datePublished: '2025-08-22',
        categories: ['Local'],
      },
    })
    expect(result.path).toBeUndefined()
    expect(JSON.parse(readFileSync(join(cwd, 'ovn-archive/manifest.jsonl'), 'utf8'))).toMatchObject({
      event: 'fetch',
      root,
    })
    expect(ovnJson(['show', 'on-clocks'], { cwd })).toMatchObject({ pinned: true })
    expect(readdirSync(cwd)).toEqual(['ovn-archive'])
    const again = await fetchJson([root, '--pin', '--gateway', gateway.url, '-o', 'out'], { cwd })
    expect(again).toMatchObject({ status: 'fetched', path: join(cwd, 'out'), article: { slug: 'on-clocks' } })
    expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
    expect(await fetchJson([root, '--pin', '-o', 'out'], { cwd })).toMatchObject({
      status: 'unchanged',
      sources: [{ name: join(cwd, 'ovn-archive') }],
    })
    expect(gateway.requests).toHaveLength(1)
    expect(readFileSync(join(cwd, 'ovn-archive/manifest.jsonl'), 'utf8').split('\n')).toHaveLength(2)
  })

  it('wants a title for what is no bundle, and has the blocks by then', async () => {
    const other = await makeDag({ 'report.txt': 'Text.' })
    const gateway = await serve(other)
    const cwd = temporaryFolder()
    const args = [`${other.root}`, '--pin', '--gateway', gateway.url]
    expect(await fetch(args, { cwd })).toMatchObject({ status: 2, stderr: expect.stringContaining('--title') })
    const { article } = await fetchJson([...args, '--title', 'Annual Report', '--slug', 'report-2025'], { cwd })
    expect(article).toMatchObject({ slug: 'report-2025', title: 'Annual Report' })
    expect(gateway.requests).toHaveLength(1)
  })

  it('makes no archive where nothing came', async () => {
    const cwd = temporaryFolder()
    const url = `http://127.0.0.1:${await freePort()}`
    expect((await fetch([root, '--pin', '--gateway', url], { cwd })).status).toBe(5)
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('--repair', () => {
  /** An archive with the article, in which some blocks are not what they were. */
  function damagedArchive(change: (database: DatabaseSync) => void): string {
    const cwd = temporaryFolder()
    ovn(['init', '-C', 'ovn-archive'], { cwd })
    for (const name of ['manifest.jsonl', 'blocks.sqlite'])
      copyFileSync(join(archive, name), join(cwd, 'ovn-archive', name))
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    change(database)
    database.close()
    return cwd
  }

  const key = (cid: CID) => cid.multihash.bytes
  const leaves = () => dag.blocks.filter(({ cid, bytes }) => cid.code === 0x55 && bytes.byteLength > 1_000_000)
  const damage = (database: DatabaseSync, cid: CID) =>
    database.prepare("update block set bytes = cast('wrong' as blob) where multihash = ?").run(key(cid))
  const remove = (database: DatabaseSync, cid: CID) =>
    database.prepare('delete from block where multihash = ?').run(key(cid))

  it('replaces damaged and missing blocks, and asks for no other', async () => {
    const [first, second] = leaves().map(({ cid }) => cid) as [CID, CID]
    const cwd = damagedArchive((database) => {
      damage(database, first)
      remove(database, second)
      damage(database, dag.root)
      database.exec('delete from pin')
    })
    expect(ovn(['show', 'on-clocks'], { cwd }).status).toBe(3)
    const gateway = await serve(dag)
    const env = { OVN_GATEWAYS: gateway.url }
    const { status, stdout } = await fetch(['on-clocks', '--repair'], { cwd, env })
    expect(status).toBe(0)
    expect(stdout).toMatch(/^on-clocks@1: intact again\n {2}bafy.*\n {2}\d+ blocks read, 3 healed, from 127/)
    expect(stdout).toContain('its pin was missing')
    expect([...gateway.requests].sort()).toEqual([dag.root, first, second].map((cid) => `raw ${cid}`).sort())
    expect(await fetchJson(['on-clocks', '--repair'], { cwd, env })).toMatchObject({
      kind: 'repaired',
      root,
      blocks: dag.blocks.length,
      healed: [],
      unhealed: [],
      repinned: false,
    })
    expect(gateway.requests).toHaveLength(3)
    expect(ovnJson(['show', 'on-clocks'], { cwd }).pinned).toBe(true)
    expect((await fetch(['on-clocks', '-o', 'out'], { cwd })).status).toBe(0)
    expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
  })

  it('heals from a CAR, offline', async () => {
    const cwd = damagedArchive((database) => {
      for (const { cid } of dag.blocks) damage(database, cid)
    })
    writeFileSync(join(cwd, 'copy.car'), carOf([dag.root], dag.blocks))
    const result = await fetchJson([root, '--repair', '--car', 'copy.car'], { cwd })
    expect(result.healed).toHaveLength(dag.blocks.length)
    expect(result).toMatchObject({ unhealed: [], sources: [{ name: 'copy.car' }], article: { slug: 'on-clocks' } })
  })

  it.each([
    ['nobody is named', 5, async () => []],
    ['nobody answers', 5, async () => ['--gateway', `http://127.0.0.1:${await freePort()}`]],
    ['nobody has it', 3, async () => ['--gateway', (await serve(await makeDag({ x: 'x' }))).url]],
    ['it is wrong everywhere', 3, async () => ['--gateway', (await lies['wrong blocks']?.start(dag))?.url ?? '']],
  ])('lists what cannot be healed: %s', async (_, exit, sources) => {
    const [leaf] = leaves()
    const cwd = damagedArchive((database) => damage(database, leaf?.cid as CID))
    const { status, stdout, stderr } = await fetch(['on-clocks', '--repair', ...(await sources())], { cwd })
    expect(status).toBe(exit)
    expect(stdout).toMatch(/1 block could not be healed/)
    expect(stdout).toContain(String(leaf?.cid))
    expect(stderr).toContain('ovn: hint: ')
  })

  it('fetches past damage without it, and says so', async () => {
    const [leaf] = leaves()
    const cwd = damagedArchive((database) => damage(database, leaf?.cid as CID))
    const gateway = await serve(dag)
    const { status, stderr } = await fetch(['on-clocks', '-o', 'out', '--gateway', gateway.url], { cwd })
    expect(status).toBe(0)
    expect(stderr).toMatch(/1 of its blocks are damaged\novn: hint: heal .*ovn fetch --repair on-clocks/)
    expect(filesIn(join(cwd, 'out'))).toEqual(bundle)
    expect(gateway.requests).toEqual([`raw ${leaf?.cid}`])
  })
})
