// Builds the binary once, before any test runs it.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export default function build(): void {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  execFileSync('npx', ['rolldown', '--config', 'rolldown.config.ts', '--log-level', 'warn'], { cwd, stdio: 'inherit' })
}
