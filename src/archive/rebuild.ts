// A lost or damaged manifest → one that says again what the archive holds. Lines that are whole stay as they are, byte for byte;
// damaged ones go aside; what is pinned and has no record gets one from its own bundle.

import { CID } from 'multiformats/cid'
import { walkBlocks } from '../dag/walk.ts'
import { OvnError, type Problem } from '../errors.ts'
import {
  type AnyDraft,
  type Draft,
  type EditionRecord,
  isEdition,
  isRecovery,
  isWithdrawal,
  type ManifestRecord,
} from '../manifest/record.ts'
import type { Archive } from './archive.ts'
import { describeRoot } from './describe-root.ts'

export interface Rebuilt {
  /** Lines that stayed. */
  readonly kept: number
  /** What was wrong with the damaged lines. */
  readonly damaged: readonly string[]
  /** The old manifest, where lines of it were damaged. */
  readonly aside: string | undefined
  /** Bytes of an unfinished last line that were set aside. */
  readonly torn: number
  /** CIDs of records that are missing from the chain. */
  readonly lost: readonly string[]
  /** What was recorded again. */
  readonly recorded: readonly EditionRecord[]
  /** Recorded roots that were pinned again, all of their blocks being there. */
  readonly repinned: readonly string[]
  /** What could not be done, and why. */
  readonly problems: readonly Problem[]
}

/** What is known of an archive before its manifest is written anew. */
interface Findings {
  /** Drafts of records for pinned roots that have none. */
  readonly drafts: readonly Draft[]
  /** Recorded roots without a pin whose DAGs are whole. */
  readonly whole: readonly CID[]
  readonly problems: readonly Problem[]
}

/**
 * Rebuilds the manifest from its whole lines and from the pins. It is run again without harm: where all is in order it changes
 * nothing. Throws an OvnError `unsupported` where a line is of a newer format.
 */
export async function rebuildManifest(archive: Archive, now: Date, signal: AbortSignal): Promise<Rebuilt> {
  const before = readLines(archive)
  const findings = await investigate(archive, before.records, now, signal)
  const write = () => {
    const torn = archive.manifest.setAsideTorn()
    const { records: found, faults } = readLines(archive)
    const records = inOrder(found)
    const isRight = faults.length === 0 && records.every((record, index) => record === found[index])
    const aside = isRight && records.length === found.length ? undefined : archive.manifest.replace(records)
    const lost = lostParents(records)
    // Another process may have recorded or withdrawn some of them meanwhile, or taken back a pin that came to nothing.
    const known = new Set(records.map(rootOf))
    const drafts = findings.drafts
      .filter(({ root }) => !known.has(root) && archive.pins.hasRoot(CID.parse(root)))
      .sort((a, b) => a.version - b.version)
    const live = new Set(liveRoots(records))
    const repinned = findings.whole.filter((root) => live.has(root.toString()))
    const recovery: AnyDraft[] = lost.length === 0 ? [] : [{ event: 'recover', lost, time: now.toISOString() }]
    const all = [...recovery, ...drafts]
    const placed = all.length === 0 ? [] : archive.manifest.append(all, records.at(-1)?.cid)
    for (const root of repinned) archive.pins.insert(root, pinNote(records, root))
    archive.editions.renew()
    return {
      kept: records.length,
      damaged: faults,
      aside,
      torn,
      lost,
      recorded: placed.map(({ record }) => record).filter(isEdition),
      repinned: repinned.map(String),
      problems: findings.problems,
    }
  }
  return archive.exclusively(write, signal)
}

function readLines({ manifest }: Archive): { records: ManifestRecord[]; faults: string[] } {
  const lines = manifest.lines()
  return {
    records: lines.flatMap((line) => ('record' in line ? [line.record] : [])),
    faults: lines.flatMap((line) => ('fault' in line ? [line.fault.message] : [])),
  }
}

