// Plants probes into the text of a module: what counts that a place was reached, or a change that a number switches on. All that
// is planted is put between the parts of the text, which itself stays as it is.

import { parseAst } from 'rolldown/parseAst'

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  // biome-ignore lint/suspicious/noExplicitAny: a syntax tree has many kinds of nodes, and few are of interest here.
  readonly [key: string]: any
}

interface Planted {
  readonly start: number
  readonly end: number
  readonly open: string
  readonly close: string
}

/** A place in a file, counted from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Mutant extends Place {
  /** From 1 on. */
  readonly id: number
  /** What is changed, and to what. */
  readonly change: string
}

/** What a probe counts: a statement, or one way out of a condition. */
export interface Point extends Place {
  readonly kind: 'statement' | 'branch'
}

class Text {
  readonly #text: string
  readonly #file: string
  readonly #planted: Planted[] = []
  readonly body: readonly Node[]

  constructor(file: string, text: string) {
    this.#file = file
    this.#text = text
    this.body = (parseAst(text, { lang: 'ts' }) as unknown as Node).body
  }

  of({ start, end }: Node): string {
    return this.#text.slice(start, end)
  }

  plant({ start, end }: { readonly start: number; readonly end: number }, open: string, close = ''): void {
    this.#planted.push({ start, end, open, close })
  }

