// The same node twice: as Helia composes it, and with the archive's stores and pins in it.

import type { Helia } from '@helia/interface'
import { unixfs } from '@helia/unixfs'
import { createHeliaLight } from 'helia'
import type { CID } from 'multiformats/cid'
import { SqliteBlockstore } from '../../src/archive/blockstore.ts'
import { openDatabase } from '../../src/archive/database.ts'
import { SqliteDatastore } from '../../src/archive/datastore.ts'
import { composeNode } from '../../src/archive/node.ts'
import { SqlitePins } from '../../src/archive/pins.ts'

export function heliaNode(): Helia {
  return createHeliaLight()
}

export function archiveNode(): Helia {
  return archiveParts().node
}

/** The node, and the store behind its back: what a failing disk does is done there. */
export function archiveParts(): { node: Helia; blockstore: SqliteBlockstore } {
  const database = openDatabase(':memory:')
  const blockstore = new SqliteBlockstore(database)
  const datastore = new SqliteDatastore(database)
  return { blockstore, node: composeNode({ blockstore, datastore, pins: new SqlitePins(database, blockstore) }) }
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
