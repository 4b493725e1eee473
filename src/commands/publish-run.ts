// One run of publishing. Articles are made one by one and stored in groups: one transaction and one flush of the manifest
// pay for many. Nothing is created before there is an article that can be read.

import { uptime } from 'node:process'
import type { Helia } from '@helia/interface'
import { type Archive, createArchive, openArchive } from '../archive/archive.ts'
import type { Config } from '../archive/config.ts'
import type { Hold } from '../archive/hold.ts'
import { isArchive } from '../archive/layout.ts'
import { composeNode } from '../archive/node.ts'
import { Stage, type StagedBlock } from '../archive/stage.ts'
import type { Article, Overrides } from '../article/article.ts'
import { readArticle } from '../article/read-article.ts'
import { OvnError, type Problem } from '../errors.ts'
import { linksTo } from '../links/links-to.ts'
import type { EditionRecord } from '../manifest/record.ts'
import type { FailedArticle, PublishedArticle } from '../output/result.ts'
import type { Context } from './context.ts'
import { type PreparedArticle, prepareArticle } from './prepare.ts'
import { tornNotice } from './torn-notice.ts'

export interface PublishOptions {
  readonly overrides: Overrides
  /** Why this version replaces the one before. */
  readonly note?: string
  readonly dryRun?: boolean
}

/** Articles in a group, and bytes that wait in it, before it is stored. */
const groupLength = 128
const groupBytes = 32 * 1024 * 1024

/** Milliseconds after which the event loop gets a turn. */
const breatheEvery = 50

/**
 * How often an article is made anew because another process published or withdrew a version of it meanwhile. Whoever loses such
 * a race loses it to somebody who is done then: of many at once each has its turn, and only one that goes on for ever is in the way.
 */
const attempts = 100

/** The blocks and drafts of articles that wait to be stored together. */
interface Group {
  readonly blocks: StagedBlock[]
  readonly prepared: PreparedArticle[]
  bytes: number
}

/** What articles are written with: the archive, a stage, and a Helia node over both. */
interface Workplace {
  /** Absent in a dry run where there is none. */
  readonly archive: Archive | undefined
  /** Keeps what the stage stores ahead. */
  readonly hold?: Hold
  readonly stage: Stage
  readonly node: Helia
}

export interface Outcome {
  readonly articles: PublishedArticle[]
  readonly failed: FailedArticle[]
  readonly notices: Problem[]
}

export class PublishRun {
  readonly #folder: string
  readonly #config: Config
  readonly #options: PublishOptions
  readonly #context: Context
  /** Results by file, so that they come out in the order of the files. */
  readonly #articles = new Map<string, PublishedArticle>()
  readonly #failed = new Map<string, FailedArticle>()
  readonly #notices: Problem[] = []
  /** Which file of this run has a slug. */
  readonly #slugs = new Map<string, string>()
  #files: readonly string[] = []
  #group: Group = { blocks: [], prepared: [], bytes: 0 }
  #bytes = 0
  #breathedAt = 1000 * uptime()
  #opened: Workplace | undefined

  /** `folder` is the archive's. */
  constructor(folder: string, config: Config, options: PublishOptions, context: Context) {
    this.#folder = folder
    this.#config = config
    this.#options = options
    this.#context = context
  }

