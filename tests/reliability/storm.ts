// Everything at once, at random: processes that publish, withdraw, import, export, check, clean up and rebuild one archive while it is
// served, and a share of their reads fails. Each worker knows what must be true of its own articles; whatever an answer says is compared
// with that, and at the end all of the archive is.

import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { startOvn } from '../cli/ovn.ts'
import { checkIndependently } from '../independent/check.ts'
import { canInjectFaults, compileFaults, type Faults, faultEnvironment, readFaultLog } from './faults.ts'
import { inFolder, type Outcome, pick, type Random, type Row, randomFrom } from './harness.ts'
import { readBundle } from './read-bundle.ts'
import { areShown, type Edition, type ShownEdition, StormArticle, variants } from './storm-model.ts'

export interface StormOptions {
  readonly seed: number
  readonly seconds: number
  readonly workers?: number
  /** Told of every archive that was judged. */
  readonly onRound?: (text: string) => void
}

/** An archive is left, and judged, after so many seconds: it must not become too large to be judged often. */
const roundSeconds = 120

/** What is done to a command: to one in two nothing; one read in a hundred fails on the whole. */
function chooseFaults(random: Random): Faults {
  const chances: readonly Faults[] = [{}, {}, {}, {}, { readsIn: 100 }, { readsIn: 20 }, { readAt: 1 + random(40) }]
  return pick(random, chances)
}

/** The same for what deletes: it must not take what it could not read for what is not there. */
function chooseSweepFaults(random: Random): Faults {
  return pick<Faults>(random, [{}, { readsIn: 100 }, { readAt: 1 + random(100) }, { readAt: 1 + random(100) }])
}

/** The articles of a worker. */
const articlesEach = 3

/** Seconds after which a command hangs. */
const patience = 90

const storageExit = 6

/** Storms on one archive after another until the time is over, or something did not hold. */
export async function storm({ seed, seconds, workers = 4, onRound }: StormOptions): Promise<Outcome> {
  const tally = new Tally()
  const failures: string[] = []
  const end = performance.now() + 1000 * seconds
  for (let round = 0; failures.length === 0; round += 1) {
    const left = (end - performance.now()) / 1000
    if (round > 0 && left < Math.min(10, seconds / 2)) break
    await inFolder(async (folder) => {
      const place = new Storm(realpathSync(folder), seed + round, tally)
      await place.run(Math.min(roundSeconds, left), workers)
      failures.push(...place.failures.map((failure) => `seed ${seed + round}: ${failure}`))
    })
    onRound?.(`round ${round + 1}, seed ${seed + round}: ${failures.length} failures; so far ${tally}`)
  }
  return { done: String(tally), failures }
}

/** How often what was done, and how often reads were made to fail in it. */
class Tally {
  readonly #done = new Map<string, number>()
  readonly #ended = new Map<string, number>()
  #reads = 0

  count(kind: string): void {
    this.#done.set(kind, (this.#done.get(kind) ?? 0) + 1)
  }

  /** Counts reads that failed, and what ended with an error for it. */
  countFaults(kind: string, reads: number, hasEnded: boolean): void {
    this.#reads += reads
    if (hasEnded) this.#ended.set(kind, (this.#ended.get(kind) ?? 0) + 1)
  }

  toString(): string {
    const all = [...this.#done.values()].reduce((sum, count) => sum + count, 0)
    const ended = [...this.#ended.values()].reduce((sum, count) => sum + count, 0)
    const each = [...this.#done].sort().map(([kind, count]) => {
      const errors = this.#ended.get(kind)
      return `${kind} ${count}${errors === undefined ? '' : ` (${errors} ended)`}`
    })
    return `${all} operations, ${this.#reads} failing reads, which ended ${ended} of them: ${each.join(', ')}`
  }
}

/** How a command ended: well; as it may, for a reason of its own; or for a read that was made to fail. */
// biome-ignore lint/suspicious/noExplicitAny: what is expected of an answer is said where it is looked at.
type Run = { readonly end: 'well'; readonly value: any } | { readonly end: 'refused' | 'failed' }

interface RunOptions {
  /** Exit codes that are right here, also where no read failed. */
  readonly accept?: readonly number[]
  /** Exit codes that are right where a read failed. */
  readonly acceptFailed?: readonly number[]
  /** What is done to it, if not what happens to most. */
  readonly faults?: Faults
  readonly onStart?: (child: ChildProcess) => void
}

interface Served {
  readonly port: number
  readonly faultsLog: string | undefined
  stop(): Promise<void>
}

class Storm {
  readonly failures: string[] = []
  readonly #cwd: string
  readonly #archive: string
  readonly #seed: number
  readonly #tally: Tally
  readonly #library: string | undefined
  readonly #articles: StormArticle[] = []
  /** SHA-256 of the CAR of a root: there is one way to write it. */
  readonly #cars = new Map<string, string>()
  /** Roots whose withdrawal ended with an error: their pins may have been left. */
  readonly #leftPins = new Set<string>()
  #servers: Served[] = []
  #rebuilds = 0
  #rebuilding = 0
  #runs = 0
  /** How many locks a sweep lets go from its beginning to its end. */
  #sweepLocks = 40
  #end = 0

