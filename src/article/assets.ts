// The files that an article refers to. What leaves the article's folder, by `..` or by a symbolic link, is refused before
// anything of it is opened.

import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'
import { OvnError } from '../errors.ts'
import type { Asset } from './article.ts'
import { mediaTypeOf } from './media-type.ts'
import { readChecked } from './read-asset.ts'
import { findNearest } from './text.ts'

/** A file of 64 GiB takes minutes to hash; what is larger is a mistake, or belongs beside the archive. */
const maxSize = 64n * 1024n ** 3n
/** One folder of a bundle must stay a block that every implementation can read. */
const maxCount = 10_000
/** File systems refuse longer names, and longer paths leave no room for the folder that a bundle is unpacked into. */
const maxNameBytes = 255
const maxPathBytes = 1000
/** Looking for similar names is a help for slips, not for lists of them. */
const maxSuggestions = 50

const deviceName = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i

/** A file that was found, or why the reference cannot be followed. */
export type FoundAsset =
  | { readonly asset: Asset; readonly fragment: string }
  | { readonly problem: string; readonly hint: string; readonly missing: boolean }

interface Fault {
  readonly problem: string
  readonly hint: string
  readonly missing: boolean
}

/** The folder of one article, and the files in it that the article refers to. */
export class AssetFolder {
  readonly #root: string
  readonly #byReference = new Map<string, FoundAsset>()
  /** By path in the bundle, folded: what must not be two files on a file system that ignores case. */
  readonly #taken = new Map<string, { readonly asset: Asset; readonly place: string }>()
  /** Real path of every folder that was walked through, by its path as written. */
  readonly #folders = new Map<string, string | Fault>()
  readonly #listings = new Map<string, readonly string[]>()
  #suggestions = 0

  /** `root` is the real path of the folder. */
  constructor(root: string) {
    this.#root = root
  }

  /** The assets that were found, sorted by path. */
  list(): Asset[] {
    return [...this.#taken.values()].map(({ asset }) => asset).sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /**
   * Finds the file of a reference as Markdown gives it: percent-encoded or literal, with or without a fragment. The whole
   * reference is tried as a name first, then what stands before its first `?` or `#`; each decoded, then literal.
   */
  find(reference: string): FoundAsset {
    let found = this.#byReference.get(reference)
    if (found === undefined) {
      found = this.#find(reference)
      this.#byReference.set(reference, found)
    }
    return found
  }

  #find(reference: string): FoundAsset {
    let fault: Fault | undefined
    for (const { path, fragment } of readings(reference)) {
      const found = this.#findPath(path)
      if ('asset' in found) return { asset: found.asset, fragment }
      // A refusal says more than an absence; of two absences the shorter name is the likelier one to be meant.
      if (fault === undefined || (fault.missing && (!found.missing || found.problem.length < fault.problem.length))) {
        fault = found
      }
    }
    return fault ?? missing(reference)
  }

  #findPath(path: string): { readonly asset: Asset } | Fault {
    const segments = splitPath(path)
    if (!Array.isArray(segments)) return segments
    const name = segments.at(-1)
    if (name === undefined) return refusal(`${quote(path)} is a folder`, 'name a file in it')
    let place = this.#root
    for (const [index, folder] of segments.slice(0, -1).entries()) {
      const inner = this.#enter(place, folder, segments.slice(0, index + 1).join('/'))
      if (typeof inner !== 'string') return inner.missing ? missing(path, inner.hint) : inner
      place = inner
    }
    const file = this.#look(place, name)
    if (file === undefined) return missing(path, this.#suggest(place, segments))
    const target = file.stats.isSymbolicLink() ? this.#follow(file.place) : file
    if ('problem' in target) return target
    return this.#take(path, segments, target)
  }

  /** Walks into one folder. Returns its real path. */
  #enter(place: string, name: string, written: string): string | Fault {
    const key = join(place, name)
    let inner = this.#folders.get(key)
    if (inner === undefined) {
      const folder = this.#look(place, name)
      const target = folder?.stats.isSymbolicLink() ? this.#follow(folder.place) : folder
      if (target === undefined) inner = missing(written, this.#suggest(place, written.split('/')))
      else if ('problem' in target) inner = target
      else if (!target.stats.isDirectory()) inner = refusal(`${quote(written)} is not a folder`, 'correct the path')
      else inner = target.place
      this.#folders.set(key, inner)
    }
    return inner
  }

  /** A directory entry by its name, or by another normal form of it. */
  #look(place: string, name: string): { readonly place: string; readonly stats: BigIntStats } | undefined {
    const exact = join(place, name)
    const stats = lstat(exact)
    if (stats !== undefined) return { place: exact, stats }
    if (/^[ -~]*$/.test(name)) return undefined
    const same = this.#names(place).find((other) => other.normalize('NFC') === name.normalize('NFC'))
    if (same === undefined) return undefined
    const other = lstat(join(place, same))
    return other && { place: join(place, same), stats: other }
  }

