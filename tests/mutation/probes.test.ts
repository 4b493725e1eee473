import { globSync, readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import { expect, it } from 'vitest'
import { type Mutant, type Point, plantCounters, plantMutants } from './probes.ts'

const source = `const said = []
function f(a, b) {
  said.push(a)
  if (a < b && !b) return ['x']
  else said.push('no')
  if (a === 9) throw new Error('nine')
  return b > 1 ? \`\${a}\` : a ?? 'none'
}
const run = () => [f(2, 1), f(1, 2), said.length]
`

/** What the source returns with its probes, which are given. */
function runWith(planted: string, probes: Record<string, unknown>): unknown {
  try {
    return new Function(...Object.keys(probes), `${planted}\nreturn run()`)(...Object.values(probes))
  } catch (error) {
    return `${error}`
  }
}

it('mutants are switched on one at a time, and change what the source does', () => {
  const mutants: Mutant[] = []
  const planted = plantMutants('f.ts', source, mutants)
  const runMutant = (id: number) => runWith(planted, { M: (which: number) => which === id })
  expect(runMutant(0)).toEqual([2, '1', 4])
  const found = mutants.map(({ id, line, change }) => `${line}: ${change}: ${JSON.stringify(runMutant(id))}`)
  expect(found).toEqual([
    '2: return at once: [null,null,0]',
    '3: said.push(a) → nothing: [2,"1",2]',
    '5: said.push(\'no\') → nothing: [2,"1",2]',
    '4: a < b && !b → true: [["x"],["x"],2]',
    '4: a < b && !b → false: [2,"1",4]',
    '4: a < b && !b → (a < b) || (!b): [2,["x"],3]',
    '4: a < b → (a) <= (b): [2,"1",4]',
    '4: a < b → (a) >= (b): [2,"1",4]',
    '4: !b → b: [2,["x"],3]',
    '4: [\'x\'] → []: [2,"1",4]',
    "4: 'x' → '': [2,\"1\",4]",
    "5: 'no' → '': [2,\"1\",4]",
    '6: throw new Error(\'nine\') → nothing: [2,"1",4]',
    '6: a === 9 → true: "Error: nine"',
    '6: a === 9 → false: [2,"1",4]',
    '6: a === 9 → (a) !== (9): "Error: nine"',
    '7: b > 1 → true: ["2","1",4]',
    '7: b > 1 → false: [2,1,4]',
    '7: b > 1 → (b) >= (1): ["2","1",4]',
    '7: b > 1 → (b) <= (1): ["2",1,4]',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source.
    '7: `${a}` → ``: [2,"",4]',
    '7: a ?? \'none\' → a: [2,"1",4]',
    "7: 'none' → '': [2,\"1\",4]",
    '9: [f(2, 1), f(1, 2), said.length] → []: []',
  ])
})

it('counters count what was reached, and change nothing', () => {
  const points: Point[] = []
  const planted = plantCounters('f.ts', source, points)
  const reached = new Set<number>()
  const H = (id: number) => void reached.add(id)
  const B = (yes: number, no: number, value: unknown) => {
    reached.add(value ? yes : no)
    return value
  }
  expect(runWith(planted, { H, B })).toEqual([2, '1', 4])
  const missed = points.filter((_, id) => !reached.has(id)).map(({ kind, line, column }) => [kind, line, column])
  expect(missed).toEqual([
    ['statement', 4, 20],
    ['branch', 4, 7],
    ['statement', 6, 16],
    ['branch', 6, 7],
    ['branch', 7, 32],
  ])
})

it('every source can be planted, and its counters stand on its own lines', () => {
  const files = globSync('src/**/*.ts')
  expect(files.length).toBeGreaterThan(100)
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    const counted = plantCounters(file, text, [])
    expect(counted.split('\n').length).toBe(text.split('\n').length)
    for (const planted of [counted, plantMutants(file, text, [])]) parseAst(planted, { lang: 'ts' })
  }
})
