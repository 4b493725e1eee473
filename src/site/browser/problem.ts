// What can be wrong, as data: the word that says it, and what the word is said of. Sentences are made where they are shown.

import type { ProblemWord } from './words.ts'

export interface Problem {
  readonly word: ProblemWord
  /** CIDs, files and addresses as text, sizes and counts as numbers: whatever the word's sentence names. */
  readonly values: Readonly<Record<string, string | number>>
  /** Where two texts differ. */
  readonly quotes?: { readonly here: Quote; readonly archived: Quote }
}

/** A short passage: what differs in it, and a few words around it. */
export interface Quote {
  readonly before: string
  readonly differs: string
  readonly after: string
}

/** Ends a check at once. */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly problem: Problem

  constructor(word: ProblemWord, values: Problem['values'] = {}) {
    super(word)
    this.problem = { word, values }
  }
}