  /** Publishes files, in their order. */
  async publishAll(files: readonly string[]): Promise<Outcome> {
    this.#files = files
    try {
      for (const file of files) {
        await this.#breathe()
        await this.#publishOne(file)
        this.#report()
      }
      await this.#storeGroup()
    } catch (error) {
      throw this.#sayHowFar(error)
    } finally {
      this.#opened?.archive?.close()
    }
    const inOrder = <T>(all: ReadonlyMap<string, T>) => files.flatMap((file) => all.get(file) ?? [])
    return { articles: inOrder(this.#articles), failed: inOrder(this.#failed), notices: this.#notices }
  }

  get #place(): Workplace {
    this.#opened ??= this.#options.dryRun
      ? openForDryRun(this.#folder)
      : openToWrite(this.#folder, this.#context.signal)
    return this.#opened
  }

  /** Publishing small articles waits for nothing: without a pause no signal would be heard, and no progress seen. */
  async #breathe(): Promise<void> {
    this.#context.signal.throwIfAborted()
    if (1000 * uptime() - this.#breathedAt < breatheEvery) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#breathedAt = 1000 * uptime()
    this.#context.signal.throwIfAborted()
  }

  async #publishOne(file: string): Promise<void> {
    let prepared: PreparedArticle
    try {
      const article = await this.#read(file)
      prepared = await this.#prepare(article)
      this.#claimSlug(article)
    } catch (error) {
      this.#opened?.stage.take()
      this.#fail(file, error)
      return
    }
    const blocks = this.#place.stage.take()
    if (this.#options.dryRun) this.#finish(prepared, undefined)
    else if (prepared.recorded !== undefined) await this.#mend(prepared, prepared.recorded, blocks)
    else await this.#queue(prepared, blocks)
  }

  async #read(file: string): Promise<Article> {
    const { signal, cwd, readInput } = this.#context
    const language = this.#config.language
    const input = file === '-' ? { bytes: await readInput(), folder: cwd } : {}
    try {
      return await readArticle(file, {
        overrides: this.#options.overrides,
        signal,
        ...(language === undefined ? {} : { language }),
        ...input,
      })
    } catch (error) {
      // That one article cannot be read is no failure of the archive.
      if (!(error instanceof OvnError) || error.code !== 'storage') throw error
      throw new OvnError('article', error.message, { cause: error, problems: [{ file, message: error.message }] })
    }
  }

  #prepare(article: Article): Promise<PreparedArticle> {
    const { signal, now } = this.#context
    const { archive, node } = this.#place
    const latest = archive?.editions.ofSlug(article.slug).at(-1)
    const onBytes = (count: number) => {
      this.#bytes += count
      this.#report()
    }
    return prepareArticle(node, article, {
      site: this.#config,
      latest,
      withdrawn: latest !== undefined && archive?.editions.isLive(latest.root) === false,
      note: this.#options.note,
      now,
      signal,
      onBytes,
    })
  }

  /** Lists a bad article among the failed ones; every other error, and that of the only article, ends the run. */
  #fail(file: string, error: unknown): void {
    const ofArticle = error instanceof OvnError && ['article', 'not-found'].includes(error.code)
    if (!ofArticle || this.#files.length === 1) throw error
    const { code, exitCode, message, hint, problems } = error
    this.#failed.set(file, { file, code, exit: exitCode, message, ...(hint === undefined ? {} : { hint }), problems })
  }

  /** Two files of one run that have one slug are two articles: a version is published in a run of its own. */
  #claimSlug(article: Article): void {
    const other = this.#slugs.get(article.slug)
    if (other !== undefined && other !== article.file) {
      const message = `"${article.slug}" is the slug of ${other} too`
      throw new OvnError('article', `${article.file}: ${message}`, {
        problems: [
          {
            file: article.file,
            message,
            hint: 'give one of them a slug of its own, or publish its versions one by one',
          },
        ],
      })
    }
    this.#slugs.set(article.slug, article.file)
  }

  async #queue(prepared: PreparedArticle, blocks: readonly StagedBlock[]): Promise<void> {
    this.#group.prepared.push(prepared)
    this.#group.blocks.push(...blocks)
    this.#group.bytes += blocks.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
    if (this.#group.prepared.length >= groupLength || this.#group.bytes >= groupBytes) await this.#storeGroup()
  }

