// What strangers and authors write must not act on a terminal: titles, names, reasons, lines of a manifest that somebody edited, paths,
// words of a command line, answers of servers. Every command is run with all of it, on a terminal of its own, as text and as JSON, and
// nothing may come out but what can be seen, new lines, and the signs that the program itself makes.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { openArchive } from '../../src/archive/archive.ts'
import { type AnyDraft, encodeLine, type ManifestRecord, sealRecord } from '../../src/manifest/record.ts'
import { type Ended, ovn } from '../cli/ovn.ts'
import { type Block, carOf, directoryBlock, rawBlock } from '../dag/hostile-cars.ts'
import { inFolder, type Outcome, type Row } from './harness.ts'
import { startOnPty } from './pty.ts'

/** What a terminal, or who reads it, would take for something else than text. */
const escapes = [
  // C0 and DEL.
  '\u0000', '\u0007', '\u0008\u0008', '\t', '\n', '\u000b', '\u000c', '\r', '\u000e', '\u000f', '\u0018', '\u001a', '\u007f',
  // Colour, cursor, screen, scroll region, keys, answers to questions, full reset.
  '\u001b[31m', '\u001b[8m', '\u001b[2J', '\u001b[1;1H', '\u001b[1A\u001b[2K', '\u001b[5;6r', '\u001b[?1049h', '\u001b[6n', '\u001b[c', '\u001b[20t', '\u001bc', '\u001b(0', '\u001bN', '\u001b#8',
  // Title, link, clipboard, notice, with both ends; device control, privacy message, application command.
  '\u001b]0;t\u0007', '\u001b]2;t\u001b\\', '\u001b]8;;http:evil\u0007x\u001b]8;;\u0007', '\u001b]52;c;ZXZpbA==\u0007', '\u001b]9;n\u0007', '\u001b]1337;SetMark\u0007', '\u001bP$q\u001b\\', '\u001b^p\u001b\\', '\u001b_a\u001b\\',
  // C1, one character each.
  '\u009b31m', '\u009d0;t\u009c', '\u0090q\u009c', '\u0085', '\u008d', '\u0084',
  // Direction.
  '\u202e', '\u202d', '\u202a', '\u202b', '\u202c', '\u2066', '\u2067', '\u2068', '\u2069', '\u200e', '\u200f', '\u061c',
  // Lines that are none, and what cannot be seen.
  '\u2028', '\u2029', '\u200b', '\u2060', '\u2061', '\u2064', '\u206a', '\u206f', '\ufeff', '\u00ad', '\u180e', '\u115f', '\u1160', '\u3164', '\uffa0', '\ufff9', '\ufffb', '\u{e0001}', '\u{e0061}', '\u{e007f}', '\u{1d173}', '\u{13430}',
] as const // biome-ignore format: a table

/** What may not come to a terminal: written anew, so that the program's own list is not compared with itself. */
const forbidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu
const harmless = /^[\n\u200c\u200d]$/

/** The signs that the program itself makes: new lines as a terminal sends them, bold, dim, and the progress line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is let through.
const own = /\r(?=\n)|\r\u001b\[2K|\u001b\[(?:1|2|22)m/g

/** A text with all escapes in it, and a word in front that tells where it came out; and a line that nobody wrote. */
function poison(word: string, without = /^$/): string {
  return `${word}${escapes.filter((each) => !without.test(each)).join('.')}.\novn: forged`
}

/** What an author may write: the front matter and the command line refuse what is a control character. */
const soft = (word: string) => poison(word, /[\p{Cc}\u2028\u2029]/u).replace(/\n.*/, '')

/** What a name on disk can hold: no NUL, no slash, and not more than 255 bytes. */
function pathWith(word: string, extension = ''): string {
  return `${word}\u001b[31m\u009b2J\u001b]0;t\u0007\u202e\u200b\u00ad\u2028\r\u0008\u007f\novn: forged${extension}`
}

