// What a bag says of itself. Source: RFC 8493, sections 2.1 and 2.2.

/** The lines of bagit.txt. */
export const declaration = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'

/** One statement of bag-info.txt: its label and its value. */
export type BagTag = readonly [label: string, value: string | undefined]

/** The text of bag-info.txt. Values are on one line each; what would break a line, or cannot be seen, is a space. */
export function bagInfoText(tags: readonly BagTag[]): string {
  return tags
    .map(([label, value]) => [label, value?.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()] as const)
    .filter(([, value]) => value)
    .map(([label, value]) => `${label}: ${value}\n`)
    .join('')
}

/** The value of a label in a bag-info.txt; undefined where it has none. */
export function readTag(text: string, label: string): string | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${label}: `))
  return line?.slice(label.length + 2).trim()
}

/** A path as a manifest names it: the percent sign and the ends of lines are escaped, and nothing else. */
export function manifestPath(path: string): string {
  return path.replace(/[%\r\n]/g, (character) => encodeURIComponent(character))
}
