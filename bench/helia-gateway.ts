// The peer of a fetch: Helia with a broker that asks one gateway, block by block, as its own does, and writes the files of a directory.
// Run: node bench/helia-gateway.ts <gateway> <root> <folder>

import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { unixfs } from '@helia/unixfs'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'

const [gateway = '', root = '', folder = ''] = process.argv.slice(2)

const broker = {
  name: 'gateway',
  async retrieve(cid: CID, { validateFn }: { validateFn?: (bytes: Uint8Array) => Promise<void> } = {}) {
    const answer = await fetch(`${gateway}/ipfs/${cid}?format=raw`, { headers: { accept: 'application/vnd.ipld.raw' } })
    if (!answer.ok) throw new Error(`${answer.status}`)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    await validateFn?.(bytes)
    return bytes
  },
}

const node = createHeliaLight({ blockBrokers: [broker as never] })
await node.start()
const fs = unixfs(node)

async function write(cid: CID, place: string): Promise<void> {
  mkdirSync(place, { recursive: true })
  for await (const entry of fs.ls(cid)) {
    const { type } = await fs.stat(entry.cid)
    if (type === 'directory') await write(entry.cid, join(place, entry.name))
    else await pipeline(fs.cat(entry.cid), createWriteStream(join(place, entry.name)))
  }
}

await write(CID.parse(root), folder)
process.exit()
