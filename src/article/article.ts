// An article as its author wrote it, checked and understood: what every later stage is made from.

import type { Problem } from '../errors.ts'

/** A person or organisation that wrote the article (schema.org `author`). */
export interface Author {
  readonly name: string
  readonly url?: string
}

/** A correction that the newsroom declared (schema.org `CorrectionComment`). */
export interface Correction {
  /** ISO 8601 date or date-time; absent where the author gave none. */
  readonly date?: string
  readonly note: string
}

/** The picture that stands for the whole article (schema.org `image`). */
export interface LeadImage {
  /** Path of the picture inside the bundle: `assets/…`. */
  readonly path: string
  readonly alt: string
  readonly caption?: string
  readonly credit?: string
}

/** A file that the article refers to, taken along byte for byte. */
export interface Asset {
  /** Path inside the bundle: `assets/` and the path as the article gives it, NFC, forward slashes. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** IANA media type, from the file's extension; `application/octet-stream` where that says nothing. */
  readonly mediaType: string
  /**
   * Reads the file in chunks of at most 1 MiB, each a buffer of its own.
   * Throws an OvnError `article` where the file is not the one, or not of the size, that was checked.
   */
  read(signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** What the command line says of an article; each value goes before the front matter's. */
export interface Overrides {
  readonly title?: string
  readonly date?: string
  readonly authors?: readonly string[]
  readonly categories?: readonly string[]
  readonly language?: string
  readonly slug?: string
}

export interface Article {
  /** The file as the user named it; `-` is standard input. */
  readonly file: string
  /** The bytes of that file, exactly. */
  readonly source: Uint8Array
  readonly title: string
  readonly slug: string
  /** Whether the slug was named by the author or the command line, not derived from the title. */
  readonly slugGiven: boolean
  readonly summary?: string
  /** BCP 47 language tag. */
  readonly language?: string
  /** schema.org `datePublished`: ISO 8601 date, or date-time as written, with its offset where one was given. */
  readonly datePublished?: string
  /** schema.org `dateModified`, in the same form. */
  readonly dateModified?: string
  readonly authors: readonly Author[]
  readonly categories: readonly string[]
  readonly tags: readonly string[]
  /** Canonical URL: where the newsroom publishes the article. */
  readonly url?: string
  /** A URL, or the licence's name. */
  readonly license?: string
  readonly image?: LeadImage
  readonly corrections: readonly Correction[]
  /** The body as safe HTML, without the headline; its images and links point at `assets/…`. */
  readonly body: string
  /** Sorted by path. */
  readonly assets: readonly Asset[]
  /** The overrides that were given, in the form they were understood: part of what makes a new version. */
  readonly overrides: Overrides
  /** What was noticed and did not stop the article: remote images, raw HTML. */
  readonly notices: readonly Problem[]
}
