import { CID } from 'multiformats/cid'
import { type Archive, openArchive } from '../archive/archive.ts'
import { readConfig } from '../archive/config.ts'
import { writeCar } from '../dag/write-car.ts'
import { OvnError } from '../errors.ts'
import { findEdition } from '../links/find-edition.ts'
import type { Linked } from '../output/result.ts'
import { catalogOf } from '../site/catalog.ts'
import { articleLinks } from '../site/links-file.ts'
import { archiveFolder, type Context } from './context.ts'

/**
 * The links of one version of an article, and of all its versions, as links.json of the site has them. Throws as
 * {@link findEdition} does, and an OvnError for blocks that are missing or damaged.
 */
export async function links(ref: string, context: Context): Promise<Linked> {
  const folder = archiveFolder(context)
  const site = await readConfig(folder)
  const archive = openArchive(folder, { readOnly: true })
  try {
    const { record, editions } = findEdition(archive, ref)
    const withdrawals = editions.flatMap(({ root }) => archive.editions.withdrawalOf(root) ?? [])
    const [article] = catalogOf([...editions, ...withdrawals]).articles
    const version = article?.versions.find((each) => each.record.root === record.root)
    if (article === undefined || version === undefined) {
      throw new OvnError('damaged', `the record of "${ref}" has no name that a site can use`)
    }
    const kept = article.versions.filter(({ withdrawal }) => withdrawal === undefined)
    const cars = new Map<string, number>()
    for (const { record } of kept) cars.set(record.root, await carSize(archive, record.root, context.signal))
    return { kind: 'linked', archive: folder, ...articleLinks(site, article, cars, version) }
  } finally {
    archive.close()
  }
}

async function carSize(archive: Archive, root: string, signal: AbortSignal): Promise<number> {
  let size = 0
  for await (const { byteLength } of writeCar(archive.blocks, [CID.parse(root)], signal)) size += byteLength
  return size
}
