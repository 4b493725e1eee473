// Group subdomain-ipns: an origin for each name, in one label.

import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { formatKeyName, parseKeyName } from '../../src/server/ipns.ts'
import { useFixtures } from './asking.ts'
import { hasGatewayFixtures } from './fixture-archive.ts'

const host = 'localhost:8080'

describe.skipIf(!hasGatewayFixtures)('a name on the subdomain gateway', () => {
  const { askLocal, askRoot } = useFixtures()

  describe.each([
    ['RSA', 'QmVujd5Vb7moysJj8itnGufN7MEtPRCNHkKpNuA4onsRa3'],
    ['Ed25519', '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d'],
  ])('of a key of %s', (_, peer) => {
    const key = parseKeyName(peer) as CID
    const name = formatKeyName(key)

    it('has one origin, however it is written', async () => {
      for (const written of [peer, name, key.toString()]) {
        const { status, headers } = await askLocal(`/ipns/${written}`)
        expect({ status, to: headers.location }).toEqual({ status: 301, to: `http://${name}.ipns.${host}/` })
      }
      const other = CID.createV1(0x70, key.multihash).toString(base36)
      const { status, headers } = await askRoot(other, 'ipns')('/a/?b')
      expect({ status, to: headers.location }).toEqual({ status: 301, to: `http://${name}.ipns.${host}/a/?b` })
    })

    it('is what its record says', async () => {
      const { status, text, headers } = await askRoot(name, 'ipns')('/')
      expect({ status, text }).toEqual({ status: 200, text: 'hello\n' })
      expect(headers['x-ipfs-path']).toBe(`/ipns/${name}/`)
    })
  })

  describe('of the DNS', () => {
    it('becomes one label', async () => {
      const { status, headers } = await askLocal('/ipns/en.wikipedia-on-ipfs.example.org/wiki/')
      expect({ status, to: headers.location }).toEqual({
        status: 301,
        to: `http://en-wikipedia--on--ipfs-example-org.ipns.${host}/wiki/`,
      })
      expect((await askLocal(`/ipns/${'a-'.repeat(20)}a.${'b'.repeat(30)}.example/`)).status).toBe(400)
      expect((await askLocal('/ipns/nonsense/')).status).toBe(400)
    })

    it.each([
      'dnslink-test.example.org',
      'dnslink--test-example-org',
      'dnslink-over-ipns.example.org',
      'dnslink--over--ipns-example-org',
      'dnslink-over-ipns-cidv1.example.org',
      'dnslink--over--ipns--cidv1-example-org',
    ])('is what it was told to be: %s', async (label) => {
      expect(await askRoot(label, 'ipns')('/')).toMatchObject({ status: 200, text: 'hello\n' })
    })

    it('that nothing is known of is 404', async () => {
      expect((await askRoot('example-com', 'ipns')('/')).status).toBe(404)
    })

    it('is where a browser is sent to', async () => {
      const uri = encodeURIComponent('ipns://en.wikipedia-on-ipfs.example.org')
      const { status, headers } = await askLocal(`/ipns/?uri=${uri}`)
      expect({ status, to: headers.location }).toEqual({ status: 301, to: '/ipns/en.wikipedia-on-ipfs.example.org' })
    })
  })
})
