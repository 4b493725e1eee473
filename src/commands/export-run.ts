// One run of exporting. What is written was read through checked blocks, and is there whole or not at all. An article that is
// damaged stops no other, unless it was named.

import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { uptime } from 'node:process'
import type { CID } from 'multiformats/cid'
import type { Archive } from '../archive/archive.ts'
import type { Config } from '../archive/config.ts'
import { placeFile, temporaryBeside } from '../archive/place-file.ts'
import { isThere, sameContent } from '../archive/place-folder.ts'
import { isMalformed, storageError } from '../archive/storage-error.ts'
import { makeDurableFolder } from '../dag/make-folder.ts'
import type { GetStore } from '../dag/read-block.ts'
import { walkBlocks } from '../dag/walk.ts'
import { writeCar } from '../dag/write-car.ts'
import { writeFolder } from '../dag/write-folder.ts'
import { OvnError, type Problem } from '../errors.ts'
import { nothingDone } from '../output/errors.ts'
import type { ExportedPlace, FailedArticle } from '../output/result.ts'
import type { Context } from './context.ts'
import type { Exportee, Parcel, Plan } from './export-plan.ts'

/** Milliseconds after which the event loop gets a turn: blocks come from the database without waiting for anything. */
const breatheEvery = 50

export interface Exports {
  readonly places: ExportedPlace[]
  readonly failed: FailedArticle[]
  readonly notices: Problem[]
}

export interface RunOptions {
  readonly force: boolean
  /** Whether articles that are damaged are left out of a CAR of all. */
  readonly all: boolean
}

export class ExportRun {
  readonly #archive: Archive
  readonly #config: Config
  readonly #options: RunOptions
  readonly #context: Context
  readonly #places: ExportedPlace[] = []
  readonly #failed: FailedArticle[] = []
  readonly #notices: Problem[] = []
  #total = 0
  #bytes = 0
  /** Blocks that were read for the place that is being written. */
  #blocks = 0
  #breathedAt = 1000 * uptime()
  #hasBegunOutput = false

  constructor(archive: Archive, config: Config, options: RunOptions, context: Context) {
    this.#archive = archive
    this.#config = config
    this.#options = options
    this.#context = context
  }

