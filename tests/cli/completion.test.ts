import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copiesOf } from '../temporary.ts'
import { binary, environment, ovn } from './ovn.ts'

function hasShell(name: string): boolean {
  const found = spawnSync(name, ['--version']).status === 0
  if (!found) process.stderr.write(`${name} is not installed: its completion is NOT tested\n`)
  if (!found && process.env.OVN_NO_SKIP) throw new Error(`${name} must be installed where no test may be skipped`)
  return found
}

const copy = copiesOf((cwd) => {
  writeFileSync(join(cwd, 'harbour.md'), '# Harbour')
  writeFileSync(join(cwd, 'library.md'), '# Library')
  ovn(['publish', 'harbour.md', 'library.md'], { cwd })
  mkdirSync(join(cwd, 'bin'))
  const command = join(cwd, 'bin/ovn')
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${binary}" "$@"\n`)
  chmodSync(command, 0o755)
})

/** A folder with two articles, and `ovn` on the PATH. */
function setUp(): { cwd: string; env: NodeJS.ProcessEnv } {
  const cwd = copy()
  return { cwd, env: environment({ PATH: `${join(cwd, 'bin')}:${process.env.PATH}` }) }
}

const cases: [words: string[], answers: string[]][] = [
  [['pub'], ['publish']],
  [['lo'], ['log']],
  [
    ['show', ''],
    ['harbour', 'library'],
  ],
  [['log', 'har'], ['harbour']],
  [
    ['publish', '--d'],
    ['--date', '--dry-run'],
  ],
  [['--archive', 'ovn-archive', 'show', 'l'], ['library']],
  [['completion', 'z'], ['zsh']],
]

describe('the words that may follow', () => {
  it.each([
    ...cases,
    [['publish', 'har'], []],
    [['list', '--category', ''], []],
    [['show', '-C', 'nowhere', ''], []],
    [['__'], []],
  ] as typeof cases)('%j → %j', (words, answers) => {
    const { cwd } = setUp()
    const { status, stdout, stderr } = ovn(['__complete', '--', ...words], { cwd })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n').filter(Boolean)).toEqual(answers)
  })
})

describe.skipIf(!hasShell('bash'))('bash', () => {
  it('completes commands, options and slugs', () => {
    const { cwd, env } = setUp()
    for (const [words, answers] of cases) {
      const script = `eval "$(ovn completion bash)"; COMP_WORDS=(ovn "$@"); COMP_CWORD=$#; _ovn; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout } = spawnSync('bash', ['-c', script, 'bash', ...words], { cwd, env, encoding: 'utf8' })
      expect(stdout.split('\n').filter(Boolean), words.join(' ')).toEqual(answers)
    }
  })
})

describe.skipIf(!hasShell('zsh'))('zsh', () => {
  it('completes commands, options and slugs', () => {
    const { cwd, env } = setUp()
    for (const [words, answers] of cases) {
      const script = `compdef() { :; }; compadd() { shift 2; print -l -- "$@"; }; _files() { :; }; eval "$(ovn completion zsh)"; words=(ovn "$@"); CURRENT=$#words; _ovn`
      const { stdout } = spawnSync('zsh', ['-f', '-c', script, 'zsh', ...words], { cwd, env, encoding: 'utf8' })
      expect(stdout.split('\n').filter(Boolean), words.join(' ')).toEqual(answers)
    }
  })
})

describe.skipIf(!hasShell('fish'))('fish', () => {
  it('completes commands, options and slugs', () => {
    const { cwd, env } = setUp()
    for (const [words, answers] of cases) {
      const line = ['ovn', ...words].join(' ')
      const script = `ovn completion fish | source; complete --do-complete '${line}'`
      const { stdout } = spawnSync('fish', ['--no-config', '-c', script], {
        cwd,
        env: { ...env, HOME: cwd },
        encoding: 'utf8',
      })
      expect(
        stdout
          .split('\n')
          .filter(Boolean)
          .map((answer) => answer.split('\t')[0]),
        line,
      ).toEqual(answers)
    }
  })
})
