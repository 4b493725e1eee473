// Every command in odd surroundings: wrong clocks, other languages and time zones, narrow permissions, strange paths, an archive that
// cannot be written to. It works, with the same CIDs as anywhere, or it says clearly why it cannot.

import { type ChildProcess, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
} from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { inPairs, liveAfter, liveBefore, makePlace, type Ran, run, type Step, steps } from './commands.ts'
import { inFolder, type Outcome, type Row } from './harness.ts'
import { type Judge, startJudge } from './judge.ts'

interface Surroundings {
  readonly name: string
  /** The folder in which all lies. */
  readonly folder?: string
  /** The environments of commands, in turn. */
  readonly env?: readonly NodeJS.ProcessEnv[]
  /** What a command is run through. */
  readonly through?: readonly string[]
  /** Changes the folder before the first command; what it returns takes that back. */
  readonly prepare?: (place: string) => () => void
  /** The archive cannot be written to. */
  readonly readOnly?: boolean
  /** Looks at the folder after the last command; returns what is wrong. */
  readonly look?: (place: string) => readonly string[]
}

const works = (program: string, ...args: string[]) => spawnSync(program, args).status === 0
const isRoot = process.getuid?.() === 0
/** What `faketime` preloads; it stays between a process and its signals itself. */
const fakeClock =
  spawnSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).stdout?.trim() ?? ''

/** Whether clocks can be set here for one process, and whether a folder can be mounted where it can only be read. */
export const hasFaketime: boolean = fakeClock !== ''
export const canMount: boolean = isRoot && works('unshare', '--mount', 'true')

/** The time since the machine was started goes on as it does: only the clock on the wall is wrong. */
const clock = (FAKETIME: string) => ({ LD_PRELOAD: fakeClock, FAKETIME, FAKETIME_DONT_FAKE_MONOTONIC: '1' })

const clocks: readonly Surroundings[] = [
  { name: 'the clock at 1970', env: [clock('@1970-01-01 00:00:10')] },
  { name: 'the clock after 2106', env: [clock('@2106-03-01 00:00:00')] },
  { name: 'the clock an hour back, and then two', env: [clock('-1h'), clock('-2h')] },
  // Each time that it is looked at; in one command ahead, in the next back.
  { name: 'a clock that jumps by an hour', env: [clock('+0 i3600'), clock('+0 i-3600')] },
]

