// What html-validate finds wrong with a page.

import { HtmlValidate } from 'html-validate'

const validator = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:standard'],
  rules: {
    // A headline is as long as its author made it.
    'long-title': 'off',
    // A table scrolls inside a `div` with the role of a region: a `section` would claim a heading that it has not.
    'prefer-native-element': ['error', { exclude: ['region'] }],
  },
})

/** One line for each error, with its place and rule. */
export function findHtmlErrors(page: string): string[] {
  const { results } = validator.validateStringSync(page)
  return results.flatMap(({ messages }) => messages.map((m) => `${m.line}:${m.column} ${m.ruleId} ${m.message}`))
}
