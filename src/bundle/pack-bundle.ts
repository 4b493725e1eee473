// Article → Bundle. Bytes in, bytes out: nothing but the article, the site and the edition decides what is in the files.

import type { Article, Asset } from '../article/article.ts'
import type { Bundle, BundleFile, Site } from './bundle.ts'
import { articleMetadata, encodeMetadata } from './metadata.ts'
import { renderPage } from './page.ts'
import { bundlePath, compareBytes } from './paths.ts'

/** Packs an article. Throws an OvnError `damaged` where a path of its files could leave the bundle. */
export function packBundle(article: Article, site: Site): Bundle {
  const assets = article.assets.toSorted((a, b) => compareBytes(a.path, b.path))
  const ordered = { ...article, assets }
  return {
    given: [file('article.md', article.source), ...assets.map(assetFile)],
    rendered: (edition) => [
      file('index.html', new TextEncoder().encode(renderPage(ordered, site, edition))),
      file('metadata.json', encodeMetadata(articleMetadata(ordered, site, edition))),
    ],
  }
}

function file(path: string, content: Uint8Array): BundleFile {
  return { path: bundlePath(path), size: content.byteLength, content }
}

function assetFile(asset: Asset): BundleFile {
  return { path: bundlePath(asset.path), size: asset.size, content: (signal) => asset.read(signal) }
}
