// Group path-range: parts of files, as RFC 9110 has them.

import { describe, expect, it } from 'vitest'
import { useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const car = 'path_gateway_unixfs/dir-with-files.car'

describe.skipIf(!hasGatewayFixtures)('a range of a file', () => {
  const fixtures = useFixtures()
  const { ask, cidAt } = fixtures

  // ascii.txt is one block of 31 bytes; multiblock.txt has 1026 in five of them.
  it.each([
    ['ascii.txt', 'bytes=6-16', 6, 17],
    ['ascii.txt', 'bytes=-3', 28, 31],
    ['ascii.txt', 'bytes=-100', 0, 31],
    ['ascii.txt', 'bytes=30-', 30, 31],
    ['ascii.txt', 'bytes=6-100', 6, 31],
    ['ascii.txt', 'bytes=6-16,0-4', 6, 17],
    ['ascii.txt', 'bytes=99-100, 0-4', 0, 5],
    ['multiblock.txt', 'bytes=250-260', 250, 261],
    ['multiblock.txt', 'bytes=255-769', 255, 770],
    ['multiblock.txt', 'bytes=1025-', 1025, 1026],
    ['multiblock.txt', 'bytes=0-0', 0, 1],
    ['multiblock.txt', 'bytes=-1', 1025, 1026],
  ])('%s %s', async (name, range, from, to) => {
    const url = `/ipfs/${await cidAt(car)}/${name}`
    const whole = await ask(url)
    expect(whole).toMatchObject({ status: 200, headers: { 'accept-ranges': 'bytes' } })
    const { status, body, headers } = await ask(url, { range })
    expect({ status, body }).toEqual({ status: 206, body: whole.body.subarray(from, to) })
    expect(headers).toMatchObject({
      'content-range': `bytes ${from}-${to - 1}/${whole.body.byteLength}`,
      'content-length': String(to - from),
      'content-type': whole.headers['content-type'],
      etag: whole.headers.etag,
    })
  })

  it.each(['bytes=31-', 'bytes=99-100', 'bytes=-0', 'bytes=40-50,60-70'])('%s is beyond the end', async (range) => {
    const { status, headers } = await ask(`/ipfs/${await cidAt(car)}/ascii.txt`, { range })
    expect({ status, range: headers['content-range'] }).toEqual({ status: 416, range: 'bytes */31' })
  })

  it.each([
    'bytes=5-2',
    'bytes=a-b',
    'bytes=',
    'bytes=-',
    'items=0-1',
    'bytes 0-1',
    `bytes=${'0-0,'.repeat(20)}0-0`,
    `bytes=${'9'.repeat(20)}-`,
  ])('%s is not understood, and the whole is sent', async (range) => {
    const { status, body } = await ask(`/ipfs/${await cidAt(car)}/ascii.txt`, { range })
    expect({ status, size: body.byteLength }).toEqual({ status: 200, size: 31 })
  })

  it('counts only for those who have this very file', async () => {
    const [url, cid] = [`/ipfs/${await cidAt(car)}/ascii.txt`, await cidAt(car, 'ascii.txt')]
    const statusFor = async (ifRange: string) => (await ask(url, { range: 'bytes=0-1', 'if-range': ifRange })).status
    expect(await statusFor(`"${cid}"`)).toBe(206)
    expect(await statusFor('"other"')).toBe(200)
    expect(await statusFor(`W/"${cid}"`)).toBe(200)
  })

  it.each([
    ['bytes=997-1000', '997-1000'],
    ['bytes=2200-2201', '2200-2201'],
    ['bytes=2048-3071', '2048-3071'],
  ])('%s needs no block but its own', async (range, part) => {
    const root = await cidAt('trustless_gateway_car/file-3k-and-3-blocks-missing-block.car')
    const { status, headers } = await ask(`/ipfs/${root}`, { range })
    expect({ status, range: headers['content-range'] }).toEqual({ status: 206, range: `bytes ${part}/3072` })
  })

  it('that needs a block which is missing at its beginning is 404', async () => {
    const root = await cidAt('trustless_gateway_car/file-3k-and-3-blocks-missing-block.car')
    expect((await ask(`/ipfs/${root}`, { range: 'bytes=1500-1600' })).status).toBe(404)
  })

  it('of a file that lacks a block later breaks off there', async () => {
    const root = await cidAt('trustless_gateway_car/file-3k-and-3-blocks-missing-block.car')
    await expect(ask(`/ipfs/${root}`)).rejects.toThrow(/missing/)
  })
})
