// Others read what we write, through a gateway that serves our blocks, with code that is not ours: @helia/verified-fetch, and Helia as
// it comes. What ipfs-car and Kubo do with our CARs, and we with theirs, is in import.test.ts, export.test.ts and kubo.test.ts.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withHTTP } from '@helia/http'
import type { Helia } from '@helia/interface'
import { unixfs } from '@helia/unixfs'
import { createVerifiedFetch } from '@helia/verified-fetch'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { dagOf, noise, serve, stopServers } from '../network/liar.ts'
import { temporaryFolder } from '../temporary.ts'
import { ovnJson } from './ovn.ts'

afterAll(stopServers)

const film = noise(3_300_000, 7)
const source = '# Harbour\n\n![Film](film.mp4)\n\nText.\n'

/** An article in an archive, and a gateway that has its blocks. */
async function setUp() {
  const cwd = temporaryFolder()
  mkdirSync(join(cwd, 'a'))
  writeFileSync(join(cwd, 'a/film.mp4'), film)
  writeFileSync(join(cwd, 'a/harbour.md'), source)
  const { root } = ovnJson(['publish', 'a/harbour.md'], { cwd }).articles[0]
  const { url, requests } = await serve(await dagOf(join(cwd, 'ovn-archive'), root))
  return { root: root as string, url, requests }
}

/** Helia with nothing of ours in it, which knows this gateway and no other. */
async function heliaWith(gateway: string): Promise<Helia> {
  const options = { delegatedRouters: [], recursiveGateways: [gateway], allowLocal: true, allowInsecure: true }
  // Without another router, Helia's search for providers never ends (its queue of none never becomes idle).
  const router = { name: 'none', async *findProviders() {} }
  const node = withHTTP(createHeliaLight({ routers: [router as never] }), options)
  await node.start()
  onTestFinished(async () => {
    await node.stop()
  })
  return node
}

describe('an article that a gateway serves', () => {
  it('is read by @helia/verified-fetch: page, metadata, and the bytes of an attachment', async () => {
    const { root, url, requests } = await setUp()
    const verifiedFetch = await createVerifiedFetch(await heliaWith(url))
    onTestFinished(() => verifiedFetch.stop())
    const get = (path: string) => verifiedFetch(`ipfs://${root}/${path}`, { signal: AbortSignal.timeout(20_000) })
    expect(await (await get('article.md')).text()).toBe(source)
    expect(await (await get('index.html')).text()).toContain('<title>Harbour')
    expect(await (await get('metadata.json')).json()).toMatchObject({ headline: 'Harbour', identifier: 'harbour' })
    expect(Buffer.from(await (await get('assets/film.mp4')).arrayBuffer()).equals(film)).toBe(true)
    expect(requests.length).toBeGreaterThan(5)
  })

  it('is read by Helia', async () => {
    const { root, url } = await setUp()
    const fs = unixfs(await heliaWith(url))
    const signal = AbortSignal.timeout(20_000)
    const names = (await Array.fromAsync(fs.ls(CID.parse(root), { signal }))).map(({ name }) => name)
    expect(names).toEqual(['article.md', 'assets', 'index.html', 'metadata.json'])
    const parts = await Array.fromAsync(fs.cat(CID.parse(root), { path: 'assets/film.mp4', signal }))
    expect(Buffer.concat(parts).equals(film)).toBe(true)
  })
})
