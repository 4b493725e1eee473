// Processes that are killed at random moments: nothing that they answered for is lost, nobody has to repair anything, and the next
// command takes no longer than any.

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ovn, startOvn } from '../cli/ovn.ts'
import { Acknowledged } from './acknowledged.ts'
import { inFolder, type Outcome, type Random, type Row, randomFrom } from './harness.ts'
import { runNextCommand } from './next-command.ts'
import { type Car, type Habits, makeCars, Writer } from './writer.ts'

export interface KillOptions {
  readonly kills: number
  /** Processes that work, and are killed, at the same time. */
  readonly processes: number
  readonly seed: number
  /** Kills after which the archive is judged. */
  readonly judgeEvery: number
  /** Kills after which a new archive is begun, so that it stays small. */
  readonly renewEvery: number
}

const habits: Habits = { batch: 15, import: 15, unpublish: 15, gc: 10, rebuild: 5, spill: 1 }

/** Of so many commands one is not killed. */
const spareEvery = 8

/** Kills processes at random moments, and judges what is left. */
export async function kill(options: KillOptions): Promise<Outcome> {
  return inFolder(async (folder) => {
    const cars = makeCars(join(folder, 'elsewhere'), 12)
    const failures: string[] = []
    const sum = { kills: 0, acknowledged: 0, archives: 0, slowest: 0 }
    for (let done = 0; done < options.kills && failures.length < 20; sum.archives += 1) {
      const kills = Math.min(options.renewEvery, options.kills - done)
      const seed = options.seed + done
      const round = new Round(join(folder, 'work'), cars, { ...options, kills, seed })
      const found = await round.run()
      failures.push(...found.map((failure) => `seed ${seed}: ${failure}`))
      done += kills
      sum.kills += round.kills
      sum.acknowledged += round.acknowledged.count
      sum.slowest = Math.max(sum.slowest, round.slowest)
    }
    const { kills, acknowledged, archives, slowest } = sum
    const next = `the next command took ${slowest.toFixed(1)} s longer at most`
    return {
      done: `${kills} kills of ${options.processes} processes at once, ${acknowledged} answers, ${archives} archives; ${next}`,
      failures,
    }
  })
}

/** One archive, from its first article to its judgement. */
class Round {
  readonly #folder: string
  readonly #archive: string
  readonly #options: KillOptions
  readonly #random: Random
  readonly #writers: readonly Writer[]
  readonly acknowledged = new Acknowledged()
  readonly #failures: string[] = []
  kills = 0
  /** Seconds that the next command took longer, at most. */
  slowest = 0
  /** Milliseconds that a command takes as a rule, and how many have been begun. */
  #usual = 150
  #begun = 0

  constructor(folder: string, cars: readonly Car[], options: KillOptions) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    this.#folder = folder
    this.#archive = join(folder, 'archive')
    this.#options = options
    this.#random = randomFrom(options.seed)
    const { acknowledged } = this
    this.#writers = Array.from({ length: options.processes }, (_, index) => {
      const own = cars.filter((_, place) => place % options.processes === index)
      return new Writer(`w${index}`, { folder, random: this.#random, acknowledged, cars: own, habits })
    })
  }

  async run(): Promise<string[]> {
    for (let next = 0; next < this.#options.kills && this.#failures.length === 0; ) {
      next = Math.min(next + this.#options.judgeEvery, this.#options.kills)
      await Promise.all(this.#writers.map((writer) => this.#work(writer, next)))
      const { wrong, longer } = runNextCommand({
        archive: this.#archive,
        cwd: this.#folder,
        acknowledged: this.acknowledged,
        name: `Next after ${this.kills} kills`,
      })
      this.slowest = Math.max(this.slowest, longer)
      this.#failures.push(...wrong.map((each) => `after ${this.kills} kills: ${each}`))
      this.#failures.push(...this.acknowledged.judge(this.#archive))
    }
    // What was interrupted is tidied up by whoever comes next.
    for (const command of ['rebuild', 'gc']) {
      const { status, stderr } = ovn([command, '-C', this.#archive], { cwd: this.#folder })
      if (status !== 0) this.#failures.push(`in the end ovn ${command} ended with ${status}: ${stderr.trim()}`)
    }
    this.#failures.push(...this.acknowledged.judge(this.#archive))
    return this.#failures
  }

  /** Lets a writer work, and kills most of its commands, until all writers together were killed so often. */
  async #work(writer: Writer, until: number): Promise<void> {
    while (this.kills < until && this.#failures.length === 0) {
      const task = writer.next()
      // Some are let live, and tell how long a command takes here.
      const isSpared = this.#begun++ % spareEvery === 0
      const start = performance.now()
      const { child, ended } = startOvn([...task.args, '-C', this.#archive], { cwd: this.#folder })
      // Starting takes the first third, in which nothing happens to the archive.
      const delay = this.#usual * (0.3 + this.#random(1000) / 1000)
      const timer = isSpared ? undefined : setTimeout(() => child.kill('SIGKILL'), delay)
      const end = await ended
      clearTimeout(timer)
      if (end.status === null) this.kills += 1
      if (isSpared) this.#usual = 0.7 * this.#usual + 0.3 * (performance.now() - start)
      const fault = task.end(end)
      if (fault !== undefined) this.#failures.push(`after ${this.kills} kills: ovn ${task.args.join(' ')}: ${fault}`)
    }
  }
}

export const rows: readonly Row[] = [1, 4].map((processes) => ({
  name: `kill-${processes}`,
  holds: `SIGKILL at random moments, ${processes} at once: nothing acknowledged is lost, nothing is repaired by hand, the next command takes 1 s longer at most`,
  run: (seed) => kill({ kills: 5000, processes, seed, judgeEvery: 50, renewEvery: 250 }),
}))
