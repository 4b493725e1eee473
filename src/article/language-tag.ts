// Language tags (BCP 47, RFC 5646): checked for their form, not against the registry.

/** A tag in its usual letter case, or what is wrong with it and what to do. */
export type CheckedTag = { readonly tag: string } | { readonly problem: string; readonly hint: string }

const maxLength = 35
const form = new RegExp(
  '^[a-z]{2,3}(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?' +
    '(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?$',
)

/** Checks a language tag and writes it as usual: `uk-ua` → `uk-UA`, `zh_hans` → `zh-Hans`. */
export function checkLanguageTag(text: string): CheckedTag {
  const lower = text
    .slice(0, maxLength + 1)
    .toLowerCase()
    .replaceAll('_', '-')
  if (lower.length > maxLength || !form.test(lower)) {
    return { problem: `'${text.slice(0, 50)}' is not a language tag`, hint: 'write a language tag such as en or uk' }
  }
  const [language, ...rest] = lower.split('-')
  const extension = rest.findIndex((subtag) => subtag.length === 1)
  const cased = rest.map((subtag, index) => (extension >= 0 && index > extension ? subtag : caseSubtag(subtag)))
  return { tag: [language, ...cased].join('-') }
}

/** Scripts have four letters, regions two. */
function caseSubtag(subtag: string): string {
  if (/^[a-z]{4}$/.test(subtag)) return subtag.slice(0, 1).toUpperCase() + subtag.slice(1)
  return subtag.length === 2 ? subtag.toUpperCase() : subtag
}