  /**
   * Writes what is planned. Throws the error of the only place, of all together where none could be written, and every error
   * that is not of an article or its place.
   */
  async run({ format, parcels, folder }: Plan): Promise<Exports> {
    this.#total = parcels.length
    if (folder !== undefined) makeExportFolder(folder)
    for (const parcel of parcels) {
      this.#context.signal.throwIfAborted()
      try {
        this.#places.push(await this.#writeWhole(format, parcel))
      } catch (error) {
        if (parcels.length === 1 || !isOfParcel(error)) throw error
        const [exportee] = parcel.exportees as [Exportee]
        if (!this.#hasLeft(exportee)) this.#failed.push(toFailed(exportee, error))
      }
      this.#report()
    }
    if (this.#places.length === 0 && this.#failed.length > 0)
      throw nothingDone(this.#failed, 'articles can be exported')
    return { places: this.#places, failed: this.#failed, notices: this.#notices }
  }

  async #writeWhole(format: Plan['format'], parcel: Parcel): Promise<ExportedPlace> {
    const { path, exportees } = parcel
    if (path !== '-') assertParent(path)
    try {
      return await this.#write(format, path, exportees)
    } catch (error) {
      const known = storageError(error, this.#archive.folder)
      if (!isOfBlocks(known) || this.#hasBegunOutput) throw known
      if (exportees.length === 1) throw this.#explain(exportees[0] as Exportee, known)
      const whole = await this.#leaveOutDamaged(exportees)
      if (whole.length === exportees.length) throw known
      return this.#write(format, path, whole)
    }
  }

  #write(format: Plan['format'], path: string, exportees: readonly Exportee[]): Promise<ExportedPlace> {
    const [first] = exportees as [Exportee]
    if (format === 'folder') return this.#writeFolder(path, first)
    if (format === 'bag') return this.#writeBag(path, first)
    return path === '-' ? this.#writeOutput(exportees) : this.#writeCar(path, exportees)
  }

  async #writeCar(path: string, exportees: readonly Exportee[]): Promise<ExportedPlace> {
    const { force } = this.#options
    const { changed, size } = await placeFile(path, () => this.#car(exportees), { force })
    return { path, format: 'car', ...said(exportees, changed), blocks: this.#blocks, size }
  }

  /** All is walked and checked before the first byte goes out: nobody can take it back. */
  async #writeOutput(exportees: readonly Exportee[]): Promise<ExportedPlace> {
    for await (const _ of walkBlocks(this.#store, rootsOf(exportees), this.#context.signal));
    let size = 0
    for await (const bytes of this.#car(exportees)) {
      this.#hasBegunOutput = true
      await this.#context.writeOutput(bytes)
      size += bytes.byteLength
    }
    return { path: '-', format: 'car', ...said(exportees, true), blocks: this.#blocks, size }
  }

  async #writeFolder(path: string, exportee: Exportee): Promise<ExportedPlace> {
    const { force } = this.#options
    const options = { signal: this.#context.signal, keepPartial: false }
    if (isThere(path)) {
      const temporary = temporaryBeside(path)
      try {
        const { files, size } = await writeFolder(this.#store, exportee.root, temporary, options)
        if (await sameContent(temporary, path))
          return { path, format: 'folder', ...said([exportee], false), files, size }
      } finally {
        await removeFolder(temporary)
      }
    }
    const { files, size, notices } = await writeFolder(this.#store, exportee.root, path, { ...options, force })
    this.#notices.push(...notices)
    return { path, format: 'folder', ...said([exportee], true), files, size }
  }

  async #writeBag(path: string, { root, record, label, ...exportee }: Exportee): Promise<ExportedPlace> {
    const { writeBag } = await import('../bag/write-bag.ts')
    const { changed, files, size, notices } = await writeBag(this.#store, root, path, {
      name: record === undefined ? exportee.name : exportee.name.replace(/@\d+$/, ''),
      tags: [
        ['Source-Organization', this.#config.name],
        ['External-Description', record?.title],
        ['External-Identifier', `ipfs://${root}`],
        ['Internal-Sender-Identifier', label],
      ],
      day: this.#context.now.toISOString().slice(0, 10),
      force: this.#options.force,
      signal: this.#context.signal,
    })
    this.#notices.push(...notices)
    return { path, format: 'bag', ...said([{ root, record, label, ...exportee }], changed), files, size }
  }

  #car(exportees: readonly Exportee[]): AsyncIterable<Uint8Array> {
    this.#blocks = 0
    return writeCar(this.#store, rootsOf(exportees), this.#context.signal)
  }

  /** The archive's blocks; what is read of them is counted and told. */
  readonly #store: GetStore = { get: (cid, options) => this.#read(cid, options?.signal) }

  async *#read(cid: CID, signal = this.#context.signal): AsyncGenerator<Uint8Array> {
    await this.#breathe()
    for await (const bytes of this.#archive.blocks.get(cid, { signal })) {
      this.#bytes += bytes.byteLength
      this.#blocks += 1
      this.#report()
      yield bytes
    }
  }

  async #breathe(): Promise<void> {
    if (1000 * uptime() - this.#breathedAt < breatheEvery) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#breathedAt = 1000 * uptime()
    this.#context.signal.throwIfAborted()
  }

  /** The exportees whose DAGs are whole; the others are listed as failed. Throws the first failure where all were named. */
  async #leaveOutDamaged(exportees: readonly Exportee[]): Promise<Exportee[]> {
    const whole: Exportee[] = []
    for (const exportee of exportees) {
      try {
        for await (const _ of walkBlocks(this.#store, [exportee.root], this.#context.signal));
        whole.push(exportee)
      } catch (error) {
        const known = storageError(error, this.#archive.folder)
        if (!(known instanceof OvnError)) throw known
        const failure = this.#explain(exportee, known)
        if (!this.#options.all) throw failure
        if (!this.#hasLeft(exportee)) this.#failed.push(toFailed(exportee, failure))
      }
    }
    if (whole.length === 0) throw nothingDone(this.#failed, 'articles can be exported')
    return whole
  }

  /** Whether an edition was withdrawn while all were being exported: it is none of them any more. */
  #hasLeft({ root }: Exportee): boolean {
    return this.#options.all && this.#archive.editions.withdrawalOf(root.toString()) !== undefined
  }

  /** A block that is missing here is damage: what is pinned must be whole. */
  #explain({ root, record, label }: Exportee, error: OvnError): OvnError {
    // Another process may have withdrawn it, and swept its blocks away.
    if (error.code === 'not-found') this.#archive.editions.refresh()
    const withdrawal = this.#archive.editions.withdrawalOf(root.toString())
    if (error.code === 'not-found' && withdrawal !== undefined) {
      const day = withdrawal.time.slice(0, 10)
      return new OvnError('not-found', `${label} was withdrawn on ${day}, and its blocks are gone`, { cause: error })
    }
    const hint =
      record === undefined
        ? 'it is not recorded, and perhaps not whole'
        : `list all that is wrong with \`ovn verify ${label}\`, and mend it with \`ovn fetch --repair ${label}\``
    const code = error.code === 'not-found' ? 'damaged' : error.code
    return new OvnError(code, `${label} cannot be exported: ${error.message}`, { hint, cause: error })
  }

  #report(): void {
    const done = this.#places.length + this.#failed.length
    this.#context.report({ done, total: this.#total, bytes: this.#bytes })
  }
}

function rootsOf(exportees: readonly Exportee[]): CID[] {
  return exportees.map(({ root }) => root)
}

function said(exportees: readonly Exportee[], changed: boolean): Pick<ExportedPlace, 'status' | 'articles'> {
  const articles = exportees.map(({ root, record }) => ({
    root: root.toString(),
    ...(record === undefined ? {} : { slug: record.slug, version: record.version, title: record.title }),
  }))
  return { status: changed ? 'exported' : 'unchanged', articles }
}

/** Whether an error is of the blocks of one article: others may be whole. */
function isOfBlocks(error: unknown): error is OvnError {
  return error instanceof OvnError && (['damaged', 'not-found'].includes(error.code) || isMalformed(error))
}

/** Whether an error is of one article, or of its place, and not of the whole run. */
function isOfParcel(error: unknown): error is OvnError {
  return isOfBlocks(error) || (error instanceof OvnError && error.code === 'usage')
}

function toFailed({ label }: Exportee, { code, exitCode, message, hint, problems }: OvnError): FailedArticle {
  return { file: label, code, exit: exitCode, message, ...(hint === undefined ? {} : { hint }), problems }
}

function makeExportFolder(folder: string): void {
  try {
    makeDurableFolder(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw storageError(error, folder)
    throw new OvnError('usage', `${folder} is a file, not a folder`, { hint: 'name another folder', cause: error })
  }
}

function assertParent(path: string): void {
  if (isThere(dirname(path))) return
  throw new OvnError('not-found', `the folder of ${path} is not there`, { hint: 'make it, or name another' })
}

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}
