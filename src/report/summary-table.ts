import type { HostSummary, Summary } from '../engine/event.ts'
import { clip, fold, pad, padStart, widthOf } from './measure.ts'
import type { Label, Style } from './style.ts'
import { count, duration, linesOf, printable } from './text.ts'

const MOST_ROWS = 20
const MOST_CHANGES = 20
const MOST_GROUPS = 10
const WIDEST_HOST = 30

type Entry = readonly [name: string, host: HostSummary]

/** The end of a run: a row per host, what changed by name, one sentence. Lines that fit `columns`; many hosts that had nothing to do share a row. */
export function summaryTable(summary: Summary, style: Style, columns: number): string[] {
  const entries = Object.entries(summary.hosts)
  const lines = [
    ...table(summary, entries, style, columns),
    '',
    ...changed(summary, entries, style, columns),
    sentence(summary, entries, style),
  ]
  return lines.map((line) => clip(line, columns, style.ellipsis))
}

type Count = 'ok' | 'changed' | 'maybe' | 'skipped' | 'ignored' | 'failed'
const COUNTS: readonly { key: Count; label: Label; always: boolean }[] = [
  { key: 'ok', label: 'ok', always: true },
  { key: 'changed', label: 'changed', always: true },
  { key: 'maybe', label: 'maybe', always: false },
  { key: 'skipped', label: 'skipped', always: true },
  { key: 'ignored', label: 'ignored', always: false },
  { key: 'failed', label: 'FAILED', always: true },
]

function table(summary: Summary, entries: readonly Entry[], style: Style, columns: number): string[] {
  const counts = COUNTS.filter(
    ({ key, always }) => always || (key === 'maybe' && summary.mode === 'check') || entries.some(([, host]) => host[key] > 0),
  )
  const quiet = entries.length > MOST_ROWS ? entries.filter(([, host]) => isQuiet(host)) : []
  const shown = entries.filter((entry) => !quiet.includes(entry))
  const rest = quiet.length > 0 ? `${count(quiet.length, shown.length > 0 ? 'other host' : 'host')}` : ''
  const hosts = Math.min(Math.max(4, rest.length, ...shown.map(([name]) => printable(name).length)), WIDEST_HOST)
  const word = (key: Count): string => (key === 'changed' && summary.mode === 'check' ? 'would change' : key)
  const widths = counts.map(({ key }) => Math.max(word(key).length, ...entries.map(([, host]) => String(host[key]).length)))
  const times = Math.max(4, ...entries.map(([, host]) => duration(host.ms).length))
  const row = (name: string, cells: readonly string[], time: string, end: string) =>
    [name, ...cells, padStart(time, times), end].join('  ').trimEnd()
  const cells = (host: HostSummary) =>
    counts.map(({ key, label }, i) =>
      style.paint(host[key] === 0 ? 'quiet' : label === 'ok' ? 'strong' : label, padStart(String(host[key]), widths[i]!)),
    )
  const head = row(
    pad('host', hosts),
    counts.map(({ key }, i) => padStart(word(key), widths[i]!)),
    'time',
    '',
  )
  const lines: string[] = []
  for (const [name, host] of shown)
    lines.push(
      row(
        style.paint('strong', pad(clip(printable(name), hosts, style.ellipsis), hosts)),
        cells(host),
        duration(host.ms),
        ending(host, style),
      ),
    )
  if (rest) {
    const range = (key: Count) => {
      const values = quiet.map(([, host]) => host[key])
      return values.every((value) => value === values[0]) ? String(values[0]) : `${Math.min(...values)}-${Math.max(...values)}`
    }
    const time = duration(Math.max(...quiet.map(([, host]) => host.ms)))
    lines.push(
      row(
        pad(rest, hosts),
        counts.map(({ key }, i) => style.paint('quiet', padStart(range(key), widths[i]!))),
        time,
        ending(quiet[0]![1], style),
      ),
    )
  }
  const wide = Math.min(columns, Math.max(head.length, ...lines.map(widthOf)))
  return [style.paint('quiet', head), style.paint('quiet', style.rule.repeat(wide)), ...lines]
}

