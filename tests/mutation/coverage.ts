// `npm run coverage`: what share of the statements and branches of `src/` the tests reach, in their own process, in every process
// of the binary that they start, or in either. What runs in a browser, or in a process that is killed, is not counted.

import { globSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Point, plantCounters } from './probes.ts'
import { hasSeen, makeSandbox, type Seen } from './sandbox.ts'

const points: Point[] = []
using sandbox = makeSandbox((file, source) => plantCounters(file, source, points))
const seen = await sandbox.record(process.argv.slice(2))
const tests = new Set(seen.filter(({ time }) => time !== undefined).map(({ test }) => test))
const failed = seen.filter((each) => each.failed).map(({ test }) => test)
if (tests.size === 0) throw new Error('no test was run')

const all = points.map((_, index) => index)
const reachedBy = (some: readonly Seen[]) => new Set(all.filter((id) => some.some(({ bits }) => hasSeen(bits, id))))
const inTests = reachedBy(seen.filter(({ child }) => !child))
const inBinary = reachedBy(seen.filter(({ child }) => child))

/** A row of the table: of these points, how many were reached. */
function row(name: string, indices: readonly number[]): string {
  const share = (kind: Point['kind'], sets: readonly ReadonlySet<number>[]) => {
    const all = indices.filter((index) => points[index]?.kind === kind)
    const reached = all.filter((index) => sets.some((set) => set.has(index)))
    return all.length === 0 ? '' : `${((100 * reached.length) / all.length).toFixed(1)} %`
  }
  const both = [inTests, inBinary]
  const statements = indices.filter((index) => points[index]?.kind === 'statement').length
  return `| ${name} | ${statements} | ${share('statement', [inTests])} | ${share('statement', [inBinary])} | ${share('statement', both)} | ${share('branch', both)} |`
}

const byFolder = Map.groupBy(all, (index) => dirname(points[index]?.file ?? ''))
console.log(`${tests.size} tests, of which ${failed.length} failed under the probes\n`)
for (const name of failed) console.log(`failed: ${name}`)
console.log('| folder | statements | in the tests’ process | in the binary | in either | branches, in either |')
console.log('| --- | --- | --- | --- | --- | --- |')
for (const [folder, indices] of [...byFolder].toSorted(([one], [other]) => (one < other ? -1 : 1)))
  console.log(row(`\`${folder}/\``, indices))
console.log(row('**all**', all))

console.log('\nStatements that no test reaches:')
const missed = Map.groupBy(
  all.filter((index) => points[index]?.kind === 'statement' && !inTests.has(index) && !inBinary.has(index)),
  (index) => points[index]?.file ?? '',
)
for (const file of globSync('src/**/*.ts', { cwd: sandbox.folder }).toSorted()) {
  const lines = [...new Set(missed.get(file)?.map((index) => points[index]?.line))]
  if (lines.length > 0) console.log(`${file}: ${lines.join(', ')}`)
}
