// What checking found → text: one line of good news, or all that is wrong and what to do about it.

import type { Difference } from '../verify/compare-folder.ts'
import type { Damage, Need } from '../verify/damage.ts'
import type { CarChecked, Compared, Verified } from './result.ts'
import { count, formatSize, escapeControls as safe } from './terminal.ts'

/** Lines that say who needs a block; the rest is counted, and `--json` has all. */
const mostNeeds = 20

/** Roots of a CAR that are listed. */
const mostRoots = 100

type Style = (text: string) => string

export function verifiedText(result: Verified, bold: Style): string {
  const { state, damage } = result
  if (state === 'intact') return [bold(`intact: ${scopeOf(result)}`), ...strayLines(result)].join('\n')
  const counts = countsOf(damage)
  const harmed = `${result.harmed} of ${count(result.editions, 'version')} concerned`
  return [
    ...damage.flatMap((each) => damageLines(each, bold)),
    ...strayLines(result),
    bold(`${counts}: ${harmed}; ${scopeOf(result)}`),
  ].join('\n')
}

function countsOf(damage: readonly Pick<Damage, 'state'>[]): string {
  const number = (wanted: Damage['state']) => damage.filter((each) => each.state === wanted).length
  return (['damaged', 'missing', 'not checked'] as const)
    .filter((each) => number(each) > 0)
    .map((each) => `${number(each)} ${each}`)
    .join(', ')
}

/** The text of a CAR: its roots, and all that is wrong. */
export function carCheckedText(result: CarChecked, bold: Style): string {
  const { state, damage, unlisted, file, roots } = result
  const held = `${count(roots.length, 'root')}, ${count(result.blocks, 'block')}, ${formatSize(result.bytes)} re-hashed`
  const scope = `${safe(file)}: ${held}`
  const list = roots.slice(0, mostRoots).map((root) => {
    const name = root.title === undefined ? '' : `  ${safe(root.title)} (${safe(root.slug ?? '')}@${root.version})`
    return `  ${root.root}${name}${root.state === 'intact' ? '' : `: ${root.state}`}`
  })
  if (roots.length > list.length) list.push(`  and ${roots.length - list.length} more, which --json lists`)
  const more = unlisted === 0 ? '' : `, and ${unlisted} more`
  const verdict = state === 'intact' ? `intact: ${scope}` : `${countsOf(damage)}${more}: ${scope}`
  return [...damage.flatMap((each) => damageLines(each, bold)), bold(verdict), ...list].join('\n')
}

/** The text of a comparison: the first difference first, and what could not be compared. */
export function comparedText(result: Compared, bold: Style): string {
  const { differences, unlisted, faults, path, against, subject, counterparts } = result
  const wrong = faults.map(({ state, where, path: file, message }) => {
    const place = where === 'disk' ? 'on disk' : 'in the archive'
    return `${bold(`${state} ${place}:`)} ${file === '' ? '' : `${safe(file)}: `}${safe(message)}`
  })
  const number = (wanted: Difference['how']) => differences.filter(({ how }) => how === wanted).length
  const counts = (
    [
      [number('differs') + number('kind'), 'different'],
      [number('missing'), 'missing'],
      [number('extra'), 'extra'],
      [unlisted, 'more'],
    ] as const
  )
    .filter(([each]) => each > 0)
    .map(([each, name]) => `${each} ${name}`)
    .join(', ')
  const verdict =
    subject === 'file'
      ? fileVerdict(result)
      : differences.length > 0
        ? `${safe(path)} is not ${safe(against)}: ${counts}; ${count(result.files, 'file')} the same`
        : faults.length > 0
          ? `${safe(path)} could not be compared with all of ${safe(against)}; ${count(result.files, 'file')} the same`
          : `the same: ${safe(path)} is ${safe(against)}: ${count(result.files, 'file')}, ${formatSize(result.bytes)}`
  const first = subject === 'file' && counterparts.length === 0 ? [] : differences.map(differenceLine)
  return [...first, ...wrong, bold(verdict)].join('\n')
}

function fileVerdict({ state, path, against, counterparts, differences }: Compared): string {
  const named = counterparts
    .map((each) => (each === '' ? safe(against) : `${safe(each)} of ${safe(against)}`))
    .join(', ')
  switch (state) {
    case 'same':
      return `the same: ${safe(path)} is ${named}`
    case 'different':
      return named === ''
        ? `${safe(path)} is no file of ${safe(against)}: ${safe(differences[0]?.note ?? '')}`
        : `${safe(path)} is not ${named}`
    case 'not checked':
      return `${safe(path)} could not be compared with ${named === '' ? safe(against) : named}`
  }
}

function differenceLine({ path, how, archived, found, first, last, note }: Difference): string {
  const sizes = archived === undefined || found === undefined ? '' : `${archived} bytes archived, ${found} here`
  const range =
    first === undefined
      ? undefined
      : archived !== found || last === undefined
        ? `from byte ${first} on; ${sizes}`
        : first === last
          ? `at byte ${first}`
          : `in bytes ${first} to ${last}`
  const size = range === undefined ? (archived ?? found) : undefined
  const details = [range, size === undefined ? undefined : `${size} bytes`, note].filter((each) => each !== undefined)
  const word = how === 'kind' ? 'differs' : how
  return `${word}: ${path === '' ? 'the whole' : safe(path)}${details.length === 0 ? '' : `, ${safe(details.join(', '))}`}`
}

function scopeOf({ articles, editions, blocks, bytes }: Verified): string {
  const versions = editions === articles ? '' : ` in ${count(editions, 'version')}`
  return `${count(articles, 'article')}${versions}, ${count(blocks, 'block')}, ${formatSize(bytes)} re-hashed`
}

function strayLines({ strays }: Verified): string[] {
  if (strays.blocks === 0) return []
  return [
    `${count(strays.blocks, 'stray block')} (${formatSize(strays.bytes)}) that no article needs: \`ovn gc\` frees the space`,
  ]
}

type ShownDamage = Pick<Damage, 'state' | 'message' | 'expected' | 'found' | 'needs' | 'hint'>

function damageLines({ state, message, expected, found, needs, hint }: ShownDamage, bold: Style): string[] {
  const shown = needs.slice(0, mostNeeds).map((need) => `  needed by ${needText(need)}`)
  const more = needs.length - shown.length
  return [
    `${bold(`${state}:`)} ${safe(message)}`,
    ...(expected === undefined ? [] : [`  expected ${safe(expected)}`]),
    ...(found === undefined ? [] : [`  found    ${safe(found)}`]),
    ...shown,
    ...(more > 0 ? [`  and ${more} more, which --json lists`] : []),
    `  hint: ${safe(hint)}`,
  ]
}

function needText({ article, root, path }: Need): string {
  const what = article ?? root
  return safe(path === '' ? what : `${what}: ${path}`)
}
