// A root → the links that lead to it.

/** Where a reader finds an article. */
export interface Links {
  /** The canonical link, which names the bytes and no place. */
  readonly ipfs: string
  /** One address per configured gateway, in the order of the config. */
  readonly gateways: readonly string[]
}

/** The links to a root CID, over the gateways that the archive's config names. */
export function linksTo(root: string, gateways: readonly string[]): Links {
  return {
    ipfs: `ipfs://${root}`,
    gateways: gateways.map((gateway) => `${gateway.replace(/\/+$/, '')}/ipfs/${root}/`),
  }
}
