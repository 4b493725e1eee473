// What of an archive may be seen, what of it is never sent, and what strangers can make of a request or a DAG. Needs no fixtures.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Archive, openArchive } from '../../src/archive/archive.ts'
import { layout } from '../../src/archive/layout.ts'
import { sha256 } from '../../src/dag/hash.ts'
import type { GatewayOptions } from '../../src/server/gateway.ts'
import { type Block, directoryBlock, fileBlock, pbBlock, rawBlock, shardBlock } from '../dag/hostile-cars.ts'
import { temporaryFolder } from '../temporary.ts'
import { type Ask, askingOn, readCarBody } from './asking.ts'
import { archiveOf } from './fixture-archive.ts'
import { gatewayOf } from './gateway-of.ts'

interface Served {
  readonly archive: Archive
  readonly ask: Ask
  readonly on: (host: string) => Ask
}

/** Serves DAGs whose first block is the root. */
async function serve(dags: readonly (readonly Block[])[], options: Partial<GatewayOptions> = {}): Promise<Served> {
  const folder = join(temporaryFolder(), 'archive')
  const archive = await archiveOf(
    folder,
    dags.map((blocks) => ({ roots: [blocks[0]?.cid as CID], blocks })),
  )
  onTestFinished(() => archive.close())
  const gateway = gatewayOf(archive, options)
  const on = (host: string) => askingOn(gateway, host)
  return { archive, ask: on('127.0.0.1:8080'), on }
}

/** Changes a byte of a stored block. */
function damage(archive: Archive, { cid }: Block): void {
  const database = new DatabaseSync(layout.blocks(archive.folder))
  const row = database.prepare('select bytes from block where multihash = ?').get(cid.multihash.bytes)
  const bytes = Buffer.from(row?.bytes as Uint8Array)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  database.prepare('update block set bytes = ? where multihash = ?').run(bytes, cid.multihash.bytes)
  database.close()
}

function symlinkBlock(target: string): Block {
  return pbBlock(new UnixFS({ type: 'symlink', data: Buffer.from(target) }).marshal(), [])
}

describe('what may be seen', () => {
  it('is what is below the roots on record, and nothing else that is stored', async () => {
    const file = rawBlock('published')
    const root = directoryBlock([['a.txt', file.cid]])
    const { archive, ask } = await serve([[root, file]])
    const secret = rawBlock('stored, and not published')
    await archive.blocks.put(secret.cid, secret.bytes)
    expect((await ask(`/ipfs/${root.cid}/a.txt`)).text).toBe('published')
    expect((await ask(`/ipfs/${file.cid}?format=raw`)).text).toBe('published')
    expect((await ask(`/ipfs/${secret.cid}?format=raw`)).status).toBe(404)
    // A folder of a stranger's that points to it is no way to it either.
    const trap = directoryBlock([['x', secret.cid]])
    expect((await ask(`/ipfs/${trap.cid}/x`)).status).toBe(404)
  })

  it('grows with what another process publishes, and shrinks with what it withdraws', async () => {
    const first = rawBlock('first')
    const { archive, ask } = await serve([[directoryBlock([['a', first.cid]]), first]])
    const [late, lateFile] = [directoryBlock([['b', rawBlock('late').cid]]), rawBlock('late')]
    expect((await ask(`/ipfs/${late.cid}/b`)).status).toBe(404)
    expect((await ask(`/ipfs/${lateFile.cid}`)).status).toBe(404)

    const other = openArchive(archive.folder)
    onTestFinished(() => other.close())
    const record = { slug: 'late', version: 1, root: late.cid.toString() }
    const draft = {
      event: 'publish' as const,
      time: '2026-01-02T00:00:00Z',
      ...record,
      profile: 'x',
      source: 'x',
      inputs: 'x',
      size: 4,
      title: 'Late',
      categories: [],
    }
    await other.store([late, lateFile], [{ root: late.cid, draft, fits: () => true }])
    await new Promise((resolve) => setTimeout(resolve, 2))
    expect((await ask(`/ipfs/${late.cid}/b`)).text).toBe('late')
    expect((await ask(`/ipfs/${lateFile.cid}`)).text).toBe('late')
    expect((await ask('/')).text).toContain('>Late</a>')

    other.editions.refresh()
    const withdrawal = {
      event: 'withdraw' as const,
      time: '2026-01-03T00:00:00Z',
      ...record,
      reason: 'A source must be protected.',
    }
    other.manifest.append([withdrawal], other.editions.lastCid)
    await new Promise((resolve) => setTimeout(resolve, 2))
    expect(await ask(`/ipfs/${late.cid}/b`)).toMatchObject({
      status: 410,
      text: 'withdrawn: A source must be protected.\n',
      headers: { 'cache-control': 'no-store' },
    })
    expect((await ask(`/ipfs/${lateFile.cid}`)).status).toBe(404)
    expect((await ask('/')).text).not.toContain('>Late</a>')
    expect((await ask(`/ipfs/${first.cid}`)).text).toBe('first')
  })
})

