// The one error class. Its codes are stable: scripts may rely on them and on the exit codes beside them.
// A message says what and which, in lower case, without a full stop; a hint names something to do.
// Anything thrown that is not an OvnError is a bug in ovn.

/** Every code an {@link OvnError} may carry, with the exit code of the process and what it means. */
export const errorCodes = {
  usage: { exit: 2, meaning: 'the command line makes no sense' },
  article: { exit: 2, meaning: 'the article cannot be published as it is' },
  config: { exit: 2, meaning: 'config.json cannot be used as it is' },
  damaged: { exit: 3, meaning: 'bytes do not match their CID, or the record' },
  'not-found': { exit: 4, meaning: 'no such file, archive, article or block' },
  offline: { exit: 5, meaning: 'the network did not answer' },
  locked: { exit: 6, meaning: 'another process is writing to this archive' },
  unsupported: { exit: 2, meaning: 'written by a newer ovn' },
  storage: { exit: 6, meaning: 'the disk would not read or write: full, read-only or failing' },
  partly: { exit: 7, meaning: 'some of it was done, some was not' },
  interrupted: { exit: 130, meaning: 'stopped by a signal' },
} as const

export type ErrorCode = keyof typeof errorCodes

/** One thing wrong, or worth knowing, at one place of a file. Lines and columns count from 1, columns in UTF-16 units. */
export interface Problem {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly message: string
  readonly hint?: string
}

export interface OvnErrorOptions {
  readonly hint?: string | undefined
  readonly problems?: readonly Problem[]
  readonly cause?: unknown
}

/**
 * Text without what only some may know: user and password of an address, and all that stands behind its path, where tokens are. What
 * was hidden is `…`. Messages quote what somebody typed, and end in logs.
 */
export function hideSecrets(text: string): string {
  return text
    .replace(/(\b[a-z][a-z\d+.-]{0,30}:[/\\]{2,})[^/?#"\\\n]*@/gi, '$1…@')
    .replace(/(\b[a-z][a-z\d+.-]{0,30}:[/\\]{2,}[^\n?#"`]{0,4096}[?#])[^\s"'`]+/gi, '$1…')
    .replace(/(^|[\s"'`=(])(?!mailto:)[^\s"'`:/@\\]{1,256}:[^\s"'`/@\\]{1,256}@/gi, '$1…@')
}

/** An error that the user can do something about. Neither its message nor what stands beside it has a secret in it. */
export class OvnError extends Error {
  override readonly name = 'OvnError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly problems: readonly Problem[]

  constructor(code: ErrorCode, message: string, options: OvnErrorOptions = {}) {
    super(hideSecrets(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint === undefined ? undefined : hideSecrets(options.hint)
    this.problems = (options.problems ?? []).map(hideSecretsOf)
  }

  get exitCode(): number {
    return errorCodes[this.code].exit
  }
}

/** A problem as it may be shown. */
export function hideSecretsOf(problem: Problem): Problem {
  const { file, message, hint } = problem
  return {
    ...problem,
    file: hideSecrets(file),
    message: hideSecrets(message),
    ...(hint === undefined ? {} : { hint: hideSecrets(hint) }),
  }
}
