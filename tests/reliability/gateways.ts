// Gateways that lie, hang, send without end, trickle and lead astray: everything of `network/lies.ts` and some that only a whole
// command meets. Whatever one does, the command ends by its deadline with an error, and keeps nothing that was not verified.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { layout } from '../../src/archive/layout.ts'
import type { Context } from '../../src/commands/context.ts'
import { fetchRef } from '../../src/commands/fetch.ts'
import { type ErrorCode, errorCodes, OvnError } from '../../src/errors.ts'
import { startOvn } from '../cli/ovn.ts'
import {
  articleFiles,
  type Dag,
  makeArticle,
  serve,
  serveBytes,
  serveSilence,
  stopServers,
  whenOver,
} from '../network/liar.ts'
import { lies } from '../network/lies.ts'
import { inFolder, type Outcome, type Row } from './harness.ts'

/** Seconds without a new block after which a command is to give up. */
const timeout = 3

/** Milliseconds that it may take beyond that: this machine may be busy, and nothing here ends by itself. */
const margin = 8000

/** Milliseconds for which this process may stand still, beyond which a trial is made again, and how often. */
const shortStill = 500
const attempts = 5

/** Bytes that the process of a command may hold at any time. */
const maxMemory = 256 * 1_048_576

/** One behaviour of what a command talks to, and the command. */
interface Trial {
  readonly name: string
  readonly code: ErrorCode
  readonly says: RegExp
  readonly isEndless?: boolean
  /** Starts it, and says what is fetched, and in which environment. */
  start(dag: Dag): Promise<{ readonly ref?: string; readonly gateway?: string; readonly env?: NodeJS.ProcessEnv }>
  /** Where only the binary meets it: what runs the binary. */
  readonly wrapper?: (folder: string) => readonly string[]
}

const html = 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n'

const trials: readonly Trial[] = [
  ...Object.entries(lies).map(([name, { start, ...lie }]) => ({
    ...lie,
    name,
    start: async (dag: Dag) => ({ gateway: (await start(dag)).url }),
  })),
  page('a page without an answer', /nothing came/, () => serveSilence()),
  page('a page that stops', /nothing came/, (dag) =>
    serve(dag, {
      behaviour: ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/html' }).write('<link')
        return true
      },
    }),
  ),
  page('a page without end', /larger than|nothing came/, () => serveBytes(`${html}\r\n`, ' '.repeat(65_536)), true),
  page('a page that leads in a circle', /redirects without end/, () =>
    serveBytes('HTTP/1.1 302 Found\r\nlocation: /page\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
  ),
  {
    name: 'a proxy without an answer',
    code: 'offline',
    says: /no new block came/,
    start: async () => ({ gateway: 'https://name.invalid', env: { HTTPS_PROXY: (await serveSilence()).url } }),
  },
  {
    name: 'a proxy without an answer, for a page',
    code: 'offline',
    says: /nothing came/,
    start: async () => ({ ref: 'https://name.invalid/page', env: { HTTPS_PROXY: (await serveSilence()).url } }),
  },
]

function page(name: string, says: RegExp, start: (dag: Dag) => Promise<{ url: string }>, isEndless = false): Trial {
  return { name, code: 'offline', says, isEndless, start: async (dag) => ({ ref: `${(await start(dag)).url}/page` }) }
}

const resolver = '127.0.0.177'

/** A resolver that never answers. Only root may put one in the place of the system's, and only for the processes that it starts. */
export const canSilenceResolver =
  process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'mount', '--make-rprivate', '/']).status === 0

const silentResolver: Trial = {
  name: 'a name that the resolver is silent about',
  code: 'offline',
  says: /no new block came/,
  start: async () => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(53, resolver, resolve))
    whenOver(() => socket.close())
    return { gateway: 'http://name.example' }
  },
  wrapper: (folder) => {
    writeFileSync(join(folder, 'resolv.conf'), `nameserver ${resolver}\noptions attempts:4\n`)
    const mount = `mount --bind ${join(folder, 'resolv.conf')} /etc/resolv.conf && exec "$0" "$@"`
    return ['unshare', '-m', 'sh', '-c', mount]
  },
}

