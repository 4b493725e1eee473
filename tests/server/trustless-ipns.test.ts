// Group trustless-ipns: records of names, byte for byte.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { useFixtures } from './asking.ts'
import { fixturePath, hasGatewayFixtures } from './fixture-archive.ts'

const both = 'k51qzi5uqu5dlkw8pxuw9qmqayfdeh4kfebhmreauqdc6a7c3y7d5i9fi8mk9w'
const second = 'k51qzi5uqu5dit2ku9mutlfgwyz8u730on38kd10m97m36bjt66my99hb6103f'
const type = 'application/vnd.ipfs.ipns-record'

describe.skipIf(!hasGatewayFixtures)('an IPNS record', () => {
  const { ask } = useFixtures()

  it.each([
    [both, 'v1-v2', '?format=ipns-record', {}],
    [both, 'v1-v2', '', { accept: type }],
    [second, 'v2', '?format=ipns-record', {}],
    [second, 'v2', '', { accept: type }],
  ])('of %s is sent as it was signed (%s, "%s")', async (name, version, query, headers) => {
    const { status, body, headers: sent } = await ask(`/ipns/${name}${query}`, headers)
    expect(status).toBe(200)
    expect(body).toEqual(readFileSync(fixturePath(`ipns_records/${name}_${version}.ipns-record`)))
    expect(sent).toMatchObject({
      'content-type': type,
      'content-disposition': `attachment; filename="${name}.ipns-record"`,
      'cache-control': 'public, max-age=1800',
      'x-ipfs-path': `/ipns/${name}`,
      etag: expect.stringMatching(/^"[\da-f]{32}"$/),
    })
  })

  it('has the name that was asked for', async () => {
    const name = encodeURIComponent('testтест.ipns-record')
    const { headers } = await ask(`/ipns/${both}?format=ipns-record&filename=${name}`)
    expect(headers['content-disposition']).toBe(
      `attachment; filename="test____.ipns-record"; filename*=UTF-8''test%D1%82%D0%B5%D1%81%D1%82.ipns-record`,
    )
  })

  it.each([
    'k51qzi5uqu5dm4tm0wt8srkg9h9suud4wuiwjimndrkydqm81cqtlb5ak6p7ku',
    'k51qzi5uqu5dlmit2tuwdvnx4sbnyqgmvbxftl0eo3f33wwtb9gr7yozae9kpw',
    'k51qzi5uqu5diamp7qnnvs1p1gzmku3eijkeijs3418j23j077zrkok63xdm8c',
  ])('that is not valid is not handed on: %s', async (name) => {
    expect(await ask(`/ipns/${name}?format=ipns-record`)).toMatchObject({
      status: 500,
      text: expect.stringContaining('is not valid'),
    })
  })

  it('is that of a name alone', async () => {
    expect((await ask(`/ipns/${both}/a?format=ipns-record`)).status).toBe(400)
    expect((await ask('/ipns/example.org?format=ipns-record')).status).toBe(400)
    expect((await ask(`/ipns/${absentName}?format=ipns-record`)).status).toBe(404)
  })
})

const absentName = 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8'
