// The properties of schema.org that a bundle uses, in their order, with the types that schema.org expects of each. Written
// down apart from the code that makes them, so that neither can drift alone.

type Shape = (value: unknown, path: string) => void

function fail(path: string, wanted: string, value: unknown): never {
  throw new Error(`${path}: wanted ${wanted}, got ${JSON.stringify(value)}`)
}

const text: Shape = (value, path) => {
  if (typeof value !== 'string' || value === '') fail(path, 'text', value)
}

function matching(pattern: RegExp): Shape {
  return (value, path) => {
    if (typeof value !== 'string' || !pattern.test(value)) fail(path, String(pattern), value)
  }
}

function exactly(wanted: unknown): Shape {
  return (value, path) => {
    if (JSON.stringify(value) !== JSON.stringify(wanted)) fail(path, JSON.stringify(wanted), value)
  }
}

function oneOf(...shapes: Shape[]): Shape {
  return (value, path) => {
    const errors = shapes.map((shape) => {
      try {
        return void shape(value, path)
      } catch (error) {
        return error
      }
    })
    if (!errors.includes(undefined)) throw errors[0]
  }
}

function listOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value) || value.length === 0) return fail(path, 'a list that is not empty', value)
    value.forEach((item, index) => {
      shape(item, `${path}[${index}]`)
    })
  }
}

/** An object with these properties, in this order; those whose name ends in `?` may be left out. */
function object(properties: Record<string, Shape>): Shape {
  const names = Object.keys(properties).map((name) => name.replace('?', ''))
  return (value, path) => {
    if (typeof value !== 'object' || value === null) return fail(path, 'an object', value)
    for (const [name, shape] of Object.entries(properties)) {
      const present = name.replace('?', '')
      if (present in value) shape((value as Record<string, unknown>)[present], `${path}.${present}`)
      else if (present === name) fail(path, `the property ${name}`, value)
    }
    const found = Object.keys(value)
    exactly(names.filter((name) => found.includes(name)))(found, `keys of ${path}`)
  }
}

function typed(type: string, properties: Record<string, Shape>): Shape {
  return object({ '@type': exactly(type), ...properties })
}

const date = matching(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/)
const webAddress = matching(/^https?:\/\//)
const ownFile = matching(/^(article\.md|assets\/[^\s<>"{}|\\^`?#]+)$/)
const media = typed('MediaObject', {
  contentUrl: ownFile,
  encodingFormat: matching(/^[a-z]+\/[a-z0-9.+-]+$/),
  contentSize: matching(/^\d+ B$/),
})

/** Throws unless a value is what metadata.json may hold. */
export const checkNewsArticle: Shape = object({
  '@context': exactly(['https://schema.org', { prov: 'http://www.w3.org/ns/prov#' }]),
  '@type': exactly('NewsArticle'),
  schemaVersion: exactly('ovn-bundle/1'),
  identifier: text,
  version: (value, path) => {
    if (!Number.isSafeInteger(value) || Number(value) < 1) fail(path, 'a number from 1', value)
  },
  headline: text,
  'description?': text,
  'inLanguage?': matching(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/),
  'datePublished?': date,
  'dateModified?': date,
  'author?': listOf(typed('Person', { name: text, 'url?': text })),
  'publisher?': typed('NewsMediaOrganization', { name: text, 'slogan?': text, 'url?': text }),
  'articleSection?': listOf(text),
  'keywords?': listOf(text),
  'url?': webAddress,
  'mainEntityOfPage?': webAddress,
  'image?': typed('ImageObject', {
    contentUrl: ownFile,
    'caption?': text,
    'alternateName?': text,
    'creditText?': text,
  }),
  'license?': oneOf(webAddress, typed('CreativeWork', { name: text })),
  'correction?': listOf(typed('CorrectionComment', { 'datePublished?': date, text })),
  'prov:wasRevisionOf?': object({ '@id': matching(/^ipfs:\/\//) }),
  encoding: media,
  'associatedMedia?': listOf(media),
})