const others: readonly Surroundings[] = [
  {
    name: 'umask 077, odd time zones and locales, an odd path, the archive behind a symbolic link',
    folder: ' the 📰 archive\nof "today" ',
    env: [
      { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', LANGUAGE: 'ar' },
      { TZ: 'Nowhere/Atlantis', LANG: 'xx_XX.nothing', LC_ALL: 'xx_XX.nothing' },
    ],
    through: ['sh', '-c', 'umask 077; exec "$0" "$@"'],
    prepare: (place) => {
      renameSync(join(place, 'ovn-archive'), join(place, 'really'))
      symlinkSync('really', join(place, 'ovn-archive'))
      return () => undefined
    },
    look: (place) => [
      ...(lstatSync(join(place, 'ovn-archive')).isSymbolicLink() ? [] : ['the symbolic link was replaced']),
      ...(lstatSync(join(place, 'one.car')).mode & 0o77 ? ['others may read what was written under umask 077'] : []),
    ],
  },
  {
    name: 'an archive that may only be read',
    readOnly: true,
    // Root may write wherever permissions say otherwise.
    through: isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [],
    prepare: (place) => {
      chmodSync(place, 0o777)
      return setModes(join(place, 'ovn-archive'), 0o444, 0o555)
    },
  },
]

const mounted: Surroundings = {
  name: 'an archive that is mounted to be read only',
  readOnly: true,
  // In a mount table of its own, which ends with the process.
  through: [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount --bind -o ro "$PWD/ovn-archive" "$PWD/ovn-archive" && exec "$0" "$@"',
  ],
}

/** Runs every command in all surroundings that there can be here. */
export async function runEverywhere(): Promise<Outcome> {
  const all = [...(hasFaketime ? clocks : []), ...others, ...(canMount ? [mounted] : [])]
  return inFolder(async (folder) => {
    // Others than the owner must be let in.
    chmodSync(folder, 0o755)
    const roots = makePlace(join(folder, 'place'))
    const judge = startJudge()
    const failures: string[] = []
    try {
      await inPairs(all, async (surroundings, index) => {
        const place = join(folder, `${index}`, surroundings.folder ?? 'place')
        mkdirSync(join(folder, `${index}`))
        cpSync(join(folder, 'place'), place, { recursive: true })
        const found = await new Tour(surroundings, place, roots, judge).run()
        failures.push(...found.map((each) => `${surroundings.name}: ${each}`))
      })
    } finally {
      judge.end()
    }
    return { done: `${all.length} surroundings: ${all.map(({ name }) => name).join('; ')}`, failures }
  })
}

export const rows: readonly Row[] = [
  {
    name: 'surroundings',
    holds:
      'clock at 1970, 2106, an hour back, jumping; TZ and locale odd; umask 077; read-only archive; behind a symlink; odd path: works or a clear error',
    run: () => {
      if (!hasFaketime) throw new Error('faketime is not installed')
      if (!canMount) throw new Error('nothing can be mounted here')
      return runEverywhere()
    },
  },
]

/** All commands, one after another. */
class Tour {
  readonly #surroundings: Surroundings
  readonly #place: string
  readonly #archive: string
  readonly #roots: ReadonlyMap<string, string>
  readonly #judge: Judge
  readonly #wrong: string[] = []
  #live = liveBefore
  #turn = 0

  constructor(surroundings: Surroundings, place: string, roots: ReadonlyMap<string, string>, judge: Judge) {
    this.#surroundings = surroundings
    this.#place = place
    this.#archive = join(place, 'ovn-archive')
    this.#roots = roots
    this.#judge = judge
  }

  async run(): Promise<string[]> {
    const { prepare, look, readOnly } = this.#surroundings
    const before = readOnly ? bytesOf(this.#archive) : []
    const takeBack = prepare?.(this.#place)
    try {
      for (const step of steps) await this.#take(step)
      await this.#fetch()
      await this.#serve()
      if (!readOnly) await this.#correct()
    } finally {
      takeBack?.()
    }
    if (readOnly && bytesOf(this.#archive).join('\n') !== before.join('\n')) this.#wrong.push('the archive was changed')
    this.#wrong.push(...(look?.(this.#place) ?? []))
    return this.#wrong
  }

  async #take(step: Step): Promise<void> {
    const { args, writes } = step
    const ran = await this.#ovn(args)
    const what = `ovn ${args.join(' ')}`
    if (this.#surroundings.readOnly && writes) {
      if (ran.status !== 6 || !/^ovn: .*(permission was refused|cannot be (opened|written to))\n/.test(ran.stderr))
        this.#fail(what, ran)
      return
    }
    if (ran.status !== 0 || ran.stderr.replace(/^ovn: (exported|bafy).*\n/gm, '') !== '') this.#fail(what, ran)
    this.#live = liveAfter(step, this.#live)
    const found = await this.#judge.judge(this.#archive)
    const wrong = found.live.join() === this.#live.join() ? found.wrong : [...found.wrong, `live are ${found.live}`]
    this.#wrong.push(...wrong.map((each) => `${what}: ${each}`))
  }

  /** By a CID that was computed elsewhere. */
  async #fetch(): Promise<void> {
    const ran = await this.#ovn(['fetch', this.#roots.get('three') ?? '', '--car', 'three.car', '-o', 'by-cid'])
    if (ran.status !== 0 || !existsSync(join(this.#place, 'by-cid/index.html'))) this.#fail('ovn fetch --car', ran)
  }

  async #serve(): Promise<void> {
    let status: number | undefined
    const onStart = (child: ChildProcess) => {
      child.stdout?.once('data', async (text: string) => {
        const port = Number(/:(\d+)\//.exec(text)?.[1])
        status = await ask(port, `/ipfs/${this.#roots.get('one')}/`)
        child.kill('SIGTERM')
      })
    }
    const ran = await this.#ovn(['serve', '--port', '0'], onStart)
    if (ran.status !== 0 || status !== 200) this.#fail(`ovn serve, which answered with ${status}`, ran)
  }

  /** The version that was published last is the newest, whatever the clock said. */
  async #correct(): Promise<void> {
    for (const version of [2, 3]) {
      appendFileSync(join(this.#place, 'one.md'), '\nA correction.\n')
      await this.#take({ args: ['publish', 'one.md'], adds: `one@${version}` })
    }
    for (const command of ['show', 'links', 'log']) {
      const ran = await this.#ovn([command, 'one', '--json'])
      const { article, version, versions } = JSON.parse(ran.stdout || '{}')
      const newest = article?.version ?? version ?? versions?.[0]?.version
      if (newest !== 3) this.#fail(`ovn ${command} one, whose newest version is said to be ${newest}`, ran)
    }
    const ran = await this.#ovn(['list', '--json'])
    const { articles = [] }: { articles?: Listed[] } = JSON.parse(ran.stdout || '{}')
    const listed = articles.map(({ slug, version }) => `${slug}@${version}`).sort()
    if (listed.join() !== 'one@3,three@1') this.#fail(`ovn list, which lists ${listed}`, ran)
    for (const archive of ['fresh', 'other']) {
      const fresh = await this.#ovn(['publish', 'three.md', '-C', archive, '-q'])
      if (fresh.stdout.trim() !== this.#roots.get('three')) this.#fail(`the same article is now ${fresh.stdout}`, fresh)
    }
  }

  #ovn(args: readonly string[], onStart?: (child: ChildProcess) => void): Promise<Ran> {
    const { env = [], through } = this.#surroundings
    const own = env[this.#turn % env.length]
    this.#turn += 1
    return run(args, {
      cwd: this.#place,
      ...(own === undefined ? {} : { env: own }),
      ...(through === undefined ? {} : { through }),
      ...(onStart === undefined ? {} : { onStart }),
    })
  }

  #fail(what: string, { status, signal, stderr }: Ran): void {
    this.#wrong.push(`${what}: it ends with ${status ?? signal}: ${stderr}`)
  }
}

interface Listed {
  readonly slug: string
  readonly version: number
}

/** Asks a server of this machine, and returns the status of its answer. */
function ask(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    request({ host: '127.0.0.1', port, path }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
      .on('error', () => resolve(undefined))
      .end()
  })
}

/** Sets the modes of a folder and its files; the function that it returns opens them again. */
function setModes(folder: string, fileMode: number, folderMode: number): () => void {
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), fileMode)
  chmodSync(folder, folderMode)
  return () => chmodSync(folder, 0o755)
}

/** Names and bytes of the files in a folder. */
function bytesOf(folder: string): string[] {
  return readdirSync(folder).map((name) => `${name} ${readFileSync(join(folder, name)).toString('base64')}`)
}