interface Job {
  readonly args: readonly string[]
  /** Words that must come out, so that the field is known to have been printed. */
  readonly shows?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** All commands, each with escapes in all that it prints. */
export async function escapeAll(): Promise<Outcome> {
  return inFolder(async (folder) => {
    const failures: string[] = []
    const cwd = join(folder, pathWith('zqcwd'))
    mkdirSync(cwd)
    const hosts = await startHosts()
    try {
      const { reading, writing } = await prepare(cwd)
      const jobs = [...reading, ...mistakes(cwd), ...fetches(cwd, hosts)]
      let bytes = 0
      let shown = 0
      const run = async ({ args, shows = [], env }: Job) => {
        const output = await startOnPty(args, cwd, env).ended
        bytes += output.bytes.byteLength
        shown += shows.length
        failures.push(...findLeaks(output.bytes, shows).map((leak) => `${nameOf(args)}: ${leak}`))
      }
      const waiting = [...jobs]
      const worker = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next)
      }
      await Promise.all([worker(), worker(), worker()])
      for (const job of writing) await run(job)
      for (const json of [false, true]) {
        failures.push(...(await watchServer(cwd, json)).map((leak) => `serve${json ? ' --json' : ' -v'}: ${leak}`))
      }
      return {
        done: `${jobs.length + writing.length + 2} runs, ${shown} fields that came out, ${bytes} bytes, ${escapes.length} escapes in each`,
        failures,
      }
    } finally {
      for (const { server } of hosts) server.close()
    }
  })
}

function nameOf(args: readonly string[]): string {
  return JSON.stringify(args.map((arg) => (arg.length > 40 ? `${arg.slice(0, 40)}…` : arg)))
}

/** What came out that must not, and words that did not. */
export function findLeaks(bytes: Uint8Array, shows: readonly string[] = []): string[] {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return ['it is not UTF-8']
  }
  const plain = text.replace(own, '')
  const leaks = [...plain.matchAll(forbidden)]
    .filter(([character]) => !harmless.test(character))
    .map(({ 0: character, index }) => {
      const around = JSON.stringify(plain.slice(Math.max(0, index - 30), index + 10))
      return `U+${character.codePointAt(0)?.toString(16).padStart(4, '0')} in ${around}`
    })
  return [
    ...leaks.slice(0, 3),
    ...(/^ovn: forged/m.test(plain) ? ['a line that a stranger wrote'] : []),
    ...shows.filter((word) => !plain.includes(word)).map((word) => `${word} was not shown: ${plain.slice(0, 300)}`),
  ]
}

/** A bundle as a stranger makes it. */
function foreignBundle(
  word: string,
  slug: string,
  version: number,
): { readonly root: Block; readonly blocks: readonly Block[] } {
  const metadata = rawBlock(
    JSON.stringify({
      schemaVersion: 'ovn-bundle/1',
      identifier: slug,
      version,
      headline: poison(`${word}headline`),
      description: poison(`${word}summary`),
      articleSection: [poison(`${word}section`)],
      datePublished: poison(`${word}date`),
      url: `https://a.test/${poison(`${word}url`)}`,
      author: [{ name: poison(`${word}author`) }],
      correction: [{ text: poison(`${word}note`) }],
    }),
  )
  const page = rawBlock(`<!doctype html><article>${poison(`${word}page`)}</article>`)
  const below = directoryBlock([[poison(`${word}name`), page.cid]])
  const root = directoryBlock([
    ['assets', below.cid],
    ['index.html', page.cid],
    ['metadata.json', metadata.cid],
  ])
  return { root, blocks: [root, below, page, metadata] }
}

