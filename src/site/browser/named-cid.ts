// The CID that an address gives a page: the last name of its path, or an `ipfs:` address without a path. One further to the left is
// of a folder that the page lies in, as where a whole site is kept on IPFS, and says nothing about the article.

/** Returns the CID that an address names its page by; undefined where there is none. */
export function namedCid(address: string): string | undefined {
  const names = address
    .replace(/[?#].*$/s, '')
    .split('/')
    .filter((name) => name !== '' && !/^index\.html?$/i.test(name))
  return /^(bafy[a-z2-7]{55}|bafk[a-z2-7]{55})(\.html?|\.car)?$/.exec(names.at(-1) ?? '')?.[1]
}