  place({ start }: Node): Place {
    const before = this.#text.slice(0, start).split('\n')
    return { file: this.#file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }

  /** The text with all that was planted. What was planted first is outside of what was planted later at the same place. */
  toString(): string {
    const opened = new Map<number, string[]>()
    const closed = new Map<number, string[]>()
    const outerFirst = this.#planted.toSorted((one, other) => one.start - other.start || other.end - one.end)
    for (const { start, end, open, close } of outerFirst) {
      opened.set(start, [...(opened.get(start) ?? []), open])
      closed.set(end, [close, ...(closed.get(end) ?? [])])
    }
    let text = ''
    let from = 0
    for (const at of [...new Set([...opened.keys(), ...closed.keys()])].toSorted((one, other) => one - other)) {
      text += this.#text.slice(from, at) + (closed.get(at) ?? []).join('') + (opened.get(at) ?? []).join('')
      from = at
    }
    return text + this.#text.slice(from)
  }
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string'

/** The nodes directly below a node that are code: no types, no names of properties, no addresses of modules. */
function childrenOf(node: Node): Node[] {
  const left = new Set<unknown>()
  if (!node.computed) left.add(node.key).add(node.property)
  if (/^(Import|Export)/.test(node.type)) for (const each of [node.source, ...(node.attributes ?? [])]) left.add(each)
  return Object.values(node)
    .flat()
    .filter((child) => isNode(child) && !left.has(child))
    .filter(({ type }: Node) => !type.startsWith('TS') || /^TS(As|Satisfies|NonNull)/.test(type)) as Node[]
}

const statements = /Statement$|^VariableDeclaration$|^Export(Named|Default)Declaration$/

/** The statements of a node that stand one after another, and those that stand alone, as after `else`. */
function statementsOf(node: Node): { readonly listed: Node[]; readonly alone: Node[] } {
  const list: unknown[] = node.type === 'SwitchCase' ? node.consequent : Array.isArray(node.body) ? node.body : []
  const single: unknown[] = /^(If|For|While|DoWhile|Labeled)/.test(node.type)
    ? [node.body, node.consequent, node.alternate]
    : []
  const isStatement = (each: unknown): each is Node =>
    isNode(each) && statements.test(each.type) && each.type !== 'BlockStatement'
  return { listed: list.filter(isStatement), alone: single.filter(isStatement) }
}

const conditions = /^(If|While|DoWhile|For)Statement$|^ConditionalExpression$/

/** Plants what counts statements and branches. Their numbers go on from those in `points`, to which they are added. */
export function plantCounters(file: string, source: string, points: Point[]): string {
  const text = new Text(file, source)
  const add = (node: Node, kind: Point['kind']) => points.push({ kind, ...text.place(node) }) - 1
  const visit = (node: Node) => {
    const { listed, alone } = statementsOf(node)
    // What is declared to others is a statement where it is a value that is computed.
    const isComputed = ({ type, declaration }: Node) =>
      !type.startsWith('Export') || declaration?.type === 'VariableDeclaration'
    for (const each of listed.filter(isComputed)) text.plant(each, `;H(${add(each, 'statement')});`)
    for (const each of alone) text.plant(each, `{H(${add(each, 'statement')});`, '}')
    if (node.type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement')
      text.plant(node.body, `(H(${add(node.body, 'statement')}),(`, '))')
    if (conditions.test(node.type) && isNode(node.test)) {
      const isTrue = add(node.test, 'branch')
      text.plant(node.test, `B(${isTrue},${add(node.test, 'branch')},(`, '))')
    }
    if (node.type === 'LogicalExpression') text.plant(node.right, `(H(${add(node.right, 'branch')}),(`, '))')
    childrenOf(node).forEach(visit)
  }
  const root: Node = { type: 'Program', start: 0, end: source.length, body: text.body }
  visit(root)
  return `${text}`
}

const operators: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '&&': ['||'],
  '||': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
}

const isText = ({ type, value }: Node): boolean =>
  type === 'TemplateLiteral' || (type === 'Literal' && typeof value === 'string')

/** What an expression may be changed to. */
function changesOf(node: Node, text: Text): string[] {
  const { type, left, right, operator, argument } = node
  switch (type) {
    case 'BinaryExpression':
    case 'LogicalExpression': {
      // Texts are joined with it.
      if (operator === '+' && (isText(left) || isText(right))) return []
      const changes = (operators[operator] ?? []).map((other) => `(${text.of(left)}) ${other} (${text.of(right)})`)
      return operator === '??' ? [text.of(left)] : changes
    }
    case 'AssignmentExpression':
      return (operators[operator] ?? []).map((other) => `${text.of(left)} ${other} ${text.of(right)}`)
    case 'UpdateExpression': {
      const other = operator === '++' ? '--' : '++'
      return [node.prefix ? `${other}${text.of(argument)}` : `${text.of(argument)}${other}`]
    }
    case 'UnaryExpression':
      return operator === '!' || operator === '-' ? [text.of(argument)] : []
    case 'AwaitExpression':
      return [text.of(argument)]
    case 'ArrayExpression':
      return node.elements.length > 0 ? ['[]'] : []
    case 'TemplateLiteral':
      return text.of(node) === '``' ? [] : ['``']
    case 'Literal':
      if (typeof node.value === 'boolean') return [`${!node.value}`]
      return typeof node.value === 'string' ? [node.value === '' ? "'changed'" : "''"] : []
    default:
      return []
  }
}

/**
 * Plants mutants: conditions that are always or never met, other operators, other literals, calls, `await` and `throw` that are
 * gone, functions that return at once. The words of an error are for people and are left alone. Their numbers go on from those in
 * `mutants`, to which they are added.
 */
export function plantMutants(file: string, source: string, mutants: Mutant[]): string {
  const text = new Text(file, source)
  const add = (node: Node, change: string): number => {
    const id = mutants.length + 1
    mutants.push({ id, change: change.replaceAll(/\s+/g, ' '), ...text.place(node) })
    return id
  }
  const plantChoices = (node: Node, changes: readonly string[]) => {
    if (changes.length === 0) return
    const choices = changes.map((change) => `M(${add(node, `${text.of(node)} → ${change}`)})?(${change}):`)
    text.plant(node, `(${choices.join('')}(`, '))')
  }
  const visit = (node: Node) => {
    const { listed, alone } = statementsOf(node)
    // A line that begins with a parenthesis would go on from the one before.
    for (const each of listed) text.plant(each, ';')
    for (const each of [...listed, ...alone]) {
      const isSuper = each.type === 'ExpressionStatement' && each.expression.callee?.type === 'Super'
      if (!/^(Expression|Throw)Statement$/.test(each.type) || isSuper) continue
      text.plant(each, `{if(!M(${add(each, `${text.of(each)} → nothing`)})){`, '}}')
    }
    if (conditions.test(node.type) && isNode(node.test))
      plantChoices(node.test, /^(If|Cond)/.test(node.type) ? ['true', 'false'] : ['false'])
    const isFunction = /Function(Expression|Declaration)$/.test(node.type) && node.body?.type === 'BlockStatement'
    if (isFunction && node.body.body.length > 1) {
      const at = node.body.start + 1
      text.plant({ start: at, end: at }, `if(M(${add(node, 'return at once')}))return;`)
    }
    plantChoices(node, changesOf(node, text))
    if (node.type === 'NewExpression' && /Error$/.test(text.of(node.callee))) {
      for (const each of node.arguments) if (!isText(each)) visit(each)
      return
    }
    // A constructor may not return before it has called that of its parent; the rest of it is looked at.
    const children = node.kind === 'constructor' ? childrenOf(node.value) : childrenOf(node)
    const isTagged = node.type === 'TaggedTemplateExpression'
    const isTarget = (child: Node) =>
      /^(Assignment|Update)Expression$/.test(node.type) && child === (node.left ?? node.argument)
    for (const child of children) {
      if (isTagged && child === node.quasi) childrenOf(child).forEach(visit)
      else if (isTarget(child)) childrenOf(child).forEach(visit)
      else visit(child)
    }
  }
  visit({ type: 'Program', start: 0, end: source.length, body: text.body } as Node)
  return `${text}`
}
