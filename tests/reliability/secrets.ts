// Secrets that somebody typed: user and password of an address, a token in its query, the password of a proxy. They may reach the host
// that they are for, and nothing else: no output, no file, no other host, no command line of a process. Each has the word that is looked
// for in it.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Ended, ovn, startOvn } from '../cli/ovn.ts'
import { inFolder, type Outcome, type Row, randomFrom } from './harness.ts'

/** A request that a server of this machine was asked. */
interface Asked {
  readonly server: string
  readonly host: string
  readonly url: string
  readonly authorization: string | undefined
  readonly proxyAuthorization: string | undefined
}

interface Running extends AsyncDisposable {
  readonly port: number
}

const carType = 'application/vnd.ipld.car'

/** Milliseconds after which a run is stopped. */
const patience = 20_000

/** One run of `ovn`, and whether what it was to do worked, so that a run that never came as far as the secret counts for nothing. */
interface Run {
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly exit: number
  /** What its output must say, so that it is known to have come to where it could tell a secret. */
  readonly says?: RegExp
}

class Watch {
  readonly word: string
  readonly asked: Asked[] = []
  readonly failures: string[] = []
  runs = 0
  files = 0

  constructor(seed: number) {
    // Letters that stand in no CID, no hash and no message by chance.
    const random = randomFrom(seed)
    this.word = `kanarie${Array.from({ length: 10 }, () => 'zqxjkvw'[random(7)]).join('')}`
  }

  /** Says whether a text has the word, as it is or inside of what HTTP makes of user and password. */
  has(text: string): boolean {
    if (text.toLowerCase().includes(this.word)) return true
    const encoded = text.match(/[A-Za-z\d+/]{16,}={0,2}/g) ?? []
    return encoded.some((each) => Buffer.from(each, 'base64').toString('latin1').includes(this.word))
  }

  look(what: string, text: string): void {
    if (this.has(text)) this.failures.push(`${what}: ${text.slice(0, 400)}`)
  }

  serve(name: string, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Running> {
    const server = createServer((request, response) => {
      const { headers, url = '' } = request
      this.asked.push({
        server: name,
        host: headers.host ?? '',
        url,
        authorization: headers.authorization,
        proxyAuthorization: headers['proxy-authorization'],
      })
      answer(request, response)
    })
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve({
          port: (server.address() as AddressInfo).port,
          async [Symbol.asyncDispose]() {
            server.closeAllConnections()
            await new Promise((closed) => server.close(closed))
          },
        })
      })
    })
  }

  /** Looks at every file below a folder. */
  lookAtFiles(folder: string, except: readonly string[]): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      this.look('a name', path.slice(folder.length))
      if (!entry.isFile() || except.some((each) => path.startsWith(each))) continue
      this.files += 1
      // Bytes: the word is ASCII.
      if (readFileSync(path).includes(this.word)) this.failures.push(`in the file ${path.slice(folder.length)}`)
    }
  }
}

