// Runs the built binary, as a user does.

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const binary = fileURLToPath(new URL('../../bin/ovn.js', import.meta.url))
export const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))

export interface RunOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string | Uint8Array
  /** Milliseconds after which it is ended. */
  readonly timeout?: number
}

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))

/** The environment of a run: nothing of the user's own that `ovn` would look at, or write to. */
export function environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const own = /^(OVN_.*|NO_COLOR|NODE_OPTIONS|https?_proxy|all_proxy|no_proxy)$/i
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name))
  return { ...Object.fromEntries(inherited), XDG_CACHE_HOME: cache, ...extra }
}

/** Runs `ovn` to its end. */
export function ovn(args: readonly string[], { cwd, env, input, timeout }: RunOptions): Ended {
  const { status, stdout, stderr }: SpawnSyncReturns<string> = spawnSync(process.execPath, [binary, ...args], {
    cwd,
    env: environment(env),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input }),
    ...(timeout === undefined ? {} : { timeout }),
  })
  return { status, stdout, stderr }
}

/** Runs `ovn` and returns the JSON document on its stdout, or on stderr where it fails. */
// biome-ignore lint/suspicious/noExplicitAny: the tests say what they expect of it.
export function ovnJson(args: readonly string[], options: RunOptions): any {
  const { stdout, stderr } = ovn([...args, '--json'], options)
  return JSON.parse(stdout === '' ? stderr : stdout)
}

export interface StartOptions extends Omit<RunOptions, 'input'> {
  /** A program, and its arguments, that runs the command that follows. */
  readonly wrapper?: readonly string[]
}

/** Starts `ovn` and returns its process and its end. */
export function startOvn(args: readonly string[], { cwd, env, wrapper = [] }: StartOptions) {
  const [program = '', ...words] = [...wrapper, process.execPath, binary, ...args]
  const child = spawn(program, words, { cwd, env: environment(env) })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
  return { child, ended }
}
