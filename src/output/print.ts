// Everything that is printed: results on stdout, talk and errors on stderr.

import { type AccessLine, accessText } from './access.ts'
import { exitCodeOf, talkOf } from './errors.ts'
import { accessJson, toJson } from './json.ts'

export { printError } from './print-error.ts'
export { progressLine } from './progress.ts'

import type { Result } from './result.ts'
import { wantsColour } from './terminal.ts'
import { toText } from './text.ts'

export interface Choice {
  readonly json: boolean
  readonly quiet: boolean
}

/** Prints a result and returns the exit code. */
export function printResult(result: Result, { json, quiet }: Choice, { stdout, stderr, env }: NodeJS.Process): number {
  const talk = json ? '' : talkOf(result)
  if (talk !== '') stderr.write(`${talk}\n`)
  const colour = wantsColour({ isTerminal: streamOf(result, stdout, stderr).isTTY, environment: env })
  const text = json && result.kind !== 'printed' ? toJson(result) : toText(result, { quiet, colour })
  if (text !== '') streamOf(result, stdout, stderr).write(`${text}\n`)
  return exitCodeOf(result)
}

/** Where the result itself was written to stdout, what is said of it goes to stderr. */
function streamOf(result: Result, stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): NodeJS.WriteStream {
  return result.kind === 'exported' && result.places.some(({ path }) => path === '-') ? stderr : stdout
}

/** Prints one request that a server has answered, as JSON or as text. */
export function printAccess(access: AccessLine, json: boolean, { stderr }: NodeJS.Process): void {
  stderr.write(`${json ? accessJson(access) : accessText(access)}\n`)
}