  async #storeGroup(): Promise<void> {
    let { blocks, prepared } = this.#group
    this.#group = { blocks: [], prepared: [], bytes: 0 }
    for (let attempt = 1; prepared.length > 0; attempt += 1) {
      const { archive, hold, stage } = this.#place
      if (archive === undefined || attempt > attempts) throw contended(prepared)
      const { records, torn } = await archive.store(blocks, prepared, {
        signal: this.#context.signal,
        ...(hold === undefined ? {} : { hold }),
      })
      if (torn > 0) this.#notices.push(tornNotice(archive.manifest.file, torn))
      const stale = prepared.filter((each, index) => !this.#finish(each, records[index]))
      prepared = []
      blocks = []
      for (const { article } of stale) {
        const again = await this.#prepare(article)
        blocks.push(...stage.take())
        if (again.recorded === undefined) prepared.push(again)
        else this.#finish(again, again.recorded)
      }
    }
  }

  /** The article is on record; storing its blocks again replaces any that were damaged. */
  async #mend(prepared: PreparedArticle, recorded: EditionRecord, blocks: readonly StagedBlock[]): Promise<void> {
    // Another template makes another page, which nobody asked to keep.
    if (prepared.root.toString() === recorded.root) {
      const mended = await this.#place.archive?.mend(blocks, prepared.root, recorded, this.#context.signal)
      if (mended === false) return this.#queue(prepared, blocks)
    }
    this.#finish(prepared, recorded)
  }

  /** Notes down what became of an article. Returns false where it was not recorded and must be made anew. */
  #finish(prepared: PreparedArticle, record: EditionRecord | undefined): boolean {
    const { article, draft, files, recorded } = prepared
    const said = record ?? recorded ?? (this.#options.dryRun ? draft : undefined)
    if (said === undefined) return false
    this.#articles.set(article.file, {
      file: article.file,
      status: recorded !== undefined ? 'unchanged' : this.#options.dryRun ? 'planned' : 'published',
      title: said.title,
      slug: said.slug,
      version: said.version,
      root: said.root,
      ...(said.previous === undefined ? {} : { previous: said.previous }),
      ...(said.note === undefined ? {} : { note: said.note }),
      files,
      size: said.size,
      links: linksTo(said.root, this.#config.gateways),
      notices: article.notices,
    })
    return true
  }

  /** A run that ends early says what it has recorded already. */
  #sayHowFar(error: unknown): unknown {
    const interrupted = this.#context.signal.aborted
    if (!interrupted && !(error instanceof OvnError)) return error
    if (this.#articles.size === 0)
      return interrupted ? new OvnError('interrupted', 'interrupted: nothing was published') : error
    const far = `${this.#articles.size} of ${this.#files.length} articles were published before`
    const { code, message, hint, problems } = interrupted
      ? new OvnError('interrupted', 'interrupted', { hint: 'run the same command again for the rest' })
      : (error as OvnError)
    return new OvnError(code, `${message}; ${far}`, { hint, problems, cause: error })
  }

  #report(): void {
    const done = this.#articles.size + this.#failed.size + this.#group.prepared.length
    this.#context.report({ done, total: this.#files.length, bytes: this.#bytes })
  }
}

function openToWrite(folder: string, signal: AbortSignal): Workplace {
  const archive = createArchive(folder)
  archive.editions.refresh()
  const hold = archive.hold()
  const stage = archive.stage(hold, signal)
  return { archive, hold, stage, node: composeNode({ ...archive.parts, blockstore: stage }) }
}

/** A dry run looks at the archive, if there is one, and writes to a stage that keeps nothing. */
function openForDryRun(folder: string): Workplace {
  const archive = isArchive(folder) ? openArchive(folder, { readOnly: true }) : undefined
  archive?.editions.refresh()
  const stage = new Stage(async () => undefined)
  return { archive, stage, node: composeNode({ blockstore: stage }) }
}

function contended(prepared: readonly PreparedArticle[]): OvnError {
  const slugs = prepared.map(({ article }) => article.slug).join(', ')
  return new OvnError('locked', `other processes keep publishing or withdrawing versions of ${slugs}`, {
    hint: 'run the same command again',
  })
}
