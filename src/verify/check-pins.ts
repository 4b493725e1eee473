// The pins: one for every root that the manifest keeps, and for no other.

import { CID } from 'multiformats/cid'
import { labelOf, type RootState } from './check-chain.ts'
import { type Damage, type DamageCode, hints, type Notice, repairHint } from './damage.ts'
import type { Stored } from './open-database.ts'
import type { RootLine } from './read-manifest.ts'

/** A pin of a root that the manifest does not keep. */
export interface LonelyPin {
  readonly root: CID
  /** Levels that are kept; Infinity for all of them. */
  readonly depth: number
}

export interface PinFindings {
  readonly damage: readonly Damage[]
  readonly notices: readonly Notice[]
  readonly pins: number
  readonly lonely: readonly LonelyPin[]
}

interface PinRow {
  readonly root: unknown
  readonly multihash: unknown
  readonly depth: unknown
  readonly metadata: unknown
}

/**
 * Checks the pins. A live root without one is damage, as is a pin that does not keep all of it. A pin of a root that no record
 * names is what an interrupted publish leaves, one of a withdrawn root what an interrupted unpublish does: notices.
 * `claimed` are CIDs that damaged lines speak of.
 */
export function checkPins(
  { database, disk }: Stored,
  roots: ReadonlyMap<string, RootState>,
  claimed: ReadonlySet<string>,
  file: string,
): PinFindings {
  const damage: Damage[] = []
  const notices: Notice[] = []
  const lonely: LonelyPin[] = []
  const pinned = new Set<string>()
  let pins = 0
  let complete = true
  try {
    for (const each of database.prepare('select root, multihash, depth, metadata from pin').iterate()) {
      const row = each as unknown as PinRow
      pins += 1
      const root = decodeRoot(row.root)
      if (root === undefined) {
        damage.push(pinDamage('pin-root', 'damaged', 'a pin names no root', hints.database, []))
        continue
      }
      const name = root.toString()
      pinned.add(name)
      const state = roots.get(name)
      const fault = faultOfPin(row, root, state)
      if (state?.live === true) {
        if (fault !== undefined) damage.push(damageOf(fault.code, 'damaged', fault.message, state))
        continue
      }
      if (fault !== undefined) {
        const message = `${name}, which the manifest does not keep, ${fault.message}`
        damage.push(pinDamage(fault.code, 'damaged', message, hints.database, []))
        continue
      }
      lonely.push({ root, depth: typeof row.depth === 'number' ? row.depth : Number.POSITIVE_INFINITY })
      if (state !== undefined) notices.push({ file, ...withdrawnNotice(state) })
      else if (!claimed.has(name)) notices.push({ file, ...unrecordedNotice(name) })
    }
  } catch (error) {
    const { code, state, message } = disk.faultOf(error)
    complete = false
    damage.push(pinDamage(code, state, `the pins could not be read: ${message}`, hints.database, []))
  }
  for (const state of roots.values()) {
    if (complete && state.live && !pinned.has(state.root))
      damage.push(damageOf('pin-missing', 'missing', 'is not pinned', state))
  }
  return { damage, notices, pins, lonely }
}

/** Checks the pin of one live root. */
export function checkPin({ database, disk }: Stored, state: RootState): Damage[] {
  const root = CID.parse(state.root)
  let row: PinRow | undefined
  try {
    const pin = database.prepare('select root, multihash, depth, metadata from pin where root = ?').get(root.bytes)
    row = pin as unknown as PinRow | undefined
  } catch (error) {
    const fault = disk.faultOf(error)
    return [
      damageOf(fault.code, fault.state, `may be pinned or not; its pin could not be read: ${fault.message}`, state),
    ]
  }
  if (row === undefined) return [damageOf('pin-missing', 'missing', 'is not pinned', state)]
  const fault = faultOfPin(row, root, state)
  return fault === undefined ? [] : [damageOf(fault.code, 'damaged', fault.message, state)]
}

function decodeRoot(bytes: unknown): CID | undefined {
  try {
    const root = CID.decode(bytes as Uint8Array)
    return root.version === 1 ? root : undefined
  } catch {
    return undefined
  }
}

interface PinFault {
  readonly code: DamageCode
  /** The rest of a sentence. */
  readonly message: string
}

/** What is wrong with a pin; undefined where nothing is. */
function faultOfPin(row: PinRow, root: CID, state: RootState | undefined): PinFault | undefined {
  const { multihash, depth, metadata } = row
  if (!(multihash instanceof Uint8Array) || Buffer.compare(multihash, root.multihash.bytes) !== 0) {
    return { code: 'pin-multihash', message: 'is pinned under another multihash' }
  }
  if (depth !== null && !(state?.live !== true && Number.isSafeInteger(depth))) {
    return { code: 'pin-depth', message: 'is not pinned to its full depth' }
  }
  const values = parseMetadata(metadata)
  if (values === undefined) return { code: 'pin-metadata', message: 'has a pin whose metadata is no JSON object' }
  if (state?.live !== true) return undefined
  return state.editions.some(({ slug, version }) => values.slug === slug && values.version === version)
    ? undefined
    : { code: 'pin-edition', message: 'is pinned as another edition' }
}

function parseMetadata(text: unknown): { readonly slug?: unknown; readonly version?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text as string)
    return typeof text === 'string' && typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function damageOf(code: DamageCode, state: Damage['state'], fault: string, { root, editions }: RootState): Damage {
  const label = labelOf(editions.at(-1) as RootLine)
  const needs = editions.map((edition) => ({ article: labelOf(edition), root, path: '' }))
  return pinDamage(code, state, `${label} ${fault}`, repairHint(label), needs)
}

function pinDamage(
  code: DamageCode,
  state: Damage['state'],
  message: string,
  hint: string,
  needs: Damage['needs'],
): Damage {
  return { code, state, kind: 'pin', message, hint, needs }
}

function withdrawnNotice({ editions, root }: RootState): Omit<Notice, 'file'> {
  const label = labelOf(editions.at(-1) ?? { slug: root, version: 0 })
  return {
    code: 'pin-withdrawn',
    message: `${label} is withdrawn and still pinned: an unpublish was interrupted, or is under way`,
    hint: `run \`ovn unpublish ${label}\` again`,
  }
}

function unrecordedNotice(root: string): Omit<Notice, 'file'> {
  return {
    code: 'pin-unrecorded',
    message: `${root} is pinned, and the manifest does not name it: a publish was interrupted, or is under way, or the manifest has lost its end`,
    hint: 'publish the article again, or run `ovn rebuild`',
  }
}
