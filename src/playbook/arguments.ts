import type { z } from 'zod'
import { type Diagnostic, problem, type Source } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import type { AnyModule } from '../module/define.ts'
import { fieldMeta, fields, isStrict, parameterNames } from '../module/params.ts'
import type { Entry, MapValue, Value } from '../yaml.ts'
import { isNotKnown } from './assumed.ts'
import { compileCondition } from './condition.ts'
import type { Reads } from './names.ts'
import { isFault, placeWithin, RenderError, readsOf, render } from './render.ts'
import type { Scope } from './scope.ts'
import { FREE_FORM } from './task-list.ts'
import { compileTemplate } from './template.ts'

/** The value that makes a parameter as if it were not written: `mode: "<%= vars.mode ?? omit %>"`. */
export const OMIT = Symbol('omit')

/** A task's parameters by their own names (aliases resolved), not yet rendered. */
export interface Arguments {
  readonly entries: readonly Entry[]
  readonly at: Source
  readonly problems: readonly Diagnostic[]
}

/** Names the parameters: free form, aliases, `args:`. What no host changes, so done once per task. */
export function nameArguments(module: AnyModule, args: Value, key: Source): Arguments {
  const at = args.kind === 'map' && args.entries.length > 0 ? args.at : key
  const problems: Diagnostic[] = []
  if (args.kind === 'list')
    return { entries: [], at, problems: [problem('invalid-value', `${module.name} takes a mapping of parameters, not a list`, args.at)] }
  if (args.kind === 'scalar') {
    if (args.value === null) return { entries: [], at, problems }
    if (module.freeForm) return { entries: [{ key: module.freeForm, keyAt: args.at, value: args }], at, problems }
    const words = /^\w+=/.test(String(args.value)) ? 'write "name: value" lines below it instead of name=value' : undefined
    return {
      entries: [],
      at,
      problems: [problem('invalid-value', `${module.name} takes a mapping of parameters, not text`, args.at, words)],
    }
  }
  const names = parameterNames(module.params)
  const strict = isStrict(module.params)
  const entries: Entry[] = []
  for (const one of (args as MapValue).entries) {
    const name = one.key === FREE_FORM ? module.freeForm : (names.get(one.key) ?? (strict ? undefined : one.key))
    if (!name)
      problems.push(problem('unknown-key', `${module.name} has no parameter "${one.key}"`, one.keyAt, didYouMean(one.key, names.keys())))
    else if (entries.some((other) => other.key === name))
      problems.push(problem('invalid-value', `"${one.key}" gives ${module.name}'s parameter ${name} a second time`, one.keyAt))
    else entries.push({ ...one, key: name })
  }
  return { entries, at, problems }
}

/** What a parameter reads: its templates, or the expression it is (`assert.that`, `debug.var`). */
export function argumentReads(module: AnyModule, one: Entry): Reads {
  const kind = expressionKind(module, one.key)
  if (!kind) return readsOf(one.value)
  const reads = expressions(one.value).map(({ text }) => {
    const compiled = kind === 'cel' ? compileCondition(text) : compileTemplate(`<%= ${text} %>`, undefined, true)
    return isFault(compiled) ? { names: [], open: false } : compiled.reads
  })
  return { names: reads.flatMap((one) => one.names), open: reads.some((one) => one.open) }
}

export const expressionKind = (module: AnyModule, parameter: string): 'js' | 'cel' | undefined => {
  const schema = fields(module.params)[parameter]
  return schema && fieldMeta(schema).expression
}

export const expressions = (value: Value): { text: string; at: Source }[] =>
  (value.kind === 'list' ? value.items : [value]).flatMap((item) =>
    item.kind === 'scalar' ? [{ text: String(item.value), at: item.at }] : [],
  )

export type Parsed = { readonly want: unknown } | { readonly problems: readonly Diagnostic[] }

/**
 * Renders and checks a task's parameters. Those in `late` cannot be computed yet: they are left out, and so are the complaints about them.
 * `home` is what a leading `~` in a host's path stands for.
 */
