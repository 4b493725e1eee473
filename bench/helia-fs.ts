// The peer of the batch: Helia as its own examples compose it, with its file stores, imports and pins finished bundles.
// Run: node bench/helia-fs.ts <folder of bundles> <folder of stores>

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { unixfs } from '@helia/unixfs'
import { FsBlockstore } from 'blockstore-fs'
import { FsDatastore } from 'datastore-fs'
import { createHeliaLight } from 'helia'

const [bundles = '', stores = ''] = process.argv.slice(2)
const blockstore = new FsBlockstore(join(stores, 'blocks'))
const datastore = new FsDatastore(join(stores, 'data'))
await blockstore.open()
await datastore.open()
const node = createHeliaLight({ blockstore, datastore })
const fs = unixfs(node)

for (const name of readdirSync(bundles)) {
  const folder = join(bundles, name)
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const candidates = files.map((file) => {
    const path = join(file.parentPath, file.name)
    return { path: relative(folder, path), content: readFileSync(path) }
  })
  let root: Awaited<ReturnType<typeof fs.addBytes>> | undefined
  for await (const { cid } of fs.addAll(candidates, { profile: 'unixfs-v1-2025', wrapWithDirectory: true })) root = cid
  if (root === undefined) throw new Error(`${folder} is empty`)
  for await (const _ of node.pins.add(root));
}
