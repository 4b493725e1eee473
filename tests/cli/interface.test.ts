// What holds for every command: help, usage errors, exit codes, JSON, signals, pipes, settings.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/errors.ts'
import { temporaryFolder } from '../temporary.ts'
import { binary, environment, fixtures, ovn, ovnJson, startOvn } from './ovn.ts'

const commands = [
  'publish',
  'list',
  'show',
  'log',
  'verify',
  'fetch',
  'export',
  'import',
  'unpublish',
  'gc',
  'rebuild',
  'site',
  'links',
  'serve',
  'cid',
  'init',
  'completion',
]

const helps = new Map<string, ReturnType<typeof ovn>>()

/** The help of a command, which is asked for once. */
function helpOf(name: string): ReturnType<typeof ovn> {
  const help = helps.get(name) ?? ovn([name, '--help'], { cwd: temporaryFolder() })
  helps.set(name, help)
  return help
}

describe('help', () => {
  it('is short, goes to stderr and ends with 2 where no command is given', () => {
    const { status, stdout, stderr } = ovn([], { cwd: temporaryFolder() })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    for (const name of commands) expect(stderr).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(stderr).not.toContain('__complete')
  })

  it.each([['--help'], ['-h'], ['help']])('goes to stdout for %s', (flag) => {
    const { status, stdout, stderr } = ovn([flag], { cwd: temporaryFolder() })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('Usage: ovn')
  })

  it.each(commands)('of %s shows examples first, whether it goes online, and all exit codes last', (name) => {
    const { status, stdout } = helpOf(name)
    expect(status).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Examples:\n  ovn ${name}`))
    expect(stdout).toContain(name === 'fetch' ? 'Goes online, to the gateways that you name.' : 'Works offline.')
    expect(stdout).toContain('--archive <folder>')
    const last = stdout.slice(stdout.indexOf('Exit codes:'))
    for (const { exit, meaning } of Object.values(errorCodes)) {
      expect(last.split('\n').find((line) => line.startsWith(`  ${exit} `))).toContain(meaning)
    }
  })

  it.each(commands)('of %s has examples that it understands', (name) => {
    const cwd = temporaryFolder()
    const { stdout } = helpOf(name)
    const examples = stdout.slice(0, stdout.indexOf('Usage:')).match(/^ {2}ovn .*$/gm) ?? []
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) {
      // A server would go on.
      const end = name === 'serve' ? ' --help' : ''
      const words = (example.split(/ {2,}/)[1]?.replace(/[<>].*$/, '') ?? '') + end
      const { stderr } = spawnSync('sh', ['-c', words.replace('ovn', `"${process.execPath}" "${binary}"`)], {
        cwd,
        // What goes online ends at this port of this machine.
        env: environment({ HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' }),
        encoding: 'utf8',
        input: '# T\n\nText',
      })
      expect(stderr, example).not.toMatch(/unknown|missing required/)
    }
  })
})

describe('a usage error', () => {
  it.each([
    [['pubish', 'a.md'], "ovn: unknown command 'pubish'\novn: hint: did you mean publish?\n"],
    [['publish'], "ovn: missing required argument 'article'\novn: hint: see `ovn --help`\n"],
    [['publish', 'a.md', '--titel', 'x'], "ovn: unknown option '--titel'\novn: hint: did you mean --title?\n"],
    [
      ['show', 'a', 'b'],
      "ovn: too many arguments for 'show'. Expected 1 argument but got 2: a, b\novn: hint: see `ovn --help`\n",
    ],
    [['completion', 'tcsh'], 'ovn: no completion for "tcsh"\novn: hint: the shells are bash, zsh, fish\n'],
    [
      ['publish', 'a.md', '--date', '03/04/2025'],
      expect.stringMatching(/^ovn: --date: .*\novn: hint: .*2025-04-03.*2025-03-04/),
    ],
  ])('%j', (args, text) => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    expect(ovn(args, { cwd })).toEqual({ status: 2, stdout: '', stderr: text })
  })

  it('is a JSON document on stderr where JSON is asked for', () => {
    const { status, stdout, stderr } = ovn(['pubish', '--json'], { cwd: temporaryFolder() })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(JSON.parse(stderr)).toEqual({
      kind: 'error',
      schema: 1,
      code: 'usage',
      exit: 2,
      message: "unknown command 'pubish'",
      hint: 'did you mean publish?',
    })
  })

  it('of an article lists its problems in JSON too', () => {
    const { code, exit, problems } = ovnJson(['publish', join(fixtures, 'broken/ambiguous-date.md')], {
      cwd: temporaryFolder(),
    })
    expect({ code, exit }).toEqual({ code: 'article', exit: 2 })
    expect(problems[0]).toMatchObject({
      line: expect.any(Number),
      column: expect.any(Number),
      hint: expect.any(String),
    })
  })
})

describe('the archive', () => {
  it('is the one that is named, else $OVN_ARCHIVE, else the nearest one upward', () => {
    const cwd = temporaryFolder()
    mkdirSync(join(cwd, 'deep/down'), { recursive: true })
    writeFileSync(join(cwd, 'a.md'), '# A')
    const archiveOf = (args: string[], options: { cwd: string; env?: NodeJS.ProcessEnv }) =>
      ovnJson(['publish', join(cwd, 'a.md'), ...args], options).archive
    expect(archiveOf([], { cwd })).toBe(join(cwd, 'ovn-archive'))
    expect(archiveOf([], { cwd: join(cwd, 'deep/down') })).toBe(join(cwd, 'ovn-archive'))
    expect(archiveOf([], { cwd: join(cwd, 'ovn-archive') })).toBe(join(cwd, 'ovn-archive'))
    expect(archiveOf([], { cwd, env: { OVN_ARCHIVE: 'other' } })).toBe(join(cwd, 'other'))
    expect(archiveOf(['-C', 'third'], { cwd, env: { OVN_ARCHIVE: 'other' } })).toBe(join(cwd, 'third'))
  })

  it('is not made in a folder that holds other files, nor of a file', () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    expect(ovn(['publish', 'a.md', '-C', '.'], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is not an archive, and it is not empty'),
    })
    expect(ovn(['publish', 'a.md', '-C', 'a.md'], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is a file, not an archive'),
    })
  })

  it('of a newer format is refused, and left as it is', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    ovn(['publish', 'a.md'], { cwd })
    const { DatabaseSync } = await import('node:sqlite')
    const file = join(cwd, 'ovn-archive/blocks.sqlite')
    const database = new DatabaseSync(file)
    database.exec('pragma user_version = 2')
    database.close()
    const before = readFileSync(file)
    writeFileSync(join(cwd, 'b.md'), '# B')
    expect(ovn(['publish', 'b.md'], { cwd })).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/newer ovn.*\novn: hint: install the newest/),
    })
    expect(readFileSync(file)).toEqual(before)
  })

  it('that is damaged is named as such', () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    ovn(['publish', 'a.md'], { cwd })
    writeFileSync(join(cwd, 'ovn-archive/blocks.sqlite'), 'nonsense')
    expect(ovn(['show', 'a'], { cwd })).toMatchObject({
      status: 3,
      stdout: '',
      stderr: expect.stringMatching(/blocks\.sqlite: it is not a database/),
    })
  })
})

describe('the config', () => {
  it('is written by init, which says what each setting means', () => {
    const cwd = temporaryFolder()
    const example = JSON.parse(readFileSync(join(fixtures, 'config.json'), 'utf8'))
    const args = [
      'init',
      '--name',
      example.name,
      '--motto',
      example.motto,
      '--url',
      example.url,
      '--language',
      example.language,
    ]
    const { status, stdout } = ovn(args, { cwd })
    expect(status).toBe(0)
    for (const word of [
      'OpenVoiceNews',
      'Transparent. Unbiased. Yours.',
      'the motto below the name',
      'none is built in',
    ])
      expect(stdout).toContain(word)
    const { gateways: _, ...written } = example
    expect(JSON.parse(readFileSync(join(cwd, 'ovn-archive/config.json'), 'utf8'))).toEqual(written)
    expect(ovnJson(args, { cwd })).toMatchObject({ kind: 'initialised', created: false })
    expect(ovn(['init', '--name', 'Other'], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--force'),
    })
    expect(ovn(['init', '--name', 'Other', '--force'], { cwd }).status).toBe(0)
    expect(ovn(['init', '--url', 'ftp://x', '--force'], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('ovn: --url must be an address'),
    })
  })

  it('stands on the page, and in the metadata', () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    ovn(['init', '--name', 'OpenVoiceNews', '--motto', 'Transparent. Unbiased. Yours.'], { cwd })
    ovn(['publish', 'a.md'], { cwd })
    expect(ovnJson(['show', 'a'], { cwd }).metadata.publisher).toMatchObject({
      name: 'OpenVoiceNews',
      slogan: 'Transparent. Unbiased. Yours.',
    })
  })

  it.each([
    ['{\n  "name": "X",\n  "moto": "Y"\n}', 'config.json:3:3: unknown key "moto"', 'the keys are name, motto'],
    ['{\n  "name": 7\n}', 'config.json:2:3: "name" must be a text', 'ovn: hint: it is the name of the site'],
    ['{"gateways": ["gateway.example"]}', 'config.json:1:2: "gateways" must hold addresses', ''],
    ['{\n  "name": "X",\n}', 'config.json:3:1: not JSON', 'none after the last'],
    ['[]', 'config.json must hold one object', 'write {"name": "…"}'],
    ['{"language": "english, please", "url": "x"}', '2 problems', ''],
  ])('that is wrong is refused with its place: %s', (text, message, hint) => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    ovn(['init'], { cwd })
    writeFileSync(join(cwd, 'ovn-archive/config.json'), text)
    const { status, stdout, stderr } = ovn(['publish', 'a.md'], { cwd })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    if (message === '2 problems') expect(stderr.match(/config\.json:1:/g)).toHaveLength(2)
    else expect(stderr).toContain(message)
    expect(stderr).toContain(hint)
  })
})

describe('a reader that stops early', () => {
  it('is no error', () => {
    const cwd = temporaryFolder()
    for (const name of ['a', 'b', 'c']) writeFileSync(join(cwd, `${name}.md`), `# ${name}`)
    ovn(['publish', '.'], { cwd })
    const command = `"${process.execPath}" "${binary}" list --json | head -c 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { cwd, env: environment(), encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: '{0\n', stderr: '' })
  })
})

describe('Ctrl-C', () => {
  it('stops with 130, says how far it came, and the next run does the rest', async () => {
    const cwd = temporaryFolder()
    mkdirSync(join(cwd, 'in'))
    for (let index = 0; index < 500; index += 1)
      writeFileSync(join(cwd, `in/${index}.md`), `# Article ${index}\n\nText ${index}.`)
    const { child, ended } = startOvn(['publish', 'in'], { cwd })
    const manifest = join(cwd, 'ovn-archive/manifest.jsonl')
    const lines = () => {
      try {
        return readFileSync(manifest, 'utf8').split('\n').length - 1
      } catch {
        return 0
      }
    }
    while (lines() < 128) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGINT')
    const { status, stdout, stderr } = await ended
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' })
    const published = Number(/^ovn: interrupted; (\d+) of 500 articles were published before\n/.exec(stderr)?.[1])
    expect(published).toBe(lines())
    const { articles } = ovnJson(['publish', 'in'], { cwd })
    expect(articles.filter(({ status }: { status: string }) => status === 'unchanged')).toHaveLength(published)
    expect(lines()).toBe(500)
  })
})

describe('an old Node', () => {
  it('is told which one is needed', () => {
    const fake =
      'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"22.12.0"}})'
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', fake, binary, '--version'], {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^ovn: Node\.js 24\.15 or newer is needed, and this is v\d+\.\d+\.\d+\novn: hint: /)
  })
})
