// `?format=` and `Accept` → the format of the answer. The query always wins.
// Sources: the specifications of path and trustless gateways, IPIP-412, IPIP-523, IPIP-524.

import { Refusal } from './message.ts'

/** A format that is asked for by name, and its media type. */
export const mediaTypes = {
  raw: 'application/vnd.ipld.raw',
  car: 'application/vnd.ipld.car',
  'dag-json': 'application/vnd.ipld.dag-json',
  'dag-cbor': 'application/vnd.ipld.dag-cbor',
  json: 'application/json',
  cbor: 'application/cbor',
  'ipns-record': 'application/vnd.ipfs.ipns-record',
} as const

export type Format = keyof typeof mediaTypes

export interface Wish {
  /** undefined where the content is wanted as it is: a file, a folder, a block by its codec. */
  readonly format: Format | undefined
  /** Whether the format stands in `Accept` and not in the query. */
  readonly fromAccept: boolean
  /** Whether the client shows pages. */
  readonly wantsHtml: boolean
  /** The parameters of the CAR in `Accept`. */
  readonly car: ReadonlyMap<string, string>
}

interface MediaRange {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

/** Reads what format is wanted. Throws a Refusal: 400 for a format that is not known, 406 for one that is not made here. */
export function readWish(query: URLSearchParams, accept: string | undefined): Wish {
  const ranges = parseAccept(accept ?? '')
  const car = ranges.find(({ type }) => type === mediaTypes.car)?.parameters ?? new Map()
  const named = query.get('format')
  if (named !== null) return { format: readFormat(named), fromAccept: false, wantsHtml: false, car }
  const wantsHtml = ranges.some(({ type, quality }) => type === 'text/html' && quality > 0)
  const first = ranges.filter(({ quality }) => quality > 0)[0]?.type
  const format = Object.entries(mediaTypes).find(([, type]) => type === first)?.[0] as Format | undefined
  return { format, fromAccept: format !== undefined, wantsHtml: wantsHtml && format === undefined, car }
}

function readFormat(name: string): Format {
  if (Object.hasOwn(mediaTypes, name)) return name as Format
  if (name === 'tar') throw new Refusal(406, 'this gateway makes no TAR; ask for format=car')
  throw new Refusal(400, 'the format is not known')
}

/** The media ranges of an Accept header, the ones that are wanted most first. */
function parseAccept(accept: string): MediaRange[] {
  return accept
    .split(',')
    .slice(0, 64)
    .map((range) => {
      const [type = '', ...rest] = range.split(';').map((part) => part.trim())
      const parameters = new Map(
        rest.map((parameter) => {
          const [name = '', value = ''] = parameter.split('=').map((part) => part.trim())
          return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1').toLowerCase()]
        }),
      )
      const quality = Number(parameters.get('q') ?? 1)
      return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 }
    })
    .sort((a, b) => b.quality - a.quality)
}

export type CarScope = 'block' | 'entity' | 'all'

export interface CarWish {
  readonly scope: CarScope
  readonly bytes: EntityBytes | undefined
  readonly duplicates: boolean
}

/** A range as `entity-bytes` writes it: a negative number counts from the end, no `to` is the end. */
export interface EntityBytes {
  readonly from: number
  readonly to: number | undefined
}

/** Reads the parameters of a CAR. Throws a Refusal 400 for those that are wrong, or not offered. */
export function readCarWish(query: URLSearchParams, car: ReadonlyMap<string, string>): CarWish {
  const version = query.get('car-version') ?? car.get('version') ?? '1'
  if (version !== '1') throw new Refusal(400, 'a CAR is made in version 1 alone')
  const order = query.get('car-order') ?? car.get('order') ?? 'dfs'
  if (order !== 'dfs' && order !== 'unk') throw new Refusal(400, 'a CAR has the order dfs or unk')
  const duplicates = query.get('car-dups') ?? car.get('dups') ?? 'n'
  if (duplicates !== 'y' && duplicates !== 'n') throw new Refusal(400, 'car-dups is y or n')
  const range = query.get('entity-bytes')
  const bytes = range === null ? undefined : readEntityBytes(range)
  const scope = query.get('dag-scope') ?? (bytes === undefined ? 'all' : 'entity')
  if (scope !== 'block' && scope !== 'entity' && scope !== 'all') {
    throw new Refusal(400, 'dag-scope is block, entity or all')
  }
  if (bytes !== undefined && scope !== 'entity') throw new Refusal(400, 'entity-bytes goes with dag-scope=entity')
  return { scope, bytes, duplicates: duplicates === 'y' }
}

function readEntityBytes(text: string): EntityBytes {
  const [, first, last] = /^(-?\d{1,15}):(-?\d{1,15}|\*)$/.exec(text) ?? []
  const from = Number(first)
  const to = last === '*' ? undefined : Number(last)
  const isReversed = to !== undefined && from < 0 === to < 0 && from > to
  if (first === undefined || isReversed) throw new Refusal(400, 'entity-bytes is <from>:<to>, or <from>:*')
  return { from, to }
}
