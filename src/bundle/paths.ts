// Paths inside a bundle. Whatever carries the type BundlePath went through `bundlePath`: it cannot leave the folder it is
// joined to, on any system, and means the same bytes everywhere. The order of a bundle's files is the order of those bytes.

import { OvnError } from '../errors.ts'
import type { BundlePath } from './bundle.ts'

/** UTF-8 bytes that one segment may have: what common file systems can hold. */
const maxSegmentBytes = 255

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point.
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/

/** Checks a path that is to be part of a bundle. Throws an OvnError `damaged` that says what is wrong with it. */
export function bundlePath(text: string): BundlePath {
  const wrong = faultOf(text)
  if (wrong === undefined) return text as BundlePath
  throw new OvnError('damaged', `unsafe path in bundle: ${JSON.stringify(text)}: ${wrong}`)
}

/** Compares two texts by their UTF-8 bytes, which JavaScript's own order of UTF-16 units does not. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A path as a relative URL: every segment percent-encoded, so that `%`, `?`, `#` and spaces stay part of its name. */
export function pathToUrl(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function faultOf(path: string): string | undefined {
  if (path === '') return 'it is empty'
  if (controlCharacter.test(path)) return 'it has a control character'
  if (path.includes('\\')) return 'it has a backslash'
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'it is absolute'
  if (!path.isWellFormed()) return 'it is not Unicode text'
  if (path.normalize('NFC') !== path) return 'it is not in Unicode normal form NFC'
  for (const segment of path.split('/')) {
    if (segment === '') return 'it has an empty segment'
    if (segment === '.' || segment === '..') return `it has the segment '${segment}'`
    if (Buffer.byteLength(segment) > maxSegmentBytes) return `it has a segment of more than ${maxSegmentBytes} bytes`
  }
  return undefined
}