  constructor(cwd: string, seed: number, tally: Tally) {
    this.#cwd = cwd
    this.#archive = join(cwd, 'archive')
    this.#seed = seed
    this.#tally = tally
    for (const name of ['cars', 'out', 'faults']) mkdirSync(join(cwd, name))
    this.#library = canInjectFaults ? compileFaults(cwd) : undefined
  }

  async run(seconds: number, workers: number): Promise<void> {
    this.#end = performance.now() + 1000 * seconds
    await this.#ovn('init', ['init', '--name', 'Storm'], { faults: {} })
    try {
      this.#servers = await Promise.all([
        this.#serve({}),
        ...(this.#library === undefined ? [] : [this.#serve({ readsIn: 100 })]),
      ])
      await Promise.all(Array.from({ length: workers }, (_, index) => this.#work(index)))
    } finally {
      await Promise.all(this.#servers.map((server) => server.stop()))
    }
    if (this.failures.length === 0) await this.#judge()
  }

  /** One worker, with articles of its own. */
  async #work(index: number): Promise<void> {
    const random = randomFrom(this.#seed * 31 + index)
    const own = Array.from({ length: articlesEach }, (_, each) => new StormArticle(`w${index}-${each}`, each === 0))
    this.#articles.push(...own)
    const operations: readonly (readonly [weight: number, (article: StormArticle) => Promise<void>])[] = [
      [10, (article) => this.#publish(article, random(variants), random)],
      [3, (article) => this.#publish(article, article.newest?.variant ?? 0, random)],
      [4, (article) => this.#unpublish(article, pickSome(random, article))],
      [2, (article) => this.#unpublish(article, article.editions)],
      [8, (article) => this.#duel(article, random)],
      [3, (article) => this.#bringBack(article, random)],
      [4, (article) => this.#export(article, random)],
      [2, (article) => this.#exportFolder(article, random)],
      [1, () => this.#exportAll(own)],
      [2, (article) => this.#fetch(article, random)],
      [2, () => this.#list(own)],
      [2, (article) => this.#log(article)],
      [3, (article) => this.#show(article, random)],
      [2, () => this.#verify([])],
      [2, (article) => this.#verify([article.slug])],
      [4, () => this.#collect(random)],
      [1, () => this.#planCollection()],
      [1, () => this.#rebuild()],
      [10, (article) => this.#ask(article, random)],
    ]
    const all = operations.flatMap(([weight, operation]) => Array.from({ length: weight }, () => operation))
    while (performance.now() < this.#end && this.failures.length === 0) {
      const article = pick(random, own)
      try {
        if (article.unclear !== undefined && random(2) === 0)
          await this.#publish(article, article.unclear.variant, random)
        await pick(random, all)(article)
      } catch (error) {
        this.#fail(article.slug, error instanceof Error ? (error.stack ?? error.message) : String(error))
      }
    }
  }

  #fail(what: string, why: string): void {
    this.failures.push(`${what}: ${why}`)
  }

  #assert(holds: boolean, what: string, why: unknown): void {
    if (!holds) this.#fail(what, typeof why === 'string' ? why : JSON.stringify(why))
  }

  /** Runs a command; in some of them reads fail. An end that cannot be right is a failure. */
  async #ovn(kind: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
    const { accept = [], acceptFailed = [] } = options
    this.#runs += 1
    const number = this.#runs
    const faults = options.faults ?? chooseFaults(randomFrom(this.#seed + number))
    const log = join(this.#cwd, 'faults', String(number))
    const command = [...args, '--json', '-C', this.#archive]
    const { child, ended } = startOvn(command, { cwd: this.#cwd, env: this.#environment(faults, number, log) })
    options.onStart?.(child)
    const hanging = setTimeout(() => child.kill('SIGKILL'), 1000 * patience)
    const { status, stdout, stderr } = await ended
    clearTimeout(hanging)
    const { reads, locks } = readFaultLog(log)
    rmSync(log, { force: true })
    this.#tally.count(kind)
    this.#tally.countFaults(kind, reads.length, reads.length > 0 && status !== 0)
    if (kind === 'gc' && status === 0) this.#sweepLocks = locks ?? this.#sweepLocks
    if (status === 0) return { end: 'well', value: JSON.parse(stdout) }
    if (accept.includes(status ?? -1)) return { end: 'refused' }
    const hasFailed = reads.length > 0 && [storageExit, ...acceptFailed].includes(status ?? -1)
    if (!hasFailed) {
      const failed = reads.map((file) => file.slice(this.#archive.length + 1)).join(', ')
      const how = `ended with ${status}, reads that failed: ${failed || 'none'}`
      this.#fail(`ovn ${args.join(' ')}`, `${how}: ${stdout}${stderr}`)
    }
    return { end: 'failed' }
  }

  #environment(faults: Faults, seed: number, log: string): NodeJS.ProcessEnv {
    if (this.#library === undefined) return {}
    return faultEnvironment(faults, { library: this.#library, below: this.#archive, seed, log })
  }

  /** What is on record of an article, as `ovn log` has it when all reads succeed. */
  async #look(article: StormArticle): Promise<readonly ShownEdition[]> {
    const run = await this.#ovn('log', ['log', article.slug], { faults: {}, accept: [4] })
    return run.end === 'well' ? run.value.versions : []
  }

  // What changes an article.

  async #publish(article: StormArticle, variant: number, random: Random): Promise<void> {
    // What may have been pinned by a run that failed is published before anything else, as its user would.
    const text = article.unclear?.variant ?? variant
    const expected = article.expect(text)
    const file = article.write(join(this.#cwd, 'articles'), text)
    const chosen = expected === 'next' && random(3) === 0 ? ['--note', `Because of ${random(1000)}.`] : []
    const note = article.unclear?.note ?? chosen
    const rebuilds = this.#rebuilds
    const wasRebuilding = this.#rebuilding > 0
    const run = await this.#ovn('publish', ['publish', file, ...note])
    const what = `publishing text ${text} of ${article.slug}, ${expected}`
    if (run.end === 'well') {
      const [said] = run.value.articles
      const editions = article.published(text, said.root)
      const wanted = editions.findLast(({ root }) => root === said.root)
      // A rebuild records what is pinned and has no line, also in the moment before its publisher does.
      const mayBeRecorded = article.unclear !== undefined || wasRebuilding || this.#rebuilds !== rebuilds
      const isRight =
        said.slug === article.slug &&
        said.version === wanted?.version &&
        (expected === 'next' ? said.previous === article.newest?.root : said.root === article.newest?.root) &&
        (expected !== 'next' || article.editions.every(({ root }) => root !== said.root)) &&
        (said.status === (expected === 'unchanged' ? 'unchanged' : 'published') || mayBeRecorded)
      this.#assert(isRight, what, { said, editions: article.editions })
      article.editions = editions
      article.unclear = undefined
      return
    }
    const shown = await this.#look(article)
    if (areShown(shown, article.editions)) {
      if (expected !== 'unchanged') article.unclear = { variant: text, note }
      return
    }
    const newest = shown.reduce<ShownEdition | undefined>(
      (a, b) => (a !== undefined && a.version > b.version ? a : b),
      undefined,
    )
    const after = article.published(text, newest?.root ?? '')
    this.#assert(areShown(shown, after), what, { failed: true, shown, editions: article.editions })
    article.editions = after
    article.unclear = undefined
  }

  async #unpublish(article: StormArticle, chosen: readonly Edition[]): Promise<void> {
    if (article.unclear !== undefined) return
    const isAll = chosen.length === article.editions.length && chosen.length !== 1
    const ref = isAll ? article.slug : `${article.slug}@${chosen[0]?.version}`
    const accept = chosen.length === 0 ? [4] : []
    const run = await this.#ovn('unpublish', ['unpublish', ref, '--reason', 'It was to be.'], { accept })
    const after = article.withdrawn(chosen)
    const what = `withdrawing ${ref}`
    if (run.end === 'well') {
      const said = run.value.articles.map(({ root, status }: { root: string; status: string }) => `${root} ${status}`)
      const wanted = chosen.map(({ root, live }) => `${root} ${live ? 'withdrawn' : 'already'}`)
      this.#assert(String(said) === String(wanted), what, { said, wanted })
      for (const { root } of chosen) this.#leftPins.delete(root)
      article.editions = after
    } else if (run.end === 'failed') {
      const shown = await this.#look(article)
      const isDone = areShown(shown, after)
      this.#assert(isDone || areShown(shown, article.editions), what, { shown, editions: article.editions })
      for (const { root } of chosen) this.#leftPins.add(root)
      if (isDone) article.editions = after
    }
  }

  /** What was withdrawn is published again while its blocks are being swept away: the sweep stands still somewhere on its way. */
  async #duel(article: StormArticle, random: Random): Promise<void> {
    if (article.newest === undefined || article.unclear !== undefined) return
    if (article.newest.live) await this.#unpublish(article, article.editions)
    const { live, variant } = article.newest
    if (live) return
    const faults = { stopAfter: 1 + random(this.#sweepLocks) }
    const started = Promise.withResolvers<ChildProcess>()
    const collecting = this.#ovn('gc', ['gc'], { accept: [storageExit], faults, onStart: started.resolve })
    const sweep = await started.promise
    while (sweep.exitCode === null && !isStopped(sweep.pid)) await sleep(2)
    if (sweep.exitCode === null) this.#tally.count('sweep stopped on its way')
    await this.#publish(article, variant, random)
    sweep.kill('SIGCONT')
    await collecting
    if (article.unclear === undefined) await this.#verify([article.slug], {})
  }

  /** Keeps an edition again, or still, that was exported before. */
  async #bringBack(article: StormArticle, random: Random): Promise<void> {
    const saved = article.editions.filter(({ root }) => this.#cars.has(root))
    if (saved.length === 0 || article.unclear !== undefined) return
    const { root, version, live } = pick(random, saved)
    const car = join('cars', `${root}.car`)
    const isImport = random(2) === 0
    const run = isImport
      ? await this.#ovn('import', ['import', car, '--slug', article.slug])
      : await this.#ovn('fetch', ['fetch', root, '--pin', '--car', car, '--slug', article.slug])
    const after = article.kept(root)
    const what = `${isImport ? 'importing' : 'fetching'} ${article.slug}@${version}`
    if (run.end === 'well') {
      const said = isImport ? run.value.articles[0] : { ...run.value.article, status: run.value.status }
      const status = live ? 'unchanged' : isImport ? 'imported' : 'fetched'
      const isRight =
        said.root === root && said.version === version && said.slug === article.slug && said.status === status
      this.#assert(isRight, what, said)
      article.editions = after
      return
    }
    const shown = await this.#look(article)
    const isDone = areShown(shown, after)
    this.#assert(isDone || areShown(shown, article.editions), what, { shown, editions: article.editions })
    if (isDone) article.editions = after
  }

  // What looks at an article.

  async #export(article: StormArticle, random: Random): Promise<void> {
    if (article.live.length === 0) return
    const { root, version } = pick(random, article.live)
    const file = join('cars', `${root}.car`)
    const run = await this.#ovn('export', ['export', `${article.slug}@${version}`, '-o', file])
    if (!existsSync(join(this.#cwd, file))) return this.#assert(run.end === 'failed', file, 'it was not written')
    this.#noteCar(`the CAR of ${article.slug}@${version}`, root, readFileSync(join(this.#cwd, file)))
  }

  #noteCar(what: string, root: string, bytes: Uint8Array): void {
    const hash = hashOf(bytes)
    this.#assert(hash === (this.#cars.get(root) ?? hash), what, 'it is another than before')
    if (!this.#cars.has(root) && existsSync(join(this.#cwd, 'cars', `${root}.car`))) this.#cars.set(root, hash)
  }

  async #exportFolder(article: StormArticle, random: Random): Promise<void> {
    if (article.live.length === 0) return
    const { version, variant } = pick(random, article.live)
    const folder = join('out', `folder-${article.slug}`)
    const run = await this.#ovn('export', ['export', `${article.slug}@${version}`, '--format', 'folder', '-o', folder])
    this.#judgeFolder(article, variant, folder, run)
  }

  async #fetch(article: StormArticle, random: Random): Promise<void> {
    if (article.live.length === 0) return
    const { version, variant, root } = pick(random, article.live)
    const folder = join('out', `fetched-${article.slug}`)
    const ref = random(2) === 0 ? root : `${article.slug}@${version}`
    const run = await this.#ovn('fetch', ['fetch', ref, '-o', folder])
    this.#judgeFolder(article, variant, folder, run)
  }

  #judgeFolder(article: StormArticle, variant: number, folder: string, run: Run): void {
    const place = join(this.#cwd, folder)
    this.#assert(existsSync(place) === (run.end === 'well'), folder, 'it is there, or not there, against what was said')
    if (run.end === 'well') {
      for (const [path, bytes] of article.files(variant)) {
        this.#assert(readFileSync(join(place, path)).equals(bytes), `${folder}/${path}`, 'it has other bytes')
      }
    }
    rmSync(place, { recursive: true, force: true })
  }

  async #exportAll(own: readonly StormArticle[]): Promise<void> {
    const folder = join('out', `all-${own[0]?.slug}`)
    const live = own.flatMap(({ live, slug }) => live.map((edition) => ({ slug, ...edition })))
    if (live.length === 0) return
    const run = await this.#ovn('export --all', ['export', '--all', '-o', folder], { acceptFailed: [7] })
    if (run.end === 'well') {
      for (const { slug, version, root } of live) {
        const file = join(this.#cwd, folder, `${slug}@${version}.car`)
        this.#assert(existsSync(file), file, 'it was not written')
        if (existsSync(file)) this.#noteCar(file, root, readFileSync(file))
      }
    }
    rmSync(join(this.#cwd, folder), { recursive: true, force: true })
  }

  async #list(own: readonly StormArticle[]): Promise<void> {
    const run = await this.#ovn('list', ['list', '--all-versions', '--withdrawn'], { accept: [] })
    if (run.end !== 'well') return
    for (const article of own)
      this.#judgeShown(
        article,
        run.value.articles.filter(({ slug }: ShownEdition) => slug === article.slug),
      )
  }

  async #log(article: StormArticle): Promise<void> {
    const run = await this.#ovn('log', ['log', article.slug], { accept: article.editions.length === 0 ? [4] : [] })
    if (run.end === 'well') this.#judgeShown(article, run.value.versions)
  }

  #judgeShown(article: StormArticle, shown: readonly ShownEdition[]): void {
    if (article.unclear !== undefined) return
    this.#assert(areShown(shown, article.editions), `what is shown of ${article.slug}`, {
      shown,
      editions: article.editions,
    })
  }

  async #show(article: StormArticle, random: Random): Promise<void> {
    if (article.editions.length === 0) return
    const { version, root, variant, live } = pick(random, article.editions)
    const run = await this.#ovn('show', ['show', `${article.slug}@${version}`])
    if (run.end !== 'well') return
    const { article: said, pinned, files } = run.value
    const source = files.find(({ path }: { path: string }) => path === 'article.md')
    const isRight = said.root === root && (!live || (pinned && source?.cid === article.source(variant)))
    this.#assert(isRight, `showing ${article.slug}@${version}`, run.value)
  }

  // What goes over all of the archive.

  async #verify(refs: readonly string[], faults?: Faults): Promise<void> {
    const isUnknown = this.#articles.some(({ slug, editions }) => slug === refs[0] && editions.length === 0)
    const options = { accept: isUnknown ? [4] : [], acceptFailed: [7], ...(faults === undefined ? {} : { faults }) }
    const run = await this.#ovn('verify', ['verify', ...refs], options)
    if (run.end === 'well') this.#assert(run.value.state === 'intact', 'ovn verify', run.value)
  }

  async #collect(random: Random): Promise<void> {
    // Another one may be at work.
    await this.#ovn('gc', ['gc'], { accept: [storageExit], faults: chooseSweepFaults(random) })
  }

  async #planCollection(): Promise<void> {
    await this.#ovn('gc --dry-run', ['gc', '--dry-run'])
  }

  async #rebuild(): Promise<void> {
    this.#rebuilds += 1
    this.#rebuilding += 1
    const run = await this.#ovn('rebuild', ['rebuild'])
    this.#rebuilding -= 1
    if (run.end !== 'well') return
    const { damaged, lost, torn, problems } = run.value
    this.#assert([...damaged, ...lost, ...problems].length === 0 && torn === 0, 'ovn rebuild', run.value)
  }

  // The servers.

  async #serve(faults: Faults): Promise<Served> {
    const faultsLog = faults.readsIn === undefined ? undefined : join(this.#cwd, 'faults', 'serve')
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const env = faultsLog === undefined ? {} : this.#environment(faults, this.#seed + attempt, faultsLog)
      const { child, ended } = startOvn(['serve', '--port', '0', '--json', '-C', this.#archive], {
        cwd: this.#cwd,
        env,
      })
      const ready = new Promise<string>((resolve) => child.stdout.once('data', resolve))
      const first = await Promise.race([ready, ended])
      // It may not get past the opening of the archive.
      if (typeof first !== 'string' && faultsLog !== undefined && first.status === storageExit) continue
      if (typeof first !== 'string') throw new Error(`ovn serve ended with ${first.status}: ${first.stderr}`)
      let stopped = false
      const watched = ended.then(({ status, stderr }) => {
        if (!stopped || status !== 0) this.#fail('ovn serve', `ended with ${status}: ${stderr.slice(-2000)}`)
      })
      const stop = async () => {
        stopped = true
        child.kill('SIGTERM')
        await watched
        if (faultsLog !== undefined) this.#tally.countFaults('serve', readFaultLog(faultsLog).reads.length, false)
      }
      return { port: JSON.parse(first).port, faultsLog, stop }
    }
    throw new Error('ovn serve did not start')
  }

  /** Asks a server for what is kept, and for what is not any more. */
  async #ask(article: StormArticle, random: Random): Promise<void> {
    const server = pick(random, this.#servers)
    for (let number = 0; number < 6 && article.editions.length > 0; number += 1) {
      const { root, variant, live } = pick(random, article.editions)
      const files = article.files(variant)
      if (!live) {
        await this.#get(server, `/ipfs/${root}/article.md`, 410)
        continue
      }
      const [path, bytes] = pick(random, [...files])
      switch (random(5)) {
        case 0:
          await this.#get(server, `/ipfs/${root}?format=raw`, 200, (body) => isBlockOf(root, body))
          break
        case 1:
          await this.#get(
            server,
            `/ipfs/${root}?format=car`,
            200,
            (body) => hashOf(body) === (this.#cars.get(root) ?? hashOf(body)),
          )
          break
        case 2:
          await this.#get(server, `/ipfs/${article.source(variant)}?format=raw`, 200, (body) =>
            body.equals(files.get('article.md') as Uint8Array),
          )
          break
        case 3:
          await this.#get(server, `/${article.slug}/`, article.live.length > 0 ? 200 : 410, (body) =>
            body.includes(`Article ${article.slug}`),
          )
          break
        default:
          await this.#get(server, `/ipfs/${root}/${path}`, 200, (body) => body.equals(bytes))
      }
    }
  }

  async #get(
    server: Served,
    path: string,
    wanted: number,
    isRight: (body: Buffer) => boolean = () => true,
  ): Promise<void> {
    const mayFail = server.faultsLog !== undefined
    const kind = mayFail ? 'request with failing reads' : 'request'
    this.#tally.count(kind)
    let status: number
    let body: Buffer
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
        signal: AbortSignal.timeout(1000 * patience),
      })
      status = response.status
      body = Buffer.from(await response.arrayBuffer())
    } catch (error) {
      this.#tally.countFaults(kind, 0, true)
      return this.#assert(mayFail, path, `it was broken off: ${error}`)
    }
    if (mayFail && status >= 500) return this.#tally.countFaults(kind, 0, true)
    this.#assert(status === wanted, path, `${status} instead of ${wanted}: ${body.toString('utf8', 0, 500)}`)
    if (status === wanted) this.#assert(isRight(body), path, 'it has other bytes')
  }

  // The end.

  /** Compares the archive with what must be true, when nothing is under way any more and all reads succeed. */
  async #judge(): Promise<void> {
    const clean = { faults: {} }
    const random = randomFrom(this.#seed)
    for (const article of this.#articles) {
      for (let attempt = 0; article.unclear !== undefined && attempt < 20; attempt += 1) {
        await this.#publish(article, article.unclear.variant, random)
      }
      this.#judgeShown(article, await this.#look(article))
    }
    const live = this.#articles.flatMap((article) => article.live.map((edition) => ({ article, edition })))
    const listed = await this.#ovn('list', ['list', '--all-versions', '--withdrawn'], clean)
    const count = this.#articles.reduce((sum, { editions }) => sum + editions.length, 0)
    if (listed.end === 'well') this.#assert(listed.value.articles.length === count, 'ovn list', listed.value.articles)
    await this.#verify([], {})
    this.#judgeIndependently(live, false)
    await this.#ovn('gc', ['gc'], clean)
    const verified = await this.#ovn('verify', ['verify'], clean)
    if (verified.end === 'well') {
      const { state, strays, notices, editions } = verified.value
      const isRight = state === 'intact' && strays.blocks === 0 && notices.length === 0 && editions === live.length
      this.#assert(isRight, 'ovn verify after ovn gc', verified.value)
    }
    this.#judgeIndependently(live, true)
    if (live.length > 0) await this.#ovn('export --all', ['export', '--all', '-o', 'all'], clean)
    for (const { article, edition } of live) {
      const what = `${article.slug}@${edition.version}`
      const bundle = await readBundle(readFileSync(join(this.#cwd, 'all', `${what}.car`)), edition.root)
      for (const [path, bytes] of article.files(edition.variant)) {
        const content = bundle.get(path)
        this.#assert(
          content !== undefined && Buffer.compare(content, bytes) === 0,
          `${what}/${path}`,
          'it has other bytes',
        )
      }
    }
    const own = /^(manifest\.jsonl|blocks\.sqlite(-journal)?|config\.json|reserve|gc\.lock|hold-.*\.lock)$/
    const left = readdirSync(this.#archive).filter((name) => !own.test(name))
    this.#assert(left.length === 0, 'the folder of the archive', left)
  }

  /** By the checker that shares no code with ovn. */
  #judgeIndependently(live: readonly { article: StormArticle; edition: Edition }[], isSwept: boolean): void {
    const checked = checkIndependently(this.#archive)
    if (checked === undefined) return
    const { state, editions, withdrawn, damage, notices, strays } = checked
    this.#assert(state === 'intact', 'the independent checker', damage)
    const named = (all: readonly { article: string; root: string }[]) =>
      all.map(({ article, root }) => `${article} ${root}`).sort()
    const wanted = live.map(({ article, edition }) => ({
      article: `${article.slug}@${edition.version}`,
      root: edition.root,
    }))
    this.#assert(String(named(editions)) === String(named(wanted)), 'the independent checker', { editions, wanted })
    const gone = this.#articles.flatMap((article) =>
      article.editions.filter(({ live }) => !live).map(({ root }) => root),
    )
    this.#assert(String([...withdrawn].sort()) === String(gone.sort()), 'the independent checker', { withdrawn, gone })
    const unexplained = notices.filter(
      ({ message }) => isSwept || ![...this.#leftPins].some((root) => message.includes(root)),
    )
    this.#assert(unexplained.length === 0, 'the independent checker', unexplained)
    if (isSwept)
      this.#assert(strays === 0, 'the independent checker', `${strays} blocks that nothing needs after ovn gc`)
  }
}

/** Whether a process stands still, as far as can be seen here. */
function isStopped(pid: number | undefined): boolean {
  try {
    return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** One edition of an article, or none where it has none. */
function pickSome(random: Random, { editions }: StormArticle): readonly Edition[] {
  return editions.length === 0 ? [] : [pick(random, editions)]
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Whether bytes are those that a CID names. */
function isBlockOf(root: string, bytes: Uint8Array): boolean {
  return createHash('sha256').update(bytes).digest().equals(CID.parse(root).multihash.digest)
}

export const rows: readonly Row[] = [
  {
    name: 'storm',
    holds: 'everything at once, 1 % of reads failing: equals the model, nothing lost, no wrong byte, no false alarm',
    run: (seed) =>
      storm({
        seed,
        seconds: Number(process.env.OVN_STORM_SECONDS ?? 3600),
        onRound: (text) => process.stderr.write(`${text}\n`),
      }),
  },
]
