// Groups trustless-car and trustless-car-optional: which blocks a CAR has, and in which order.

import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { linksOf } from '../../src/dag/walk.ts'
import { hello, immutable, readCarBody, useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const two = 'trustless_gateway_car/subdir-with-two-single-block-files.car'
const mixed = 'trustless_gateway_car/subdir-with-mixed-block-files.car'
const hamt = 'trustless_gateway_car/single-layer-hamt-with-multi-block-files.car'
const cbor = 'trustless_gateway_car/dir-with-dag-cbor-with-links.car'
const missing = 'trustless_gateway_car/file-3k-and-3-blocks-missing-block.car'
const duplicates = 'trustless_gateway_car/dir-with-duplicate-files.car'
const accept = 'application/vnd.ipld.car'

describe.skipIf(!hasGatewayFixtures)('a CAR', () => {
  const fixtures = useFixtures()
  const { ask, cidAt, blockOf } = fixtures

  /** Asks both ways, by format and by Accept, and wants the same blocks. */
  async function blocksOf(path: string, query = ''): Promise<string[]> {
    const joint = query === '' ? '' : '&'
    const byFormat = await ask(`/ipfs/${path}?format=car${joint}${query}`)
    const byAccept = await ask(`/ipfs/${path}${query === '' ? '' : '?'}${query}`, { accept })
    const root = path.split('/')[0] as string
    for (const { status, headers, body } of [byFormat, byAccept]) {
      expect(status).toBe(200)
      expect(headers).toMatchObject({
        'content-type': `${accept}; version=1; order=dfs; dups=n`,
        'content-disposition': `attachment; filename="${root}.car"`,
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'none',
        'cache-control': immutable,
        etag: expect.stringMatching(new RegExp(`^W/"${root}\\.car\\.[\\da-f]{16}"$`)),
      })
      expect(headers).not.toHaveProperty('content-length')
      expect((await readCarBody(body)).roots).toEqual([root])
    }
    expect(byAccept.body).toEqual(byFormat.body)
    return (await readCarBody(byFormat.body)).blocks
  }

  async function below(cid: CID): Promise<string[]> {
    const all = linksOf(cid, await blockOf(cid)).map(async (link) => [link.toString(), ...(await below(link))])
    return (await Promise.all(all)).flat()
  }

  const named = (...cids: CID[]) => cids.map(String)

  it('of a path has the blocks on the way, then all that is below its end', async () => {
    const root = await cidAt(two)
    expect(await blocksOf(`${root}/subdir/ascii.txt`)).toEqual(
      named(root, await cidAt(two, 'subdir'), await cidAt(two, 'subdir', 'ascii.txt')),
    )
  })

  it.each([['685.txt'], ['1.txt']])('of %s in a sharded folder has the shards on the way alone', async (name) => {
    const [root, file] = [await cidAt(hamt), await cidAt(hamt, name)]
    const blocks = await blocksOf(`${root}/${name}`)
    const end = blocks.indexOf(String(file))
    expect(blocks.slice(end)).toEqual([String(file), ...(await below(file))])
    const shards = blocks.slice(0, end)
    expect(shards[0]).toBe(String(root))
    for (const [index, shard] of shards.slice(1).entries()) {
      const parent = CID.parse(shards[index] as string)
      expect(linksOf(parent, await blockOf(parent)).map(String)).toContain(shard)
    }
    expect(await blocksOf(`${root}/${name}`, 'dag-scope=block')).toEqual([...shards, String(file)])
  })

  it('goes through DAG-CBOR, by its keys', async () => {
    const root = await cidAt(cbor)
    const { headers } = await ask(`/ipfs/${root}/document?format=dag-cbor`)
    const [, cid] = (headers['x-ipfs-roots'] ?? '').split(',')
    const blocks = await blocksOf(`${cid}/files/single`)
    expect(blocks).toHaveLength(2)
    expect(blocks[0]).toBe(cid)
    expect(await blocksOf(`${root}/document`, 'dag-scope=entity')).toEqual([String(root), cid])
    expect((await blocksOf(`${root}/document`, 'dag-scope=all')).length).toBeGreaterThan(2)
  })

  it('of what is not there is 404', async () => {
    expect((await ask(`/ipfs/${await cidAt(two)}/subdir/nothing?format=car`)).status).toBe(404)
  })

  it.each(['block', 'entity'])('with dag-scope=%s of a folder is the way and the folder', async (scope) => {
    const [root, dir] = [await cidAt(two), await cidAt(two, 'subdir')]
    expect(await blocksOf(`${root}/subdir`, `dag-scope=${scope}`)).toEqual(named(root, dir))
  })

  it('with dag-scope=entity of a sharded folder has all its shards and no entry', async () => {
    const root = await cidAt(hamt)
    const blocks = await blocksOf(String(root), 'dag-scope=entity')
    const walk = async (cid: CID): Promise<string[]> => {
      const { decode } = await import('@ipld/dag-pb')
      const shards = decode(await blockOf(cid)).Links.filter(({ Name }) => Name?.length === 2)
      return [String(cid), ...(await Promise.all(shards.map(({ Hash }) => walk(Hash)))).flat()]
    }
    expect(blocks).toEqual(await walk(root))
    expect(blocks.length).toBeGreaterThan(1)
    expect(await blocksOf(String(root), 'dag-scope=entity&entity-bytes=0:*')).toEqual(blocks)
  })

  it.each(['entity', 'all'])('with dag-scope=%s of a file has all its blocks', async (scope) => {
    const [root, dir] = [await cidAt(mixed), await cidAt(mixed, 'subdir')]
    const [small, large] = [await cidAt(mixed, 'subdir', 'ascii.txt'), await cidAt(mixed, 'subdir', 'multiblock.txt')]
    expect(await blocksOf(`${root}/subdir/ascii.txt`, `dag-scope=${scope}`)).toEqual(named(root, dir, small))
    expect(await blocksOf(`${root}/subdir/multiblock.txt`, `dag-scope=${scope}`)).toEqual([
      ...named(root, dir, large),
      ...(await below(large)),
    ])
  })

  it('with dag-scope=all of a folder has everything below it', async () => {
    const [root, dir] = [await cidAt(mixed), await cidAt(mixed, 'subdir')]
    expect(await blocksOf(`${root}/subdir`, 'dag-scope=all')).toEqual([...named(root, dir), ...(await below(dir))])
  })

  // multiblock.txt has 1026 bytes: four chunks of 256 and one of 2.
  it.each([
    ['0:*', 0, 5],
    ['512:*', 2, 5],
    ['512:1023', 2, 4],
    ['512:-256', 2, 4],
    ['-5:*', 3, 5],
    ['-9999:*', 0, 5],
    ['-9999:-3', 0, 4],
    ['0:0', 0, 1],
    ['256:256', 1, 2],
    ['1025:1025', 4, 5],
    ['1000:9999', 3, 5],
    ['5000:6000', 0, 0],
    ['5000:*', 0, 0],
    ['0:-5000', 0, 0],
    ['600:-900', 0, 0],
  ])('with entity-bytes=%s has the chunks from %i to %i', async (range, from, to) => {
    const file = await cidAt(mixed, 'subdir', 'multiblock.txt')
    const chunks = await below(file)
    expect(chunks).toHaveLength(5)
    const expected = [String(file), ...chunks.slice(from, to)]
    expect(await blocksOf(String(file), `dag-scope=entity&entity-bytes=${range}`)).toEqual(expected)
    expect(await blocksOf(String(file), `entity-bytes=${range}`)).toEqual(expected)
  })

  it.each([
    ['0:1000', 'QmPKt7ptM2ZYSGPUc8PmPT2VBkLDK3iqpG9TBJY7PCE9rF'],
    ['2200:*', 'QmWXY482zQdwecnfBsj78poUUuPXvyw2JAFAEMw4tzTavV'],
  ])('with entity-bytes=%s needs no other block', async (range, chunk) => {
    const file = await cidAt(missing)
    expect(await blocksOf(String(file), `dag-scope=entity&entity-bytes=${range}`)).toEqual([String(file), chunk])
  })

  it.each([
    'entity-bytes=1',
    'entity-bytes=a:b',
    'entity-bytes=*:5',
    'entity-bytes=10:5',
    'entity-bytes=-3:-9',
    'entity-bytes=0:*&dag-scope=all',
    'dag-scope=some',
    'car-version=2',
    'car-order=bfs',
    'car-dups=maybe',
    'format=car2',
  ])('is refused for %s', async (query) => {
    const cid = await cidAt(mixed, 'subdir', 'multiblock.txt')
    const { status, headers } = await ask(`/ipfs/${cid}?format=car&${query}`.replace('format=car&format', 'format'))
    expect({ status, type: headers['content-type'] }).toEqual({ status: 400, type: 'text/plain; charset=utf-8' })
  })

  it('has another tag for every choice', async () => {
    const path = `/ipfs/${await cidAt(mixed)}/subdir`
    const queries = [
      '',
      '/multiblock.txt',
      '?dag-scope=entity',
      '?dag-scope=block',
      '?dag-scope=entity&entity-bytes=0:1',
      '?dag-scope=entity&entity-bytes=0:2',
      '?car-dups=y',
    ]
    const tags = await Promise.all(
      queries.map(async (query) => (await ask(path + query, { accept })).headers.etag ?? ''),
    )
    expect(new Set(tags).size).toBe(queries.length)
    const tag = tags[0] as string
    expect((await ask(path, { accept, 'if-none-match': tag })).status).toBe(304)
    expect((await ask(path, { accept, 'if-none-match': tags[2] as string })).status).toBe(200)
  })

  it('has the same head without a body for HEAD', async () => {
    const path = `/ipfs/${await cidAt(mixed)}?format=car`
    const { status, headers, body } = await ask(path, {}, 'HEAD')
    expect({ status, headers, size: body.byteLength }).toEqual({
      status: 200,
      headers: (await ask(path)).headers,
      size: 0,
    })
  })

  it('that turns out to lack a block does not end, after what came before it', async () => {
    const path = `/ipfs/${await cidAt(missing)}?format=car`
    await expect(ask(path)).rejects.toThrow(/block .* is missing/)
  })

  it.each([
    ['', 'application/vnd.ipld.car; version=1; order=dfs; dups=y', 'y'],
    ['', 'application/vnd.ipld.car; version=1; order=dfs; dups=n', 'n'],
    ['?format=car', 'application/vnd.ipld.car; version=1; order=dfs; dups=y', 'y'],
    ['?format=car&car-dups=y', 'application/vnd.ipld.car; dups=n', 'y'],
    ['?format=car&car-dups=n', 'application/vnd.ipld.car; dups=y', 'n'],
    ['?format=car&car-order=dfs', 'application/vnd.ipld.car; order=unk', 'n'],
    ['', 'application/vnd.ipld.car; order=unk', 'n'],
  ])('"%s" with Accept: %s has duplicates: %s', async (query, wanted, dups) => {
    const root = await cidAt(duplicates)
    const { status, headers, body } = await ask(`/ipfs/${root}${query}`, { accept: wanted })
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: `application/vnd.ipld.car; version=1; order=dfs; dups=${dups}`,
    })
    const all = [String(root), ...(await below(root))]
    const { blocks } = await readCarBody(body)
    expect(all.length).toBeGreaterThan(new Set(all).size)
    expect(blocks).toEqual(dups === 'y' ? all : [...new Set(all)])
  })

  it.each(['bafkqaf3imvwgy3zaneqgc3janfxgy2lomvscay3jmqfa', 'bafkqaaa', hello])(
    'never has the bytes of %s, which are in the CID itself',
    async (cid) => {
      const { status, headers, body } = await ask(`/ipfs/${cid}`, { accept: `${accept}; dups=y` })
      expect(status).toBe(200)
      expect(headers['content-type']).toContain('dups=y')
      expect(await readCarBody(body)).toEqual({ roots: [cid], blocks: [] })
    },
  )

  it.each([
    ['car', { accept: 'application/vnd.ipld.raw' }, /^application\/vnd\.ipld\.car;/],
    ['raw', { accept }, /^application\/vnd\.ipld\.raw$/],
  ])('format=%s wins over Accept', async (format, headers, type) => {
    const { headers: sent } = await ask(`/ipfs/${await cidAt(mixed)}?format=${format}`, headers)
    expect(sent['content-type']).toMatch(type)
  })
})
