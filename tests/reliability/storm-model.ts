// What must be true of the articles of a storm. Each article belongs to one worker, which does one thing after another to it: so it is
// known what its editions are, whatever others do to the archive meanwhile.

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { code as rawCode } from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'

/** Texts that an article may have. */
export const variants = 4

/** Files of a bundle that are known to the byte, by their paths. */
export type KnownFiles = ReadonlyMap<string, Uint8Array>

export interface Edition {
  readonly version: number
  readonly root: string
  readonly variant: number
  readonly live: boolean
}

/** An edition as `ovn log` and `ovn list` show it. */
export interface ShownEdition {
  readonly slug: string
  readonly version: number
  readonly root: string
  readonly previous?: string
  readonly withdrawn?: unknown
}

/** What publishing a text must do: nothing, record the newest edition again as it was, or record the next one. */
export type Expected = 'unchanged' | 'again' | 'next'

export class StormArticle {
  readonly slug: string
  /** Oldest first. */
  editions: readonly Edition[] = []
  /** A text whose publication ended with an error: it may be pinned, and is published again before anything else is done. */
  unclear: { readonly variant: number; readonly note: readonly string[] } | undefined
  readonly #isLarge: boolean

  constructor(slug: string, isLarge: boolean) {
    this.slug = slug
    this.#isLarge = isLarge
  }

  get newest(): Edition | undefined {
    return this.editions.at(-1)
  }

  get live(): readonly Edition[] {
    return this.editions.filter(({ live }) => live)
  }

  expect(variant: number): Expected {
    if (this.newest?.variant !== variant) return 'next'
    return this.newest.live ? 'unchanged' : 'again'
  }

  /** The editions after a text was published as `expect` says; `root` is that of a new one. */
  published(variant: number, root: string): readonly Edition[] {
    if (this.expect(variant) !== 'next') return this.kept(this.newest?.root)
    return [...this.editions, { version: (this.newest?.version ?? 0) + 1, root, variant, live: true }]
  }

  /** The editions with one of them recorded again. */
  kept(root: string | undefined): readonly Edition[] {
    return this.editions.map((edition) => (edition.root === root ? { ...edition, live: true } : edition))
  }

  /** The editions with some of them withdrawn. */
  withdrawn(chosen: readonly Edition[]): readonly Edition[] {
    return this.editions.map((edition) => (chosen.includes(edition) ? { ...edition, live: false } : edition))
  }

  /** The files of a text, and those of the bundle that is made of it, as far as they are known. */
  files(variant: number): KnownFiles {
    const data = this.#dataOf(variant)
    const link = data === undefined ? '' : '\n[The data](data.txt)\n'
    const text = `---\ntitle: Article ${this.slug}\nslug: ${this.slug}\n---\n\n![Logo](logo.svg)\n\nText ${variant} of ${this.slug}.\n${link}`
    return new Map([
      ['article.md', Buffer.from(text)],
      ['assets/logo.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><!-- the same in all --></svg>')],
      ...(data === undefined ? [] : [['assets/data.txt', data] as const]),
    ])
  }

  /** CID of the article's file: it is one raw block. */
  source(variant: number): string {
    return rawCid(this.files(variant).get('article.md') as Uint8Array)
  }

  /** Writes the files of a text, and returns the path of the article. */
  write(folder: string, variant: number): string {
    const place = join(folder, this.slug, String(variant))
    mkdirSync(place, { recursive: true })
    for (const [path, bytes] of this.files(variant)) writeFileSync(join(place, path.replace('assets/', '')), bytes)
    return join(place, 'article.md')
  }

  /** Nothing, what all articles have, what only this one has, and, where it is large, a file of two blocks. */
  #dataOf(variant: number): Uint8Array | undefined {
    if (variant === 1) return pseudoRandom('all', 40_000)
    if (variant === 2) return pseudoRandom(this.slug, 3_000)
    if (variant === 3 && this.#isLarge) return pseudoRandom(this.slug, 1_400_000)
    return undefined
  }
}

/** Whether an answer of `ovn log` has exactly these editions. */
export function areShown(shown: readonly ShownEdition[], editions: readonly Edition[]): boolean {
  const sorted = [...shown].sort((a, b) => a.version - b.version)
  return (
    sorted.length === editions.length &&
    editions.every(({ version, root, live }, index) => {
      const found = sorted[index]
      const isSame = found?.version === version && found.root === root && (found.withdrawn === undefined) === live
      return isSame && found.previous === editions[index - 1]?.root
    })
  )
}

export function rawCid(bytes: Uint8Array): string {
  return CID.createV1(rawCode, createDigest(0x12, createHash('sha256').update(bytes).digest())).toString()
}

/** Text that follows from a name and does not repeat itself. */
function pseudoRandom(name: string, length: number): Uint8Array {
  const digest = createHash('shake256', { outputLength: length / 2 })
    .update(name)
    .digest('hex')
  return Buffer.from(digest)
}