async function investigate(
  archive: Archive,
  records: readonly ManifestRecord[],
  now: Date,
  signal: AbortSignal,
): Promise<Findings> {
  const problems: Problem[] = []
  const attempt = async <T>(what: string, hint: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof OvnError)) throw error
      problems.push({ file: what, message: error.message, hint })
      return undefined
    }
  }
  const recorded = new Set(records.map(rootOf))
  const drafts: Draft[] = []
  const pinned = new Set<string>()
  for await (const { cid } of archive.pins.ls({ signal })) {
    pinned.add(cid.toString())
    if (recorded.has(cid.toString())) continue
    const hint = 'it stays pinned; `ovn fetch --repair` may heal it, `ovn import` of its CAR records it'
    const describe = () => describeRoot(archive.blocks, cid, { event: 'rebuild', now, signal })
    const draft = await attempt(cid.toString(), hint, describe)
    if (draft !== undefined) drafts.push(draft)
  }
  const whole: CID[] = []
  for (const root of liveRoots(records)) {
    if (pinned.has(root)) continue
    const hint = 'it is recorded and not whole; `ovn fetch --repair` or `ovn import` of its CAR brings it back'
    const walk = async () => {
      const cid = parseRoot(root)
      for await (const _ of walkBlocks(archive.blocks, [cid], signal));
      return cid
    }
    const cid = await attempt(root, hint, walk)
    if (cid !== undefined) whole.push(cid)
  }
  return { drafts, whole, problems }
}

function parseRoot(root: string): CID {
  try {
    return CID.parse(root)
  } catch (cause) {
    throw new OvnError('damaged', `the recorded root ${root} is not a CID`, { cause })
  }
}

/** Records once each and after their parents, otherwise as they stood. */
function inOrder(records: readonly ManifestRecord[]): ManifestRecord[] {
  if (isOrdered(records)) return [...records]
  const byParent = Map.groupBy(records, ({ parent }) => parent)
  const there = new Set(records.map(({ cid }) => cid))
  const done = new Map<string, ManifestRecord>()
  for (const first of records) {
    if (first.parent !== undefined && there.has(first.parent)) continue
    const stack = [first]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (done.has(next.cid)) continue
      done.set(next.cid, next)
      stack.push(...(byParent.get(next.cid) ?? []).toReversed())
    }
  }
  return [...done.values()]
}

/** Whether every record stands once, and after its parent where that is there. */
function isOrdered(records: readonly ManifestRecord[]): boolean {
  const places = new Map(records.map(({ cid }, index) => [cid, index]))
  return records.every(({ cid, parent }, index) => {
    const before = parent === undefined ? undefined : places.get(parent)
    return places.get(cid) === index && (before === undefined || before < index)
  })
}

function rootOf(record: ManifestRecord): string | undefined {
  return isEdition(record) || isWithdrawal(record) ? record.root : undefined
}

/** Roots whose last event is an edition. */
function liveRoots(records: readonly ManifestRecord[]): string[] {
  const live = new Set<string>()
  for (const record of records) {
    if (isEdition(record)) live.add(record.root)
    else if (isWithdrawal(record)) live.delete(record.root)
  }
  return [...live]
}

/** Parents that records name and that neither stand before them nor are known to be lost. */
function lostParents(records: readonly ManifestRecord[]): string[] {
  const known = new Set(records.filter(isRecovery).flatMap(({ lost }) => lost))
  const lost = new Set<string>()
  for (const { cid, parent } of records) {
    if (parent !== undefined && !known.has(parent)) lost.add(parent)
    known.add(cid)
  }
  return [...lost].filter((cid) => !known.has(cid))
}

function pinNote(records: readonly ManifestRecord[], root: CID): { slug: string; version: number } {
  const record = records.filter(isEdition).findLast((each) => each.root === root.toString())
  return { slug: record?.slug ?? '', version: record?.version ?? 0 }
}
