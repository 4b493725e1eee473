import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { openArchive } from '../archive/archive.ts'
import { readConfig } from '../archive/config.ts'
import { storageError } from '../archive/storage-error.ts'
import { OvnError, type Problem } from '../errors.ts'
import type { SiteWritten } from '../output/result.ts'
import { catalogOf } from '../site/catalog.ts'
import { SiteFolder } from '../site/site-folder.ts'
import { writeSite } from '../site/write-site.ts'
import { archiveFolder, type Context } from './context.ts'

export interface SiteCommandOptions {
  readonly force: boolean
}

/**
 * Writes the archive as a static site. Throws an OvnError: `usage` for a folder that is not a site's, `damaged` for a manifest
 * that is, `storage` where a disk refuses.
 */
export async function site(output: string, { force }: SiteCommandOptions, context: Context): Promise<SiteWritten> {
  const folder = archiveFolder(context)
  const target = resolve(context.cwd, output)
  if (target === resolve(folder)) throw inArchive(target)
  const config = await readConfig(folder)
  const archive = openArchive(folder, { readOnly: true })
  try {
    // Every line is hashed: what a reader is shown is what was recorded.
    const catalog = catalogOf(archive.manifest.placedFrom(0, 1).map(({ record }) => record))
    const siteFolder = new SiteFolder(target, force)
    const total = catalog.articles.length
    const { articles, failed } = await writeSite(archive.blocks, catalog, siteFolder, {
      site: config,
      scripts: readScripts(),
      maker: packageJson.version,
      signal: context.signal,
      onArticle: (done) => context.report({ done, total, bytes: 0 }),
    })
    const { written, unchanged, removed, problems: inTheWay } = siteFolder
    return {
      kind: 'site-written',
      archive: folder,
      folder: target,
      articles,
      written,
      unchanged,
      removed,
      failed: failed.map(({ slug, error }) => ({
        slug,
        code: error.code,
        exit: error.exitCode,
        message: error.message,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      })),
      inTheWay,
      notices: [...catalog.problems, ...(config.url === undefined ? [withoutUrl(folder)] : [])],
    }
  } catch (error) {
    throw storageError(error, folder)
  } finally {
    archive.close()
  }
}

/** The script that checks an article in the browser, with what it loads; none where this ovn was built without it. */
function readScripts(): Map<string, Uint8Array> {
  const folder = new URL('./site/', import.meta.url)
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.js'))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return new Map()
    throw error
  }
  return new Map(names.sort().map((name) => [name, readFileSync(new URL(name, folder))]))
}

function withoutUrl(folder: string): Problem {
  return {
    file: folder,
    message: 'the site does not know its address: it has no sitemap, and its feeds have relative links',
    hint: 'set "url" in config.json',
  }
}

function inArchive(target: string): OvnError {
  return new OvnError('usage', `${target} is the archive itself`, { hint: 'name another folder' })
}
