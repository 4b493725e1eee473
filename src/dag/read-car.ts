// A CAR, version 1 or 2, read as a stream. Every length in it is looked at before a byte is allocated for it. The index of a
// version 2 is not read: it is a stranger's word about what stands in the file anyway.
// Sources: the CARv1 and CARv2 specifications of IPLD.

import { decode as decodeCbor } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import { checkHash, checkHashAsync } from './hash.ts'
import { maxBlockSize } from './profile.ts'

/** Limits of what is read: bytes of the header, roots in it, and bytes of a CID in front of a block. */
export const maxCarHeader = 1_048_576
export const maxCarRoots = 10_000
const maxCidSize = 256

/** Where the CARv1 inside a CARv2 begins at the latest: room for any alignment, and not for a file that only pretends to come. */
const maxPadding = 16 * 1_048_576

/** One section of a CAR: a CID and the bytes that are said to be its block. */
export interface CarSection {
  readonly cid: CID
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where the section, and where its bytes begin in the file, in bytes. */
  readonly offset: number
  readonly bytesOffset: number
}

export interface CarSections {
  readonly version: 1 | 2
  readonly roots: readonly CID[]
  /** Unchecked sections, for those that list what is wrong with them; everyone else reads {@link readCar}'s blocks. */
  readonly sections: AsyncGenerator<CarSection>
}

export interface Car {
  readonly version: 1 | 2
  readonly roots: readonly CID[]
  /** The blocks in the order of the file, each hashed. Throws an OvnError `damaged` at the first that is not right. */
  readonly blocks: AsyncGenerator<CarSection>
}

/** Blocks whose hashes are computed ahead, beside the main thread. */
const ahead = 4

/** Below this many bytes a hash costs less than handing the block to another thread. */
const hashAsideFrom = 65_536

/**
 * Reads a CAR whose blocks are checked. `name` is what messages call it. Throws an OvnError `damaged` for what is no CAR, is cut
 * short, goes beyond the limits, or has a block that does not match its CID.
 */
export async function readCar(source: AsyncIterable<Uint8Array>, name: string): Promise<Car> {
  const { version, roots, sections } = await readCarSections(source, name)
  return { version, roots, blocks: checked(sections, name) }
}

async function* checked(sections: AsyncGenerator<CarSection>, name: string): AsyncGenerator<CarSection> {
  const waiting: { section: CarSection; right: Promise<boolean> | boolean }[] = []
  async function next(): Promise<CarSection> {
    const { section, right } = waiting.shift() as (typeof waiting)[number]
    if (await right) return section
    const { cid, offset } = section
    throw new OvnError('damaged', `${name}: block ${cid} at byte ${offset} is damaged: its bytes do not match its CID`)
  }
  /** The section that is being waited for. */
  let coming: Promise<IteratorResult<CarSection>> | undefined
  function ask(): Promise<IteratorResult<CarSection>> {
    coming ??= sections.next()
    // A failure is met when its turn comes.
    coming.catch(() => undefined)
    return coming
  }
  try {
    for (;;) {
      // A block is handed over as soon as it is hashed, also where the stream is slow to bring the one after it, or breaks.
      const { right } = waiting[0] ?? {}
      if (right !== undefined && (waiting.length > ahead || right === true || (await isFirst(right, ask())))) {
        yield await next()
        continue
      }
      const { done, value: section } = await ask()
      coming = undefined
      if (done === true) return
      waiting.push({ section, right: check(section, name) })
    }
  } finally {
    // A stream may never bring what is being waited for: it is told, and not waited for.
    const closed = sections.return(undefined).catch(() => undefined)
    if (coming === undefined) await closed
  }
}

/** Whether a hash is there before the next section is; also where there will be no next section. */
function isFirst(right: Promise<boolean> | boolean, coming: Promise<IteratorResult<CarSection>>): Promise<boolean> {
  return Promise.race([
    Promise.resolve(right).then(() => true),
    coming.then(
      ({ done }) => done === true,
      () => true,
    ),
  ])
}

function check({ cid, bytes, offset }: CarSection, name: string): Promise<boolean> | boolean {
  try {
    return bytes.byteLength < hashAsideFrom ? checkHash(cid, bytes) : checkHashAsync(cid, bytes)
  } catch (cause) {
    if (!(cause instanceof OvnError)) throw cause
    throw new OvnError('damaged', `${name}, at byte ${offset}: ${cause.message}`, { cause })
  }
}

/** Told of a section that holds no block, and is passed over. */
export type OnBadSection = (error: OvnError, offset: number) => void

/**
 * Reads the header of a CAR, and its sections unchecked. Throws as {@link readCar} does, but for wrong hashes. With `onBad` a
 * section that is as long as it says and holds no block is passed over; not two of them in a row: then it is the lengths that are
 * wrong, and nothing behind them can be found.
 */
export async function readCarSections(
  source: AsyncIterable<Uint8Array>,
  name: string,
  onBad?: OnBadSection,
): Promise<CarSections> {
  const reader = new ByteReader(source)
  try {
    const first = await readHeader(reader, name, Number.POSITIVE_INFINITY)
    if (first.version === 1) {
      return { ...first, version: 1, sections: readSections(reader, name, Number.POSITIVE_INFINITY, onBad) }
    }
    const { dataOffset, dataSize } = await readV2(reader, name)
    if (!(await reader.skip(dataOffset - reader.position))) throw cutShort(name, reader.position)
    const end = dataOffset + dataSize
    const { version, roots } = await readHeader(reader, name, end)
    if (version !== 1) throw notCar(name, 'what is inside the CARv2 is not a CARv1')
    return { version: 2, roots, sections: readSections(reader, name, end, onBad) }
  } catch (error) {
    await reader.close()
    throw error
  }
}

