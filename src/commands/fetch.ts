// A ref → the article itself, in a folder or in the archive: from the own archive, a CAR, or the gateways that the user names.
//
// Where it is clear from the start that a gateway will be asked for all of it, it is asked before anything else is loaded: what
// takes the answer apart is loaded while it is on its way.

import { lstatSync, readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isArchive, locateArchive } from '../archive/layout.ts'
import { OvnError } from '../errors.ts'
import { type Address, parseAddress } from '../links/parse-ref.ts'
import { type Client, createClient } from '../network/http.ts'
import { carAccept, parseGateway, sourcesOf } from '../network/source.ts'
import type { Fetched, Repaired } from '../output/result.ts'
import type { Context } from './context.ts'
import type { FetchOptions } from './fetch-run.ts'

export interface FetchFlags extends Omit<FetchOptions, 'gateways' | 'timeout'> {
  /** Gateways, in the order in which they are asked. */
  readonly gateway?: readonly string[]
  /** Seconds. */
  readonly timeout?: string
  /** Whether damaged blocks of the archive are replaced, and nothing else is done. */
  readonly repair?: boolean
}

const defaultTimeout = 60
const longestTimeout = 86_400

/** Fetches what a ref names. Throws an OvnError for everything that stands in the way. */
export async function fetchRef(ref: string, flags: FetchFlags, context: Context): Promise<Fetched | Repaired> {
  assertFitting(flags)
  const { gateway, timeout, repair = false, ...rest } = flags
  const options = { ...rest, gateways: readGateways(gateway, context), timeout: 1000 * readTimeout(timeout) }
  const address = parseAddress(ref)
  const client = createClient(context.environment)
  try {
    if (!repair && askAtOnce(client, address, options, context)) await letOut()
    const { FetchRun } = await import('./fetch-run.ts')
    const run = new FetchRun({ ref, address, options, context, client })
    try {
      return await (repair ? run.repair() : run.fetch())
    } finally {
      run.close()
    }
  } finally {
    client.close()
  }
}

/** Throws an OvnError `usage` for options that would be of no effect. */
function assertFitting({ repair = false, pin = false, ...flags }: FetchFlags): void {
  const given = (['output', 'force', 'title', 'slug'] as const).filter((name) => flags[name] !== undefined)
  const idle = repair
    ? [...(pin ? ['pin'] : []), ...given]
    : pin
      ? []
      : given.filter((name) => name === 'title' || name === 'slug')
  if (idle.length === 0) return
  throw new OvnError('usage', `--${idle[0]} has no meaning ${repair ? 'with --repair' : 'without --pin'}`)
}

/** Asks the first source for its CAR, where it is certain that the run will do so too. Returns whether it did. */
function askAtOnce(client: Client, address: Address, options: FetchOptions, context: Context): boolean {
  const { environment, cwd, archive } = context
  if (address.kind !== 'root' || address.path.length > 0 || options.car !== undefined) return false
  if (isArchive(locateArchive({ archive, environment: environment.OVN_ARCHIVE, cwd }))) return false
  const { root, host = {} } = address
  if (options.pin !== true) {
    const target = resolve(cwd, options.output ?? root.toString())
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined || mayBeBegun(target)) return false
  }
  const [url] = sourcesOf(root, host, options.gateways)[0]?.cars(root) ?? []
  if (url === undefined) return false
  client.begin(url, carAccept)
  return true
}

/**
 * Lets a request out: loading modules keeps the event loop busy, and until it turns, a connection is neither opened nor written to.
 */
async function letOut(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Whether an earlier run may have begun to write a target: it says so in the name of a folder beside it. */
function mayBeBegun(target: string): boolean {
  try {
    return readdirSync(dirname(target)).some((name) => name.startsWith('.') && name.endsWith('.partial'))
  } catch {
    return true
  }
}

/** The gateways that the command line names, else the environment. */
function readGateways(flags: readonly string[] = [], { environment }: Context): URL[] {
  if (flags.length > 0) return flags.map((each) => parseGateway(each, '--gateway'))
  const named = (environment.OVN_GATEWAYS ?? '').split(/[\s,]+/).filter((each) => each !== '')
  return named.map((each) => parseGateway(each, '$OVN_GATEWAYS'))
}

function readTimeout(text: string | undefined): number {
  const seconds = text === undefined ? defaultTimeout : Number(text)
  if (seconds > 0 && seconds <= longestTimeout) return seconds
  throw new OvnError('usage', `--timeout: "${text}" is not a number of seconds`, {
    hint: `give more than 0, and at most ${longestTimeout}`,
  })
}
