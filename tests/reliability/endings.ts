// How every command ends where its answer cannot be written, where there is no home, and where it is told to stop: with an exit code
// that says so, and with nothing lost.

import type { ChildProcess } from 'node:child_process'
import { closeSync, cpSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { inPairs, liveAfter, liveBefore, makePlace, type Ran, run, type Step, steps } from './commands.ts'
import { inFolder, type Outcome, type Random, type Row, randomFrom } from './harness.ts'
import { type Judge, startJudge } from './judge.ts'

const noHome = { HOME: undefined, XDG_CACHE_HOME: undefined, TMPDIR: undefined }
const badHome = { HOME: '/proc/self/nowhere', XDG_CACHE_HOME: undefined, TMPDIR: '/proc/self/nowhere' }

/** Seconds in which a command that is told to stop has stopped, on a machine that has much else to do. */
const patience = 5

/** Ends every command in every way. */
export async function endCommands(seed: number): Promise<Outcome> {
  return inFolder(async (folder) => {
    const roots = makePlace(join(folder, 'place'))
    const judge = startJudge()
    try {
      const endings = new Endings(folder, roots.get('three') ?? '', judge, randomFrom(seed))
      await endings.run()
      return { done: `${endings.count} endings`, failures: endings.failures }
    } finally {
      judge.end()
    }
  })
}

export const rows: readonly Row[] = [
  {
    name: 'endings',
    holds: 'SIGINT, SIGTERM, a full or closed stdout and stderr, no home: a defined exit code, nothing lost',
    run: endCommands,
  },
]

class Endings {
  readonly #folder: string
  readonly #elsewhere: string
  readonly #judge: Judge
  readonly #random: Random
  readonly failures: string[] = []
  count = 0

  /** `elsewhere`: the root of what is in a CAR only. */
  constructor(folder: string, elsewhere: string, judge: Judge, random: Random) {
    this.#folder = folder
    this.#elsewhere = elsewhere
    this.#judge = judge
    this.#random = random
  }

  async run(): Promise<void> {
    await inPairs(
      steps.flatMap((step) => [
        () => this.#toFullDisk(step),
        () => this.#toNobody(step),
        () => this.#toNowhere(step),
        ...(step.writes ? (['SIGINT', 'SIGTERM'] as const).map((signal) => () => this.#atAnyTime(step, signal)) : []),
      ]),
      (work) => work(),
    )
    await inPairs([undefined, '--json'], (json) => this.#errors(json === undefined ? [] : [json]))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      await this.#whileLocked(signal)
      await this.#whileReading(signal)
      await this.#whileServing(signal)
    }
  }

  async #toFullDisk(step: Step): Promise<void> {
    const full = openSync('/dev/full', 'w')
    const [place, ran] = await this.#runIn(step.args, { stdio: ['ignore', full, 'pipe'] }).finally(() =>
      closeSync(full),
    )
    const what = `ovn ${step.args.join(' ')} > /dev/full`
    this.#expect(what, ran, 6, /^(ovn: .*\n)*ovn: standard output: the disk is full\n/)
    await this.#expectDone(what, place, step)
  }

  async #toNobody(step: Step): Promise<void> {
    const onStart = (child: ChildProcess) => child.stdout?.destroy()
    const [place, ran] = await this.#runIn(step.args, { env: noHome, onStart })
    const what = `ovn ${step.args.join(' ')} | true, without HOME`
    // What was asked for there are the bytes themselves.
    if (step.args.includes('-'))
      this.#expect(what, ran, 6, /^ovn: standard output was closed before all was written\n$/)
    else this.#expect(what, ran, 0, /^$/)
    await this.#expectDone(what, place, step)
  }

  async #toNowhere(step: Step): Promise<void> {
    const through = ['sh', '-c', 'exec "$0" "$@" >&- 2>&-']
    const [place, ran] = await this.#runIn(step.args, { env: badHome, through })
    const what = `ovn ${step.args.join(' ')} >&- 2>&-, with a HOME and a TMPDIR that are not there`
    this.#expect(what, ran, 0, /^$/)
    await this.#expectDone(what, place, step)
  }

  /** Errors that cannot be told still have their exit codes. */
  async #errors(json: readonly string[]): Promise<void> {
    const full = openSync('/dev/full', 'w')
    const cwd = join(this.#folder, 'place')
    for (const [args, status] of [
      [['show', 'nothing'], 4],
      [['publish'], 2],
      [['import', 'one.md'], 3],
      // What it says of its bytes goes there, and nothing else does.
      [['export', 'one', '-o', '-'], 0],
    ] as const) {
      const what = `ovn ${args.join(' ')}`
      this.#expect(
        `${what} 2> /dev/full`,
        await run([...args, ...json], { cwd, stdio: ['ignore', 'pipe', full] }),
        status,
      )
      const onStart = (child: ChildProcess) => child.stderr?.destroy()
      this.#expect(`${what} 2>&1 | true`, await run([...args, ...json], { cwd, onStart }), status)
      const through = ['sh', '-c', 'exec "$0" "$@" 2>&-']
      this.#expect(`${what} 2>&-`, await run([...args, ...json], { cwd, through }), status)
    }
    closeSync(full)
  }

  async #atAnyTime(step: Step, signal: NodeJS.Signals): Promise<void> {
    const delay = this.#random(250)
    const onStart = (child: ChildProcess) => void sleep(delay).then(() => child.kill(signal))
    const [place, ran] = await this.#runIn(step.args, { onStart })
    const what = `ovn ${step.args.join(' ')}, ${signal} after ${delay} ms`
    // Before there is anything to interrupt, a signal does what it does to any process.
    if (ran.signal !== signal)
      this.#expect(what, ran, ran.status === 0 ? 0 : 130, ran.status === 0 ? /^/ : /^ovn: interrupted/)
    await this.#expectDone(what, place, step, ran.status !== 0)
  }

  /** All that writes, while another process holds the lock. */
  async #whileLocked(signal: NodeJS.Signals): Promise<void> {
    const place = this.#copy()
    const file = join(place, 'ovn-archive/blocks.sqlite')
    const database = new DatabaseSync(file)
    database.exec('begin immediate')
    const fetch = ['fetch', this.#elsewhere, '--car', 'three.car', '--pin', '-o', 'pinned']
    const writing = [...steps.filter(({ args, writes }) => writes && args[0] !== 'init'), { args: fetch }]
    await inPairs(writing, async ({ args }) => {
      const stop = (child: ChildProcess) => void this.#stopWhen(child, signal, () => hasOpen(child, file))
      const ran = await run(args, { cwd: place, onStart: stop })
      this.#expect(`ovn ${args.join(' ')}, ${signal} while it waits for the lock`, ran, 130, /^ovn: interrupted/)
    })
    database.exec('rollback')
    database.close()
    await this.#expectDone(`${signal} while the archive is locked`, place, { args: [] })
  }

  async #whileReading(signal: NodeJS.Signals): Promise<void> {
    for (const command of ['publish', 'import', 'cid']) {
      const stop = (child: ChildProcess) => void this.#stopWhen(child, signal, () => waitsForInput(child))
      const [place, ran] = await this.#runIn([command, '-'], { onStart: stop })
      const what = `ovn ${command} -, ${signal} while it waits for its input`
      this.#expect(what, ran, 130, /^ovn: interrupted/)
      await this.#expectDone(what, place, { args: [] })
    }
  }

  /** A server that is told to end has done what it was asked to do; one that nobody can find ends by itself. */
  async #whileServing(signal: NodeJS.Signals): Promise<void> {
    const args = ['serve', '--port', '0']
    const cwd = join(this.#folder, 'place')
    const onStart = (child: ChildProcess) => child.stdout?.once('data', () => child.kill(signal))
    this.#expect(`ovn serve, ${signal}`, await run(args, { cwd, env: noHome, onStart }), 0, /^$/)
    const full = openSync('/dev/full', 'w')
    const ran = await run(args, { cwd, stdio: ['ignore', full, 'pipe'] }).finally(() => closeSync(full))
    this.#expect('ovn serve > /dev/full', ran, 6, /^ovn: standard output: the disk is full\n/)
  }

  /** Sends a signal as soon as something is so, and ends the process for good where that does not help. */
  async #stopWhen(child: ChildProcess, signal: NodeJS.Signals, isSo: () => boolean): Promise<void> {
    while (child.exitCode === null && !isSo()) await sleep(5)
    await sleep(50)
    child.kill(signal)
    await sleep(1000 * patience, undefined, { ref: false })
    child.kill('SIGKILL')
  }

  async #runIn(
    args: readonly string[],
    options: Omit<Parameters<typeof run>[1], 'cwd'>,
  ): Promise<[place: string, ran: Ran]> {
    const place = this.#copy()
    return [place, await run(args, { ...options, cwd: place })]
  }

  #copy(): string {
    const place = join(this.#folder, `${this.count}-${this.#random(2 ** 31)}`)
    cpSync(join(this.#folder, 'place'), place, { recursive: true })
    return place
  }

  #remove(place: string): void {
    rmSync(place, { recursive: true, force: true })
  }

  #expect(what: string, { status, signal, stderr }: Ran, expected: number, said?: RegExp): void {
    this.count += 1
    if (status !== expected) this.failures.push(`${what}: it ends with ${status ?? signal}: ${stderr}`)
    else if (said?.test(stderr) === false) this.failures.push(`${what}: it says: ${stderr}`)
  }

  /** The command has done its work, or nothing where that may be, and nothing else has changed. */
  async #expectDone(what: string, place: string, step: Step, mayBeUndone = false): Promise<void> {
    const live = liveAfter(step, liveBefore)
    const found = await this.#judge.judge(join(place, 'ovn-archive'))
    const right = mayBeUndone ? [live.join(), liveBefore.join()] : [live.join()]
    const wrong = right.includes(found.live.join()) ? found.wrong : [...found.wrong, `live are ${found.live}`]
    this.failures.push(...wrong.map((each) => `${what}: ${each}`))
    this.#remove(place)
  }
}

/** Whether a process has opened a file. */
function hasOpen({ pid }: ChildProcess, file: string): boolean {
  return entriesOf(`/proc/${pid}/fd`).some((entry) => linkOf(entry) === file)
}

/** Whether a process waits for something to be written to its standard input. */
function waitsForInput({ pid }: ChildProcess): boolean {
  return entriesOf(`/proc/${pid}/fdinfo`).some((entry) => /^tfd: +0 /m.test(textOf(entry)))
}

// A process may end while it is looked at.

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

function linkOf(entry: string): string {
  try {
    return readlinkSync(entry)
  } catch {
    return ''
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