  #names(place: string): readonly string[] {
    let names = this.#listings.get(place)
    if (names === undefined) {
      names = listNames(place)
      this.#listings.set(place, names)
    }
    return names
  }

  /** Follows a symbolic link, but not out of the folder and not to anything hidden. */
  #follow(place: string): { readonly place: string; readonly stats: BigIntStats } | Fault {
    const written = relative(this.#root, place).split(sep).join('/')
    let target: string
    try {
      target = realpathSync.native(place)
    } catch {
      return refusal(
        `${quote(written)} is a broken symbolic link to ${quote(readlinkSync(place))}`,
        'put the file itself there',
      )
    }
    const inside = relative(this.#root, target)
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      return refusal(
        `${quote(written)} is a symbolic link that leaves the article's folder`,
        'put the file itself there',
      )
    }
    if (inside.split(sep).some((segment) => segment.startsWith('.'))) {
      return refusal(`${quote(written)} is a symbolic link to a hidden file`, 'put the file itself there')
    }
    return { place: target, stats: statSync(target, { bigint: true }) }
  }

  #suggest(place: string, segments: readonly string[]): string | undefined {
    const name = segments.at(-1) ?? ''
    if (++this.#suggestions > maxSuggestions) return undefined
    const names = this.#names(place).filter((other) => !other.startsWith('.'))
    const nearest = names.find((other) => fold(other) === fold(name)) ?? findNearest(name, names)
    return nearest && `did you mean ${[...segments.slice(0, -1), nearest].join('/')}?`
  }

  #take(
    written: string,
    segments: readonly string[],
    { place, stats }: { readonly place: string; readonly stats: BigIntStats },
  ): { readonly asset: Asset } | Fault {
    if (stats.isDirectory()) return refusal(`${quote(written)} is a folder`, 'name a file in it')
    if (!stats.isFile()) return refusal(`${quote(written)} is not a regular file`, 'put the file itself there')
    const path = `assets/${segments.join('/')}`.normalize('NFC')
    const fault = segments.map(findNameFault).find((each) => each !== undefined)
    if (fault !== undefined) {
      return refusal(`the name ${quote(written)} ${fault}`, 'rename the file, so that every system can store it')
    }
    if (Buffer.byteLength(path) > maxPathBytes) {
      return refusal(
        `the path of ${quote(written.slice(0, 50))}… is longer than ${maxPathBytes} bytes`,
        'move the file up',
      )
    }
    if (stats.size > maxSize) {
      return refusal(`${quote(written)} is larger than 64 GiB`, 'link to it where it is published')
    }

    const other = this.#taken.get(fold(path))
    if (other !== undefined) {
      if (other.asset.path === path && other.place === place) return { asset: other.asset }
      const [same, hint] =
        other.place === place
          ? ['is written in two ways', `write ${other.asset.path.slice('assets/'.length)} everywhere`]
          : [
              `and ${quote(other.asset.path.slice('assets/'.length))} are one name where case is ignored`,
              'rename one of them',
            ]
      return refusal(`${quote(written)} ${same}`, hint)
    }
    if (this.#taken.size >= maxCount) {
      return refusal(`the article refers to more than ${maxCount} files`, 'split the article')
    }
    const asset: Asset = {
      path,
      size: Number(stats.size),
      mediaType: mediaTypeOf(path),
      read: (signal) => readChecked(place, stats, written, signal),
    }
    this.#taken.set(fold(path), { asset, place })
    return { asset }
  }
}

/** What a reference may mean, in the order in which it is tried. */
function* readings(reference: string): Generator<{ path: string; fragment: string }> {
  const cut = reference.search(/[?#]/)
  const hash = reference.indexOf('#')
  const whole = { text: reference, fragment: '' }
  const head = { text: reference.slice(0, cut), fragment: hash < 0 ? '' : reference.slice(hash) }
  for (const { text, fragment } of cut <= 0 ? [whole] : [whole, head]) {
    const decoded = decodePercent(text)
    if (decoded !== text) yield { path: decoded, fragment }
    yield { path: text, fragment }
  }
}

function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The names that a path goes through, without `.` and inner `..`; or why it goes nowhere. */
function splitPath(path: string): string[] | Fault {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path)) return refusal('the path has control characters', 'rename the file')
  if (/^[/\\]|^[a-z]:/i.test(path)) {
    return refusal(`${quote(path)} is an absolute path`, 'put the file beside the article and name it from there')
  }
  if (path.includes('\\')) {
    const forward = path.replaceAll('\\', '/')
    const hint = forward.startsWith('../') ? 'put the file beside the article' : `write ${forward}`
    return refusal(`${quote(path)} has backslashes`, hint)
  }
  const names: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') names.push(segment)
    else if (names.pop() === undefined) {
      return refusal(`${quote(path)} leaves the article's folder`, 'put the file beside the article')
    }
  }
  if (path.endsWith('/') || /(?:^|\/)\.{1,2}$/.test(path)) {
    return refusal(`${quote(path)} is a folder`, 'name a file in it')
  }
  const hidden = names.find((name) => name.startsWith('.'))
  if (hidden !== undefined) {
    return refusal(`${quote(hidden)} is hidden`, 'rename it, so that it does not begin with a dot')
  }
  return names
}

/** What cannot be seen in a name, or turns it around. */
const unseen = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffd]/

/** Why a name cannot be written, or not be read by people, on every file system. */
function findNameFault(name: string): string | undefined {
  const sign = /[\\:*?"<>|]/.exec(name)?.[0]
  if (sign !== undefined) return `has a ${sign}`
  if (/[. ]$/.test(name)) return 'ends in a dot or space'
  if (/^\p{White_Space}|\p{White_Space}$/u.test(name)) return 'begins or ends with a blank'
  if (unseen.test(name)) return 'has characters that cannot be seen'
  if (deviceName.test(name)) return 'is a device on Windows'
  if (Buffer.byteLength(name.normalize('NFC')) > maxNameBytes) return `is longer than ${maxNameBytes} bytes`
  return undefined
}

function fold(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

function lstat(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined
    throw new OvnError('storage', `cannot read ${path}`, { cause })
  }
}

/** The names in a folder, sorted; none where it cannot be listed, because they only help to find a file. */
function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function refusal(problem: string, hint: string): Fault {
  return { problem, hint, missing: false }
}

function missing(path: string, hint = 'put the file beside the article, or correct the path'): Fault {
  return { problem: `missing file ${quote(path)}`, hint, missing: true }
}

function quote(path: string): string {
  return `'${path}'`
}
