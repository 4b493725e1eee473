// Fetches one DAG after another in one process, for folders.ts, which watches the calls: a file that is not there marks each.

import { existsSync, readFileSync, writeSync } from 'node:fs'
import { fetchRef } from '../../src/commands/fetch.ts'
import { OvnError } from '../../src/errors.ts'
import type { Job } from './folders.ts'

const nothing = () => {
  throw new Error('nothing is asked of standard input and output')
}

const jobs: readonly Job[] = JSON.parse(readFileSync(process.argv[2] as string, 'utf8'))
for (const [index, { root, car, gateway, force, output }] of jobs.entries()) {
  existsSync(`/ovn-job-${index}`)
  const flags = {
    output,
    timeout: '20',
    ...(car === undefined ? {} : { car }),
    ...(gateway === undefined ? {} : { gateway: [gateway] }),
    ...(force === undefined ? {} : { force }),
  }
  const context = {
    environment: {},
    cwd: process.cwd(),
    now: new Date(0),
    signal: new AbortController().signal,
    report: () => undefined,
    readInput: nothing,
    streamInput: nothing,
    writeOutput: nothing,
    outputIsTerminal: false,
  }
  const ending = await fetchRef(root, flags, context).then(
    () => 'fetched',
    (error: unknown) => (error instanceof OvnError ? 'refused' : String(error)),
  )
  writeSync(1, `${ending}\n`)
}