/** Runs every command with secrets in all places that take an address, in text and in JSON. */
export async function keepSecrets(seed: number): Promise<Outcome> {
  return inFolder(async (folder) => {
    const watch = new Watch(seed)
    const { word } = watch
    const cwd = join(folder, 'newsroom')
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'a.md'), '# A Quay\n\nText.\n')
    expectExit(watch, ovn(['publish', 'a.md'], { cwd }), 0, 'publish')
    const root = ovn(['publish', 'a.md', '-q'], { cwd }).stdout.trim()
    expectExit(watch, ovn(['export', 'a-quay', '-o', '../a.car'], { cwd }), 0, 'export')
    const car = readFileSync(join(folder, 'a.car'))
    const basic = `Basic ${Buffer.from(`${word}:${word}pw`).toString('base64')}`

    await using other = await watch.serve('other', (_, response) => response.writeHead(404).end())
    await using gateway = await watch.serve('gateway', (request, response) => {
      const url = request.url ?? ''
      const isKnown = request.headers.authorization === basic || url.includes(`token=${word}`)
      if (url.startsWith('/away'))
        return void response.writeHead(302, { location: `http://127.0.0.1:${other.port}${url}` }).end()
      if (url.startsWith('/open') || isKnown) return void response.writeHead(200, { 'content-type': carType }).end(car)
      // What a server says back is printed by nobody.
      response
        .writeHead(401, `${word}`, { 'www-authenticate': `Basic realm="${word}"`, 'content-type': 'text/plain' })
        .end(url)
    })
    await using subdomain = await watch.serve('subdomain', (request, response) => {
      const { host = '' } = request.headers
      if (!host.startsWith(root) && !host.startsWith('www.')) {
        const to = request.url?.startsWith('/page') ? `www.${host}` : `${root}.ipfs.${host}`
        return void response.writeHead(302, { location: `http://${to}${request.url}` }).end()
      }
      const link = `<link rel="alternate" type="${carType}" href="/ipfs/${root}.car">`
      if (request.url?.startsWith('/page')) response.writeHead(200, { 'content-type': 'text/html' }).end(link)
      else response.writeHead(200, { 'content-type': carType }).end(car)
    })
    await using proxy = await watch.serve('proxy', (_, response) =>
      response.writeHead(200, { 'content-type': carType }).end(car),
    )
    await using refusing = await watch.serve('refusing proxy', (request, response) =>
      response.writeHead(407).end(request.url),
    )
    await using silent = await watch.serve('silent', () => undefined)

    const at = (port: number, rest = '') => `http://${word}:${word}pw@127.0.0.1:${port}${rest}`
    const elsewhere = (name: string) => ['-C', join(folder, name)]
    const fetch = (name: string, ...args: string[]) => [
      'fetch',
      root,
      '--timeout',
      '5',
      ...elsewhere('none'),
      '-o',
      join(folder, name),
      ...args,
    ]
    const there = `${at(gateway.port)}/ipfs/${root}`
    const token = `http://127.0.0.1:${gateway.port}/?token=${word}`
    const offline = 5

    const runs: Run[] = [
      // Working ones: the secret does reach the host that it is for.
      { args: fetch('f1', '--gateway', at(gateway.port)), exit: 0, says: /127\.0\.0\.1/ },
      { args: fetch('f2', '--gateway', token), exit: 0, says: /127\.0\.0\.1/ },
      { args: fetch('f3'), env: { OVN_GATEWAYS: `${at(gateway.port)},${token}` }, exit: 0 },
      { args: ['fetch', there, ...elsewhere('pinned'), '--pin'], exit: 0, says: /A Quay/ },
      { args: fetch('f4', '--gateway', 'http://gw.test/'), env: { HTTP_PROXY: at(proxy.port) }, exit: 0 },
      { args: fetch('f5', '--gateway', at(subdomain.port).replace('127.0.0.1', 'gw.localhost')), exit: 0 },
      {
        args: [
          'fetch',
          at(subdomain.port, '/page').replace('127.0.0.1', 'news.localhost'),
          '-o',
          join(folder, 'f6'),
          ...elsewhere('none'),
        ],
        exit: 0,
      },
      // Failing ones.
      { args: fetch('n1', '--gateway', at(gateway.port).replace('pw@', '@')), exit: offline, says: /401/ },
      { args: fetch('n2', '--gateway', `http://127.0.0.1:${gateway.port}/?wrong=${word}`), exit: offline, says: /401/ },
      { args: fetch('n3', '--gateway', at(gateway.port, '/away')), exit: offline, says: /redirects elsewhere/ },
      { args: fetch('n4', '--gateway', at(9)), exit: offline, says: /refused/ },
      {
        args: fetch('n5', '--gateway', `https://${word}:${word}@127.0.0.1:${gateway.port}/`),
        exit: offline,
        says: /TLS|HTTP/,
      },
      {
        args: fetch('n6', '--gateway', 'http://gw.test/'),
        env: { http_proxy: at(refusing.port) },
        exit: offline,
        says: /407/,
      },
      {
        args: fetch('n7', '--gateway', 'https://gw.test/'),
        env: { HTTPS_PROXY: at(refusing.port) },
        exit: offline,
        says: /proxy/,
      },
      { args: fetch('n8', '--gateway', 'http://gw.test/'), env: { HTTP_PROXY: at(9) }, exit: offline },
      {
        args: fetch('n9', '--gateway', 'http://gw.test/'),
        env: { HTTP_PROXY: `ftp://${word}:${word}@gw.test/` },
        exit: 2,
        says: /HTTP_PROXY/,
      },
      {
        args: [
          'fetch',
          `${at(gateway.port)}/nothing?token=${word}#${word}`,
          '-o',
          join(folder, 'f7'),
          ...elsewhere('none'),
        ],
        exit: 0,
      },
      { args: ['fetch', `${there}?token=${word}`, ...elsewhere('none'), '--repair'], exit: 4 },
      { args: ['fetch', `${at(gateway.port)}/page`, '--repair'], exit: 2, says: /names nothing/ },
      { args: ['fetch', `ipfs://${word}:${word}@${root}`], exit: 2, says: /does not name/ },
      // Slips of the pen.
      { args: fetch('s1', '--gateway', `${word}:${word}@127.0.0.1`), exit: 2, says: /--gateway/ },
      { args: fetch('s2', '--gateway', `ftp://${word}:${word}@gw.test/`), exit: 2, says: /--gateway/ },
      {
        args: fetch('s3'),
        env: { OVN_GATEWAYS: `htp://${word}:${word}@gw.test/?token=${word}` },
        exit: 2,
        says: /OVN_GATEWAYS/,
      },
      { args: fetch('s4', `--gatewey=${at(9)}`), exit: 2, says: /unknown option/ },
      { args: fetch('s5', '--gateway', `http://${word}:${word}@[::1/?a=${word}`), exit: 2, says: /--gateway/ },
      { args: ['show', there, there], exit: 2, says: /too many/ },
      { args: [at(9, '/show')], exit: 2, says: /unknown command/ },
      // Every command that takes a ref, with one that it finds and one that it does not.
      ...['show', 'log', 'links', 'verify', 'export'].flatMap((command): Run[] => [
        {
          args: [
            command,
            `${there}?token=${word}`,
            ...(command === 'export' ? ['-o', join(folder, 'x.car'), '--force'] : []),
          ],
          exit: 0,
        },
        { args: [command, `${there.replace(root, unknown)}?token=${word}`], exit: 4, says: /no article/ },
      ]),
      { args: ['verify', 'a.md', '--against', `${there.replace(root, unknown)}?token=${word}`], exit: 3 },
      { args: ['verify', join(folder, 'a.car'), `${there}#${word}`], exit: 2 },
      {
        args: ['unpublish', `${there.replace(root, unknown)}?token=${word}`, '--reason', 'x'],
        exit: 4,
        says: /no article/,
      },
      { args: ['init', '--gateway', at(gateway.port), ...elsewhere('new')], exit: 2, says: /OVN_GATEWAYS/ },
      { args: ['init', '--gateway', token, ...elsewhere('new')], exit: 2, says: /OVN_GATEWAYS/ },
      { args: ['init', '--url', at(gateway.port), ...elsewhere('new')], exit: 2, says: /--url/ },
    ]

    // A config that was written by hand: it is refused before anything is published with it.
    const config = join(folder, 'secret', 'config.json')
    expectExit(watch, ovn(['publish', 'a.md', ...elsewhere('secret')], { cwd }), 0, 'publish')
    const inConfig = [
      'publish a.md',
      'show a-quay',
      'links a-quay',
      'site -o ../site',
      'serve --port 0',
      `fetch ${unknown}`,
    ].map((line): Run => {
      return { args: [...line.split(' '), ...elsewhere('secret')], exit: 2, says: /config\.json/ }
    })

    const run = async ({ args, env = {}, exit, says }: Run, json: boolean): Promise<void> => {
      const started = startOvn(json ? [...args, '--json'] : args, { cwd, env })
      // A server that should not have started would go on.
      const late = setTimeout(() => started.child.kill('SIGKILL'), patience)
      const ended = await started.ended
      clearTimeout(late)
      const name = args.map((arg) => arg.replaceAll(word, '<secret>')).join(' ')
      expectExit(watch, ended, exit, name)
      if (says !== undefined && !says.test(ended.stdout + ended.stderr))
        watch.failures.push(`${name} does not say ${says}: ${ended.stderr}`)
      watch.look(name, ended.stdout)
      watch.look(name, ended.stderr)
      watch.runs += 1
    }
    const isRead = (index: number) => index % 2 === seed % 2
    await inTurn(runs.map((each, index) => () => run(each, isRead(index))))
    for (const [index, gateways] of [[at(gateway.port)], [token]].entries()) {
      writeFileSync(config, JSON.stringify({ gateways }))
      await inTurn(inConfig.map((each) => () => run(each, isRead(index))))
    }
    expectReached(watch, { other, gateway, subdomain, proxy }, root)
    await lookAtProcesses(watch, silent.port, fetch('p1', '--gateway', `http://127.0.0.1:${silent.port}`), cwd, at)
    watch.lookAtFiles(folder, [config])
    return {
      done: `${watch.runs} runs of every command, ${watch.files} files, ${watch.asked.length} requests`,
      failures: watch.failures,
    }
  })
}

