// The Host header → what is asked: a path of the gateway, the site, or one root with an origin of its own. A name that is not known
// here is refused: a page elsewhere that lets its own name point to this machine (DNS rebinding) could read what is served.
// Source: the specification of subdomain gateways.

import { isIP } from 'node:net'
import { Refusal } from './message.ts'

export interface HostRules {
  /** Further names: `example.org` for paths alone, `*.example.org` where its subdomains lead here too. */
  readonly publicHosts: readonly string[]
  /** Addresses of any machine are taken too: no name of a stranger can be one. */
  readonly anyAddress: boolean
  /** Any name is taken for one of paths. For tests of conformance, and behind a proxy that has looked at it. */
  readonly anyHost: boolean
  /** `X-Forwarded-Host` and `X-Forwarded-Proto` count. */
  readonly trustProxy: boolean
}

export type Namespace = 'ipfs' | 'ipns'

export interface HostChoice {
  readonly scheme: 'http' | 'https'
  /** The host of the gateway with its port, without the labels of a root: what links to it begin with. */
  readonly base: string
  /** Whether the base has subdomains: a path is then sent to the origin of its root. */
  readonly hasSubdomains: boolean
  /** The root that is named in front of the base. */
  readonly root?: { readonly namespace: Namespace; readonly label: string }
}

type Headers = Readonly<Record<string, string | undefined>>

const hostForm = /^(\[[\da-f:.]+\]|[a-z\d](?:[a-z\d._-]*[a-z\d])?\.?)(:\d{1,5})?$/i

/** Reads the host of a request. Throws a Refusal: 400 for what is none, 421 for one that is not served here. */
export function chooseHost(headers: Headers, rules: HostRules): HostChoice {
  const forwarded = rules.trustProxy ? firstOf(headers['x-forwarded-host']) : undefined
  const proto = rules.trustProxy ? firstOf(headers['x-forwarded-proto']) : undefined
  const scheme = proto === 'https' ? 'https' : 'http'
  const host = forwarded ?? headers.host ?? ''
  const [, written = '', port = ''] = hostForm.exec(host) ?? []
  if (written === '') throw new Refusal(400, 'the Host header is missing, or is no host')
  const name = written.toLowerCase().replace(/\.$/, '')
  if (isLoopbackAddress(name)) return { scheme, base: name + port, hasSubdomains: false }
  for (const wide of ['localhost', ...rules.publicHosts.filter(isWide).map(withoutStar)]) {
    if (name === wide) return { scheme, base: name + port, hasSubdomains: true }
    if (!name.endsWith(`.${wide}`)) continue
    const [, label, namespace] = /^(.+)\.(ipfs|ipns)$/.exec(name.slice(0, -wide.length - 1)) ?? []
    if (label === undefined) continue
    return {
      scheme,
      base: wide + port,
      hasSubdomains: true,
      root: { namespace: namespace as Namespace, label },
    }
  }
  if (rules.anyAddress && isAddress(name)) return { scheme, base: name + port, hasSubdomains: false }
  if (rules.anyHost || rules.publicHosts.some((known) => !isWide(known) && known.toLowerCase() === name)) {
    return { scheme, base: name + port, hasSubdomains: false }
  }
  throw new Refusal(421, 'this gateway does not answer to that host')
}

/** Whether a name can be given as a public host. */
export function isHostName(text: string): boolean {
  return /^(\*\.)?[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(text)
}

function isWide(host: string): boolean {
  return host.startsWith('*.')
}

function withoutStar(host: string): string {
  return host.slice(2).toLowerCase()
}

function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0
}

function isLoopbackAddress(name: string): boolean {
  return name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

function firstOf(list: string | undefined): string | undefined {
  return list?.split(',')[0]?.trim() || undefined
}
