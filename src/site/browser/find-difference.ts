// Two texts → the first passage in which they differ, short enough to be shown.

import type { Quote } from './problem.ts'

/** Characters that are shown at most of what differs, and of what stands around it. */
const maxDiffers = 120
const maxAround = 40

export interface Difference {
  readonly here: Quote
  readonly archived: Quote
}

/** Finds where two texts differ; undefined where they are the same. */
export function findDifference(here: string, archived: string): Difference | undefined {
  if (here === archived) return undefined
  const one = [...here]
  const other = [...archived]
  const shorter = Math.min(one.length, other.length)
  let start = 0
  while (start < shorter && one[start] === other[start]) start += 1
  let same = 0
  while (same < shorter - start && one.at(-1 - same) === other.at(-1 - same)) same += 1
  // Whole words are easier to compare than letters; in scripts without spaces, a few characters must do.
  for (let left = 20; left > 0 && start > 0 && isOfWord(one[start - 1]); left -= 1) start -= 1
  for (let left = 20; left > 0 && same > 0 && isOfWord(one.at(-same)); left -= 1) same -= 1
  return { here: quote(one, start, same), archived: quote(other, start, same) }
}

function quote(text: readonly string[], start: number, same: number): Quote {
  const end = text.length - same
  const shown = Math.min(end, start + maxDiffers)
  const from = Math.max(0, start - maxAround)
  const to = Math.min(text.length, end + maxAround)
  return {
    before: (from > 0 ? '…' : '') + visible(text.slice(from, start)),
    differs: visible(text.slice(start, shown), true) + (shown < end ? '…' : ''),
    after: shown < end ? '' : visible(text.slice(end, to)) + (to < text.length ? '…' : ''),
  }
}

function isOfWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{M}\p{N}]/u.test(character)
}

/** Line ends as a sign, and, where they may be all that differs, characters that nobody sees by their number. */
function visible(characters: readonly string[], isAll = false): string {
  return characters
    .map((character) => {
      if (character === '\n') return ' ¶ '
      if (!isAll || character === ' ' || !/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(character))
        return character
      return `[U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`
    })
    .join('')
}
