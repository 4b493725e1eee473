import { isIP } from 'node:net'
import { openArchive } from '../archive/archive.ts'
import { readConfig } from '../archive/config.ts'
import { needsRollback } from '../archive/storage-error.ts'
import { OvnError } from '../errors.ts'
import type { AccessLine } from '../output/access.ts'
import type { Result } from '../output/result.ts'
import { createGateway, type Gateway } from '../server/gateway.ts'
import { isHostName } from '../server/host.ts'
import { findRecord } from '../server/ipns.ts'
import { createLiveSite } from '../server/live-site.ts'
import { Metrics } from '../server/metrics.ts'
import { HttpServer } from '../server/node-server.ts'
import { Published } from '../server/published.ts'
import { readScripts } from '../site/read-scripts.ts'
import { archiveFolder, type Context } from './context.ts'

export interface ServeOptions {
  readonly port: string
  readonly host?: readonly string[]
  readonly publicHost?: readonly string[]
  /** `name=/ipfs/…` or `name=/ipns/…`. */
  readonly dnslink?: readonly string[]
  readonly anyHost?: boolean
  readonly trustProxy?: boolean
  readonly allowScripts?: boolean
  readonly cors?: boolean
}

/** How a command that goes on tells what happens meanwhile. */
export interface Talk {
  /** Prints that the server is ready, once. Throws where that cannot be written. */
  announce(result: Result): Promise<void>
  readonly logAccess: ((access: AccessLine) => void) | undefined
  logError(error: unknown): void
}

const loopback = ['127.0.0.1', '::1']

/**
 * Serves the archive until it is interrupted, and ends when what was under way then has ended. Throws an OvnError: `usage` for
 * options that make no sense and a port that is taken, `not-found` where there is no archive.
 */
export async function serve(options: ServeOptions, context: Context, talk: Talk): Promise<Result> {
  const port = readPort(options.port)
  const hosts = (options.host ?? loopback).map(readHost)
  const publicHosts = (options.publicHost ?? []).map(readPublicHost)
  const dnsLinks = new Map((options.dnslink ?? []).map(readDnsLink))
  const folder = archiveFolder(context)
  const site = await readConfig(folder)
  const archive = openArchive(folder, { readOnly: true })
  try {
    const blocks = archive.blocks.unhashed
    const published = new Published(archive, blocks)
    const metrics = new Metrics()
    const gateway = createGateway(
      {
        blocks,
        generation: () => published.generation(),
        standingOf: (cid) => published.standingOf(cid),
        recordOf: (key) => findRecord(archive.datastore, key),
        now: () => new Date(),
      },
      {
        publicHosts,
        anyAddress: hosts.some((host) => !isLoopback(host)),
        anyHost: options.anyHost === true,
        trustProxy: options.trustProxy === true,
        cors: options.cors !== false,
        allowScripts: options.allowScripts === true,
        dnsLinks,
      },
      createLiveSite({
        archive,
        blocks,
        generation: () => published.generation(),
        metrics,
        site,
        scripts: readScripts(),
      }),
    )
    const server = new HttpServer({
      gateway: afterRollback(gateway, folder),
      metrics,
      onAccess: talk.logAccess,
      onError: talk.logError,
    })
    const taken = await listenOn(server, hosts, port, options.host === undefined)
    try {
      await talk.announce({
        kind: 'serving',
        archive: folder,
        port: taken.port,
        urls: [...taken.hosts, 'localhost'].map((host) => `http://${shownHost(host)}:${taken.port}/`),
        gateway: `http://${shownHost(taken.hosts[0] ?? '')}:${taken.port}/ipfs/<cid>`,
        subdomains: `http://<cid>.ipfs.localhost:${taken.port}/`,
        warnings: warningsOf(hosts, options),
      })
      if (!context.signal.aborted) await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    } finally {
      await server.close()
    }
    return { kind: 'printed', text: '' }
  } finally {
    archive.close()
  }
}

/** Where a process was killed in the middle of a transaction, only a writer can take it back: then it is asked once more. */
function afterRollback(gateway: Gateway, folder: string): Gateway {
  return async (request) => {
    try {
      return await gateway(request)
    } catch (error) {
      if (!needsRollback(error)) throw error
      openArchive(folder).close()
      return gateway(request)
    }
  }
}

/** Listens on every address, on one port. Where nobody named an address, a machine without IPv6 is no error. */
async function listenOn(
  server: HttpServer,
  hosts: readonly string[],
  port: number,
  isUsual: boolean,
): Promise<{ port: number; hosts: string[] }> {
  let chosen = port
  const listening: string[] = []
  for (const host of hosts) {
    try {
      chosen = await server.listen(host, chosen)
      listening.push(host)
    } catch (error) {
      const isMissing = error instanceof OvnError && /no address of this machine/.test(error.message)
      if (isUsual && listening.length > 0 && isMissing) continue
      await server.close()
      throw error
    }
  }
  return { port: chosen, hosts: listening }
}

function warningsOf(hosts: readonly string[], { anyHost, trustProxy, allowScripts }: ServeOptions): string[] {
  const open = hosts.filter((host) => !isLoopback(host))
  return [
    ...(open.length > 0 ? [`warning: whoever can reach ${open.join(', ')} can read this archive`] : []),
    ...(anyHost ? ['warning: pages elsewhere can read all that is served, under a name of their own'] : []),
    ...(trustProxy ? ['warning: X-Forwarded-Host and X-Forwarded-Proto are believed, whoever sends them'] : []),
    ...(allowScripts ? ['warning: scripts of archived pages are run, and can go online'] : []),
  ]
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new OvnError('usage', `--port: "${text}" is no port`, { hint: 'give a number from 0 to 65535' })
}

function readHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 || host === 'localhost') return host
  throw new OvnError('usage', `--host: "${text}" is no address`, {
    hint: 'give an address such as 192.168.1.5, or 0.0.0.0 for all; a name goes to --public-host',
  })
}

function readPublicHost(text: string): string {
  if (isHostName(text)) return text
  throw new OvnError('usage', `--public-host: "${text}" is no name of a host`, {
    hint: 'give a name without scheme and port, such as archive.example or *.archive.example',
  })
}

function readDnsLink(text: string): [name: string, path: string] {
  const [, name, path] = /^([^=/\s]+)=(\/ip[fn]s\/\S+)$/.exec(text) ?? []
  if (name !== undefined && path !== undefined) return [name.toLowerCase(), path]
  throw new OvnError('usage', `--dnslink: "${text}" is no name and path`, {
    hint: 'give one such as archive.example=/ipfs/bafy…',
  })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
