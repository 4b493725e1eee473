// Everything that a gateway may do instead of what it was asked for, by name.

import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { sha256 } from '../../src/dag/hash.ts'
import type { ErrorCode } from '../../src/errors.ts'
import {
  type Asked,
  type Behaviour,
  type Block,
  carHeader,
  carOf,
  carSection,
  carType,
  type Dag,
  freePort,
  makeDag,
  noise,
  type Running,
  rawType,
  serve,
  serveBytes,
  serveSilence,
  subDag,
  varint,
} from './liar.ts'

export interface Lie {
  /** What is said of it where there is no other source. */
  readonly code: ErrorCode
  readonly says: RegExp
  /** Sends for as long as somebody listens: what reads it must take no memory. */
  readonly isEndless?: boolean
  /** Starts it. */
  start(dag: Dag): Promise<Pick<Running, 'url'>>
}

const foreign: Block = { cid: CID.createV1(rawCode, sha256(Buffer.from('foreign'))), bytes: Buffer.from('foreign') }

function lie(code: ErrorCode, says: RegExp, behaviour: Behaviour): Lie {
  return { code, says, start: (dag) => serve(dag, { behaviour }) }
}

/** Answers every request for a CAR in a way of its own, and has no single blocks. */
function lyingCar(code: ErrorCode, says: RegExp, answer: (asked: Asked, blocks: Block[]) => unknown): Lie {
  return lie(code, says, async (asked) => {
    const { kind, dag, cid, response } = asked
    if (kind !== 'car') response.writeHead(404).end()
    else await answer(asked, await subDag(dag, cid))
    return true
  })
}

/** Answers with a CAR of these bytes, and ends it as one that is whole. */
function wrongCar(
  code: ErrorCode,
  says: RegExp,
  make: (asked: Asked, blocks: Block[]) => Buffer | Promise<Buffer>,
): Lie {
  return lyingCar(code, says, async (asked, blocks) => {
    asked.response.writeHead(200, { 'content-type': carType }).end(await make(asked, blocks))
  })
}

function endless(lie: Lie): Lie {
  return { ...lie, isEndless: true }
}

/** Answers all that is asked with these bytes, and then with those without end. */
function endlessBytes(code: ErrorCode, says: RegExp, bytes: string, forever: string): Lie {
  return endless({ code, says, start: () => serveBytes(bytes, forever) })
}

function status(code: ErrorCode, says: RegExp, number: number, headers: Record<string, string> = {}): Lie {
  return lie(code, says, ({ response }) => {
    response.writeHead(number, { 'content-type': 'text/plain', ...headers }).end('\u001b[31mstranger’s words')
    return true
  })
}

function redirect(says: RegExp, to: (asked: Asked) => string): Lie {
  return lie('offline', says, (asked) => {
    asked.response.writeHead(302, { location: to(asked) }).end()
    return true
  })
}

/** Sends parts for as long as somebody listens. */
async function endlessly(response: Asked['response'], part: () => Buffer, pause = 0): Promise<void> {
  let open = true
  response.setMaxListeners(0)
  response.on('close', () => {
    open = false
  })
  while (open) {
    if (!response.write(part())) {
      await Promise.race([
        new Promise((resolve) => response.once('drain', resolve)),
        new Promise((resolve) => response.once('close', resolve)),
      ])
    }
    await sleep(pause)
  }
}

function flipped(bytes: Uint8Array): Uint8Array {
  const wrong = Buffer.from(bytes)
  wrong.writeUInt8((wrong.readUInt8(0) ^ 1) & 255, 0)
  return wrong
}

/** A certificate that nobody vouches for, a name that nobody has, and the like. */
const unreachable: Record<string, Lie> = {
  'nobody listens': {
    code: 'offline',
    says: /it refused the connection/,
    start: async () => ({ url: `http://127.0.0.1:${await freePort()}` }),
  },
  'a name that is not known': {
    code: 'offline',
    says: /\(DNS\)/,
    start: async () => ({ url: 'http://name.invalid' }),
  },
  'a certificate that it signed itself': {
    code: 'offline',
    says: /certificate.*cannot be trusted/,
    start: (dag) => serve(dag, { secure: true }),
  },
  'https on a port of http': {
    code: 'offline',
    says: /TLS cannot be trusted/,
    start: async (dag) => ({ url: (await serve(dag)).url.replace('http:', 'https:') }),
  },
  'a TLS handshake without an answer': {
    code: 'offline',
    says: /no new block came/,
    start: async () => ({ url: (await serveSilence()).url.replace('http:', 'https:') }),
  },
  'a connection without an answer': { code: 'offline', says: /no new block came/, start: serveSilence },
  'something that is not HTTP': {
    code: 'offline',
    says: /is not HTTP/,
    start: () => serveBytes('220 mail.example ESMTP\r\n'),
  },
}

