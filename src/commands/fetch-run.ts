// A fetch under way: what it needs is opened when it is needed, and closed in the end.

import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import type { CID } from 'multiformats/cid'
import type { Archive } from '../archive/archive.ts'
import type { Intake, Kept } from '../archive/intake.ts'
import { isArchive } from '../archive/layout.ts'
import { CarStore } from '../dag/car-store.ts'
import type { GetStore } from '../dag/read-block.ts'
import { walkBlocks } from '../dag/walk.ts'
import type { WrittenFolder } from '../dag/write-folder.ts'
import { hideSecrets, OvnError, type Problem } from '../errors.ts'
import { findEdition } from '../links/find-edition.ts'
import { type Address, type Host, parseAddress, parseCid } from '../links/parse-ref.ts'
import type { EditionRecord } from '../manifest/record.ts'
import type { Client } from '../network/http.ts'
import { Session } from '../network/session.ts'
import { parseGateway, sourcesOf } from '../network/source.ts'
import type { Fetched, Repaired } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'
import { Supply } from './supply.ts'

export interface FetchOptions {
  /** Where it is written. */
  readonly output?: string
  /** Whether it is kept in the archive. */
  readonly pin?: boolean
  readonly title?: string
  readonly slug?: string
  /** A CAR file that may have it. */
  readonly car?: string
  readonly force?: boolean
  /** Gateways that are named for this run, in the order in which they are asked. */
  readonly gateways: readonly URL[]
  /** Milliseconds. */
  readonly timeout: number
}

export interface FetchParts {
  readonly ref: string
  /** What the ref means. */
  readonly address: Address
  readonly options: FetchOptions
  readonly context: Context
  readonly client: Client
}

/** What is to be fetched. */
interface Wanted {
  readonly root: CID
  readonly path: readonly string[]
  readonly host: Host
  /** The slug, where it was named by one. */
  readonly slug?: string
}

export class FetchRun {
  readonly #ref: string
  readonly #address: Address
  readonly #options: FetchOptions
  readonly #context: Context
  readonly #client: Client
  readonly #folder: string
  #archive: Archive | undefined
  #intake: Intake | undefined
  #car: CarStore | undefined
  #supply: Supply | undefined
  #bytes = 0

  constructor({ ref, address, options, context, client }: FetchParts) {
    this.#ref = hideSecrets(ref)
    this.#address = address
    this.#options = options
    this.#context = context
    this.#client = client
    this.#folder = archiveFolder(context)
  }

  close(): void {
    this.#supply?.close()
    this.#car?.close()
    this.#archive?.close()
  }

