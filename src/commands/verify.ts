// What lies in the archive, in a CAR file or in a folder → whether it is as it should be, and what is wrong with it if it is not.

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Archive, openArchive } from '../archive/archive.ts'
import { resolvePath } from '../dag/resolve-path.ts'
import { hideSecrets, OvnError } from '../errors.ts'
import { findEdition } from '../links/find-edition.ts'
import { parseCid, parseRef } from '../links/parse-ref.ts'
import type { CarChecked, Compared, Verified } from '../output/result.ts'
import { checkCarFile } from '../verify/check-car.ts'
import { type CompareEdition, compareFolder } from '../verify/compare-folder.ts'
import type { Damage } from '../verify/damage.ts'
import { verifyArchive } from '../verify/verify-archive.ts'
import { archiveFolder, type Context } from './context.ts'

export interface VerifyChoice {
  /** The edition with which a folder or file is compared. */
  readonly against?: string | undefined
}

/**
 * Checks the whole archive, the editions that refs name, or a CAR file; with `against` it compares a folder or a file with an
 * edition. Changes nothing. Damage is a result, not an error. Throws as {@link verifyArchive}, {@link checkCarFile} and
 * {@link compareFolder} do, and an OvnError `usage` for arguments that do not belong together.
 */
export async function verify(
  args: readonly string[],
  { against }: VerifyChoice,
  context: Context,
): Promise<Verified | CarChecked | Compared> {
  if (against !== undefined) return compare(args, against, context)
  const file = args.find(isCarFile)
  if (file !== undefined) return checkCar(args, file, context)
  for (const arg of args) assertRef(arg, context)
  const { signal, report } = context
  const archive = archiveFolder(context)
  const onBytes = (bytes: number, totalBytes: number) => report({ done: 0, total: 1, bytes, totalBytes })
  const checked = await verifyArchive(archive, args, { signal, onBytes })
  return { kind: 'verified', archive, refs: args.map(hideSecrets), state: worstOf(checked.damage), ...checked }
}

async function checkCar(args: readonly string[], file: string, { cwd, signal, report }: Context): Promise<CarChecked> {
  if (args.length > 1) {
    throw new OvnError('usage', `${file} is a CAR file: it is checked alone`, {
      hint: 'call `ovn verify` once for each',
    })
  }
  const onBytes = (bytes: number, totalBytes: number) => report({ done: 0, total: 1, bytes, totalBytes })
  return { kind: 'car-checked', file, ...(await checkCarFile(resolve(cwd, file), { signal, onBytes })) }
}

async function compare(args: readonly string[], against: string, context: Context): Promise<Compared> {
  const [path] = args
  if (path === undefined || args.length > 1) {
    throw new OvnError('usage', 'with --against, one folder or file is compared', {
      hint: 'ovn verify <folder> --against <ref>',
    })
  }
  const { cwd, signal, report } = context
  const folder = archiveFolder(context)
  const archive = openArchive(folder, { readOnly: true })
  try {
    let bytes = 0
    const onBytes = (count: number) => {
      bytes += count
      report({ done: 0, total: 1, bytes })
    }
    const edition = await findAgainst(archive, against, signal)
    const comparison = await compareFolder(resolve(cwd, path), edition, archive.blocks, { signal, onBytes })
    return { kind: 'compared', archiveFolder: folder, ...comparison }
  } finally {
    archive.close()
  }
}

/** The edition that is compared with: one that is recorded, or any root, or what is inside of it. */
async function findAgainst(archive: Archive, text: string, signal: AbortSignal): Promise<CompareEdition> {
  const ref = parseRef(text)
  if (ref.kind === 'root') {
    archive.editions.refresh()
    const record = archive.editions.ofRoot(ref.root.toString())
    const label = record === undefined ? ref.root.toString() : `${record.slug}@${record.version}`
    if (ref.path.length === 0) return { root: ref.root, label }
    const { cid } = await resolvePath(archive.blocks, ref.root, ref.path, signal)
    return { root: cid, label: `${label}/${ref.path.join('/')}` }
  }
  const { record } = findEdition(archive, text)
  return { root: parseRoot(record.root), label: `${record.slug}@${record.version}` }
}

function parseRoot(root: string) {
  const cid = parseCid(root)
  if (cid === undefined) throw new OvnError('damaged', `the manifest names a root that is no CID: ${root}`)
  return cid
}

/** Whether an argument names a CAR file: no slug has a dot in it. */
function isCarFile(text: string): boolean {
  return (
    /\.car$/i.test(text) &&
    !/^(?:ipfs:|https?:|\/ipfs\/)/i.test(text) &&
    parseCid(text.split('/')[0] ?? '') === undefined
  )
}

/** Whoever names a folder wants to know whether it is an edition: which one must be said. */
function assertRef(text: string, { cwd }: Context): void {
  try {
    parseRef(text)
  } catch (error) {
    if (statSync(resolve(cwd, text), { throwIfNoEntry: false }) === undefined) throw error
    throw new OvnError('usage', `${text} is on the disk, not in the archive`, {
      hint: `compare it with an article: ovn verify ${text} --against <ref>`,
    })
  }
}

function worstOf(damage: readonly Damage[]): Verified['state'] {
  const states = new Set(damage.map(({ state }) => state))
  return (['damaged', 'missing', 'not checked'] as const).find((state) => states.has(state)) ?? 'intact'
}
