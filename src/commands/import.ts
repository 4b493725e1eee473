// CARs and folders from elsewhere → pinned and recorded editions. Each file is taken in by itself: a bad one stops no other.

import { createReadStream, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { code as dagPbCode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { type Archive, createArchive } from '../archive/archive.ts'
import { describeRoot } from '../archive/describe-root.ts'
import { Intake, type Kept } from '../archive/intake.ts'
import { composeNode } from '../archive/node.ts'
import { isOfDatabase, storageError } from '../archive/storage-error.ts'
import { readCar } from '../dag/read-car.ts'
import { readFolder } from '../dag/read-folder.ts'
import { toV1 } from '../dag/walk.ts'
import { writeDag } from '../dag/write-dag.ts'
import { OvnError } from '../errors.ts'
import { nothingDone } from '../output/errors.ts'
import type { FailedArticle, Imported, ImportedArticle } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'

export interface ImportOptions {
  /** The title of what is no bundle of ours. */
  readonly title?: string
  /** The slug under which it is kept. */
  readonly slug?: string
}

/** Bytes that are read at a time. */
const readSize = 1_048_576

/** Something to take in: a CAR, or a folder of files. */
interface Source {
  /** As it was named; `-` is standard input. */
  readonly file: string
  readonly isFolder: boolean
}

/**
 * Imports CARs, folders of CARs, bags with a CAR inside, folders of files, and a CAR on standard input (`-`). Every block is hashed
 * before it is stored, and every DAG is found whole before it is pinned and recorded.
 * Throws the error of the only source, or of all together where none can be imported.
 */
export async function importAll(paths: readonly string[], options: ImportOptions, context: Context): Promise<Imported> {
  const sources = (await Promise.all(paths.map(findSources))).flat()
  if (sources.length > 1 && (options.title !== undefined || options.slug !== undefined)) {
    throw new OvnError(
      'usage',
      `--${options.title === undefined ? 'slug' : 'title'} is for one article, and there are ${sources.length}`,
      {
        hint: 'import that one alone',
      },
    )
  }
  const run = new ImportRun(archiveFolder(context), options, context, sources.length)
  const articles: ImportedArticle[] = []
  const failed: FailedArticle[] = []
  try {
    for (const source of sources) {
      try {
        articles.push(...(await run.takeIn(source)))
      } catch (error) {
        const isOfSource = error instanceof OvnError && !['storage', 'locked', 'interrupted'].includes(error.code)
        if (!isOfSource || sources.length === 1) throw error
        const { code, exitCode, message, hint, problems } = error
        failed.push({
          file: source.file,
          code,
          exit: exitCode,
          message,
          ...(hint === undefined ? {} : { hint }),
          problems,
        })
      }
    }
  } finally {
    run.close()
  }
  if (articles.length === 0 && failed.length > 1) throw nothingDone(failed, 'sources can be imported')
  return { kind: 'imported', archive: archiveFolder(context), articles, failed }
}

class ImportRun {
  readonly #folder: string
  readonly #options: ImportOptions
  readonly #context: Context
  readonly #total: number
  #archive: Archive | undefined
  #done = 0
  #bytes = 0

  constructor(folder: string, options: ImportOptions, context: Context, total: number) {
    this.#folder = folder
    this.#options = options
    this.#context = context
    this.#total = total
  }

  /** Takes one source in, whole or not at all. */
  async takeIn(source: Source): Promise<ImportedArticle[]> {
    try {
      const kept = source.isFolder ? await this.#takeFolder(source.file) : await this.#takeCar(source.file)
      this.#done += 1
      return kept.map(({ status, record }) => ({
        file: source.file,
        status: status === 'added' ? 'imported' : 'unchanged',
        event: record.event,
        ...toEntry(record),
      }))
    } catch (error) {
      throw storageError(error, isOfDatabase(error) ? 'the archive' : source.file)
    }
  }

  close(): void {
    this.#archive?.close()
  }

  /** Nothing is created before there is something that could be read. */
  #intake(): Intake {
    this.#archive ??= createArchive(this.#folder)
    return new Intake(this.#archive, this.#context.signal)
  }

  async #takeCar(file: string): Promise<Kept[]> {
    const name = file === '-' ? 'standard input' : file
    const { roots, blocks } = await readCar(this.#read(file), name)
    assertRoots(roots, name)
    let intake: Intake | undefined
    for await (const { cid, bytes } of blocks) {
      this.#context.signal.throwIfAborted()
      intake ??= this.#intake()
      await intake.put(cid, bytes)
    }
    if (intake === undefined) throw new OvnError('damaged', `${name} is not whole: it has no blocks`)
    const unique = [...new Map(roots.map((root) => [toV1(root).toString(), root])).values()]
    for (const root of unique) await intake.assertWhole(root, name)
    return this.#keep(intake, unique)
  }

  async #takeFolder(folder: string): Promise<Kept[]> {
    const intake = this.#intake()
    const blockstore = {
      put: async (cid: CID, bytes: Uint8Array) => {
        await intake.put(cid, bytes)
        return cid
      },
      get: intake.blocks.get,
      has: () => false,
    }
    const node = composeNode({ blockstore: blockstore as never })
    const { cid } = await writeDag(node, readFolder(folder, this.#onBytes), { signal: this.#context.signal })
    return this.#keep(intake, [cid])
  }

  async #keep(intake: Intake, roots: readonly CID[]): Promise<Kept[]> {
    const { title, slug } = this.#options
    const { now, signal } = this.#context
    if (roots.length > 1 && slug !== undefined) {
      throw new OvnError('usage', `--slug is for one article, and there are ${roots.length} roots`)
    }
    const taken = []
    for (const root of roots) {
      // What is on record needs no title again.
      const recorded = intake.recorded(root)
      const draft = recorded ?? (await describeRoot(intake.blocks, root, { event: 'import', title, slug, now, signal }))
      taken.push({ root, draft, slugGiven: slug !== undefined })
    }
    taken.sort((a, b) => a.draft.version - b.draft.version)
    return intake.keep(taken)
  }

  async *#read(file: string): AsyncGenerator<Uint8Array> {
    const source =
      file === '-' ? this.#context.streamInput() : createReadStream(file, { highWaterMark: readSizeOf(file) })
    for await (const chunk of source) {
      this.#onBytes((chunk as Uint8Array).byteLength)
      yield chunk as Uint8Array
    }
  }

  readonly #onBytes = (count: number): void => {
    this.#bytes += count
    this.#context.report({ done: this.#done, total: this.#total, bytes: this.#bytes })
  }
}

