// Hostile DAGs that `ovn fetch` is asked to write to disk, from a CAR and from a gateway, watched by strace: every path that the
// process opens for writing, makes, links, renames or removes lies in the partial folder of the target, or is the target itself.

import { spawn, spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binary, environment } from '../cli/ovn.ts'
import { type Block, carOf, directoryBlock, rawBlock } from '../dag/hostile-cars.ts'
import { anyDirectory, hello, hostileFolders, symlinkBlock } from '../dag/hostile-folders.ts'
import { inFolder, type Outcome, type Row } from './harness.ts'

export const hasStrace = spawnSync('strace', ['-V']).status === 0

const driver = fileURLToPath(new URL('folder-driver.ts', import.meta.url))

/** Where Node and the tests keep what has nothing to do with a fetch. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))

/** One fetch of a DAG. */
export interface Job {
  readonly name: string
  readonly root: string
  readonly car?: string
  readonly gateway?: string
  readonly pin?: boolean
  readonly force?: boolean
  /** Where it is written. */
  readonly output: string
}

interface Bundle {
  readonly name: string
  readonly blocks: readonly Block[]
  readonly isGood?: boolean
  readonly isHeavy?: boolean
}

const world = rawBlock('world')
const below = directoryBlock([['b', hello.cid]])
const link = symlinkBlock('../../../evil')

/** What may be written, and shows that what is watched does happen. */
const good: readonly Bundle[] = [
  { name: 'a file', blocks: [hello], isGood: true },
  { name: 'a folder', blocks: [directoryBlock([['a', world.cid]]), world], isGood: true },
  {
    name: 'a folder with links that lead elsewhere, and an odd name',
    blocks: [
      anyDirectory([
        ['10:30?', hello.cid],
        ['c', below.cid],
        ['l', link.cid],
      ]),
      hello,
      below,
      link,
    ],
    isGood: true,
  },
]

const bundles: readonly Bundle[] = [
  ...hostileFolders.map(({ name, make, isHeavy = false }) => ({ name, blocks: make(), isHeavy })),
  ...good,
]

export interface FolderOptions {
  /** The binary for every fetch, and every way to fetch; else one process calls the command's function for all, and a few heavy ones once. */
  readonly asBinary: boolean
}

export async function writeHostileFolders({ asBinary }: FolderOptions): Promise<Outcome> {
  return inFolder(async (folder) => {
    const work = join(folder, 'place', 'work')
    makeSurroundings(folder, work)
    const before = snapshot(folder, work)
    const { url, close } = await serveBundles()
    const failures: string[] = []
    let changes = 0
    try {
      const jobs = await makeJobs(folder, url, asBinary)
      for (const batch of asBinary ? jobs.map((job) => [job]) : [jobs]) {
        const { calls, endings } = await watch(folder, work, batch, asBinary)
        changes += calls.length
        failures.push(...calls.flatMap(({ job, line, why }) => (why === undefined ? [] : [`${job}: ${why}: ${line}`])))
        for (const [index, job] of batch.entries()) {
          const isGood = good.some(({ name }) => job.name.startsWith(`${name}, `))
          const ending = endings[index]
          if (ending !== (isGood ? 'fetched' : 'refused')) failures.push(`${job.name}: ${ending ?? 'it did not end'}`)
        }
      }
      const after = snapshot(folder, work)
      for (const path of new Set([...before.keys(), ...after.keys()])) {
        if (before.get(path) !== after.get(path))
          failures.push(`${path} was ${before.get(path)}, is ${after.get(path)}`)
      }
      failures.push(...listStrange(work))
      return { done: `${bundles.length} bundles, ${jobs.length} fetches, ${changes} changes to the disk`, failures }
    } finally {
      close()
    }
  })
}

/** Others' files, and ways out that somebody has prepared. */
function makeSurroundings(folder: string, work: string): void {
  mkdirSync(join(work, 'neighbour'), { recursive: true })
  for (const path of ['evil', 'place/evil', 'place/work/evil', 'place/work/neighbour/evil', 'article.md']) {
    writeFileSync(join(folder, path), `precious ${path}`)
  }
  symlinkSync('../evil', join(work, 'way'))
  // What an earlier run of a folder seems to have left: a link where a file is to be written.
  const gone = spawnSync('true').pid
  const root = directoryBlock([['a', world.cid]]).cid.toString()
  const planted = join(work, `.planted.${root.slice(-12)}.${gone}.partial`, 'new')
  mkdirSync(planted, { recursive: true, mode: 0o700 })
  symlinkSync('../../../evil', join(planted, 'a'))
  symlinkSync('../../..', join(planted, 'b'))
}

