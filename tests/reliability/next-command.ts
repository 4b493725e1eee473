// The command after a crash: it needs no help, and takes no longer than any.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ovn } from '../cli/ovn.ts'
import type { Acknowledged } from './acknowledged.ts'

/** Seconds that the first command may take longer than another. */
const patience = 1

/** Commands that the first one is compared with where it seems slow: the machine may be busy. */
const comparisons = 6

export interface NextCommand {
  /** The archive that it is given, and where it is run. */
  readonly archive: string
  readonly cwd: string
  readonly acknowledged: Acknowledged
  /** What no other article of the archive is called. */
  readonly name: string
}

/** Publishes an article, and then others for comparison. Returns what was wrong, and how many seconds longer the first took. */
export function runNextCommand({ archive, cwd, acknowledged, name }: NextCommand): { wrong: string[]; longer: number } {
  const wrong: string[] = []
  function publish(turn: number): number {
    writeFileSync(join(cwd, 'next.md'), `# ${name} ${turn}\n`)
    const start = performance.now()
    const { status, stdout, stderr } = ovn(['publish', 'next.md', '-q', '-C', archive], { cwd })
    if (status === 0) acknowledged.keep(stdout.trim())
    else wrong.push(`the next command (${turn}) ended with ${status}: ${stderr.trim()}`)
    return (performance.now() - start) / 1000
  }
  const first = publish(0)
  let usual = publish(1)
  // On a machine that is ten times as slow a second is nothing.
  const isSlow = () => first - usual > Math.max(patience, 2 * usual)
  for (let turn = 2; isSlow() && turn <= comparisons; turn += 1) usual = Math.max(usual, publish(turn))
  if (isSlow()) wrong.push(`the next command took ${first.toFixed(1)} s, and others ${usual.toFixed(1)} s at most`)
  return { wrong, longer: first - usual }
}
