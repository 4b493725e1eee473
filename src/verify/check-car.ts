// A CAR file, checked without being imported: every section is hashed, and the DAG of every root is walked. All that is wrong comes
// back together. Data is not kept: what is needed again is read from the file again.

import { closeSync, fstatSync, openSync, read } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import type { CID } from 'multiformats/cid'
import { readMetadata } from '../bundle/read-metadata.ts'
import { diskError } from '../dag/disk-error.ts'
import { type CarSections, CutShortError, readCarSections } from '../dag/read-car.ts'
import { toV1 } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import { cidWith } from './block-table.ts'
import { type BlockList, CarTable, mostListed } from './car-table.ts'
import { type BlockProblem, DagCheck } from './check-dag.ts'
import type { DamageCode, Fault, Notice, NoticeCode } from './damage.ts'

/** A root that the file names. */
export interface CheckedRoot {
  readonly root: string
  /** Whether its DAG is in the file, whole and right; the worst of what is wrong with it. */
  readonly state: 'intact' | Fault
  /** Of a bundle of ours: its slug, version and title. */
  readonly slug?: string
  readonly version?: number
  readonly title?: string
  /** Bytes of its files, where it is intact. */
  readonly size?: number
}

/** Where in which root something is needed. */
export interface CarNeed {
  readonly root: string
  /** `slug@version` of a bundle of ours. */
  readonly article?: string
  /** Path of the file or folder; empty for the root itself. */
  readonly path: string
}

/** One thing that is not intact. */
export interface CarDamage {
  readonly code: DamageCode
  readonly state: Fault
  /** `file`: the CAR itself; `block`: bytes and their CID, there or not; `bundle`: what right blocks say. */
  readonly kind: 'file' | 'block' | 'bundle'
  readonly message: string
  readonly hint: string
  readonly cid?: string
  /** Where it begins in the file, in bytes. */
  readonly offset?: number
  readonly expected?: string
  readonly found?: string
  readonly needs: readonly CarNeed[]
}

/** All that was found in a CAR. */
export interface CarFindings {
  /** The worst of it. */
  readonly state: 'intact' | Fault
  /** Version of the format; absent where the file is no CAR. */
  readonly version?: 1 | 2
  readonly roots: readonly CheckedRoot[]
  /** Sections that were read and hashed, and the bytes of their blocks. */
  readonly blocks: number
  readonly bytes: number
  readonly damage: readonly CarDamage[]
  /** Damage beyond what is listed. */
  readonly unlisted: number
  /** Right blocks that no root needs, and sections that repeat a block: the first thousand are listed. */
  readonly extra: Pick<BlockList, 'blocks' | 'bytes' | 'listed'>
  readonly duplicates: Pick<BlockList, 'blocks' | 'bytes' | 'listed'>
  readonly notices: readonly Notice[]
}

export interface CheckCarOptions {
  readonly signal: AbortSignal
  /** Told of the bytes of the file that were read, and of all. */
  readonly onBytes?: (done: number, total: number) => void
}

/** Places that are told of one block, and broken roots whose damage is looked for in all. */
const mostNeeds = 100
const mostBroken = 100

/** Bytes that are read at once. */
const chunkSize = 1_048_576

/** Bytes of a bundle's metadata that are read. */
const mostMetadata = 1_048_576

const hints = {
  file: 'copy or fetch the file again',
  block: 'get the file again, or another CAR of the same root',
  checked: 'check it with a tool that knows its hash function',
  roots: 'what it should hold is not known: compare its blocks with a root that you know',
} as const

/**
 * Checks a CAR file. Damage is told, not thrown. Throws an OvnError: `not-found` where there is no such file, `storage` where it
 * cannot be opened.
 */
export async function checkCarFile(file: string, options: CheckCarOptions): Promise<CarFindings> {
  const handle = open(file)
  try {
    return await new CarCheck(file, handle, options).run()
  } finally {
    closeSync(handle)
  }
}

function open(file: string): number {
  try {
    const handle = openSync(file, 'r')
    if (fstatSync(handle).isFile()) return handle
    closeSync(handle)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw diskError(error, file)
    throw new OvnError('not-found', `no file ${file}`)
  }
  throw new OvnError('usage', `${file} is not a file`, { hint: 'name a CAR file' })
}

