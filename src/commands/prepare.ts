// One article → its bundle in a stage, and the draft of its record: all of publishing that touches neither disk nor manifest.

import type { Helia } from '@helia/interface'
import type { Prepared } from '../archive/archive.ts'
import type { Article } from '../article/article.ts'
import type { BundleFile, Edition, Site } from '../bundle/bundle.ts'
import { packBundle } from '../bundle/pack-bundle.ts'
import { profile } from '../dag/profile.ts'
import { type DagEntry, type Written, writeDag } from '../dag/write-dag.ts'
import { OvnError } from '../errors.ts'
import { cidOf, type EditionRecord } from '../manifest/record.ts'

export interface PrepareOptions {
  readonly site: Site
  /** The newest edition of the article's slug, and whether it was withdrawn. */
  readonly latest: EditionRecord | undefined
  readonly withdrawn: boolean
  /** `--note`. */
  readonly note: string | undefined
  readonly now: Date
  readonly signal: AbortSignal
  /** Told of the bytes of attachments as they are read. */
  readonly onBytes: (count: number) => void
}

/** What makes an edition a new one. */
interface Choice extends PrepareOptions {
  /** The next version, although the inputs are those of the newest. */
  readonly renew?: boolean
}

/** An article whose bundle was written, and what became of it. */
export interface PreparedArticle extends Prepared {
  readonly article: Article
  /** The record that says the same already: nothing new is recorded then. */
  readonly recorded: EditionRecord | undefined
  /** Files in the bundle. */
  readonly files: number
}

/**
 * Writes an article's bundle to a node. The author's files go first: their CIDs and the overrides decide whether this is a
 * new edition, and the page and the metadata, which name the edition, are made after that.
 */
export async function prepareArticle(node: Helia, article: Article, options: PrepareOptions): Promise<PreparedArticle> {
  const prepared = await prepare(node, article, options)
  const { latest, withdrawn } = options
  const again = latest !== undefined && withdrawn && prepared.draft.inputs === latest.inputs
  // What was withdrawn is recorded again where it is the very same bundle; what today's page makes another is the next version.
  return again && prepared.draft.root !== latest.root ? prepare(node, article, { ...options, renew: true }) : prepared
}

async function prepare(node: Helia, article: Article, options: Choice): Promise<PreparedArticle> {
  const { site, latest, withdrawn, now, signal } = options
  const bundle = packBundle(article, site)
  const cids = new Map<string, string>()
  let files = bundle.given
  let inputs = ''
  let edition: Edition = { version: 1 }

  async function* entries(): AsyncGenerator<DagEntry> {
    for (const file of bundle.given) yield toEntry(file, options)
    inputs = inputsOf(article, cids)
    edition = editionOf(article, inputs, options)
    const rendered = bundle.rendered(edition)
    files = [...bundle.given, ...rendered]
    for (const file of rendered) yield toEntry(file, options)
  }

  const onFile = ({ path, cid }: Written) => cids.set(path, cid.toString())
  const { cid: root } = await writeDag(node, entries(), { signal, onFile })
  const note = edition.note ?? (edition.version > 1 ? newestCorrection(article) : undefined)
  return {
    article,
    root,
    files: files.length,
    recorded: latest?.inputs === inputs && !withdrawn ? latest : undefined,
    fits: (editions) =>
      editions.ofSlug(article.slug).at(-1)?.root === latest?.root && !editions.isLive(root.toString()),
    draft: {
      event: 'publish',
      slug: article.slug,
      version: edition.version,
      root: root.toString(),
      profile,
      size: files.reduce((sum, { size }) => sum + size, 0),
      title: article.title,
      ...(article.datePublished === undefined ? {} : { datePublished: article.datePublished }),
      categories: article.categories,
      ...(article.url === undefined ? {} : { url: article.url }),
      source: cidAt(cids, 'article.md'),
      inputs,
      ...(edition.previous === undefined ? {} : { previous: edition.previous }),
      ...(note === undefined ? {} : { note }),
      time: now.toISOString(),
    },
  }
}

function toEntry({ path, content }: BundleFile, { signal, onBytes }: PrepareOptions): DagEntry {
  if (content instanceof Uint8Array) return { path, content }
  return {
    path,
    content: async function* () {
      for await (const chunk of content(signal)) {
        yield chunk
        onBytes(chunk.byteLength)
      }
    },
  }
}

/** All that decides whether an edition is new: the source, the assets, and what the command line overrides. */
function inputsOf(article: Article, cids: ReadonlyMap<string, string>): string {
  const assets = Object.fromEntries(article.assets.map(({ path }) => [path, cidAt(cids, path)]))
  return cidOf({ source: cidAt(cids, 'article.md'), assets, overrides: { ...article.overrides } })
}

function editionOf(article: Article, inputs: string, { latest, note, renew = false }: Choice): Edition {
  if (latest === undefined) return { version: 1 }
  const reason = note === newestCorrection(article) ? undefined : note
  if (latest.inputs !== inputs || renew) {
    assertSameArticle(article, latest)
    return { version: latest.version + 1, previous: latest.root, ...(reason === undefined ? {} : { note: reason }) }
  }
  // The same edition again: made as it was, so that a damaged block of it can be replaced by the right one.
  const { version, previous, note: recorded } = latest
  const given = recorded === newestCorrection(article) ? undefined : recorded
  return { version, ...(previous === undefined ? {} : { previous }), ...(given === undefined ? {} : { note: given }) }
}

/**
 * Two articles may share a title, and so a derived slug; a correction keeps its date. Which it is cannot be known where
 * the dates differ, and a version can never be taken back.
 */
function assertSameArticle(article: Article, latest: EditionRecord): void {
  if (article.slugGiven || article.datePublished === latest.datePublished) return
  const date = latest.datePublished === undefined ? 'without a date' : `of ${latest.datePublished}`
  const message = `"${article.slug}" is already the slug of "${latest.title}" ${date}`
  throw new OvnError('article', `${article.file}: ${message}`, {
    problems: [
      {
        file: article.file,
        message,
        hint: `give this article a slug of its own, or \`slug: ${article.slug}\` if it is a new version of that one`,
      },
    ],
  })
}

/** The note of the newest correction: the latest date, or the last in the list. */
function newestCorrection({ corrections }: Article): string | undefined {
  const newest = corrections.reduce<(typeof corrections)[number] | undefined>(
    (best, next) => (best?.date !== undefined && next.date !== undefined && next.date < best.date ? best : next),
    undefined,
  )
  return newest?.note
}

function cidAt(cids: ReadonlyMap<string, string>, path: string): string {
  const cid = cids.get(path)
  if (cid === undefined) throw new Error(`${path} was not written`)
  return cid
}
