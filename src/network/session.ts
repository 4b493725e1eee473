// The blocks of one DAG from sources that nobody trusts, as a store to read from. The rules of checking:
// - Nothing leaves unhashed, and nothing is kept that was not wanted: a block counts only where a block that was checked before
//   links to it, beginning at the root. A source that sends another one has lied and is asked no more.
// - One CAR per source brings what it can. What is missing then is asked for block by block, of the next source too.
// - A source has its share of the time-out to bring a whole new block; the command has all of it. Time counts only while a
//   source is waited for.
// - Blocks that come before they are asked for wait in bounded memory. Beyond it they are dropped and asked for again.

import { setTimeout as sleep } from 'node:timers/promises'
import { code as dagPbCode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { cidKey } from '../dag/cid-key.ts'
import { assertCheckable, identityBytes, noteHash } from '../dag/hash.ts'
import type { GetStore } from '../dag/read-block.ts'
import { CutShortError, readCar } from '../dag/read-car.ts'
import { linksOf, toV1 } from '../dag/walk.ts'
import { OvnError } from '../errors.ts'
import { askBlock, askCar } from './ask.ts'
import { BlockCache } from './block-cache.ts'
import type { Client } from './http.ts'
import { Patience } from './patience.ts'
import { maxWindow, Peer, seconds } from './peer.ts'
import type { Source } from './source.ts'
import { type SourceCode, SourceError } from './source-error.ts'
import { Stream } from './stream.ts'

export interface SessionOptions {
  readonly sources: readonly Source[]
  readonly client: Client
  /** Milliseconds without a new block after which everything is given up. */
  readonly timeout: number
  readonly signal: AbortSignal
  readonly ask?: Asking
  readonly limits?: Partial<Limits>
  /** Told of every new block. */
  readonly onBlock?: (size: number) => void
}

/**
 * How a source is asked: `car` for the whole DAG at once; `ahead` block by block, and for those that follow, where some of them are
 * here already; `alone` for nothing but what is wanted.
 */
export type Asking = 'car' | 'ahead' | 'alone'

export interface Limits {
  readonly blocks: number
  /** Bytes of all blocks. */
  readonly bytes: number
  /** Links from the root to a block. */
  readonly depth: number
  /** Bytes of blocks that wait in memory. */
  readonly memory: number
}

const defaultLimits: Limits = { blocks: 1_000_000, bytes: 64 * 2 ** 30, depth: 1024, memory: 32 * 2 ** 20 }

/** Links that are remembered to know which blocks follow one that is missing. */
const maxRemembered = 200_000

/** What a source did for the session. */
export interface SourceReport {
  readonly name: string
  readonly blocks: number
  readonly bytes: number
  /** Why it was of no use, or of no more: the first reasons; empty where there are none. */
  readonly failures: readonly { readonly code: SourceCode; readonly message: string }[]
}

export class Session implements GetStore {
  readonly #root: CID
  readonly #client: Client
  readonly #signal: AbortSignal
  /** May be changed at any time. */
  asking: Asking
  readonly #limits: Limits
  readonly #onBlock: (size: number) => void
  readonly #peers: readonly Peer[]
  readonly #patience: Patience
  readonly #cache: BlockCache
  /** Blocks that some source has brought: they are no progress a second time. */
  readonly #had = new Set<string>()
  readonly #asked = new Map<string, Promise<Uint8Array | undefined>>()
  #remembered: { readonly links: readonly CID[]; places?: Map<string, number> }[] = []
  #stream: Stream | undefined
  #changed = Promise.withResolvers<void>()
  #bytes = 0
  /** Why everything has ended. */
  #over: unknown

  constructor(root: CID, { sources, client, timeout, signal, ask = 'car', limits, onBlock }: SessionOptions) {
    this.#root = toV1(root)
    this.#client = client
    this.#signal = signal
    this.asking = ask
    this.#limits = { ...defaultLimits, ...limits }
    this.#onBlock = onBlock ?? (() => undefined)
    this.#cache = new BlockCache(this.#limits.memory)
    this.#peers = sources.map((source) => new Peer(source, timeout / sources.length, signal))
    signal.addEventListener('abort', () => this.#end(signal.reason), { once: true })
    this.#patience = new Patience(timeout, () => {
      for (const peer of this.#peers) peer.giveUp(timeout)
      this.#end(this.#exhausted(`no new block came in ${seconds(timeout)}`))
    })
  }

  /** What the sources did so far, in their order. */
  get reports(): SourceReport[] {
    return this.#peers.map(({ source: { name }, blocks, bytes, failures }) => ({ name, blocks, bytes, failures }))
  }

  /**
   * Yields a block that is right. Throws an OvnError where no source has it: `offline` where one of them could not be asked or
   * did not answer as it should, else `damaged` where one sent what is not right, else `not-found`. Its problems name them all.
   */
  async *get(cid: CID, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted()
    this.#signal.throwIfAborted()
    yield await this.#obtain(toV1(cid))
  }

  /** Tells of a block of the DAG that came from elsewhere, so that it is known what follows it. */
  saw(cid: CID, bytes: Uint8Array): void {
    this.#remember(linksOfAny(toV1(cid), bytes))
  }

  /** Ends everything that is under way. */
  close(): void {
    this.#end(new SourceError('offline', 'it is over'))
  }

  async #obtain(cid: CID): Promise<Uint8Array> {
    const key = cidKey(cid)
    const cached = this.#cache.take(key)
    if (cached !== undefined) {
      this.#wake()
      if (cached.single) this.#askAhead(cid, key)
      return cached.bytes
    }
    this.#patience.begin()
    try {
      const bytes = await this.#wait(cid, key)
      this.#cache.spend(key, bytes)
      return bytes
    } finally {
      this.#patience.end()
    }
  }

  async #wait(cid: CID, key: string): Promise<Uint8Array> {
    assertCheckable(cid)
    while (this.#stream?.expects(key) === true && !this.#asked.has(key)) {
      const waiting = this.#stream.wait(key)
      this.#wake()
      const bytes = await waiting
      if (bytes !== undefined) return bytes
    }
    const before = this.#asked.get(key)
    const coming = before ?? this.#askOnce(cid, key)
    if (this.#stream?.expects(key) !== true) this.#askAhead(cid, key)
    // What was asked for ahead was not asked for with all means.
    const bytes = (await coming) ?? (before === undefined ? undefined : await this.#askOnce(cid, key))
    if (bytes === undefined) throw this.#exhausted(`block ${cid} could not be had`)
    return bytes
  }

  /** Asks the sources for one block; undefined where none has it. */
  #askOnce(cid: CID, key: string, ahead = false): Promise<Uint8Array | undefined> {
    const asked = this.#askAll(cid, key, ahead).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    return asked
  }

  /** Asks for the blocks that follow one, so that as many are under way as the sources bear. */
  #askAhead(cid: CID, key: string): void {
    if (this.asking === 'alone') return
    const able = this.#peers.filter(({ ended, source }) => !ended && source.block !== undefined)
    const window = Math.max(0, ...able.map((peer) => peer.window))
    const following = this.#after(key).filter(({ code }) => code === cid.code)
    for (const next of following.slice(0, Math.max(0, window - 1))) {
      const nextKey = cidKey(next)
      if (this.#asked.has(nextKey) || this.#had.has(nextKey) || this.#stream?.expects(nextKey) === true) continue
      this.#askOnce(next, nextKey, true).then(
        (bytes) => {
          if (bytes !== undefined) this.#cache.keep(nextKey, bytes, true)
        },
        // Whoever wants it asks again, and is told.
        () => undefined,
      )
    }
  }

  async #askAll(cid: CID, key: string, ahead: boolean): Promise<Uint8Array | undefined> {
    for (;;) {
      for (const peer of this.#peers) {
        if (this.#over !== undefined) throw this.#over
        if (peer.ended || peer.rests) continue
        const bytes = await this.#ask(peer, cid, key, ahead)
        if (bytes !== undefined) return bytes
      }
      if (this.#over !== undefined) throw this.#over
      const rests = this.#peers.filter((peer) => !peer.ended && peer.rests).map((peer) => peer.restsFor)
      const wait = Math.min(...rests)
      if (ahead || rests.length === 0 || wait >= this.#patience.left) return undefined
      await sleep(wait + 1, undefined, { signal: this.#signal })
    }
  }

  async #ask(peer: Peer, cid: CID, key: string, ahead: boolean): Promise<Uint8Array | undefined> {
    const isCar = cid.code === dagPbCode && this.asking === 'car' && !ahead && this.#stream === undefined
    if (isCar) {
      const { bytes, hasNone } = await this.#askStream(peer, cid, peer.source.cars(cid), key)
      if (bytes !== undefined || hasNone) return bytes
    }
    const bytes = await this.#askSingly(peer, cid, key)
    const { file } = peer.source
    if (bytes !== undefined || ahead || file === undefined || (isCar && cid.equals(file.root))) return bytes
    // A web host has no single blocks. Its CAR is read again from its beginning, until it brings this one.
    while (this.#stream !== undefined) await this.#stream.whenEnded
    return this.#cache.take(key)?.bytes ?? (await this.#askStream(peer, file.root, [file.url], key)).bytes
  }

  /** Reads a CAR, from the first address that has one, until it brings a block; what follows is read on the way. */
  async #askStream(
    peer: Peer,
    root: CID,
    urls: readonly URL[],
    key: string,
  ): Promise<{ bytes: Uint8Array | undefined; hasNone: boolean }> {
    if (peer.ended || peer.rests || peer.carsLeft === 0) return { bytes: undefined, hasNone: false }
    const stream = new Stream(cidKey(root))
    this.#stream = stream
    const reading = this.#readCars(peer, urls, root, stream)
      .catch((error: unknown) => {
        this.#end(error)
        return false
      })
      .finally(() => {
        this.#stream = undefined
        stream.end()
      })
    const bytes = await stream.wait(key)
    return { bytes, hasNone: bytes === undefined && (await reading) }
  }

  async #askSingly(peer: Peer, cid: CID, key: string): Promise<Uint8Array | undefined> {
    const url = peer.source.block?.(cid)
    if (url === undefined || peer.ended || peer.rests) return undefined
    peer.patience.begin()
    const start = performance.now()
    try {
      const bytes = await askBlock(this.#client, url, cid, peer.signal)
      this.#count(peer, cid, key, bytes)
      peer.succeeded(performance.now() - start)
      this.#remember(linksOfAny(cid, bytes))
      return bytes
    } catch (error) {
      peer.failed(error)
      return undefined
    } finally {
      peer.patience.end()
    }
  }

  /** Reads the first CAR that there is. Returns whether the source says that it has none. */
  async #readCars(peer: Peer, urls: readonly URL[], root: CID, stream: Stream): Promise<boolean> {
    const errors: unknown[] = []
    for (const url of urls) {
      if (peer.ended) break
      peer.patience.begin()
      try {
        await this.#readCar(peer, url, root, stream)
        return false
      } catch (error) {
        errors.push(error)
        if (stream.isBegun || !(error instanceof SourceError) || error.final) break
      } finally {
        peer.patience.end()
      }
    }
    for (const error of errors) peer.failed(error, true)
    return errors.length > 0 && errors.every(saysNone)
  }

  async #readCar(peer: Peer, url: URL, root: CID, stream: Stream): Promise<void> {
    const answer = await askCar(this.#client, url, root, peer.signal)
    try {
      const { roots, blocks } = await readCar(answer.body, 'its CAR')
      if (!roots.every((each) => toV1(each).equals(root))) {
        throw new SourceError('damaged', 'its CAR has other roots than the one that was asked for', { final: true })
      }
      for await (const { cid, bytes } of blocks) await this.#receive(peer, toV1(cid), bytes, stream)
      if (stream.isMissing) throw new SourceError('offline', 'its CAR ended before all blocks had come')
    } catch (error) {
      if (error instanceof CutShortError) throw new SourceError('offline', error.message, { cause: error })
      if (error instanceof OvnError && !(error instanceof SourceError)) {
        throw new SourceError('damaged', error.message, { cause: error, final: true })
      }
      throw error
    } finally {
      answer.close()
    }
  }

  /** Takes a block of a CAR, which was hashed. */
  async #receive(peer: Peer, cid: CID, bytes: Uint8Array, stream: Stream): Promise<void> {
    peer.signal.throwIfAborted()
    peer.patience.check()
    if (identityBytes(cid) !== undefined) return
    const key = cidKey(cid)
    const depth = stream.depthOf(key)
    if (depth === undefined) {
      throw new SourceError('damaged', `its CAR holds block ${cid}, which nobody wanted`, { final: true })
    }
    this.#count(peer, cid, key, bytes)
    if (stream.expects(key)) {
      const links = linksOfAny(cid, bytes)
      if (depth < this.#limits.depth) stream.expect(links.map(cidKey), depth + 1)
      this.#remember(links)
      // It is of use also where it came before, if it is waited for.
      const isHanded = stream.isHanded(key)
      if (stream.deliver(key, bytes)) peer.patience.progress()
      else if (!isHanded) this.#cache.keep(key, bytes, false)
    } else {
      // It came before, and nobody else has these bytes: a stream of them without end is not to wait for the next clean-up.
      ;(bytes.buffer as ArrayBuffer).transfer(0)
    }
    while (this.#cache.isFull && !peer.signal.aborted) {
      peer.patience.end()
      try {
        const wanted = stream.wanted()
        if (wanted === undefined) await this.#changed.promise
        else if (!(await this.#fetchPast(wanted, stream))) this.#cache.dropOldest()
      } finally {
        peer.patience.begin()
      }
    }
  }

  /** Memory is full, and somebody wants a block that has not come: it is asked for beside the stream, which waits. */
  async #fetchPast(key: string, stream: Stream): Promise<boolean> {
    const cid = CID.decode(Buffer.from(key, 'latin1'))
    for (const peer of this.#peers) {
      if (peer.ended || peer.rests) continue
      const bytes = await this.#askSingly(peer, cid, key)
      if (bytes === undefined) continue
      stream.hand(key, bytes)
      return true
    }
    return false
  }

  /** Counts a block that came, and was checked. */
  #count(peer: Peer, cid: CID, key: string, bytes: Uint8Array): void {
    noteHash(cid, bytes)
    if (this.#had.has(key)) return
    this.#had.add(key)
    this.#bytes += bytes.byteLength
    peer.blocks += 1
    peer.bytes += bytes.byteLength
    peer.patience.progress()
    this.#patience.progress()
    this.#onBlock(bytes.byteLength)
    const { blocks, bytes: most } = this.#limits
    if (this.#had.size <= blocks && this.#bytes <= most) return
    this.#end(new OvnError('damaged', `${this.#root} is too large: more than ${blocks} blocks or ${most} bytes`))
  }

  #remember(links: readonly CID[]): void {
    if (links.length < 2) return
    this.#remembered.push({ links })
    let left = maxRemembered
    const first = this.#remembered.findLastIndex((each) => {
      left -= each.links.length
      return left < 0
    })
    if (first > 0) this.#remembered = this.#remembered.slice(first)
  }

  /** The blocks that follow one, where its parent came not long ago. */
  #after(key: string): readonly CID[] {
    for (const known of this.#remembered.toReversed()) {
      known.places ??= new Map(known.links.map((cid, index) => [cidKey(cid), index] as const).reverse())
      const place = known.places.get(key)
      if (place !== undefined) return known.links.slice(place + 1, place + 1 + maxWindow)
    }
    return []
  }

  /** Lets a stream that waits for a reader look again. */
  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #end(why: unknown): void {
    this.#over ??= why
    for (const peer of this.#peers) peer.stop()
    this.#wake()
  }

  #exhausted(what: string): OvnError {
    const failures = this.reports.flatMap(({ name, failures }) => failures.map((failure) => ({ name, ...failure })))
    const codes = failures.map(({ code }) => code)
    const code = (['offline', 'damaged'] as const).find((each) => codes.includes(each)) ?? 'not-found'
    return new OvnError(code, `${this.#root} could not be fetched: ${what}`, {
      problems: failures.map(({ name, message }) => ({ file: name, message })),
      hint: 'name another gateway with --gateway <address>, or a CAR with --car <file>',
    })
  }
}

function saysNone(error: unknown): boolean {
  return error instanceof SourceError && error.code === 'not-found' && !error.unsupported
}

/** A block may have any codec; what it links to is only of interest where it is UnixFS. */
function linksOfAny(cid: CID, bytes: Uint8Array): CID[] {
  if (cid.code !== dagPbCode) return []
  try {
    return linksOf(cid, bytes)
      .map(toV1)
      .filter((link) => identityBytes(link) === undefined)
  } catch {
    return []
  }
}
