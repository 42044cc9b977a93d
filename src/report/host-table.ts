import type { HostSummary, Summary } from '../engine/event.ts'
import { clip, fold, pad, padStart, widthOf } from './measure.ts'
import type { Look, Style } from './style.ts'
import { count, duration, linesOf, printable } from './text.ts'

export type Count = 'ok' | 'changed' | 'maybe' | 'skipped' | 'ignored' | 'failed'

const MOST_ROWS = 20
const WIDEST_HOST = 30
const COUNTS: readonly { key: Count; look: Look; always: boolean }[] = [
  { key: 'ok', look: 'strong', always: true },
  { key: 'changed', look: 'changed', always: true },
  { key: 'maybe', look: 'maybe', always: false },
  { key: 'skipped', look: 'skipped', always: true },
  { key: 'ignored', look: 'ignored', always: false },
  { key: 'failed', look: 'FAILED', always: true },
]

interface TableRow {
  readonly name: string
  readonly counts: readonly { text: string; look: Look }[]
  readonly time: string
  readonly host: HostSummary
}

/** A row per host with what its tasks came to. Among more than twenty hosts, those that had nothing to do share a row. */
export function hostTable(summary: Summary, style: Style, columns: number): string[] {
  const entries = Object.entries(summary.hosts)
  const used = COUNTS.filter(
    ({ key, always }) => always || (key === 'maybe' && summary.mode === 'check') || entries.some(([, host]) => host[key] > 0),
  )
  const words = used.map(({ key }) => (key === 'changed' && summary.mode === 'check' ? 'would change' : key))
  const quiet = entries.length > MOST_ROWS ? entries.map(([, host]) => host).filter(isQuiet) : []
  const rows: TableRow[] = entries
    .filter(([, host]) => !quiet.includes(host))
    .map(([name, host]) => ({
      name: clip(printable(name), WIDEST_HOST, style.ellipsis),
      counts: used.map(({ key, look }) => ({ text: String(host[key]), look: host[key] === 0 ? 'quiet' : look })),
      time: duration(host.ms),
      host,
    }))
  const [first] = quiet
  if (first)
    rows.push({
      name: count(quiet.length, rows.length > 0 ? 'other host' : 'host'),
      counts: used.map(({ key }) => ({ text: range(quiet.map((host) => host[key])), look: 'quiet' })),
      time: duration(Math.max(...quiet.map((host) => host.ms))),
      host: first,
    })

  const names = Math.max(4, ...rows.map(({ name }) => widthOf(name)))
  const widths = words.map((word, i) => Math.max(word.length, ...rows.map(({ counts }) => counts[i]?.text.length ?? 0)))
  const times = Math.max(4, ...rows.map(({ time }) => time.length))
  const head = [pad('host', names), ...words.map((word, i) => padStart(word, widths[i] ?? 0)), padStart('time', times)].join('  ')
  const lines = rows.flatMap(({ name, counts, time, host }) => {
    const cells = counts.map(({ text, look }, i) => style.paint(look, padStart(text, widths[i] ?? 0)))
    return withReason([style.paint('strong', pad(name, names)), ...cells, padStart(time, times)].join('  '), host, style, columns)
  })
  const wide = Math.min(columns, Math.max(...[head, ...lines].map(widthOf)))
  return [style.paint('quiet', head), style.paint('quiet', style.rule.repeat(wide)), ...lines]
}

const isQuiet = (host: HostSummary): boolean => host.status === 'ok' && host.changed + host.maybe + host.ignored + host.failed === 0

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return low === high ? String(low) : `${low}-${high}`
}

/** How the host ended closes its row; why, too, or below it where that is too long. */
function withReason(row: string, host: HostSummary, style: Style, columns: number): string[] {
  const label = host.status === 'failed' ? 'FAILED' : host.status
  const line = `${row}  ${style.paint(label, `${style.icon(label)} ${label}`)}`
  const why = host.failure ? linesOf(host.failure.message)[0] : undefined
  if (!why) return [line]
  const whole = `${line}  ${why}`
  return widthOf(whole) <= columns ? [whole] : [line, ...fold(why, columns - 2).map((part) => `  ${part}`)]
}
