import { resolve } from 'node:path'
import { type Diagnostic, problem, type Source } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import { type Entry, entry, type MapValue, readYaml, type Value } from '../yaml.ts'
import { renderProblem } from './arguments.ts'
import type { Reader } from './reader.ts'
import { readsOf, render } from './render.ts'
import { dataLayer, type Scope } from './scope.ts'
import type { Placed } from './tree.ts'

/** Ansible's names for the types of a variable, each with what a value of it is. */
const TYPES: Readonly<Record<string, { readonly is: (value: unknown) => boolean; readonly called: string }>> = {
  str: { is: (value) => typeof value === 'string', called: 'text' },
  int: { is: Number.isSafeInteger, called: 'a whole number' },
  float: { is: (value) => typeof value === 'number', called: 'a number' },
  bool: { is: (value) => typeof value === 'boolean', called: 'true or false' },
  list: { is: Array.isArray, called: 'a list' },
  dict: { is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value), called: 'a mapping' },
}

const WORDS = ['type', 'required', 'default', 'choices', 'description', 'rules']

/** What a play says of a variable that its user may or must set. */
export interface ArgumentSpec {
  readonly name: string
  readonly type: string | undefined
  readonly required: boolean
  readonly default?: Entry
  readonly choices: readonly unknown[] | undefined
  readonly description: string
  /** CEL conditions on `value`, each with what is said when it does not hold. */
  readonly rules: readonly { readonly that: Placed; readonly failMsg: string }[]
}

/** A play's `argument_specs`: a mapping, or the path of a file that holds one. */
export function loadArgumentSpecs(value: Value, dir: string, reader: Reader): ArgumentSpec[] {
  if (value.kind !== 'scalar') return specs(value, reader)
  const path = reader.word(value, 'argument_specs')
  const read = path ? readYaml(resolve(dir, path), value.at) : undefined
  if (read && !read.ok) reader.problems.push(...read.problems)
  return read?.ok && read.value ? specs(read.value, reader) : []
}

const specs = (value: Value, reader: Reader): ArgumentSpec[] =>
  reader.variables(value, 'argument_specs').flatMap((one) => {
    const body = reader.mapping(one.value, `the specification of ${one.key}`, WORDS)
    return body ? [spec(one, body, reader)] : []
  })

function spec(one: Entry, body: MapValue, reader: Reader): ArgumentSpec {
  const at = (word: string) => entry(body, word)?.value
  const type = at('type') && reader.word(at('type')!, 'type')
  if (type !== undefined && !Object.hasOwn(TYPES, type))
    reader.fault('invalid-value', `there is no type "${type}"`, at('type')!.at, didYouMean(type, Object.keys(TYPES)))
  const otherwise = entry(body, 'default')
  const choices = at('choices')
  return {
    name: one.key,
    type: type && Object.hasOwn(TYPES, type) ? type : undefined,
    required: at('required') ? (reader.boolean(at('required')!, 'required') ?? false) : false,
    ...(otherwise && { default: { ...otherwise, key: one.key } }),
    choices: choices && reader.list(choices, 'choices').map((item) => (item.kind === 'scalar' ? item.value : undefined)),
    description: at('description') ? (reader.word(at('description')!, 'description') ?? '') : '',
    rules: at('rules') ? reader.list(at('rules')!, 'rules').flatMap((rule) => ruleOf(rule, reader)) : [],
  }
}

function ruleOf(value: Value, reader: Reader): ArgumentSpec['rules'][number][] {
  const body = reader.mapping(value, 'a rule', ['that', 'fail_msg'])
  const that = body && entry(body, 'that')
  const message = body && entry(body, 'fail_msg')
  if (!that) return reader.fault('missing-key', 'a rule needs "that", a condition on "value"', value.at) ?? []
  return reader.conditions(that.value, 'that').map((placed) => ({
    that: placed,
    failMsg: (message && reader.word(message.value, 'fail_msg')) || `must hold: ${placed.condition.text}`,
  }))
}

/** Variables of the inventory that read like a slip of one that the play takes. */
export function slips(specs: readonly ArgumentSpec[], vars: ReadonlyMap<string, { readonly value: Value }>): Diagnostic[] {
  const names = specs.map((one) => one.name)
  return [...vars].flatMap(([name, { value }]): Diagnostic[] => {
    const hint = names.includes(name) || name.startsWith('ansible_') ? undefined : didYouMean(name, names)
    if (!hint?.startsWith('did you mean')) return []
    return [{ ...problem('unknown-key', `${name} is no option of this play`, value.at, hint), severity: 'warning' }]
  })
}

/**
 * What is wrong with the variables of one host, by name, as far as they are known before connecting. A variable made of one that is wrong
 * is left out: it is wrong with it.
 */
export function checkArgumentSpecs(specs: readonly ArgumentSpec[], scope: Scope, host: string, at: Source): Map<string, Diagnostic> {
  const found = new Map<string, Diagnostic>()
  for (const spec of specs) {
    const wrong = faultOf(spec, scope, host, at)
    if (wrong) found.set(spec.name, wrong)
  }
  const derived = [...found.keys()].filter((name) => {
    const binding = scope.find(name)
    return binding && 'value' in binding && [...scope.reached(readsOf(binding.value))].some((other) => other !== name && found.has(other))
  })
  for (const name of derived) found.delete(name)
  return found
}

function faultOf(spec: ArgumentSpec, scope: Scope, host: string, at: Source): Diagnostic | undefined {
  const { name, required, description } = spec
  const binding = scope.find(name)
  if (!binding)
    return required
      ? problem(
          'missing-key',
          `${host}: the variable ${name} is not set${description ? `: ${description}` : ''}`,
          at,
          'set it in the inventory',
        )
      : undefined
  const place = 'value' in binding ? binding.value.at : undefined
  if ('value' in binding && !scope.ready(readsOf(binding.value))) return undefined
  try {
    const value = 'value' in binding ? render(binding.value, scope) : scope.get(name)
    const why = fault(spec, value, scope)
    return why === undefined
      ? undefined
      : problem('invalid-value', `${name}: ${why}`, place, place ? undefined : `${host}, given with -e or by the play`)
  } catch (error) {
    return renderProblem(error, place ?? at, scope)
  }
}

function fault({ type, choices, rules }: ArgumentSpec, value: unknown, scope: Scope): string | undefined {
  const wanted = type && TYPES[type]
  if (wanted && !wanted.is(value)) {
    const said = `it must be ${wanted.called}, not ${JSON.stringify(value)}`
    return typeof value === 'string' && type !== 'str' ? `${said} (with -e give JSON: -e '{"name": …}')` : said
  }
  if (choices && !choices.includes(value)) return `it must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}`
  const about = scope.with(dataLayer(new Map([['value', value]])))
  return rules.find((rule) => rule.that.condition.evaluate(about) !== true)?.failMsg
}
