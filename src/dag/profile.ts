// The CID profile: every choice that makes the same files give the same CID here, in Kubo and in any other
// implementation. Source: IPIP-499, profile `unixfs-v1-2025`. FORMAT.md lists the parameters for readers.

/** The profile's name, as IPIP-499 and the manifest write it. */
export const profile = 'unixfs-v1-2025'

/** Bytes in a leaf block. */
export const chunkSize = 1_048_576

/** The largest block that is ever written or accepted: 2 MiB, the limit of Bitswap and of trustless gateways. */
export const maxBlockSize = 2 * 1_048_576
