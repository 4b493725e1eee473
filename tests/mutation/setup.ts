// Runs in vitest's workers, in the sandbox: says which test came by which probes, or leaves out those that are not asked for.

import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { afterEach, beforeEach, type TestContext } from 'vitest'

const { PROBE_RECORD: records, PROBE_ONLY: list } = process.env
const only = list === undefined ? undefined : new Set<string>(JSON.parse(readFileSync(list, 'utf8')))

const fileOf = ({ task }: TestContext) => relative(process.cwd(), task.file.filepath)

function nameOf(context: TestContext): string {
  const names = [context.task.name]
  for (let { suite } = context.task; suite !== undefined; { suite } = suite) names.unshift(suite.name)
  return `${fileOf(context)} > ${names.join(' > ')}`
}

/** Tests that run, and whether several of them did at one time: nobody knows then whose probes they are. */
let running = 0
let isMixed = false
let last: string | undefined
let start = 0

const write = (test: string | undefined, more?: object) =>
  (globalThis as { writeProbes?: (test: string | undefined, more?: object) => void }).writeProbes?.(test, more)

beforeEach((context) => {
  const file = fileOf(context)
  const name = nameOf(context)
  if (only !== undefined && !only.has(file) && !only.has(name)) return context.skip()
  if (records === undefined) return
  if (running === 0) {
    // What was seen since the last test is of what came after it, or of what came before all tests of a file.
    write(last?.startsWith(`${file} > `) ? last : file)
    isMixed = false
  } else isMixed = true
  running += 1
  last = name
  start = performance.now()
  process.env.PROBE_TEST = name
})

afterEach((context) => {
  if (records === undefined) return
  running -= 1
  const time = performance.now() - start
  const failed = context.task.result?.state === 'fail'
  write(isMixed ? fileOf(context) : nameOf(context), { time, failed })
})
