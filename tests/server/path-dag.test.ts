// Group path-dag: DAG-JSON, DAG-CBOR, JSON and CBOR, as they are. Blocks are never converted (IPIP-524).

import { describe, expect, it } from 'vitest'
import { absent, immutable, useFixtures } from './asking.ts'
import { fixturePath, hasGatewayFixtures, readFixture } from './fixture-archive.ts'

const rootOf = async (car: string) => {
  const { roots, blocks } = await readFixture(fixturePath(`path_gateway_dag/${car}.car`))
  const cid = roots[0]?.toString() ?? ''
  const bytes = Buffer.from(blocks.find((block) => block.cid.toString() === cid)?.bytes ?? [])
  return { cid, bytes }
}

describe.skipIf(!hasGatewayFixtures)('data', () => {
  const fixtures = useFixtures()
  const { ask, cidAt } = fixtures

  it.each([
    ['', {}],
    ['', { accept: 'application/json' }],
    ['?format=json', { accept: 'application/vnd.ipld.raw' }],
  ])('in JSON in a file is JSON: "%s" %j', async (query, headers) => {
    const cid = await cidAt('path_gateway_dag/gateway-json-cbor.car', 'ą', 'ę', 't.json')
    const { status, body, headers: sent } = await ask(`/ipfs/${cid}${query}`, headers)
    expect({ status, body }).toEqual({ status: 200, body: await fixtures.blockOf(cid) })
    expect(sent['content-type']).toBe('application/json')
  })

  it.each([
    ['?format=dag-json', {}],
    ['?format=dag-cbor', {}],
    ['?format=json', {}],
    ['?format=cbor', {}],
    ['', { accept: 'application/vnd.ipld.dag-json' }],
  ])('of a text file has no other form: "%s" %j', async (query, headers) => {
    const cid = await cidAt('path_gateway_dag/gateway-json-cbor.car', 'ą', 'ę', 'file-źł.txt')
    expect((await ask(`/ipfs/${cid}${query}`, headers)).status).toBe(406)
  })

  it.each(['application/json, text/plain, */*', 'application/json'])(
    'of a text file is sent to those who would rather have JSON: %s',
    async (accept) => {
      const cid = await cidAt('path_gateway_dag/gateway-json-cbor.car', 'ą', 'ę', 'file-źł.txt')
      const { status, headers } = await ask(`/ipfs/${cid}`, { accept })
      expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/plain; charset=utf-8' })
    },
  )

  it.each([
    ['dag-json-traversal', '?format=dag-cbor', {}],
    ['dag-json-traversal', '?format=cbor', {}],
    ['dag-cbor-traversal', '?format=dag-json', {}],
    ['dag-cbor-traversal', '', { accept: 'application/vnd.ipld.dag-json' }],
    ['plain-json', '?format=dag-json', {}],
    ['plain-cbor', '?format=json', {}],
  ])('%s has no other form: "%s" %j', async (car, query, headers) => {
    const { cid } = await rootOf(car)
    expect((await ask(`/ipfs/${cid}${query}`, headers)).status).toBe(406)
  })

  describe.each([
    ['plain-json', 'json', 'application/json', 'inline'],
    ['plain-cbor', 'cbor', 'application/cbor', 'attachment'],
    ['dag-json-traversal', 'json', 'application/vnd.ipld.dag-json', 'inline'],
    ['dag-cbor-traversal', 'cbor', 'application/vnd.ipld.dag-cbor', 'attachment'],
  ])('of %s', (car, plain, type, disposition) => {
    const codec = type.replace('application/', '').replace('vnd.ipld.', '')
    const ways = [
      ['', {}, type],
      [`?format=${codec}`, {}, type],
      ['', { accept: type }, type],
      [`?format=${plain}`, {}, `application/${plain}`],
      ['', { accept: `application/${plain}` }, `application/${plain}`],
      [
        '',
        { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' },
        codec.startsWith('dag-') ? 'text/html' : type,
      ],
    ] as const

    it.each(ways)('for "%s" %j is %s', async (query, headers, wanted) => {
      const { cid, bytes } = await rootOf(car)
      const { status, body, headers: sent } = await ask(`/ipfs/${cid}${query}`, headers)
      expect(status).toBe(200)
      if (wanted === 'text/html') {
        expect(sent).toMatchObject({
          'content-type': 'text/html; charset=utf-8',
          etag: expect.stringMatching(new RegExp(`^"DagIndex-[\\da-f]+_CID-${cid}"$`)),
          'cache-control': 'public, max-age=604800, stale-while-revalidate=2678400',
        })
        expect(sent).not.toHaveProperty('content-disposition')
        expect(body.toString()).toContain('</html>')
        return
      }
      expect(body).toEqual(bytes)
      const format = wanted.replace('application/', '').replace('vnd.ipld.', '')
      expect(sent).toMatchObject({
        'content-type': wanted,
        'content-length': String(bytes.byteLength),
        'content-disposition': `${disposition}; filename="${cid}.${plain}"`,
        'cache-control': immutable,
        etag: `"${cid}.${format}"`,
        'x-ipfs-path': `/ipfs/${cid}`,
        'x-ipfs-roots': cid,
      })
      expect((await ask(`/ipfs/${cid}${query}`, headers, 'HEAD')).headers).toEqual(sent)
      expect((await ask(`/ipfs/${cid}${query}`, { ...headers, 'if-none-match': sent.etag as string })).status).toBe(304)
    })

    it.each(['bytes=7-9', 'bytes=7-9,1-3'])('is sent in part: %s', async (range) => {
      const { cid, bytes } = await rootOf(car)
      for (const [query, headers, wanted] of ways) {
        if (wanted === 'text/html') continue
        for (const path of [`/ipfs/${cid}`, `/ipfs/${cid}/`]) {
          const { status, body, headers: sent } = await ask(path + query, { ...headers, range })
          expect({ status, body }).toEqual({ status: 206, body: bytes.subarray(7, 10) })
          expect(sent).toMatchObject({
            'content-range': `bytes 7-9/${bytes.byteLength}`,
            'content-type': wanted,
          })
        }
      }
    })

    it('has the name that was asked for, and is saved where that is', async () => {
      const { cid } = await rootOf(car)
      const named = await ask(`/ipfs/${cid}?filename=foobar.${plain}`, { accept: type })
      expect(named.headers['content-disposition']).toBe(`${disposition}; filename="foobar.${plain}"`)
      const saved = await ask(`/ipfs/${cid}?filename=foobar.${plain}&download=true`, { accept: type })
      expect(saved.headers['content-disposition']).toBe(`attachment; filename="foobar.${plain}"`)
    })
  })

  describe.each([
    ['dag-json', '{"hello":"this is not a link"}'],
    ['dag-cbor', '\u00a1ehellorthis is not a link'],
  ])('on a path through %s', (codec, end) => {
    it('ends at a link', async () => {
      const { cid } = await rootOf(`${codec}-traversal`)
      const { status, body, headers } = await ask(`/ipfs/${cid}/foo/link/bar?format=${codec}`)
      expect({ status, text: body.toString('latin1').replaceAll(/\s*([{:])\s*/g, '$1') }).toEqual({
        status: 200,
        text: end,
      })
      expect(headers['x-ipfs-roots']?.split(',')).toHaveLength(3)
    })

    it('does not end inside a block, nor at what is not there', async () => {
      const { cid } = await rootOf(`${codec}-traversal`)
      expect((await ask(`/ipfs/${cid}/foo?format=${codec}`)).status).toBe(501)
      expect((await ask(`/ipfs/${cid}/foo/i-do-not-exist`)).status).toBe(404)
      expect((await ask(`/ipfs/${cid}/__proto__`)).status).toBe(404)
      expect((await ask(`/ipfs/${cid}/constructor/name`)).status).toBe(404)
    })
  })

  it('that is not here is 412 where nothing else would help', async () => {
    expect((await ask(`/ipfs/${absent}`, { 'cache-control': 'only-if-cached' }, 'HEAD')).status).toBe(412)
  })

  describe.each([
    ['dag-json', 'k51qzi5uqu5dhjghbwdvbo6mi40htrq6e2z4pwgp15pgv3ho1azvidttzh8yy2'],
    ['dag-cbor', 'k51qzi5uqu5dghjous0agrwavl8vzl64xckoqzwqeqwudfr74kfd11zcyk3b7l'],
  ])('of %s under a name', (codec, name) => {
    it('is the same as under its CID', async () => {
      const { cid, bytes } = await rootOf(`${codec}-traversal`)
      for (const query of ['', `?format=${codec}`]) {
        const { status, body, headers } = await ask(`/ipns/${name}${query}`)
        expect({ status, body }).toEqual({ status: 200, body: bytes })
        expect(headers).toMatchObject({
          etag: `"${cid}.${codec}"`,
          'content-type': `application/vnd.ipld.${codec}`,
          'x-ipfs-path': `/ipns/${name}`,
          'x-ipfs-roots': cid,
          'cache-control': expect.stringMatching(/^public, max-age=\d+$/),
        })
      }
    })

    it('is shown to browsers', async () => {
      const { text, headers } = await ask(`/ipns/${name}/`, { accept: 'text/html' })
      expect(text).toContain('</html>')
      expect(headers.etag).toMatch(/^"DagIndex-/)
      expect(headers['cache-control']).not.toContain('immutable')
    })
  })
})
