// A copy of the project whose sources have probes in them, with its binary built, in which vitest runs the same tests.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** What the probes call. It stands in the sources, and so in the tests' own process, in every process of the binary, and in browsers. */
const probe = `
const env = globalThis.process?.env ?? {}
const active = Number(env.PROBE_MUTANT ?? 0)
let seen = new Uint8Array(4096)
const mark = (id) => {
  if (id >> 3 >= seen.length) {
    const more = new Uint8Array((id >> 3) * 2)
    more.set(seen)
    seen = more
  }
  seen[id >> 3] |= 1 << (id & 7)
}
export const M = env.PROBE_RECORD ? (id) => (mark(id), false) : (id) => id === active
export const H = env.PROBE_RECORD ? mark : () => undefined
export const B = env.PROBE_RECORD ? (yes, no, value) => (mark(value ? yes : no), value) : (_, __, value) => value
let written = 0
const name = Math.random().toString(36).slice(2)
/** Writes what was seen since the last time. */
globalThis.writeProbes = (test, more) => {
  if (!env.PROBE_RECORD) return
  const line = JSON.stringify({ test, seen: Buffer.from(seen).toString('base64'), ...more })
  process.getBuiltinModule('node:fs').writeFileSync(\`\${env.PROBE_RECORD}/\${process.pid}-\${name}-\${written}.json\`, line)
  written += 1
  seen.fill(0)
}
// The tests' own process says itself when it is to be written, and has no name of a test when it begins.
if (env.PROBE_RECORD && env.PROBE_TEST)
  process.on('exit', () => globalThis.writeProbes(env.PROBE_TEST, { child: true }))
`

/** What one test, or one process that it started, came by. */
export interface Seen {
  /** File and name of the test, or the file alone for what is done before its tests. */
  readonly test?: string
  /** A bit for each probe; there are too many of both for anything larger. */
  readonly bits: Uint8Array
  /** Milliseconds, where it is a test that has ended. */
  readonly time?: number
  readonly failed?: boolean
  /** Whether it was a process of the binary. */
  readonly child?: boolean
}

export interface Sandbox extends Disposable {
  readonly folder: string
  /** Starts vitest there, in a process group of its own. */
  start(files: readonly string[], environment: NodeJS.ProcessEnv, log: 'ignore' | 'inherit'): ChildProcess
  /** Runs all tests, and returns what each came by. */
  record(files: readonly string[]): Promise<Seen[]>
}

/** Makes a sandbox. `plant` returns the text of a source with probes in it; all paths are relative to the project. */
export function makeSandbox(plant: (file: string, source: string) => string): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), 'ovn-sandbox-'))
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', list, { cwd: project, encoding: 'utf8', maxBuffer: 1 << 26 })
  for (const file of files.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(project, file), join(folder, file))
  }
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
  for (const file of globSync('src/**/*.ts', { cwd: folder })) {
    const source = readFileSync(join(folder, file), 'utf8')
    const planted = plant(file, source)
    if (planted === source) continue
    const from = relative(dirname(file), 'src/probe.js')
    const address = from.startsWith('.') ? from : `./${from}`
    writeFileSync(join(folder, file), `import { M, H, B } from '${address}';${planted}`)
  }
  writeFileSync(join(folder, 'src/probe.js'), probe)
  execFileSync(process.execPath, [join(project, 'node_modules/rolldown/bin/cli.mjs'), '-c', 'rolldown.config.ts'], {
    cwd: folder,
    stdio: 'ignore',
  })
  const sandbox: Sandbox = {
    folder,
    start(files, environment, log) {
      const vitest = join(project, 'node_modules/vitest/vitest.mjs')
      return spawn(process.execPath, [vitest, 'run', '--config', 'tests/mutation/vitest.config.ts', ...files], {
        cwd: folder,
        env: { ...process.env, ...environment },
        stdio: ['ignore', log, log],
        detached: true,
      })
    },
    async record(files) {
      const records = mkdtempSync(join(tmpdir(), 'ovn-probes-'))
      const child = sandbox.start(files, { PROBE_RECORD: records }, 'inherit')
      const [code] = await once(child, 'close')
      if (code === null) throw new Error('vitest was killed')
      const seen = readdirSync(records).flatMap((name) => readSeen(readFileSync(join(records, name), 'utf8')))
      rmSync(records, { recursive: true })
      return seen
    },
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return sandbox
}

/** Whether a probe is among those that were seen. */
export const hasSeen = (bits: Uint8Array, id: number): boolean => (((bits[id >> 3] ?? 0) >> (id & 7)) & 1) === 1

/** What was written, if it was written to its end: some tests kill what they start, and some fill the disk. */
function readSeen(line: string): Seen[] {
  if (!line.endsWith('}')) return []
  const { seen, ...others } = JSON.parse(line)
  return [{ ...others, bits: new Uint8Array(Buffer.from(seen, 'base64')) }]
}
