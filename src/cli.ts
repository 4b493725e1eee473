// Names, flags and help; nothing else. Each command is loaded when it is called. Only here, and in output/, is anything
// printed, and only here does the process end.

import { fstatSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { addAbortSignal } from 'node:stream'
import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import type { Context } from './commands/context.ts'
import { diskError } from './dag/disk-error.ts'
import { errorCodes, OvnError } from './errors.ts'
import { printBug } from './output/print-error.ts'
import type { ProgressLine } from './output/progress.ts'
import type { Result } from './output/result.ts'

interface GlobalOptions {
  readonly archive?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

const interruption = new AbortController()

// What nobody waited for has failed, and nobody knows what else has: nothing more is done, and nothing acknowledged.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => process.exit(printBug(error, wantsJson(), openTalk())))
}

const program = new Command('ovn')
  .description('Archive an article on IPFS: publish it, get it back, prove it is unchanged.')
  .version(packageJson.version, '--version', 'print the version')
  .option(
    '-C, --archive <folder>',
    'the archive; else $OVN_ARCHIVE, else the nearest ovn-archive upward, else a new one here',
  )
  .option('--json', 'print one JSON document')
  .option('-q, --quiet', 'print CIDs alone')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .configureHelp({ showGlobalOptions: true, sortOptions: false })
  .configureOutput({ outputError: () => undefined, writeOut: (text) => openOutput().write(text) })
  .exitOverride()

define('publish', 'archive articles: bundle each with its metadata, pin it, record its CID', [
  ['ovn publish article.md', 'archive an article'],
  ["ovn publish article.md --note 'Corrected the date.'", 'archive a corrected version, and say why'],
  ['ovn publish articles/ --json', 'archive every article in a folder'],
  ['ovn publish - --dry-run < article.md', 'compute the CID and store nothing'],
])
  .argument('<article...>', 'Markdown files, folders that are searched for them, or - for standard input')
  .option('--title <text>', 'the headline')
  .option('--date <date>', 'the date of publication, such as 2025-08-22 or "August 22, 2025"')
  .option('--author <name>', 'an author; may be given again', collect)
  .option('--category <name>', 'a category; may be given again', collect)
  .option('--language <tag>', 'the language, such as en or uk')
  .option('--slug <slug>', 'the name under which its versions are kept')
  .option('--note <text>', 'why this version replaces the one before')
  .option('-n, --dry-run', 'compute everything, store nothing')
  .action(
    run(async ({ author, category, note, dryRun, title, date, language, slug }, context, files) => {
      const { publish } = await import('./commands/publish.ts')
      const overrides = defined({ title, date, authors: author, categories: category, language, slug })
      return publish(files as string[], { overrides, ...defined({ note, dryRun }) }, context)
    }),
  )

define('list', 'list the archived articles, newest first', [
  ['ovn list', 'the newest version of each'],
  ["ovn list --category 'Defence & Security' --since 2025-01-01", 'of one category, from a day on'],
  ['ovn list --all-versions --json', 'every version, for a program'],
])
  .option('--category <name>', 'only articles of this category')
  .option('--since <date>', 'only articles of this day or later')
  .option('--all-versions', 'older versions too')
  .option('--withdrawn', 'those that were withdrawn, too: when and why')
  .action(
    run(async (options, context) => {
      const { list } = await import('./commands/list.ts')
      return list(options, context)
    }),
  )

define('show', 'show one article: metadata, files with their CIDs, versions, links', [
  ['ovn show harbour-inquiry', 'the newest version'],
  ['ovn show harbour-inquiry@1', 'an older one'],
  ['ovn show ipfs://bafybei…', 'by its CID'],
])
  .argument('<ref>', 'a slug, slug@version, a CID, ipfs://… or the address of a gateway')
  .action(
    run(async (_, context, ref) => {
      const { show } = await import('./commands/show.ts')
      return show(ref as string, context)
    }),
  )

define('log', 'list the versions of an article: when, why, which CID', [
  ['ovn log harbour-inquiry', 'its versions, newest first'],
])
  .argument('<ref>', 'a slug, slug@version, a CID, ipfs://… or the address of a gateway')
  .action(
    run(async (_, context, ref) => {
      const { log } = await import('./commands/log.ts')
      return log(ref as string, context)
    }),
  )

define('verify', 'check that the archive is whole: every block, manifest line and pin', [
  ['ovn verify', 'the whole archive'],
  ['ovn verify harbour-inquiry', 'all versions of one article'],
  ['ovn verify harbour-inquiry@2 --json', 'one version, for a program'],
  ['ovn verify article.car', 'a CAR file, without importing it'],
  ['ovn verify downloaded/ --against harbour-inquiry', 'a folder or file, compared with an article'],
])
  .argument('[ref...]', 'slugs, slug@version, CIDs, ipfs://… or addresses of gateways; or a CAR file')
  .option('--against <ref>', 'compare a folder, or a single file, with this article')
  .action(
    run(async (options, context, refs) => {
      const { verify } = await import('./commands/verify.ts')
      return verify(refs as string[], options, context)
    }),
  )

define(
  'fetch',
  'get an article back: from the archive, a CAR or a gateway, every block checked',
  [
    ['ovn fetch ipfs://bafybei… --gateway https://gateway.example', 'into a folder named by its CID'],
    ['ovn fetch https://news.example/2025/harbour-inquiry -o harbour', 'by the address of its page, into a folder'],
    ['ovn fetch bafybei…/article.md -o article.md', 'one file of it'],
    ['ovn fetch bafybei… --pin', 'keep it in the archive'],
    ['ovn fetch harbour-inquiry --repair --car backup.car', 'replace damaged blocks in the archive, and nothing else'],
  ],
  'Goes online, to the gateways that you name.',
)
  .argument('<ref>', 'a slug, slug@version, a CID, ipfs://…, the address of a gateway, of a CAR or of a page')
  .option('-o, --output <path>', 'where it is written; else its slug, the last part of its path, or its CID')
  .option('--pin', 'keep it in the archive, pinned and recorded')
  .option('--title <text>', 'with --pin: the title of what has none of its own')
  .option('--slug <slug>', 'with --pin: the name under which it is kept')
  .option(
    '--gateway <address>',
    'an IPFS gateway; may be given again; else $OVN_GATEWAYS, else those of config.json',
    collect,
  )
  .option('--car <file>', 'a CAR that may have it, asked before any gateway')
  .option('--timeout <seconds>', 'give up when nothing new came for so long', '60')
  .option('--force', 'replace what stands at the target')
  .option('--repair', 'replace damaged and missing blocks of an article in the archive')
  .action(
    run(async (options, context, ref) => {
      const { fetchRef } = await import('./commands/fetch.ts')
      return fetchRef(ref as string, options, context)
    }),
  )

define('export', 'write articles as CARs, folders, or bags, for others to keep', [
  ['ovn export harbour-inquiry', 'a CAR of the newest version: harbour-inquiry@1.car'],
  ['ovn export harbour-inquiry@1 -o - | ipfs dag import', 'the CAR on standard output'],
  ['ovn export --all -o backup/', 'a CAR of every version of every article'],
  ['ovn export harbour-inquiry --format bag -o bags/', 'a BagIt bag: the files, the CAR, and their hashes'],
])
  .argument('[ref...]', 'slugs, slug@version, CIDs, ipfs://… or addresses of gateways')
  .option('-o, --output <path>', 'a file, a folder, or - for standard output')
  .option('--all', 'every version of every article that is not withdrawn')
  .option('--format <format>', 'car, folder or bag', 'car')
  .option('--force', 'replace what is there')
  .action(
    run(async (options, context, refs) => {
      const { exportArticles } = await import('./commands/export.ts')
      return exportArticles(refs as string[], options, context)
    }),
  )

define('import', 'keep articles that come from elsewhere: hash every block, pin, record', [
  ['ovn import article.car', 'a CAR, version 1 or 2'],
  ['ovn import backup/', 'a folder of CARs, a bag, or a folder of files'],
  ["ovn import report.car --title 'Annual Report'", 'what is no bundle of ovn, and has no title of its own'],
  ['ovn import - < article.car', 'a CAR on standard input'],
])
  .argument('<source...>', 'CARs, folders, or - for standard input')
  .option('--title <text>', 'the title of what has none of its own')
  .option('--slug <slug>', 'the name under which it is kept')
  .action(
    run(async (options, context, sources) => {
      const { importAll } = await import('./commands/import.ts')
      return importAll(sources as string[], options, context)
    }),
  )

define('unpublish', 'withdraw an article: record why, and keep it no longer', [
  ["ovn unpublish harbour-inquiry --reason 'Published by mistake.'", 'all its versions'],
  ["ovn unpublish harbour-inquiry@1 --reason 'Names a minor.'", 'one of them'],
])
  .argument('<ref>', 'a slug, slug@version, a CID, ipfs://… or the address of a gateway')
  .option('--reason <text>', 'why; it is recorded for good, and must be given')
  .action(
    run(async (options, context, ref) => {
      const { unpublish } = await import('./commands/unpublish.ts')
      return unpublish(ref as string, options, context)
    }),
  )

define('gc', 'free blocks that no pin needs, and give their space back', [
  ['ovn gc --dry-run', 'say what would go'],
  ['ovn gc', 'also while others publish'],
])
  .option('-n, --dry-run', 'free nothing')
  .action(
    run(async (options, context) => {
      const { gc } = await import('./commands/gc.ts')
      return gc(options, context)
    }),
  )

define('rebuild', 'make a lost or damaged manifest anew, from its whole lines and from what is pinned', [
  ['ovn rebuild', 'set damaged lines aside, record again what is pinned'],
  ['ovn rebuild --json', 'what was lost, what came back, and what could not'],
]).action(
  run(async (_, context) => {
    const { rebuild } = await import('./commands/rebuild.ts')
    return rebuild(context)
  }),
)

define('site', 'write the archive as a static site: pages, feeds, and a CAR of every article to download', [
  ['ovn site -o public', 'into a folder that any web server can show; again, and only what changed is written'],
  ['ovn site -o public --json', 'how many files were written, for a program'],
])
  .requiredOption('-o, --output <folder>', 'the folder')
  .option('--force', 'also into a folder with other files, replacing those in the way; and write every page anew')
  .action(
    run(async ({ output, force }, context) => {
      const { site } = await import('./commands/site.ts')
      return site(output, { force: force === true }, context)
    }),
  )

define('links', 'print the links of an article, as links.json of its site has them', [
  ['ovn links harbour-inquiry', 'of the newest version'],
  ['ovn links harbour-inquiry --json', 'of all versions, for a program'],
])
  .argument('<ref>', 'a slug, slug@version, a CID, ipfs://… or the address of a gateway')
  .action(
    run(async (_, context, ref) => {
      const { links } = await import('./commands/links.ts')
      return links(ref as string, context)
    }),
  )

define('serve', 'show the archive as a site, and serve it as an IPFS HTTP gateway', [
  ['ovn serve', 'on this machine alone, at http://127.0.0.1:8080/'],
  ['ovn serve --port 0 --json', 'at a port that is free; a program reads which'],
  ["ovn serve --public-host '*.archive.example' --trust-proxy", 'behind a proxy that ends TLS'],
])
  .option('--port <number>', 'the port; 0 is one that is free', '8080')
  .option('--host <address>', 'an address to listen on instead of 127.0.0.1 and ::1; may be given again', collect)
  .option('--public-host <name>', 'a name to answer to, *.name with its subdomains; may be given again', collect)
  .option('--dnslink <name=path>', 'a path that a name of the DNS stands for; may be given again', collect)
  .option('--any-host', 'answer to any name')
  .option('--trust-proxy', 'believe X-Forwarded-Host and X-Forwarded-Proto')
  .option('--allow-scripts', 'let archived pages run their scripts, each root with an origin of its own')
  .option('--no-cors', 'do not let pages elsewhere read what is served')
  .option('-v, --verbose', 'log every request on stderr')
  .action(
    run(async (options, context) => {
      const { serve } = await import('./commands/serve.ts')
      const { printAccess, printError, printResult } = await import('./output/print.ts')
      const { json = false, quiet = false } = program.opts<GlobalOptions>()
      return serve(options, context, {
        announce: async (result) => {
          openOutput()
          printResult(result, { json, quiet }, process)
          await assertPrinted()
        },
        logAccess: json || options.verbose ? (access) => printAccess(access, json, process) : undefined,
        logError: async (error) => printError(await understand(error), json, process),
      })
    }),
  )

define('cid', 'compute the CID that a file or folder has; store nothing', [
  ['ovn cid photo.jpg', 'as `ipfs add --only-hash` with the profile unixfs-v1-2025'],
  ['ovn cid downloaded-article/', 'compare it with the CID of its link'],
])
  .argument('<path...>', 'files, folders, or - for standard input')
  .action(
    run(async (_, context, paths) => {
      const { computeCids } = await import('./commands/cid.ts')
      return computeCids(paths as string[], context)
    }),
  )

define('init', 'write what the newsroom says of itself into config.json; optional', [
  ["ovn init --name OpenVoiceNews --motto 'Transparent. Unbiased. Yours.'", 'name the site on every page'],
  ['ovn init --gateway https://gateway.example --force', 'replace the settings'],
])
  .option('--name <text>', 'the name of the site')
  .option('--motto <text>', 'the motto below it')
  .option('--url <address>', 'the address of the site')
  .option('--language <tag>', 'the language of articles that do not name their own, such as en or uk')
  .option('--gateway <address>', 'an IPFS gateway for links to articles; may be given again', collect)
  .option('--force', 'replace other settings')
  .action(
    run(async ({ gateway, ...settings }, context) => {
      const { init } = await import('./commands/init.ts')
      return init({ ...settings, ...(gateway === undefined ? {} : { gateways: gateway }) }, context)
    }),
  )

define('completion', 'print the completion script of a shell', [
  ['ovn completion bash > ~/.local/share/bash-completion/completions/ovn', 'bash'],
  ['ovn completion zsh > ~/.zfunc/_ovn', 'zsh, where ~/.zfunc is in $fpath'],
  ['ovn completion fish > ~/.config/fish/completions/ovn.fish', 'fish'],
])
  .argument('<shell>', 'bash, zsh or fish')
  .action(
    run(async (_, _context, shell) => {
      const { completionScript } = await import('./commands/completion.ts')
      return completionScript(shell as string)
    }),
  )

program
  .command('__complete', { hidden: true })
  .argument('[words...]')
  .action(
    run(async (_, context, words) => {
      const { complete } = await import('./commands/completion.ts')
      return complete(program, words as string[], context)
    }),
  )

/** A command whose help shows examples first, says whether it goes online, and has the exit codes last. */
function define(
  name: string,
  description: string,
  examples: readonly (readonly [line: string, meaning: string])[],
  network = 'Works offline.',
): Command {
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`)
  return program
    .command(name)
    .description(`${description}\n${network}`)
    .summary(description)
    .addHelpText('before', `Examples:\n${lines.join('\n')}\n`)
    .addHelpText('after', exitCodeHelp)
}

function exitCodeHelp(): string {
  const meanings = new Map<number, string[]>([
    [0, ['done']],
    [1, ['a bug in ovn']],
  ])
  for (const { exit, meaning } of Object.values(errorCodes))
    meanings.set(exit, [...(meanings.get(exit) ?? []), meaning])
  return `\nExit codes:\n${[...meanings].map(([exit, each]) => `  ${String(exit).padEnd(3)}  ${each.join('; ')}`).join('\n')}`
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/** The entries of an object that have a value. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

// biome-ignore lint/suspicious/noExplicitAny: commander hands over options by name; each recipe's own type checks them.
type Recipe = (options: any, context: Context, argument: unknown) => Promise<Result>

/** Makes a recipe the action of a command: gives it its surroundings, and prints what it returns. */
function run(recipe: Recipe): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command
    const { archive, json, quiet } = command.optsWithGlobals<GlobalOptions>()
    let progress: ProgressLine | undefined
    const context: Context = {
      archive,
      environment: process.env,
      cwd: process.cwd(),
      now: new Date(),
      signal: interruption.signal,
      report: (done) => progress?.report(done),
      readInput,
      streamInput,
      writeOutput,
      get outputIsTerminal() {
        return openOutput().isTTY
      },
    }
    // What prints is loaded when the command is under way: it may wait for others meanwhile.
    const running = recipe(command.opts(), context, args[0])
    running.catch(() => undefined)
    await new Promise(setImmediate)
    const { printResult, progressLine } = await import('./output/print.ts')
    progress = progressLine(openTalk())
    const stdout = openOutput()
    let result: Result
    try {
      result = await running
    } finally {
      progress.end()
    }
    process.exitCode = printResult(result, { json: json === true, quiet: quiet === true }, process)
    await endProcess([stdout, openTalk()])
  }
}

let outputIsOpen = false

/** Why standard output did not take what was written to it. */
let outputFailure: NodeJS.ErrnoException | undefined

/** Standard output. It is opened when it is needed: that takes milliseconds. */
function openOutput(): NodeJS.WriteStream {
  if (!outputIsOpen) {
    outputIsOpen = true
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      outputFailure ??= error
    })
    if (fstatSync(1).isFile()) process.stdout._write = writeToFile
  }
  return process.stdout
}

/** Node writes to a file once, and does not look how much of it the disk took: nearly full, it takes a part and says nothing. */
function writeToFile(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error) => void): void {
  try {
    for (let at = 0; at < chunk.byteLength; ) at += writeSync(1, chunk, at)
  } catch (error) {
    done(error as Error)
    return
  }
  done()
}

let talkIsOpen = false

/** Standard error. Where it cannot be written to, there is nobody to tell; the exit code says what it would have said. */
function openTalk(): NodeJS.Process['stderr'] {
  if (!talkIsOpen) process.stderr.on('error', () => undefined)
  talkIsOpen = true
  return process.stderr
}

/** Throws where an answer could not be written. That nobody reads it any more, as after `| head`, is no failure. */
async function assertPrinted(hint?: string): Promise<void> {
  // Failures are told a moment later.
  await new Promise(setImmediate)
  if (outputFailure !== undefined && !isClosed(outputFailure)) throw outputError(outputFailure, hint)
}

/** Ends as soon as all is written, and says so where it could not be. */
async function endProcess(streams: readonly NodeJS.WriteStream[]): Promise<void> {
  await flush(streams)
  const exit = process.exitCode
  await assertPrinted('the command has done its work; its answer is lost').catch(fail)
  process.exitCode = exit || process.exitCode
  leave()
}

async function flush(streams: readonly NodeJS.WriteStream[]): Promise<void> {
  for (const stream of streams) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve))
  }
}

/** Ends at once: taking the process apart in good order takes time and is of no use. */
function leave(): void {
  flushCompileCache()
  // The system may look a name up for half a minute. That cannot be stopped, and Node waits for it; what takes its place does not.
  const isLookingUp = process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')
  if (isLookingUp && process.platform !== 'win32') {
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${process.exitCode ?? 0}`])
  }
  process.exit()
}

