// The access log: one line for each request that a server has answered.

import { escapeControls as safe } from './terminal.ts'

export interface AccessLine {
  /** When the answer had gone: ISO 8601, UTC. */
  readonly time: string
  readonly remote: string
  readonly method: string
  readonly host: string
  /** Path and query, as the client sent them. */
  readonly url: string
  /** 0 where the client had gone before there was one. */
  readonly status: number
  /** Bytes of the body. */
  readonly bytes: number
  readonly milliseconds: number
  /** Whether the answer was sent to its end. */
  readonly whole: boolean
}

/** `2026-01-02T03:04:05.678Z 127.0.0.1 GET localhost:8080/ 200 1234 B 0.4 ms` */
export function accessText(line: AccessLine): string {
  const { time, remote, method, host, url, status, bytes, milliseconds, whole } = line
  const end = whole ? '' : ', broken off'
  return safe(`${time} ${remote} ${method} ${host}${url} ${status} ${bytes} B ${milliseconds.toFixed(1)} ms${end}`)
}
