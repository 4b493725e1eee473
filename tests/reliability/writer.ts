// Somebody who works in an archive: publishes, imports, withdraws, cleans up, one command after another, at random. Every writer has
// articles of its own, so that it knows what must be there when its commands have answered.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Ended, ovn, ovnJson } from '../cli/ovn.ts'
import type { Acknowledged } from './acknowledged.ts'
import { pick, type Random } from './harness.ts'

/** An article that is to be had as a CAR. */
export interface Car {
  readonly file: string
  readonly root: string
}

/** One command. */
export interface Task {
  readonly args: readonly string[]
  /** Notes down what it answered, however it ended. Returns what is wrong with how it ended, where nobody stopped it. */
  end(ended: Ended): string | undefined
}

/** How often each is done, of a hundred. */
export interface Habits {
  readonly batch: number
  readonly import: number
  readonly unpublish: number
  readonly gc: number
  readonly rebuild: number
  /** Publishing with an attachment that is too large to wait in memory. */
  readonly spill: number
}

/** Articles in a batch. */
const batchLength = 10

/** Larger than what waits in memory before it is stored. */
const spillSize = 34 * 1_048_576

export class Writer {
  readonly #name: string
  /** Where its articles are written; not in the archive, and not on its disk. */
  readonly #folder: string
  readonly #random: Random
  readonly #acknowledged: Acknowledged
  readonly #cars: readonly Car[]
  readonly #habits: Habits
  /** Roots that it may withdraw. */
  readonly #own = new Set<string>()
  #count = 0

  constructor(
    name: string,
    options: {
      readonly folder: string
      readonly random: Random
      readonly acknowledged: Acknowledged
      readonly cars: readonly Car[]
      readonly habits: Habits
    },
  ) {
    this.#name = name
    this.#folder = join(options.folder, name)
    this.#random = options.random
    this.#acknowledged = options.acknowledged
    this.#cars = options.cars
    this.#habits = options.habits
    mkdirSync(this.#folder, { recursive: true })
  }

  /** The next command, without the archive's name. */
  next(): Task {
    const { batch, import: imports, unpublish, gc, rebuild, spill } = this.#habits
    let chance = this.#random(100)
    const isNow = (share: number) => {
      chance -= share
      return chance < 0
    }
    if (isNow(batch)) return this.#publish(batchLength)
    if (isNow(imports) && this.#cars.length > 0) return this.#import(pick(this.#random, this.#cars))
    if (isNow(unpublish) && this.#own.size > 0) return this.#unpublish(pick(this.#random, [...this.#own]))
    // Before the first answer there may be no archive.
    if (isNow(gc) && this.#acknowledged.count > 0) return this.#plain('gc')
    if (isNow(rebuild) && this.#acknowledged.count > 0) return this.#plain('rebuild')
    if (isNow(spill)) return this.#publish(1, spillSize)
    return this.#publish(1)
  }

  #publish(count: number, attachment = 0): Task {
    const folder = join(this.#folder, 'in')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><!-- the same in all --></svg>')
    if (attachment > 0)
      writeFileSync(join(folder, 'film.bin'), Buffer.alloc(attachment, `${this.#name}-${this.#count}`))
    for (let index = 0; index < count; index += 1) {
      this.#count += 1
      const title = `${this.#name}-${this.#count}`
      const film = attachment > 0 ? '[Film](film.bin)\n' : ''
      writeFileSync(join(folder, `${title}.md`), `# ${title}\n\n![Logo](logo.svg)\n\n${film}The text of ${title}.\n`)
    }
    return {
      args: ['publish', folder, '-q'],
      end: (ended) => {
        const roots = rootsIn(ended)
        for (const root of roots) this.#keep(root)
        return ended.status === 0 && roots.length !== count
          ? `it published ${roots.length} of ${count}`
          : faultOf(ended)
      },
    }
  }

  #import({ file, root }: Car): Task {
    this.#acknowledged.doubt(root)
    return {
      args: ['import', file, '-q'],
      end: (ended) => {
        const roots = rootsIn(ended)
        if (roots.includes(root)) this.#keep(root)
        return ended.status === 0 && !roots.includes(root) ? `it did not import ${root}` : faultOf(ended)
      },
    }
  }

  #unpublish(root: string): Task {
    this.#acknowledged.doubt(root)
    this.#own.delete(root)
    return {
      args: ['unpublish', root, '--reason', 'It was wrong.', '-q'],
      end: (ended) => {
        const roots = rootsIn(ended)
        if (roots.includes(root)) this.#acknowledged.withdraw(root)
        return ended.status === 0 && !roots.includes(root) ? `it did not withdraw ${root}` : faultOf(ended)
      },
    }
  }

  #plain(command: string): Task {
    // One `gc` at a time.
    return {
      args: [command, '-q'],
      end: (ended) => (/another `ovn gc`/.test(ended.stderr) ? undefined : faultOf(ended)),
    }
  }

  #keep(root: string): void {
    this.#acknowledged.keep(root)
    this.#own.add(root)
  }
}

/** Roots, one on each line; half a line is none. */
function rootsIn({ stdout }: Ended): string[] {
  return stdout
    .slice(0, stdout.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
}

/** A command that nobody stopped must succeed. */
function faultOf({ status, stderr }: Ended): string | undefined {
  return status === 0 || status === null ? undefined : `it ended with ${status}: ${stderr.trim()}`
}

/** Articles as CARs in a new folder. */
export function makeCars(folder: string, count: number): Car[] {
  mkdirSync(join(folder, 'in'), { recursive: true })
  for (let index = 1; index <= count; index += 1) {
    writeFileSync(join(folder, 'in', `${index}.md`), `# From elsewhere ${index}\n\nThe text of ${index}.\n`)
  }
  const run = { cwd: folder }
  const { articles } = ovnJson(['publish', 'in'], run) as { articles: { root: string; slug: string }[] }
  const { status, stderr } = ovn(['export', '--all', '-o', 'cars'], run)
  if (status !== 0 || readdirSync(join(folder, 'cars')).length !== count) throw new Error(`no CARs: ${stderr}`)
  return articles.map(({ root, slug }) => ({ root, file: join(folder, 'cars', `${slug}@1.car`) }))
}
