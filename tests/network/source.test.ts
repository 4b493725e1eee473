import { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'
import { gatewaySource, hostSource } from '../../src/network/source.ts'

const root = CID.parse('bafkqaaa')

it('never asks another host than the one that was named, whatever its path looks like', () => {
  for (const address of [
    'https://g.example//other.example/',
    'https://g.example/\\other.example',
    'https://g.example//[',
  ]) {
    const base = new URL(address)
    for (const source of [gatewaySource(base), hostSource(base, root)]) {
      const urls = [...source.cars(root), source.block?.(root)]
      expect(urls.map((url) => url?.host)).toEqual(urls.map(() => 'g.example'))
    }
  }
})
