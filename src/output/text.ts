// Results → the text that people read on stdout. One function per kind; nothing else knows how a result looks.

import { styleText } from 'node:util'

import type {
  BlockSource,
  Collected,
  Entry,
  Exported,
  ExportedPlace,
  Fetched,
  Imported,
  Linked,
  Logged,
  Published,
  PublishedArticle,
  Rebuilt,
  Repaired,
  Result,
  Serving,
  Shown,
  SiteWritten,
  Unpublished,
} from './result.ts'
import { count, formatSize, escapeControls as safe } from './terminal.ts'
import { carCheckedText, comparedText, verifiedText } from './verify-text.ts'
import { widthOf } from './width.ts'

export interface TextOptions {
  readonly colour: boolean
  /** CIDs alone. */
  readonly quiet: boolean
}

/** The text of a result, without a last newline; empty where there is nothing to say. */
export function toText(result: Result, { colour, quiet }: TextOptions): string {
  const bold: Style = (text) => (colour ? styleText('bold', text, { validateStream: false }) : text)
  const dim: Style = (text) => (colour ? styleText('dim', text, { validateStream: false }) : text)
  if (quiet) return quietText(result)
  switch (result.kind) {
    case 'initialised':
      return lines(
        `${result.created ? 'wrote' : 'unchanged'} ${safe(result.config)}`,
        ...table(result.settings.map(({ key, value, meaning }) => [`  ${key}`, valueText(value), dim(meaning)])),
      )
    case 'published':
      return result.articles.length === 1 && result.failed.length === 0
        ? publishedText(result, bold)
        : batchText(result, bold)
    case 'listed':
      return result.articles.length === 0 ? 'no articles' : lines(...entriesText(result.articles, bold, dim))
    case 'shown':
      return shownText(result, bold, dim)
    case 'logged':
      return loggedText(result, bold)
    case 'computed':
      return lines(...result.roots.map(({ cid, path }) => (result.roots.length === 1 ? cid : `${cid}  ${safe(path)}`)))
    case 'imported':
      return importedText(result, bold)
    case 'exported':
      return exportedText(result, bold)
    case 'rebuilt':
      return rebuiltText(result, bold)
    case 'serving':
      return servingText(result, bold)
    case 'unpublished':
      return unpublishedText(result, bold)
    case 'collected':
      return collectedText(result)
    case 'verified':
      return verifiedText(result, bold)
    case 'car-checked':
      return carCheckedText(result, bold)
    case 'compared':
      return comparedText(result, bold)
    case 'fetched':
      return fetchedText(result, bold)
    case 'repaired':
      return repairedText(result, bold)
    case 'site-written':
      return siteText(result, bold)
    case 'linked':
      return linkedText(result, bold)
    case 'printed':
      return result.text
  }
}

type Style = (text: string) => string

function quietText(result: Result): string {
  switch (result.kind) {
    case 'published':
    case 'imported':
    case 'listed':
    case 'unpublished':
      return lines(...result.articles.map(({ root }) => safe(root)))
    case 'shown':
      return safe(result.article.root)
    case 'logged':
      return lines(...result.versions.map(({ root }) => safe(root)))
    case 'computed':
      return lines(...result.roots.map(({ cid }) => cid))
    case 'exported':
      return lines(...result.places.flatMap(({ articles }) => articles.map(({ root }) => safe(root))))
    case 'rebuilt':
      return lines(...result.recorded.map(({ root }) => root))
    case 'serving':
      return lines(...result.urls)
    case 'verified':
      return lines(...new Set(result.damage.flatMap(({ needs }) => needs.map(({ root }) => safe(root)))))
    case 'car-checked':
      return lines(...result.roots.filter(({ state }) => state !== 'intact').map(({ root }) => root))
    case 'compared':
      return lines(...result.differences.map(({ path }) => safe(path)))
    case 'fetched':
    case 'repaired':
      return result.root
    case 'site-written':
      return safe(result.folder)
    case 'linked':
      return result.withdrawn === undefined ? safe(result.cid) : ''
    case 'printed':
      return result.text
    case 'initialised':
      return safe(result.config)
    case 'collected':
      return ''
  }
}

