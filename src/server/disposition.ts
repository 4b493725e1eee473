// A name that a stranger chose → the header Content-Disposition. Source: RFC 6266.

/** `inline` or `attachment`, with a name in ASCII and, where that is another, the name itself. */
export function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
  const ascii = plain.replace(/[^ -~]/gu, '_').replace(/["\\]/g, '_')
  const extended = ascii === plain ? '' : `; filename*=UTF-8''${encodeExtended(plain)}`
  return `${kind}; filename="${ascii}"${extended}`
}

function encodeExtended(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