/** Bytes of a file that are read at a time: no more than it has, as thousands of small ones may follow one another. */
function readSizeOf(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return size === 0 ? readSize : Math.min(readSize, size)
}

/** What a path names: itself, or, where it is a folder of CARs or a bag with CARs inside, each of those. */
async function findSources(path: string): Promise<Source[]> {
  if (path === '-') return [{ file: path, isFolder: false }]
  try {
    if (!(await stat(path)).isDirectory()) return [{ file: path, isFolder: false }]
    const names = await readdir(path)
    const folder = names.includes('bagit.txt') && names.includes('data') ? join(path, 'data') : path
    const cars = (folder === path ? names : await readdir(folder)).filter((name) => /\.car$/i.test(name)).sort()
    if (cars.length === 0) return [{ file: path, isFolder: true }]
    return cars.map((name) => ({ file: join(folder, name), isFolder: false }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(error, path)
    throw new OvnError('not-found', `${path} is not there`, { cause: error })
  }
}

function assertRoots(roots: readonly CID[], name: string): void {
  if (roots.length === 0) {
    throw new OvnError('damaged', `${name} names no root`, { hint: 'without a root nobody can say what it holds' })
  }
  for (const root of roots) {
    if (root.code === rawCode || root.code === dagPbCode) continue
    throw new OvnError(
      'damaged',
      `${name} has the root ${root}, which is not UnixFS (codec 0x${root.code.toString(16)})`,
    )
  }
}