function publishedText({ articles: [article], archive }: Published, bold: Style): string {
  if (article === undefined) return ''
  return lines(
    bold(safe(article.title)),
    `  ${safe(article.root)}`,
    ...[article.links.ipfs, ...article.links.gateways].map((link) => `  ${safe(link)}`),
    `  ${stateText(article, archive)}`,
    ...(article.note === undefined ? [] : [`  because: ${safe(article.note)}`]),
  )
}

function stateText(article: PublishedArticle, archive: string): string {
  const what = `${safe(article.slug)}@${article.version} (${count(article.files, 'file')}, ${formatSize(article.size)})`
  switch (article.status) {
    case 'published':
      return `archived in ${safe(archive)} as ${what}`
    case 'unchanged':
      return `unchanged: archived in ${safe(archive)} as ${what}`
    case 'planned':
      return `dry run: nothing was stored; it would be ${what} in ${safe(archive)}`
  }
}

function batchText({ articles, failed, archive, dryRun }: Published, bold: Style): string {
  const number = (status: PublishedArticle['status']) => articles.filter((article) => article.status === status).length
  const unchanged = number('unchanged')
  return lines(
    ...table(
      articles.map(({ root, slug, version, status }) => [safe(root), `${safe(slug)}@${version}`, statusWord[status]]),
    ),
    bold(
      `${count(articles.length - unchanged, 'article')} ${dryRun ? 'would be archived' : 'archived'} in ${safe(archive)}` +
        `${unchanged > 0 ? `, ${unchanged} unchanged` : ''}${failed.length > 0 ? `, ${failed.length} failed` : ''}`,
    ),
  )
}

const statusWord = { published: '', unchanged: 'unchanged', planned: 'planned' }

function entriesText(entries: readonly Entry[], bold: Style, dim: Style): string[] {
  return entries.flatMap((entry) => [
    bold(safe(entry.title)),
    `  ${dim(lineOf([entry.datePublished, `${entry.slug}@${entry.version}`, entry.categories.join(', ')]))}`,
    `  ${safe(entry.root)}`,
    ...(entry.withdrawn === undefined ? [] : [`  ${withdrawnText(entry.withdrawn)}`]),
  ])
}

function withdrawnText({ time, reason }: NonNullable<Entry['withdrawn']>): string {
  return `withdrawn ${safe(time)}: ${safe(reason)}`
}

function unpublishedText({ articles, elsewhere, archive }: Unpublished, bold: Style): string {
  const isNew = articles.some(({ status }) => status === 'withdrawn')
  return lines(
    ...articles.flatMap(({ title, slug, version, root, status, withdrawn }) => [
      bold(safe(title)),
      `  ${safe(slug)}@${version} ${status === 'already' ? 'was withdrawn already' : 'is withdrawn'}`,
      `  ${safe(root)}`,
      ...(withdrawn === undefined ? [] : [`  ${withdrawnText(withdrawn)}`]),
    ]),
    ...(isNew ? [`not kept in ${safe(archive)} any more; \`ovn gc\` frees the space`] : []),
    `copies elsewhere cannot be recalled${elsewhere.length > 0 ? '; there may be some at' : ', wherever they are'}`,
    ...elsewhere.map((address) => `  ${safe(address)}`),
  )
}

function collectedText({ blocks, bytes, sizeBefore, sizeAfter, unpinned, dryRun }: Collected): string {
  const what = `${count(blocks, 'block')} (${formatSize(bytes)})`
  const left =
    unpinned.length === 0
      ? []
      : [`${count(unpinned.length, 'pin')} of withdrawn articles ${dryRun ? 'would go' : 'went'}`]
  if (dryRun) return lines(...left, `dry run: nothing was changed; ${what} would be freed`)
  return lines(
    ...left,
    `freed ${what}; blocks.sqlite has ${formatSize(sizeAfter)} now, and had ${formatSize(sizeBefore)}`,
  )
}

function lineOf(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => safe(part as string))
    .join(' · ')
}

