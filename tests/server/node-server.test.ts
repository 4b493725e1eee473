// Sockets: what is let in, at what pace it goes out, and how it ends.

import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type GatewayResponse, plainText } from '../../src/server/message.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { type Access, HttpServer, type Limits } from '../../src/server/node-server.ts'

interface Running {
  readonly port: number
  readonly server: HttpServer
  readonly metrics: Metrics
  readonly errors: unknown[]
  readonly log: Access[]
}

async function start(
  gateway: (request: { url: string; signal?: AbortSignal | undefined }) => Promise<GatewayResponse>,
  limits: Partial<Limits> = {},
): Promise<Running> {
  const [metrics, errors, log] = [new Metrics(), [] as unknown[], [] as Access[]]
  const server = new HttpServer({
    gateway,
    metrics,
    limits,
    onAccess: (access) => log.push(access),
    onError: (error) => errors.push(error),
  })
  const port = await server.listen('127.0.0.1', 0)
  onTestFinished(() => server.close())
  return { port, server, metrics, errors, log }
}

const body = (parts: AsyncIterable<Uint8Array> | Uint8Array): GatewayResponse => ({
  status: 200,
  headers: {},
  body: parts,
})

function get(port: number, url = '/', headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, path: url, headers, agent: false }, resolve)
    request.on('error', reject).end()
  })
}

async function textOf(message: IncomingMessage): Promise<string> {
  return Buffer.concat(await message.toArray()).toString()
}

