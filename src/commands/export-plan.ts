// What is to be exported, and where it goes.

import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { CID } from 'multiformats/cid'
import { CID as Cid } from 'multiformats/cid'
import type { Archive } from '../archive/archive.ts'
import { maxCarRoots } from '../dag/read-car.ts'
import { OvnError } from '../errors.ts'
import { findEdition } from '../links/find-edition.ts'
import { parseRef } from '../links/parse-ref.ts'
import { type EditionRecord, isEdition } from '../manifest/record.ts'

export type ExportFormat = 'car' | 'folder' | 'bag'

export interface ExportOptions {
  /** A file, a folder, or `-`. */
  readonly output?: string
  readonly all?: boolean
  readonly format?: string
  readonly force?: boolean
}

/** One root to export. */
export interface Exportee {
  readonly root: CID
  /** Absent for a DAG that the manifest does not record. */
  readonly record: EditionRecord | undefined
  /** What it is called in messages: `slug@version`, or its CID. */
  readonly label: string
  /** Its name as a file, without an extension. */
  readonly name: string
}

/** A file or folder to write, and what goes into it. */
export interface Parcel {
  /** Path as it was named; `-` is standard output. */
  readonly path: string
  readonly exportees: readonly Exportee[]
}

export interface Plan {
  readonly format: ExportFormat
  readonly parcels: readonly Parcel[]
  /** A folder that is made for them; absent where there is none to make. */
  readonly folder?: string
}

/**
 * Finds what the refs name, or every edition that is not withdrawn, each once. Throws an OvnError: `usage` for refs that make no
 * sense, `not-found` for what is neither recorded nor stored.
 */
export function findExportees(archive: Archive, refs: readonly string[], { all = false }: ExportOptions): Exportee[] {
  if (all !== (refs.length === 0)) {
    const [message, hint] = all
      ? ['--all exports every article, and some are named too', 'leave one of the two out']
      : ['no article is named', 'name one, or export every article with --all']
    throw new OvnError('usage', message, { hint })
  }
  archive.editions.refresh()
  const records = all ? liveEditions(archive) : refs.map((ref) => findOne(archive, ref))
  const unique = new Map(records.map((each) => [each.root.toString(), each]))
  return nameEach([...unique.values()])
}

type Found = Omit<Exportee, 'name'>

function findOne(archive: Archive, ref: string): Found {
  const parsed = parseRef(ref)
  if (parsed.kind === 'root' && parsed.path.length > 0) {
    throw new OvnError('usage', `"${ref}" names a file inside an article, and articles are exported whole`, {
      hint: `leave the path out: ${parsed.root}`,
    })
  }
  const isStored = parsed.kind === 'root' && archive.blocks.hasSync(parsed.root)
  if (!isStored || archive.editions.ofRoot(parsed.root.toString()) !== undefined) {
    return toFound(findEdition(archive, ref).record)
  }
  return { root: parsed.root, record: undefined, label: parsed.root.toString() }
}

/** The editions whose last event is not their withdrawal, in the order in which they came into the manifest. */
function liveEditions({ manifest, editions }: Archive): Found[] {
  const records = manifest.records().filter(isEdition)
  const last = new Map(records.map((record) => [record.root, record]))
  if (last.size === 0) {
    throw new OvnError('not-found', 'there is no article in this archive', { hint: 'publish one with `ovn publish`' })
  }
  return [...last.values()].filter(({ root }) => editions.isLive(root)).map(toFound)
}

function toFound(record: EditionRecord): Found {
  return { root: Cid.parse(record.root), record, label: `${record.slug}@${record.version}` }
}

/** Bytes of a file's name, leaving room for its extension. */
const maxName = 240

/** Two editions of one number, which a merge of two manifests leaves, are told apart by their CIDs. */
function nameEach(found: readonly Found[]): Exportee[] {
  const count = new Map<string, number>()
  for (const { label } of found) count.set(label, (count.get(label) ?? 0) + 1)
  return found.map((each) => {
    // A manifest is a text that anyone may have edited: its slugs are names of files only if they look like slugs.
    const isName = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*@\d+$/u.test(each.label) && Buffer.byteLength(each.label) <= maxName
    return { ...each, name: isName && count.get(each.label) === 1 ? each.label : each.root.toString() }
  })
}

/** Decides where everything goes. Throws an OvnError `usage` for a place that makes no sense. */
export function planExport(exportees: readonly Exportee[], options: ExportOptions, archive: string, cwd: string): Plan {
  const format = readFormat(options.format)
  const plan = { format, ...(format === 'car' ? planCars(exportees, options) : planFolders(exportees, options)) }
  for (const { path, exportees: inside } of plan.parcels) {
    if (path !== '-') assertOutside(resolve(cwd, path), archive)
    if (inside.length > maxCarRoots) {
      throw new OvnError('usage', `a CAR has at most ${maxCarRoots} roots, and there are ${inside.length} articles`, {
        hint: 'write a CAR of each into a folder: -o folder/',
      })
    }
  }
  return plan
}

function readFormat(format = 'car'): ExportFormat {
  if (format === 'car' || format === 'folder' || format === 'bag') return format
  throw new OvnError('usage', `--format ${format} is unknown`, { hint: 'give car, folder or bag' })
}

function planCars(exportees: readonly Exportee[], { output, all = false }: ExportOptions): Omit<Plan, 'format'> {
  if (all && output === undefined) throw noPlace('-o folder/ for a CAR of each, or -o file.car for one of all')
  const isOne = output === '-' || (output !== undefined && !isFolder(output) && /\.car$/i.test(output))
  const isNamed = !all && exportees.length === 1 && output !== undefined && !isFolder(output)
  if (isOne || isNamed) return { parcels: [{ path: output as string, exportees }] }
  return intoFolder(exportees, output, (name) => `${name}.car`)
}

function planFolders(exportees: readonly Exportee[], options: ExportOptions): Omit<Plan, 'format'> {
  const { output, all = false, format } = options
  if (output === '-') {
    throw new OvnError('usage', `--format ${format} writes a folder, which standard output is none`, {
      hint: 'name a folder with -o',
    })
  }
  if (all && output === undefined) throw noPlace('-o folder/')
  const [only] = exportees
  if (!all && output !== undefined && exportees.length === 1 && only !== undefined && !/[/\\]$/.test(output)) {
    return { parcels: [{ path: output, exportees: [only] }] }
  }
  return intoFolder(exportees, output, (name) => name)
}

function intoFolder(
  exportees: readonly Exportee[],
  folder: string | undefined,
  nameOf: (name: string) => string,
): Omit<Plan, 'format'> {
  const parcels = exportees.map((each) => ({ path: join(folder ?? '', nameOf(each.name)), exportees: [each] }))
  return folder === undefined ? { parcels } : { parcels, folder }
}

function isFolder(path: string): boolean {
  return /[/\\]$/.test(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function noPlace(hint: string): OvnError {
  return new OvnError('usage', '--all needs a place to write to', { hint })
}

/** An export never lies among the archive's own files. */
function assertOutside(path: string, archive: string): void {
  const [place, own] = [realPath(path), realPath(archive)]
  if (place !== own && !place.startsWith(`${own}${sep}`)) return
  throw new OvnError('usage', `${path} is in the archive`, { hint: 'name a place outside of it' })
}

/** Where a path really leads, also one whose end is not there yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}