/** Archives with all of it in every place, and the runs that print them. */
async function prepare(cwd: string): Promise<{ readonly reading: readonly Job[]; readonly writing: readonly Job[] }> {
  const path = (word: string, extension = '') => join(cwd, pathWith(word, extension))
  const text = soft('zqsoft')
  writeFileSync(path('zqpicture', '.png'), 'png')
  writeFileSync(
    path('zqarticle', '.md'),
    `---\ntitle: ${JSON.stringify(soft('zqtitle'))}\ncategories: [${JSON.stringify(soft('zqcategory'))}]\nslug: soft\n---\n${text}\n\n<b>x</b> [a](https:///zqlink\u202e)\n`,
  )
  const at = { cwd }
  mustWork(ovn(['publish', path('zqarticle', '.md')], at), 'the article is published')
  const foreign = foreignBundle('zqf', 'foreign', 2)
  const hostile = await carOf([foreign.root.cid], foreign.blocks)
  writeFileSync(path('zqhostile', '.car'), hostile)
  mustWork(ovn(['import', path('zqhostile', '.car')], at), 'the bundle is imported')
  mustWork(ovn(['unpublish', 'foreign', '--reason', poison('zqreason', /\0/)], at), 'it is withdrawn')
  // The other archive is as somebody left it who edited lines, and made their CIDs right; and it has lost a block.
  mustWork(ovn(['import', path('zqhostile', '.car'), '-C', path('zqedited')], at), 'it is imported again')
  const edited = path('zqedited')
  const root = foreign.root.cid.toString()
  const slug = editManifest(edited, foreign, rawBlock('elsewhere').cid.toString())
  // What is called a root is none in another one, of which little can be done then.
  const broken = path('zqbroken')
  mustWork(ovn(['import', path('zqhostile', '.car'), '-C', broken], at), 'it is imported once more')
  editManifest(broken, foreign, poison('zqeroot'))
  damage(edited, foreign.blocks[2] as Block)
  // A third one is not an archive of this version, and a fourth has a config that is wrong in every way.
  const newer = path('zqnewer')
  mkdirSync(newer)
  writeFileSync(
    join(newer, 'manifest.jsonl'),
    `${JSON.stringify({ v: 2, event: poison('e'), time: poison('t'), cid: poison('c') })}\n`,
  )
  writeFileSync(join(newer, 'blocks.sqlite'), '')
  mkdirSync(path('zqconfig'))
  const config = join(path('zqconfig'), 'config.json')
  writeFileSync(
    config,
    JSON.stringify({
      [poison('zqkey')]: 1,
      name: poison('n'),
      url: poison('u'),
      language: poison('l'),
      gateways: [poison('g')],
    }),
  )
  const named = {
    name: soft('zqname'),
    motto: soft('zqmotto'),
    url: `https://news.test/${soft('zqurl')}`,
    gateways: [`https://gw.test/${soft('zqgateway')}`],
  }
  writeFileSync(join(cwd, 'ovn-archive', 'config.json'), JSON.stringify(named))

  const both = (args: readonly string[], ...shows: string[]): Job[] => [
    { args, shows },
    { args: [...args, '--json'], shows },
  ]
  const C = ['-C', edited]
  const reading = [
    ...both(
      ['list', '--withdrawn', '--all-versions'],
      'zqtitle',
      'zqcategory',
      'zqfheadline',
      'zqfsection',
      'zqreason',
    ),
    ...both(['list', '--withdrawn', '--all-versions', '-C', broken], 'zqetitle', 'zqesection', 'zqeroot', 'zqewhy'),
    { args: ['list', '-q', '--withdrawn', '--all-versions', '-C', broken], shows: ['zqeroot'] },
    { args: ['show', 'foreign', '-C', broken], shows: ['manifest.jsonl:2'] },
    { args: ['verify', '-C', broken], shows: ['root'] },
    ...both(['show', root], 'zqfheadline', 'zqfname', 'zqfsection', 'zqreason'),
    { args: ['show', 'soft'], shows: ['zqtitle', 'zqgateway'] },
    { args: ['show', slug, ...C] },
    { args: ['log', 'foreign'], shows: ['zqfnote', 'zqreason'] },
    ...both(['log', 'foreign', ...C], 'zqetime', 'zqenote', 'zqewhy', 'zqewhen'),
    ...both(['verify', ...C], 'zqfname', 'zqfheadline', 'zqetitle'),
    ...both(['verify', path('zqhostile', '.car')], 'zqhostile', 'zqfheadline'),
    { args: ['verify', path('zqpicture', '.png'), '--against', 'soft'], shows: ['zqpicture'] },
    ...both(['verify', path('zqarticle', '.md'), '--against', 'soft'], 'zqarticle'),
    ...both(['links', 'soft'], 'zqtitle', 'zqgateway'),
    { args: ['links', 'foreign'], shows: ['zqfheadline', 'zqreason'] },
    { args: ['cid', path('zqarticle', '.md'), path('zqpicture', '.png')], shows: ['zqpicture'] },
    { args: ['list', '-C', newer], shows: ['newer'] },
    { args: ['publish', path('zqarticle', '.md'), '-C', path('zqconfig')], shows: ['zqkey'] },
    { args: ['__complete', '--', '-C', edited, 'show', ''], shows: ['foreign'] },
    { args: ['__complete', '--', '-C', edited, 'show', 'zq'] },
    { args: ['completion', 'zsh'], shows: ['compdef'] },
    { args: ['publish', cwd, '--dry-run'], shows: ['zqarticle'] },
    { args: ['gc', '--dry-run', ...C], shows: ['block'] },
    { args: ['export', '--all', '-o', path('zqexports'), ...C], shows: ['zqeslug'] },
    ...both(['export', 'soft', '-o', path('zqexport', '.car'), '--force'], 'zqexport', 'zqtitle'),
    { args: ['site', '-o', path('zqsite')], shows: ['zqsite'] },
    { args: ['site', '-o', path('zqother'), ...C], shows: ['zqcwd', 'zqeslug'] },
    { args: ['site', '-o', cwd], shows: ['zqcwd'] },
    { args: ['import', path('zqabsent', '.car')], shows: ['zqabsent'] },
    {
      args: ['fetch', root, '--car', path('zqhostile', '.car'), '-o', path('zqout'), '-C', path('zqnone')],
      shows: ['zqfname'],
    },
  ]
  const writing = [
    ...both(['import', path('zqhostile', '.car'), '-C', path('zqthird')], 'zqthird', 'zqfheadline'),
    {
      args: ['import', path('zqhostile', '.car'), path('zqpicture', '.png'), '-C', path('zqthird')],
      shows: ['zqpicture'],
    },
    ...both(['publish', path('zqarticle', '.md'), '--note', soft('zqagain')], 'zqtitle', 'zqcwd', 'zqgateway'),
    ...both(['unpublish', 'foreign', '--reason', 'x'], 'zqfheadline', 'zqreason', 'zqfurl'),
    { args: ['init', '--name', soft('zqsite'), '--force', '-C', path('zqinit')], shows: ['zqsite', 'zqinit'] },
    { args: ['init', '--name', soft('zqsite'), '--force', '-q', '-C', path('zqinit')], shows: ['zqinit'] },
    {
      args: ['fetch', root, '--car', path('zqhostile', '.car'), '--pin', '-C', path('zqpinned')],
      shows: ['zqhostile', 'zqfheadline', 'zqpinned'],
    },
    {
      args: ['fetch', '--repair', root, '--car', path('zqhostile', '.car'), ...C],
      shows: ['intact again', 'zqhostile', 'zqeslug'],
    },
    { args: ['rebuild', '-C', broken], shows: ['zqbroken'] },
    { args: ['rebuild', '--json', ...C], shows: ['zqedited'] },
  ]
  return { reading, writing }
}