async function makeJobs(folder: string, url: string, withAll: boolean): Promise<Job[]> {
  const jobs: Job[] = []
  mkdirSync(join(folder, 'cars'))
  for (const [index, { name, blocks, isHeavy = false, isGood = false }] of bundles.entries()) {
    const root = (blocks[0] as Block).cid
    const car = join(folder, 'cars', `${index}.car`)
    writeFileSync(car, await carOf([root], blocks))
    const gateway = `${url}/${index}`
    const job = { root: root.toString(), output: `${isGood ? 'good' : 'out'}-${index}` }
    jobs.push({ ...job, name: `${name}, from a CAR`, car })
    if (isHeavy && !withAll) continue
    const again = isGood ? { force: true } : {}
    jobs.push({ ...job, ...again, name: `${name}, from a gateway`, gateway })
    if (withAll && !isGood) jobs.push({ ...job, name: `${name}, into the archive`, gateway, pin: true })
  }
  const plain = jobs.find(({ name }) => name === 'a folder, from a CAR') as Job
  return [...jobs, { ...plain, name: 'a folder, over what was planted', output: 'planted' }]
}

/** A gateway of every bundle, below a path of its own. */
async function serveBundles(): Promise<{ url: string; close: () => void }> {
  const server = createServer(async (request, response) => {
    const [, index, cid] = /^\/(\d+)\/ipfs\/(\w+)\?/.exec(request.url ?? '') ?? []
    const blocks = bundles[Number(index)]?.blocks ?? []
    const block = blocks.find((each) => each.cid.toString() === cid)
    if (block === undefined) response.writeHead(404).end()
    else if (request.url?.includes('format=raw') === true) {
      response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw' }).end(block.bytes)
    } else {
      response.writeHead(200, { 'content-type': 'application/vnd.ipld.car' }).end(await carOf([block.cid], blocks))
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** A call that changes the disk, and why it may not. */
interface Call {
  readonly job: string
  readonly line: string
  readonly why: string | undefined
}

const traced = [
  ...[
    'open',
    'openat',
    'openat2',
    'creat',
    'mkdir',
    'mkdirat',
    'mknod',
    'mknodat',
    'symlink',
    'symlinkat',
    'link',
    'linkat',
  ],
  ...[
    'rename',
    'renameat',
    'renameat2',
    'unlink',
    'unlinkat',
    'rmdir',
    'chmod',
    'fchmod',
    'fchmodat',
    'chown',
    'lchown',
    'fchown',
  ],
  ...[
    'fchownat',
    'truncate',
    'ftruncate',
    'setxattr',
    'lsetxattr',
    'fsetxattr',
    'utime',
    'utimes',
    'utimensat',
    'access',
    'mount',
  ],
]

/** Runs fetches one after another under strace. */
async function watch(
  folder: string,
  work: string,
  jobs: readonly Job[],
  asBinary: boolean,
): Promise<{ calls: Call[]; endings: string[] }> {
  const log = join(folder, 'strace.log')
  writeFileSync(join(folder, 'jobs.json'), JSON.stringify(jobs))
  const command = asBinary ? [binary, ...argumentsOf(jobs[0] as Job)] : [driver, join(folder, 'jobs.json')]
  const strace = ['-f', '--seccomp-bpf', '-y', '-s', '4096', '-o', log, '-e', `trace=${traced.join(',')}`]
  const child = spawn('strace', [...strace, process.execPath, ...command], { cwd: work, env: environment() })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const status = await new Promise<number | null>((done) => child.on('close', done))
  const lines = joinLines(readFileSync(log, 'utf8'))
  const calls: Call[] = []
  let job = asBinary ? (jobs[0] as Job).name : 'before all'
  for (const line of lines) {
    const mark = /^access\("\/ovn-job-(\d+)"/.exec(line)?.[1]
    if (mark !== undefined) job = jobs[Number(mark)]?.name ?? job
    const pin = jobs.find(({ name }) => name === job)?.pin === true
    if (changesDisk(line)) calls.push({ job, line, why: faultOf(line, work, pin) })
  }
  if (!asBinary) {
    if (status !== 0) throw new Error(`the driver ended with ${status}: ${stderr}`)
    return { calls, endings: stdout.split('\n').filter((each) => each !== '') }
  }
  const isBug = status === null || status === 1 || status > 7 || /\n {4}at /.test(stderr)
  return { calls, endings: [isBug ? `it ended with ${status}: ${stderr}` : status === 0 ? 'fetched' : 'refused'] }
}

function argumentsOf({ root, car, gateway, pin, force, output }: Job): string[] {
  return [
    ...['fetch', root, '-o', output, '--timeout', '20'],
    ...(car === undefined ? [] : ['--car', car]),
    ...(gateway === undefined ? [] : ['--gateway', gateway]),
    // An archive of its own: what one has brought is not to help the next.
    ...(pin === true ? ['--pin', '-C', `${output}-archive`] : []),
    ...(force === true ? ['--force'] : []),
  ]
}

/** The lines of a log without the numbers of threads, and each call that was interrupted by others in one line. */
function joinLines(log: string): string[] {
  const begun = new Map<string, string>()
  return log.split('\n').flatMap((whole) => {
    const [, thread = '', line = ''] = /^(\d+) +(.*)$/.exec(whole) ?? []
    const start = /^(.*) <unfinished \.\.\.>$/.exec(line)?.[1]
    if (start !== undefined) {
      begun.set(thread, start)
      return []
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(line)?.[1]
    return [rest === undefined ? line : `${begun.get(thread) ?? ''}${rest}`]
  })
}

function changesDisk(line: string): boolean {
  if (!/^\w+\(/.test(line) || /^access\(/.test(line)) return false
  if (/^open(at2?)?\(/.test(line)) return /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE/.test(line)
  return true
}

/** Why a call may not be; undefined where it may. Calls that failed are judged as those that did not. */
function faultOf(line: string, work: string, pin: boolean): string | undefined {
  const name = /^\w+/.exec(line)?.[0] ?? ''
  // SQLite gives its journal the owner of the database.
  if (pin && /^fchown\(\d+<[^>]*\/out-\d+-archive\/blocks\.sqlite-journal>, 0, 0\)/.test(line)) return undefined
  if (/^(mknod|chown|lchown|fchown|setxattr|lsetxattr|fsetxattr|mount)/.test(name))
    return 'nothing of this kind is called for'
  if (/(?:, |=)0?[1-7][0-7]{3}(?:\)|, )/.test(line.replace(/"(?:[^"\\]|\\.)*"/g, '""')))
    return 'its mode has a special bit'
  const places = placesOf(line, work)
  if (places.length === 0) return 'it names no place'
  const isIn = (place: string, base: string) => place === base || place.startsWith(`${base}/`)
  const isMoving = /^(rename|link)/.test(name)
  for (const place of places) {
    if (place.split('/').includes('..')) return `it goes up: ${place}`
    if (place === '/dev/null' || place.startsWith(cache)) continue
    if (pin && /^out-\d+-archive(\/|$)/.test(place.slice(work.length + 1))) continue
    const inside = /^\.(?:out-\d+|good-\d+|planted)\.[a-z2-7]{12}\.\d+\.partial(\/|$)/.test(
      place.slice(work.length + 1),
    )
    if (isIn(place, work) && inside) continue
    if (isMoving && /^(out-\d+|good-\d+|planted)$/.test(place.slice(work.length + 1))) continue
    return `it is outside: ${place}`
  }
  const isOurs = places.every((place) => place.startsWith(`${work}/.`))
  if (isOurs && /^open/.test(name) && !line.includes('O_NOFOLLOW')) return 'it would follow a link'
  if (isOurs && line.includes('O_CREAT') && !line.includes('O_EXCL')) return 'it would open what is there'
  return undefined
}

/** The places that a call changes: as they are named, and where the kernel says that it found them. */
function placesOf(line: string, work: string): string[] {
  const places: string[] = []
  const target = /^symlink(at)?\(/.test(line) ? 1 : 0
  const named = [...line.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g)].slice(target)
  for (const [, base = work, path = ''] of named) places.push(path.startsWith('/') ? path : `${resolve(base)}/${path}`)
  for (const [, path = ''] of line.matchAll(/(?:^f\w+\(|= )\d+<([^>]*)>/g)) places.push(path)
  return places
}

/** Kinds, modes and contents of all that is not ours to change. No link is followed. */
function snapshot(folder: string, work: string): Map<string, string> {
  const found = new Map<string, string>()
  const waiting = [folder]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const name of readdirSync(at)) {
      const path = join(at, name)
      const own = path.slice(folder.length + 1)
      if (/^(cars|jobs\.json|strace\.log)$/.test(own)) continue
      if (at === work && /^(good-\d+|planted|out-\d+-archive|\..*\.partial)$/.test(name)) continue
      const { mode, nlink, size } = lstatSync(path)
      const stats = lstatSync(path)
      if (stats.isDirectory()) waiting.push(path)
      const content = stats.isSymbolicLink() ? readlinkSync(path) : stats.isFile() ? readFileSync(path, 'utf8') : ''
      found.set(own, `${mode.toString(8)} ${stats.isDirectory() ? '' : `${nlink} ${size} `}${content}`)
    }
  }
  return found
}

/** What stands in the folder of the fetches and is no plain file, no folder, has two names, or a special bit. */
function listStrange(work: string): string[] {
  return readdirSync(work, { recursive: true }).flatMap((name) => {
    const path = String(name)
    const stats = lstatSync(join(work, path))
    if (path === 'way') return []
    if (!stats.isFile() && !stats.isDirectory()) return [`${path} is neither a file nor a folder`]
    if (stats.isFile() && stats.nlink > 1) return [`${path} has another name`]
    return (stats.mode & 0o7000) === 0 ? [] : [`${path} has the mode ${stats.mode.toString(8)}`]
  })
}

export const rows: readonly Row[] = [
  {
    name: 'hostile-folders',
    holds: '0 writes outside the target',
    run: () => writeHostileFolders({ asBinary: true }),
  },
]
