// What `ovn serve` costs, beside bare node:http in the same run. The servers have one core, their clients the other.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, type Row, runProgram } from './measure.ts'

const project = fileURLToPath(new URL('..', import.meta.url))
const ovn = join(project, 'bin/ovn.js')
const mebibyte = 1_048_576
const fileSize = 1024 * mebibyte

interface Server {
  readonly process: ChildProcess
  readonly port: number
}

/** Measures requests, a large file, a slow reader, and 200 connections while another process publishes. */
export async function benchServe(
  folder: string,
  writeArticles: (folder: string, count: number) => void,
): Promise<Row[]> {
  const archive = join(folder, 'archive')
  const film = join(folder, 'film.mp4')
  writeLarge(film)
  const article = join(folder, 'film.md')
  writeFileSync(article, '# Film\n\n![The interview](film.mp4)\n')
  runProgram(process.execPath, [ovn, 'publish', article, '-C', archive])
  runProgram(process.execPath, [ovn, 'publish', join(project, 'fixtures/articles/harbour-inquiry.md'), '-C', archive])
  const { articles } = JSON.parse(
    execFileSync(process.execPath, [ovn, 'list', '--json', '-C', archive], { encoding: 'utf8' }),
  )
  const rootOf = (title: string) => articles.find((each: { title: string }) => each.title === title)?.root
  const filmRoot = rootOf('Film')
  const pageRoot = articles.find((each: { root: string }) => each.root !== filmRoot).root

  // Without `--json` and `-v` there is no access log, as there is none in the peer.
  const ours = await start([ovn, 'serve', '--port', '0', '-C', archive], true)
  const origin = `http://127.0.0.1:${ours.port}`
  const page = `${origin}/ipfs/${pageRoot}/`
  const block = `${origin}/ipfs/${pageRoot}?format=raw`
  const saved = join(folder, 'page.html')
  writeFileSync(saved, Buffer.from(await (await fetch(page)).arrayBuffer()))
  const savedBlock = join(folder, 'block')
  writeFileSync(savedBlock, Buffer.from(await (await fetch(block)).arrayBuffer()))
  const bare = await start([join(project, 'bench/bare-server.ts'), saved, film])
  const bareBlock = await start([join(project, 'bench/bare-server.ts'), savedBlock, film])
  try {
    const rows = [
      await requests('an article page', page, `http://127.0.0.1:${bare.port}/`),
      await requests('a raw block', block, `http://127.0.0.1:${bareBlock.port}/`),
    ]
    rows.push(...(await large(archive, filmRoot, bare)))
    rows.push(await publishing(folder, archive, page, writeArticles))
    return rows
  } finally {
    for (const server of [ours, bare, bareBlock]) server.process.kill()
  }
}

async function start(args: readonly string[], isQuiet = false): Promise<Server> {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', isQuiet ? 'ignore' : 'inherit'],
  })
  const line = await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))
  const port = /"port":(\d+)|http:\/\/127\.0\.0\.1:(\d+)/.exec(line.toString())
  return { process: child, port: Number(port?.[1] ?? port?.[2]) }
}

/** Requests in a second, and how many of them failed. */
function load(url: string, connections: number, seconds: number): Promise<{ rate: number; errors: number }> {
  const args = ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '10s', url]
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (part: Buffer) => {
      text += part
    })
    child.once('error', reject)
    child.once('close', () => {
      const rate = Number(/Requests\/sec:\s*([\d.]+)/.exec(text)?.[1])
      const failed = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0
      const [, ...socket] = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? []
      resolve({ rate, errors: [failed, ...socket].reduce((sum: number, each) => sum + Number(each), 0) })
    })
  })
}

async function requests(what: string, url: string, peer: string): Promise<Row> {
  const pairs: [number, number][] = []
  await load(url, 32, 2)
  await load(peer, 32, 2)
  for (let run = 0; run < 5; run += 1) pairs.push([(await load(url, 32, 4)).rate, (await load(peer, 32, 4)).rate])
  const rate = (values: number[]) => `${median(values).toFixed(0)}/s`
  return {
    what: `\`ovn serve\`: ${what}`,
    ours: rate(pairs.map(([a]) => a)),
    peer: `bare node:http, from memory: ${rate(pairs.map(([, b]) => b))}`,
    ratio: median(pairs.map(([a, b]) => a / b)),
    atLeast: 0.5,
  }
}

