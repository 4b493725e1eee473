// metadata.json: the article as schema.org NewsArticle in JSON-LD, for machines that will never see this program.
// Keys stand in the order of this file, values that are absent are left out, and addresses of the bundle's own files are
// relative to it. The same object stands in index.html.
//
// What was chosen where schema.org leaves a choice:
// - `identifier` is the slug; `schemaVersion` names the form of the bundle and of this object.
// - `license` is a URL where the author gave one, else a CreativeWork with the licence's name: schema.org knows no bare text.
// - `correction` holds the corrections that the author declared, then the reason for this edition unless it is one of them.
// - `encoding` is the source file, which is the article in another form; `associatedMedia` are the files it refers to.
// - `contentSize` is the exact number of bytes, a space and `B`: the property is a text, and a bare number would leave the unit open.
// - `prov:wasRevisionOf` (W3C PROV-O) names the edition before this one: schema.org has no property for that.

import type { Article } from '../article/article.ts'
import type { Edition, Site } from './bundle.ts'
import { pathToUrl } from './paths.ts'

interface Person {
  readonly '@type': 'Person'
  readonly name: string
  readonly url?: string
}

interface Publisher {
  readonly '@type': 'NewsMediaOrganization'
  readonly name: string
  readonly slogan?: string
  readonly url?: string
}

interface Image {
  readonly '@type': 'ImageObject'
  readonly contentUrl: string
  readonly caption?: string
  readonly alternateName?: string
  readonly creditText?: string
}

interface CorrectionComment {
  readonly '@type': 'CorrectionComment'
  readonly datePublished?: string
  readonly text: string
}

interface Media {
  readonly '@type': 'MediaObject'
  readonly contentUrl: string
  readonly encodingFormat: string
  readonly contentSize: string
}

/** The content of metadata.json. */
export interface ArticleMetadata {
  readonly '@context': readonly ['https://schema.org', { readonly prov: 'http://www.w3.org/ns/prov#' }]
  readonly '@type': 'NewsArticle'
  readonly schemaVersion: 'ovn-bundle/1'
  readonly identifier: string
  readonly version: number
  readonly headline: string
  readonly description?: string
  readonly inLanguage?: string
  readonly datePublished?: string
  readonly dateModified?: string
  readonly author?: readonly Person[]
  readonly publisher?: Publisher
  readonly articleSection?: readonly string[]
  readonly keywords?: readonly string[]
  readonly url?: string
  readonly mainEntityOfPage?: string
  readonly image?: Image
  readonly license?: string | { readonly '@type': 'CreativeWork'; readonly name: string }
  readonly correction?: readonly CorrectionComment[]
  readonly 'prov:wasRevisionOf'?: { readonly '@id': string }
  readonly encoding: Media
  readonly associatedMedia?: readonly Media[]
}

/** Describes one edition of an article. */
export function articleMetadata(article: Article, site: Site, edition: Edition): ArticleMetadata {
  const { image, assets } = article
  const language = article.language ?? site.language
  const corrections = correctionsOf(article, edition)
  return {
    '@context': ['https://schema.org', { prov: 'http://www.w3.org/ns/prov#' }],
    '@type': 'NewsArticle',
    schemaVersion: 'ovn-bundle/1',
    identifier: article.slug,
    version: edition.version,
    headline: article.title,
    ...(article.summary !== undefined && { description: article.summary }),
    ...(language !== undefined && { inLanguage: language }),
    ...(article.datePublished !== undefined && { datePublished: article.datePublished }),
    ...(article.dateModified !== undefined && { dateModified: article.dateModified }),
    ...(article.authors.length > 0 && {
      author: article.authors.map(({ name, url }) => ({ '@type': 'Person', name, ...(url !== undefined && { url }) })),
    }),
    ...(site.name !== undefined && { publisher: publisherOf(site.name, site) }),
    ...(article.categories.length > 0 && { articleSection: article.categories }),
    ...(article.tags.length > 0 && { keywords: article.tags }),
    ...(article.url !== undefined && { url: article.url, mainEntityOfPage: article.url }),
    ...(image !== undefined && {
      image: {
        '@type': 'ImageObject',
        contentUrl: pathToUrl(image.path),
        ...(image.caption !== undefined && { caption: image.caption }),
        ...(image.alt !== '' && { alternateName: image.alt }),
        ...(image.credit !== undefined && { creditText: image.credit }),
      },
    }),
    ...(article.license !== undefined && { license: licenseOf(article.license) }),
    ...(corrections.length > 0 && {
      correction: corrections.map(({ date, note }) => ({
        '@type': 'CorrectionComment',
        ...(date !== undefined && { datePublished: date }),
        text: note,
      })),
    }),
    ...(edition.previous !== undefined && { 'prov:wasRevisionOf': { '@id': `ipfs://${edition.previous}` } }),
    encoding: mediaOf('article.md', 'text/markdown', article.source.byteLength),
    ...(assets.length > 0 && {
      associatedMedia: assets.map(({ path, mediaType, size }) => mediaOf(path, mediaType, size)),
    }),
  }
}

/** The bytes of metadata.json: UTF-8, indented by two spaces, one newline at the end. */
export function encodeMetadata(metadata: ArticleMetadata): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(metadata, null, 2)}\n`)
}

/** What a reader is told was put right: the author's corrections, and the reason for this edition where it is not among them. */
export function correctionsOf(article: Article, edition: Edition): Article['corrections'] {
  const { note } = edition
  if (note === undefined || article.corrections.some((correction) => correction.note === note))
    return article.corrections
  return [...article.corrections, { note }]
}

function publisherOf(name: string, { motto, url }: Site): Publisher {
  return {
    '@type': 'NewsMediaOrganization',
    name,
    ...(motto !== undefined && { slogan: motto }),
    ...(url !== undefined && { url }),
  }
}

function licenseOf(license: string): string | { '@type': 'CreativeWork'; name: string } {
  return /^https?:\/\//i.test(license) ? license : { '@type': 'CreativeWork', name: license }
}

function mediaOf(path: string, mediaType: string, size: number): Media {
  return { '@type': 'MediaObject', contentUrl: pathToUrl(path), encodingFormat: mediaType, contentSize: `${size} B` }
}
