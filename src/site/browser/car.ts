// A CAR, version 1, read as a stream. Every length in it is looked at before a byte is allocated for it.
// Sources: the CARv1 and DAG-CBOR specifications.

import { maxBlockSize } from '../../dag/profile.ts'
import { ByteReader } from './byte-reader.ts'
import { type Cid, decodeCid, readCid } from './cid.ts'
import { Cursor, equalBytes, Malformed } from './cursor.ts'
import { Stop } from './problem.ts'

/** Limits: bytes of the header, roots in it, and bytes of a CID in front of a block. */
const maxHeader = 1_048_576
const maxRoots = 10_000
const maxCid = 256

export interface Section {
  readonly cid: Cid
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface Car {
  readonly roots: readonly Cid[]
  /** Sections whose bytes nobody has hashed. */
  readonly sections: AsyncGenerator<Section>
}

/** Reads the header. Here and in the sections, throws a Stop for what is no CAR, is cut short, or goes beyond the limits. */
export async function openCar(source: AsyncIterable<Uint8Array>): Promise<Car> {
  const reader = new ByteReader(source)
  try {
    const length = await readLength(reader)
    if (length === undefined || length === 0 || length > maxHeader) throw new Stop('notCar', { at: 0 })
    const bytes = await reader.read(length)
    if (bytes === undefined) throw new Stop('notCar', { at: 0 })
    return { roots: wellFormed(0, () => decodeHeader(bytes)), sections: readSections(reader) }
  } catch (error) {
    await reader.close()
    throw error
  }
}

async function* readSections(reader: ByteReader): AsyncGenerator<Section> {
  try {
    for (;;) {
      const at = reader.position
      const length = await readLength(reader)
      if (length === undefined) return
      if (length > maxBlockSize + maxCid) throw new Stop('tooLong', { at, size: length })
      const section = await reader.read(length)
      if (section === undefined) throw new Stop('cutShort', { at: reader.position })
      const cursor = new Cursor(section)
      const cid = wellFormed(at, () => readCid(cursor))
      const bytes = section.subarray(cursor.at)
      if (bytes.length > maxBlockSize) throw new Stop('tooLong', { at, size: bytes.length })
      yield { cid, bytes }
    }
  } finally {
    await reader.close()
  }
}

/** A length in the stream; undefined at its end. */
async function readLength(reader: ByteReader): Promise<number | undefined> {
  const at = reader.position
  const bytes: number[] = []
  do {
    const byte = await reader.byte()
    if (byte === undefined && bytes.length === 0) return undefined
    if (byte === undefined) throw new Stop('cutShort', { at: reader.position })
    bytes.push(byte)
  } while ((bytes.at(-1) as number) > 127 && bytes.length < 8)
  return wellFormed(at, () => new Cursor(Uint8Array.from(bytes)).varint())
}

/** Decodes the header: a map with a list of roots and the version 1, in the one way in which DAG-CBOR writes it. */
export function decodeHeader(bytes: Uint8Array): Cid[] {
  const cursor = new Cursor(bytes)
  expect(cursor, 0xa2, ...textBytes('roots'))
  const count = readHead(cursor, list)
  if (count > maxRoots) throw new Malformed('there are too many roots')
  const roots = Array.from({ length: count }, () => {
    // Tag 42, and a zero in front of the CID: it is in no base.
    expect(cursor, 0xd8, 42)
    const size = readHead(cursor, byteString)
    expect(cursor, 0)
    return decodeCid(cursor.take(size - 1))
  })
  expect(cursor, ...textBytes('version'), 1)
  if (!cursor.done) throw new Malformed('there are bytes behind the header')
  return roots
}

const byteString = 2
const list = 4

/** The number in front of a string or a list of less than 2^16. */
function readHead(cursor: Cursor, major: number): number {
  const head = cursor.byte()
  const short = head & 31
  if (head >> 5 !== major || short > 25) throw new Malformed('the header is not as DAG-CBOR writes it')
  if (short < 24) return short
  const value = short === 24 ? cursor.byte() : cursor.byte() * 256 + cursor.byte()
  if (value < (short === 24 ? 24 : 256))
    throw new Malformed('the header has a number that is not as short as it can be')
  return value
}

function textBytes(text: string): number[] {
  return [0x60 + text.length, ...new TextEncoder().encode(text)]
}

function expect(cursor: Cursor, ...bytes: number[]): void {
  if (!equalBytes(cursor.take(bytes.length), Uint8Array.from(bytes))) {
    throw new Malformed('the header is not that of a CAR of version 1')
  }
}

function wellFormed<T>(at: number, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof Malformed) throw new Stop('notCar', { at })
    throw error
  }
}
