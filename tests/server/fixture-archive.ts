// An archive that holds the fixtures of the official suite: their blocks as they are, whole or not, each root on record.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CID } from 'multiformats/cid'
import { type Archive, createArchive } from '../../src/archive/archive.ts'
import { readCarSections } from '../../src/dag/read-car.ts'
import { toV1 } from '../../src/dag/walk.ts'
import { parseKeyName, storeRecord } from '../../src/server/ipns.ts'

/** The fixtures of ipfs/gateway-conformance, which are not part of this project. */
export const gatewayFixtures =
  process.env.OVN_GATEWAY_FIXTURES ?? fileURLToPath(new URL('../../../shared/gateway-fixtures', import.meta.url))

/** Whether they are there; `describe.skipIf(!hasGatewayFixtures)`. Says so aloud where they are not. */
export const hasGatewayFixtures =
  existsSync(gatewayFixtures) && readdirSync(gatewayFixtures).some((name) => name.endsWith('.car'))

if (!hasGatewayFixtures) {
  // biome-ignore lint/suspicious/noConsole: tests that are left out must be noticed.
  console.warn(
    `tests of the gateway with official fixtures are SKIPPED: none at ${gatewayFixtures}; name a folder with those of ipfs/gateway-conformance in OVN_GATEWAY_FIXTURES`,
  )
}

export const fixturePath = (name: string) => join(gatewayFixtures, name)

export interface FixtureBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** The roots and the blocks of a CAR. */
export async function readFixture(file: string): Promise<{ roots: readonly CID[]; blocks: FixtureBlock[] }> {
  const bytes = readFileSync(file)
  const { roots, sections } = await readCarSections(
    (async function* () {
      yield bytes
    })(),
    basename(file),
  )
  return { roots, blocks: await Array.fromAsync(sections, ({ cid, bytes }) => ({ cid, bytes })) }
}

/** Makes an archive of some DAGs: stores what can be checked, and records every root. They need not be whole. */
export async function archiveOf(
  folder: string,
  dags: readonly { readonly roots: readonly CID[]; readonly blocks: readonly FixtureBlock[] }[],
): Promise<Archive> {
  const archive = createArchive(folder)
  const blocks = dags.flatMap((dag) => dag.blocks).filter(({ cid }) => cid.multihash.code === 0x12)
  const roots = new Map(dags.flatMap((dag) => dag.roots).map((root) => [toV1(root).toString(), toV1(root)]))
  const prepared = [...roots].map(([root, cid], index) => ({
    root: cid,
    draft: {
      event: 'import' as const,
      time: '2026-01-01T00:00:00Z',
      slug: `fixture-${index + 1}`,
      version: 1,
      root,
      size: 0,
      title: `Fixture ${index + 1}`,
      categories: [],
    },
    fits: () => true,
  }))
  await archive.store(blocks, prepared)
  return archive
}

/** Makes an archive of all the fixtures: every CAR, every IPNS record, the invalid ones too. */
export async function fixtureArchive(folder: string): Promise<Archive> {
  const files = readdirSync(gatewayFixtures, { recursive: true, encoding: 'utf8' }).sort()
  const cars = files.filter((name) => name.endsWith('.car') && !name.startsWith('hostile'))
  const archive = await archiveOf(folder, await Promise.all(cars.map((name) => readFixture(fixturePath(name)))))
  for (const file of files.filter((name) => name.endsWith('.ipns-record'))) {
    const name = parseKeyName(basename(file).split(/[_.]/)[0] as string)
    if (name === undefined) throw new Error(`${file} is not named after a key`)
    await storeRecord(archive.datastore, name, readFileSync(fixturePath(file)), new Date(0))
  }
  return archive
}

/** The names that stand for paths in the fixtures. */
export function fixtureDnsLinks(): [name: string, path: string][] {
  return readFileSync(fixturePath('dnslinks.IPFS_NS_MAP'), 'utf8')
    .trim()
    .split(',')
    .map((pair) => pair.split(':') as [string, string])
}
