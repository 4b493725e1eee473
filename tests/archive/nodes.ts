// The same node twice: as Helia composes it, and with the archive's stores and pins in it.

import { join } from 'node:path'
import type { Helia } from '@helia/interface'
import { unixfs } from '@helia/unixfs'
import { createHeliaLight } from 'helia'
import type { CID } from 'multiformats/cid'
import { createArchive } from '../../src/archive/archive.ts'
import type { SqliteBlockstore } from '../../src/archive/blockstore.ts'
import { composeNode } from '../../src/archive/node.ts'
import { temporaryFolder } from '../temporary.ts'

export function heliaNode(): Helia {
  return createHeliaLight()
}

export function archiveNode(folder?: string): Helia {
  return archiveParts(folder).node
}

/** The node, and the store behind its back: what a failing disk does is done there. It sweeps as `ovn gc` does. */
export function archiveParts(folder = temporaryFolder()): { node: Helia; blockstore: SqliteBlockstore } {
  const archive = createArchive(join(folder, 'archive'))
  const node = composeNode(archive.parts)
  return { blockstore: archive.blocks, node: Object.assign(node, { gc: () => archive.collect() }) }
}

/** Writes files as one directory and returns its root. */
export async function addFiles(node: Helia, files: { readonly [path: string]: string }): Promise<CID> {
  const candidates = Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) }))
  let root: CID | undefined
  for await (const { cid } of unixfs(node).addAll(candidates, { profile: 'unixfs-v1-2025', wrapWithDirectory: true }))
    root = cid
  if (root === undefined) throw new Error('nothing was added')
  return root
}

/** The CID of one file in a directory. */
export async function cidOfFile(node: Helia, root: CID, path: string): Promise<CID> {
  return (await unixfs(node).stat(root, { path })).cid
}

export async function drain(generator: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of generator);
}
