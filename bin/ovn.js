#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 24 || (major === 24 && minor >= 15)) {
  // Compiled code is kept in the user's cache folder, never in a shared one: code that others can write is not run. Where there
  // is no such folder, and no home, none is made: Node would go on trying for ever in /proc, and where homes are mounted on demand.
  const { XDG_CACHE_HOME, LOCALAPPDATA, HOME } = process.env
  const caches = XDG_CACHE_HOME || LOCALAPPDATA
  const place = caches || HOME
  if (place && process.getBuiltinModule('node:fs').existsSync(place)) {
    process.getBuiltinModule('node:module').enableCompileCache(caches ? `${caches}/ovn` : `${HOME}/.cache/ovn`)
  }
  await import('../dist/cli.js')
} else {
  process.stderr.write(`ovn: Node.js 24.15 or newer is needed, and this is ${process.version}\n`)
  process.stderr.write("ovn: hint: install it from nodejs.org, or with your system's package manager\n")
  process.exitCode = 1
}
