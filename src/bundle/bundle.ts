// The form of an article that is archived: a few files under one root. FORMAT.md is its specification.

/** A relative, forward-slash, NFC path that cannot leave the folder it is joined to. Made by `bundlePath`. */
export type BundlePath = string & { readonly brand: 'BundlePath' }

/** One file of a bundle. */
export interface BundleFile {
  readonly path: BundlePath
  /** Bytes. */
  readonly size: number
  /** The content: all of it, or a stream of chunks that can be read once per call. */
  readonly content: Uint8Array | ((signal?: AbortSignal) => AsyncIterable<Uint8Array>)
}

/** The newsroom, as its pages name it; from the archive's config.json. */
export interface Site {
  readonly name?: string
  readonly motto?: string
  readonly url?: string
  /** BCP 47 language tag of articles that do not name their own. */
  readonly language?: string
}

/** Which edition of an article a bundle is. */
export interface Edition {
  /** 1 for the first. */
  readonly version: number
  /** Root CID of the edition that this one replaces, as a string. */
  readonly previous?: string
  /** Why this edition replaces the one before. */
  readonly note?: string
}

/**
 * An article made ready to archive. The files that the author gave come first: what makes an edition new is decided
 * from them alone, and the page and the metadata name the edition.
 */
export interface Bundle {
  /** `article.md` and `assets/…`, byte for byte. */
  readonly given: readonly BundleFile[]
  /** `index.html` and `metadata.json` of one edition. */
  rendered(edition: Edition): readonly BundleFile[]
}