export interface GatewayOptions {
  /** Which trials are run as the binary; all others call the command's function. */
  readonly asBinary: 'endless' | 'all'
}

/** Tries every behaviour with every way of keeping what comes. */
export async function meetGateways({ asBinary }: GatewayOptions): Promise<Outcome> {
  const dag = await makeArticle()
  const failures: string[] = []
  const still = watchStill()
  let most = 0
  let slowest = 0
  const all = [...trials, ...(canSilenceResolver ? [silentResolver] : [])]
  const runs = all.flatMap((trial) => {
    const isBinary = asBinary === 'all' || trial.isEndless === true || trial.wrapper !== undefined
    // A process takes its time: where only a sample is run, it is one for each.
    const ways = isBinary && asBinary !== 'all' ? [true] : [true, false]
    return ways.map((pin): Run => ({ trial, pin, isBinary }))
  })
  async function runAll(waiting: Iterator<Run>): Promise<void> {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const { trial, pin, isBinary } = next.value
      for (let left = attempts; left > 0; left -= 1) {
        const stood = still.time
        const { wrong, time, memory } = await tryOnce(next.value, dag)
        most = Math.max(most, memory)
        slowest = Math.max(slowest, time)
        if (wrong.length === 0) break
        // What a machine does that stands still for a while is no answer.
        if (left > 1 && still.time - stood > shortStill) continue
        const how = `${isBinary ? 'ovn fetch' : 'fetchRef'}${pin ? ' --pin' : ''}`
        failures.push(...wrong.map((each) => `${trial.name}, ${how}: ${each}`))
        break
      }
    }
  }
  try {
    // Those that send without end keep this process busy, in which the functions run too.
    for (const [isBinary, atOnce] of [
      [false, 20],
      [true, 6],
    ] as const) {
      const waiting = runs.filter((run) => run.isBinary === isBinary).values()
      await Promise.all(Array.from({ length: atOnce }, () => runAll(waiting)))
    }
  } finally {
    still.end()
    await stopServers()
  }
  const memory = Math.round(most / 1_048_576)
  const done = `${all.length} behaviours, ${runs.length} fetches; the longest ${Math.round(slowest)} ms, the largest ${memory} MiB`
  return { done, failures }
}

/** Measures for how long this process did not run, because the machine had other things to do. */
function watchStill(): { readonly time: number; end(): void } {
  let last = performance.now()
  const watch = { time: 0, end: () => clearInterval(timer) }
  const timer = setInterval(() => {
    const now = performance.now()
    watch.time += Math.max(0, now - last - 100)
    last = now
  }, 50)
  return watch
}

interface Run {
  readonly trial: Trial
  readonly pin: boolean
  readonly isBinary: boolean
}

function tryOnce({ trial, pin, isBinary }: Run, dag: Dag): Promise<Required<Tried> & { readonly time: number }> {
  return inFolder(async (folder) => {
    const start = performance.now()
    const { wrong, memory = 0 } = await (isBinary ? tryBinary : tryFunction)(trial, dag, folder, pin)
    const time = performance.now() - start
    if (time > timeout * 1000 + margin) wrong.push(`it took ${Math.round(time)} ms`)
    if (memory > maxMemory) wrong.push(`it held ${memory} bytes`)
    return { wrong: [...wrong, ...findUnverified(folder, dag)], time, memory }
  })
}

interface Tried {
  readonly wrong: string[]
  /** Bytes that its process held at most, where it had one of its own. */
  readonly memory?: number
}

async function tryFunction(trial: Trial, dag: Dag, folder: string, pin: boolean): Promise<Tried> {
  const { ref = dag.root.toString(), gateway, env = {} } = await trial.start(dag)
  const flags = {
    timeout: String(timeout),
    output: 'out',
    ...(pin ? { pin } : {}),
    ...(gateway && { gateway: [gateway] }),
  }
  const fetched = fetchRef(ref, flags, contextIn(folder, env))
  // What is lost is a failure here; without a limit it would be none at all.
  const late = new Promise<Error>((resolve) => {
    setTimeout(() => resolve(new Error('it did not end')), timeout * 1000 + margin).unref()
  })
  const error = await Promise.race([
    fetched.then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
    late,
  ])
  if (error === undefined) return { wrong: ['it was fetched'] }
  if (!(error instanceof OvnError)) return { wrong: [`it threw ${error instanceof Error ? error.stack : error}`] }
  const said = [error.message, ...error.problems.map(({ message }) => message)].join('\n')
  return { wrong: judgeError(trial, error.exitCode, said) }
}

