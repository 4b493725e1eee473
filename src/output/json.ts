// Results and errors → the JSON that programs read: one document, on one line, safe to show on a terminal.

import type { AccessLine } from './access.ts'
import type { ErrorDocument } from './errors.ts'
import { type Result, resultSchema } from './result.ts'

// Legal in JSON as they are, but not on a terminal; JSON.stringify escapes the lower control characters itself.
const unsafe = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** The JSON document of a result; its schema version comes first. */
export function toJson(result: Result): string {
  const { kind, ...rest } = result
  return escapeUnsafe(JSON.stringify({ kind, schema: resultSchema, ...rest }))
}

/** The JSON document of an error. */
export function errorJson(document: ErrorDocument): string {
  return escapeUnsafe(JSON.stringify(document))
}

/** The JSON document of a request that a server has answered. */
export function accessJson(access: AccessLine): string {
  return escapeUnsafe(JSON.stringify({ kind: 'access', schema: resultSchema, ...access }))
}

function escapeUnsafe(json: string): string {
  return json.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
