// Every system call that a command makes on the archive, on its input and for its answer, made to fail, one at a time. strace
// lists the calls of one run; then each of them fails in a run of its own, or the process is killed at it. Calls are counted
// from the first that names one of these files, as `-P` does: what Node does to start is none of them.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, cpSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { binary, environment } from '../cli/ovn.ts'
import { writeArticles } from './commands.ts'
import { inFolder, type Outcome, type Random, type Row, randomFrom } from './harness.ts'
import { type Judge, startJudge, type Verdict } from './judge.ts'

/** What a call answers instead of doing its work; at KILL the process ends before it. `EIO+`: it and all like it that follow. */
const faults = ['KILL', 'EIO', 'ENOSPC', 'EMFILE', 'EIO+', 'ENOSPC+'] as const
type Fault = (typeof faults)[number]

/** One call of a run: the `index`-th of its name on its file. */
interface Call {
  readonly name: string
  /** Below the folder of the run. */
  readonly file: string
  readonly index: number
  /** Its number among all of its name in its thread, from the start of the process. */
  readonly overall: number
  /** May ask the disk for space, or for one more open file. */
  readonly takesSpace: boolean
  readonly opens: boolean
}

interface Command {
  readonly name: string
  readonly args: readonly string[]
  /** Runs that make what it finds, in a folder that has the articles. */
  readonly before: readonly (readonly string[])[]
  /** What is live before, and after. */
  readonly live: readonly [before: readonly string[], after: readonly string[]]
  /** Whether nothing that is strays may be left when it has done its work. */
  readonly frees?: boolean
  /** Makes more calls than can be tried one by one. */
  readonly large?: boolean
}

const publishTwo = ['publish', 'one.md', 'two.md'] as const
const withdraw = ['unpublish', 'one', '--reason', 'r'] as const

const commands: readonly Command[] = [
  { name: 'first publish', args: ['publish', 'one.md'], before: [], live: [[], ['one@1']] },
  {
    name: 'publish',
    args: ['publish', 'three.md'],
    before: [publishTwo],
    live: [
      ['one@1', 'two@1'],
      ['one@1', 'three@1', 'two@1'],
    ],
  },
  {
    name: 'import',
    args: ['import', 'three.car'],
    before: [
      ['publish', 'three.md', '-C', 'elsewhere'],
      ['export', 'three', '-o', 'three.car', '-C', 'elsewhere'],
      publishTwo,
    ],
    live: [
      ['one@1', 'two@1'],
      ['one@1', 'three@1', 'two@1'],
    ],
  },
  { name: 'unpublish', args: withdraw, before: [publishTwo], live: [['one@1', 'two@1'], ['two@1']] },
  { name: 'gc', args: ['gc'], before: [publishTwo, withdraw], live: [['two@1'], ['two@1']], frees: true },
  // Stores ahead of its pin, and holds what it stored.
  {
    name: 'large publish',
    args: ['publish', 'large.md'],
    before: [publishTwo],
    live: [
      ['one@1', 'two@1'],
      ['large@1', 'one@1', 'two@1'],
    ],
    large: true,
  },
]

/** A command with the folder that it finds, and all the calls that it makes there. */
interface Traced {
  readonly command: Command
  /** Copied for every run. */
  readonly template: string
  readonly calls: readonly Call[]
}

interface Case {
  readonly traced: Traced
  readonly call: Call
  readonly fault: Fault
}

/** Whether strace can be used here. */
export const hasStrace = spawnSync('strace', ['-V']).status === 0

