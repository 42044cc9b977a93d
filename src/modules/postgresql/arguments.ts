import { literal } from '../../facts/sql-text.ts'

/** A value of YAML as SQL has it: lists are arrays, mappings JSON. */
export function valueLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'number') return value < 0 ? `(${value})` : String(value)
  if (Array.isArray(value)) return value.length === 0 ? "'{}'" : `ARRAY[${value.map(valueLiteral).join(', ')}]`
  return literal(typeof value === 'string' ? value : JSON.stringify(value))
}

interface Given {
  readonly positional_args?: readonly unknown[] | undefined
  readonly named_args?: Readonly<Record<string, unknown>> | undefined
}

const PLACE = /%(?:\((\w+)\))?(s|%)/g

/** Puts the arguments in the places of %s and %(name)s; %% is a percent sign. Without any, the query stays as it is. */
export function withArguments(query: string, { positional_args, named_args }: Given): string {
  if (!positional_args && !named_args) return query
  let next = 0
  return query.replace(PLACE, (_, name: string | undefined, kind: string) =>
    kind === '%' ? '%' : valueLiteral(name === undefined ? positional_args?.[next++] : named_args?.[name]),
  )
}

/** Why the arguments do not fit the query. */
export function argumentProblem(query: string, { positional_args, named_args }: Given): string | undefined {
  if (positional_args && named_args) return 'positional_args and named_args are mutually exclusive'
  const places = [...query.matchAll(PLACE)].filter(([, , kind]) => kind !== '%')
  if (positional_args) {
    if (places.some(([, name]) => name !== undefined)) return 'the query has %(name)s: give named_args'
    return places.length === positional_args.length
      ? undefined
      : `the query has ${places.length} places (%s) for ${positional_args.length} positional_args`
  }
  const missing = named_args && places.find(([, name]) => name === undefined || !(name in named_args))
  return missing && (missing[1] === undefined ? 'the query has %s: give positional_args' : `named_args has no ${missing[1]}`)
}
