// How many columns a text takes on a terminal. Measured by code points: a terminal's own idea of joined emoji differs from
// one to the next, and a library that asks for grapheme clusters costs a third of a short command's time.

import { eastAsianWidth } from 'get-east-asian-width'

const printableAscii = /^[\x20-\x7e]*$/
const takesNoColumn = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: the styles that util.styleText writes begin with it.
const style = /\u001b\[[\d;]*m/g

/** Columns of a text without control characters; the styles of `util.styleText` take none. */
export function widthOf(text: string): number {
  const plain = text.replace(style, '')
  if (printableAscii.test(plain)) return plain.length
  let width = 0
  for (const character of plain) {
    if (!takesNoColumn.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0)
  }
  return width
}