/** Makes each call of each command fail in each way, or a sample of that. */
export async function failSystemCalls(seed: number, sample?: number): Promise<Outcome> {
  if (!hasStrace) throw new Error('strace is not installed')
  return inFolder(async (folder) => {
    const judge = startJudge()
    const chosen = commands.filter(({ large }) => sample === undefined || large !== true)
    const traced: Traced[] = []
    for (const [index, command] of chosen.entries())
      traced.push(await traceCommand(command, join(folder, `${index}`), judge))
    const random = randomFrom(seed)
    const all = traced.flatMap((each) => casesOf(each, random))
    const cases = sample === undefined ? all : choose(all, sample, random)
    const failures: string[] = []
    const missed: string[] = []
    let injected = 0
    const work = async (worker: number) => {
      for (let next = cases.shift(); next !== undefined; next = cases.shift()) {
        const {
          traced: { command },
          call,
          fault,
        } = next
        const wrong = await tryCase(next, join(folder, `run-${worker}`), judge)
        const what = `${command.name}: ${call.name} number ${call.index} on ${call.file} with ${fault}`
        if (wrong === undefined) missed.push(what)
        else injected += 1
        failures.push(...(wrong ?? []).map((each) => `${what}: ${each}`))
      }
    }
    await Promise.all([work(1), work(2)]).finally(() => judge.end())
    if (missed.length > injected / 10) failures.push(`${missed.length} faults were not injected: ${missed[0]}, …`)
    const calls = traced.map((each) => `${each.command.name} ${each.calls.length}`).join(', ')
    const done = `${injected} faults injected of ${all.length}, ${missed.length} missed as the call was not made again`
    return { done: `${done} (calls: ${calls})`, failures }
  })
}

export const rows: readonly Row[] = [
  {
    name: 'syscalls',
    holds:
      'every system call x {SIGKILL, EIO, ENOSPC, EMFILE}: consistent, no false acknowledgement, non-zero exit, a clear message',
    run: (seed) => failSystemCalls(seed),
  },
]

function casesOf(traced: Traced, random: Random): Case[] {
  const cases = traced.calls.flatMap((call) => {
    const fitting = faults.filter((fault) => {
      if (fault === 'ENOSPC+') return call.takesSpace && !call.file.includes('*')
      if (fault === 'ENOSPC') return call.takesSpace
      // What follows on a file of a changing name cannot be told from what follows elsewhere.
      if (fault === 'EIO+') return !call.file.includes('*')
      return fault === 'EMFILE' ? call.opens : true
    })
    return fitting.map((fault) => ({ traced, call, fault }))
  })
  if (traced.command.large !== true) return cases
  // The same few calls thousands of times: all of those on the lock of its hold, and some of the others.
  const isRare = ({ call }: Case) => call.file.includes('*')
  return [
    ...cases.filter(isRare),
    ...choose(
      cases.filter((each) => !isRare(each)),
      300,
      random,
    ),
  ]
}

/** A sample: what decides whether a record is on disk, and what the user is told, first; then whatever comes. */
function choose(all: readonly Case[], count: number, random: Random): Case[] {
  const vital = new Set([
    'manifest.jsonl fsync EIO',
    'manifest.jsonl write KILL',
    'manifest.jsonl write ENOSPC',
    'answer write ENOSPC',
  ])
  const isVital = ({ call: { name, file }, fault }: Case) => vital.has(`${basename(file)} ${name} ${fault}`)
  const chosen = shuffle(all.filter(isVital), random).slice(0, 0.6 * count)
  const rest = all.filter((each) => !chosen.includes(each))
  while (chosen.length < count && rest.length > 0) chosen.push(...rest.splice(random(rest.length), 1))
  return chosen
}

function shuffle<T>(all: readonly T[], random: Random): T[] {
  const left = [...all]
  return Array.from(all, () => left.splice(random(left.length), 1)[0] as T)
}