let input: Promise<Uint8Array> | undefined

function readInput(): Promise<Uint8Array> {
  input ??= (async () => {
    const parts: Buffer[] = []
    for await (const part of streamInput()) parts.push(part as Buffer)
    return Buffer.concat(parts)
  })()
  return input
}

/** Standard input, which is not waited for any more when the command is told to stop. */
function streamInput(): AsyncIterable<Uint8Array> {
  return addAbortSignal(interruption.signal, process.stdin)
}

/** Waits for whoever reads, so that nothing piles up here. Throws where nobody reads any more, and when it is told to stop. */
function writeOutput(bytes: Uint8Array): Promise<void> {
  const { signal } = interruption
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    openOutput().write(bytes, (error) => {
      signal.removeEventListener('abort', stop)
      if (error) reject(outputError(error))
      else resolve()
    })
  })
}

function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
}

function outputError(cause: NodeJS.ErrnoException, hint?: string): OvnError {
  if (isClosed(cause)) return new OvnError('storage', 'standard output was closed before all was written', { cause })
  const { message } = diskError(cause, 'standard output') as Error
  return new OvnError('storage', message, { cause, hint })
}

function wantsJson(): boolean {
  return process.argv.includes('--json')
}

/** Prints an error and sets the exit code. */
async function fail(error: unknown): Promise<void> {
  const { printError } = await import('./output/print.ts')
  process.exitCode = printError(await understand(error), wantsJson(), { stderr: openTalk() })
}

