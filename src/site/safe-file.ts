// The name under which a file of an article stands in a site: its CID and an extension. A web server says from the extension
// what a file is, so only those are kept that make a browser show a file and never run it: what an author attached, or a
// stranger's bundle brought along, shares the address of the newsroom's own pages.

import { mediaTypeOf } from '../article/media-type.ts'

/** Extensions of files that cannot run. All others are `.bin`, and those that a browser would run `.txt`. */
const harmless =
  /^(?:aac|avif|bmp|csv|doc|docx|epub|flac|geojson|gif|gz|heic|ico|ics|jpeg|jpg|json|jsonl|jxl|m4a|m4v|markdown|md|mov|mp3|mp4|odp|ods|odt|ogg|ogv|opus|pdf|png|ppt|pptx|rtf|srt|tar|tif|tiff|tsv|txt|vtt|wav|webm|webp|xls|xlsx|zip)$/

/** The name of a file in a site; a drawing keeps its own where `isStill` says that nothing in it can run. */
export function assetName(path: string, cid: string, isStill: boolean): string {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  if (harmless.test(extension)) return `${cid}.${extension}`
  const mediaType = mediaTypeOf(path)
  if (mediaType === 'image/svg+xml' && isStill) return `${cid}.svg`
  return `${cid}.${mediaType === 'application/octet-stream' ? 'bin' : 'txt'}`
}

/** Whether a file is a drawing, which may hold a script. */
export function isDrawing(path: string): boolean {
  return mediaTypeOf(path) === 'image/svg+xml'
}

/** What a drawing may be made of: shapes, text, paints, filters; and what drawing programs note in it. */
const parts = new Set(
  `svg g path rect circle ellipse line polyline polygon text tspan textPath defs symbol use switch title desc metadata style
  linearGradient radialGradient stop pattern clipPath mask marker image view filter feBlend feColorMatrix feComponentTransfer
  feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG
  feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile
  feTurbulence RDF Work format type creator Agent namedview grid page perspective`.split(/\s+/),
)

/** Whether nothing in a drawing can run where it is opened by itself. What is not understood is taken to run. */
export function isStillDrawing(bytes: Uint8Array): boolean {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return false
  }
  if (
    text.includes('\0') ||
    /<!(?!--|DOCTYPE\s+svg[^[<>]*>)|<!\[CDATA\[|<\?(?!xml\s+version="1\.\d"(?:\s+encoding="utf-8")?)/i.test(text)
  )
    return false
  const markup = text.replace(/<!--.*?-->/gs, '')
  if (/[\s"'/]on[a-z]+\s*=/i.test(markup)) return false
  return [...markup.matchAll(/<\/?([^\s/>]*)/g)].every(([whole, name = '']) => {
    return /^<[?!]/.test(whole) || parts.has(name.slice(name.indexOf(':') + 1))
  })
}
