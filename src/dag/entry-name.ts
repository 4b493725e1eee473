// Names of directory entries, which strangers wrote → names that any disk may hold. One law for all systems: a folder that was
// written on one of them can be copied to every other. FORMAT.md has the rules for readers.

import { OvnError } from '../errors.ts'

/** UTF-8 bytes that a name may have: what common file systems can hold. */
const maxNameBytes = 255

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point.
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/
const deviceName = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i

/**
 * What is no danger, but no good name either: signs that Windows has other uses for, blanks at the ends, what turns text around
 * or cannot be seen, and the mark that stands for bytes that were no text.
 */
const odd =
  /[:*?"<>|\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffd]|^\p{White_Space}+|\p{White_Space}+$/gu
const isOdd = new RegExp(odd.source, 'u')

/** What some file systems pass over when they compare names. */
const ignorable = /\p{Default_Ignorable_Code_Point}/gu

/** What JSON leaves as it is, and no reader of a message can see. */
const unseen = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/**
 * The name under which an entry is written to disk: its own, or, where that is merely odd, an escaped one. Escaped are the odd
 * characters and every `%`, and in a name that is not in the normal form NFC all that is not ASCII, as `%` and two digits for each
 * byte in UTF-8: percent-decoding gives the entry's name back. Throws an OvnError `damaged` for a name that no disk may see.
 */
export function diskName(name: string): string {
  const escaped = escapeOdd(name)
  const fault = faultOf(name) ?? (Buffer.byteLength(escaped) > maxNameBytes ? 'it is too long when escaped' : undefined)
  if (fault === undefined) return escaped
  throw new OvnError('damaged', `the entry ${showName(name)} cannot be written to disk: ${fault}`, {
    hint: 'whoever made this DAG chose that name; its blocks can still be exported as a CAR',
  })
}

/** What two names share that one folder of some system could not hold beside each other. */
export function foldName(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().replace(ignorable, '').normalize('NFC')
}

/** A name for messages: quoted, escaped, and not longer than a line. */
export function showName(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 80)}…` : name
  return JSON.stringify(short).replace(unseen, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function escapeOdd(name: string): string {
  const isNormal = name.normalize('NFC') === name
  if (isNormal && !isOdd.test(name)) return name
  const escaped = name.replaceAll('%', '%25').replace(odd, percentEncode)
  return isNormal ? escaped : escaped.replace(/[^ -~]+/g, percentEncode)
}

function percentEncode(text: string): string {
  return Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name === '.' || name === '..') return 'it means another folder'
  if (controlCharacter.test(name)) return 'it has a control character'
  if (/[/\\]/.test(name)) return 'it is a path'
  if (/^[a-z]:/i.test(name)) return 'it names a drive'
  if (!name.isWellFormed()) return 'it is not Unicode text'
  if (/[. ]$/.test(name)) return 'it ends in a dot or a space'
  if (deviceName.test(name)) return 'it is a device on Windows'
  if (Buffer.byteLength(name) > maxNameBytes) return `it has more than ${maxNameBytes} bytes`
  return undefined
}