async function tryBinary(trial: Trial, dag: Dag, folder: string, pin: boolean): Promise<Tried> {
  const { ref = dag.root.toString(), gateway, env = {} } = await trial.start(dag)
  const report = join(folder, 'report.mjs')
  const print = `process.stderr.write('\\nmaxrss ' + process.resourceUsage().maxRSS)`
  writeFileSync(report, `process.on('exit', () => ${print})`)
  const args = [ref, '-o', 'out', '--timeout', String(timeout), ...(pin ? ['--pin'] : [])]
  const { child, ended } = startOvn(['fetch', ...args, ...(gateway === undefined ? [] : ['--gateway', gateway])], {
    cwd: folder,
    env: { ...env, NODE_OPTIONS: `--import ${report}` },
    ...(trial.wrapper === undefined ? {} : { wrapper: trial.wrapper(folder) }),
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 4 * (timeout * 1000 + margin))
  const { status, stderr } = await ended
  clearTimeout(late)
  const memory = Number(/maxrss (\d+)/.exec(stderr)?.[1] ?? 0) * 1024
  return { wrong: judgeError(trial, status, stderr), memory }
}

function judgeError({ code, says }: Trial, exit: number | null, said: string): string[] {
  return [
    ...(exit === errorCodes[code].exit ? [] : [`its exit code is ${exit}, not ${errorCodes[code].exit}`]),
    ...(says.test(said) ? [] : [`it says ${JSON.stringify(said)}, not ${says}`]),
  ]
}

function contextIn(cwd: string, environment: NodeJS.ProcessEnv): Context {
  const nothing = () => {
    throw new Error('nothing is asked of standard input and output')
  }
  return {
    environment,
    cwd,
    now: new Date(0),
    signal: new AbortController().signal,
    report: () => undefined,
    readInput: nothing,
    streamInput: nothing,
    writeOutput: nothing,
    outputIsTerminal: false,
  }
}

/** All that a fetch left on disk and should not have: a target, bytes that nobody verified, blocks that nobody wanted, a record. */
function findUnverified(folder: string, dag: Dag): string[] {
  const wrong: string[] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1)
    if (/^(report\.mjs|resolv\.conf|ovn-archive\/.*)$/.test(path)) continue
    const inside = /^\.out\.[a-z2-7]{12}\.\d+\.partial\/new\/(.*)$/.exec(path)?.[1]
    const right = inside === undefined ? undefined : articleFiles[inside]
    const found = readFileSync(join(folder, path))
    if (right === undefined) wrong.push(`it left ${path}`)
    else if (Buffer.compare(Buffer.from(right).subarray(0, found.length), found) !== 0) wrong.push(`${path} is wrong`)
  }
  const archive = join(folder, 'ovn-archive')
  if (!existsSync(archive)) return wrong
  if (existsSync(layout.manifest(archive))) wrong.push('it was recorded')
  const wanted = new Set(dag.blocks.map(({ cid }) => Buffer.from(cid.multihash.digest).toString('hex')))
  const database = new DatabaseSync(layout.blocks(archive), { readOnly: true })
  const stored = database.prepare('select multihash, bytes from block').all() as Record<string, Uint8Array>[]
  for (const { multihash = Buffer.of(), bytes = Buffer.of() } of stored) {
    const name = Buffer.from(multihash).toString('hex', 2)
    if (createHash('sha256').update(bytes).digest('hex') !== name) wrong.push(`block ${name} in the archive is wrong`)
    if (!wanted.has(name)) wrong.push(`block ${name} is in the archive, and nobody wanted it`)
  }
  database.close()
  return wrong
}

export const rows: readonly Row[] = [
  {
    name: 'gateways',
    holds: '0 unverified bytes kept, every fetch ends by its deadline, below 256 MiB',
    run: () => meetGateways({ asBinary: 'all' }),
  },
]