async function understand(error: unknown): Promise<unknown> {
  if (error instanceof OvnError) return error
  if (error instanceof CommanderError) return usageError(error)
  if (interruption.signal.aborted) return new OvnError('interrupted', 'interrupted')
  const { storageError } = await import('./archive/storage-error.ts')
  return storageError(error, 'the archive')
}

/** Commander says `error: unknown command 'pubish'` and, in brackets on a line of its own, what was meant. */
function usageError({ message }: CommanderError): OvnError {
  const [what = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const meant = /^\(Did you mean (.*)\?\)$/.exec(suggestion ?? '')?.[1]
  const hint = meant === undefined ? 'see `ovn --help`' : `did you mean ${meant}?`
  return new OvnError('usage', what.replace(/\.$/, ''), { hint })
}

function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0
}

// A second signal ends the process at once: its default is back.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())

try {
  if (process.argv.length <= 2) {
    openTalk().write(program.helpInformation())
    process.exitCode = errorCodes.usage.exit
  } else {
    await program.parseAsync()
  }
} catch (error) {
  if (isHelp(error)) await endProcess([openOutput()])
  await fail(error)
  // What nobody takes from stdout would keep the process waiting, and so would a connection that nobody answers.
  await flush([...(outputIsOpen && !interruption.signal.aborted ? [openOutput()] : []), openTalk()])
  leave()
}
