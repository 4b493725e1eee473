// The lines of the manifest among themselves: each names the one before it, each version the one that it replaces.

import { type Damage, type DamageCode, hints, type Notice } from './damage.ts'
import { isEditionLine, isWithdrawLine, type Line, type ReadManifest, type RootLine } from './read-manifest.ts'

export interface ChainFindings {
  readonly damage: readonly Damage[]
  readonly notices: readonly Notice[]
}

/**
 * Checks the chain of parents. A record that is named as a parent and stands nowhere was removed, unless a later record lists it
 * as lost; a parent that stands further down was moved. Two records with one parent are a branch, which is no damage.
 */
export function checkParents({ lines, bad, damage: found }: ReadManifest, file: string): ChainFindings {
  const damage: Damage[] = []
  const notices: Notice[] = []
  const places = new Map<string, number>()
  for (const { cid, line } of lines) if (!places.has(cid)) places.set(cid, line)
  const lost = new Set(lines.flatMap((line) => line.lost ?? []))
  const badLines = new Set(bad.map(({ line }) => line))
  // The CID that a damaged line claims, or that its bytes have: whoever names either as its parent follows it.
  const ofBad = new Set(found.flatMap((each) => [each.expected, each.found]).filter((cid) => cid !== undefined))
  let firstLine: number | undefined

  for (const { cid, parent, line } of lines) {
    const first = places.get(cid)
    if (first !== undefined && first !== line) {
      damage.push(
        manifestDamage('chain-repeat', 'damaged', line, `line ${line} of the manifest is line ${first} again`),
      )
      continue
    }
    if (parent === undefined) {
      if (firstLine !== undefined) {
        notices.push({
          code: 'chain-start',
          file,
          line,
          message: `this record follows none, as line ${firstLine} does: two manifests were joined`,
        })
      }
      firstLine ??= line
      continue
    }
    const before = places.get(parent)
    if (before === undefined) {
      // What stood on a damaged line just above it is reported there.
      if (lost.has(parent) || badLines.has(line - 1) || ofBad.has(parent)) continue
      const message = `the record before line ${line} of the manifest is missing`
      damage.push({ ...manifestDamage('chain-parent', 'missing', line, message), cid: parent })
    } else if (before > line) {
      damage.push(
        manifestDamage(
          'chain-order',
          'damaged',
          line,
          `line ${line} of the manifest follows line ${before}, which stands below it`,
        ),
      )
    }
  }
  notices.push(...branchesOf(lines, file))
  return { damage, notices }
}

function manifestDamage(code: DamageCode, state: 'damaged' | 'missing', line: number, message: string): Damage {
  return { code, state, kind: 'manifest', line, message, hint: hints.manifest, needs: [] }
}

function branchesOf(lines: readonly Line[], file: string): Notice[] {
  const children = new Map<string, Line>()
  const notices: Notice[] = []
  for (const line of lines) {
    if (line.parent === undefined) continue
    const other = children.get(line.parent)
    if (other === undefined) children.set(line.parent, line)
    else if (other.cid !== line.cid) {
      notices.push({
        code: 'chain-branch',
        file,
        line: line.line,
        message: `this record and line ${other.line} follow the same one: two copies were merged`,
      })
    }
  }
  return notices
}

/** Every root that the manifest names, with what became of it. */
export interface RootState {
  readonly root: string
  /** The editions that have it, in the order of the file. */
  readonly editions: RootLine[]
  /** Whether the last event about it is an edition, not its withdrawal. */
  live: boolean
}

/**
 * Follows the events of every root. A withdrawal must be of an edition that was recorded before it, unless records are known to
 * be lost.
 */
export function followRoots(manifest: ReadManifest): { roots: Map<string, RootState>; damage: Damage[] } {
  const { lines, claimed } = manifest
  const hasLost = hasLostRecords(manifest)
  const roots = new Map<string, RootState>()
  const damage: Damage[] = []
  for (const line of lines) {
    const withdrawn = isWithdrawLine(line)
    if (!withdrawn && !isEditionLine(line)) continue
    const { root } = line
    let state = roots.get(root)
    if (state === undefined) {
      state = { root, editions: [], live: false }
      roots.set(root, state)
    }
    state.live = !withdrawn
    if (!withdrawn) state.editions.push(line)
    else if (!state.editions.some((edition) => isSameEdition(edition, line)) && !claimed.has(root) && !hasLost) {
      damage.push({
        code: 'withdraw-unrecorded',
        state: 'damaged',
        kind: 'record',
        line: line.line,
        message: `line ${line.line} of the manifest withdraws ${labelOf(line)}, which no line above it records with that root`,
        hint: hints.manifest,
        needs: [],
      })
    }
  }
  return { roots, damage }
}

/** Whether a record says that others were lost: what they recorded is not known, and not damage any more. */
function hasLostRecords({ lines }: ReadManifest): boolean {
  return lines.some(({ lost }) => lost !== undefined && lost.length > 0)
}

function isSameEdition(a: RootLine, b: RootLine): boolean {
  return a.slug === b.slug && a.version === b.version
}

/** `slug@version`. */
export function labelOf({ slug, version }: Pick<RootLine, 'slug' | 'version'>): string {
  return `${slug}@${version}`
}

/** Checks that every version but the first names the one before it, and that this one is recorded. */
export function checkVersions(
  editions: Iterable<RootLine>,
  roots: ReadonlyMap<string, RootState>,
  manifest: ReadManifest,
  file: string,
): ChainFindings {
  const { claimed } = manifest
  const hasLost = hasLostRecords(manifest)
  const damage: Damage[] = []
  const notices: Notice[] = []
  for (const edition of editions) {
    const { line, version, previous, event, root } = edition
    const label = labelOf(edition)
    const wrong = (code: DamageCode, state: 'damaged' | 'missing', message: string) =>
      damage.push({
        code,
        state,
        kind: 'record',
        line,
        message,
        hint: hints.manifest,
        needs: [{ article: label, root, path: '' }],
      })
    if (previous === undefined) {
      if (version > 1 && event === 'publish')
        wrong('version-unnamed', 'damaged', `${label} does not name the version that it replaces`)
      continue
    }
    if (version === 1 && event === 'publish')
      wrong('version-first', 'damaged', `${label} is a first version, and names one that it replaces`)
    const before = roots.get(previous)?.editions ?? []
    if (before.some((each) => each.slug === edition.slug && each.version === version - 1)) continue
    if (event !== 'publish' || (hasLost && before.length === 0)) {
      notices.push({
        code: 'version-absent',
        file,
        line,
        message: `the version that ${label} replaces is not recorded here`,
      })
    } else if (before.length > 0) {
      wrong('version-previous', 'damaged', `${label} replaces ${previous}, which is not the version before it`)
    } else if (!claimed.has(previous)) {
      wrong('version-unrecorded', 'missing', `${label} replaces ${previous}, which the manifest does not record`)
    }
  }
  return { damage, notices }
}