  async fetch(): Promise<Fetched> {
    const { pin = false, output } = this.#options
    const wanted = await this.#locate(this.#address)
    const supply = await this.#open(wanted)
    const root = await this.#resolve(supply, wanted)
    const target = pin && output === undefined ? undefined : await this.#targetOf(wanted, root)
    const standing = target === undefined ? undefined : await this.#findStanding(target, root)
    const kept = pin ? await this.#keep(supply, root) : undefined
    const written =
      standing ??
      (target === undefined
        ? undefined
        : await this.#write(kept === undefined ? supply : this.#getArchive().blocks, root, target))
    const isUnchanged =
      (kept?.status ?? 'unchanged') === 'unchanged' && (target === undefined || standing !== undefined)
    return {
      kind: 'fetched',
      status: isUnchanged ? 'unchanged' : 'fetched',
      root: root.toString(),
      ...(written === undefined ? {} : { path: written.path, files: written.files, size: written.size }),
      ...(kept === undefined ? {} : { archive: this.#folder, article: toEntry(kept.record) }),
      ...this.#outcome(written?.notices),
    }
  }

  async repair(): Promise<Repaired> {
    const { repairEdition } = await import('./repair.ts')
    const address = this.#address
    if (address.kind === 'page') {
      throw new OvnError('usage', `"${this.#ref}" names nothing in the archive`, { hint: 'repair a slug or a CID' })
    }
    const archive = await this.#openArchive(false)
    const { record } = findEdition(archive, address.kind === 'root' ? address.root.toString() : this.#ref)
    const host = address.kind === 'root' ? (address.host ?? {}) : {}
    const elsewhere = await this.#open({ root: rootOf(record), path: [], host }, false)
    elsewhere.asking = 'alone'
    const { signal } = this.#context
    const options = { elsewhere, signal, onBytes: (count: number) => this.#report(count) }
    const { hint, ...repaired } = await repairEdition(archive, record, options)
    const notices = hint === undefined ? [] : [{ file: this.#ref, message: 'not all of it could be healed', hint }]
    return { ...repaired, ...this.#outcome(notices) }
  }

  /** Finds the root that is meant. A slug is looked up in the archive, and a page is asked. */
  async #locate(address: Address): Promise<Wanted> {
    switch (address.kind) {
      case 'root':
        return { root: address.root, path: address.path, host: address.host ?? {} }
      case 'slug': {
        const { record } = findEdition(await this.#openArchive(), this.#ref)
        return { root: rootOf(record), path: [], host: {}, slug: record.slug }
      }
      case 'page': {
        const { findCar } = await import('../network/find-car.ts')
        const { root, car } = await findCar(this.#client, address.url, this.#options.timeout, this.#context.signal)
        const named = parseAddress(car.href)
        const host = named.kind === 'root' && named.root.equals(root) ? (named.host ?? {}) : { car }
        return { root, path: [], host }
      }
    }
  }

  /** Opens all that may have blocks of a root, but for the network, which is opened when it is needed. */
  async #open(wanted: Wanted, withArchive = true): Promise<Supply> {
    const { car } = this.#options
    if (car !== undefined) this.#car = await CarStore.open(resolve(this.#context.cwd, car), this.#context.signal)
    const archive = withArchive && isArchive(this.#folder) ? await this.#openArchive() : undefined
    this.#supply = new Supply({
      here: [
        ...(archive === undefined ? [] : [{ name: this.#folder, blocks: archive.blocks, isArchive: true }]),
        ...(this.#car === undefined ? [] : [{ name: car ?? '', blocks: this.#car, isArchive: false }]),
      ],
      connect: () => this.#connect(wanted),
      ...(this.#options.pin === true
        ? { onArrival: async (cid, bytes) => (await this.#getIntake()).put(cid, bytes) }
        : {}),
    })
    return this.#supply
  }

  async #connect({ root, host }: Wanted): Promise<Session> {
    const sources = sourcesOf(root, host, await this.#gateways())
    const { signal } = this.#context
    if (sources.length > 0)
      return new Session(root, { sources, client: this.#client, timeout: this.#options.timeout, signal })
    const { car } = this.#options
    throw new OvnError(
      car === undefined ? 'offline' : 'not-found',
      `${root} is not all ${car === undefined ? 'here' : `in ${car}`}, and no gateway is named`,
      {
        hint: `name one: \`ovn fetch ${this.#ref} --gateway https://gateway.example\`, or in $OVN_GATEWAYS, or with \`ovn init --gateway\``,
      },
    )
  }

  /** The gateways that were named, else those of the config. None is built in. */
  async #gateways(): Promise<readonly URL[]> {
    const { gateways } = this.#options
    if (gateways.length > 0) return gateways
    const { readConfig } = await import('../archive/config.ts')
    const config = await readConfig(this.#folder)
    return config.gateways.map((each) => parseGateway(each, 'config.json'))
  }

  /** Follows the path from the root; what lies beside it is not asked for. */
  async #resolve(supply: Supply, { root, path }: Wanted): Promise<CID> {
    if (path.length === 0) return root
    const { resolvePath } = await import('../dag/resolve-path.ts')
    supply.asking = 'alone'
    const { cid } = await resolvePath(supply, root, path, this.#context.signal)
    supply.asking = 'car'
    return cid
  }

  async #targetOf({ path, slug }: Wanted, root: CID): Promise<string> {
    const { output } = this.#options
    const { cwd } = this.#context
    if (output !== undefined) return resolve(cwd, output)
    const last = path.at(-1)
    if (last === undefined) return resolve(cwd, slug ?? root.toString())
    const { diskName } = await import('../dag/entry-name.ts')
    return resolve(cwd, diskName(last))
  }

  /** What stands at the target, where that is what is wanted. Throws an OvnError `usage` where it is anything else. */
  async #findStanding(target: string, root: CID): Promise<WrittenFolder | undefined> {
    const found = lstatSync(target, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    if (found.isDirectory() || found.isFile()) {
      const { computeCid } = await import('./cid.ts')
      const { cid, files, size } = await computeCid(target, this.#context)
      if (cid.equals(root)) return { path: target, files, size, notices: [] }
    }
    if (this.#options.force === true) return undefined
    throw new OvnError('usage', `${target} is there already, and is not ${root}`, {
      hint: 'name another place with -o, or replace it with --force',
    })
  }

  async #write(blocks: GetStore, root: CID, target: string): Promise<WrittenFolder> {
    const { writeFolder } = await import('../dag/write-folder.ts')
    const { isBegun } = await import('../dag/partial-folder.ts')
    if (this.#supply !== undefined && isBegun(target, root)) this.#supply.asking = 'ahead'
    const { force = false } = this.#options
    const { signal } = this.#context
    // What was fetched can be fetched again: as with any download, nobody waits for the disk.
    const onBytes = (count: number) => this.#report(count)
    return writeFolder(blocks, root, target, { force, signal, durable: false, onBytes })
  }

  /** Takes all of a DAG into the archive, pins and records it. What came stays there also where it ends before. */
  async #keep(supply: Supply, root: CID): Promise<Kept> {
    const { title, slug } = this.#options
    const { now, signal } = this.#context
    try {
      if (this.#archive?.blocks.hasSync(root) === true) supply.asking = 'ahead'
      for await (const { bytes } of walkBlocks(supply, [root], signal)) this.#report(bytes.byteLength)
      const intake = await this.#getIntake()
      await intake.assertWhole(root, root.toString())
      const recorded = intake.recorded(root)
      const { describeRoot } = await import('../archive/describe-root.ts')
      const draft = recorded ?? (await describeRoot(intake.blocks, root, { event: 'fetch', title, slug, now, signal }))
      const [kept] = await intake.keep([{ root, draft, slugGiven: slug !== undefined }])
      if (kept === undefined) throw new Error(`${root} was not kept`)
      return kept
    } catch (error) {
      // Why it ended is what counts. Of what is too new nothing stays: no later run of this ovn will want it.
      const isTooNew = error instanceof OvnError && error.code === 'unsupported'
      if (!isTooNew) await this.#intake?.leave().catch(() => undefined)
      throw error
    }
  }

  async #openArchive(readOnly = this.#options.pin !== true): Promise<Archive> {
    if (this.#archive !== undefined) return this.#archive
    const { openArchive } = await import('../archive/archive.ts')
    this.#archive = openArchive(this.#folder, { readOnly })
    return this.#archive
  }

  #getArchive(): Archive {
    if (this.#archive === undefined) throw new Error('the archive is not open')
    return this.#archive
  }

  /** An archive is made when there is something to keep. */
  async #getIntake(): Promise<Intake> {
    if (this.#intake !== undefined) return this.#intake
    const { createArchive } = await import('../archive/archive.ts')
    const { Intake } = await import('../archive/intake.ts')
    this.#archive ??= createArchive(this.#folder)
    this.#intake ??= new Intake(this.#archive, this.#context.signal)
    return this.#intake
  }

  #outcome(notices: readonly Problem[] = []): Pick<Fetched, 'sources' | 'failed' | 'notices'> {
    const damaged = this.#supply?.damaged ?? 0
    const damage = this.#car?.damage
    return {
      sources: this.#supply?.served ?? [],
      failed: (this.#supply?.reports ?? []).flatMap(({ name, failures }) =>
        failures.map((failure) => ({ source: name, ...failure })),
      ),
      notices: [
        ...notices,
        ...(damage === undefined
          ? []
          : [{ file: this.#options.car ?? '', message: `not all of it was used: ${damage.message}` }]),
        ...(damaged === 0 || this.#options.pin === true
          ? []
          : [
              {
                file: this.#folder,
                message: `${damaged} of its blocks are damaged`,
                hint: `heal them with \`ovn fetch --repair ${this.#ref}\``,
              },
            ]),
      ],
    }
  }

  #report(count: number): void {
    this.#bytes += count
    this.#context.report({ done: 0, total: 1, bytes: this.#bytes })
  }
}

function rootOf({ root, slug }: EditionRecord): CID {
  const cid = parseCid(root)
  if (cid === undefined) throw new OvnError('damaged', `the record of ${slug} names no CID`)
  return cid
}