function shownText({ article, files, metadata, versions, links, pinned }: Shown, bold: Style, dim: Style): string {
  return lines(
    bold(safe(article.title)),
    ...table(
      [
        ['  slug', safe(article.slug)],
        ['  version', `${article.version} of ${versions.length}`],
        ['  date', safe(article.datePublished ?? '')],
        ['  categories', safe(article.categories.join(', '))],
        ['  address', safe(article.url ?? '')],
        ['  archived', safe(article.time)],
        ['  withdrawn', safe(article.withdrawn?.time ?? '')],
        ['  because', safe(article.withdrawn?.reason ?? '')],
        ['  pinned', pinned ? 'yes' : 'no'],
        ['  CID', safe(article.root)],
        ...[links.ipfs, ...links.gateways].map((link, index) => [index === 0 ? '  links' : '', safe(link)]),
      ].filter(([, value]) => value !== ''),
    ),
    bold('files'),
    ...(metadata === null ? ['  not here any more: it was withdrawn'] : []),
    ...table(files.map(({ path, size, cid }) => [`  ${safe(path)}`, formatSize(size), dim(cid)])),
    ...(versions.length > 1 ? [bold('versions'), ...versionLines(versions)] : []),
  )
}

function loggedText({ slug, versions }: Logged, bold: Style): string {
  return lines(bold(safe(slug)), ...versionLines(versions))
}

function importedText({ articles, failed, archive }: Imported, bold: Style): string {
  const [only] = articles
  if (only !== undefined && articles.length === 1 && failed.length === 0) {
    const what = `${safe(only.slug)}@${only.version} (${formatSize(only.size)})`
    const state = only.status === 'imported' ? 'kept' : 'unchanged: kept'
    return lines(bold(safe(only.title)), `  ${safe(only.root)}`, `  ${state} in ${safe(archive)} as ${what}`)
  }
  const unchanged = articles.filter(({ status }) => status === 'unchanged').length
  return lines(
    ...table(
      articles.map(({ root, slug, version, status }) => [
        safe(root),
        `${safe(slug)}@${version}`,
        status === 'unchanged' ? 'unchanged' : '',
      ]),
    ),
    bold(
      `${count(articles.length - unchanged, 'article')} imported into ${safe(archive)}` +
        `${unchanged > 0 ? `, ${unchanged} unchanged` : ''}${failed.length > 0 ? `, ${failed.length} failed` : ''}`,
    ),
  )
}

function exportedText({ places, failed }: Exported, bold: Style): string {
  const [only] = places
  const failures = failed.length > 0 ? `, ${failed.length} failed` : ''
  if (only?.path === '-') {
    // On stderr, where every line has its mark.
    const roots = only.articles.map(({ root }) => `ovn: ${safe(root)}`)
    return lines(...roots, `ovn: ${stateOfPlace(only)} to standard output (${contentText(only)})${failures}`)
  }
  if (only !== undefined && places.length === 1) {
    return `${bold(stateOfPlace(only))} → ${safe(only.path)} (${contentText(only)})${failures}`
  }
  const unchanged = places.filter(({ status }) => status === 'unchanged').length
  return lines(
    ...table(
      places.map(({ articles: [article], path, status }) => [
        safe(article?.root ?? ''),
        safe(path),
        status === 'unchanged' ? 'unchanged' : '',
      ]),
    ),
    bold(
      `${count(places.length - unchanged, 'article')} exported${unchanged > 0 ? `, ${unchanged} unchanged` : ''}${failures}`,
    ),
  )
}

function stateOfPlace({ articles, status }: ExportedPlace): string {
  const [only] = articles
  const what =
    only !== undefined && articles.length === 1 ? (only.title ?? only.root) : count(articles.length, 'article')
  return `${status === 'unchanged' ? 'unchanged:' : 'exported'} ${safe(what)}`
}

function contentText({ blocks, files, size }: ExportedPlace): string {
  return `${blocks === undefined ? count(files ?? 0, 'file') : count(blocks, 'block')}, ${formatSize(size)}`
}

function rebuiltText({ kept, aside, damaged, torn, recorded, repinned, lost, archive }: Rebuilt, bold: Style): string {
  const changes = [
    ...(damaged.length > 0 ? [`${count(damaged.length, 'damaged line')} set aside in ${safe(aside ?? '')}`] : []),
    ...(damaged.length === 0 && aside !== undefined ? [`lines put in order; the old file is ${safe(aside)}`] : []),
    ...(torn > 0 ? [`${count(torn, 'byte')} of an unfinished line set aside in manifest.torn`] : []),
    ...(recorded.length > 0 ? ['recorded again from what is pinned; when each was published is not known:'] : []),
    ...table(recorded.map(({ root, slug, version }) => [`  ${safe(root)}`, `${safe(slug)}@${version}`])),
    ...(repinned.length > 0 ? [`${count(repinned.length, 'recorded article')} pinned again`] : []),
    ...(lost.length > 0 ? [`${count(lost.length, 'line')} lost: noted in the manifest`] : []),
  ]
  const unchanged = changes.length === 0 ? 'the manifest is in order' : 'the manifest is rebuilt'
  return lines(bold(`${unchanged}: ${count(kept + recorded.length, 'record')} in ${safe(archive)}`), ...changes)
}

