import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { assumedOf, NotKnown } from './assumed.ts'
import type { Name, Reads } from './names.ts'
import { type TemplateFault, UndefinedVariable, type Variables } from './template.ts'

/** A CEL expression (cel.dev), parsed and type-checked as far as types are known without values. */
export interface Condition {
  readonly text: string
  readonly reads: Reads
  /** Variables that are certainly there when this holds: `has(vars.NAME)`, alone or joined by &&. */
  readonly asks: readonly string[]
  /** Throws UndefinedVariable, or an Error that says what CEL could not do. */
  readonly evaluate: (variables: Variables) => unknown
}

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })

export function compileCondition(text: string): Condition | TemplateFault {
  const fault = (message: string, start: number, end: number, hint?: string): TemplateFault => ({
    message,
    start,
    end,
    ...(hint && { hint }),
  })
  const tag = text.indexOf('<%')
  if (tag >= 0)
    return fault('a condition is an expression, not a template', tag, tag + 2, 'write the variable by its bare name, without <% %>')
  try {
    const program = environment.parse(text)
    const checked = program.check()
    if (!checked.valid) {
      const range = (checked.error as { range?: { start: number; end: number } } | undefined)?.range
      return fault(firstLine(checked.error), range?.start ?? 0, range?.end ?? text.length)
    }
    const reads = celReads(program.ast)
    return {
      text,
      reads,
      asks: guards(program.ast),
      evaluate: (variables) => fromCel(unlessAssumed(() => program(context(reads, variables)), reads, variables)),
    }
  } catch (error) {
    const range = (error as { range?: { start: number; end: number } }).range
    return fault(firstLine(error), range?.start ?? 0, range?.end ?? text.length, hintFor(text))
  }
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''

/** People bring Jinja's operators along. */
function hintFor(text: string): string | undefined {
  if (text.includes('{{')) return 'write the variable by its bare name, without {{ }}'
  if (/\bis\s+(not\s+)?defined\b/.test(text)) return 'in CEL: has(vars.name)'
  if (/\bis\s+(not\s+)?(changed|failed|skipped|succeeded|success)\b/.test(text))
    return 'in CEL: result.changed, result.failed, result.skipped'
  if (/\b(and|or|not)\b/.test(text)) return 'CEL writes && for and, || for or, ! for not'
  if (/\|\s*\w+/.test(text)) return 'CEL has no filters; it has functions: size(x), int(x), x.contains("…"), x.matches("…")'
  return undefined
}

function guards(node: ASTNode): string[] {
  if (node.op === '&&') return (node.args as [ASTNode, ASTNode]).flatMap(guards)
  if (node.op !== 'call') return []
  const [name, [given]] = node.args as [string, ASTNode[]]
  if (name !== 'has' || given?.op !== '.') return []
  const [of, field] = given.args as [ASTNode, string]
  return of.op === 'id' && of.args === 'vars' ? [field] : []
}

/** The variables a CEL syntax tree reads; names bound by macros (`list.exists(x, …)`) are not variables. */
export function celReads(ast: ASTNode): Reads {
  const names: Name[] = []
  let open = false
  const MACROS = new Set(['exists', 'all', 'exists_one', 'map', 'filter'])
  const visit = (node: unknown, bound: ReadonlySet<string>, optional = false): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item, bound, optional)
      return
    }
    if (typeof node !== 'object' || node === null || !('op' in node)) return
    const { op, args, range } = node as { op: string; args: unknown; range: { start: number; end: number } }
    if (op === 'id') {
      const name = args as string
      if (bound.has(name)) return
      if (name === 'vars' || name === 'hostvars') open = true
      else names.push({ name, start: range.start, end: range.start + name.length, optional })
    } else if (op === '.' || op === '.?') {
      const [of, field] = args as [{ op: string; args: unknown }, string]
      if (of.op === 'id' && of.args === 'vars') names.push({ name: field, start: range.end - field.length, end: range.end, optional: true })
      else visit(of, bound, optional)
    } else if (op === 'rcall') {
      const [method, of, given] = args as [string, unknown, { op: string; args: unknown }[]]
      visit(of, bound, optional)
      const [variable, ...rest] = given
      if (MACROS.has(method) && variable?.op === 'id') visit(rest, new Set([...bound, variable.args as string]), optional)
      else visit(given, bound, optional)
    } else if (op === '&&') {
      const [left, right] = args as [ASTNode, ASTNode]
      visit(left, bound, optional)
      guarded(right, guards(left), bound, optional)
    } else if (op === '?:') {
      const [test, then, otherwise] = args as [ASTNode, ASTNode, ASTNode]
      visit(test, bound, optional)
      guarded(then, guards(test), bound, optional)
      visit(otherwise, bound, optional)
    } else if (op === 'call') {
      const [name, given] = args as [string, unknown]
      visit(given, bound, optional || name === 'has')
    } else visit(args, bound, optional)
  }
  // what stands behind has(vars.NAME) is looked at only when NAME is there
  const guarded = (node: ASTNode, asked: readonly string[], bound: ReadonlySet<string>, optional: boolean) => {
    const before = names.length
    visit(node, bound, optional)
    for (const [i, one] of names.entries()) if (i >= before && asked.includes(one.name)) names[i] = { ...one, optional: true }
  }
  visit(ast, new Set())
  return { names: names.sort((a, b) => a.start - b.start), open }
}

/** Only what the expression reads, so that nothing else need be known yet. */
function context(reads: Reads, variables: Variables): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  const vars: Record<string, unknown> = {}
  for (const { name, optional } of reads.names) {
    if (variables.has(name)) values[name] = vars[name] = toCel(variables.get(name))
    else if (!optional) throw new UndefinedVariable(name)
  }
  if (reads.open && variables.has('hostvars')) values.hostvars = toCel(variables.get('hostvars'))
  return { ...values, vars }
}

/** CEL sees only what is known of an assumed result; that it misses the rest is not the condition's fault. */
function unlessAssumed(evaluate: () => unknown, reads: Reads, variables: Variables): unknown {
  try {
    return evaluate()
  } catch (error) {
    for (const { name } of reads.names) {
      const task = variables.has(name) ? assumedOf(variables.get(name)) : undefined
      if (task !== undefined) throw new NotKnown(task)
    }
    throw error instanceof UndefinedVariable
      ? error
      : new Error(firstLine(error).replace(/^No such key: (\w+)$/, 'there is no key "$1" (has() asks whether there is one)'))
  }
}

/** CEL tells int from double: whole numbers are ints. Methods and hidden fields do not get in. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (Array.isArray(value)) return value.map(toCel)
  if (value !== null && typeof value === 'object' && !(value instanceof Date))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toCel(item)]))
  return value === undefined ? null : value
}

const fromCel = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)
