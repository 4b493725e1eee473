// The path and the query of a request → what they ask for. Every segment is decoded by itself, once.

import { Refusal } from './message.ts'

export interface RequestTarget {
  /** The path as it was sent, without the query; other than ASCII is percent-encoded. */
  readonly path: string
  readonly segments: readonly string[]
  /** Whether the path ends in a slash. */
  readonly isFolder: boolean
  readonly query: URLSearchParams
  /** The query as it was sent, with its question mark; empty where there is none. */
  readonly search: string
}

/** Bytes of path and query, and segments of a path. */
const maxUrl = 8192
const maxSegments = 64

/** Reads the target of a request. Throws a Refusal: 400 for what is no path, 414 for one that is too long. */
export function readTarget(url: string): RequestTarget {
  if (url.length > maxUrl) throw new Refusal(414, `the address is longer than ${maxUrl} bytes`)
  if (!url.startsWith('/')) throw new Refusal(400, 'the address is not a path on this host')
  // Node hands over the bytes one by one; what is not ASCII was not encoded by the client.
  const ascii = url.replace(/[^!-~]/g, (byte) => encodeByte(byte.charCodeAt(0) & 255))
  const mark = ascii.indexOf('?')
  const path = (mark === -1 ? ascii : ascii.slice(0, mark)).replace(/#.*$/, '')
  const search = mark === -1 ? '' : ascii.slice(mark)
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => decodeSegment(segment, path))
  if (segments.length > maxSegments) throw new Refusal(414, `the path has more than ${maxSegments} segments`)
  return { path, segments, isFolder: path.endsWith('/'), query: new URLSearchParams(search), search }
}

function decodeSegment(segment: string, path: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(segment)
  } catch {
    throw new Refusal(400, `invalid path "${path}": it has a broken % escape`)
  }
  // What a client would have taken away itself, or what no name of an entry can hold.
  if (decoded === '.' || decoded === '..' || decoded.includes('/') || decoded.includes('\0')) {
    throw new Refusal(400, `invalid path "${path}": no entry can have one of its names`)
  }
  return decoded
}

/** Segments → a path that begins with a slash; the empty path is empty. */
export function encodePath(segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeSegment(segment)}`).join('')
}

/** A name as a segment of a path. It never is, nor can become, more than one. */
export function encodeSegment(segment: string): string {
  // As RFC 3986 has it, signs that mean nothing in a segment may stay; `encodeURIComponent` is stricter than is needed.
  return encodeURIComponent(segment.toWellFormed()).replace(/%(?:3D|40|3A|24|26|2B|2C|3B)/g, decodeURIComponent)
}

function encodeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
