// Reads one of the texts that are made to be slow, for slow-texts.ts.

import { writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { readArticle } from '../../src/article/read-article.ts'
import { packBundle } from '../../src/bundle/pack-bundle.ts'
import { OvnError } from '../../src/errors.ts'
import { slowTexts } from '../article/slow-texts.ts'
import { type SlowTextReport, textSize } from './slow-texts.ts'

const bytes = Buffer.from(slowTexts[process.argv[2] as string]?.(textSize) ?? '')
const before = process.cpuUsage()
let failure: string | undefined
try {
  const article = await readArticle('a.md', { bytes, folder: tmpdir(), overrides: { title: 'T' } })
  packBundle(article, {}).rendered({ version: 1 })
} catch (error) {
  if (!(error instanceof OvnError)) failure = error instanceof Error ? error.stack : String(error)
}
const { user, system } = process.cpuUsage(before)
const memory = process.resourceUsage().maxRSS * 1024
const report: SlowTextReport = { time: (user + system) / 1000, memory, ...(failure === undefined ? {} : { failure }) }
writeSync(1, JSON.stringify(report))
