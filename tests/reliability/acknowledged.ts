// What `ovn` has answered for, noted down beside the archive, and whether the archive still has it.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ovn } from '../cli/ovn.ts'
import { checkIndependently } from '../independent/check.ts'

export class Acknowledged {
  readonly #live = new Set<string>()
  readonly #withdrawn = new Set<string>()
  #count = 0

  /** Answers so far. */
  get count(): number {
    return this.#count
  }

  /** An edition was said to be archived. */
  keep(root: string): void {
    this.#count += 1
    this.#withdrawn.delete(root)
    this.#live.add(root)
  }

  /** An edition was said to be withdrawn. */
  withdraw(root: string): void {
    this.#count += 1
    this.#live.delete(root)
    this.#withdrawn.add(root)
  }

  /** A command begins that will change this: until it answers, both are right. */
  doubt(root: string): void {
    this.#live.delete(root)
    this.#withdrawn.delete(root)
  }

  /**
   * All that is wrong with an archive: what was answered for and is not on record, or not withdrawn, whatever `ovn verify` finds,
   * and whatever the independent checker does, where there is Python. Those two say whether what is on record is whole and pinned.
   */
  judge(archive: string): string[] {
    const wrong: string[] = []
    const lastEvents = readEvents(join(archive, 'manifest.jsonl'))
    for (const root of this.#live) {
      const event = lastEvents.get(root)
      if (event === undefined) wrong.push(`${root} was acknowledged and is on no record`)
      else if (event === 'withdraw') wrong.push(`${root} was acknowledged and is withdrawn`)
    }
    for (const root of this.#withdrawn) {
      if (lastEvents.get(root) !== 'withdraw') wrong.push(`${root} was said to be withdrawn, and is not`)
    }
    const { status, stdout, stderr } = ovn(['verify', '-C', archive], { cwd: archive })
    if (status !== 0) wrong.push(`ovn verify ended with ${status}: ${stdout.trim()} ${stderr.trim()}`)
    const checked = checkIndependently(archive)
    if (checked !== undefined && checked.state !== 'intact') {
      wrong.push(`the checker says ${checked.state}: ${JSON.stringify(checked.damage)}`)
    }
    return wrong
  }
}

/** The last event of every root, as the lines have it. */
function readEvents(file: string): Map<string, string> {
  const events = new Map<string, string>()
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue
    const { root, event } = JSON.parse(line) as { root?: string; event: string }
    if (root !== undefined) events.set(root, event)
  }
  return events
}