describe('a damaged block', () => {
  it('is never sent, whatever is asked for', async () => {
    const file = rawBlock('some text that is long enough')
    const root = directoryBlock([['a.txt', file.cid]])
    const { archive, ask } = await serve([[root, file]])
    damage(archive, file)
    for (const url of [`/ipfs/${root.cid}/a.txt`, `/ipfs/${root.cid}/a.txt?format=raw`, `/ipfs/${file.cid}`]) {
      const { status, text } = await ask(url)
      expect({ status, text }).toEqual({ status: 500, text: expect.stringContaining('is damaged') })
      expect(text).not.toContain('some text')
    }
    await expect(ask(`/ipfs/${root.cid}?format=car`)).rejects.toThrow(/is damaged/)
  })

  it('in the middle of a file breaks it off there', async () => {
    const parts = ['a', 'b', 'c'].map((letter) => rawBlock(letter.repeat(5000)))
    const file = fileBlock(parts.map(({ cid }) => [cid, 5000]))
    const { archive, ask } = await serve([[file, ...parts]])
    damage(archive, parts[1] as Block)
    await expect(ask(`/ipfs/${file.cid}`)).rejects.toThrow(/is damaged/)
    expect((await ask(`/ipfs/${file.cid}`, { range: 'bytes=10000-' })).text).toBe('c'.repeat(5000))
  })

  it('that was sent before it was damaged is sent again: those bytes are right', async () => {
    const file = rawBlock('some text that is long enough')
    const { archive, ask } = await serve([[file]])
    const before = await ask(`/ipfs/${file.cid}`)
    damage(archive, file)
    expect((await ask(`/ipfs/${file.cid}`)).body).toEqual(before.body)
  })
})

