// Range, If-Range and If-None-Match. Source: RFC 9110.

import type { ByteRange } from '../dag/read-range.ts'

/** Ranges that are looked at; one that can be met is served, and it is enough. */
const maxRanges = 16

/**
 * The range of a Range header that is served: the first that can be met. `undefined` where the whole is: without a header, and
 * for one that is not understood. `'unsatisfiable'` where none of them can be met.
 */
export function readRangeHeader(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, list] = /^bytes\s*=\s*(.+)$/i.exec(header ?? '') ?? []
  if (list === undefined) return undefined
  let isUnsatisfiable = false
  const ranges = list.split(',').map((part) => part.trim())
  if (ranges.length > maxRanges) return undefined
  for (const range of ranges) {
    const [, from, to] = /^(\d{0,15})-(\d{0,15})$/.exec(range) ?? []
    if (from === undefined || to === undefined || from + to === '') return undefined
    const first = from === '' ? Math.max(0, size - Number(to)) : Number(from)
    const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
    if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined
    if (first <= last && first < size) return { first, last }
    isUnsatisfiable = true
  }
  return isUnsatisfiable ? 'unsatisfiable' : undefined
}

/** Whether a Range header counts, given If-Range: only a strong and equal tag lets it. */
export function rangeCounts(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag
}

/** Whether If-None-Match names a tag. Tags are compared weakly. */
export function matchesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  const wanted = etag.replace(/^W\//, '')
  return [...ifNoneMatch.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, tag]) => tag === wanted)
}
