// Every command once, each with what it leaves, in a folder where all that it needs is there.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, environment } from '../cli/ovn.ts'

export interface Step {
  readonly args: readonly string[]
  /** What is live when it is done, where it changes that. */
  readonly live?: readonly string[]
  /** Goes on until it is stopped. */
  readonly serves?: boolean
}

/** What is live in a folder of {@link makePlace}. */
export const liveBefore = ['one@1', 'two@1']

const withThree = ['one@1', 'three@1', 'two@1']

/** Every command. They may also be run in this order in one folder. */
export const steps: readonly Step[] = [
  { args: ['list'] },
  { args: ['show', 'one'] },
  { args: ['log', 'one'] },
  { args: ['links', 'one'] },
  { args: ['verify'] },
  { args: ['export', 'one', '-o', 'one.car'] },
  { args: ['export', 'one', '-o', '-'] },
  { args: ['fetch', 'one', '-o', 'fetched'] },
  { args: ['site', '-o', 'public'] },
  { args: ['cid', 'one.md'] },
  { args: ['completion', 'bash'] },
  { args: ['init', '--name', 'News', '--force'] },
  { args: ['serve', '--port', '0'], serves: true },
  { args: ['rebuild'] },
  { args: ['import', 'three.car'], live: withThree },
  { args: ['fetch', 'three', '--car', 'three.car', '--pin', '-o', 'pinned'], live: withThree },
  { args: ['publish', 'three.md'], live: withThree },
  { args: ['unpublish', 'two', '--reason', 'r'], live: ['one@1'] },
  { args: ['gc'] },
]

/** Makes articles, a CAR of one of them, and an archive of the others. */
export function makePlace(folder: string, env: NodeJS.ProcessEnv = {}): void {
  writeArticles(folder)
  for (const args of [
    ['publish', 'three.md', '-C', 'elsewhere'],
    ['export', 'three', '-C', 'elsewhere', '-o', 'three.car'],
    ['publish', 'one.md', 'two.md'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [binary, ...args], {
      cwd: folder,
      env: environment(env),
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`ovn ${args.join(' ')}: ${stderr}`)
  }
}

/** Writes three articles that share a picture. */
export function writeArticles(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"><!-- the same in all --></svg>')
  for (const name of ['one', 'two', 'three']) {
    writeFileSync(join(folder, `${name}.md`), `# ${name}\n\n![Logo](logo.svg)\n\nText of ${name}.\n`)
  }
}
