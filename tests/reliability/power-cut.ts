// Power cuts: a file system on an image is ended at a random moment, while several processes work in an archive on it. What they had
// answered for, noted down elsewhere, must be there when the disk is mounted again.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startOvn } from '../cli/ovn.ts'
import { Acknowledged } from './acknowledged.ts'
import { Disk, type FileSystem } from './disk.ts'
import { inFolder, type Outcome, type Random, type Row, randomFrom } from './harness.ts'
import { runNextCommand } from './next-command.ts'
import { type Car, type Habits, makeCars, Writer } from './writer.ts'

export interface PowerCutOptions {
  readonly on: Exclude<FileSystem, 'tmpfs'>
  readonly cuts: number
  readonly seed: number
}

/** `mkfs.xfs` makes none that is smaller. */
export const diskSize = { ext4: 128, xfs: 320 } as const

const processes = 3
const habits: Habits = { batch: 40, import: 15, unpublish: 12, gc: 8, rebuild: 0, spill: 0 }

/** Cuts after which a new archive is begun, so that it stays small. */
const cutsPerArchive = 20

/** Milliseconds in which something should have been answered for. */
const startsWithin = 15_000

/** Milliseconds after a cut in which every writer must have ended by itself. */
const endsWithin = 15_000

/** Cuts the power again and again, and judges what is left each time. */
export async function cutPower({ on, cuts, seed }: PowerCutOptions): Promise<Outcome> {
  return inFolder(async (folder) => {
    const random = randomFrom(seed)
    const cars = makeCars(join(folder, 'elsewhere'), 24)
    const disk = Disk.make(on, diskSize[on])
    const archive = join(disk.folder, 'archive')
    const failures: string[] = []
    let total = 0
    let slowest = 0
    try {
      let acknowledged = new Acknowledged()
      for (let cut = 1; cut <= cuts && failures.length < 10; cut += 1) {
        if (cut % cutsPerArchive === 1) {
          rmSync(archive, { recursive: true, force: true })
          acknowledged = new Acknowledged()
        }
        const before = acknowledged.count
        const work = join(folder, `cut-${cut}`)
        const odd = await workUntilCut(disk, archive, { work, cut, random, acknowledged, cars })
        total += acknowledged.count - before
        // What is to be repaired, the next command repairs.
        const { wrong, longer } = runNextCommand({ archive, cwd: work, acknowledged, name: `Next after cut ${cut}` })
        wrong.push(...acknowledged.judge(archive))
        slowest = Math.max(slowest, longer)
        failures.push(...[...odd, ...wrong].map((failure) => `cut ${cut}: ${failure}`))
      }
    } finally {
      disk.remove()
    }
    const next = `the next command took ${slowest.toFixed(1)} s longer at most`
    return { done: `${cuts} cuts on ${on}, ${total} answers; ${next}`, failures }
  })
}

interface Work {
  /** Where the articles are written. */
  readonly work: string
  readonly cut: number
  readonly random: Random
  readonly acknowledged: Acknowledged
  readonly cars: readonly Car[]
}

/** Lets writers work until the power is cut, and mounts the disk again. Returns what was odd about how they ended. */
async function workUntilCut(disk: Disk, archive: string, { work, cut, random, acknowledged, cars }: Work) {
  const odd: string[] = []
  const cutNow = await disk.prepareCut()
  let isOn = true
  const begun = Promise.withResolvers<bigint>()
  const writers = Array.from({ length: processes }, async (_, index) => {
    const own = cars.filter((_, place) => place % processes === index)
    const writer = new Writer(`cut${cut}-${index}`, { folder: work, random, acknowledged, cars: own, habits })
    while (isOn) {
      const task = writer.next()
      const { child, ended } = startOvn([...task.args, '-C', archive], { cwd: work })
      let answered = 0n
      child.stdout.on('data', () => {
        answered = process.hrtime.bigint()
      })
      const timer = setTimeout(() => child.kill('SIGKILL'), endsWithin)
      const end = await ended
      clearTimeout(timer)
      // Without power nobody answers. Here processes live on, and the kernel may say of what it could not write that it is written.
      const isVoid = !isOn && answered >= (await begun.promise)
      const fault = task.end(isVoid ? { ...end, stdout: '' } : end)
      const what = `ovn ${task.args.join(' ')}`
      if (end.status === null) odd.push(`${what} hung`)
      else if (isOn && fault !== undefined) odd.push(`${what}: ${fault}`)
      // Then it fails because of the disk, and says so.
      else if (!isOn && ![0, 6].includes(end.status)) odd.push(`${what} without power: ${fault}`)
    }
  })
  // As a rule when something has been answered for, and now and then before anything may have been.
  const before = acknowledged.count
  const isPatient = random(4) > 0
  await sleep(100 + random(500))
  for (let waited = 0; isPatient && acknowledged.count === before && waited < startsWithin; waited += 20)
    await sleep(20)
  await sleep(random(700))
  isOn = false
  begun.resolve(await cutNow())
  await Promise.all(writers)
  disk.unmount()
  disk.mount()
  return odd
}

export const rows: readonly Row[] = (['ext4', 'xfs'] as const).map((on) => ({
  name: `power-cut-${on}`,
  holds: `power cuts on ${on}: nothing acknowledged is lost, the archive opens, verify is clean, the next command takes 1 s longer at most`,
  run: (seed) => cutPower({ on, cuts: 200, seed }),
}))
