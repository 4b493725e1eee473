// `npm run mutation`: changes one small thing in a source, runs the tests that come by it, and sees whether one of them fails.
//
//     npm run mutation -- src/dag/walk.ts src/manifest/    only these files
//     OVN_SHARE=0.25 npm run mutation                      a quarter of the mutants of each file, chosen by OVN_SEED
//     OVN_RESULTS=results.jsonl npm run mutation           keeps each result there, and does not repeat those that it holds

import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { randomFrom } from '../reliability/harness.ts'
import { type Mutant, plantMutants } from './probes.ts'
import { hasSeen, makeSandbox } from './sandbox.ts'

const asked = process.argv.slice(2)
const wanted = asked.length > 0 ? asked : ['src/dag/', 'src/archive/', 'src/manifest/']
const seed = Number(process.env.OVN_SEED ?? 1)
const share = Number(process.env.OVN_SHARE ?? 1)
const results = process.env.OVN_RESULTS
/** How many mutants are tried at one time. */
const width = 2
/** Milliseconds of tests that a mutant must survive; those that took longest come last. */
const first = 1500
const budget = 15_000

type Fate = 'killed' | 'survived' | 'timeout' | 'not reached'
type Tried = Mutant & { readonly fate: Fate }

const keyOf = ({ file, line, column, change }: Mutant) => `${file}:${line}:${column}: ${change}`

const mutants: Mutant[] = []
using sandbox = makeSandbox((file, source) =>
  wanted.some((prefix) => file.startsWith(prefix)) ? plantMutants(file, source, mutants) : source,
)
const random = randomFrom(seed)
const chosen = mutants.filter(() => random(1_000_000) < share * 1_000_000)
const before: Tried[] =
  results !== undefined && existsSync(results)
    ? readFileSync(results, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []
const fates = new Map(before.map((tried) => [keyOf(tried), tried.fate]))
console.log(`OVN_SEED=${seed}: ${chosen.length} of ${mutants.length} mutants, ${fates.size} of them tried before`)

// Browsers are not reached by mutants, and the long harnesses repeat what shorter tests show.
const seen = await sandbox.record([
  '--exclude=tests/**/*browser*',
  '--exclude=tests/reliability/**',
  '--exclude=tests/*.test.ts',
])
const times = new Map<string, number>()
for (const { test, time } of seen) {
  if (test === undefined || time === undefined) continue
  const file = test.split(' > ')[0] as string
  times.set(test, time)
  times.set(file, (times.get(file) ?? 0) + time)
}
const unfit = new Set(seen.filter(({ failed }) => failed).map(({ test }) => test))
console.log(`${times.size} tests and files of tests, of which ${unfit.size} fail without a mutant and are left out`)
const byTest = Map.groupBy(seen, ({ test }) => test)

/** The tests that come by a mutant, in the order in which they are tried: those beside it first, then the quickest. */
function testsOf({ id, file }: Mutant): string[] {
  const beside = `${dirname(file).replace(/^src/, 'tests')}/`
  const costs = new Map<string, number>()
  for (const [test, all] of byTest) {
    const by = all.filter(({ bits }) => hasSeen(bits, id))
    if (test === undefined || by.length === 0 || unfit.has(test)) continue
    const isInBinary = by.every(({ child }) => child)
    costs.set(test, (times.get(test) ?? 1000) + (test.startsWith(beside) ? 0 : 1000) + (isInBinary ? 5000 : 0))
  }
  return [...costs].toSorted(([, one], [, other]) => one - other).map(([test]) => test)
}

const lists = mkdtempSync(join(tmpdir(), 'ovn-mutation-'))
const running = new Set<number>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const pid of running) killGroup(pid)
    process.exit(130)
  })
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

/** Runs some tests with a mutant, until one fails. */
async function runTests(id: number, tests: readonly string[]): Promise<Fate> {
  const list = join(lists, `${id}-${tests.length}.json`)
  writeFileSync(list, JSON.stringify(tests))
  const files = [...new Set(tests.map((test) => test.split(' > ')[0] as string))]
  const child = sandbox.start(
    ['--bail=1', ...files],
    { PROBE_MUTANT: `${id}`, PROBE_ONLY: list, PROBE_WORKERS: '1' },
    'ignore',
  )
  const pid = child.pid as number
  running.add(pid)
  const expected = tests.reduce((sum, test) => sum + (times.get(test) ?? 1000), 0)
  let isLate = false
  const timer = setTimeout(
    () => {
      isLate = true
      killGroup(pid)
    },
    120_000 + 10 * expected,
  )
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  // What the tests started, and a mutant kept from ending.
  killGroup(pid)
  running.delete(pid)
  rmSync(list)
  return isLate ? 'timeout' : code === 0 ? 'survived' : 'killed'
}

async function tryMutant(mutant: Mutant): Promise<Fate> {
  const tests = testsOf(mutant)
  if (tests.length === 0) return 'not reached'
  let fate: Fate = 'survived'
  for (const limit of [first, budget]) {
    let sum = 0
    const some: string[] = []
    while (tests.length > 0 && (some.length === 0 || sum < limit)) {
      const test = tests.shift() as string
      sum += times.get(test) ?? 1000
      some.push(test)
    }
    if (some.length > 0) fate = await runTests(mutant.id, some)
    if (fate !== 'survived') break
  }
  return fate
}

// Without a mutant all must survive; else a machine that is too busy would be taken for good tests.
const controls = chosen.filter((_, index) => index % Math.ceil(chosen.length / 10) === 0)
let falseKills = 0
for (const mutant of controls) {
  const tests = testsOf(mutant).slice(0, 20)
  if (tests.length > 0 && (await runTests(0, tests)) !== 'survived') falseKills += 1
}
console.log(`${controls.length} runs without a mutant, of which ${falseKills} failed`)

const tried: Tried[] = []
const waiting = chosen.values()
await Promise.all(
  Array.from({ length: width }, async () => {
    for (const mutant of waiting) {
      const known = fates.get(keyOf(mutant))
      const fate = known ?? (await tryMutant(mutant))
      tried.push({ ...mutant, fate })
      if (known !== undefined) continue
      if (results !== undefined) appendFileSync(results, `${JSON.stringify({ ...mutant, fate })}\n`)
      if (fate !== 'killed') console.log(`${tried.length}/${chosen.length} ${fate}: ${keyOf(mutant)}`)
    }
  }),
)
rmSync(lists, { recursive: true })

function row(name: string, some: readonly Tried[]): string {
  const count = (fate: Fate) => some.filter((each) => each.fate === fate).length
  const found = count('killed') + count('timeout')
  const score = ((100 * found) / some.length).toFixed(1)
  return `| ${name} | ${some.length} | ${count('killed')} | ${count('timeout')} | ${count('survived')} | ${count('not reached')} | ${score} % |`
}

console.log('\n| | mutants | killed | without end | survived | not reached | score |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
const sorted = (groups: Map<string, Tried[]>) => [...groups].toSorted(([one], [other]) => (one < other ? -1 : 1))
for (const [file, some] of sorted(Map.groupBy(tried, (each) => each.file))) console.log(row(`\`${file}\``, some))
for (const [folder, some] of sorted(Map.groupBy(tried, ({ file }) => dirname(file))))
  console.log(row(`**\`${folder}/\`**`, some))
console.log(row('**all**', tried))