export const lies: Record<string, Lie> = {
  ...unreachable,
  'wrong bytes': wrongCar('damaged', /bytes do not match its CID/, ({ cid }, [first, second, ...rest]) =>
    carOf([cid], [first as Block, { ...(second as Block), bytes: flipped((second as Block).bytes) }, ...rest]),
  ),
  'wrong bytes in a large block': wrongCar('damaged', /bytes do not match its CID/, ({ cid }, blocks) =>
    carOf(
      [cid],
      blocks.map((block) => (block.bytes.byteLength > 500_000 ? { ...block, bytes: flipped(block.bytes) } : block)),
    ),
  ),
  'a foreign block at the end': wrongCar('damaged', /which nobody wanted/, ({ cid }, blocks) =>
    carOf([cid], [...blocks.slice(0, -1), foreign]),
  ),
  'a foreign block at the beginning': wrongCar('damaged', /which nobody wanted/, ({ cid }, blocks) =>
    carOf([cid], [foreign, ...blocks]),
  ),
  'children before their parents': wrongCar('damaged', /which nobody wanted/, ({ cid }, blocks) =>
    carOf([cid], [...blocks].reverse()),
  ),
  'extra roots': wrongCar('damaged', /other roots/, ({ cid }, blocks) =>
    carOf([cid, foreign.cid], [...blocks, foreign]),
  ),
  'another root': wrongCar('damaged', /other roots/, async () => {
    const other = await makeDag({ 'other.md': '# Other' })
    return carOf([other.root], other.blocks)
  }),
  'no blocks': wrongCar('offline', /before all blocks had come/, ({ cid }) => carOf([cid], [])),
  'the root is missing': wrongCar('damaged', /which nobody wanted/, ({ cid }, blocks) => carOf([cid], blocks.slice(1))),
  'cut short in a block': wrongCar('offline', /cut short/, ({ cid }, blocks) =>
    carOf([cid], blocks).subarray(0, 1_500_000),
  ),
  'cut short in the header': wrongCar('damaged', /not a CAR/, ({ cid }, blocks) =>
    carOf([cid], blocks).subarray(0, 20),
  ),
  'cut short between two blocks': wrongCar('offline', /before all blocks had come/, ({ cid }, blocks) =>
    carOf([cid], blocks.slice(0, 5)),
  ),
  garbage: wrongCar('damaged', /not a CAR/, () => noise(100_000, 7)),
  'a header of a gigabyte': wrongCar('damaged', /not a CAR/, () => Buffer.concat([varint(2 ** 30), noise(100_000, 7)])),
  'a block of a gigabyte': wrongCar('damaged', /larger than/, ({ cid }) =>
    Buffer.concat([carHeader([cid]), varint(2 ** 30), noise(100_000, 7)]),
  ),
  'blocks without end, all of them right': endless(
    lyingCar('offline', /no new block came/, async ({ cid, response }, blocks) => {
      response.writeHead(200, { 'content-type': carType })
      response.write(carHeader([cid]))
      const [first, second] = blocks.map(carSection)
      response.write(first)
      await endlessly(response, () => second as Buffer)
    }),
  ),
  'garbage without end': endless(
    lyingCar('damaged', /not a CAR|not match|larger than/, async ({ cid, response }, [first]) => {
      response.writeHead(200, { 'content-type': carType })
      response.write(carOf([cid], [first as Block]))
      await endlessly(response, () => noise(65_536, 7))
    }),
  ),
  'a byte now and then': endless(
    lyingCar('offline', /no new block came/, async ({ cid, response }, blocks) => {
      response.writeHead(200, { 'content-type': carType })
      const car = carOf([cid], blocks)
      let at = 300
      response.write(car.subarray(0, at))
      await endlessly(response, () => car.subarray(at, ++at), 50)
    }),
  ),
  'large blocks without end, all of them right': endless(
    lyingCar('offline', /no new block came/, async ({ cid, response }, blocks) => {
      response.writeHead(200, { 'content-type': carType })
      const sections = blocks.map(carSection)
      response.write(Buffer.concat([carHeader([cid]), ...sections.slice(0, -1)]))
      const large = sections.find(({ byteLength }) => byteLength > 1_000_000) as Buffer
      await endlessly(response, () => large)
    }),
  ),
  'interim answers without end': endlessBytes('offline', /no new block came/, '', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  'a header without end': endlessBytes(
    'offline',
    /header of its answer is larger/,
    'HTTP/1.1 200 OK\r\n',
    'x-more: and more\r\n'.repeat(100),
  ),
  'a header, a byte now and then': endless(
    lie('offline', /no new block came/, async ({ response }) => {
      const { socket } = response
      socket?.write('HTTP/1.1 200 OK\r\nx: ')
      while (socket !== null && !socket.destroyed) {
        socket.write('y')
        await sleep(50)
      }
      return true
    }),
  ),
  'a chunk that has no end of its extension': endlessBytes(
    'offline',
    /is not HTTP|broke the connection off/,
    'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.ipld.car\r\ntransfer-encoding: chunked\r\n\r\n1;x=',
    'y'.repeat(1000),
  ),
  'no answer': lie('offline', /no new block came/, () => true),
  'an answer that stops': lyingCar('offline', /no new block came/, ({ cid, response }, blocks) => {
    response.writeHead(200, { 'content-type': carType })
    response.write(carOf([cid], blocks).subarray(0, 1_500_000))
  }),
  'a connection that breaks': lyingCar('offline', /broke the connection off/, ({ cid, response }, blocks) => {
    response.writeHead(200, { 'content-type': carType })
    response.write(carOf([cid], blocks).subarray(0, 1_500_000), () => response.destroy())
  }),
  'a connection that breaks at once': lie('offline', /broke the connection off/, ({ response }) => {
    response.destroy()
    return true
  }),
  'a compressed bomb': lie('offline', /compressed bytes/, ({ response }) => {
    response
      .writeHead(200, { 'content-type': carType, 'content-encoding': 'gzip' })
      .end(gzipSync(Buffer.alloc(10_000_000)))
    return true
  }),
  'a page with status 200': lie('offline', /answered with text\/html/, ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>')
    return true
  }),
  'a type that is wrong': lie('offline', /answered with image\/png/, ({ response }) => {
    response.writeHead(200, { 'content-type': 'image/png' }).end('')
    return true
  }),
  'a type that would move the cursor': lie('offline', /something without a type/, ({ response }) => {
    response.writeHead(200, { 'content-type': '\u009b2J' }).end('')
    return true
  }),
  'a header of a megabyte': lie('offline', /header of its answer is larger/, ({ response }) => {
    response.writeHead(200, { 'content-type': carType, 'x-long': 'x'.repeat(1_000_000) }).end()
    return true
  }),
  'a redirect to elsewhere': redirect(/redirects elsewhere/, ({ cid }) => `http://127.0.0.2:9/ipfs/${cid}?format=car`),
  'a redirect to another port': redirect(
    /redirects elsewhere/,
    ({ cid }) => `http://127.0.0.1:9/ipfs/${cid}?format=car`,
  ),
  'a redirect to itself': redirect(/redirects without end/, ({ request }) => request.url ?? ''),
  'a redirect to a file': redirect(/redirects to nowhere/, () => 'file:///etc/passwd'),
  'a redirect to nowhere': redirect(/redirects to nowhere/, () => 'http://['),
  '404': status('not-found', /404 Not Found/, 404),
  '410': status('not-found', /410 Gone/, 410),
  '403': status('offline', /403 Forbidden/, 403),
  '500': status('offline', /500 Internal Server Error/, 500),
  '504': status('offline', /504 Gateway Timeout/, 504),
  '429, come again in an hour': status('offline', /429 Too Many Requests/, 429, { 'retry-after': '3600' }),
  '429, come again at once, always': status('offline', /429 Too Many Requests/, 429, { 'retry-after': '0' }),
  '503 without a word': status('offline', /503 Service Unavailable/, 503),
  'wrong blocks': lie('damaged', /does not match its CID/, ({ kind, response }) => {
    if (kind === 'raw') response.writeHead(200, { 'content-type': rawType }).end('wrong')
    else response.writeHead(406).end()
    return true
  }),
  'blocks of 3 MiB': lie('damaged', /would be larger than/, ({ kind, response }) => {
    if (kind === 'raw') response.writeHead(200, { 'content-type': rawType }).end(noise(3 * 2 ** 20, 3))
    else response.writeHead(406).end()
    return true
  }),
}
