// A bundle as a plain map of its files, for tests that serve it, write it or compare it.

import type { Article } from '../../src/article/article.ts'
import type { BundleFile, Edition, Site } from '../../src/bundle/bundle.ts'
import { packBundle } from '../../src/bundle/pack-bundle.ts'

/** Path → bytes of one edition, in the order of the bundle. */
export async function filesOf(article: Article, site: Site, edition: Edition): Promise<Map<string, Uint8Array>> {
  const bundle = packBundle(article, site)
  const files = new Map<string, Uint8Array>()
  for (const file of [...bundle.given, ...bundle.rendered(edition)]) files.set(file.path, await readContent(file))
  return files
}

export async function readContent({ content }: BundleFile): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content
  const chunks: Uint8Array[] = []
  for await (const chunk of content()) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}
