// Asks a gateway without a socket: request in, answer out.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Archive } from '../../src/archive/archive.ts'
import { resolvePath } from '../../src/dag/resolve-path.ts'
import type { Gateway } from '../../src/server/gateway.ts'
import { fixtureArchive, fixtureDnsLinks, fixturePath, gatewayFixtures, readFixture } from './fixture-archive.ts'
import { gatewayOf } from './gateway-of.ts'

export interface Asked {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly text: string
}

export type Ask = (url: string, headers?: Record<string, string>, method?: string) => Promise<Asked>

/** Asks on one host, which a header may override. */
export function askingOn(gateway: Gateway, host = '127.0.0.1:8080'): Ask {
  return async (url, headers = {}, method = 'GET') => {
    const lower = Object.fromEntries(
      Object.entries({ host, ...headers }).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const answer = await gateway({ method, url, headers: lower })
    const parts =
      answer.body === undefined
        ? []
        : answer.body instanceof Uint8Array
          ? [answer.body]
          : await Array.fromAsync(answer.body)
    const body = Buffer.concat(parts)
    const names = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])
    // What node:http sends must be one line of Latin-1 each.
    for (const [name, value] of names) expect(value, name).toMatch(/^[ -~\u00a0-\u00ff]*$/)
    return { status: answer.status, headers: Object.fromEntries(names), body, text: body.toString('utf8') }
  }
}

export interface Fixtures {
  readonly archive: Archive
  /** The path gateway. */
  readonly ask: Ask
  /** The host of the subdomain gateway, and of one root of it. */
  readonly askLocal: Ask
  readonly askRoot: (label: string, namespace?: 'ipfs' | 'ipns') => Ask
  /** The CID of a path in a CAR. */
  cidAt(car: string, ...path: string[]): Promise<CID>
  /** The bytes of one block. */
  blockOf(cid: CID): Promise<Buffer>
  /** CIDs of all blocks of a CAR. */
  blocksIn(car: string): Promise<string[]>
}

/** The gateway over all fixtures, for the tests of a `describe`. */
export function useFixtures(): Fixtures {
  let folder: string
  let archive: Archive | undefined
  let gateway: Gateway | undefined
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ovn-gateway-'))
    archive = await fixtureArchive(join(folder, 'archive'))
    gateway = gatewayOf(archive, { dnsLinks: new Map(fixtureDnsLinks()) })
  })
  afterAll(() => {
    archive?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error(`no gateway over ${gatewayFixtures} yet`)
    return value
  }
  const on =
    (host: string): Ask =>
    (url, headers, method) =>
      askingOn(started(gateway), host)(url, headers, method)
  return {
    get archive() {
      return started(archive)
    },
    ask: on('127.0.0.1:8080'),
    askLocal: on('localhost:8080'),
    askRoot: (label, namespace = 'ipfs') => on(`${label}.${namespace}.localhost:8080`),
    async cidAt(car, ...path) {
      const { roots } = await readFixture(fixturePath(car))
      return (await resolvePath(started(archive).blocks, roots[0] as CID, path)).cid
    },
    async blockOf(cid) {
      return Buffer.concat(await Array.fromAsync(started(archive).blocks.get(cid)))
    },
    async blocksIn(car) {
      return (await readFixture(fixturePath(car))).blocks.map(({ cid }) => cid.toString())
    },
  }
}

/** The CIDs of a CAR's blocks in their order, after @ipld/car has read it, and its roots. */
export async function readCarBody(body: Uint8Array): Promise<{ roots: string[]; blocks: string[] }> {
  const { CarReader } = await import('@ipld/car')
  const reader = await CarReader.fromBytes(body)
  const blocks = await Array.fromAsync(reader.blocks(), ({ cid }) => cid.toString())
  return { roots: (await reader.getRoots()).map(String), blocks }
}

export const immutable = 'public, max-age=29030400, immutable'
export const hello = 'bafkqabtimvwgy3yk'

/** A CID that is in no archive. */
export const absent = CID.parse('QmYzfKSE55XCjD1MW128RfciAf2DViABhEiXfgVFMabSjN')
