// Files → UnixFS DAG, through @helia/unixfs with the profile. Nothing here chooses a parameter: profile.ts does.

import './unixfs-guard.ts'
import { type AddOptions, unixfs } from '@helia/unixfs'
import type { Blockstore } from 'interface-blockstore'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { sha256, sha256Async } from './hash.ts'
import { profile } from './profile.ts'

/** What @helia/unixfs needs of a node; a plain object with a block store will do. */
export interface ImportNode {
  readonly blockstore: Pick<Blockstore, 'get' | 'put' | 'has'>
}

/** One entry of a DAG to write: a file, a symbolic link, or an empty folder. Paths are relative, with forward slashes. */
export type DagEntry =
  | { readonly path: string; readonly content: Uint8Array | (() => AsyncIterable<Uint8Array>) }
  | { readonly path: string; readonly link: string }
  | { readonly path: string }

/** A file or folder that was written. */
export interface Written {
  readonly path: string
  readonly cid: CID
  /** Bytes of the file; 0 for a folder. */
  readonly size: number
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined
  /** Told of every file when it is written, before the next entry is asked for. */
  readonly onFile?: (file: Written) => void
}

/**
 * Writes entries as one UnixFS directory and returns its root. An entry is asked for only after the one before it was
 * written and told of, so that later entries may depend on the CIDs of earlier ones.
 */
export async function writeDag(
  node: ImportNode,
  entries: Iterable<DagEntry> | AsyncIterable<DagEntry>,
  options: WriteOptions = {},
): Promise<Written> {
  let root: Written | undefined
  for await (const result of importEntries(node, entries, true, options.signal)) {
    root = result
    if (result.path !== '') options.onFile?.(result)
  }
  if (root === undefined) throw new Error('the importer yielded no root')
  return root
}

/** Writes one file without a directory around it and returns its root. */
export async function writeFileDag(
  node: ImportNode,
  content: Uint8Array | (() => AsyncIterable<Uint8Array>),
  signal?: AbortSignal,
): Promise<Written> {
  for await (const result of importEntries(node, [{ path: 'file', content }], false, signal)) return result
  throw new Error('the importer yielded no root')
}

async function* importEntries(
  node: ImportNode,
  entries: Iterable<DagEntry> | AsyncIterable<DagEntry>,
  wrapWithDirectory: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Written> {
  const options: AddOptions = {
    profile,
    wrapWithDirectory,
    // One file at a time: an entry may be made from what was written before it. Within a file, blocks overlap.
    fileImportConcurrency: 1,
    bufferImporter: importLeaves,
    ...(signal === undefined ? {} : { signal }),
  }
  // Only `put` is used of the store; the rest of the interface is there for reading.
  const fs = unixfs(node as Parameters<typeof unixfs>[0])
  for await (const { cid, path, unixfs: unixFs, size } of fs.addAll(candidates(entries), options)) {
    const bytes = unixFs === undefined ? size : unixFs.fileSize()
    yield { path: path ?? '', cid, size: Number(bytes) }
  }
}

async function* candidates(entries: Iterable<DagEntry> | AsyncIterable<DagEntry>) {
  for await (const entry of entries) {
    if (!('content' in entry)) yield { ...entry }
    else yield { path: entry.path, content: contentOf(entry.content) }
  }
}

/** The importer takes an empty `Uint8Array` for no content at all: an empty file is one empty chunk. */
function contentOf(
  content: Uint8Array | (() => AsyncIterable<Uint8Array>),
): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return content instanceof Uint8Array ? [content] : content()
}

/** Below this many bytes a hash costs less than handing the block to another thread. */
const hashAsideFrom = 65_536

type BufferImporter = NonNullable<AddOptions['bufferImporter']>

/** Makes raw leaves. The hash of a large block starts when it has been read, so that reading, hashing and storing overlap. */
const importLeaves: BufferImporter = async function* importLeaves(file, blockstore) {
  for await (const chunk of file.content) {
    const bytes = chunk as Uint8Array<ArrayBuffer>
    const pending = bytes.byteLength < hashAsideFrom ? sha256(bytes) : sha256Async(bytes)
    // A failure is met where the digest is awaited, not here.
    if (pending instanceof Promise) pending.catch(() => undefined)
    yield async () => {
      const cid = CID.createV1(rawCode, await pending)
      await blockstore.put(cid, bytes)
      return { cid, size: BigInt(bytes.byteLength), block: bytes }
    }
  }
}
