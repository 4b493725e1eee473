// The gateway of an archive without a socket, as `ovn serve` makes it.

import type { CID } from 'multiformats/cid'
import type { Archive } from '../../src/archive/archive.ts'
import type { GetStore } from '../../src/dag/read-block.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../../src/server/gateway.ts'
import { findRecord } from '../../src/server/ipns.ts'
import { createLiveSite } from '../../src/server/live-site.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { Published } from '../../src/server/published.ts'

export const strict: GatewayOptions = {
  publicHosts: [],
  anyAddress: false,
  anyHost: false,
  trustProxy: false,
  cors: true,
  allowScripts: false,
  dnsLinks: new Map(),
}

export function gatewayOf(archive: Archive, options: Partial<GatewayOptions> = {}, blocks?: GetStore): Gateway {
  const read = blocks ?? archive.blocks.unhashed
  const published = new Published(archive, read)
  const source = {
    blocks: read,
    generation: () => published.generation(),
    standingOf: (cid: CID) => published.standingOf(cid),
    recordOf: (key: CID) => findRecord(archive.datastore, key),
    now: () => new Date(),
  }
  const site = createLiveSite({
    archive,
    blocks: read,
    generation: source.generation,
    metrics: new Metrics(),
    site: { name: 'OpenVoiceNews', gateways: [] },
    scripts: new Map(),
  })
  return createGateway(source, { ...strict, ...options }, site)
}
