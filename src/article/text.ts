// What is done to every short text that an author or the command line gives, and to names that were mistyped.

/** One line of text in Unicode normal form C: trimmed, line breaks and tabs as single spaces. */
export function cleanText(text: string): string {
  const line = /[\t-\r\u2028\u2029]/.test(text) ? text.replace(/ *[\t-\r\u2028\u2029][\s]*/g, ' ') : text
  return line.trim().normalize('NFC')
}

/** The first control character (C0, DEL or C1) of a text, as `U+0007`. */
export function findControl(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const control = /[\u0000-\u001f\u007f-\u009f]/.exec(text)?.[0]
  return control && `U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** Length in Unicode code points. */
export function countCodePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** The name that a mistyped one was probably meant to be: at most two slips away, one for names of up to five letters. */
export function findNearest(name: string, names: Iterable<string>): string | undefined {
  const limit = name.length <= 5 ? 1 : 2
  let nearest: string | undefined
  let least = limit + 1
  for (const candidate of names) {
    const slips = countSlips(name, candidate, least - 1)
    if (slips < least) {
      nearest = candidate
      least = slips
    }
  }
  return nearest
}

/** Letters added, left out, replaced or swapped between two names; anything above `limit` where there are more. */
function countSlips(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit || from.length > 200) return limit + 1
  let before: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const current = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let least = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      }
      current.push(least)
    }
    if (Math.min(...current) > limit) return limit + 1
    before = previous
    previous = current
  }
  return previous[to.length] ?? limit + 1
}
