// Group path-raw: raw blocks at the end of a path.

import { describe, expect, it } from 'vitest'
import { immutable, useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const car = 'gateway-raw-block.car'
const raw = { accept: 'application/vnd.ipld.raw' }

describe.skipIf(!hasGatewayFixtures)('a raw block on a path', () => {
  const fixtures = useFixtures()
  const { ask } = fixtures

  it.each([
    ['?format=raw', {}],
    ['', raw],
  ])('is sent for "%s"', async (query, headers) => {
    const [root, dir] = [await fixtures.cidAt(car), await fixtures.cidAt(car, 'dir')]
    const { status, body, headers: sent } = await ask(`/ipfs/${root}/dir${query}`, headers)
    expect({ status, body }).toEqual({ status: 200, body: await fixtures.blockOf(dir) })
    expect(sent).toMatchObject({
      'content-type': 'application/vnd.ipld.raw',
      'content-disposition': `attachment; filename="${dir}.bin"`,
      'x-content-type-options': 'nosniff',
      'cache-control': immutable,
      etag: `"${dir}.raw"`,
      'x-ipfs-path': `/ipfs/${root}/dir`,
      'x-ipfs-roots': `${root},${dir}`,
    })
  })

  it('is sent in part', async () => {
    const [root, dir] = [await fixtures.cidAt(car), await fixtures.cidAt(car, 'dir')]
    const { status, body, headers } = await ask(`/ipfs/${root}/dir`, { ...raw, range: 'bytes=6-16' })
    expect({ status, body }).toEqual({ status: 206, body: (await fixtures.blockOf(dir)).subarray(6, 17) })
    expect(headers['content-range']).toBe('bytes 6-16/57')
  })

  it('has the name that was asked for', async () => {
    const { headers } = await ask(`/ipfs/${await fixtures.cidAt(car)}/dir/ascii.txt?filename=foobar.bin`, raw)
    expect(headers['content-disposition']).toBe('attachment; filename="foobar.bin"')
  })

  it('that is not on the path is 404 and names the segment', async () => {
    const { status, text } = await ask(`/ipfs/${await fixtures.cidAt(car)}/nowhere?format=raw`)
    expect({ status, text }).toMatchObject({ status: 404, text: expect.stringContaining('no "nowhere"') })
  })
})
