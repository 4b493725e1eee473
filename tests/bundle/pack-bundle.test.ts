import { describe, expect, it } from 'vitest'
import type { Article } from '../../src/article/article.ts'
import type { BundleFile, Edition, Site } from '../../src/bundle/bundle.ts'
import { articleMetadata, encodeMetadata } from '../../src/bundle/metadata.ts'
import { packBundle } from '../../src/bundle/pack-bundle.ts'
import { renderPage } from '../../src/bundle/page.ts'
import { first, illustrated, makeArticle, makeAsset, newsroom, plain, samples, third } from './articles.ts'
import { filesOf, readContent } from './bundles.ts'

async function fingerprint(article: Article, site: Site, edition: Edition): Promise<string[]> {
  const files = await filesOf(article, site, edition)
  return [...files].map(([path, bytes]) => `${path} ${Buffer.from(bytes).toString('base64')}`)
}

describe('packBundle', () => {
  it('holds the source, the assets, the page and the metadata', async () => {
    const files = await filesOf(illustrated, newsroom, third)
    expect([...files.keys()]).toEqual([
      'article.md',
      'assets/pier.png',
      'assets/survey.csv',
      'assets/the harbour 100%.png',
      'index.html',
      'metadata.json',
    ])
    expect(files.get('article.md')).toEqual(illustrated.source)
    expect(files.get('assets/survey.csv')).toEqual(new TextEncoder().encode('year,metres\n1994,412.6\n'))
    expect(files.get('index.html')).toEqual(new TextEncoder().encode(renderPage(illustrated, newsroom, third)))
    expect(files.get('metadata.json')).toEqual(encodeMetadata(articleMetadata(illustrated, newsroom, third)))
  })

  it.each(samples)('gives the size of every file: $name', async ({ article, site, edition }) => {
    const bundle = packBundle(article, site)
    for (const file of [...bundle.given, ...bundle.rendered(edition)]) {
      expect([file.path, file.size]).toEqual([file.path, (await readContent(file)).byteLength])
    }
  })

  it.each(samples)('packs the same article into the same bytes: $name', async ({ article, site, edition }) => {
    const reversed = {
      ...article,
      assets: article.assets.toReversed(),
      file: '-',
      notices: [{ file: 'x', message: 'y' }],
    }
    expect(await fingerprint(reversed, { ...site }, { ...edition })).toEqual(await fingerprint(article, site, edition))
  })

  it('gives the same files of the author for every edition', () => {
    const bundle = packBundle(illustrated, newsroom)
    const pathsAndSizes = (files: readonly BundleFile[]) => files.map(({ path, size }) => [path, size])
    expect(pathsAndSizes(bundle.given)).toEqual(pathsAndSizes(packBundle(illustrated, {}).given))
    expect(bundle.rendered(first)).not.toEqual(bundle.rendered(third))
  })

  it('reads an asset again for every call, and hands the signal on', async () => {
    const signals: (AbortSignal | undefined)[] = []
    const asset = {
      ...makeAsset('assets/a.txt', 'text/plain', new Uint8Array([1])),
      async *read(signal?: AbortSignal) {
        signals.push(signal)
        yield new Uint8Array([1])
      },
    }
    const file = packBundle(makeArticle({ title: 'A', assets: [asset] }), {}).given[1]
    if (typeof file?.content !== 'function') throw new Error('an asset is a stream')
    const { signal } = new AbortController()
    for (const given of [signal, undefined]) {
      for await (const chunk of file.content(given)) expect(chunk).toEqual(new Uint8Array([1]))
    }
    expect(signals).toEqual([signal, undefined])
  })

  it('refuses an asset whose path leaves the bundle', () => {
    const assets = [makeAsset('assets/../../x', 'text/plain', new Uint8Array())]
    expect(() => packBundle({ ...plain, assets }, {})).toThrow(expect.objectContaining({ code: 'damaged' }))
  })
})
