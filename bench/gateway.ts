// A trustless gateway on this machine that is 50 ms away: the first answer on a connection comes 100 ms late, one round trip for the
// handshake of TCP and one for the request; each other answer comes 50 ms late. Below /gigabit it sends no more than 1 Gbit/s.
// Run: node bench/gateway.ts <file.car>…   It prints its address, and serves until its standard input ends.

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { readCarSections } from '../src/dag/read-car.ts'

const roundTrip = 50

interface Place {
  readonly file: string
  readonly offset: number
  readonly length: number
}

const cars = new Map<string, string>()
const blocks = new Map<string, Place>()
for (const file of process.argv.slice(2)) {
  const { roots, sections } = await readCarSections(createReadStream(file), file)
  for (const root of roots) cars.set(root.toString(), file)
  for await (const { cid, bytes, bytesOffset } of sections) {
    blocks.set(cid.toString(), { file, offset: bytesOffset, length: bytes.byteLength })
  }
}
const small = new Map(
  [...cars.values()].filter((file) => statSync(file).size < 2 ** 20).map((file) => [file, readFileSync(file)]),
)

async function* paced(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const perMillisecond = 125_000
  const start = performance.now()
  let sent = 0
  for await (const part of bytes) {
    const early = sent / perMillisecond - (performance.now() - start)
    if (early > 1) await sleep(early)
    yield part
    sent += part.byteLength
  }
}

const known = new WeakSet<Socket>()
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://any')
  const [, isSlow, cid = ''] = /^(\/gigabit)?\/ipfs\/(\w+)$/.exec(url.pathname) ?? []
  const isNew = !known.has(request.socket)
  known.add(request.socket)
  setTimeout(
    () => {
      if (url.searchParams.get('format') === 'raw') {
        const place = blocks.get(cid)
        if (place === undefined) return response.writeHead(404).end()
        response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw', 'content-length': place.length })
        return createReadStream(place.file, { start: place.offset, end: place.offset + place.length - 1 }).pipe(
          response,
        )
      }
      const file = cars.get(cid)
      if (file === undefined) return response.writeHead(404).end()
      const type = 'application/vnd.ipld.car; version=1; order=dfs; dups=n'
      response.writeHead(200, { 'content-type': type, 'content-length': statSync(file).size })
      const whole = small.get(file)
      if (whole !== undefined) return response.end(whole)
      const bytes = createReadStream(file, { highWaterMark: isSlow === undefined ? 2 ** 20 : 2 ** 16 })
      return isSlow === undefined ? bytes.pipe(response) : Readable.from(paced(bytes)).pipe(response)
    },
    isNew ? 2 * roundTrip : roundTrip,
  )
})
server.on('connection', (socket) => socket.setNoDelay(true))
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.stdin.on('end', () => process.exit()).resume()
