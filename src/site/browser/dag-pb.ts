// One dag-pb block → its data and links. Fields in their order, none twice, none that the specification does not name.
// Source: the DAG-PB specification of IPLD.

import { type Cid, decodeCid } from './cid.ts'
import { Cursor, Malformed, readText } from './cursor.ts'

export interface PbLink {
  readonly cid: Cid
  readonly name: string
}

export interface PbNode {
  readonly data: Uint8Array | undefined
  readonly links: readonly PbLink[]
}

const bytesWire = 2

/** Throws Malformed for what is not dag-pb. */
export function decodePb(bytes: Uint8Array): PbNode {
  const cursor = new Cursor(bytes)
  const links: PbLink[] = []
  let data: Uint8Array | undefined
  let linksAreOver = false
  while (!cursor.done) {
    const tag = cursor.varint()
    if (tag === 2 * 8 + bytesWire && !linksAreOver) links.push(decodeLink(cursor.take(cursor.varint())))
    else if (tag === 1 * 8 + bytesWire && data === undefined) {
      data = cursor.take(cursor.varint())
      linksAreOver = links.length > 0
    } else throw new Malformed('a field of a dag-pb node is in the wrong place')
  }
  return { data, links }
}

function decodeLink(bytes: Uint8Array): PbLink {
  const cursor = new Cursor(bytes)
  let cid: Cid | undefined
  let name = ''
  for (let last = 0; !cursor.done; ) {
    const tag = cursor.varint()
    const field = tag >> 3
    if (field <= last) throw new Malformed('a field of a dag-pb link is in the wrong place')
    last = field
    if (tag === 1 * 8 + bytesWire) cid = decodeCid(cursor.take(cursor.varint()))
    else if (tag === 2 * 8 + bytesWire) name = readText(cursor.take(cursor.varint()))
    else if (tag === 3 * 8) cursor.varint()
    else throw new Malformed('a dag-pb link has a field that there is not')
  }
  if (cid === undefined) throw new Malformed('a dag-pb link leads nowhere')
  return { cid, name }
}
