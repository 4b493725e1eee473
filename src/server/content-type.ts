// A file's name and its first bytes → its media type. The name is asked first; what has none that says anything is looked at.

import { mediaTypeOf } from '../article/media-type.ts'

/** Bytes that are looked at. */
export const sniffLength = 4096

/** The type of what nobody knows. */
const unknown = 'application/octet-stream'

const signatures: readonly (readonly [type: string, hex: string, offset?: number])[] = [
  ['image/png', '89504e470d0a1a0a'],
  ['image/jpeg', 'ffd8ff'],
  ['image/gif', '47494638'],
  ['image/webp', '57454250', 8],
  ['image/avif', '6674797061766966', 4],
  ['application/pdf', '255044462d'],
  ['application/zip', '504b0304'],
  ['application/gzip', '1f8b08'],
  ['video/webm', '1a45dfa3'],
  ['video/mp4', '66747970', 4],
  ['audio/ogg', '4f676753'],
  ['audio/mpeg', '494433'],
  ['audio/flac', '664c6143'],
]

/**
 * The media type of a file. `name` may be absent; `head` holds its first bytes, all of them where `isWhole`. Pages keep the
 * encoding that they name themselves; other text is said to be UTF-8 where it is.
 */
export function contentTypeOf(name: string | undefined, head: Uint8Array, isWhole: boolean): string {
  const named = name === undefined ? unknown : mediaTypeOf(name)
  const type = named === unknown ? sniff(head, isWhole) : named
  const isText = type.startsWith('text/') && type !== 'text/html'
  return isText && textOf(head, isWhole) !== undefined ? `${type}; charset=utf-8` : type
}

function sniff(head: Uint8Array, isWhole: boolean): string {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  for (const [type, hex, offset = 0] of signatures) {
    if (bytes.toString('hex', offset, offset + hex.length / 2) === hex) return type
  }
  const text = textOf(head, isWhole)
  if (text === undefined) return unknown
  const start = text.trimStart().slice(0, 256).toLowerCase()
  if (/^(<!doctype html|<html[\s>]|<!--)/.test(start)) return 'text/html'
  if (/^(<\?xml|<svg[\s>])/.test(start)) return start.includes('<svg') ? 'image/svg+xml' : 'application/xml'
  return /^[[{]/.test(start) && isJson(text, isWhole) ? 'application/json' : 'text/plain'
}

function isJson(text: string, isWhole: boolean): boolean {
  // Of the beginning of a long text nobody can say more than that.
  if (!isWhole) return /^\s*(\{\s*"|\[\s*[\d[{"])/.test(text)
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Text, where the bytes are UTF-8 without control characters. The last character of a beginning may be cut. */
function textOf(head: Uint8Array, isWhole: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !isWhole })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they tell bytes from text.
    return /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** Types that cannot run or load anything in a browser that does not guess. Everything else is treated as a page. */
const passive =
  /^(image\/(?!svg)|audio\/|video\/|font\/|text\/(plain|csv|tab-separated-values|markdown|vtt|css|calendar)\b|application\/(json|pdf|octet-stream|zip|gzip|cbor|vnd\.ipld\.|vnd\.ipfs\.))/

/** Whether a browser could take something of this type for a page. */
export function isActive(type: string): boolean {
  return !passive.test(type)
}
