// Blocks of any codec that a gateway may be asked for → their links and their values. What UnixFS is made of is in unixfs-node.ts.

import { code as dagCborCode, decode as decodeCbor } from '@ipld/dag-cbor'
import { code as dagJsonCode, decode as decodeJson } from '@ipld/dag-json'
import { code as dagPbCode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { OvnError } from '../errors.ts'
import { linksOf } from './walk.ts'

export { dagCborCode, dagJsonCode, dagPbCode, rawCode }

/** The codecs that have no links: plain CBOR, plain JSON. */
export const cborCode = 0x51
export const jsonCode = 0x0200

/** Whether a block's value is one of DAG-CBOR or DAG-JSON, which can be walked by keys and have links. */
export function isDagData(cid: CID): boolean {
  return cid.code === dagCborCode || cid.code === dagJsonCode
}

/** The value of a checked block of DAG-CBOR or DAG-JSON. Throws an OvnError `damaged` for bytes that are not of its codec. */
export function decodeData(cid: CID, bytes: Uint8Array): unknown {
  try {
    return cid.code === dagCborCode ? decodeCbor(bytes) : decodeJson(bytes)
  } catch (cause) {
    throw new OvnError('damaged', `block ${cid} is not of its codec`, { cause })
  }
}

/** The CIDs that a checked block of any codec links to, in order; of a codec that is not known, none. */
export function allLinksOf(cid: CID, bytes: Uint8Array): CID[] {
  if (isDagData(cid)) return linksIn(decodeData(cid, bytes))
  return cid.code === dagPbCode ? linksOf(cid, bytes) : []
}

/** The links of a value, in the order in which they stand in it. */
function linksIn(value: unknown): CID[] {
  const links: CID[] = []
  const stack = [value]
  while (stack.length > 0) {
    const next = stack.pop()
    // Not CID.asCID(): it takes a map that has the keys of a CID for one.
    if (next instanceof CID) links.push(next)
    else if (typeof next === 'object' && next !== null && !(next instanceof Uint8Array)) {
      const values = Object.values(next)
      for (let index = values.length - 1; index >= 0; index -= 1) stack.push(values[index])
    }
  }
  return links
}
