// Results and errors → the JSON that programs read: one document, on one line, safe to show on a terminal.

import type { AccessLine } from './access.ts'
import type { ErrorDocument } from './errors.ts'
import { type Result, resultSchema } from './result.ts'
import { escapeJson } from './terminal.ts'

/** The JSON document of a result; its schema version comes first. */
export function toJson(result: Result): string {
  const { kind, ...rest } = result
  return escapeJson(JSON.stringify({ kind, schema: resultSchema, ...rest }))
}

/** The JSON document of an error. */
export function errorJson(document: ErrorDocument): string {
  return escapeJson(JSON.stringify(document))
}

/** The JSON document of a request that a server has answered. */
export function accessJson(access: AccessLine): string {
  return escapeJson(JSON.stringify({ kind: 'access', schema: resultSchema, ...access }))
}