const isQuiet = (host: HostSummary): boolean => host.status === 'ok' && host.changed + host.maybe + host.ignored + host.failed === 0

function ending(host: HostSummary, style: Style): string {
  if (host.status === 'ok') return style.paint('ok', `${style.icon('ok')} ok`)
  const label = host.status === 'failed' ? 'FAILED' : host.status
  const why = host.failure ? linesOf(host.failure.message)[0] : undefined
  return `${style.paint(label, `${style.icon(label)} ${label}`)}${why ? ` ${why}` : ''}`
}

/** What changed, by task, for each set of hosts on which the same did. */
function changed(summary: Summary, entries: readonly Entry[], style: Style, columns: number): string[] {
  const groups = new Map<string, { names: string[]; changes: HostSummary['changes'] }>()
  for (const [name, { changes }] of entries) {
    if (changes.length === 0) continue
    const key = JSON.stringify(changes)
    const group = groups.get(key) ?? { names: [], changes }
    group.names.push(printable(name))
    groups.set(key, group)
  }
  const label: Label = summary.mode === 'check' ? 'would change' : 'changed'
  const all = [...groups.values()]
  const lines = all.slice(0, MOST_GROUPS).flatMap(({ names, changes }) => {
    const hosts = fold(`${names.length > 3 ? `${count(names.length, 'host')}: ` : ''}${names.join(', ')}`, columns - label.length - 4)
    const width = Math.min(
      Math.max(...changes.slice(0, MOST_CHANGES).map((one) => printable(one.task).length)),
      Math.floor(columns / 2) - 2,
    )
    const head = `${style.paint(label, label)} on ${style.paint('strong', hosts[0]! + (hosts.length > 1 ? ` ${style.ellipsis}` : ''))}`
    const rest = changes.length - MOST_CHANGES
    return [
      head,
      ...changes.slice(0, MOST_CHANGES).map((one) => {
        const what = printable(one.changes.join(', '))
        return `  ${what ? pad(clip(printable(one.task), width, style.ellipsis), width) : printable(one.task)}  ${style.paint('quiet', what)}`.trimEnd()
      }),
      ...(rest > 0 ? [style.paint('quiet', `  ${style.ellipsis} and ${rest} more`)] : []),
      '',
    ]
  })
  const hidden = all.slice(MOST_GROUPS).reduce((sum, group) => sum + group.names.length, 0)
  return hidden > 0 ? [...lines, style.paint('quiet', `${style.ellipsis} and ${count(hidden, 'more host')} with changes`), ''] : lines
}

function sentence(summary: Summary, entries: readonly Entry[], style: Style): string {
  const having = (status: HostSummary['status']) => entries.filter(([, host]) => host.status === status).length
  const sum = (key: Count) => entries.reduce((total, [, host]) => total + host[key], 0)
  const [changes, maybe, all] = [sum('changed'), sum('maybe'), entries.length]
  const touched = entries.filter(([, host]) => host.changed + host.maybe > 0).map(([name]) => printable(name))
  const on = touched.length === 1 ? touched[0] : count(touched.length, 'host')
  const done =
    summary.mode === 'check'
      ? changes + maybe > 0
        ? `Would change ${changes}${maybe > 0 ? `, maybe ${maybe}` : ''} on ${on}. Nothing was changed.`
        : 'Nothing would change.'
      : changes > 0
        ? `Changed ${changes} on ${on}.`
        : 'Nothing was changed.'
  const trouble = (
    [
      [having('interrupted'), 'interrupted'],
      [having('failed'), 'failed'],
      [having('unreachable'), 'unreachable'],
    ] as const
  )
    .filter(([hosts]) => hosts > 0)
    .map(([hosts, word], i) =>
      all === 1 ? `${word[0]?.toUpperCase()}${word.slice(1)}` : i === 0 ? `${hosts} of ${count(all, 'host')} ${word}` : `${hosts} ${word}`,
    )
  const look = trouble.length > 0 ? 'FAILED' : maybe > 0 ? 'strong' : 'ok'
  const said = `${trouble.length > 0 ? `${trouble.join(', ')}. ` : ''}${done}`
  return `${style.paint(look, said)} ${style.paint('quiet', `(${duration(summary.ms)})`)}`
}
