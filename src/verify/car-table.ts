// The blocks of a CAR file: where they lie in it, and which of them are right. Kept is a line for each, about 130 bytes; blocks that
// are needed again are read from the file once more, and hashed once more.

import { hash } from 'node:crypto'
import { readSync } from 'node:fs'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { assertCheckable } from '../dag/hash.ts'
import type { CarSection, CarSections } from '../dag/read-car.ts'
import { OvnError } from '../errors.ts'
import type { BlockFault } from './block-table.ts'
import { bad, hashed, needed, RowStates } from './row-states.ts'

/** A section whose block is not right. */
export interface BadSection extends BlockFault {
  readonly cid: CID
  readonly offset: number
}

/** A block, and where its section begins in the file. */
export interface PlacedBlock {
  readonly cid: string
  readonly offset: number
}

/** Blocks of one kind that are listed; those beyond are counted. */
export const mostListed = 1000

/** Blocks of one file: a line for each is kept in memory. */
export const mostBlocks = 5_000_000

/** Bytes of blocks that were read again and are kept for the next time: the lower parts of a DAG are come by often. */
const recentBytes = 16 * 1_048_576

/** Bytes that wait to be hashed beside the main thread. */
const waitingBytes = 8 * 1_048_576

/** From this many bytes on a hash is computed beside the main thread. */
const hashAsideFrom = 65_536

const sha256Code = 0x12
const identityCode = 0
const tooLong: BlockFault = {
  code: 'block-function',
  state: 'not checked',
  message: 'it is an identity that is too long',
}

export class CarTable {
  readonly rows = new RowStates()
  /** Sections that were read, and the bytes of their blocks. */
  blocks = 0
  bytes = 0
  /** Sections that are not right. */
  badBlocks = 0
  readonly duplicates = new BlockList()
  /** Rows whose CID has another codec than that by which they are needed. */
  readonly miscoded = new Set<number>()
  /** The state of a block that is not in the file. */
  absent: BlockFault = { code: 'block-missing', state: 'missing', message: 'it is not in the file' }
  readonly #handle: number
  /** Row of each multihash; rows count from 0, in the order of the file. */
  readonly #ids = new Map<string, number>()
  /** All rows of the multihashes that stand in the file more than once. */
  readonly #copies = new Map<string, number[]>()
  readonly #offsets: number[] = []
  readonly #bytesOffsets: number[] = []
  readonly #codecs: number[] = []
  /** The first of the bad sections. */
  readonly #bad = new Map<number, BadSection>()
  readonly #recent = new Map<number, Uint8Array>()
  #recentSize = 0

  /** `handle` is the open file. */
  constructor(handle: number) {
    this.#handle = handle
  }

  /** Hashes every section. Throws what reading them throws, when those before are done. */
  async hashAll(sections: CarSections['sections'], signal: AbortSignal, onBytes: (end: number) => void): Promise<void> {
    let waiting = 0
    let wake = Promise.withResolvers<void>()
    const pending = new Set<Promise<void>>()
    try {
      for await (const section of sections) {
        signal.throwIfAborted()
        if (this.blocks >= mostBlocks) throw new OvnError('storage', `it has more than ${mostBlocks} blocks`)
        const { bytes, cid } = section
        const length = bytes.byteLength
        const id = this.#place(section)
        if (length < hashAsideFrom || cid.multihash.code !== sha256Code) {
          this.#judge(id, section, hash('sha256', bytes, 'buffer'))
        } else {
          waiting += length
          const digesting = crypto.subtle.digest('SHA-256', bytes).then((digest) => {
            this.#judge(id, section, new Uint8Array(digest))
            waiting -= length
            pending.delete(digesting)
            wake.resolve()
          })
          pending.add(digesting)
        }
        onBytes(section.bytesOffset + length)
        while (waiting > waitingBytes) {
          await wake.promise
          wake = Promise.withResolvers()
        }
      }
    } finally {
      await Promise.all(pending)
    }
  }

