// A disk that is full, or almost, at every step: nothing is lost, nothing half is left, the command says why it failed. And without a
// free byte an archive can still be read, checked, and made smaller.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Ended, ovn, ovnJson } from '../cli/ovn.ts'
import { Acknowledged } from './acknowledged.ts'
import { Disk, type FileSystem } from './disk.ts'
import { inFolder, type Outcome, type Row } from './harness.ts'

export interface DiskFullOptions {
  readonly on: FileSystem
  /** KiB that are left free for every step, one after another. */
  readonly spares: readonly number[]
  /** Leaves out what the others show too. */
  readonly brief?: boolean
}

export const diskSize = { ext4: 24, xfs: 320, tmpfs: 24 } as const

/** The exit code of what the disk did not take. */
const full = 6

/** A command, and what it may say where the disk is full. */
interface Step {
  readonly args: readonly string[]
  /** It needs no room, or has some put by: it must succeed. */
  readonly mustWork?: true
  /** What may stay when it is refused: the next run goes on with it. */
  readonly leaves?: RegExp
}

/** In the order in which they are done to one archive. IN is the folder of what comes in, LARGE the root of a large article. */
const steps: readonly Step[] = [
  { args: ['list'], mustWork: true },
  { args: ['show', 'a3'], mustWork: true },
  { args: ['verify'], mustWork: true },
  { args: ['publish', 'IN/new.md'] },
  { args: ['import', 'IN/other.car'] },
  // Before the bag, in which the site's name stands.
  { args: ['init', '--name', 'The Gazette'] },
  { args: ['export', 'a3', '-o', 'a3.car'] },
  { args: ['export', 'a3', '-o', 'folder', '--format', 'folder'] },
  { args: ['export', 'a3', '-o', 'bag', '--format', 'bag'] },
  { args: ['fetch', 'a3', '-o', 'fetched'], leaves: /^\.fetched\..*\.partial$/ },
  { args: ['fetch', 'LARGE/assets/large.bin', '-o', 'large.bin'], leaves: /^\.large\.bin\..*\.partial$/ },
  { args: ['site', '-o', 'site'], leaves: /^site$/ },
  { args: ['unpublish', 'a1', '--reason', 'It was wrong.'], mustWork: true },
  { args: ['rebuild'] },
  { args: ['unpublish', 'a2', '--reason', 'It was wrong.'], mustWork: true },
  { args: ['gc'], mustWork: true },
  { args: ['verify'], mustWork: true },
]

const inBrief = new Set(['list', 'publish', 'import', 'unpublish', 'gc'])

/** Does every step on disks that are ever less full. */
export async function fillDisk({ on, spares, brief = false }: DiskFullOptions): Promise<Outcome> {
  return inFolder(async (folder) => {
    const model = makeModel(folder)
    const failures: string[] = []
    let done = 0
    let refused = 0
    const disk = Disk.make(on, diskSize[on])
    try {
      for (const spare of spares) {
        const trial = new Trial(disk, model, spare)
        const chosen = steps.filter(({ args }) => !brief || inBrief.has(args[0] as string))
        for (const step of chosen) trial.take(step)
        done += chosen.length
        refused += trial.refused.length
        const wrong = [...trial.end(), ...(brief ? [] : rebuildDamaged(disk, model, spare))]
        failures.push(...wrong.map((failure) => `${on}, ${spare} KiB free: ${failure}`))
      }
    } finally {
      disk.remove()
    }
    return { done: `${done} commands on ${on}, ${refused} of them refused for want of room`, failures }
  })
}

interface Model {
  /** Holds the archive, and an article that is not in it, as a file and as a CAR. */
  readonly folder: string
  readonly roots: ReadonlyMap<string, string>
}

/** An archive of some articles, one of them withdrawn and not freed yet. */
function makeModel(folder: string): Model {
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  mkdirSync(join(folder, 'in'))
  for (let index = 1; index <= 8; index += 1)
    write(`in/a${index}.md`, `# A${index}\n\n${`Text ${index}. `.repeat(500)}\n`)
  writeFileSync(join(folder, 'in/large.bin'), Buffer.alloc(3 * 1_048_576, 'a large file'))
  write('in/large.md', '# Large\n\n[The file](large.bin)\n')
  write('new.md', `# New\n\n${'Something new. '.repeat(2000)}\n`)
  write('other.md', `# Other\n\n${'Something else. '.repeat(2000)}\n`)
  const run = { cwd: folder }
  const { articles } = ovnJson(['publish', 'in'], run) as { articles: { slug: string; root: string }[] }
  for (const args of [
    ['unpublish', 'a8', '--reason', 'It was wrong.'],
    ['publish', 'other.md', '-C', 'elsewhere'],
    ['export', 'other', '-o', 'other.car', '-C', 'elsewhere'],
  ]) {
    const { status, stderr } = ovn(args, run)
    if (status !== 0) throw new Error(stderr)
  }
  return { folder, roots: new Map(articles.map(({ slug, root }) => [slug, root])) }
}

