// Mutated CARs that are imported into an archive, which stays as it was unless a whole and right DAG came in.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { layout } from '../../src/archive/layout.ts'
import { importAll } from '../../src/commands/import.ts'
import { OvnError } from '../../src/errors.ts'
import { verifyArchive } from '../../src/verify/verify-archive.ts'
import { carOf } from '../dag/hostile-cars.ts'
import { dagOf } from '../network/liar.ts'
import { pick, type Random } from './harness.ts'
import { mutateCar, mutateTree, type Tree } from './mutator.ts'
import type { Target } from './targets.ts'

export interface Importer extends Target {
  readonly counts: { readonly imported: number; readonly unchanged: number; readonly refused: number }
  /** Checks the archive as a whole. */
  end(): Promise<string[]>
}

/** Makes what imports mutated bundles of one archive into another, which has one of them. */
export async function makeImporter(origin: string): Promise<Importer> {
  const archive = join(origin, '..', 'imported')
  const trees: Tree[] = []
  for (const line of readLines(origin)) {
    const { root, blocks } = await dagOf(origin, String(JSON.parse(line).root))
    trees.push({ roots: [root], blocks })
  }
  const pieces = trees.flatMap(({ blocks }) => blocks.map(({ bytes }) => bytes))
  const counts = { imported: 0, unchanged: 0, refused: 0 }
  const signal = new AbortController().signal
  function importCar(car: Uint8Array, chunk: number) {
    async function* input() {
      for (let at = 0; at < car.byteLength; at += chunk) yield car.subarray(at, at + chunk)
    }
    return importAll(
      ['-'],
      {},
      {
        archive,
        environment: {},
        cwd: join(archive, '..'),
        now: new Date(0),
        signal,
        report: () => undefined,
        readInput: () => Promise.reject(new Error('nothing is read whole')),
        streamInput: input,
        writeOutput: () => Promise.reject(new Error('nothing is written')),
        outputIsTerminal: false,
      },
    )
  }

  const [first = { roots: [], blocks: [] }] = trees
  await importCar(await carOf(first.roots, first.blocks), 65_536)
  let records = 1
  let state = stateOf(archive)

  return {
    name: 'an import',
    share: 1,
    counts,
    async tryOne(random: Random) {
      const tree = random(2) === 0 ? mutateTree(random, pick(random, trees), pieces) : pick(random, trees)
      const car = mutateCar(random, tree, pieces)
      try {
        const { articles } = await importCar(car, 1 + random(65_536))
        const added = articles.filter(({ status }) => status === 'imported').length
        if (added === 0) counts.unchanged += 1
        else counts.imported += 1
        records += added
        // What is there already is stored again: that heals it.
        state = stateOf(archive)
      } catch (error) {
        if (!(error instanceof OvnError)) throw error
        counts.refused += 1
        const before = state
        state = stateOf(archive)
        if (state !== before) throw new Error(`it changed the archive, and was refused: ${error.message}`)
      }
    },
    async end() {
      const found = readLines(archive).length
      const { damage } = await verifyArchive(archive, [], { signal, onBytes: () => undefined })
      return [
        ...(found === records ? [] : [`the manifest has ${found} lines, not ${records}`]),
        ...damage.map(({ code, message }) => `${code}: ${message}`),
      ]
    },
  }
}

function readLines(archive: string): string[] {
  return readFileSync(layout.manifest(archive), 'utf8').trimEnd().split('\n')
}

/** What tells whether the archive's files were written to. */
function stateOf(archive: string): string {
  return [layout.blocks(archive), layout.manifest(archive)]
    .map((file) => statSync(file, { bigint: true }))
    .map(({ size, mtimeNs, ino }) => `${size} ${mtimeNs} ${ino}`)
    .join()
}