function mustWork({ status, stderr }: Ended, what: string): void {
  must(status === 0, `${what}: ${stderr}`)
}

function must(held: boolean, what: string): void {
  if (!held) throw new Error(`this did not come about: ${what}`)
}

/** Writes lines that no `ovn` writes, whose CIDs are right. Returns a slug that is none. */
function editManifest(archive: string, { root }: ReturnType<typeof foreignBundle>, other: string): string {
  const file = join(archive, 'manifest.jsonl')
  const last = JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1) as string) as ManifestRecord
  const edition = { event: 'import', version: 2, size: 1, categories: [poison('zqesection')] } as const
  const slug = poison('zqeslug')
  const drafts = [
    {
      ...edition,
      slug: 'foreign',
      version: 3,
      root: other,
      time: poison('zqetime'),
      title: poison('zqetitle'),
      note: poison('zqenote'),
      previous: poison('zqeprevious'),
      url: poison('zqeurl'),
      datePublished: poison('zqedate'),
      [poison('zqefield')]: poison('zqevalue'),
    },
    { ...edition, slug, root: root.cid.toString(), time: '2026-01-01T00:00:00.000Z', title: poison('zqetitle') },
    { event: poison('zqeevent'), time: poison('zqetime2') },
    {
      event: 'withdraw',
      slug: 'foreign',
      version: 3,
      root: other,
      time: poison('zqewhen'),
      reason: poison('zqewhy'),
    },
  ] as unknown as AnyDraft[]
  let parent = last.cid
  for (const draft of drafts) {
    const sealed = sealRecord(draft, parent)
    appendFileSync(file, `${encodeLine(sealed)}\n`)
    parent = sealed.cid
  }
  return slug.replaceAll('\0', '')
}

/** Changes the bytes of a stored block. */
function damage(folder: string, { cid }: Block): void {
  const archive = openArchive(folder)
  archive.close()
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(join(folder, 'blocks.sqlite'))
  const { changes } = database
    .prepare('update block set bytes = ? where multihash = ?')
    .run(Buffer.from('other'), cid.multihash.bytes)
  database.close()
  must(Number(changes) === 1, 'a block is damaged')
}

