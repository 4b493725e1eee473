// CIDs as keys of maps and sets, which compare objects by identity.

import type { CID } from 'multiformats/cid'

/** The key of a CID: two CIDs with one multihash and different codecs differ. */
export function cidKey(cid: CID): string {
  return Buffer.from(cid.bytes).toString('latin1')
}

/** The key of the block that a CID names, whatever codec the CID reads it with. */
export function blockKey(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('latin1')
}