/** The CID of nothing that is anywhere here. */
const unknown = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'

function expectExit(watch: Watch, { status, stderr }: Ended, exit: number, name: string): void {
  if (status !== exit) watch.failures.push(`${name} ended with ${status}, and not with ${exit}: ${stderr}`)
}

/** Does a few things at a time. */
async function inTurn(work: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...work]
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next()
  }
  await Promise.all([worker(), worker(), worker()])
}

/** The secrets came to whom they are for, and to nobody else. */
function expectReached(watch: Watch, servers: { readonly [name: string]: Running }, root: string): void {
  const { asked, failures } = watch
  const of = (name: string) => asked.filter(({ server }) => server === name)
  if (of('other').length > 0) failures.push(`a redirect led to another host: ${JSON.stringify(of('other'))}`)
  if (!of('gateway').some(({ authorization }) => watch.has(authorization ?? '')))
    failures.push('no user came to the gateway')
  if (!of('gateway').some(({ url }) => url.includes(`token=${watch.word}`)))
    failures.push('no token came to the gateway')
  if (!of('proxy').some(({ proxyAuthorization }) => watch.has(proxyAuthorization ?? '')))
    failures.push('no user came to the proxy')
  if (!of('subdomain').some(({ host }) => host.startsWith(`${root}.ipfs.gw.localhost`)))
    failures.push('nobody followed to the subdomain')
  if (!of('subdomain').some(({ host }) => host.startsWith('www.news.localhost')))
    failures.push('nobody followed to www.')
  for (const { host, authorization, url } of of('subdomain')) {
    if (/^(?:www|[a-z\d]{50,}\.ipfs)\./.test(host) && watch.has(`${authorization} ${url}`)) {
      failures.push(`a redirect took the secret to ${host}`)
    }
  }
  if (servers.other === undefined) throw new Error('no server')
}

/** Looks at the command lines of `ovn` and of all that it started, while it waits for a gateway. The words typed by a user are his own. */
async function lookAtProcesses(
  watch: Watch,
  port: number,
  args: readonly string[],
  cwd: string,
  at: (port: number) => string,
): Promise<void> {
  const env = { OVN_GATEWAYS: at(port), http_proxy: at(port), NO_PROXY: '127.0.0.1' }
  const before = watch.asked.length
  const { child, ended } = startOvn(args.slice(0, -2), { cwd, env })
  try {
    while (watch.asked.length === before && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 10))
    if (watch.asked.length === before) watch.failures.push('nobody asked the gateway that says nothing')
    const lines = [child.pid as number, ...childrenOf(child.pid as number)].map((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
    )
    for (const line of lines) watch.look('a command line', line)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

function childrenOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
      .split(' ')
      .filter((each) => each !== '')
      .map(Number),
  )
  return children.flatMap((child) => [child, ...childrenOf(child)])
}

export const row: Row = {
  name: 'secrets',
  holds: '0 secrets in logs, errors, JSON, archive, CARs, command lines, or with another host',
  run: keepSecrets,
}
