import { type Node, parse } from 'acorn'
import { ancestor } from 'acorn-walk'

/** A variable that an expression reads: its name and where in the expression's text. */
export interface Name {
  readonly name: string
  readonly start: number
  readonly end: number
  /** Read as `vars.name` (or under `typeof`, or in CEL's `has()`): may be missing. */
  readonly optional: boolean
}

/** What a piece of code reads. `open` means it can read names that cannot be told beforehand: `vars[x]`, `hostvars`, `include`. */
export interface Reads {
  readonly names: readonly Name[]
  readonly open: boolean
}

/** JavaScript's own names that a template may use; everything else it reads is a variable. All are pure: no clock, no files, no process. */
export const GLOBALS = new Set(
  'undefined NaN Infinity JSON Math String Number Boolean Array Object RegExp BigInt Set Map parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent encodeURI decodeURI Error'.split(
    ' ',
  ),
)

interface Identifier extends Node {
  name: string
}
// biome-ignore lint/suspicious/noExplicitAny: ESTree nodes are told apart by their type string
type Any = any

/** The free names of JavaScript text (ECMAScript 2023), in order. Throws acorn's SyntaxError, whose `pos` is an offset. */
export function freeNames(code: string): Reads {
  const tree = parse(code, { ecmaVersion: 2023, allowReturnOutsideFunction: true, sourceType: 'script' })
  const scopes = new Map<Node, Set<string>>()
  const declare = (ancestors: Node[], pattern: Any, kind: string) => {
    const home = [...ancestors].reverse().find((node) => holds(node, kind)) ?? tree
    const names = scopes.get(home) ?? scopes.set(home, new Set()).get(home)!
    for (const name of patternNames(pattern)) names.add(name)
  }
  ancestor(tree, {
    VariableDeclaration: (node: Any, _: unknown, above: Node[]) =>
      node.declarations.forEach((one: Any) => {
        declare(above.slice(0, -1), one.id, node.kind)
      }),
    Function: (node: Any, _: unknown, above: Node[]) => {
      const inside = new Set<string>([...node.params.flatMap(patternNames), 'arguments'])
      scopes.set(node, new Set([...(scopes.get(node) ?? []), ...inside]))
      if (node.id) declare(above.slice(0, -1), node.id, 'let')
    },
    CatchClause: (node: Any) => {
      if (node.param) scopes.set(node, new Set([...(scopes.get(node) ?? []), ...patternNames(node.param)]))
    },
  } as Any)

  const names: Name[] = []
  let open = false
  const visit = (node: Identifier, above: readonly Any[]) => {
    const parent = above.at(-2)
    if (above.some((outer: Node) => scopes.get(outer)?.has(node.name)) || GLOBALS.has(node.name)) return
    if (node.name === 'include' || node.name === 'hostvars') open = true
    else if (node.name === 'vars') {
      if (parent?.type === 'MemberExpression' && parent.object === node && !parent.computed)
        names.push({ name: parent.property.name, start: parent.property.start, end: parent.property.end, optional: true })
      else open = true
    } else
      names.push({
        name: node.name,
        start: node.start,
        end: node.end,
        optional: parent?.type === 'UnaryExpression' && parent.operator === 'typeof',
      })
  }
  ancestor(tree, {
    Identifier: (node: Any, _: unknown, above: Node[]) => visit(node, above),
    VariablePattern: (node: Any, _: unknown, above: Any[]) => {
      if (above.at(-2)?.type === 'AssignmentExpression') visit(node, above)
    },
  } as Any)
  return { names: names.sort((a, b) => a.start - b.start), open }
}

const holds = (node: Node, kind: string): boolean =>
  kind === 'var' ? /Function|Program/.test(node.type) : /Function|Program|BlockStatement|^For|SwitchStatement/.test(node.type)

function patternNames(pattern: Any): string[] {
  if (!pattern) return []
  if (pattern.type === 'Identifier') return [pattern.name]
  if (pattern.type === 'ObjectPattern') return pattern.properties.flatMap((one: Any) => patternNames(one.value ?? one.argument))
  if (pattern.type === 'ArrayPattern') return pattern.elements.flatMap(patternNames)
  return patternNames(pattern.left ?? pattern.argument)
}
