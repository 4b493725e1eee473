// Pins a DAG that lacks a block and catches the error, as a careful program does. Run as a process of its own: an unhandled
// rejection ends it with exit code 1, although the error was caught.

import { addFiles, archiveNode, cidOfFile, drain, heliaNode } from './nodes.ts'

const node = process.argv[2] === 'helia' ? heliaNode() : archiveNode(process.argv[3])
const root = await addFiles(node, { 'a.txt': 'one', 'b.txt': 'two' })
await node.blockstore.delete(await cidOfFile(node, root, 'a.txt'))
try {
  await drain(node.pins.add(root, { signal: AbortSignal.timeout(1000) }))
} catch {
  process.stdout.write('caught')
}