function servingText({ archive, urls, gateway, subdomains }: Serving, bold: Style): string {
  return lines(
    bold(`serving ${safe(archive)}`),
    ...urls.map((url) => `  ${safe(url)}`),
    `  ${safe(gateway)}`,
    `  ${safe(subdomains)}`,
    'stop it with Ctrl-C',
  )
}

function fetchedText(result: Fetched, bold: Style): string {
  const { status, root, path, files = 0, size = 0, archive, article, sources } = result
  const unchanged = status === 'unchanged' ? 'unchanged: ' : ''
  const from = sources.length === 0 ? '' : `, from ${sourcesText(sources)}`
  return lines(
    bold(safe(article?.title ?? path ?? root)),
    `  ${root}`,
    ...(path === undefined
      ? []
      : [
          `  ${unchanged}${status === 'unchanged' ? '' : 'written to '}${safe(path)} (${count(files, 'file')}, ${formatSize(size)})${from}`,
        ]),
    ...(article === undefined
      ? []
      : [
          `  ${unchanged}kept in ${safe(archive ?? '')} as ${safe(article.slug)}@${article.version} (${formatSize(article.size)})${path === undefined ? from : ''}`,
        ]),
  )
}

function repairedText({ article, root, blocks, healed, repinned, unhealed, sources }: Repaired, bold: Style): string {
  const state =
    unhealed.length > 0
      ? `${count(unhealed.length, 'block')} could not be healed`
      : healed.length > 0 || repinned
        ? 'intact again'
        : 'intact'
  const from = sources.length === 0 ? '' : `, from ${sourcesText(sources)}`
  return lines(
    bold(`${safe(article.slug)}@${article.version}: ${state}`),
    `  ${root}`,
    `  ${count(blocks, 'block')} read, ${healed.length} healed${healed.length > 0 ? from : ''}`,
    ...table(healed.map(({ cid, was }) => [`  ${cid}`, `${was}, healed`])),
    ...table(unhealed.map(({ cid, was, message }) => [`  ${cid}`, was, safe(message)])),
    ...(repinned ? ['  its pin was missing, and is there again'] : []),
  )
}

function sourcesText(sources: readonly BlockSource[]): string {
  return sources.map(({ name }) => safe(name)).join(', ')
}

function siteText({ folder, articles, written, unchanged, removed }: SiteWritten, bold: Style): string {
  return lines(
    bold(safe(folder)),
    `  ${count(articles, 'article')}: ${count(written, 'file')} written, ${unchanged} unchanged, ${removed} removed`,
  )
}

function linkedText({ title, slug, version, cid, ipfs, gateways, page, car, withdrawn }: Linked, bold: Style): string {
  if (withdrawn !== undefined) {
    return lines(bold(safe(title)), `  ${safe(slug)}@${version} was withdrawn: ${safe(withdrawn.reason)}`)
  }
  return lines(
    bold(safe(title)),
    `  ${safe(cid)}`,
    ...[ipfs, ...gateways].map((link) => `  ${safe(link)}`),
    `  page  ${safe(page)}`,
    ...(car === undefined ? [] : [`  CAR   ${safe(car.url ?? car.path)} (${formatSize(car.size)})`]),
  )
}

function versionLines(versions: readonly Entry[]): string[] {
  const rows = versions.map(({ version, time, root, note }) => [
    `  ${version}`,
    safe(time),
    safe(root),
    safe(note ?? ''),
  ])
  return table(rows).flatMap((line, index) => [line, ...withdrawalLines(versions[index])])
}

function withdrawalLines(entry: Entry | undefined): string[] {
  return entry?.withdrawn === undefined ? [] : [`     ${withdrawnText(entry.withdrawn)}`]
}

/** Columns that align whatever their characters' width. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  )
}

function valueText(value: unknown): string {
  if (value === undefined) return '-'
  return safe(Array.isArray(value) ? value.join(' ') || '-' : String(value))
}

function lines(...all: readonly string[]): string {
  return all.join('\n')
}