/** Gives the event loop a turn every so many steps, so that signals are heard. */
class Turns {
  readonly #signal: AbortSignal
  #steps = 0

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  get isDue(): boolean {
    this.#steps += 1
    return this.#steps % 1000 === 0
  }

  async rest(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#signal.throwIfAborted()
  }
}

const readAside = promisify(read)

/** The bytes of an open file. The file stays open: what is needed again is read from it again. */
async function* chunksOf(handle: number): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const chunk = Buffer.allocUnsafeSlow(chunkSize)
    const { bytesRead } = await readAside(handle, chunk, 0, chunkSize, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
}

class CarCheck {
  readonly #file: string
  readonly #handle: number
  readonly #size: number
  readonly #options: CheckCarOptions
  readonly #table: CarTable
  readonly #dag: DagCheck
  readonly #damage: CarDamage[] = []
  /** What is wrong with blocks, by CID. */
  readonly #blocks = new Map<string, CarDamage & { readonly needs: CarNeed[] }>()
  #unlisted = 0
  #done = 0

  constructor(file: string, handle: number, options: CheckCarOptions) {
    this.#file = file
    this.#handle = handle
    this.#size = fstatSync(handle).size
    this.#options = options
    this.#table = new CarTable(handle)
    this.#dag = new DagCheck(this.#table, new Turns(options.signal))
  }