/** Writes bytes to a socket and reads until it is closed. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(bytes, 'latin1')
  return Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>).catch(() => [])).toString('latin1')
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a body that fails', () => {
  it.each([0, 1, 200])('after its head and %i parts breaks the connection', async (count) => {
    const { port, errors, metrics } = await start(async () =>
      body(
        (async function* () {
          for (let part = 0; part < count; part += 1) yield Buffer.alloc(10_000)
          throw new Error('block is damaged')
        })(),
      ),
    )
    const read = get(port).then(textOf)
    await expect(read).rejects.toMatchObject({ code: 'ECONNRESET' })
    await until(() => errors.length > 0 && metrics.inFlight === 0)
    expect(String(errors[0])).toContain('block is damaged')
    expect(metrics.text()).toContain('ovn_http_broken_total 1')
  })

  it('never looks whole to a client that counts no bytes', async () => {
    const { port } = await start(async () =>
      body(
        (async function* () {
          yield Buffer.from('half')
          throw new Error('damaged')
        })(),
      ),
    )
    const answer = await exchange(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
  })
})

describe('a slow reader', () => {
  it('is sent no more than it takes', async () => {
    let made = 0
    let isClosed = false
    const { port } = await start(async () =>
      body(
        (async function* () {
          try {
            for (; made < 1000; made += 1) yield Buffer.alloc(1_048_576)
          } finally {
            isClosed = true
          }
        })(),
      ),
    )
    const message = await get(port)
    message.pause()
    // What is made stays the same when all buffers on the way are full.
    for (let before = -1; before !== made || made === 0; ) {
      before = made
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(made).toBeLessThan(64)
    message.destroy()
    await until(() => isClosed)
    expect(made).toBeLessThan(64)
  })

  it('that takes nothing for too long is let go', async () => {
    const { port, log } = await start(
      async () =>
        body(
          (async function* () {
            for (;;) yield Buffer.alloc(1_048_576)
          })(),
        ),
      { idle: 200 },
    )
    const message = await get(port)
    message.on('error', () => undefined).pause()
    await until(() => log.length === 1)
    expect(log[0]).toMatchObject({ status: 200, whole: false })
  })

  it('has no more than so much time in all', async () => {
    const { port } = await start(
      async () =>
        body(
          (async function* () {
            for (;;) {
              yield Buffer.from('drip')
              await new Promise((resolve) => setTimeout(resolve, 20))
            }
          })(),
        ),
      { answer: 200 },
    )
    await expect(get(port).then(textOf)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('that has gone takes its answer with it', async () => {
    let aborted = false
    const { port } = await start(async ({ signal }) => {
      signal?.addEventListener('abort', () => {
        aborted = true
      })
      return body(
        (async function* () {
          for (;;) {
            yield Buffer.alloc(1000)
            await new Promise((resolve) => setTimeout(resolve, 5))
          }
        })(),
      )
    })
    const message = await get(port)
    message.on('error', () => undefined)
    await once(message, 'data')
    message.destroy()
    await until(() => aborted)
  })
})

describe('limits', () => {
  const answer = async () => plainText(200, 'ok')

  it('of the head: 431', async () => {
    const { port } = await start(answer)
    const head = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`
    expect(await exchange(port, head)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('of hosts: one', async () => {
    const { port } = await start(answer)
    expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    )
    expect(await exchange(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('of the time for a head: 408', async () => {
    const { port } = await start(answer, { headTimeout: 200, requestTimeout: 300 })
    const socket = connect(port, '127.0.0.1')
    // One byte now and then, as slow loris does it.
    const drip = setInterval(() => socket.write('x'), 50)
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX: ')
    const text = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>).catch(() => [])).toString()
    clearInterval(drip)
    expect(text === '' || text.startsWith('HTTP/1.1 408 ')).toBe(true)
  })

  it('of what is asked at one time: 429 for one address, 503 for all', async () => {
    for (const [limits, status] of [
      [{ requestsOfOne: 2 }, 429],
      [{ requests: 2 }, 503],
    ] as const) {
      const gate = Promise.withResolvers<void>()
      const { port, metrics } = await start(async () => {
        await gate.promise
        return plainText(200, 'ok')
      }, limits)
      const waiting = [get(port), get(port)]
      await until(() => metrics.inFlight === 2)
      const refused = await get(port)
      expect({ status: refused.statusCode, wait: refused.headers['retry-after'] }).toEqual({ status, wait: '5' })
      await textOf(refused)
      gate.resolve()
      for (const message of await Promise.all(waiting)) expect(await textOf(message)).toBe('ok\n')
      await until(() => metrics.inFlight === 0)
      expect((await get(port)).statusCode).toBe(200)
    }
  })

  it('of what is spoken: HTTP, and no proxy', async () => {
    const { port } = await start(answer)
    expect(await exchange(port, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n')).toBe('')
    expect(await exchange(port, '\x16\x03\x01\x02\x00')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await exchange(port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^HTTP\/1\.1 (400|505) |^$/)
  })

  it('a body of a request is not read, and ends the connection', async () => {
    const { port } = await start(answer)
    const text = await exchange(
      port,
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
    )
    expect(text.match(/HTTP\/1\.1 200 /g)).toHaveLength(1)
    expect(text).toMatch(/\r\nConnection: close\r\n/)
  })
})

describe('a bug', () => {
  it('is told to the log, and not to the client', async () => {
    const { port, errors } = await start(async () => {
      throw new TypeError('secret at /home/you')
    })
    const message = await get(port)
    expect(message.statusCode).toBe(500)
    expect(await textOf(message)).toBe('this is a bug in ovn; its log has more\n')
    expect(errors).toHaveLength(1)
  })
})

describe('the end', () => {
  it('waits for what is under way, and takes nothing more', async () => {
    const gate = Promise.withResolvers<void>()
    const { port, server, metrics } = await start(async () => {
      await gate.promise
      return plainText(200, 'whole')
    })
    const waiting = get(port, '/', { connection: 'keep-alive' })
    await until(() => metrics.inFlight === 1)
    let isClosed = false
    const closed = server.close().then(() => {
      isClosed = true
    })
    await expect(get(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(isClosed).toBe(false)
    gate.resolve()
    const message = await waiting
    expect(message.headers.connection).toBe('close')
    expect(await textOf(message)).toBe('whole\n')
    await closed
  })

  it('does not wait for connections on which nothing is asked', async () => {
    const { port, server } = await start(async () => plainText(200, 'ok'))
    const socket: Socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const ended = once(socket, 'close')
    socket.resume().on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'data')
    await server.close()
    await ended
  })
})

it('an address that is taken says so', async () => {
  const { port, server } = await start(async () => plainText(200, 'ok'))
  await expect(server.listen('127.0.0.1', port)).rejects.toThrow(`127.0.0.1:${port} is taken by another program`)
})
