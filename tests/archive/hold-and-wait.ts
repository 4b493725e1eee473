// Stores a block ahead of its pin, says so, and waits to be ended. Run: node hold-and-wait.ts <archive> <text>

import { CID } from 'multiformats/cid'
import { createArchive } from '../../src/archive/archive.ts'
import { sha256 } from '../../src/dag/hash.ts'

const [folder = '', text = ''] = process.argv.slice(2)
const archive = createArchive(folder)
const bytes = Buffer.from(text)
await archive.storeAhead([{ cid: CID.createV1(0x55, sha256(bytes)), bytes }], archive.hold())
process.stdout.write('held')
process.stdin.once('data', () => {
  archive.close()
  process.exit()
})
