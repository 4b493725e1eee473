// What must be true of an archive whatever was done to it.

import { CID } from 'multiformats/cid'
import { expect } from 'vitest'
import { openArchive } from '../../src/archive/archive.ts'
import { walkDag } from '../../src/dag/walk.ts'
import { isEdition } from '../../src/manifest/record.ts'

/** Checks all that is recorded: the chain of lines, every block of every live root, every pin. Returns the live editions. */
export async function checkArchive(folder: string): Promise<string[]> {
  const archive = openArchive(folder, { readOnly: true })
  try {
    archive.editions.refresh()
    const records = archive.manifest.placedFrom(0, 1).map(({ record }) => record)
    let parent: string | undefined
    for (const record of records) {
      expect(record.parent).toBe(parent)
      parent = record.cid
    }
    const live = records.filter(isEdition).filter(({ root }) => archive.editions.isLive(root))
    for (const { root } of live) {
      expect(archive.pins.hasRoot(CID.parse(root))).toBe(true)
      for await (const _ of walkDag(archive.blocks, CID.parse(root)));
    }
    return live.map(({ slug, version }) => `${slug}@${version}`)
  } finally {
    archive.close()
  }
}

/** How many blocks the pinned DAGs have together. */
export async function countPinnedBlocks(folder: string): Promise<number> {
  const archive = openArchive(folder, { readOnly: true })
  try {
    const multihashes = new Set<string>()
    for await (const { cid } of archive.pins.ls()) {
      for await (const block of walkDag(archive.blocks, cid)) {
        multihashes.add(Buffer.from(block.multihash.bytes).toString('hex'))
      }
    }
    return multihashes.size
  } finally {
    archive.close()
  }
}
