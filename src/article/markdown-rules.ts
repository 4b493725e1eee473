// How rules of the parser are wrapped, so that its tokens carry what later stages need.

import type { MarkdownIt, Ruler, StateBlock, StateInline } from 'markdown-it'

type InlineRule = (state: StateInline, silent: boolean) => boolean
type BlockRule = (state: StateBlock, startLine: number, endLine: number, silent: boolean) => boolean

export function wrapInlineRule(parser: MarkdownIt, name: string, wrap: (rule: InlineRule) => InlineRule): void {
  parser.inline.ruler.at(name, wrap(findRule(parser.inline.ruler, name)))
}

/** `interrupts` names the blocks that the rule may end, which a replaced rule loses. */
export function wrapBlockRule(
  parser: MarkdownIt,
  name: string,
  interrupts: string[],
  wrap: (rule: BlockRule) => BlockRule,
): void {
  parser.block.ruler.at(name, wrap(findRule(parser.block.ruler, name)), { alt: interrupts })
}

function findRule<Args extends unknown[], Result>(ruler: Ruler<Args, Result>, name: string): (...args: Args) => Result {
  const rule = ruler.__rules__.find((each) => each.name === name)
  if (rule === undefined) throw new Error(`the Markdown parser has no rule ${name}`)
  return rule.fn
}
