// A file → an Article, checked and understood. All problems of a file are found before any is reported, and nothing that
// the file refers to is opened until the article is used.

import { isUtf8 } from 'node:buffer'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OvnError, type Problem } from '../errors.ts'
import type { Article, LeadImage, Overrides } from './article.ts'
import { AssetFolder } from './assets.ts'
import { parseDate } from './dates.ts'
import { type Findings, sortByPlace } from './findings.ts'
import { maxTitle, type NamedImage, readFrontMatter, splitFrontMatter } from './front-matter.ts'
import { checkLanguageTag } from './language-tag.ts'
import { type Body, renderBody } from './markdown.ts'
import { optional } from './optional.ts'
import { checkSlug, slugify } from './slug.ts'
import { cleanText, countCodePoints, findControl } from './text.ts'

export interface ReadOptions {
  readonly overrides?: Overrides
  /** BCP 47 tag of articles that do not name their own, for the words that are added to the body. */
  readonly language?: string
  /** What was read already, such as standard input; then `folder` is the article's folder. */
  readonly bytes?: Uint8Array
  readonly folder?: string
  readonly signal?: AbortSignal
}

/** A long novel: what is larger is no article, its page would not open on a phone, and hostile text takes its time. */
const maxSource = 1024 * 1024
const maxProblems = 1000

/**
 * Reads an article and finds the files it refers to.
 * Throws an OvnError `not-found` for a missing file, `storage` where it cannot be read, `usage` for an override that makes
 * no sense, and `article` with all problems of the file, sorted by line.
 */
export async function readArticle(file: string, options: ReadOptions = {}): Promise<Article> {
  options.signal?.throwIfAborted()
  const overrides = checkOverrides(options.overrides ?? {})
  const { source, folder } =
    options.bytes === undefined ? readSource(file) : given(options.bytes, options.folder ?? '.')
  const text = decodeText(source, file)

  const findings: Findings = { problems: [], notices: [] }
  const { yaml, body: markdown, bodyLine } = splitFrontMatter(text, file, findings)
  const isUnclosed = findings.problems.length > 0
  const matter = yaml === undefined ? { ...noMatter, isTitleUnread: isUnclosed } : readFrontMatter(yaml, file, findings)
  const assets = new AssetFolder(folder)
  const image = matter.image === undefined ? undefined : findImage(matter.image, file, assets, findings)
  const language = overrides.language ?? matter.language
  const body = renderBody(markdown, {
    file,
    firstLine: bodyLine,
    ...optional('title', matter.title),
    ...optional('url', matter.url),
    ...optional('language', language ?? options.language),
    assets,
    findings,
  })
  const title = overrides.title ?? matter.title ?? headlineOf(body, file, findings)
  if (title === undefined && !matter.isTitleUnread) reportNoTitle(file, markdown, findings)
  if (findings.problems.length > 0 || title === undefined) throw failure(file, findings.problems)

  const slug = overrides.slug ?? matter.slug
  return {
    file,
    source,
    title,
    slug: slug ?? slugify(title),
    slugGiven: slug !== undefined,
    ...optional('summary', matter.summary),
    ...optional('language', language),
    ...optional('datePublished', overrides.date ?? matter.date),
    ...optional('dateModified', matter.updated),
    authors: overrides.authors?.map((name) => ({ name })) ?? matter.authors,
    categories: overrides.categories ?? matter.categories,
    tags: matter.tags,
    ...optional('url', matter.url),
    ...optional('license', matter.license),
    ...optional('image', image),
    corrections: matter.corrections,
    body: body.html,
    assets: assets.list(),
    overrides,
    notices: sorted(findings.notices, file),
  }
}

const noMatter = { authors: [], categories: [], tags: [], corrections: [] }

interface Source {
  readonly source: Uint8Array
  /** Real path of the article's folder. */
  readonly folder: string
}

function given(source: Uint8Array, folder: string): Source {
  return { source, folder: onDisk(folder, () => realpathSync.native(folder)) }
}

/** The folder of a symbolic link is that of the file it leads to. */
function readSource(file: string): Source {
  const place = onDisk(file, () => realpathSync.native(file))
  return { source: onDisk(file, () => readWhole(place, file)), folder: dirname(place) }
}

function onDisk<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof OvnError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new OvnError('not-found', `no file ${file}`, {
        hint: 'check the path; it is relative to the current folder',
        cause,
      })
    }
    throw new OvnError('storage', `cannot read ${file}`, { hint: 'check that you may read it', cause })
  }
}

function readWhole(place: string, file: string): Uint8Array {
  // Asked before it is opened, because opening a pipe waits for its writer.
  const stats = statSync(place)
  const refuse = (message: string, hint: string) => failure(file, [{ file, message, hint }])
  if (stats.isDirectory()) throw refuse('this is a folder', 'name the article in it')
  if (!stats.isFile()) throw refuse('this is not a regular file', 'use - to read standard input')
  if (stats.size > maxSource) throw failure(file, [tooLarge(file, stats.size)])
  return readFileSync(place)
}

function tooLarge(file: string, size: number): Problem {
  const mebibytes = Math.ceil(size / 1024 / 1024)
  return {
    file,
    message: `the article has ${mebibytes} MiB, and the limit is 1 MiB`,
    hint: 'put what is not text into files beside it',
  }
}

