// `ovn serve` as a process: it starts, shows what others publish, and ends well.

import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { fixtures, ovn, ovnJson, startOvn } from './ovn.ts'

interface Served {
  readonly cwd: string
  readonly port: number
  readonly urls: readonly string[]
  readonly stop: (signal?: NodeJS.Signals) => Promise<{ status: number | null; stdout: string; stderr: string }>
  readonly stderr: () => string
}

/** An archive of one article, and `ovn serve` on it at a port that is free. */
async function serve(args: readonly string[] = [], cwd = temporaryFolder()): Promise<Served> {
  ovn(['publish', join(fixtures, 'articles/harbour-inquiry.md')], { cwd })
  const { child, ended } = startOvn(['serve', '--port', '0', '--json', ...args], { cwd })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let stderr = ''
  child.stderr.on('data', (text: string) => {
    stderr += text
  })
  const ready = await new Promise<string>((resolve) => child.stdout.once('data', resolve))
  const { port, urls } = JSON.parse(ready)
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  return { cwd, port, urls, stop, stderr: () => stderr }
}

describe('ovn serve', () => {
  it('shows the archive at all its addresses, with what others publish meanwhile, until it is stopped', async () => {
    const { cwd, urls, port, stop } = await serve()
    expect(urls).toEqual(expect.arrayContaining([`http://127.0.0.1:${port}/`, `http://localhost:${port}/`]))
    for (const url of urls) expect(await (await fetch(url)).text()).toContain('Harbour Collision')
    writeFileSync(join(cwd, 'new.md'), '# What is new\n\nText.')
    const { articles } = ovnJson(['publish', 'new.md'], { cwd })
    const front = await (await fetch(urls[0] as string)).text()
    expect(front).toContain('<a href="what-is-new/">What is new</a>')
    const page = await fetch(`http://127.0.0.1:${port}/ipfs/${articles[0].root}/`)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('What is new')
    expect(await stop()).toMatchObject({ status: 0 })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('ends what is under way when it gets %s', async (signal) => {
    const cwd = temporaryFolder()
    mkdirSync(join(cwd, 'in'))
    writeFileSync(join(cwd, 'in/film.mp4'), Buffer.alloc(40_000_000, 7))
    writeFileSync(join(cwd, 'in/film.md'), '# Film\n\n![The film](film.mp4)')
    ovn(['publish', 'in/film.md'], { cwd })
    rmSync(join(cwd, 'in'), { recursive: true })
    const { root, files } = (({ article, files }) => ({ root: article.root, files }))(
      ovnJson(['show', 'film'], { cwd }),
    )
    const film = files.find(({ size }: { size: number }) => size === 40_000_000)
    const { port, stop } = await serve([], cwd)
    const message = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      get({ host: '127.0.0.1', port, path: `/ipfs/${root}/${film.path}`, agent: false }, resolve)
    })
    message.pause()
    const ended = stop(signal)
    // It does not listen any more, and sends what it has begun.
    for (;;) {
      const isRefused = await new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1')
        socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
        socket.once('connect', () => socket.destroy())
      })
      if (isRefused) break
    }
    let size = 0
    for await (const part of message) size += (part as Buffer).byteLength
    expect(size).toBe(40_000_000)
    expect((await ended).status).toBe(0)
  })

  it('logs every request as JSON, or as a line, with nothing in it that a terminal would obey', async () => {
    const { port, stop, stderr } = await serve()
    await fetch(`http://127.0.0.1:${port}/ipfs/bafkqaaa?%1b%9b`)
    await fetch(`http://127.0.0.1:${port}/nothing`)
    while (stderr().split('\n').length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
    const lines = stderr().trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'access', schema: 1, method: 'GET', url: '/ipfs/bafkqaaa?%1b%9b', status: 200, whole: true },
      { method: 'GET', url: '/nothing', status: 404, whole: true },
    ])
    await stop()
  })

  it('goes on after another process was killed in the middle of a transaction', async () => {
    const { cwd, port, stop } = await serve()
    const file = join(cwd, 'ovn-archive/blocks.sqlite')
    const aside = temporaryFolder()
    const database = new DatabaseSync(file)
    const big = database.prepare('insert into datastore values (?, zeroblob(100000))')
    for (let key = 0; key < 20; key += 1) big.run(`kept ${key}`)
    // So little cache that changed pages are on disk before the transaction ends.
    database.exec('pragma cache_size = 2; begin immediate; update datastore set value = zeroblob(99999)')
    for (const name of ['blocks.sqlite', 'blocks.sqlite-journal']) {
      cpSync(join(cwd, 'ovn-archive', name), join(aside, name))
    }
    database.exec('rollback')
    database.close()
    for (const name of ['blocks.sqlite', 'blocks.sqlite-journal']) {
      cpSync(join(aside, name), join(cwd, 'ovn-archive', name))
    }
    const [article] = ovnJson(['list'], { cwd }).articles
    expect((await fetch(`http://127.0.0.1:${port}/ipfs/${article.root}/`)).status).toBe(200)
    expect((await stop()).status).toBe(0)
  })

  it.each([
    [['--port', '99999'], '--port: "99999" is no port'],
    [['--port', 'x'], '--port: "x" is no port'],
    [['--host', 'archive.example'], '--host: "archive.example" is no address'],
    [['--host', '203.0.113.7'], '203.0.113.7 is no address of this machine'],
    [['--public-host', 'https://archive.example'], '--public-host: "https://archive.example" is no name of a host'],
    [['--dnslink', 'archive.example'], '--dnslink: "archive.example" is no name and path'],
  ])('says what is wrong with %j', (args, message) => {
    const cwd = temporaryFolder()
    ovn(['publish', join(fixtures, 'articles/harbour-inquiry.md')], { cwd })
    const { status, stdout, stderr } = ovn(['serve', ...args], { cwd })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(`ovn: ${message}`)
  })

  it('needs an archive, and a port that is free', async () => {
    expect(ovn(['serve', '--port', '0'], { cwd: temporaryFolder() }).status).toBe(4)
    const { cwd, port, stop } = await serve()
    const { status, stderr } = ovn(['serve', '--port', String(port)], { cwd })
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('is taken by another program') })
    await stop()
  })

  it('warns where others can reach it', async () => {
    const cwd = temporaryFolder()
    ovn(['publish', join(fixtures, 'articles/harbour-inquiry.md')], { cwd })
    const { child, ended } = startOvn(['serve', '--port', '0', '--host', '0.0.0.0', '--any-host', '-v'], { cwd })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill()
    const { status, stdout, stderr } = await ended
    expect(status).toBe(0)
    expect(stdout).toMatch(/^serving .*\n {2}http:\/\/0\.0\.0\.0:\d+\/\n/)
    expect(stderr).toContain('ovn: warning: whoever can reach 0.0.0.0 can read this archive')
    expect(stderr).toContain('ovn: warning: pages elsewhere can read all that is served')
  })
})

describe('another client', () => {
  it('reads an article through the gateway, and checks every block', async () => {
    const { cwd, port, stop } = await serve()
    const { createVerifiedFetchWithHelia } = await import('@helia/verified-fetch')
    const { withHTTP } = await import('@helia/http')
    const { createHeliaLight } = await import('helia')
    // It knows this one gateway, and nobody whom it could ask for others.
    const only = {
      recursiveGateways: [`http://127.0.0.1:${port}`],
      delegatedRouters: [],
      allowLocal: true,
      allowInsecure: true,
    }
    const helia = withHTTP(createHeliaLight(), only)
    // Without one more router it waits for ever, and never asks the gateway.
    helia.addRouter({ name: 'nobody', async *findProviders() {} })
    await helia.start()
    const verified = await createVerifiedFetchWithHelia(helia)
    try {
      const [article] = ovnJson(['list'], { cwd }).articles
      const answer = await verified(`ipfs://${article.root}/index.html`)
      expect(answer.status).toBe(200)
      const page = await fetch(`http://127.0.0.1:${port}/ipfs/${article.root}/`)
      expect(await answer.text()).toBe(await page.text())
    } finally {
      await helia.stop()
      await stop()
    }
  })
})
