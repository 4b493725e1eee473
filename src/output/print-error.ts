// Errors → stderr. What prints a bug is loaded before there can be one.

import { describeBug, describeError, type ErrorDocument, errorText } from './errors.ts'
import { errorJson } from './json.ts'

type Talk = Pick<NodeJS.Process, 'stderr'>

/** Prints an error and returns the exit code. */
export function printError(error: unknown, json: boolean, { stderr }: Talk): number {
  return print(describeError(error), json, stderr)
}

/** Prints what should not have happened, whatever kind of error it is, with its stack. Returns the exit code. */
export function printBug(error: unknown, json: boolean, stderr: NodeJS.WriteStream): number {
  return print(describeBug(error), json, stderr)
}

function print(document: ErrorDocument, json: boolean, stderr: NodeJS.WriteStream): number {
  stderr.write(`${json ? errorJson(document) : errorText(document)}\n`)
  return document.exit
}
