// A ref → its editions withdrawn: recorded with the reason, and not pinned any more.

import { openArchive } from '../archive/archive.ts'
import { readConfig } from '../archive/config.ts'
import { OvnError } from '../errors.ts'
import { findEdition } from '../links/find-edition.ts'
import { linksTo } from '../links/links-to.ts'
import { parseRef } from '../links/parse-ref.ts'
import type { Unpublished } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'
import { toEntry } from './entry.ts'
import { tornNotice } from './torn-notice.ts'

export interface UnpublishOptions {
  readonly reason?: string
}

/**
 * Withdraws all editions of a slug, or the one that `slug@version` or a CID names. Doing it again changes nothing.
 * Throws an OvnError `usage` without a reason, and as {@link findEdition} does.
 */
export async function unpublish(ref: string, options: UnpublishOptions, context: Context): Promise<Unpublished> {
  const reason = checkReason(options.reason)
  const folder = archiveFolder(context)
  const { gateways } = await readConfig(folder)
  const named = parseRef(ref)
  const wholeArticle = named.kind === 'slug' && named.version === undefined
  const archive = openArchive(folder)
  try {
    const { chosen, roots, torn } = await archive.withdraw(
      () => {
        const { record, editions } = findEdition(archive, ref)
        return wholeArticle ? editions : [record]
      },
      { reason, time: context.now.toISOString(), signal: context.signal },
    )
    const articles = chosen.map((record) => ({
      ...toEntry(record, archive.editions.withdrawalOf(record.root)),
      status: roots.includes(record.root) ? ('withdrawn' as const) : ('already' as const),
      links: linksTo(record.root, gateways),
    }))
    const elsewhere = articles.flatMap(({ links, url }) => [...links.gateways, ...(url === undefined ? [] : [url])])
    return {
      kind: 'unpublished',
      archive: folder,
      articles,
      elsewhere: [...new Set(elsewhere)],
      notices: torn > 0 ? [tornNotice(archive.manifest.file, torn)] : [],
    }
  } finally {
    archive.close()
  }
}

/** A reason is recorded for good: it must say something. */
function checkReason(reason: string | undefined): string {
  const text = reason?.normalize('NFC').trim() ?? ''
  if (text !== '') return text
  throw new OvnError('usage', 'why is it withdrawn? --reason is missing', {
    hint: "add --reason 'Published by mistake.'; it stays in the manifest",
  })
}
