// The cache of the manifest in the database: where it speaks of something else than the manifest does, the manifest is what counts.

import { type Damage, type DamageCode, hints } from './damage.ts'
import type { Stored } from './open-database.ts'
import { isEditionLine, isWithdrawLine, type Line, type ReadManifest } from './read-manifest.ts'

/**
 * Checks the tables `manifest_mark` and `edition`. The mark names the last record that the database has seen: where that is not in
 * the manifest any more, records were lost.
 */
export function checkIndex({ database, disk }: Stored, manifest: ReadManifest): Damage[] {
  try {
    const marks = database.prepare('select size, lines, last_start, last_cid from manifest_mark limit 2').all()
    const [mark] = marks
    if (marks.length > 1) return [indexDamage('cache-mark', 'the database remembers two ends of the manifest')]
    const rows = database.prepare('select slug, version, root, event, start, length from edition').iterate()
    if (mark === undefined) {
      return rows.next().done
        ? []
        : [indexDamage('cache-mark', 'the database remembers editions, and no end of the manifest')]
    }
    const wrong = checkMark(mark, manifest)
    return wrong === undefined ? checkRows(rows, mark.size as number, manifest) : [wrong]
  } catch (error) {
    const { code, state, message } = disk.faultOf(error)
    return [{ ...indexDamage(code, `the cache of the manifest could not be read: ${message}`), state }]
  }
}

type Row = { readonly [column: string]: unknown }

function checkMark({ size, lines, last_start, last_cid }: Row, manifest: ReadManifest): Damage | undefined {
  const last = lineAt(manifest, last_start)
  if (last !== undefined && last.cid === last_cid && last.offset + last.length + 1 === size && last.line === lines) {
    return undefined
  }
  if (![size, lines, last_start].every(Number.isSafeInteger) || typeof last_cid !== 'string') {
    return indexDamage('cache-mark', 'what the database remembers of the end of the manifest is none')
  }
  // What stands on a damaged line is reported there.
  if (
    manifest.bad.some(({ offset, length }) => offset < (size as number) && offset + length >= (last_start as number))
  ) {
    return undefined
  }
  if (manifest.size >= (size as number) && manifest.lines.some(({ cid }) => cid === last_cid)) {
    return indexDamage('cache-mark', 'the database remembers the lines of the manifest at other places')
  }
  if (last !== undefined && last.line === lines && last.offset + last.length + 1 === size) {
    return indexDamage(
      'cache-mark',
      `the database remembers another record on line ${lines} of the manifest`,
      String(last_cid),
      last.cid,
    )
  }
  if (manifest.lines.some(({ lost }) => lost?.includes(last_cid))) {
    return indexDamage('cache-mark', 'the database remembers a record that is known to be lost')
  }
  const known = manifest.lines.length + manifest.bad.length
  const damage = manifest.exists
    ? indexDamage(
        'manifest-end',
        `the manifest has ${known} lines, and the database remembers ${lines}: records at its end are missing`,
      )
    : indexDamage('manifest-missing', `the manifest is missing; it had ${lines} lines or more`)
  return { ...damage, state: 'missing', kind: 'manifest', hint: hints.manifest, cid: last_cid }
}

function checkRows(rows: Iterable<unknown>, size: number, manifest: ReadManifest): Damage[] {
  const { lines, bad } = manifest
  const isAboutRoot = (line: Line) => line.offset < size && (isEditionLine(line) || isWithdrawLine(line))
  let left = lines.filter(isAboutRoot).length
  let wrong = 0
  for (const each of rows) {
    const row = each as Row
    const line = lineAt(manifest, row.start)
    const fits =
      line !== undefined &&
      isAboutRoot(line) &&
      line.slug === row.slug &&
      line.version === row.version &&
      line.root === row.root &&
      line.event === row.event &&
      line.length === row.length
    if (fits) left -= 1
    else if (
      !bad.some(({ offset, length }) => offset <= (row.start as number) && (row.start as number) <= offset + length)
    ) {
      wrong += 1
    }
  }
  const damage: Damage[] = []
  if (wrong > 0)
    damage.push(indexDamage('cache-rows', `${wrong} rows of the cache of the manifest are not what it says`))
  if (left > 0) damage.push(indexDamage('cache-missing', `${left} records of the manifest are missing in its cache`))
  return damage
}

/** The line that starts at an offset. */
function lineAt({ lines }: ReadManifest, offset: unknown): Line | undefined {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle] as Line).offset < (offset as number)) low = middle + 1
    else high = middle
  }
  return lines[low]?.offset === offset ? lines[low] : undefined
}

function indexDamage(code: DamageCode, message: string, expected?: string, found?: string): Damage {
  return {
    code,
    state: 'damaged',
    kind: 'index',
    message,
    hint: hints.index,
    needs: [],
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  }
}
