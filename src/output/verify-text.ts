// What checking found → text: one line of good news, or all that is wrong and what to do about it.

import type { Damage, Need } from '../verify/damage.ts'
import type { Verified } from './result.ts'
import { count, formatSize, escapeControls as safe } from './terminal.ts'

/** Lines that say who needs a block; the rest is counted, and `--json` has all. */
const mostNeeds = 20

type Style = (text: string) => string

export function verifiedText(result: Verified, bold: Style): string {
  const { state, damage } = result
  if (state === 'intact') return [bold(`intact: ${scopeOf(result)}`), ...strayLines(result)].join('\n')
  const number = (wanted: Damage['state']) => damage.filter((each) => each.state === wanted).length
  const counts = (['damaged', 'missing', 'not checked'] as const)
    .filter((each) => number(each) > 0)
    .map((each) => `${number(each)} ${each}`)
    .join(', ')
  const harmed = `${result.harmed} of ${count(result.editions, 'version')} concerned`
  return [
    ...damage.flatMap((each) => damageLines(each, bold)),
    ...strayLines(result),
    bold(`${counts}: ${harmed}; ${scopeOf(result)}`),
  ].join('\n')
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

function damageLines({ state, message, expected, found, needs, hint }: Damage, bold: Style): string[] {
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
