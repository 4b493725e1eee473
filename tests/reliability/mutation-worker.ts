// A process of its own that reads mutated inputs, one after another, for mutations.ts. Each follows from the seed and its number.

import { hash } from 'node:crypto'
import { openSync, readFileSync, writeSync } from 'node:fs'
import { randomFrom } from './harness.ts'
import { importBatch, makeImporter } from './mutated-imports.ts'
import type { MutationReport, MutationTask } from './mutations.ts'
import { makeTargets, type Target } from './targets.ts'

const { archive, fixtures, seed, first, count, kind, place } = JSON.parse(process.argv[2] as string) as MutationTask
const texts = fixtures.map((file) => readFileSync(file, 'utf8'))
const importer = kind === 'import' ? await makeImporter(archive) : undefined
const targets = importer === undefined ? await makeTargets(archive, texts) : [importer]

const order = targets.flatMap((target) => Array.from({ length: target.share }, () => target))
const failures: string[] = []
let slowest = { what: '', time: 0 }

// Where it is, for whoever must end it.
const log = openSync(place, 'w')
const number = Buffer.alloc(8)

const step = importer === undefined ? 1 : importBatch
for (let index = first; index < first + count; index += step) {
  number.writeBigUInt64LE(BigInt(index))
  writeSync(log, number, 0, 8, 0)
  // Neighbours are nothing alike.
  const random = randomFrom(hash('sha256', `${seed} ${index}`, 'buffer').readUInt32LE())
  const target = order[random(order.length)] as Target
  const before = process.threadCpuUsage()
  let failure: string | undefined
  try {
    await target.tryOne(random)
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const { user, system } = process.threadCpuUsage(before)
  const time = (user + system) / 1000
  if (time > slowest.time) slowest = { what: `${target.name} #${index}`, time }
  if (time > 1000) failure ??= `it took ${time} ms of the processor`
  if (failure !== undefined && failures.length < 20) failures.push(`${target.name} #${index}: ${failure}`)
}
failures.push(...((await importer?.end()) ?? []))

const report: MutationReport = { failures, slowest, memory: process.resourceUsage().maxRSS * 1024, ...importer?.counts }
writeSync(1, JSON.stringify(report))
process.exit(0)
