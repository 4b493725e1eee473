// The Helia node of an archive: Helia's own, with our stores and our pins in the places of its own. It has no router, no
// block broker and no peer: it cannot go online. This is the only file that composes Helia.

import type { Helia, Pins } from '@helia/interface'
import { createHeliaLight } from 'helia'
import type { Blockstore } from 'interface-blockstore'
import type { Datastore } from 'interface-datastore'

export interface NodeParts {
  readonly blockstore: Blockstore
  /** Helia's own, in memory, where it is absent: a node that computes CIDs keeps nothing. */
  readonly datastore?: Datastore
  readonly pins?: Pins
}

/** Composes a node; it need not be started to read, write and pin. */
export function composeNode({ blockstore, datastore, pins }: NodeParts): Helia {
  const node = createHeliaLight({ blockstore, ...(datastore === undefined ? {} : { datastore }) })
  if (pins === undefined) return node
  // Helia makes its pins itself and takes none: the node and its guard against deleting pinned blocks are given ours.
  // Its sweep knows neither the manifest nor what other processes hold.
  Object.assign(node, { pins, gc: refuseToSweep })
  Object.assign(node.blockstore, { pins })
  return node
}

async function refuseToSweep(): Promise<never> {
  throw new Error('the blocks of an archive are freed by Archive.collect')
}
