// The rules of stderr: every line begins with `ovn: `, in lower case, without a full stop. A hint is a line that names
// something to do. Several problems of one file stand under one heading. A stack trace means a bug in ovn.

import { errorCodes, hideSecrets, OvnError, type Problem } from '../errors.ts'
import type { Compared, FailedArticle, Result } from './result.ts'
import { escapeControls as safe } from './terminal.ts'

/** What an error is to a program: the JSON document on stderr. */
export interface ErrorDocument {
  readonly kind: 'error'
  readonly schema: 1
  readonly code: string
  readonly exit: number
  readonly message: string
  readonly hint?: string
  readonly problems?: readonly Problem[]
}

/** Describes any error that was thrown. What is not an OvnError is a bug. */
export function describeError(error: unknown): ErrorDocument {
  if (!(error instanceof OvnError)) return describeBug(error)
  const { code, exitCode, message, hint, problems } = error
  return {
    kind: 'error',
    schema: 1,
    code,
    exit: exitCode,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(problems.length === 0 ? {} : { problems }),
  }
}

/** Describes what should not have happened: with the stack, and the request to report it. */
export function describeBug(error: unknown): ErrorDocument {
  const message = hideSecrets(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return { kind: 'error', schema: 1, code: 'bug', exit: 1, message, hint: 'please report it with the lines above' }
}

/** The lines of an error on stderr, without a last newline. */
export function errorText(document: ErrorDocument): string {
  if (document.code === 'bug') {
    return prefixed(['this is a bug in ovn', ...document.message.split('\n'), ...hintLines(document.hint)])
  }
  const problems = document.problems ?? []
  const heading = problems.length === 1 ? [] : [document.message]
  return prefixed([...heading, ...problems.flatMap(problemLines), ...hintLines(document.hint)])
}

/** The lines that a result has for stderr: what was noticed, and what failed in a batch. Empty where there are none. */
export function talkOf(result: Result): string {
  switch (result.kind) {
    case 'published': {
      const notices = [...result.notices, ...result.articles.flatMap(({ notices }) => notices)]
      return prefixed([...notices.flatMap(problemLines), ...result.failed.flatMap(failureLines)])
    }
    case 'imported':
      return prefixed(result.failed.flatMap(failureLines))
    case 'exported':
      return prefixed([...result.notices.flatMap(problemLines), ...result.failed.flatMap(failureLines)])
    case 'serving':
      return prefixed(result.warnings)
    case 'rebuilt':
      return prefixed(result.problems.flatMap(problemLines))
    case 'unpublished':
    case 'collected':
    case 'verified':
    case 'car-checked':
    case 'compared':
      return prefixed(result.notices.flatMap(problemLines))
    case 'fetched':
    case 'repaired': {
      const failed = result.failed.map(({ source, message }) => ({ file: source, message }))
      return prefixed([...failed, ...result.notices].flatMap(problemLines))
    }
    case 'site-written': {
      const failures = result.failed.flatMap(({ slug, message, hint }) => [`${slug}: ${message}`, ...hintLines(hint)])
      return prefixed([...result.notices, ...result.inTheWay].flatMap(problemLines).concat(failures))
    }
    default:
      return ''
  }
}

// What could not be checked is not known to be damaged.
const verifiedExits = {
  intact: 0,
  damaged: errorCodes.damaged.exit,
  missing: errorCodes.damaged.exit,
  'not checked': errorCodes.partly.exit,
} as const

/** What a comparison without differences says: what is wrong with the archive, or that the disk could not be read. */
function worstOf({ archive, state }: Compared): keyof typeof verifiedExits {
  return archive === 'intact' && state === 'not checked' ? state : archive
}

/** The exit code of a result. */
export function exitCodeOf(result: Result): number {
  switch (result.kind) {
    case 'published':
    case 'imported':
    case 'exported':
      return result.failed.length > 0 ? errorCodes.partly.exit : 0
    case 'rebuilt':
      return result.problems.length > 0 ? errorCodes.partly.exit : 0
    case 'verified':
    case 'car-checked':
      return verifiedExits[result.state]
    case 'compared':
      return result.state === 'different' ? errorCodes.damaged.exit : verifiedExits[worstOf(result)]
    case 'repaired':
      if (result.unhealed.length === 0) return 0
      return errorCodes[result.unhealed.some(({ code }) => code === 'offline') ? 'offline' : 'damaged'].exit
    case 'site-written':
      return result.failed.length + result.inTheWay.length > 0 ? errorCodes.partly.exit : 0
    default:
      return 0
  }
}

/** The error of a run in which nothing could be done; `what` would have been: `articles can be published`. */
export function nothingDone(failed: readonly FailedArticle[], what: string): OvnError {
  const [first] = failed
  const problems = failed.flatMap((failure) => (failure.problems.length > 0 ? failure.problems : [asProblem(failure)]))
  return new OvnError(first?.code ?? 'article', `none of the ${failed.length} ${what}`, {
    problems,
  })
}

function asProblem({ file, message, hint }: FailedArticle): Problem {
  return { file, message, ...(hint === undefined ? {} : { hint }) }
}

function failureLines(failure: FailedArticle): string[] {
  if (failure.problems.length > 0) return failure.problems.flatMap(problemLines)
  return [failure.message, ...hintLines(failure.hint)]
}

function problemLines({ file, line, column, message, hint }: Problem): string[] {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  return [`${place}: ${message}`, ...hintLines(hint)]
}

function hintLines(hint: string | undefined): string[] {
  return hint === undefined ? [] : [`hint: ${hint}`]
}

function prefixed(all: readonly string[]): string {
  return all.map((line) => `ovn: ${safe(line)}`).join('\n')
}
