// A CAR file as a store to read from: where each block lies in it is found by reading it once, and every block is hashed then.

import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { NotFoundError } from 'interface-store'
import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { blockKey } from './cid-key.ts'
import { diskError } from './disk-error.ts'
import type { GetStore } from './read-block.ts'
import { readCar } from './read-car.ts'

interface Place {
  readonly offset: number
  readonly length: number
}

export class CarStore implements GetStore {
  readonly #file: string
  readonly #handle: number
  readonly #places: ReadonlyMap<string, Place>
  /** What is wrong with the CAR, from where on it is not used; undefined where nothing is. */
  readonly damage: OvnError | undefined

  private constructor(file: string, handle: number, places: ReadonlyMap<string, Place>, damage: OvnError | undefined) {
    this.#file = file
    this.#handle = handle
    this.#places = places
    this.damage = damage
  }

  /** Opens a CAR. Throws an OvnError: `not-found`, `storage`; and `damaged` for what is no CAR at all. */
  static async open(file: string, signal?: AbortSignal): Promise<CarStore> {
    let handle: number | undefined
    try {
      handle = openSync(file, 'r')
      const source = createReadStream('', { fd: handle, autoClose: false, start: 0, highWaterMark: 1_048_576 })
      const { blocks } = await readCar(source, file)
      const places = new Map<string, Place>()
      let damage: OvnError | undefined
      try {
        for await (const { cid, bytes, bytesOffset } of blocks) {
          signal?.throwIfAborted()
          places.set(blockKey(cid), { offset: bytesOffset, length: bytes.byteLength })
        }
      } catch (error) {
        // What stands before the damage is right.
        if (!(error instanceof OvnError)) throw error
        damage = error
      }
      return new CarStore(file, handle, places, damage)
    } catch (error) {
      if (handle !== undefined) closeSync(handle)
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new OvnError('not-found', `${file} is not there`)
      throw diskError(error, file)
    }
  }

  async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const place = this.#places.get(blockKey(cid))
    if (place === undefined) throw new NotFoundError(`block ${cid} is not in ${this.#file}`)
    const bytes = Buffer.allocUnsafe(place.length)
    try {
      const read = readSync(this.#handle, bytes, 0, place.length, place.offset)
      yield bytes.subarray(0, read)
    } catch (error) {
      throw diskError(error, this.#file)
    }
  }

  close(): void {
    closeSync(this.#handle)
  }
}
