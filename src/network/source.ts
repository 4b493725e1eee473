// A place that may have the blocks of a DAG: a trustless gateway, a web host with a CAR on it, or both at once. What it sends is
// checked by the session.
// Source: the specifications of the path gateway and the trustless gateway.

import type { CID } from 'multiformats/cid'
import { OvnError } from '../errors.ts'
import { type Host, withPath } from '../links/parse-ref.ts'

export interface Source {
  /** Its host, and its path where it has one: what messages call it. */
  readonly name: string
  /** Where a CAR of a DAG may be had, the most likely place first. */
  cars(root: CID): readonly URL[]
  /** A CAR that lies on a web host, which may have nothing else. */
  readonly file?: { readonly url: URL; readonly root: CID }
  /** Where a single block may be had; absent where there are none. */
  readonly block?: (cid: CID) => URL
}

export const carType = 'application/vnd.ipld.car'

/** How a CAR is asked for. */
export const carAccept = `${carType};version=1;order=dfs;dups=n`

/** A gateway by its base URL, whose path is kept. */
export function gatewaySource(base: URL): Source {
  return { name: nameOf(base), cars: (root) => [carUrl(base, root)], block: (cid) => blockUrl(base, cid) }
}

/**
 * A host that a link names, without saying what it is: a gateway, or a web host that has `/ipfs/<cid>.car` for the root of the
 * link. `named` is the CAR that the link itself names, which is asked for first then.
 */
export function hostSource(base: URL, root: CID, named?: URL): Source {
  const file = named ?? withPath(base, `${basePath(base)}/ipfs/${root}.car`)
  return {
    name: nameOf(base),
    cars(cid) {
      const gateway = carUrl(base, cid)
      if (!cid.equals(root)) return [gateway]
      return named === undefined ? [gateway, file] : [file, gateway]
    },
    file: { url: file, root },
    block: (cid) => blockUrl(base, cid),
  }
}

/** One CAR at an address that says nothing of what else there is. */
export function carSource(file: URL, root: CID): Source {
  return { name: nameOf(file), cars: (cid) => (cid.equals(root) ? [file] : []), file: { url: file, root } }
}

/** The sources of a root, each once: where its address says to ask, then the gateways. */
export function sourcesOf(root: CID, { base, car }: Host, gateways: readonly URL[]): Source[] {
  const named = base === undefined ? (car === undefined ? [] : [carSource(car, root)]) : [hostSource(base, root, car)]
  const others = gateways.map(gatewaySource).filter(({ name }) => base === undefined || name !== nameOf(base))
  return [...new Map([...named, ...others].map((source) => [source.name, source])).values()]
}

/**
 * Reads the address of a gateway, with or without `/ipfs` at its end; user, password and query stay. Throws an OvnError `usage` for what is none; `from` says
 * where it stands.
 */
export function parseGateway(text: string, from: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new OvnError('usage', `${from}: "${text}" is not the address of a gateway`, {
      hint: 'it begins with https:// or http://',
    })
  }
  url.pathname = url.pathname.replace(/\/(ipfs\/?)?$/, '/')
  url.hash = ''
  return url
}

function carUrl(base: URL, root: CID): URL {
  const url = withPath(base, `${basePath(base)}/ipfs/${root}`)
  url.search = queryOf(base, 'format=car&dag-scope=all&car-order=dfs&car-dups=n')
  return url
}

function blockUrl(base: URL, cid: CID): URL {
  const url = withPath(base, `${basePath(base)}/ipfs/${cid}`)
  url.search = queryOf(base, 'format=raw')
  return url
}

/** A gateway may know who asks by a query of its own (`?token=…`), which stands in front of ours. */
function queryOf({ search }: URL, ours: string): string {
  return search === '' ? `?${ours}` : `${search}&${ours}`
}

function basePath(base: URL): string {
  return base.pathname.replace(/\/+$/, '')
}

/** Without user, password and query, which are nobody's business. */
function nameOf(url: URL): string {
  return `${url.host}${basePath(url)}`
}
