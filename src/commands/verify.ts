// What lies in the archive → whether it is intact, and what is wrong with it if it is not.

import type { Verified } from '../output/result.ts'
import type { Damage } from '../verify/damage.ts'
import { verifyArchive } from '../verify/verify-archive.ts'
import { archiveFolder, type Context } from './context.ts'

/**
 * Checks the whole archive, or the editions that refs name, and changes nothing. Damage is a result, not an error.
 * Throws as {@link verifyArchive} does.
 */
export async function verify(refs: readonly string[], context: Context): Promise<Verified> {
  const { signal, report } = context
  const archive = archiveFolder(context)
  const onBytes = (bytes: number, totalBytes: number) => report({ done: 0, total: 1, bytes, totalBytes })
  const checked = await verifyArchive(archive, refs, { signal, onBytes })
  return { kind: 'verified', archive, refs, state: worstOf(checked.damage), ...checked }
}

function worstOf(damage: readonly Damage[]): Verified['state'] {
  const states = new Set(damage.map(({ state }) => state))
  return (['damaged', 'missing', 'not checked'] as const).find((state) => states.has(state)) ?? 'intact'
}
