// What the README shows is what happens.

import { cpSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/errors.ts'
import { temporaryFolder } from '../temporary.ts'
import { fixtures, ovn } from './ovn.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

describe('the README', () => {
  it('shows what its first command prints', () => {
    const { stdout } = ovn(['publish', join(fixtures, 'articles/harbour-inquiry.md')], { cwd: temporaryFolder() })
    const shown = stdout.replace(/archived in .*\/ovn-archive/, 'archived in /home/you/ovn/ovn-archive')
    expect(readme).toContain(shown)
  })

  it('shows a session that goes as it says', () => {
    const session = /## One article, from here[^`]*```\n([^`]*)```/.exec(readme)?.[1] ?? ''
    const cwd = realpathSync(temporaryFolder())
    cpSync(join(fixtures, 'articles'), join(cwd, 'articles'), { recursive: true })
    let shown = ''
    for (const [, line = ''] of session.matchAll(/^\$ (.*)$/gm)) {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
      const { status, stdout, stderr } = ovn(words.slice(1), { cwd })
      expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: '' })
      shown += `$ ${line}\n${stdout.replaceAll(cwd, '/home/you')}`
    }
    expect(shown).toBe(session)
  })

  it('lists every exit code', () => {
    for (const { exit } of Object.values(errorCodes)) expect(readme).toContain(`| ${exit} | `)
  })

  it('lists every command', () => {
    const { stdout } = ovn(['--help'], { cwd: temporaryFolder() })
    const commands = stdout.slice(stdout.indexOf('Commands:')).match(/^ {2}(\w+)/gm) ?? []
    expect(commands.length).toBeGreaterThan(6)
    for (const name of commands.map((line) => line.trim()).filter((name) => name !== 'help')) {
      expect(readme).toContain(`| \`ovn ${name}`)
    }
  })

  it('shows an article that can be published', () => {
    const article = /```markdown\n(---\n[^`]*)```/.exec(readme)?.[1] ?? ''
    const cwd = temporaryFolder()
    // Its files are not there: that is all that is wrong with it.
    const { stderr } = ovn(['publish', '-'], { cwd, input: article })
    const problems = stderr.split('\n').filter((line) => /^ovn: -:\d/.test(line))
    expect(problems).toHaveLength(3)
    for (const line of problems) expect(line).toContain(': missing file ')
  })
})
