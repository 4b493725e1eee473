// Group trustless-block: raw blocks by their CID. Source: the specification of trustless gateways.

import { describe, expect, it } from 'vitest'
import { absent, hello, immutable, useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const car = 'gateway-raw-block.car'
const raw = { accept: 'application/vnd.ipld.raw' }

describe.skipIf(!hasGatewayFixtures)('a raw block', () => {
  const fixtures = useFixtures()
  const { ask } = fixtures

  it.each([
    ['format=raw', '?format=raw', {}],
    ['Accept', '', raw],
    ['format=raw, which wins over Accept', '?format=raw', { accept: 'application/vnd.ipld.car' }],
  ])('is sent for %s', async (_, query, headers) => {
    const cid = await fixtures.cidAt(car, 'dir')
    const { status, body, headers: sent } = await ask(`/ipfs/${cid}${query}`, headers)
    expect(status).toBe(200)
    expect(body).toEqual(await fixtures.blockOf(cid))
    expect(sent).toMatchObject({
      'content-type': 'application/vnd.ipld.raw',
      'content-length': String(body.byteLength),
      'content-disposition': `attachment; filename="${cid}.bin"`,
      'x-content-type-options': 'nosniff',
      'cache-control': immutable,
      etag: `"${cid}.raw"`,
      'x-ipfs-path': `/ipfs/${cid}`,
      'x-ipfs-roots': String(cid),
      'accept-ranges': 'bytes',
    })
    expect(sent['content-location']).toBe('accept' in headers && query === '' ? `/ipfs/${cid}?format=raw` : undefined)
  })

  it.each([
    ['foobar.bin', 'attachment; filename="foobar.bin"'],
    ['test%D1%82%D0%B5.bin', `attachment; filename="test__.bin"; filename*=UTF-8''test%D1%82%D0%B5.bin`],
    ['a%22%0D%0Ab%5C.bin', 'attachment; filename="a_b_.bin"; filename*=UTF-8\'\'a%22b%5C.bin'],
    ["it's%20(1).bin", `attachment; filename="it's (1).bin"`],
    ['%E2%80%AEgpj.bin', 'attachment; filename="gpj.bin"'],
  ])('has the name that was asked for: %s', async (name, disposition) => {
    const cid = await fixtures.cidAt(car, 'dir', 'ascii.txt')
    const { headers } = await ask(`/ipfs/${cid}?filename=${name}`, raw)
    expect(headers['content-disposition']).toBe(disposition)
  })

  it.each([
    ['bytes=7-9', 7, 10],
    ['bytes=7-9,1-3', 7, 10],
    ['bytes=-3', 28, 31],
    ['bytes=6-100', 6, 31],
    ['bytes=30-', 30, 31],
  ])('is sent in part for %s', async (range, from, to) => {
    const cid = await fixtures.cidAt(car, 'dir', 'ascii.txt')
    const whole = await fixtures.blockOf(cid)
    const { status, body, headers } = await ask(`/ipfs/${cid}`, { ...raw, range })
    expect({ status, body }).toEqual({ status: 206, body: whole.subarray(from, to) })
    expect(headers).toMatchObject({
      'content-range': `bytes ${from}-${to - 1}/31`,
      'content-length': String(to - from),
      'content-type': 'application/vnd.ipld.raw',
    })
  })

  it('is not sent to those who have it, in this format', async () => {
    const cid = await fixtures.cidAt(car, 'dir')
    const { status, body, headers } = await ask(`/ipfs/${cid}?format=raw`, { 'if-none-match': `"${cid}.raw"` })
    expect({ status, size: body.byteLength, etag: headers.etag }).toEqual({
      status: 304,
      size: 0,
      etag: `"${cid}.raw"`,
    })
    expect((await ask(`/ipfs/${cid}?format=raw`, { 'if-none-match': `"${cid}"` })).status).toBe(200)
  })

  it('has the same head without a body for HEAD', async () => {
    const cid = await fixtures.cidAt(car, 'dir')
    const whole = await ask(`/ipfs/${cid}?format=raw`)
    const { status, headers, body } = await ask(`/ipfs/${cid}?format=raw`, {}, 'HEAD')
    expect({ status, headers, size: body.byteLength }).toEqual({ status: 200, headers: whole.headers, size: 0 })
  })

  it('that is not here is 404, and 412 where nothing else would help', async () => {
    expect((await ask(`/ipfs/${absent}?format=raw`)).status).toBe(404)
    expect((await ask(`/ipfs/${absent}?format=raw`, { 'cache-control': 'only-if-cached' })).status).toBe(412)
  })

  it('of a probe is there: the empty one, and those inside their CID', async () => {
    expect(await ask('/ipfs/bafkqaaa?format=raw')).toMatchObject({ status: 200, text: '' })
    expect(await ask('/ipfs/bafkqaaa?format=raw', {}, 'HEAD')).toMatchObject({ status: 200, text: '' })
    expect(await ask(`/ipfs/${hello}?format=raw`)).toMatchObject({ status: 200, text: 'hello\n' })
  })
})
