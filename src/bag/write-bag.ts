// A DAG → a bag, as RFC 8493 has it: its files, its CAR, and lists of their hashes that any tool of an archive can check without
// IPFS. It is made beside its place and appears there whole.

import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { temporaryBeside, writeNew } from '../archive/place-file.ts'
import { filesBelow, isThere, moveFolder, sameContent } from '../archive/place-folder.ts'
import { storageError } from '../archive/storage-error.ts'
import type { GetStore } from '../dag/read-block.ts'
import { syncFolder } from '../dag/sync-folder.ts'
import { writeCar } from '../dag/write-car.ts'
import { writeFolder } from '../dag/write-folder.ts'
import { OvnError, type Problem } from '../errors.ts'
import { type BagTag, bagInfoText, declaration, manifestPath, readTag } from './bag-info.ts'

export interface BagOptions {
  /** Name of the folder in `data/` that the files are in. */
  readonly name: string
  /** Statements of bag-info.txt, before those about date and size. */
  readonly tags: readonly BagTag[]
  /** The day on which the bag is made: `2025-08-22`. */
  readonly day: string
  /** Whether another bag at this place is replaced. */
  readonly force: boolean
  readonly signal?: AbortSignal | undefined
}

export interface WrittenBag {
  /** False where the same bag was there already. */
  readonly changed: boolean
  /** Files in `data/`, and their bytes. */
  readonly files: number
  readonly size: number
  readonly notices: readonly Problem[]
}

const algorithms = ['sha256', 'sha512'] as const
type Hashes = Readonly<Record<(typeof algorithms)[number], string>>

/**
 * Writes a bag. Throws an OvnError `usage` where something is at its place, unless that is another bag and `force` is given, and as
 * reading blocks does. A bag that differs in nothing but its day is the same.
 */
export async function writeBag(blocks: GetStore, root: CID, target: string, options: BagOptions): Promise<WrittenBag> {
  const temporary = temporaryBeside(target)
  try {
    const before = await readBagInfo(target)
    await mkdir(join(temporary, 'data'), { recursive: true })
    const { notices } = await writePayload(blocks, root, temporary, options)
    const payload = await hashFiles(temporary, 'data', options.signal)
    const size = payload.reduce((sum, file) => sum + file.size, 0)
    const written = { files: payload.length, size, notices: [...notices, ...payload.flatMap(unreadByOthers(target))] }
    if (before !== undefined) {
      const day = readTag(before, 'Bagging-Date') ?? options.day
      await writeTags(temporary, payload, { ...options, day })
      if (await sameContent(temporary, target)) {
        await rm(temporary, { recursive: true, force: true })
        return { ...written, changed: false }
      }
      if (!options.force) throw isAnotherBag(target)
    }
    await writeTags(temporary, payload, options)
    await moveFolder(temporary, target)
    return { ...written, changed: true }
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw storageError(error, target)
  }
}

/** The bag-info.txt of a bag at a place; undefined where there is nothing. Throws where there is something else. */
async function readBagInfo(target: string): Promise<string | undefined> {
  if (!isThere(target)) return undefined
  try {
    await readFile(join(target, 'bagit.txt'))
    return await readFile(join(target, 'bag-info.txt'), 'utf8')
  } catch (cause) {
    throw new OvnError('usage', `${target} is there already, and is no bag`, { hint: 'name another folder', cause })
  }
}

async function writePayload(blocks: GetStore, root: CID, bag: string, { name, signal }: BagOptions) {
  const data = join(bag, 'data')
  const written = await writeFolder(blocks, root, join(data, name), { signal, keepPartial: false })
  await writeNew(join(data, `${root}.car`), writeCar(blocks, [root], signal))
  syncFolder(data)
  return written
}

interface HashedFile {
  /** Path in the bag. */
  readonly path: string
  readonly size: number
  readonly hashes: Hashes
}

async function hashFiles(bag: string, folder: string, signal: AbortSignal | undefined): Promise<HashedFile[]> {
  const files: HashedFile[] = []
  for (const below of await filesBelow(join(bag, folder))) {
    const path = `${folder}/${below}`
    const hashers = algorithms.map((algorithm) => [algorithm, createHash(algorithm)] as const)
    let size = 0
    for await (const chunk of createReadStream(join(bag, path), { highWaterMark: 1_048_576, signal })) {
      size += (chunk as Buffer).byteLength
      for (const [, hasher] of hashers) hasher.update(chunk as Buffer)
    }
    const hashes = Object.fromEntries(hashers.map(([algorithm, hasher]) => [algorithm, hasher.digest('hex')]))
    files.push({ path, size, hashes: hashes as unknown as Hashes })
  }
  return files
}

/** Writes all that is not payload: the statements, the manifests, and the manifests of these. */
async function writeTags(bag: string, payload: readonly HashedFile[], { tags, day }: BagOptions): Promise<void> {
  const size = payload.reduce((sum, file) => sum + file.size, 0)
  const info: BagTag[] = [...tags, ['Bagging-Date', day], ['Payload-Oxum', `${size}.${payload.length}`]]
  const texts = new Map([
    ['bag-info.txt', bagInfoText(info)],
    ['bagit.txt', declaration],
    ...algorithms.map((each) => [`manifest-${each}.txt`, manifestText(each, payload)] as const),
  ])
  const tagFiles = [...texts].map(([path, text]) => ({ path, hashes: hashText(text) }))
  for (const each of algorithms) texts.set(`tagmanifest-${each}.txt`, manifestText(each, tagFiles))
  for (const [path, text] of texts) {
    await rm(join(bag, path), { force: true })
    await writeNew(join(bag, path), [Buffer.from(text)])
  }
  syncFolder(bag)
}

function manifestText(algorithm: keyof Hashes, files: readonly Pick<HashedFile, 'path' | 'hashes'>[]): string {
  return files.map(({ path, hashes }) => `${hashes[algorithm]}  ${manifestPath(path)}\n`).join('')
}

function hashText(text: string): Hashes {
  return { sha256: hash('sha256', text), sha512: hash('sha512', text) }
}

/** Some tools of archives read a percent sign in a manifest as it is, and miss the file. */
function unreadByOthers(bag: string): (file: HashedFile) => Problem[] {
  return ({ path }) =>
    path.includes('%')
      ? [
          {
            file: join(bag, path),
            message: 'the percent sign in its name is %25 in the manifests, as RFC 8493 has it',
            hint: 'bagit.py and sha256sum do not know that; the CAR beside it has the file too',
          },
        ]
      : []
}

function isAnotherBag(target: string): OvnError {
  return new OvnError('usage', `${target} is there already, and is another bag`, {
    hint: 'name another folder, or replace it with --force',
  })
}
