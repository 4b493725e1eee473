// A file of this site, as a stream that ends at its limit.

import { Stop } from './problem.ts'

/** Milliseconds without a byte after which nobody waits any longer. */
const longestSilence = 60_000

export interface DownloadOptions {
  /** Bytes that are taken at most. */
  readonly limit: number
  readonly signal: AbortSignal
  /** Called with bytes so far, and all of them where the site says how many. */
  readonly onBytes?: (done: number, total: number | undefined) => void
}

/** Throws a Stop where the site does not have the file, does not send it, or sends too much; and where the signal ends it. */
export async function* download(address: string, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { limit, signal, onBytes } = options
  const silence = new AbortController()
  const either = AbortSignal.any([signal, silence.signal])
  const answered = <T>(answer: Promise<T>) => inTime(answer, signal, silence)
  const response = await answered(fetch(address, { mode: 'same-origin', cache: 'no-cache', signal: either }))
  const { ok, status, headers, body } = response
  if (!ok) {
    await body?.cancel()
    throw new Stop(status === 404 || status === 410 ? 'gone' : 'refused', { status, address })
  }
  const length = headers.has('content-encoding') ? undefined : Number(headers.get('content-length') ?? Number.NaN)
  const total = length !== undefined && Number.isSafeInteger(length) ? length : undefined
  const reader = body?.getReader()
  try {
    for (let done = 0; reader !== undefined; ) {
      if (Math.max(done, total ?? 0) > limit) throw new Stop('tooLarge', { limit })
      const read = await answered(reader.read())
      if (read.done) return
      done += read.value.length
      onBytes?.(done, total)
      yield read.value
    }
  } finally {
    await reader?.cancel().catch(() => {})
  }
}

/** An answer of the network, or a Stop that says why there is none. */
async function inTime<T>(answer: Promise<T>, signal: AbortSignal, silence: AbortController): Promise<T> {
  const timer = setTimeout(() => silence.abort(), longestSilence)
  try {
    return await answer
  } catch {
    throw new Stop(signal.aborted ? 'stopped' : 'network')
  } finally {
    clearTimeout(timer)
  }
}
