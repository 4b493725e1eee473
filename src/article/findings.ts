// What is found in a file on the way: problems stop the article, notices do not. All of a file are collected before any
// is reported.

import type { Problem } from '../errors.ts'

export interface Findings {
  readonly problems: Problem[]
  readonly notices: Problem[]
}

/** Where something stands in a file, counted from 1. */
export interface Place {
  readonly line: number
  readonly column?: number
}

/** Sorts by line and column; what has no place comes last. */
export function sortByPlace(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? 0) - (b.column ?? 0) || 0,
  )
}
