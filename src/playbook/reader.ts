import { type Code, type Diagnostic, problem, type Source } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import type { Entry, MapValue, ScalarValue, Value } from '../yaml.ts'
import { compileCondition } from './condition.ts'
import { foreignHint } from './keywords.ts'
import { isFault, placeWithin, scalars, templateOf } from './render.ts'
import type { Placed } from './tree.ts'

const JINJA =
  /\{\{-?\s*((?!end\b|else\b|range\b|if\b|with\b|json\b)[A-Za-z_][\w.[\]'"]*(?:\s*\|[^}]*)?)\s*-?\}\}|\{%-?\s*(?:if|for|set|endif|endfor|else|block|include)\b[^%]*%\}/

/** Reads YAML values as what they should be, and collects every fault instead of stopping at the first. */
export class Reader {
  readonly problems: Diagnostic[] = []
  /** Names that tasks which could not be read would have registered. */
  readonly lost = new Set<string>()

  fault(code: Code, message: string, at: Source, hint?: string): undefined {
    this.problems.push(problem(code, message, at, hint))
    return undefined
  }

  /** A mapping with only these keys; `extra` are further words for "did you mean". */
  mapping(value: Value, what: string, known: Iterable<string>): MapValue | undefined {
    if (value.kind !== 'map') return this.fault('invalid-value', `${what} must be a mapping`, value.at)
    const words = [...known]
    for (const one of value.entries) if (!words.includes(one.key)) this.unknownKey(one, what, words)
    return value
  }

  unknownKey(one: Entry, what: string, known: Iterable<string>): void {
    const foreign = foreignHint(one.key)
    this.fault(
      'unknown-key',
      foreign ? `mhprov has no "${one.key}"` : `unknown key "${one.key}" in ${what}`,
      one.keyAt,
      foreign ?? didYouMean(one.key, known),
    )
  }

  list(value: Value, what: string): readonly Value[] {
    if (value.kind === 'list') return value.items
    if (value.kind === 'scalar' && value.value === null) return []
    this.fault('invalid-value', `${what} must be a list`, value.at, 'begin each item with "- "')
    return []
  }

  /** A text without templates. */
  word(value: Value, what: string): string | undefined {
    if (value.kind === 'scalar' && value.value !== null && String(value.value) !== '') {
      if (!templateOf(value)) return String(value.value)
      return this.fault('invalid-value', `${what} is settled before anything runs: it cannot hold a template`, value.at)
    }
    return this.fault('invalid-value', `${what} must be text`, value.at)
  }

  /** One text or a list of them, also separated by commas. */
  words(value: Value, what: string): string[] {
    const items = value.kind === 'list' ? value.items : [value]
    return items
      .flatMap((item) => (this.word(item, what) ?? '').split(','))
      .map((word) => word.trim())
      .filter((word) => word !== '')
  }

  boolean(value: Value, what: string): boolean | undefined {
    if (value.kind === 'scalar') {
      if (typeof value.value === 'boolean') return value.value
      if (/^(yes|on|true)$/i.test(String(value.value))) return true
      if (/^(no|off|false)$/i.test(String(value.value))) return false
    }
    return this.fault('invalid-value', `${what} must be true or false`, value.at)
  }

  /** A keyword's value that a template may give later. */
  templated(value: Value): Value {
    for (const scalar of scalars(value)) this.template(scalar)
    return value
  }

  private template(scalar: ScalarValue): void {
    if (String(scalar.value).startsWith('$ANSIBLE_VAULT;'))
      this.fault(
        'invalid-value',
        'this is encrypted by ansible-vault, which mhprov does not read',
        scalar.at,
        'see it with "ansible-vault view", and keep it in a file of variables that only you can read',
      )
    this.jinja(scalar)
    const template = templateOf(scalar)
    if (!template) return
    if (isFault(template))
      this.fault(
        'invalid-template',
        template.message,
        placeWithin(scalar.at, String(scalar.value), template.start, template.end),
        template.hint,
      )
  }

  /** Ansible's templates would go into files as they stand. Go's (`{{.Names}}`) are meant so. */
  private jinja(scalar: ScalarValue): void {
    const found = JINJA.exec(String(scalar.value))
    if (!found) return
    const message = `${found[0]} is Jinja, and stays as it is`
    const at = placeWithin(scalar.at, String(scalar.value), found.index, found.index + found[0].length)
    this.problems.push({
      ...problem('invalid-template', message, at, found[1] ? `write <%= ${found[1].trim()} %>` : 'EJS has <% if (x) { %> … <% } %>'),
      severity: 'warning',
    })
  }

  /** One CEL condition or a list that must all hold. */
  conditions(value: Value, what: string): Placed[] {
    const items = value.kind === 'list' ? value.items : [value]
    return items.flatMap((item) => {
      if (item.kind !== 'scalar' || item.value === null || item.value === '') {
        this.fault('invalid-condition', `${what} must be a condition`, item.at)
        return []
      }
      const text = String(item.value)
      const condition = compileCondition(text)
      if (!isFault(condition)) return [{ condition, at: item.at }]
      this.fault('invalid-condition', condition.message, placeWithin(item.at, text, condition.start, condition.end), condition.hint)
      return []
    })
  }

  /** Variables: any mapping whose keys are names. */
  variables(value: Value, what: string): readonly Entry[] {
    if (value.kind === 'scalar' && value.value === null) return []
    if (value.kind !== 'map') {
      this.fault('invalid-value', `${what} must be a mapping of names to values`, value.at)
      return []
    }
    for (const one of value.entries)
      if (!/^[A-Za-z_]\w*$/.test(one.key))
        this.fault('invalid-value', `"${one.key}" cannot be a variable's name`, one.keyAt, 'letters, digits and _; not a digit first')
    this.templated(value)
    return value.entries
  }
}
