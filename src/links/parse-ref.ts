// What a person types to name an article → a slug, or a root CID with a path inside.

import { base10 } from 'multiformats/bases/base10'
import { base16, base16upper } from 'multiformats/bases/base16'
import {
  base32,
  base32hex,
  base32hexpad,
  base32hexpadupper,
  base32hexupper,
  base32pad,
  base32padupper,
  base32upper,
} from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc, base58flickr } from 'multiformats/bases/base58'
import { base64, base64pad, base64url, base64urlpad } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'

export type Ref =
  | { readonly kind: 'slug'; readonly slug: string; readonly version?: number }
  | { readonly kind: 'root'; readonly root: CID; readonly path: readonly string[] }

/** What may be fetched, and where its address says that it lies. */
export type Address =
  | Extract<Ref, { kind: 'slug' }>
  | (Extract<Ref, { kind: 'root' }> & { readonly host?: Host })
  | { readonly kind: 'page'; readonly url: URL }

/** Where an address says to ask: a host that may be a gateway, and the CAR that the address itself names. */
export interface Host {
  readonly base?: URL
  readonly car?: URL
}

const bases = [
  base58btc,
  base10,
  base16,
  base16upper,
  base32,
  base32upper,
  base32pad,
  base32padupper,
  base32hex,
  base32hexupper,
  base32hexpad,
  base32hexpadupper,
  base36,
  base36upper,
  base58flickr,
  base64,
  base64pad,
  base64url,
  base64urlpad,
]

/**
 * Understands a slug, `slug@version`, a CID of version 0 or 1 in any base, `ipfs://…`, `/ipfs/…`, and the URL of a path or
 * subdomain gateway. CIDs come out in version 1. Throws an OvnError `usage` for anything else.
 */
export function parseRef(text: string): Ref {
  const address =
    /^ipfs:\/\/([^/?#]+)([^?#]*)/i.exec(text) ??
    /^\/ipfs\/([^/?#]+)([^?#]*)/.exec(text) ??
    /^https?:\/\/[^/?#]+\/ipfs\/([^/?#]+)([^?#]*)/i.exec(text) ??
    /^https?:\/\/([^./?#]+)\.ipfs\.[^/?#]+([^?#]*)/i.exec(text)
  if (address !== null) {
    const root = parseCid(address[1] ?? '')
    if (root === undefined) throw notRef(text, 'it holds no valid CID')
    return { kind: 'root', root, path: pathOf(address[2] ?? '', text) }
  }
  const [first = '', ...rest] = text.split('/')
  const root = parseCid(first)
  if (root !== undefined) return { kind: 'root', root, path: rest.filter((segment) => segment !== '') }
  const named = /^([\p{L}\p{N}][\p{L}\p{M}\p{N}-]*)(?:@([1-9]\d{0,8}))?$/u.exec(text.normalize('NFC'))
  if (named?.[1] === undefined) throw notRef(text, 'it is neither a slug nor a CID')
  return { kind: 'slug', slug: named[1], ...(named[2] === undefined ? {} : { version: Number(named[2]) }) }
}

/**
 * Understands what {@link parseRef} does, and where a URL says to ask; also `…/ipfs/<cid>.car` on any host, gateways below a path,
 * and, for every other URL, a page that may name a CAR. Throws an OvnError `usage` for anything else.
 */
export function parseAddress(text: string): Address {
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null
  if (url === null) return parseRef(text)
  const [, label = '', parent = ''] = /^([^.]+)\.ipfs\.(.+)$/.exec(url.host) ?? []
  const subdomain = parseCid(label)
  if (subdomain !== undefined) {
    const base = withPath(url, '/')
    base.host = parent
    return { kind: 'root', root: subdomain, path: pathOf(url.pathname, text), host: { base } }
  }
  const file = /^(.*)\/([^/]+)\.car$/.exec(url.pathname)
  const named = parseCid(file?.[2] ?? '')
  if (named !== undefined) {
    const above = /^(.*)\/ipfs$/.exec(file?.[1] ?? '')?.[1]
    const base = above === undefined ? {} : { base: withPath(url, `${above}/`) }
    return { kind: 'root', root: named, path: [], host: { ...base, car: url } }
  }
  const place = /^(.*?)\/ipfs\/([^/]+)(.*)$/.exec(url.pathname)
  const root = parseCid(place?.[2] ?? '')
  if (root === undefined) return { kind: 'page', url }
  return { kind: 'root', root, path: pathOf(place?.[3] ?? '', text), host: { base: withPath(url, `${place?.[1]}/`) } }
}

/** Another path on the host of a URL. Resolved against the URL, one that begins with two slashes would name another host. */
export function withPath(url: URL, path: string): URL {
  const other = new URL(url)
  other.pathname = path
  other.search = ''
  other.hash = ''
  return other
}

/** Reads a CID in any base; undefined for what is none. */
export function parseCid(text: string): CID | undefined {
  try {
    const base = /^Qm/.test(text) ? base58btc : bases.find(({ prefix }) => prefix === text[0])
    return base === undefined ? undefined : CID.parse(text, base).toV1()
  } catch {
    return undefined
  }
}

function pathOf(path: string, text: string): string[] {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent)
  } catch {
    throw notRef(text, 'its path has a broken % escape')
  }
}

function notRef(text: string, why: string): OvnError {
  return new OvnError('usage', `"${text}" does not name an article: ${why}`, {
    hint: 'give a slug, slug@version, a CID, ipfs://<cid> or the address of a gateway',
  })
}
