// What may reach a terminal. Titles, file names and messages come from strangers: nothing of theirs may move the cursor,
// set a colour, ring a bell or turn the text around.

// What is invisible goes too, but for the joiners that scripts and emoji need, and signs of Arabic, Syriac and Kaithi that can be seen.
const unsafe =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|(?!\u200c|\u200d|[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])\p{Cf}/gu

/** Text with its control, bidi and invisible characters written as visible escapes: `\u202E`. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
  })
}

/** JSON with the same characters written as JSON's own escapes, which mean what they meant. */
export function escapeJson(json: string): string {
  return json.replace(unsafe, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

export interface StyleChoice {
  /** Whether the stream is a terminal. */
  readonly isTerminal: boolean
  readonly environment: NodeJS.ProcessEnv
}

/** Whether to colour: a terminal that is not dumb, and no NO_COLOR (no-color.org). */
export function wantsColour({ isTerminal, environment }: StyleChoice): boolean {
  return isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb'
}

/** Bytes as people read them: `412 B`, `1.2 KB`, `3.4 GB`; powers of 1000. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  // 999,950 bytes would be "1000.0 KB".
  if (Number(value.toFixed(1)) >= 1000 && power < 4) return `1.0 ${'KMGT'[power]}B`
  return `${value.toFixed(1)} ${'KMGT'[power - 1]}B`
}

/** `1 file`, `2 files`, `12,345 files`. */
export function count(number: number, noun: string): string {
  return `${String(number).replace(/\B(?=(\d{3})+$)/g, ',')} ${noun}${number === 1 ? '' : 's'}`
}