/** Makes what a command finds, runs it under strace, and lists the calls that it made. */
async function traceCommand(command: Command, template: string, judge: Judge): Promise<Traced> {
  writeArticles(join(template, 'in'))
  if (command.large) {
    writeFileSync(join(template, 'in/large.md'), '# large\n\n[Data](data.bin)\n')
    writeFileSync(join(template, 'in/data.bin'), randomBytes(34 * 1024 * 1024))
  }
  for (const args of command.before) {
    const { status, stderr } = spawnSync(process.execPath, [binary, ...args], {
      ...surroundings(template),
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`ovn ${args.join(' ')}: ${stderr}`)
  }
  const run = `${template}-traced`
  cpSync(template, run, { recursive: true })
  const { status, log } = await runTraced(command, run, ['-e', 'trace=%file,%desc'])
  if (status !== 0) throw new Error(`ovn ${command.args.join(' ')} ended with ${status} under strace`)
  const { live } = await judge.judge(archiveIn(run))
  if (live.join() !== command.live[1].join()) throw new Error(`${command.name} leaves ${live}`)
  rmSync(run, { recursive: true })
  return { command, template, calls: callsIn(log, run) }
}

/** The calls in a log of strace that concern files of the run, each once with its number. */
function callsIn(log: string, run: string): Call[] {
  const counts = new Map<string, number>()
  const count = (what: string) => {
    counts.set(what, (counts.get(what) ?? 0) + 1)
    return counts.get(what) ?? 0
  }
  const calls = new Map<string, Call>()
  for (const { thread, name, file, args } of linesOf(log, run)) {
    const overall = count(`${thread} ${name}`)
    // How Node looks at its standard output is its own affair, and who asks where it is names no file.
    if (file === undefined || name === 'getcwd' || (file === 'answer' && name !== 'write')) continue
    const index = count(`${thread} ${name} ${file}`)
    const opens = name.startsWith('open')
    const takesSpace = opens
      ? args.includes('O_CREAT')
      : /^(p?write|mkdir|rename|link|f?truncate|falloc|f(data)?sync)/.test(name)
    calls.set(`${name} ${file} ${index}`, { name, file, index, overall, opens, takesSpace })
  }
  return [...calls.values()]
}

interface Line {
  readonly thread: string
  readonly name: string
  /** Below the folder of the run, with `*` for what is another name in every run; undefined for a file elsewhere. */
  readonly file: string | undefined
  readonly args: string
}

function linesOf(log: string, run: string): Line[] {
  return log.split('\n').flatMap((text) => {
    const [, thread = '', name = '', args = ''] = /^(\d+) +(\w+)\((.*)/.exec(text) ?? []
    const [, path = ''] = /^(?:AT_FDCWD<[^>]*>, )?(?:\d+<|")([^">]*)/.exec(args) ?? []
    const file = path.startsWith(`${run}/`)
      ? path.slice(run.length + 1).replace(/[\da-f]{8}-[\da-f-]{27}/, '*')
      : undefined
    return name === '' ? [] : [{ thread, name, file, args }]
  })
}

/** Runs a command with a fault in a copy of what it finds. Returns what did not hold; undefined where the call was not made. */
async function tryCase({ traced, call, fault }: Case, run: string, judge: Judge): Promise<string[] | undefined> {
  const { command } = traced
  const ended = await (call.file.includes('*') ? injectAnywhere : inject)(traced, run, call, fault)
  if (ended === undefined) return undefined
  const wrong = assessEnd(ended, fault, command)
  // What was not flushed may look as if it were there.
  if (ended.status === 0 && fault.startsWith('EIO') && mustFlush(traced, call)) {
    wrong.push('acknowledged, and it was not flushed')
  }
  const isAcknowledged = ended.answer.includes('\n')
  const found = await judge.judge(archiveIn(run))
  wrong.push(...assessArchive(found, command, ended.status === 0 || isAcknowledged))

  // The next command needs no help, and does what is left to be done.
  const again = await endOf(
    spawn(process.execPath, [binary, ...command.args, '-q'], {
      ...surroundings(run),
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  )
  if (again.status !== 0) wrong.push(`the same command again ends with ${again.status}: ${again.stderr}`)
  const then = await judge.judge(archiveIn(run))
  wrong.push(...assessArchive(then, command, true).map((each) => `after the same command again, ${each}`))
  return wrong
}

/**
 * Whether a command fails where this call does. SQLite passes over it where the folder of its journal cannot be flushed; ours is
 * the last, when there was no manifest before.
 */
function mustFlush({ command, calls }: Traced, call: Call): boolean {
  if (!call.name.endsWith('sync')) return false
  if (call.file !== 'archive') return true
  return (
    command.before.length === 0 && call === calls.findLast(({ name, file }) => name === call.name && file === call.file)
  )
}

const reasons = /disk|too many files|cannot be (opened|read|written|made)|cannot read/

function assessEnd({ status, stderr, answer }: Run, fault: Fault, { args }: Command): string[] {
  if (fault === 'KILL') return status === null || status > 128 ? [] : [`killed, it ended with ${status}`]
  const wrong: string[] = []
  if (status === 0) {
    if (stderr !== '') wrong.push(`done, it says: ${stderr}`)
    if (!answer.endsWith('\n')) wrong.push(`exit code 0 without a whole answer: ${JSON.stringify(answer)}`)
    return wrong
  }
  // An article that cannot be read is an error of that article.
  const expected = args[0] === 'publish' ? [6, 2] : [6]
  if (status === null || !expected.includes(status)) wrong.push(`it ends with ${status}: ${stderr}`)
  const isClear = /^(ovn: .+\n)+$/.test(stderr) && !/bug in ovn|^ovn: +at /m.test(stderr) && reasons.test(stderr)
  if (!isClear) wrong.push(`it says: ${stderr}`)
  return wrong
}

function assessArchive(
  { wrong, live, strays }: Verdict,
  { live: [before, after], frees }: Command,
  isDone: boolean,
): string[] {
  const now = live.join()
  const all = [...wrong]
  if (now !== after.join() && (isDone || now !== before.join()))
    all.push(`${isDone ? 'acknowledged, but ' : ''}live are: ${now}`)
  if (isDone && frees && strays !== 0) all.push(`acknowledged, but ${strays} blocks of strays are left`)
  return all
}

interface Run {
  /** null where a signal ended it. */
  readonly status: number | null
  readonly stderr: string
  /** What it printed, to a file. */
  readonly answer: string
  readonly log: string
}

async function inject(traced: Traced, run: string, call: Call, fault: Fault): Promise<Run | undefined> {
  // A sweep works by the clock, and does not make every call every time.
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    copyTemplate(traced, run)
    const options = ['-P', join(run, call.file), ...injection(call.name, call.index, fault)]
    const ended = await runTraced(traced.command, run, options)
    if (wasInjected(ended.log)) return ended
  }
  return undefined
}

/**
 * A fault at a call on a file whose name is another in every run. The calls of the whole process are counted, which is not the
 * same number each time: where another call was hit, it is tried again with the number that would have been right.
 */
async function injectAnywhere(traced: Traced, run: string, call: Call, fault: Fault): Promise<Run | undefined> {
  for (let index = call.overall, attempt = 1; attempt <= 5; attempt += 1) {
    copyTemplate(traced, run)
    const ended = await runTraced(traced.command, run, injection(call.name, index, fault))
    const hit = callsIn(ended.log, run).filter(({ file }) => file === call.file)
    const right = hit.find((each) => each.index === call.index)
    if (right?.overall === index && wasInjected(ended.log)) return ended
    if (right === undefined) index += 1
    else index = right.overall
  }
  return undefined
}

function copyTemplate({ template }: Traced, run: string): void {
  rmSync(run, { recursive: true, force: true })
  cpSync(template, run, { recursive: true })
}

function injection(name: string, index: number, fault: Fault): string[] {
  const effect = fault === 'KILL' ? 'signal=KILL' : `error=${fault.replace('+', '')}`
  return ['-e', `trace=${name}`, '-e', `inject=${name}:${effect}:when=${index}${fault.endsWith('+') ? '+' : ''}`]
}

function wasInjected(log: string): boolean {
  return log.includes('(INJECTED)') || log.includes('killed by SIGKILL')
}

/** Runs a command under strace, its answer going to a file. One thread does what is not done on the main one, so that calls have an order. */
async function runTraced({ args }: Command, run: string, options: readonly string[]): Promise<Run> {
  const log = join(`${run}.strace`)
  const answer = openSync(join(run, 'answer'), 'w')
  try {
    const child = spawn('strace', ['-f', '-y', '-o', log, ...options, process.execPath, binary, ...args], {
      ...surroundings(run),
      stdio: ['ignore', answer, 'pipe'],
    })
    const { status, stderr } = await endOf(child)
    return { status, stderr, answer: readFileSync(join(run, 'answer'), 'utf8'), log: readFileSync(log, 'utf8') }
  } finally {
    closeSync(answer)
  }
}

function endOf(child: ChildProcess): Promise<{ status: number | null; stderr: string }> {
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status, stderr }))
  })
}

function surroundings(run: string) {
  return { cwd: join(run, 'in'), env: environment({ UV_THREADPOOL_SIZE: '1', OVN_ARCHIVE: archiveIn(run) }) }
}

function archiveIn(run: string): string {
  return join(run, 'archive')
}
