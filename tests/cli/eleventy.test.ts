// The README's example for Eleventy, built with the real one.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { ovn, ovnJson } from './ovn.ts'

const eleventy = fileURLToPath(new URL('../../node_modules/@11ty/eleventy/cmd.cjs', import.meta.url))
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

it('puts “Download IPFS” on a newsroom’s own pages, by the five lines of the README', () => {
  const layout =
    /In Eleventy[^`]*`links\.json`[^`]*`_data\/links\.json`[^`]*```html\n([^`]*)```/.exec(readme)?.[1] ?? ''
  expect(layout).toContain('links.articles[page.fileSlug]')
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'a.md'), '---\ntitle: Harbour\nslug: harbour\n---\n\nText')
  const { root } = ovnJson(['publish', 'a.md'], { cwd }).articles[0]
  expect(ovn(['site', '-o', 'public/archive'], { cwd }).status).toBe(0)

  for (const folder of ['pages/_data', 'pages/_includes']) mkdirSync(join(cwd, folder), { recursive: true })
  copyFileSync(join(cwd, 'public/archive/links.json'), join(cwd, 'pages/_data/links.json'))
  writeFileSync(join(cwd, 'pages/_includes/article.njk'), `<h1>{{ title }}</h1>\n${layout}{{ content | safe }}`)
  for (const name of ['harbour', 'elsewhere']) {
    writeFileSync(join(cwd, `pages/${name}.md`), `---\nlayout: article.njk\ntitle: ${name}\n---\n\nText of ${name}.\n`)
  }
  const args = [eleventy, '--input=pages', '--output=public', '--quiet']
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })

  const page = readFileSync(join(cwd, 'public/harbour/index.html'), 'utf8')
  const car = /<a href="([^"]*)">Download IPFS<\/a>/.exec(page)?.[1] ?? ''
  expect(car).toBe(`/archive/ipfs/${root}.car`)
  expect(existsSync(join(cwd, 'public', car))).toBe(true)
  expect(page).toContain(`<a href="ipfs://${root}"><code>${root}</code></a>`)
  expect(readFileSync(join(cwd, 'public/elsewhere/index.html'), 'utf8')).not.toContain('Download IPFS')
})
