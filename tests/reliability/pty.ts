// Runs the built binary on a terminal of its own, as `script` of util-linux makes one, and returns all that came to it.

import { spawn, spawnSync } from 'node:child_process'
import { binary, environment } from '../cli/ovn.ts'

/** Whether a terminal can be made; `it.skipIf(!hasPty)`. Says so aloud where none can. */
export const hasPty = spawnSync('script', ['--version']).status === 0

if (!hasPty) {
  if (process.env.OVN_NO_SKIP === '1')
    throw new Error('`script` (util-linux) must be installed where no test may be skipped')
  // biome-ignore lint/suspicious/noConsole: tests that are left out must be noticed.
  console.warn('tests on a terminal are SKIPPED: there is no `script` (util-linux)')
}

export interface Shown {
  readonly status: number | null
  /** Standard output and standard error, as the terminal got them. */
  readonly bytes: Buffer
}

/** Starts `ovn` on a terminal, which it takes for one of many colours. */
export function startOnPty(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const words = [process.execPath, binary, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`)
  const child = spawn('script', ['-qec', `exec ${words.join(' ')}`, '/dev/null'], {
    cwd,
    env: environment({ TERM: 'xterm-256color', SHELL: '/bin/sh', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  child.stderr.on('data', (part: Buffer) => parts.push(part))
  const ended = new Promise<Shown>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, bytes: Buffer.concat(parts) }))
  })
  return { child, ended, shown: () => Buffer.concat(parts) }
}