  async run(): Promise<CarFindings> {
    const car = await this.#readAll()
    this.#noteBadSections()
    const roots = car === undefined ? [] : await this.#checkRoots(car.roots)
    const extra = this.#table.extras()
    const damage = [...this.#damage, ...this.#blocks.values()].sort(byOffset)
    return {
      state: worst(damage.map(({ state }) => state)),
      ...(car === undefined ? {} : { version: car.version }),
      roots,
      blocks: this.#table.blocks,
      bytes: this.#table.bytes,
      damage,
      unlisted: this.#unlisted,
      extra: plain(extra),
      duplicates: plain(this.#table.duplicates),
      notices: this.#notices(extra),
    }
  }

  /** Reads and hashes the file to its end, or to where it breaks. */
  async #readAll(): Promise<CarSections | undefined> {
    const { signal, onBytes } = this.#options
    const name = basename(this.#file)
    let car: CarSections | undefined
    try {
      car = await readCarSections(chunksOf(this.#handle), name, ({ message }, offset) => {
        this.#add({ code: 'car-section', state: 'damaged', kind: 'file', message, hint: hints.file, offset, needs: [] })
      })
      await this.#table.hashAll(car.sections, signal, (end) => {
        this.#done = end
        onBytes?.(end, this.#size)
      })
    } catch (error) {
      this.#noteEnd(error)
    }
    return car
  }

  /** The file cannot be read on: what that says of the blocks that were to come. */
  #noteEnd(thrown: unknown): void {
    const error = diskError(thrown, this.#file)
    if (!(error instanceof OvnError)) throw error
    const { code, message } = error
    const isDamaged = code === 'damaged'
    const isShort = error instanceof CutShortError
    this.#add({
      code: isShort ? 'car-short' : isDamaged ? 'car-format' : 'car-unreadable',
      state: isDamaged ? 'damaged' : 'not checked',
      kind: 'file',
      message,
      hint: hints.file,
      offset: this.#done,
      needs: [],
    })
    // Behind the end of a file there is nothing; behind a place that makes no sense there may be anything.
    if (isShort) return
    this.#table.absent = {
      code: 'car-beyond',
      state: 'not checked',
      message: `it is not among the blocks before byte ${this.#done}, from where on the file cannot be read`,
    }
  }

  #noteBadSections(): void {
    const listed = this.#table.badSections()
    for (const { cid, offset, code, state, message, found } of listed) {
      const name = cid.toString()
      const other = cidWith(cid.code, found)
      const damage: CarDamage & { needs: CarNeed[] } = {
        code,
        state,
        kind: 'block',
        message: `block ${name} at byte ${offset}: ${message}`,
        hint: state === 'not checked' ? hints.checked : hints.block,
        cid: name,
        offset,
        ...(other === undefined ? {} : { expected: name, found: other }),
        needs: [],
      }
      const key = keyOf(cid)
      if (this.#blocks.has(key)) this.#add(damage)
      else this.#blocks.set(key, damage)
    }
    this.#unlisted += this.#table.badBlocks - listed.length
  }

  async #checkRoots(roots: readonly CID[]): Promise<CheckedRoot[]> {
    if (roots.length === 0) {
      const message = 'the file names no root: whether anything is missing cannot be told'
      this.#add({ code: 'car-roots', state: 'not checked', kind: 'file', message, hint: hints.roots, needs: [] })
    }
    const checked: CheckedRoot[] = []
    let broken = 0
    for (const root of roots) {
      this.#options.signal.throwIfAborted()
      const below = await this.#dag.check(root)
      const described = this.#describe(root)
      const name = toV1(root).toString()
      if (!below.broken) {
        checked.push({ root: name, state: 'intact', ...described, size: below.size })
        continue
      }
      broken += 1
      const states = new Set<Fault>()
      const article = described === undefined ? undefined : `${described.slug}@${described.version}`
      if (broken <= mostBroken)
        await this.#locate(root, { root: name, ...(article === undefined ? {} : { article }) }, states)
      checked.push({ root: name, state: states.size === 0 ? 'not checked' : worst([...states]), ...described })
    }
    return checked
  }

  /** What a bundle of ours says of itself; undefined for everything else, and where that is not intact. */
  #describe(root: CID): Pick<Required<CheckedRoot>, 'slug' | 'version' | 'title'> | undefined {
    const metadata = this.#dag.entriesOf(root)?.get('metadata.json')
    const bytes = metadata === undefined ? undefined : this.#dag.bytesOf(metadata, mostMetadata)
    if (bytes === undefined) return undefined
    try {
      const facts = readMetadata(bytes)
      return facts === undefined ? undefined : { slug: facts.identifier, version: facts.version, title: facts.title }
    } catch (error) {
      if (error instanceof OvnError) return undefined
      throw error
    }
  }

  /** Notes every block below a broken root that is not intact, and where it is needed. */
  #locate(root: CID, where: Omit<CarNeed, 'path'>, states: Set<Fault>): Promise<void> {
    return this.#dag.locate(root, (problem, path) => {
      states.add(problem.state)
      const key = keyOf(problem.cid)
      const known = this.#blocks.get(key)
      const need = { ...where, path }
      if (known === undefined) {
        if (this.#blocks.size < mostListed) this.#blocks.set(key, { ...toDamage(problem), needs: [need] })
        else this.#unlisted += 1
      } else if (
        known.needs.length < mostNeeds &&
        !known.needs.some((each) => each.root === need.root && each.path === path)
      ) {
        known.needs.push(need)
      }
    })
  }

  #add(damage: CarDamage): void {
    if (this.#damage.length < mostListed) this.#damage.push(damage)
    else this.#unlisted += 1
  }

  #notices(extra: BlockList): Notice[] {
    const { duplicates, miscoded } = this.#table
    const notices: Notice[] = []
    const add = (code: NoticeCode, message: string) => notices.push({ code, file: this.#file, message })
    if (extra.blocks > 0) add('car-unneeded', `${extra.blocks} of its blocks are needed by none of its roots`)
    if (duplicates.blocks > 0) add('car-repeat', `${duplicates.blocks} of its blocks repeat others`)
    if (miscoded.size > 0)
      add('car-codec', `${miscoded.size} of its blocks have CIDs with another codec than where they are needed`)
    return notices
  }
}

function toDamage(problem: BlockProblem): CarDamage {
  const { cid, code, state, message, bundle } = problem
  return {
    code,
    state,
    kind: bundle === true ? 'bundle' : 'block',
    message: `block ${cid}: ${message}`,
    hint: state === 'not checked' ? hints.checked : hints.block,
    cid: cid.toString(),
    needs: [],
  }
}

function worst(states: readonly Fault[]): 'intact' | Fault {
  return (['damaged', 'missing', 'not checked'] as const).find((state) => states.includes(state)) ?? 'intact'
}

/** In the order of the file; what is not in it comes last. */
function byOffset(a: CarDamage, b: CarDamage): number {
  return (a.offset ?? Number.POSITIVE_INFINITY) - (b.offset ?? Number.POSITIVE_INFINITY) || 0
}

function plain({ blocks, bytes, listed }: BlockList): Pick<BlockList, 'blocks' | 'bytes' | 'listed'> {
  return { blocks, bytes, listed }
}

function keyOf(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('latin1')
}