/** Words of the command line that make no sense, and files that are wrong: what errors quote. */
function mistakes(cwd: string): Job[] {
  const word = (name: string) => poison(name, /\0/)
  const path = (name: string) => join(cwd, pathWith(name, '.md'))
  const broken = (name: string, text: string) => {
    const file = path(name)
    writeFileSync(file, text)
    return file
  }
  const yaml = broken('zqyaml', `---\n"zq: ${escapes.join('')}\n  - [\n---\n`)
  const keys = broken(
    'zqkeys.md',
    `---\ntitle: ${JSON.stringify(poison('zqtitle'))}\n${soft('zqunknown')}: 1\nslug: ${JSON.stringify(soft('zqslug'))}\ndate: ${JSON.stringify(soft('zqdate'))}\nlanguage: ${JSON.stringify(soft('zqlanguage'))}\nurl: ${JSON.stringify(soft('zqurl'))}\nimage: {src: ${JSON.stringify(soft('zqsrc'))}}\n---\n![x](<${soft('zqfile')}.png>)\n`,
  )
  writeFileSync(join(cwd, 'plain.md'), '# Plain\n')
  const usage = ([shows, ...args]: readonly string[]): Job => ({ args, shows: [shows as string] })
  return [
    ...[
      ['zqcommand', word('zqcommand')],
      ['zqoption', 'list', `--${word('zqoption')}`],
      ['zqextra', 'show', 'a', word('zqextra')],
      ['Usage', 'help', word('zqhelp')],
      ['zqref', 'show', word('zqref')],
      ['zqref', 'show', word('zqref'), '--json'],
      ['zqref', 'export', `https://gw.test/ipfs/${word('zqref')}`],
      ['zqref', 'fetch', word('zqref')],
      ['zqpath', 'verify', './zqpath\u001b[31m\u202e'],
      ['zqabsent', 'publish', word('zqabsent')],
      ['zqshell', 'completion', word('zqshell')],
      ['zqdate', 'publish', 'plain.md', '--date', pathWith('zqdate')],
      ['zqlang', 'publish', 'plain.md', '--language', word('zqlang')],
      ['zqslug', 'publish', 'plain.md', '--slug', word('zqslug')],
      ['zqsince', 'list', '--since', pathWith('zqsince')],
      ['zqtime', 'fetch', 'a', '--timeout', word('zqtime')],
      ['zqgateway', 'fetch', 'a', '--gateway', word('zqgateway')],
      ['zqport', 'serve', '--port', word('zqport')],
      ['zqhost', 'serve', '--host', word('zqhost')],
      ['zqname', 'serve', '--public-host', word('zqname')],
      ['zqlink', 'serve', '--dnslink', word('zqlink')],
      ['zqformat', 'export', 'soft', '--format', word('zqformat')],
      ['zqarchive', 'list', '-C', word('zqarchive')],
    ].map(usage),
    { args: ['fetch', 'a'], env: { OVN_GATEWAYS: word('zqgateways') }, shows: ['zqgateways'] },
    { args: ['list'], env: { OVN_ARCHIVE: word('zqnowhere') }, shows: ['zqnowhere'] },
    { args: ['publish', yaml], shows: ['zqyaml'] },
    { args: ['publish', keys], shows: ['zqkeys', 'zqunknown', 'zqdate', 'zqlanguage', 'zqfile', 'zqsrc'] },
    { args: ['publish', keys, yaml, '--json'], shows: ['zqkeys', 'zqunknown', 'zqfile'] },
  ]
}

interface Host {
  readonly server: Server
  readonly url: string
}

