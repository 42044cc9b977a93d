/** A parameter's kind, as pg_settings has it. */
export interface SettingKind {
  readonly name: string
  readonly vartype: 'bool' | 'enum' | 'integer' | 'real' | 'string'
  /** Of a number without one: 'kB', '8kB', 'ms' … */
  readonly unit: string | null
}

/** In bytes and microseconds (PostgreSQL manual, 20.1.1). */
const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
  us: 1,
  ms: 1000,
  s: 1_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
}

/** Parameters that are lists of names: each name is a literal of its own, or PostgreSQL takes `a,b` for one name (GUC_LIST_QUOTE). */
const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

export const isList = (name: string): boolean => LISTS.has(name.toLowerCase())

/** The names of such a list; those in double quotes may hold commas. */
export const namesOf = (value: string): string[] =>
  [...value.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+(?:\s+[^\s,"]+)*/g)].map(([bare, quoted]) => quoted?.replaceAll('""', '"') ?? bare)

/** The factor of a unit: '8kB' is eight times kB. */
function factor(unit: string): number | undefined {
  const [, count, name = ''] = /^(\d*)([A-Za-z]+)$/.exec(unit) ?? []
  const one = UNITS[name]
  return one === undefined ? undefined : one * Number(count || 1)
}

/** A number in the parameter's own unit; undefined when it is none. */
function amount(value: string, { unit, vartype }: SettingKind): number | undefined {
  const [, number, suffix = ''] = /^\s*([-+]?(?:0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))\s*([A-Za-z]*)\s*$/.exec(value) ?? []
  if (number === undefined) return undefined
  const own = unit === null ? undefined : factor(unit)
  const given = suffix === '' ? own : factor(suffix)
  if (suffix !== '' && (own === undefined || given === undefined)) return undefined
  const converted = suffix === '' ? Number(number) : (Number(number) * given!) / own!
  return vartype === 'integer' ? Math.round(converted) : converted
}

/** Any beginning of these that only one word has (parse_bool of PostgreSQL). */
function truth(value: string): boolean | undefined {
  const word = value.trim().toLowerCase()
  if (word === '') return undefined
  if ('true'.startsWith(word) || 'yes'.startsWith(word) || word === 'on' || word === '1') return true
  if ('false'.startsWith(word) || 'no'.startsWith(word) || word === 'of' || word === 'off' || word === '0') return false
  return undefined
}

/** Why a value cannot be the parameter's; undefined when PostgreSQL may take it. */
export function valueProblem(value: string, kind: SettingKind): string | undefined {
  if (kind.vartype === 'bool' && truth(value) === undefined) return 'it takes on or off'
  if ((kind.vartype === 'integer' || kind.vartype === 'real') && amount(value, kind) === undefined)
    return kind.unit === null ? 'it takes a number' : `it takes a number, with or without a unit; without one it is counted in ${kind.unit}`
  return undefined
}

/** Whether two spellings mean the same value: 128MB and 131072kB. */
export function sameValue(one: string, other: string, kind: SettingKind): boolean {
  if (one === other) return true
  if (kind.vartype === 'bool') return truth(one) !== undefined && truth(one) === truth(other)
  if (kind.vartype === 'enum')
    return one.trim().toLowerCase() === other.trim().toLowerCase() || (truth(one) !== undefined && truth(one) === truth(other))
  if (kind.vartype === 'string') return isList(kind.name) && namesOf(one).join('\0') === namesOf(other).join('\0')
  const [a, b] = [amount(one, kind), amount(other, kind)]
  return a !== undefined && a === b
}