/** Bytes in a second. */
function download(url: string): number {
  const args = ['-c', '1', 'curl', '-s', '-o', '/dev/null', '-w', '%{speed_download} %{size_download}', url]
  const [speed, size] = execFileSync('taskset', args, { encoding: 'utf8' }).split(' ').map(Number)
  if (size !== fileSize) throw new Error(`${url} sent ${size} bytes`)
  return speed as number
}

async function stream(url: string, peer: string): Promise<Row> {
  const pairs: [number, number][] = []
  download(peer)
  for (let run = 0; run < 4; run += 1) pairs.push([download(url), download(peer)])
  const rate = (values: number[]) => `${(median(values) / mebibyte).toFixed(0)} MiB/s`
  return {
    what: '`ovn serve`: a file of 1 GiB',
    ours: rate(pairs.map(([a]) => a)),
    peer: `node:http piping it from disk: ${rate(pairs.map(([, b]) => b))}`,
    ratio: median(pairs.map(([a, b]) => a / b)),
    atLeast: 0.5,
  }
}

/** One server for the file alone: what requests left in memory is not the file's. */
async function large(archive: string, root: string, bare: Server): Promise<Row[]> {
  const server = await start([ovn, 'serve', '--port', '0', '--json', '-C', archive], true)
  try {
    const address = `http://127.0.0.1:${server.port}/ipfs/${root}/assets/film.mp4`
    const row = await stream(address, `http://127.0.0.1:${bare.port}/file`)
    const whole = memory('peak memory of that, the file sent four times', server)
    await readSlowly(address)
    return [row, whole, memory('the same, and a reader that takes 20 MiB in 10 seconds', server)]
  } finally {
    server.process.kill()
  }
}

function memory(what: string, { process: { pid } }: Server): Row {
  const kibibytes = Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  const peak = kibibytes / 1024
  return { what, ours: `${peak.toFixed(0)} MiB`, peer: '200 MiB', ratio: peak / 200, atMost: 1 }
}

/** Takes 2 MiB a second for ten seconds, then goes. */
function readSlowly(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, async (message) => {
      const end = performance.now() + 10_000
      message.once('error', () => undefined)
      for (let taken = 0; performance.now() < end; ) {
        const part = message.read() as Buffer | null
        taken += part?.byteLength ?? 0
        const due = (taken / (2 * mebibyte)) * 1000
        await new Promise((done) => setTimeout(done, Math.max(5, due - (performance.now() - end + 10_000))))
      }
      message.destroy()
      resolve()
    }).once('error', reject)
  })
}

async function publishing(
  folder: string,
  archive: string,
  page: string,
  writeArticles: (folder: string, count: number) => void,
): Promise<Row> {
  const source = join(folder, 'new')
  mkdirSync(source)
  writeArticles(source, 500)
  const seconds = 60
  const loading = load(page, 200, seconds)
  const files = readdirSync(source).filter((name) => name.endsWith('.md'))
  // In batches, so that it goes on for as long as the requests do.
  const start = performance.now()
  for (let at = 0; at < files.length; at += 25) {
    const batch = files.slice(at, at + 25).map((name) => join(source, name))
    await new Promise<void>((resolve, reject) => {
      spawn('taskset', ['-c', '1', process.execPath, ovn, 'publish', ...batch, '-q', '-C', archive], {
        stdio: 'ignore',
      })
        .once('close', (status) => (status === 0 ? resolve() : reject(new Error(`publish ended with ${status}`))))
        .once('error', reject)
    })
    const due = (seconds * 900 * (at + 25)) / files.length
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - (performance.now() - start))))
  }
  const { rate, errors } = await loading
  return {
    what: '200 connections for 60 seconds, 500 articles published meanwhile',
    ours: `${errors} errors at ${rate.toFixed(0)}/s`,
    peer: 'none',
    ratio: errors,
    atMost: 0,
  }
}

function writeLarge(file: string): void {
  const target = openSync(file, 'w')
  const chunk = Buffer.alloc(mebibyte)
  for (let written = 0; written < fileSize; written += mebibyte) writeSync(target, randomFillSync(chunk))
  closeSync(target)
}
