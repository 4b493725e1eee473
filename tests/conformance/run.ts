// Runs the official suite of ipfs/gateway-conformance against `ovn serve`: npm run conformance. The runner must be installed,
// as `gateway-conformance` in the PATH or in GATEWAY_CONFORMANCE; its fixtures in OVN_GATEWAY_FIXTURES, else it extracts them.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What must pass. Left out are TAR, names that are asked of the DNS, and being a proxy. */
const specs =
  'trustless-block-gateway,trustless-car-gateway,trustless-car-gateway-optional,trustless-ipns-gateway,path-unixfs-gateway,path-range-gateway,path-raw-gateway,path-ipns-gateway,path-dag-gateway,subdomain-ipfs-gateway,subdomain-ipns-gateway,redirects-file'

const runner = process.env.GATEWAY_CONFORMANCE ?? 'gateway-conformance'
if (spawnSync(runner, ['--version'], { stdio: 'ignore' }).error !== undefined) {
  process.stderr.write(`no ${runner}; install it from https://github.com/ipfs/gateway-conformance (version 0.13)\n`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'ovn-conformance-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

if (process.env.OVN_GATEWAY_FIXTURES === undefined) {
  const fixtures = join(folder, 'fixtures')
  const { status } = spawnSync(runner, ['extract-fixtures', '--directory', fixtures], { stdio: 'inherit' })
  if (status !== 0) process.exit(1)
  process.env.OVN_GATEWAY_FIXTURES = fixtures
}
const { fixtureArchive, fixtureDnsLinks } = await import('../server/fixture-archive.ts')
const archive = await fixtureArchive(join(folder, 'archive'))
archive.close()

const binary = fileURLToPath(new URL('../../bin/ovn.js', import.meta.url))
const links = fixtureDnsLinks().flatMap(([name, path]) => ['--dnslink', `${name}=${path}`])
// The suite asks for a host that is nobody's, and sends X-Forwarded-Host: without these two both are refused.
const loose = ['--any-host', '--trust-proxy']
const server = spawn(
  process.execPath,
  [binary, 'serve', '--json', '--port', '0', '-C', archive.folder, ...loose, ...links],
  {
    stdio: ['ignore', 'pipe', 'ignore'],
  },
)
const port = await new Promise<number>((resolve, reject) => {
  server.stdout.on('data', (text: Buffer) => resolve(JSON.parse(text.toString()).port))
  server.once('exit', () => reject(new Error('the server did not start')))
})
try {
  const urls = ['--gateway-url', `http://127.0.0.1:${port}`, '--subdomain-url', `http://localhost:${port}`]
  const { status } = spawnSync(
    runner,
    ['test', ...urls, '--specs', specs, ...process.argv.slice(2), '--', '-timeout', '5m'],
    {
      stdio: 'inherit',
    },
  )
  process.exitCode = status ?? 1
} finally {
  server.kill()
}
