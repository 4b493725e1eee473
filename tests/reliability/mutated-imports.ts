// Mutated CARs that are imported into an archive, which has nothing afterwards but what came in whole and right.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { layout } from '../../src/archive/layout.ts'
import { importAll } from '../../src/commands/import.ts'
import { readCar } from '../../src/dag/read-car.ts'
import { OvnError } from '../../src/errors.ts'
import { verifyArchive } from '../../src/verify/verify-archive.ts'
import { carOf } from '../dag/hostile-cars.ts'
import { dagOf } from '../network/liar.ts'
import { pick, type Random } from './harness.ts'
import { mutateCar, mutateTree, renameBundle, type Tree } from './mutator.ts'
import type { Target } from './targets.ts'

/** CARs that are imported by one command. */
export const importBatch = 50

export interface Importer extends Target {
  readonly counts: { imported: number; unchanged: number; refused: number }
  /** Checks the archive as a whole. */
  end(): Promise<string[]>
}

/** Makes what imports mutated bundles of one archive into another, which has one of them. */
export async function makeImporter(origin: string): Promise<Importer> {
  const folder = join(origin, '..')
  const archive = join(folder, 'imported')
  const incoming = join(folder, 'incoming')
  mkdirSync(incoming)
  const trees: Tree[] = []
  for (const line of readLines(origin)) {
    const { root, blocks } = await dagOf(origin, String(JSON.parse(line).root))
    trees.push({ roots: [root], blocks })
  }
  const pieces = trees.flatMap(({ blocks }) => blocks.map(({ bytes }) => bytes))
  const counts = { imported: 0, unchanged: 0, refused: 0 }
  const signal = new AbortController().signal

  function importFrom(place: string) {
    return importAll(
      [place],
      {},
      {
        archive,
        environment: {},
        cwd: folder,
        now: new Date(0),
        signal,
        report: () => undefined,
        readInput: () => Promise.reject(new Error('nothing is read')),
        streamInput: () => {
          throw new Error('nothing is read')
        },
        writeOutput: () => Promise.reject(new Error('nothing is written')),
        outputIsTerminal: false,
      },
    )
  }

  const [first = { roots: [], blocks: [] }] = trees
  const whole = await carOf(first.roots, first.blocks)
  writeFileSync(join(folder, 'whole.car'), whole)
  await importFrom(join(folder, 'whole.car'))
  /** Multihashes of all that may be stored. */
  const expected = new Set(await blocksIn(whole))
  let records = 1
  const database = new DatabaseSync(layout.blocks(archive), { readOnly: true })
  const countBlocks = database.prepare('select count(*) as count from block')

  return {
    name: `${importBatch} imports`,
    share: 1,
    counts,
    async tryOne(random: Random) {
      const cars = Array.from({ length: importBatch }, (_, index) => {
        const chosen = pick(random, trees)
        // Only a few are articles of their own, and may be right: the archive is not to grow beyond measure.
        const named = random(20) === 0 ? renameBundle(chosen, `a${random(2 ** 31)}`) : chosen
        const tree = random(2) === 0 ? mutateTree(random, named, pieces) : named
        const file = join(incoming, `${index}.car`)
        const bytes = mutateCar(random, tree, pieces)
        writeFileSync(file, bytes)
        return { file, bytes }
      })
      const statuses = new Map<string, string>()
      try {
        for (const { file, status } of (await importFrom(incoming)).articles) statuses.set(file, status)
      } catch (error) {
        if (!(error instanceof OvnError)) throw error
      }
      for (const { file, bytes } of cars) {
        const status = statuses.get(file)
        if (status === undefined) counts.refused += 1
        else for (const name of await blocksIn(bytes)) expected.add(name)
        if (status === 'unchanged') counts.unchanged += 1
        if (status !== 'imported') continue
        counts.imported += 1
        records += 1
      }
      const count = Number(countBlocks.get()?.count)
      if (count !== expected.size)
        throw new Error(`${count} blocks are stored, and ${expected.size} came in whole DAGs`)
    },
    async end() {
      const stored = database.prepare('select multihash from block').all() as { multihash: Uint8Array }[]
      const strange = stored.filter(({ multihash }) => !expected.has(Buffer.from(multihash).toString('hex')))
      database.close()
      const found = readLines(archive).length
      const { damage } = await verifyArchive(archive, [], { signal, onBytes: () => undefined })
      return [
        ...(strange.length === 0 ? [] : [`${strange.length} blocks are stored that came in no whole DAG`]),
        ...(found === records ? [] : [`the manifest has ${found} lines, not ${records}`]),
        ...damage.map(({ code, message }) => `${code}: ${message}`),
      ]
    },
  }
}

function readLines(archive: string): string[] {
  return readFileSync(layout.manifest(archive), 'utf8').trimEnd().split('\n')
}

/** Multihashes of the blocks of a CAR that was taken, in hexadecimal. */
async function blocksIn(car: Uint8Array): Promise<string[]> {
  const { blocks } = await readCar(
    (async function* whole() {
      yield car
    })(),
    'x.car',
  )
  const names: string[] = []
  for await (const { cid } of blocks) {
    if (cid.multihash.code !== 0) names.push(Buffer.from(cid.multihash.bytes).toString('hex'))
  }
  return names
}