describe('the host', () => {
  it.each([
    ['127.0.0.1', 200],
    ['127.0.0.1:8080', 200],
    ['127.9.9.9:1', 200],
    ['[::1]:8080', 200],
    ['localhost', 200],
    ['LOCALHOST.:8080', 200],
    ['evil.example', 421],
    ['evil.example:8080', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost.evil.example', 421],
    ['notlocalhost', 421],
    ['x.localhost', 421],
    ['bafy.evil.localhost', 421],
    ['192.168.1.5', 421],
    ['[::2]', 421],
    ['', 400],
    ['a b', 400],
    ['127.0.0.1@evil.example', 400],
    ['evil.example/', 400],
    ['<script>', 400],
  ])('%s is answered with %i', async (host, status) => {
    const { on } = await serve([])
    const answer = await on(host)('/')
    expect(answer.status).toBe(status)
    if (status !== 200) expect(answer.text).not.toContain(host === '' ? '\0' : host)
  })

  it('may be an address of a machine that serves others', async () => {
    const { on } = await serve([], { anyAddress: true })
    expect((await on('192.168.1.5:8080')('/')).status).toBe(200)
    expect((await on('[fe80::1]:8080')('/')).status).toBe(200)
    expect((await on('evil.example')('/')).status).toBe(421)
  })
})

describe('a page of strangers', () => {
  const html = rawBlock('<!doctype html><script>alert(1)</script>')
  const files: [string, Block][] = [
    ['a.html', html],
    ['b.svg', rawBlock('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['c.xml', rawBlock('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>')],
    ['d.xhtml', rawBlock('<html xmlns="http://www.w3.org/1999/xhtml"/>')],
    ['e', html],
    ['f.js', rawBlock('alert(1)')],
  ]
  const root = directoryBlock(files.map(([name, { cid }]) => [name, cid]))
  const dag = [root, ...files.map(([, block]) => block)]

  it.each(files.map(([name]) => name))('gets no origin on a host that others share: %s', async (name) => {
    const { ask } = await serve([dag])
    const { headers } = await ask(`/ipfs/${root.cid}/${name}`)
    expect(headers['content-security-policy']).toMatch(/^sandbox; default-src 'none';/)
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it('gets none by another name either', async () => {
    const { ask } = await serve([[rawBlock('<b>text</b>')]])
    const { headers } = await ask(`/ipfs/${rawBlock('<b>text</b>').cid}?filename=x.html`)
    expect(headers['content-security-policy']).toMatch(/^sandbox/)
  })

  it('runs nothing at an origin of its own, unless it may', async () => {
    const { on } = await serve([dag])
    const { headers } = await on(`${root.cid}.ipfs.localhost`)('/a.html')
    expect(headers['content-security-policy']).toMatch(/script-src 'none'; object-src 'none'; connect-src 'none'/)
    const { on: allowed } = await serve([dag], { allowScripts: true })
    expect((await allowed(`${root.cid}.ipfs.localhost`)('/a.html')).headers).not.toHaveProperty(
      'content-security-policy',
    )
  })

  it('registers no worker', async () => {
    const { ask, on } = await serve([dag])
    const worker = { 'service-worker': 'script' }
    expect((await ask(`/ipfs/${root.cid}/f.js`, worker)).status).toBe(400)
    expect((await ask(`/ipfs/${root.cid}`, worker)).status).toBe(400)
    expect((await on(`${root.cid}.ipfs.localhost`)('/f.js', worker)).status).toBe(400)
    const { on: allowed } = await serve([dag], { allowScripts: true })
    expect((await allowed(`${root.cid}.ipfs.localhost`)('/f.js', worker)).status).toBe(200)
  })

  it('is read by no other page, where that is not wanted', async () => {
    const { ask } = await serve([dag], { cors: false })
    const { headers } = await ask(`/ipfs/${root.cid}/a.html`)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(headers['cross-origin-resource-policy']).toBe('same-origin')
  })
})

describe('a listing of hostile names', () => {
  const names = [
    '<script>alert(1)</script>',
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    'javascript:alert(1)',
    '&lt;b&gt;',
    '../../etc/passwd',
    '//evil.example',
    '\\evil.example',
    'a?b#c%20',
    '\u202Egpj.exe',
    'x\u0000y\u001b[31m',
    '{{7*7}}',
  ]
  it('shows each name, escaped, and leads nowhere else', async () => {
    const file = rawBlock('x')
    const root = directoryBlock([...names].sort().map((name) => [name, file.cid]))
    const { ask, on } = await serve([[root, file]])
    for (const asked of [() => ask(`/ipfs/${root.cid}/`), () => on(`${root.cid}.ipfs.localhost`)('/')]) {
      const { status, text } = await asked()
      expect(status).toBe(200)
      const body = text.slice(text.indexOf('<body>'))
      expect(body).not.toMatch(/<script|<b>|(?!\n)\p{Cc}|\p{Cf}/u)
      const hrefs = [...body.matchAll(/ href="([^"]*)"/g)].map(([, href]) => href as string)
      expect(hrefs.length).toBeGreaterThanOrEqual(2 * names.length)
      for (const href of hrefs) {
        const prefix = /^(\/ipfs\/bafy|\/\/localhost\/ipfs\/|\/(?![/\\]))/
        expect(href).toMatch(prefix)
        expect(href).not.toMatch(/["'<>\\\s]|\.\.\//)
      }
      // Every tag that is open is one of ours.
      expect(
        [...body.matchAll(/<([a-z\d]+)/g)].every(([, tag]) =>
          ['body', 'main', 'h1', 'a', 'p', 'code', 'ul', 'li'].includes(tag as string),
        ),
      ).toBe(true)
    }
  })

  it('is found again by the links in it', async () => {
    const file = rawBlock('found')
    const good = names.filter((name) => !name.includes('/') && !name.includes('\0')).sort()
    const root = directoryBlock(good.map((name) => [name, file.cid]))
    const { ask } = await serve([[root, file]])
    const { text } = await ask(`/ipfs/${root.cid}/`)
    const hrefs = [...text.matchAll(/<li><a href="([^"]*)"/g)].map(([, href]) => href as string)
    expect(hrefs).toHaveLength(good.length)
    for (const href of hrefs)
      expect((await ask(href.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)))).text).toBe('found')
  })

  it('shows ten thousand at the most', async () => {
    const file = rawBlock('x')
    const root = directoryBlock(
      Array.from({ length: 10_001 }, (_, index) => [String(index).padStart(5, '0'), file.cid]),
    )
    const { ask } = await serve([[root, file]])
    const { text } = await ask(`/ipfs/${root.cid}/`)
    expect(text.match(/<li>/g)).toHaveLength(10_000)
    expect(text).toContain('Only the first 10000 entries are shown.')
  })
})

describe('a redirect', () => {
  it.each(['//evil.example', '/\\evil.example', '/%5cevil.example', '/%2Fevil.example', '//evil.example/%2e%2e'])(
    'never leads to another host: %s',
    async (path) => {
      const file = rawBlock('x')
      const root = directoryBlock([['evil.example', directoryBlock([['x', file.cid]]).cid]])
      const rules = rawBlock('/* /:splat/ 301\n')
      const site = directoryBlock([['_redirects', rules.cid]])
      const { on, ask } = await serve([
        [root, directoryBlock([['x', file.cid]]), file],
        [site, rules],
      ])
      const answers = [
        await on(`${root.cid}.ipfs.localhost`)(path),
        await on(`${site.cid}.ipfs.localhost`)(path),
        await ask(`/ipfs/${root.cid}${path}`),
      ]
      for (const { headers } of answers) {
        if (headers.location !== undefined) expect(headers.location).toMatch(/^\/(?![/\\])/)
      }
    },
  )
})

describe('a hostile DAG is answered, and soon:', () => {
  const file = rawBlock('x')
  const chain = (): Block[] => {
    const blocks = [rawBlock('x')]
    for (let depth = 0; depth < 1000; depth += 1) blocks.unshift(directoryBlock([['d', blocks[0]?.cid as CID]]))
    return blocks
  }
  const doubling = (): Block[] => {
    const blocks = [rawBlock('x')]
    for (let depth = 0; depth < 41; depth += 1) {
      const { cid } = blocks[0] as Block
      blocks.unshift(
        directoryBlock([
          ['a', cid],
          ['b', cid],
        ]),
      )
    }
    return blocks
  }
  const shards = (depth: number): Block[] => {
    const blocks = [shardBlock(256, [['00x', file.cid]]), file]
    for (let level = 0; level < depth; level += 1) {
      blocks.unshift(shardBlock(256, [['00', blocks[0]?.cid as CID]]))
    }
    return blocks
  }
  const nested = (): Block => {
    const bytes = Buffer.concat([Buffer.alloc(500_000, 0x81), Buffer.of(0)])
    return { cid: CID.decode(CID.createV1(0x71, sha256(bytes)).bytes), bytes }
  }

  it.each<[string, () => Block[], string, number]>([
    ['a shard with a fan-out of 1', () => [shardBlock(1, [['0x', file.cid]]), file], '/x', 500],
    ['a shard with a fan-out of 3', () => [shardBlock(3, [['0x', file.cid]]), file], '/', 500],
    ['a shard with a fan-out of 2^31', () => [shardBlock(2 ** 31, []), file], '/', 500],
    ['a shard of another hash', () => [shardBlock(256, [], 0x12)], '/', 500],
    ['shards deeper than a hash', () => shards(64), '/', 500],
    ['shards deeper than a hash, on a path', () => shards(64), '/x', 404],
    ['a shard that is its listing a thousand times', () => shards(5), '/', 200],
    ['a path of 1,000 folders', chain, `/${'d/'.repeat(70)}`, 414],
    ['one of them', chain, '/', 200],
    [
      'two names that are one',
      () => [
        directoryBlock([
          ['a', file.cid],
          ['a', file.cid],
        ]),
        file,
      ],
      '/',
      500,
    ],
    ['a file that is smaller than it says', () => [fileBlock([[file.cid, 2 ** 40]]), file], '', 500],
    [
      'a file whose sum is beyond all numbers',
      () => [
        fileBlock([
          [file.cid, 2 ** 52],
          [file.cid, 2 ** 52],
          [file.cid, 2 ** 52],
        ]),
        file,
      ],
      '',
      500,
    ],
    ['half a million lists in lists', () => [nested()], '/0', 500],
    ['a symbolic link to itself', () => [directoryBlock([['l', symlinkBlock('l').cid]]), symlinkBlock('l')], '/l', 200],
    ['a node that is none', () => [pbBlock(Buffer.from('nonsense'), [])], '', 500],
  ])('%s', async (_, make, path, status) => {
    const blocks = make()
    const { ask } = await serve([blocks])
    const start = performance.now()
    const answer = await ask(`/ipfs/${blocks[0]?.cid}${path}`)
    expect(answer.status).toBe(status)
    expect(answer.text).not.toMatch(/\n\s+at /)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it('a doubling DAG is sent once, block by block', async () => {
    const blocks = doubling()
    const { ask } = await serve([blocks])
    const { body } = await ask(`/ipfs/${blocks[0]?.cid}?format=car`)
    expect((await readCarBody(body)).blocks).toHaveLength(blocks.length)
    expect((await ask(`/ipfs/${blocks.at(-1)?.cid}`)).text).toBe('x')
  })

  it('a DAG of 1,000 levels is sent whole', async () => {
    const blocks = chain()
    const { ask } = await serve([blocks])
    const { body } = await ask(`/ipfs/${blocks[0]?.cid}?format=car`)
    expect((await readCarBody(body)).blocks).toHaveLength(1001)
  })

  it('a preview of data in data shows it, and says no more than is right', async () => {
    const bytes = encodeCbor({ a: '<script>', b: rawBlock('y').cid })
    const block = { cid: CID.decode(CID.createV1(0x71, sha256(bytes)).bytes), bytes }
    const { ask } = await serve([[block]])
    const { text, headers } = await ask(`/ipfs/${block.cid}/`, { accept: 'text/html' })
    expect(text).toContain('&#60;script&#62;')
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'/)
  })
})

describe('a hostile request', () => {
  it.each([
    ['an address of 9,000 bytes', `/ipfs/${'a'.repeat(9000)}`, 414],
    ['a thousand segments', `/ipfs/bafkqaaa${'/a'.repeat(1000)}`, 414],
    ['the address of another server', 'http://evil.example/', 400],
    ['no path', '*', 400],
    ['a way up', '/ipfs/bafkqaaa/../../etc/passwd', 400],
    ['a way up, hidden', '/ipfs/bafkqaaa/%2e%2e/etc', 400],
    [
      'an identity CID of 200 bytes',
      `/ipfs/${CID.createV1(0x55, { code: 0, size: 200, digest: new Uint8Array(200), bytes: Uint8Array.from([0, 200, 1, ...new Uint8Array(200)]) })}`,
      404,
    ],
  ])('%s is refused', async (_, url, status) => {
    const { ask } = await serve([])
    expect((await ask(url)).status).toBe(status)
  })

  it('has many formats to choose from, and is answered', async () => {
    const { ask } = await serve([])
    const accept = Array.from({ length: 1000 }, (_, index) => `a/b${index};q=0.${index}`).join(',')
    expect((await ask('/ipfs/bafkqabtimvwgy3yk', { accept })).status).toBe(200)
    expect((await ask('/ipfs/bafkqabtimvwgy3yk', { accept: ';;=;q=,,"' })).status).toBe(200)
  })
})

describe('the pages of our own', () => {
  it('are read by nobody else, and run nothing', async () => {
    const { ask } = await serve([])
    const { status, headers } = await ask('/')
    expect({ status, headers }).toMatchObject({
      status: 200,
      headers: {
        'content-security-policy': expect.stringMatching(/^default-src 'none'; (?!.*unsafe).*frame-ancestors 'none'$/),
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-cache',
      },
    })
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('tell how the server is', async () => {
    const { ask } = await serve([])
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
    const { text, headers } = await ask('/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of text.trim().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^{}]*\})? -?[\d.e+-]+)$/)
    }
  })
})