  /** The row that holds a block: a right one, where there are several. Its CID may have another codec in the file. */
  find(multihash: Uint8Array, codec: number): number | BlockFault {
    const found = this.#find(multihash)
    if (typeof found === 'number' && this.#codecs[found] !== codec) this.miscoded.add(found)
    return found
  }

  #find(multihash: Uint8Array): number | BlockFault {
    const key = keyOf(multihash)
    const id = this.#ids.get(key)
    if (id === undefined) return multihash[0] === identityCode ? tooLong : this.absent
    if (!this.#isBad(id)) return id
    return this.#copies.get(key)?.find((copy) => !this.#isBad(copy)) ?? id
  }

  /** What is wrong with the bytes of a row. */
  faultAt(id: number): BlockFault | undefined {
    return this.#isBad(id) ? (this.#bad.get(id) ?? mismatch) : undefined
  }

  /** Reads the bytes of a block from the file and hashes them again, or says what is wrong with them. */
  read(multihash: Uint8Array): Uint8Array | BlockFault {
    const id = this.#find(multihash)
    if (typeof id !== 'number') return id
    const fault = this.faultAt(id)
    if (fault !== undefined) return fault
    const known = this.#recent.get(id)
    if (known !== undefined) return known
    const bytes = new Uint8Array(this.rows.length(id))
    let count: number
    try {
      count = readSync(this.#handle, bytes, 0, bytes.byteLength, this.#bytesOffsets[id] as number)
    } catch (error) {
      return {
        code: 'car-unreadable',
        state: 'not checked',
        message: `it could not be read again: ${(error as Error).message}`,
      }
    }
    const digest = hash('sha256', bytes, 'buffer')
    if (count !== bytes.byteLength || Buffer.compare(digest, multihash.subarray(2)) !== 0) {
      return { code: 'car-unreadable', state: 'not checked', message: 'the file changed while it was read' }
    }
    this.#keep(id, bytes)
    return bytes
  }

  /** The first of the sections that are not right, in the order of the file. */
  badSections(): BadSection[] {
    return [...this.#bad].sort(([a], [b]) => a - b).map(([, section]) => section)
  }

  /** The right blocks that no DAG needed. */
  extras(): BlockList {
    const list = new BlockList()
    for (const id of this.rows.select(hashed, needed | bad)) {
      list.add(this.rows.length(id), () => ({ cid: this.#cidAt(id), offset: this.#offsets[id] as number }))
    }
    return list
  }

  /** The CID in front of a block, as it stands in the file. */
  #cidAt(id: number): string {
    const offset = this.#offsets[id] as number
    const bytes = new Uint8Array((this.#bytesOffsets[id] as number) - offset)
    readSync(this.#handle, bytes, 0, bytes.byteLength, offset)
    return CID.decode(bytes.subarray(bytes.findIndex((byte) => byte < 128) + 1)).toString()
  }

  #keep(id: number, bytes: Uint8Array): void {
    this.#recent.set(id, bytes)
    this.#recentSize += bytes.byteLength
    for (const [oldest, { byteLength }] of this.#recent) {
      if (this.#recentSize <= recentBytes) return
      this.#recent.delete(oldest)
      this.#recentSize -= byteLength
    }
  }

  #isBad(id: number): boolean {
    return (this.rows.flags(id) & bad) !== 0
  }

  #place(section: CarSection): number {
    const { cid, bytes, offset, bytesOffset } = section
    const id = this.#offsets.push(offset) - 1
    this.#bytesOffsets.push(bytesOffset)
    this.#codecs.push(cid.code)
    this.blocks += 1
    this.bytes += bytes.byteLength
    this.rows.mark(id, hashed)
    this.rows.setLength(id, bytes.byteLength)
    const key = keyOf(cid.multihash.bytes)
    const first = this.#ids.get(key)
    if (first === undefined) {
      this.#ids.set(key, id)
      return id
    }
    const copies = this.#copies.get(key) ?? [first]
    copies.push(id)
    this.#copies.set(key, copies)
    this.rows.mark(id, needed)
    this.duplicates.add(bytes.byteLength, () => ({ cid: cid.toString(), offset }))
    return id
  }

  #judge(id: number, { cid, bytes, offset }: CarSection, digest: Uint8Array): void {
    const fault = faultOf(cid, bytes, digest)
    if (fault === undefined) return
    this.rows.mark(id, bad)
    this.badBlocks += 1
    if (this.#bad.size < mostListed) this.#bad.set(id, { ...fault, cid, offset })
  }
}

/** Blocks of one kind: the first of them, and how many they are. */
export class BlockList {
  readonly listed: PlacedBlock[] = []
  blocks = 0
  bytes = 0

  add(size: number, describe: () => PlacedBlock): void {
    this.blocks += 1
    this.bytes += size
    if (this.listed.length < mostListed) this.listed.push(describe())
  }
}

const mismatch: BlockFault = { code: 'block-hash', state: 'damaged', message: 'its bytes do not match its CID' }

/** What is wrong with a block whose bytes have a sha2-256 digest. */
function faultOf(cid: CID, bytes: Uint8Array, digest: Uint8Array): BlockFault | undefined {
  const { code, digest: named } = cid.multihash
  try {
    assertCheckable(cid)
  } catch (error) {
    if (!(error instanceof OvnError)) throw error
    if (code === identityCode) return tooLong
    return {
      code: 'block-function',
      state: 'not checked',
      message: `its hash function 0x${code.toString(16)} is not trusted`,
    }
  }
  if (code === sha256Code) {
    if (Buffer.compare(digest, named) === 0) return undefined
    return { ...mismatch, found: create(sha256Code, digest).bytes }
  }
  return Buffer.compare(bytes, named) === 0 ? undefined : mismatch
}

function keyOf(multihash: Uint8Array): string {
  return Buffer.from(multihash).toString('latin1')
}
