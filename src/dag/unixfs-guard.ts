// Importing this module mends how `ipfs-unixfs` writes sizes from 2 GiB to 4 GiB. `protons-runtime` keeps the low half of
// a 64-bit number as a signed one, so for these sizes it writes five zero bytes: a corrupt root that only its own reader
// forgives. Nodes that hold no such size are left to the library, byte for byte.

import { UnixFS } from 'ipfs-unixfs'

const marshal = UnixFS.prototype.marshal

UnixFS.prototype.marshal = function (this: UnixFS): Uint8Array {
  const sizes = this.type === 'file' ? [this.fileSize(), ...this.blockSizes] : []
  return sizes.some(isMiswritten) ? marshalFile(this) : marshal.call(this)
}

function isMiswritten(size: bigint): boolean {
  return size >= 2n ** 31n && size < 2n ** 32n
}

/** Encodes the `Data` message of the UnixFS specification for a file whose content is in its links. */
function marshalFile(node: UnixFS): Uint8Array {
  if (node.data !== undefined || node.mtime !== undefined || node.mode !== 0o644) {
    throw new Error('a UnixFS file of 2 to 4 GiB with inline data, mode or mtime cannot be written')
  }
  const typeFile = [0x08, 2]
  const fileSize = [0x18, ...varint(node.fileSize())]
  const blockSizes = node.blockSizes.flatMap((size) => [0x20, ...varint(size)])
  return Uint8Array.from([...typeFile, ...fileSize, ...blockSizes])
}

function varint(value: bigint): number[] {
  const bytes = []
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128)
  return [...bytes, Number(value)]
}
