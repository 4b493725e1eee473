// Damaged and missing blocks of an edition → the right ones, from elsewhere. Parents come first: what is below a block is written
// in it alone.

import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import type { Archive } from '../archive/archive.ts'
import type { StagedBlock } from '../archive/stage.ts'
import { type GetStore, readBlock } from '../dag/read-block.ts'
import { linksOf } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import type { EditionRecord } from '../manifest/record.ts'
import type { Repaired, RepairedBlock } from '../output/result.ts'
import { toEntry } from './entry.ts'

export interface RepairOptions {
  /** Where the right blocks may be had; it is asked for nothing else. */
  readonly elsewhere: GetStore
  readonly signal: AbortSignal
  /** Told of the bytes that were read. */
  readonly onBytes: (count: number) => void
}

/** Blocks that are asked for at a time. */
const atATime = 8

/** Bytes of blocks that wait in memory before they are stored. */
const storeAt = 32 * 1024 * 1024

type Repair = Omit<Repaired, 'sources' | 'failed' | 'notices'> & { readonly hint: string | undefined }

/**
 * Reads every block of an edition, replaces those that are not right, and renews the pin. Throws an OvnError `not-found` for an
 * edition that was withdrawn; blocks that cannot be had are no error, but listed.
 */
export async function repairEdition(
  archive: Archive,
  record: EditionRecord,
  { elsewhere, signal, onBytes }: RepairOptions,
): Promise<Repair> {
  const root = CID.parse(record.root)
  if (!archive.editions.isLive(record.root)) {
    throw new OvnError('not-found', `${record.slug}@${record.version} was withdrawn: it is not kept any more`)
  }
  const repinned = !archive.pins.hasRoot(root)
  const healed: RepairedBlock[] = []
  const unhealed: (RepairedBlock & { code: string; message: string })[] = []
  let hint: string | undefined
  let blocks = 0
  let ready: StagedBlock[] = []
  let size = 0

  async function store(): Promise<void> {
    const batch = ready
    ready = []
    size = 0
    if (await archive.mend(batch, root, record, signal)) return
    throw new OvnError('locked', `another process withdraws ${record.root} at this moment`)
  }

  async function heal(cid: CID, was: RepairedBlock['was']): Promise<Uint8Array | undefined> {
    try {
      const bytes = await readBlock(elsewhere, cid, signal)
      ready.push({ cid, bytes })
      size += bytes.byteLength
      healed.push({ cid: cid.toString(), was })
      return bytes
    } catch (error) {
      if (!(error instanceof OvnError) || !['offline', 'damaged', 'not-found'].includes(error.code)) throw error
      unhealed.push({ cid: cid.toString(), was, code: error.code, message: error.message })
      hint ??= error.hint
      return undefined
    }
  }

  const seen = new Set<string>()
  const leaves: (readonly [CID, RepairedBlock['was']])[] = []
  const stack = [root]
  for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
    const key = cid.toString()
    if (seen.has(key)) continue
    seen.add(key)
    signal.throwIfAborted()
    blocks += 1
    const found = await look(archive, cid, signal)
    if (typeof found === 'string' && cid.code === rawCode) leaves.push([cid, found])
    const bytes = typeof found === 'string' ? (cid.code === rawCode ? undefined : await heal(cid, found)) : found
    if (bytes === undefined) continue
    onBytes(bytes.byteLength)
    stack.push(...linksOf(cid, bytes).reverse())
  }
  for (let next = 0; next < leaves.length; next += atATime) {
    await Promise.all(leaves.slice(next, next + atATime).map(([cid, was]) => heal(cid, was)))
    if (size >= storeAt) await store()
  }
  if (ready.length > 0 || repinned) await store()
  return {
    kind: 'repaired',
    archive: archive.folder,
    article: toEntry(record),
    root: record.root,
    blocks,
    healed,
    repinned,
    unhealed,
    hint,
  }
}

async function look(archive: Archive, cid: CID, signal: AbortSignal): Promise<Uint8Array | RepairedBlock['was']> {
  try {
    return await readBlock(archive.blocks, cid, signal)
  } catch (error) {
    if (!(error instanceof OvnError)) throw error
    if (error.code === 'not-found') return 'missing'
    if (error.code === 'damaged') return 'damaged'
    throw error
  }
}
