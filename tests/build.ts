// Builds the binary once, before any test runs it.

import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export default function build(): void {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  // Where every run of a test keeps its compiled code.
  mkdirSync(`${cwd}/node_modules/.cache`, { recursive: true })
  execFileSync('npx', ['rolldown', '--config', 'rolldown.config.ts', '--log-level', 'warn'], { cwd, stdio: 'inherit' })
}
