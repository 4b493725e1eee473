// The write order, seen from outside: what the kernel was asked to do, in which order, before the user was answered.

import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { binary, environment } from './ovn.ts'

const hasStrace = spawnSync('strace', ['-V']).status === 0
if (!hasStrace) process.stderr.write('strace is not installed: the write order is NOT tested\n')
if (!hasStrace && process.env.OVN_NO_SKIP) throw new Error('strace must be installed where no test may be skipped')

/** The calls of one run that write, flush or shorten a file, with the names of the files, in their order. */
function callsOf(cwd: string, args: readonly string[]): string[] {
  const log = join(cwd, 'strace.log')
  const trace = ['-f', '-y', '-o', log, '-e', 'trace=write,pwrite64,writev,fsync,fdatasync,ftruncate']
  const { status, stderr } = spawnSync('strace', [...trace, process.execPath, binary, ...args], {
    cwd,
    env: environment(),
    encoding: 'utf8',
  })
  expect(status, stderr).toBe(0)
  const folder = realpathSync(cwd)
  return readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, call = '', file = ''] = /^\d+ +(\w+)\(\d+<([^>]*)>/.exec(line) ?? []
      const name = file.startsWith(`${folder}/ovn-archive`) ? file.slice(folder.length + 1) : undefined
      const answer = /^\d+ +writev?\(1</.test(line)
      return answer ? ['answer'] : name === undefined ? [] : [`${call.replace('pwrite64', 'write')} ${name}`]
    })
}

describe.skipIf(!hasStrace)('publishing', () => {
  it('stores durably, then records durably, then answers', () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A\n\nText.')
    const calls = callsOf(cwd, ['publish', 'a.md'])
    const database = 'ovn-archive/blocks.sqlite'
    const manifest = 'ovn-archive/manifest.jsonl'

    const recorded = calls.indexOf(`write ${manifest}`)
    const before = calls.slice(0, recorded)
    const after = calls.slice(recorded + 1)
    expect(recorded).toBeGreaterThan(0)

    // All pages are flushed, and then the journal that could take them back is ended and flushed itself.
    const ended = before.lastIndexOf(`ftruncate ${database}-journal`)
    expect(before.lastIndexOf(`write ${database}`)).toBeLessThan(before.lastIndexOf(`fsync ${database}`))
    expect(before.lastIndexOf(`fsync ${database}`)).toBeLessThan(ended)
    expect(before.slice(ended + 1)).toContain(`fsync ${database}-journal`)

    // The line, the name of its file, the answer; nothing of the database in between.
    expect(after.filter((call) => !call.startsWith('ftruncate'))).toEqual([
      `fsync ${manifest}`,
      'fsync ovn-archive',
      'answer',
    ])
  })

  it('is taken back in the other order: the name goes durably before the pin', () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    callsOf(cwd, ['publish', 'a.md'])
    // The journal is what takes a change back: it may come first.
    const isNothing = (call: string) => call.startsWith('ftruncate') || call.endsWith('-journal')
    const calls = callsOf(cwd, ['unpublish', 'a', '--reason', 'r']).filter((call) => !isNothing(call))
    expect(calls.slice(0, 2)).toEqual(['write ovn-archive/manifest.jsonl', 'fsync ovn-archive/manifest.jsonl'])
    expect(calls.slice(2)).toContain('write ovn-archive/blocks.sqlite')
    expect(calls.at(-1)).toBe('answer')
  })

  it('flushes the line of a later article too', () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    writeFileSync(join(cwd, 'b.md'), '# B')
    callsOf(cwd, ['publish', 'a.md'])
    const calls = callsOf(cwd, ['publish', 'b.md'])
    const recorded = calls.indexOf('write ovn-archive/manifest.jsonl')
    expect(calls.slice(recorded + 1)).toEqual(['fsync ovn-archive/manifest.jsonl', 'answer'])
  })
})