export function parseArguments(
  module: AnyModule,
  args: Arguments,
  scope: Scope,
  late: ReadonlySet<string> = new Set(),
  home?: string,
): Parsed {
  const problems: Diagnostic[] = []
  const raw: Record<string, unknown> = {}
  const schema = fields(module.params)
  for (const one of args.entries) {
    if (late.has(one.key)) continue
    try {
      const value = omitted(evaluate(module, one, scope))
      if (value === OMIT) continue
      if (hasNul(value)) problems.push(problem('invalid-value', 'a NUL character cannot be part of a parameter', one.value.at))
      raw[one.key] = home && schema[one.key] && fieldMeta(schema[one.key]!).hostPath ? expandHome(value, home) : value
    } catch (error) {
      if (isNotKnown(error)) throw error
      problems.push(renderProblem(error, one.value.at, scope))
    }
  }
  if (problems.length > 0) return { problems }
  const parsed = module.params.safeParse(raw)
  if (parsed.success) return { want: parsed.data }
  const given = new Set(args.entries.map((one) => one.key))
  const relevant = parsed.error.issues.filter((issue: z.core.$ZodIssue) => {
    // a rule about several parameters cannot be judged while one of them is not known
    if (late.size > 0 && (issue.path.length === 0 || (issue.code === 'custom' && !given.has(String(issue.path[0]))))) return false
    return issue.path.length === 0 || !late.has(String(issue.path[0]))
  })
  if (relevant.length === 0) return { want: undefined }
  return { problems: relevant.flatMap((issue: z.core.$ZodIssue) => issueProblem(module, args, issue)) }
}

function evaluate(module: AnyModule, one: Entry, scope: Scope): unknown {
  const kind = expressionKind(module, one.key)
  if (!kind) return render(one.value, scope)
  let held = true
  const values = expressions(one.value).map(({ text, at }) => {
    // an assertion may rely on the ones before it; behind one that fails, none matters
    if (!held) return { expression: text, value: false }
    try {
      const compiled = kind === 'cel' ? compileCondition(text) : compileTemplate(`<%= ${text} %>`, undefined, true)
      if (isFault(compiled)) throw new Error(compiled.message)
      const value = 'evaluate' in compiled ? compiled.evaluate(scope) : compiled.render(scope)
      if (kind === 'js') return { expression: text, value }
      if (typeof value !== 'boolean') throw new Error(`an assertion must be true or false; this one is ${JSON.stringify(value)}`)
      held = value
      return { expression: text, value }
    } catch (error) {
      throw new RenderError(at, error)
    }
  })
  return kind === 'js' ? values[0] : values
}

/** A fault met while rendering, with the variable's place when that is what is missing. */
export function renderProblem(error: unknown, at: Source, scope: Scope): Diagnostic {
  const cause = error instanceof RenderError ? error.cause : error
  const where = error instanceof RenderError ? error.at : at
  const variable = typeof cause === 'object' && cause !== null && 'variable' in cause ? String(cause.variable) : undefined
  if (!variable) return problem('invalid-value', cause instanceof Error ? (cause.message.split('\n').at(-1) ?? '') : String(cause), where)
  const text = where.file.text.slice(where.start, where.end)
  const index = text.search(new RegExp(`\\b${variable}\\b`))
  return problem(
    'undefined-variable',
    `undefined variable "${variable}"`,
    index < 0 ? where : placeWithin(where, text, index, index + variable.length),
    didYouMean(variable, scope.names()),
  )
}

function omitted(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== OMIT).map(omitted)
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (item === OMIT ? [] : [[key, omitted(item)]])))
  return value
}

const hasNul = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.includes('\0')
    : Array.isArray(value)
      ? value.some(hasNul)
      : value !== null && typeof value === 'object' && Object.entries(value).some(([key, item]) => hasNul(key) || hasNul(item))

const expandHome = (value: unknown, home: string): unknown =>
  Array.isArray(value)
    ? value.map((item) => expandHome(item, home))
    : typeof value === 'string' && /^~(\/|$)/.test(value)
      ? home + value.slice(1)
      : value

function issueProblem(module: AnyModule, args: Arguments, issue: z.core.$ZodIssue): Diagnostic[] {
  const [first, ...rest] = issue.path
  const found = args.entries.find((one) => one.key === first)
  if (issue.code === 'unrecognized_keys' && found) {
    const map = below(found.value, rest)
    return issue.keys.map((key) => {
      const keyAt = map.kind === 'map' ? map.entries.find((one) => one.key === key)?.keyAt : undefined
      return problem('unknown-key', `unknown key "${key}" in ${module.name}.${issue.path.join('.')}`, keyAt ?? found.keyAt)
    })
  }
  if (found) return [problem('invalid-value', `${module.name}.${issue.path.join('.')}: ${issue.message}`, below(found.value, rest).at)]
  // a misspelt key is told already; that the right one is missing follows from it
  if (first !== undefined && args.problems.length > 0) return []
  if (first !== undefined && !('input' in issue && issue.input !== undefined))
    return [problem('missing-key', `${module.name} needs the parameter "${String(first)}"`, args.at)]
  return [problem('invalid-value', `${module.name}: ${issue.message}`, args.at)]
}

function below(value: Value, path: readonly PropertyKey[]): Value {
  const [first, ...rest] = path
  if (first === undefined) return value
  const next =
    value.kind === 'list'
      ? value.items[Number(first)]
      : value.kind === 'map'
        ? value.entries.find((one) => one.key === first)?.value
        : undefined
  return next ? below(next, rest) : value
}