interface Header {
  readonly version: 1 | 2
  readonly roots: readonly CID[]
}

async function readHeader(reader: ByteReader, name: string, end: number): Promise<Header> {
  const length = await readLength(reader, name, end)
  if (length === undefined) throw notCar(name, 'it is empty')
  if (length === 0 || length > maxCarHeader) throw notCar(name, `its header would have ${length} bytes`)
  const bytes = await reader.read(length)
  if (bytes === undefined) throw notCar(name, 'it ends in its header')
  let header: unknown
  try {
    header = decodeCbor(bytes)
  } catch (cause) {
    throw notCar(name, 'its header is not DAG-CBOR', cause)
  }
  const { version, roots } = (header ?? {}) as { version?: unknown; roots?: unknown }
  if (version === 2) return { version, roots: [] }
  if (version !== 1) throw notCar(name, 'its header names no version that is known')
  if (!Array.isArray(roots) || roots.length > maxCarRoots) throw notCar(name, 'its header has no list of roots')
  // Not CID.asCID(): it takes a map that has the keys of a CID for one.
  if (!roots.every((root) => root instanceof CID)) throw notCar(name, 'a root in its header is not a CID')
  return { version, roots }
}

async function readV2(reader: ByteReader, name: string): Promise<{ dataOffset: number; dataSize: number }> {
  const characteristics = 16
  const bytes = await reader.read(characteristics + 24)
  if (bytes === undefined) throw notCar(name, 'it ends in its header')
  const view = new DataView(bytes.buffer)
  const dataOffset = Number(view.getBigUint64(characteristics, true))
  const dataSize = Number(view.getBigUint64(characteristics + 8, true))
  if (dataOffset < reader.position || !Number.isSafeInteger(dataOffset + dataSize)) {
    throw notCar(name, 'its CARv2 header points outside of it')
  }
  if (dataOffset > maxPadding) throw notCar(name, `its CARv2 header has more than ${maxPadding} bytes behind it`)
  return { dataOffset, dataSize }
}

async function* readSections(
  reader: ByteReader,
  name: string,
  end: number,
  onBad: OnBadSection | undefined,
): AsyncGenerator<CarSection> {
  let wasBad = false
  try {
    for (;;) {
      const offset = reader.position
      if (offset === end) return
      const length = await readLength(reader, name, end)
      if (length === undefined) {
        if (end === Number.POSITIVE_INFINITY) return
        throw cutShort(name, offset)
      }
      if (length === 0) throw notCar(name, `the section at byte ${offset} is empty`)
      if (length > maxBlockSize + maxCidSize) {
        throw notCar(name, `the block at byte ${offset} would be larger than ${maxBlockSize} bytes`)
      }
      if (reader.position + length > end) throw cutShort(name, end)
      const section = await reader.read(length)
      if (section === undefined) throw cutShort(name, reader.position)
      const found = splitSection(section, name, offset)
      if (!(found instanceof OvnError))
        yield { ...found, offset, bytesOffset: reader.position - found.bytes.byteLength }
      else if (onBad === undefined || wasBad) throw found
      else onBad(found, offset)
      wasBad = found instanceof OvnError
    }
  } finally {
    await reader.close()
  }
}

/** The CID and the block of a section, or what is wrong with them. */
function splitSection(
  section: Uint8Array<ArrayBuffer>,
  name: string,
  offset: number,
): Pick<CarSection, 'cid' | 'bytes'> | OvnError {
  let cid: CID
  let rest: Uint8Array
  try {
    ;[cid, rest] = CID.decodeFirst(section)
  } catch (cause) {
    return notCar(name, `the section at byte ${offset} does not begin with a CID`, cause)
  }
  const size = section.byteLength - rest.byteLength
  if (size > maxCidSize) return notCar(name, `the section at byte ${offset} begins with a CID that is too long`)
  if (rest.byteLength <= maxBlockSize) return { cid, bytes: section.subarray(size) }
  return notCar(name, `the block at byte ${offset} is larger than ${maxBlockSize} bytes`)
}

/** An unsigned LEB128 number of at most 53 bits, as short as it can be; undefined at the end of the stream. */
async function readLength(reader: ByteReader, name: string, end: number): Promise<number | undefined> {
  const start = reader.position
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = reader.position < end ? await reader.readByte() : undefined
    if (byte === undefined) {
      if (reader.position === start && end === Number.POSITIVE_INFINITY) return undefined
      throw cutShort(name, reader.position)
    }
    value += (byte & 127) * scale
    // Zeros add nothing, however many: their number is looked at, not the sum alone.
    if (value > Number.MAX_SAFE_INTEGER || scale > Number.MAX_SAFE_INTEGER) {
      throw notCar(name, `the length at byte ${start} is beyond all measure`)
    }
    if (byte > 127) continue
    if (byte === 0 && scale > 1) throw notCar(name, `the length at byte ${start} is not written in the shortest way`)
    return value
  }
}

/** The error of a CAR that ends too early: what stood in it until then is as right as ever. */
export class CutShortError extends OvnError {}

function cutShort(name: string, at: number): OvnError {
  return new CutShortError('damaged', `${name} is cut short: it ends at byte ${at}, in the middle of a block`, {
    hint: 'fetch or copy it again',
  })
}

function notCar(name: string, why: string, cause?: unknown): OvnError {
  return new OvnError('damaged', `${name} is not a CAR that can be read: ${why}`, { cause })
}