/** Servers whose every answer is an attempt, byte for byte. */
async function startHosts(): Promise<Host[]> {
  const words = poison('zqhost', /[\r\n\0]/).replace(/\n.*/, '')
  const latin = '\u001b[31m\u009b2J\u0007'
  const foreign = foreignBundle('zqg', 'gateway', 1)
  const car = await carOf([foreign.root.cid], foreign.blocks)
  const answer = (status: string, headers: readonly string[], body: string | Uint8Array): Buffer => {
    const bytes = Buffer.from(body as string)
    const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${bytes.byteLength}`, 'Connection: close', '', '']
    return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), bytes])
  }
  const answers = [
    answer(`500 ${latin}`, ['Content-Type: text/plain'], words),
    answer(`599 \u009b31m\u009d0;t\u009c`, [`X: \u009b31m`], words),
    answer('200 OK', [`Content-Type: text/\u009b31m${latin}`], words),
    answer('200 OK', ['Content-Type: application/vnd.ipld.car'], words),
    answer('302 Found', [`Location: http://zq${latin}.test/${latin}`], words),
    answer('302 Found', ['Location: http://zq\u202e.test/'], words),
    answer(
      '200 OK',
      ['Content-Type: text/html'],
      `<link rel="alternate" type="application/vnd.ipld.car" href="//zq.test\u202e/${words}/bafkqaaa.car">`,
    ),
    answer('401 No', [`WWW-Authenticate: ${latin}`, `Retry-After: \u009b`], words),
    answer('200 OK', [`Content-Encoding: \u009b31m`], words),
    Buffer.from(`${latin}${words}\r\n\r\n`),
    answer('200 OK', ['Content-Type: application/vnd.ipld.car'], car),
  ]
  return Promise.all(
    answers.map(async (bytes) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => socket.end(bytes))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
  )
}

/** Asks all of them at once, as gateways, and some as hosts of a page. */
function fetches(cwd: string, hosts: readonly Host[]): Job[] {
  const { root } = foreignBundle('zqg', 'gateway', 1)
  const liars = hosts.slice(0, -1)
  const [honest] = hosts.slice(-1)
  const named = (all: readonly Host[]) => all.flatMap(({ url }) => ['--gateway', `${url}/${soft('zqgw')}`])
  const nowhere = ['-C', join(cwd, 'nowhere'), '--timeout', '5']
  return [
    { args: ['fetch', root.cid.toString(), ...named(liars), ...nowhere], shows: ['it answered 500', 'zqgw'] },
    { args: ['fetch', root.cid.toString(), ...named(liars), ...nowhere, '--json'], shows: ['it answered 500', 'zqgw'] },
    { args: ['fetch', root.cid.toString(), ...named([...liars, honest as Host]), ...nowhere], shows: ['zqgname'] },
    {
      args: [
        'fetch',
        root.cid.toString(),
        '--pin',
        ...named([...liars, honest as Host]),
        '-C',
        join(cwd, 'zqkept'),
        '--timeout',
        '5',
      ],
      shows: ['zqgheadline', 'zqkept'],
    },
    ...liars
      .slice(1, 7)
      .map(({ url }): Job => ({ args: ['fetch', `${url}/${soft('zqpage')}`, ...nowhere], shows: ['127.0.0.1'] })),
  ]
}

/** Asks a server of the archive in words that no client would use, and looks at its log. */
async function watchServer(cwd: string, json: boolean): Promise<string[]> {
  const { child, ended, shown } = startOnPty(['serve', '--port', '0', ...(json ? ['--json'] : ['-v'])], cwd)
  try {
    const port = await waitFor(() => /(?:127\.0\.0\.1:|"port":)(\d+)/.exec(shown().toString('latin1'))?.[1])
    const requests = [
      Buffer.from('GET /zqurl\u009b31m?\u001b[31m HTTP/1.1\r\nHost: zq\u009b\r\n\r\n', 'latin1'),
      Buffer.from(
        `GET /zqurl/${encodeURIComponent('\u001b[31m\u202e')} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      ),
      Buffer.from('GET /zqurl\u202e\u00e9 HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \u202e\r\nConnection: close\r\n\r\n'),
      Buffer.from('GET /zqhost HTTP/1.1\r\nHost: zqhost\u009b31m\u009d\r\nConnection: close\r\n\r\n', 'latin1'),
      Buffer.from('ZQ\u001b[31m / HTTP/1.1\r\n\r\n'),
    ]
    await Promise.all(requests.map((request) => send(Number(port), request)))
    await waitFor(() => (shown().includes('zqhost') ? true : undefined))
  } finally {
    child.kill('SIGTERM')
    await ended
  }
  return findLeaks(shown(), ['zqcwd', 'zqurl', 'zqhost', '/zqurl/%1B'])
}

async function waitFor<T>(look: () => T | undefined): Promise<T> {
  const end = performance.now() + 20_000
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error('it did not come about in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function send(port: number, request: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.on('error', () => undefined).on('data', () => undefined)
    socket.on('close', () => resolve())
    setTimeout(() => socket.destroy(), 1000)
  })
}

export const row: Row = {
  name: 'terminal',
  holds: '0 control bytes reach a terminal',
  run: () => escapeAll(),
}
