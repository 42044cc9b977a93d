import { clip, fold, pad, widthOf } from './measure.ts'
import type { Label, Style } from './style.ts'
import { count, printable } from './text.ts'

/** One check of a result's `checks`: `ok` is null for one that was not reached. */
export interface CheckRow {
  readonly name: string
  readonly from: string
  readonly ok: boolean | null
  readonly detail: string
  readonly hint?: string
}

/** What a result holds of checks; [] when it has none. */
export function checksIn(result: Readonly<Record<string, unknown>>): readonly CheckRow[] {
  const { checks } = result
  return Array.isArray(checks) ? checks.filter(isRow) : []
}

const isRow = (value: unknown): value is CheckRow =>
  typeof value === 'object' &&
  value !== null &&
  'ok' in value &&
  (value.ok === null || typeof value.ok === 'boolean') &&
  ['name', 'from', 'detail'].every((key) => typeof (value as Record<string, unknown>)[key] === 'string')

const LOOK: Record<string, Label> = { true: 'ok', false: 'FAILED', null: 'skipped' }
/** A detail narrower than this goes below its row. */
const NARROWEST = 20

/** Those of one origin stand together, in the order that the origins first come. */
function grouped(checks: readonly CheckRow[]): readonly CheckRow[] {
  const origins = [...new Set(checks.map((one) => one.from))]
  return origins.flatMap((origin) => checks.filter((one) => one.from === origin))
}

/** A row per check, by origin: whether it succeeded, its name, where it was made from and what it found; below a failed one the way out. */
export function checkTable(checks: readonly CheckRow[], style: Style, columns: number): string[] {
  const names = Math.max(...checks.map((one) => widthOf(printable(one.name))))
  const froms = Math.max(...checks.map((one) => widthOf(printable(one.from))))
  const column = 2 + names + 2 + froms + 2
  const rows = grouped(checks).flatMap((one) => {
    const label = LOOK[String(one.ok)]!
    const icon = style.paint(label, one.ok === null ? style.icon('waiting') : style.icon(label))
    const name = style.paint(one.ok === null ? 'quiet' : one.ok ? 'plain' : 'strong', pad(printable(one.name), names))
    const head = `${icon} ${name}  ${style.paint('quiet', pad(printable(one.from), froms))}`
    const look = one.ok === false ? 'plain' : 'quiet'
    const beside = columns - column >= NARROWEST
    const detail = fold(printable(one.detail), beside ? columns - column : columns - 4).map((line) => style.paint(look, line))
    const [first = '', ...rest] = beside ? detail : ['', ...detail]
    const indent = ' '.repeat(beside ? column : 4)
    return [`${head}  ${first}`.trimEnd(), ...rest.map((line) => indent + line), ...hintLines(one.hint, style, columns)]
  })
  return [...rows, '', sentence(checks, style)].map((line) => clip(line, columns, style.ellipsis))
}

const hintLines = (hint: string | undefined, style: Style, columns: number): string[] =>
  hint === undefined
    ? []
    : fold(printable(hint), columns - 10).map((line, i) => `    ${i === 0 ? style.paint('hint', 'hint:') : '     '} ${line}`)

function sentence(checks: readonly CheckRow[], style: Style): string {
  const number = (ok: boolean | null) => checks.filter((one) => one.ok === ok).length
  const failed = number(false)
  const unmet = number(null)
  if (failed === 0 && unmet === 0) return style.paint('ok', `All ${count(checks.length, 'check')} passed.`)
  const parts = [
    `${number(true)} of ${count(checks.length, 'check')} passed`,
    failed > 0 && `${failed} failed`,
    unmet > 0 && `${unmet} not reached`,
  ]
  return style.paint(failed > 0 ? 'FAILED' : 'strong', `${parts.filter(Boolean).join(', ')}.`)
}
