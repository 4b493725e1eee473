// The long table: every harness at its full extent. Hours; `npm run test:long -- <name>…` runs single rows, OVN_SEED=<n> repeats them.

import { rows as bits } from './bits.ts'
import { rows as crowds } from './crowd.ts'
import { rows as fullDisks } from './disk-full.ts'
import { rows as endings } from './endings.ts'
import { rows as folders } from './folders.ts'
import { rows as gateways } from './gateways.ts'
import type { Row } from './harness.ts'
import { rows as kills } from './kill.ts'
import { rows as mutations } from './mutations.ts'
import { rows as powerCuts } from './power-cut.ts'
import { row as secrets } from './secrets.ts'
import { rows as slowTexts } from './slow-texts.ts'
import { rows as storms } from './storm.ts'
import { rows as surroundings } from './surroundings.ts'
import { rows as syscalls } from './syscalls.ts'
import { row as terminal } from './terminal.ts'
import { row as xss } from './xss.ts'

const rows: readonly Row[] = [
  ...bits,
  ...crowds,
  ...endings,
  ...folders,
  ...fullDisks,
  ...gateways,
  ...kills,
  ...mutations,
  ...powerCuts,
  ...slowTexts,
  ...storms,
  ...surroundings,
  ...syscalls,
  secrets,
  terminal,
  xss,
]

const names = process.argv.slice(2)
const unknown = names.filter((name) => !rows.some((row) => row.name === name))
if (unknown.length > 0) {
  console.error(`no row is called ${unknown.join(', ')}; there are: ${rows.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const seed = Number(process.env.OVN_SEED ?? Math.floor(Math.random() * 2 ** 31))
console.log(`OVN_SEED=${seed}\n\n| row | must hold | done | held | time |\n| --- | --- | --- | --- | --- |`)
let failed = false
for (const { name, holds, run } of rows) {
  if (names.length > 0 && !names.includes(name)) continue
  const start = performance.now()
  const { done, failures } = await run(seed).catch((error: unknown) => ({
    done: 'not done',
    failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  }))
  const seconds = Math.round((performance.now() - start) / 1000)
  console.log(
    `| ${name} | ${holds} | ${done} | ${failures.length === 0 ? 'yes' : `NO: ${failures.length}`} | ${seconds} s |`,
  )
  for (const failure of failures) console.error(`${name}: ${failure}`)
  failed ||= failures.length > 0
}
process.exit(failed ? 1 : 0)
