// What went wrong with one source, as a plain value: whose fault it is decides whether another is asked, and the exit code.

import { OvnError } from '../errors.ts'

/** `offline`: it could not be asked, or did not answer as it should; `damaged`: it sent what is not right; `not-found`: it has it not. */
export type SourceCode = 'offline' | 'damaged' | 'not-found'

export interface SourceErrorOptions {
  /** Milliseconds after which it asks to be asked again. */
  readonly retryAfter?: number | undefined
  /** Whether it does not understand the question, which says nothing of what it has. */
  readonly unsupported?: boolean
  /** Whether nothing more is to be asked of it: it lied, or it is not to be reached. */
  readonly final?: boolean
  readonly cause?: unknown
}

/** An error of one source. The message says why, and not which source: that stands beside it. */
export class SourceError extends OvnError {
  declare readonly code: SourceCode
  readonly retryAfter: number | undefined
  readonly unsupported: boolean
  readonly final: boolean

  constructor(
    code: SourceCode,
    message: string,
    { retryAfter, unsupported = false, final = false, cause }: SourceErrorOptions = {},
  ) {
    super(code, message, { cause })
    this.retryAfter = retryAfter
    this.unsupported = unsupported
    this.final = final
  }
}
