// Errors that nobody waited for: the process ends at once, says that it is a bug and asks for a report, and acknowledges nothing.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { ovn, startOvn } from './ovn.ts'

/** Runs some code in the process when it is sent a signal. */
function onSignal(code: string): string {
  const script = `process.on('SIGUSR2', () => { ${code} })`
  return `--import data:text/javascript,${encodeURIComponent(script)}`
}

/** A server, in which something goes wrong when it is up. */
async function serveAndFail(options: string, args: readonly string[] = []) {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'a.md'), '# A')
  ovn(['publish', 'a.md'], { cwd })
  const { child, ended } = startOvn(['serve', '--port', '0', ...args], { cwd, env: { NODE_OPTIONS: options } })
  child.stdout.once('data', () => child.kill('SIGUSR2'))
  return ended
}

describe('an error that nobody waited for', () => {
  it.each([
    ['a rejection', "Promise.reject(new Error('lost'))"],
    ['an exception', "setImmediate(() => { throw new Error('lost') })"],
  ])('ends the process: %s', async (_, code) => {
    const { status, stderr } = await serveAndFail(onSignal(code))
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^ovn: this is a bug in ovn\novn: Error: lost\n(ovn: {5}at .*\n)+ovn: hint: please report it with the lines above\n$/,
    )
  })

  it('does so whatever Node was told about rejections, and whatever was thrown', async () => {
    const { status, stderr } = await serveAndFail(
      `--unhandled-rejections=none ${onSignal('Promise.reject(undefined)')}`,
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(/^ovn: this is a bug in ovn\novn: undefined\novn: hint: /)
  })

  it('is a JSON document where JSON is asked for', async () => {
    const { status, stderr } = await serveAndFail(onSignal("Promise.reject(new Error('lost'))"), ['--json'])
    expect(status).toBe(1)
    expect(JSON.parse(stderr)).toEqual({
      kind: 'error',
      schema: 1,
      code: 'bug',
      exit: 1,
      message: expect.stringMatching(/^Error: lost\n {4}at /),
      hint: 'please report it with the lines above',
    })
  })

  it('comes before any acknowledgement', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'a.md'), '# A')
    ovn(['init'], { cwd })
    ovn(['publish', 'a.md'], { cwd })
    writeFileSync(join(cwd, 'b.md'), '# B')
    const database = new DatabaseSync(join(cwd, 'ovn-archive/blocks.sqlite'))
    database.exec('begin immediate')
    // Lost while it waits for the lock.
    const lost = "setTimeout(() => Promise.reject(new Error('lost')), 1500)"
    const options = `--import data:text/javascript,${encodeURIComponent(lost)}`
    const { ended } = startOvn(['publish', 'b.md'], { cwd, env: { NODE_OPTIONS: options } })
    const { status, stdout, stderr } = await ended
    database.exec('rollback')
    database.close()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('ovn: Error: lost')
    expect(ovn(['show', 'b'], { cwd }).status).toBe(4)
  })
})
