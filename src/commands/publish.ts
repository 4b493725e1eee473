// Article files → recorded bundles.

import { readConfig } from '../archive/config.ts'
import type { Overrides } from '../article/article.ts'
import { findArticles } from '../article/find-articles.ts'
import { OvnError } from '../errors.ts'
import { nothingDone } from '../output/errors.ts'
import type { Published } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { type PublishOptions, PublishRun } from './publish-run.ts'

/**
 * Publishes files, folders of articles, and standard input (`-`). A bad article stops no other.
 * Throws the error of the only article, or of all together where none can be published.
 */
export async function publish(paths: readonly string[], options: PublishOptions, context: Context): Promise<Published> {
  const files = await findArticles(paths, context)
  assertOverridable(files, options.overrides)
  const archive = archiveFolder(context)
  const run = new PublishRun(archive, await readConfig(archive), options, context)
  const { articles, failed, notices } = await run.publishAll(files)
  if (articles.length === 0 && failed.length > 1) throw nothingDone(failed, 'articles can be published')
  return { kind: 'published', archive, dryRun: options.dryRun === true, articles, failed, notices }
}

/** What names one article cannot be said of several. */
function assertOverridable(files: readonly string[], { title, slug }: Overrides): void {
  if (files.length < 2 || (title === undefined && slug === undefined)) return
  throw new OvnError(
    'usage',
    `--${title === undefined ? 'slug' : 'title'} is for one article, and there are ${files.length}`,
    {
      hint: 'publish that article alone',
    },
  )
}
