// Progress: one line on stderr, redrawn in place, on a terminal only. It is gone when the result is printed.

import { uptime } from 'node:process'
import { count, formatSize } from './terminal.ts'

/** How far a command is. */
export interface Progress {
  /** Articles that are done, of all. */
  readonly done: number
  readonly total: number
  /** Bytes that were read, and of how many, where that is known. */
  readonly bytes: number
  readonly totalBytes?: number
}

export type Report = (progress: Progress) => void

export interface ProgressLine {
  readonly report: Report
  /** Takes the line away. */
  end(): void
}

const redrawEvery = 100

/** Below this much work nothing is shown: it is over before it can be read. */
const quietBytes = 8_000_000

/** A progress line on a stream; a silent one where that is not a terminal. */
export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  if (!stream.isTTY) return { report: () => undefined, end: () => undefined }
  let drawnAt = 0
  let drawn = false
  return {
    report({ done, total, bytes, totalBytes }) {
      const now = 1000 * uptime()
      if (now - drawnAt < redrawEvery || (total < 2 && bytes < quietBytes)) return
      drawnAt = now
      drawn = true
      const size = totalBytes === undefined ? formatSize(bytes) : `${formatSize(bytes)} of ${formatSize(totalBytes)}`
      const text = total > 1 ? `${done} of ${count(total, 'article')} · ${size}` : size
      stream.write(`\r\u001b[2K${text}`)
    },
    end() {
      if (drawn) stream.write('\r\u001b[2K')
      drawn = false
    },
  }
}
