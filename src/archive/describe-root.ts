// A root → the draft of its record. A bundle of ours says in its own metadata what it is; for anything else somebody must say.

import type { CID } from 'multiformats/cid'
import { checkSlug, slugify } from '../article/slug.ts'
import { readMetadata } from '../bundle/read-metadata.ts'
import { type DagFile, listFiles, readFile } from '../dag/list-files.ts'
import { profile } from '../dag/profile.ts'
import type { GetStore } from '../dag/read-block.ts'
import { toV1 } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import { cidOf, type Draft, type EditionEvent } from '../manifest/record.ts'

export interface DescribeOptions {
  readonly event: EditionEvent
  /** The title of what is no bundle of ours, and has none. */
  readonly title?: string | undefined
  /** The slug under which it is kept here; else its own, or one made from the title. */
  readonly slug?: string | undefined
  readonly now: Date
  readonly signal?: AbortSignal | undefined
}

/**
 * Describes any UnixFS root. Throws an OvnError: `usage` for what has no title and is given none, and for a slug that is none;
 * `damaged` and `not-found` as reading blocks does.
 */
export async function describeRoot(blocks: GetStore, root: CID, options: DescribeOptions): Promise<Draft> {
  const { event, now, signal } = options
  const cid = toV1(root).toString()
  const slug = options.slug === undefined ? undefined : givenSlug(options.slug)
  const files = await listFiles(blocks, root, signal)
  const common = { event, root: cid, size: files.reduce((sum, { size }) => sum + size, 0), time: now.toISOString() }
  const metadata = files.find(({ path }) => path === 'metadata.json')
  const facts = metadata === undefined ? undefined : readMetadata(await readFile(blocks, metadata.cid, signal))
  if (facts === undefined) {
    const { title } = options
    if (title === undefined || title.trim() === '') throw untitled(cid)
    return { ...common, slug: slug ?? slugify(title), version: 1, title: title.trim(), categories: [] }
  }
  const { identifier, ...described } = facts
  const source = files.find(({ path }) => path === 'article.md')?.cid.toString()
  return {
    ...common,
    ...described,
    slug: slug ?? identifier,
    ...(slug === undefined || slug === identifier ? {} : { identifier }),
    profile,
    ...(source === undefined ? {} : { source, inputs: inputsOf(source, files) }),
  }
}

/** What decides whether an edition is new. What the command line overrode is not in a bundle: it is taken for nothing. */
function inputsOf(source: string, files: readonly DagFile[]): string {
  const assets = files.filter(({ path }) => path.startsWith('assets/')).map(({ path, cid }) => [path, cid.toString()])
  return cidOf({ source, assets: Object.fromEntries(assets) as Record<string, string>, overrides: {} })
}

function givenSlug(text: string): string {
  const checked = checkSlug(text)
  if ('slug' in checked) return checked.slug
  throw new OvnError('usage', `--slug: ${checked.problem}`, { hint: checked.hint })
}

function untitled(root: string): OvnError {
  return new OvnError('usage', `${root} is not a bundle of ovn: it has no title of its own`, {
    hint: 'give it one with --title',
  })
}