/** The text of an article, its line breaks `\n`, without a byte order mark. */
function decodeText(source: Uint8Array, file: string): string {
  if (source.length > maxSource) throw failure(file, [tooLarge(file, source.length)])
  if (source.includes(0)) {
    throw failure(file, [{ file, message: 'this is a binary file', hint: 'name a Markdown file' }])
  }
  if (!isUtf8(source)) {
    throw failure(file, [
      { file, ...findBadByte(source), message: 'this is not UTF-8', hint: 'save the file as UTF-8' },
    ])
  }
  const text = new TextDecoder().decode(source)
  if (text.trim() === '') throw failure(file, [{ file, message: 'the file is empty', hint: 'write the article first' }])
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

/** A line break is never part of a longer sequence, so that lines can be checked one by one. */
function findBadByte(source: Uint8Array): { line: number; column: number } {
  let line = 1
  let start = 0
  for (
    let end = source.indexOf(0x0a);
    end >= 0 && isUtf8(source.subarray(start, end));
    end = source.indexOf(0x0a, start)
  ) {
    start = end + 1
    line++
  }
  const end = source.indexOf(0x0a, start)
  const bytes = source.subarray(start, end < 0 ? undefined : end)
  let good = 0
  let bad = bytes.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (decodeStart(bytes, middle) === undefined) bad = middle
    else good = middle
  }
  return { line, column: (decodeStart(bytes, good)?.length ?? 0) + 1 }
}

/** The first bytes as text, a last sequence that is not complete left out; undefined where they are not UTF-8. */
function decodeStart(bytes: Uint8Array, length: number): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true })
  } catch {
    return undefined
  }
}

function findImage(
  image: NamedImage,
  file: string,
  assets: AssetFolder,
  { problems }: Findings,
): LeadImage | undefined {
  const { src, place, alt, caption, credit } = image
  if (/^(?:[a-z][a-z0-9+.-]+:|\/\/)/i.test(src)) {
    const hint = 'save it beside the article and name that file'
    problems.push({ file, ...place, message: 'the image of the article is not a local file', hint })
    return undefined
  }
  const found = assets.find(src)
  if (!('asset' in found)) {
    problems.push({ file, ...place, message: found.problem, hint: found.hint })
  } else if (!found.asset.mediaType.startsWith('image/')) {
    problems.push({
      file,
      ...place,
      message: `'${src}' is not an image`,
      hint: 'name a picture, such as a .jpg, .png or .webp',
    })
  } else {
    return { path: found.asset.path, alt, ...optional('caption', caption), ...optional('credit', credit) }
  }
  return undefined
}

function headlineOf({ headline }: Body, file: string, { problems }: Findings): string | undefined {
  if (headline === undefined || countCodePoints(headline.text) <= maxTitle) return headline?.text
  const message = `the title is longer than ${maxTitle} characters`
  problems.push({ file, ...headline.place, message, hint: 'shorten it; `summary` has room for more' })
  return undefined
}

function reportNoTitle(file: string, markdown: string, { problems }: Findings): void {
  if (problems.some(({ message }) => message.startsWith('the title'))) return
  if (markdown.trim() === '') {
    problems.push({ file, message: 'the article has neither a title nor a text', hint: 'write it first' })
  } else
    problems.push({
      file,
      message: 'the article has no title',
      hint: 'add `title:` to the front matter, or a first line such as # Title',
    })
}

/** What a hostile file could have a million of, nobody reads to its end. */
function sorted(problems: readonly Problem[], file: string): Problem[] {
  if (problems.length <= maxProblems) return sortByPlace(problems)
  const message = `and ${problems.length - maxProblems} more`
  return [...sortByPlace(problems).slice(0, maxProblems), { file, message, hint: 'begin with those above' }]
}

function failure(file: string, problems: readonly Problem[]): OvnError {
  const [first, ...others] = problems
  const what = others.length === 0 ? (first?.message ?? '') : `${problems.length} problems`
  return new OvnError('article', `${file}: ${what}`, { problems: sorted(problems, file) })
}

/** Writes overrides as front matter is written. Throws an OvnError `usage`. */
function checkOverrides({ title, date, authors, categories, language, slug }: Overrides): Overrides {
  return {
    ...optional('title', title === undefined ? undefined : checkTitle(title)),
    ...optional('date', date === undefined ? undefined : checked('--date', parseDate(date), 'iso')),
    ...optional(
      'authors',
      authors?.map((author) => checkText(author, '--author')),
    ),
    ...optional(
      'categories',
      categories?.map((category) => checkText(category, '--category')),
    ),
    ...optional(
      'language',
      language === undefined ? undefined : checked('--language', checkLanguageTag(cleanText(language)), 'tag'),
    ),
    ...optional('slug', slug === undefined ? undefined : checked('--slug', checkSlug(cleanText(slug)), 'slug')),
  }
}

function checkTitle(text: string): string {
  const title = checkText(text, '--title')
  if (countCodePoints(title) <= maxTitle) return title
  throw new OvnError('usage', `--title is longer than ${maxTitle} characters`, { hint: 'shorten it' })
}

function checkText(text: string, flag: string): string {
  const clean = cleanText(text)
  const control = findControl(clean)
  if (clean === '') throw new OvnError('usage', `${flag} is empty`, { hint: 'leave it out, or give it a value' })
  if (control !== undefined) {
    throw new OvnError('usage', `${flag} has the control character ${control}`, { hint: 'remove it' })
  }
  return clean
}

function checked<Name extends string>(
  flag: string,
  result: { readonly [name in Name]: string } | { readonly problem: string; readonly hint: string },
  name: Name,
): string {
  if ('problem' in result) throw new OvnError('usage', `${flag}: ${result.problem}`, { hint: result.hint })
  return result[name]
}
