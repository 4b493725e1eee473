// Where everything of a site stands. A place is relative to the site's folder, with forward slashes; one that ends with a
// slash, or is empty, is a page of its own folder. Only what is made here becomes a name on disk.

import { slugify } from '../article/slug.ts'
import { pathToUrl } from '../bundle/paths.ts'

export const places = {
  front: (page = 1) => numbered('', page),
  category: (folder: string, page = 1) => numbered(`category/${folder}/`, page),
  archive: 'archive/',
  /** A month as `2025-08`. */
  month: (month: string, page = 1) => numbered(`archive/${month.replace('-', '/')}/`, page),
  /** The newest version of an article; an earlier one where its number is given. */
  article: (folder: string, version?: number) => `${folder}/${version === undefined ? '' : `v${version}/`}`,
  car: (root: string) => `ipfs/${root}.car`,
  asset: (name: string) => `assets/${name}`,
  atom: 'atom.xml',
  rss: 'rss.xml',
  jsonFeed: 'feed.json',
  sitemap: 'sitemap.xml',
  robots: 'robots.txt',
  notFound: '404.html',
  links: 'links.json',
} as const

function numbered(base: string, page: number): string {
  return page === 1 ? base : `${base}page/${page}/`
}

/** Names at the top of a site that are not an article's, and those that Windows keeps for its devices. */
const taken = /^(?:page|category|archive|assets|ipfs|con|prn|aux|nul|com\d|lpt\d)$/

/** The folder of a slug, or of a category's. No slug has an underscore, so that no other can have this name. */
export function folderOf(slug: string): string {
  return taken.test(slug) ? `${slug}_` : slug
}

/** The folder names of categories, in the order given: two that would have one name get numbers. */
export function categoryFolders(names: readonly string[]): string[] {
  const used = new Set<string>()
  return names.map((name) => {
    const base = folderOf(slugify(name))
    let folder = base
    for (let number = 2; used.has(folder); number += 1) folder = `${base}-${number}`
    used.add(folder)
    return folder
  })
}

/** The file of a place. */
export function fileOf(place: string): string {
  return place === '' || place.endsWith('/') ? `${place}index.html` : place
}

/** The URL of one place as a page at another writes it: relative, so that a site works below any address. */
export function hrefFrom(from: string, to: string): string {
  const up = '../'.repeat(from.split('/').length - 1)
  return `${up}${pathToUrl(to)}` || './'
}

/** The whole URL of a place, below a site's own. */
export function urlOf(site: string, place: string): string {
  return `${withSlash(site)}${pathToUrl(place)}`
}

/** The URL of a place from the root of its server, for the page that stands at any address. */
export function rootedUrl(site: string | undefined, place: string): string {
  // Two slashes would begin the name of another host.
  const path = site === undefined ? '/' : new URL(site).pathname.replace(/^\/{2,}/, '/')
  return `${withSlash(path)}${pathToUrl(place)}`
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}
