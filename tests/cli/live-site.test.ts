// What `ovn serve` shows is what `ovn site` writes, byte for byte, and it follows the manifest.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { fixtures, ovn, ovnJson, startOvn } from './ovn.ts'

it('the live site is the static one, file by file', async () => {
  const cwd = temporaryFolder()
  ovn(['init', '--name', 'OpenVoiceNews', '--motto', 'Transparent.', '--url', 'https://news.example/'], { cwd })
  ovn(['publish', join(fixtures, 'articles')], { cwd })
  for (let index = 0; index < 25; index += 1) {
    writeFileSync(
      join(cwd, `${index}.md`),
      `---\ntitle: Short ${index}\ndate: 2025-01-0${1 + (index % 9)}\n---\nText ${index}.`,
    )
  }
  ovn(['publish', ...Array.from({ length: 25 }, (_, index) => `${index}.md`)], { cwd })
  writeFileSync(join(cwd, '7.md'), '---\ntitle: Short 7\ndate: 2025-01-08\n---\nText 7, corrected.')
  ovn(['publish', '7.md', '--note', 'The text was wrong.'], { cwd })
  ovn(['unpublish', 'short-9', '--reason', 'A source must be protected.', '--yes'], { cwd })
  const written = ovnJson(['site', '-o', 'public'], { cwd })
  expect(written).toMatchObject({ kind: 'site-written', failed: [] })

  const { child, ended } = startOvn(['serve', '--port', '0', '--json'], { cwd })
  onTestFinished(async () => {
    child.kill()
    await ended
  })
  const { port } = JSON.parse(await new Promise<string>((resolve) => child.stdout.once('data', resolve)))

  const folder = join(cwd, 'public')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile() && !name.split('/').some((part) => part.startsWith('.')))
    .sort()
  expect(files.length).toBeGreaterThan(60)
  const differing: string[] = []
  for (const name of files) {
    const path = name.replace(/(^|\/)index\.html$/, '$1')
    const answer = await fetch(`http://127.0.0.1:${port}/${path.split('/').map(encodeURIComponent).join('/')}`)
    const same = Buffer.compare(Buffer.from(await answer.arrayBuffer()), readFileSync(join(folder, name))) === 0
    if (!answer.ok || !same) differing.push(`${answer.status} ${name}`)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  }
  expect(differing).toEqual([])

  const get = (path: string) => fetch(`http://127.0.0.1:${port}/${path}`, { redirect: 'manual' })
  const missing = await get('nothing/here')
  expect({ status: missing.status, text: await missing.text() }).toEqual({
    status: 404,
    text: readFileSync(join(folder, '404.html'), 'utf8'),
  })
  const bare = await get('short-7')
  expect({ status: bare.status, to: bare.headers.get('location') }).toEqual({ status: 301, to: '/short-7/' })
  // An asset has the one name that the site gives it, and is of what is published.
  const asset = files.find((name) => /^assets\/baf.*\.(png|jpg|jpeg|webp)$/.test(name)) as string
  expect((await get(asset.replace(/\.\w+$/, '.html'))).status).toBe(404)
  expect((await get(asset.replace(/\.\w+$/, '.svg'))).status).toBe(404)
  expect((await get('assets/bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354.png')).status).toBe(404)
  const part = await fetch(`http://localhost:${port}/${asset}`, { headers: { range: 'bytes=0-3' } })
  expect({ status: part.status, size: (await part.arrayBuffer()).byteLength }).toEqual({ status: 206, size: 4 })

  writeFileSync(join(cwd, 'new.md'), '# At once\n\nText.')
  ovn(['publish', 'new.md'], { cwd })
  expect(await (await get('')).text()).toContain('At once')
  expect((await get('at-once/')).status).toBe(200)
  expect(await (await get('atom.xml')).text()).toContain('At once')
})