/** An archive on a disk that is filled anew before every step. */
class Trial {
  readonly #disk: Disk
  readonly #model: Model
  readonly #spare: number
  readonly #archive: string
  readonly #acknowledged = new Acknowledged()
  readonly #failures: string[] = []
  /** Steps that were refused. */
  readonly refused: Step[] = []
  /** Exports that were not: what they wrote is compared with what they would write. */
  readonly #exported: Step[] = []

  constructor(disk: Disk, model: Model, spare: number) {
    this.#disk = disk
    this.#model = model
    this.#spare = 1024 * spare
    this.#archive = join(disk.folder, 'ovn-archive')
    disk.empty()
    for (const name of this.#names()) rmSync(join(disk.folder, name), { recursive: true })
    cpSync(join(model.folder, 'ovn-archive'), this.#archive, { recursive: true })
    for (const [slug, root] of model.roots) {
      if (slug === 'a8') this.#acknowledged.withdraw(root)
      else this.#acknowledged.keep(root)
    }
  }

  take(step: Step): void {
    this.#disk.fill(this.#spare)
    const { free } = this.#disk
    // XFS keeps some for itself.
    if (free > this.#spare + (this.#disk.kind === 'xfs' ? 65_536 : 0))
      this.#failures.push(`${free} bytes are free, not ${this.#spare}`)
    const before = this.#names()
    const ended = this.#run(step)
    const told = `ovn ${step.args.join(' ')} ended with ${ended.status}: ${ended.stderr.trim()}`
    if (ended.status !== 0) {
      if (step.mustWork || ended.status !== full || !/: the disk is full(; .*)?$/m.test(ended.stderr))
        this.#failures.push(told)
      this.refused.push(step)
      const left = this.#names().filter((name) => !before.includes(name) && step.leaves?.test(name) !== true)
      this.#failures.push(...left.map((name) => `${told}; and it left ${name}`))
      for (const path of readdirSync(this.#disk.folder, { recursive: true, encoding: 'utf8' })) {
        if (/(^|\/)\.ovn-.*\.tmp$/.test(path)) this.#failures.push(`${told}; and it left ${path}`)
      }
    }
    if (ended.status === 0 && step.args[0] === 'export') this.#exported.push(step)
    for (const name of readdirSync(this.#archive)) {
      if (!known.test(name)) this.#failures.push(`${told}; and it left ${name} in the archive`)
    }
  }

  /** Gives the space back: what was refused works now, and everything is right. Returns all that was wrong. */
  end({ isDamaged = false } = {}): string[] {
    if (!isDamaged) this.#failures.push(...this.#acknowledged.judge(this.#archive))
    this.#disk.empty()
    for (const step of [...this.#exported, ...this.refused]) {
      const { status, stderr } = this.#run(step)
      if (status !== 0)
        this.#failures.push(`with space again ovn ${step.args.join(' ')} ended with ${status}: ${stderr}`)
    }
    this.#failures.push(...this.#acknowledged.judge(this.#archive))
    const left = this.#names().filter((name) => name.startsWith('.'))
    if (left.length > 0) this.#failures.push(`in the end there is ${left.join(', ')}`)
    return this.#failures
  }

  #run({ args }: Step): Ended {
    const large = this.#model.roots.get('large') as string
    const named = args.map((arg) => arg.replace('IN', this.#model.folder).replace('LARGE', large))
    const ended = ovn([...named, '-q'], { cwd: this.#disk.folder })
    const root = ended.stdout.trim()
    if (args[0] === 'unpublish' && root !== '') this.#acknowledged.withdraw(root)
    if ((args[0] === 'publish' || args[0] === 'import') && root !== '') this.#acknowledged.keep(root)
    return ended
  }

  #names(): string[] {
    return readdirSync(this.#disk.folder).filter((name) => name !== 'filling' && name !== 'lost+found')
  }
}

/** A manifest that is made anew is there whole, or the damaged one stays. Returns what was wrong. */
function rebuildDamaged(disk: Disk, model: Model, spare: number): string[] {
  const trial = new Trial(disk, model, spare)
  const manifest = join(disk.folder, 'ovn-archive/manifest.jsonl')
  const damaged = readFileSync(manifest, 'utf8').replace('"title":"A2"', '"title":"B2"')
  writeFileSync(manifest, damaged)
  trial.take({ args: ['rebuild'] })
  const isRefused = trial.refused.length > 0
  const isKept = [manifest, join(disk.folder, 'ovn-archive/manifest.damaged-1.jsonl')].some(
    (file) => existsSync(file) && readFileSync(file, 'utf8') === damaged,
  )
  disk.empty()
  return [...(isKept ? [] : ['rebuild lost the damaged manifest']), ...trial.end({ isDamaged: isRefused })]
}

/** What may be in an archive's folder when nobody is at work. */
const known = /^(manifest(\.damaged-1)?\.jsonl|blocks\.sqlite(-journal)?|reserve|config\.json)$/

const spares = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]

export const rows: readonly Row[] = (['ext4', 'tmpfs', 'xfs'] as const).map((on) => ({
  name: `disk-full-${on}`,
  holds: `${on} full at every step: nothing is lost or left half; list, show, verify, unpublish and gc work without a free byte`,
  run: () => fillDisk({ on, spares }),
}))
