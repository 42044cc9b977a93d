import { z } from 'zod'
import { bool, text } from '../../module/params.ts'

/** Filters of `docker … prune` by name, each with its values. */
export type Filters = Readonly<Record<string, readonly string[]>>

const value = z.union([z.boolean(), text(), z.array(text())])

/** Filters by name: a text, a list of texts, or a boolean. Only those that can be foreseen are taken. */
export const filters = (...names: readonly string[]) =>
  z
    .record(z.string(), value, { error: 'expected a mapping of filters to values' })
    .default({})
    .transform(
      (given): Filters => Object.fromEntries(Object.entries(given).map(([name, one]) => [name, Array.isArray(one) ? one : [String(one)]])),
    )
    .refine((given) => Object.keys(given).every((name) => names.includes(name)), { error: `the filters are ${names.join(', ')}` })
    .refine((given) => (given.until ?? []).every((until) => instant(until, 0) !== undefined), {
      error: 'until is a duration such as "24h", a date such as "2026-01-31T12:00:00Z", or seconds since the epoch',
    })
    .refine((given) => ['dangling', 'all'].every((name) => (given[name] ?? []).every((one) => bool().safeParse(one).success)), {
      error: 'dangling and all are true or false',
    })
    .meta({ json: { type: 'object' } })

/** Whether a boolean filter is given and true. */
export const isOn = (given: Filters, name: string, otherwise: boolean): boolean =>
  given[name] === undefined ? otherwise : given[name].every((one) => bool().parse(one))

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 }

/** The moment `until` stands for, seconds since the epoch; a duration reaches back from now. */
function instant(until: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(until)) return Number(until)
  if (/^(\d+[hms])+$/.test(until))
    return [...until.matchAll(/(\d+)([hms])/g)].reduce((at, [, number, unit]) => at - Number(number) * UNITS[unit!]!, now)
  const at = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(until) ? Date.parse(until) : Number.NaN
  return Number.isNaN(at) ? undefined : at / 1000
}

/** Whether the filters let something of these labels and this age be pruned. */
export function passes(
  given: Filters,
  labels: Readonly<Record<string, string>> | null | undefined,
  created: string | undefined,
  now: number,
) {
  const has = (filter: string) => {
    const [name = '', ...rest] = filter.split('=')
    return labels?.[name] !== undefined && (rest.length === 0 || labels[name] === rest.join('='))
  }
  return (
    (given.label ?? []).every(has) &&
    !(given['label!'] ?? []).some(has) &&
    (given.until ?? []).every((until) => created === undefined || Date.parse(created) / 1000 <= instant(until, now)!)
  )
}

/** The options of `docker … prune`. */
export const filterWords = (given: Filters, leaveOut: readonly string[] = []): string[] =>
  Object.entries(given)
    .filter(([name]) => !leaveOut.includes(name))
    .flatMap(([name, values]) => values.map((one) => `--filter=${name}=${one}`))
