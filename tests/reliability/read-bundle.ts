// A CAR → the files of the bundle in it, by other code than ovn's: every block is hashed, none may be missing or over.

import { createHash } from 'node:crypto'
import { CarReader } from '@ipld/car'
import { code as dagPbCode, decode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'

/** Reads the files of a bundle by their paths. Throws for everything that is not as it should be. */
export async function readBundle(car: Uint8Array, root: string): Promise<Map<string, Uint8Array>> {
  const reader = await CarReader.fromBytes(car)
  const blocks = new Map<string, Uint8Array>()
  for await (const { cid, bytes } of reader.blocks()) {
    const digest = createHash('sha256').update(bytes).digest()
    if (cid.multihash.code !== 0x12 || !digest.equals(cid.multihash.digest)) throw new Error(`block ${cid} is damaged`)
    blocks.set(cid.toString(), bytes)
  }
  const roots = await reader.getRoots()
  if (String(roots) !== root) throw new Error(`its roots are ${roots}`)
  const used = new Set<string>()
  const files = new Map<string, Uint8Array>()
  const read = (cid: CID, path: string): Uint8Array => {
    used.add(cid.toString())
    const bytes = blocks.get(cid.toString())
    if (bytes === undefined) throw new Error(`block ${cid} of ${path} is missing`)
    if (cid.code !== dagPbCode) return bytes
    const { Data, Links } = decode(bytes)
    const node = UnixFS.unmarshal(Data ?? new Uint8Array(0))
    if (!node.isDirectory())
      return Buffer.concat([node.data ?? new Uint8Array(0), ...Links.map(({ Hash }) => read(Hash, path))])
    for (const { Name = '', Hash } of Links) {
      const place = path === '' ? Name : `${path}/${Name}`
      const content = read(Hash, place)
      if (content.byteLength > 0) files.set(place, content)
    }
    return new Uint8Array(0)
  }
  read(CID.parse(root), '')
  if (used.size !== blocks.size) throw new Error(`${blocks.size - used.size} of its blocks are of no use`)
  return files
}
