// The peer of `ovn serve`: node:http alone. `/file` is piped from disk, everything else is the same bytes from memory.
// Run: node bench/bare-server.ts <page> <file>. Prints its port.

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'

const [page = '', file = ''] = process.argv.slice(2)
const body = readFileSync(page)
const server = createServer((request, response) => {
  if (request.url === '/file') {
    response.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': statSync(file).size })
    pipeline(createReadStream(file), response, () => undefined)
    return
  }
  response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': body.byteLength })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })))
