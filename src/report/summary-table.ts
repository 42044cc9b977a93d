import type { HostSummary, Summary } from '../engine/event.ts'
import { type Count, hostTable } from './host-table.ts'
import { clip, fold, pad, widthOf } from './measure.ts'
import type { Label, Style } from './style.ts'
import { count, duration, printable } from './text.ts'

const MOST_CHANGES = 20
const MOST_GROUPS = 10

type Entry = readonly [name: string, host: HostSummary]

/** The end of a run: a row per host, what changed by name, one sentence. Lines that fit `columns`; many hosts that had nothing to do share a row. */
export function summaryTable(summary: Summary, style: Style, columns: number): string[] {
  const entries = Object.entries(summary.hosts)
  const table = entries.length > 0 ? [...hostTable(summary, style, columns), ''] : []
  const lines = [...table, ...changed(summary, entries, style, columns), sentence(summary, entries, style)]
  return lines.map((line) => clip(line, columns, style.ellipsis))
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
      Math.max(...changes.slice(0, MOST_CHANGES).map((one) => widthOf(printable(one.task)))),
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
  const ends = (['interrupted', 'failed', 'unreachable'] as const)
    .map((status) => ({ status, hosts: entries.filter(([, host]) => host.status === status).length }))
    .filter(({ hosts }) => hosts > 0)
  const [only] = entries.length === 1 ? entries : []
  const trouble = ends
    .map(({ status, hosts }, i) =>
      only ? `${printable(only[0])} ${status}` : `${hosts}${i === 0 ? ` of ${entries.length} hosts` : ''} ${status}`,
    )
    .join(', ')
  const maybe = entries.some(([, host]) => host.maybe > 0)
  const said = `${trouble ? `${trouble}. ` : ''}${changeSentence(summary, entries, trouble !== '')}`
  return `${style.paint(trouble ? 'FAILED' : maybe ? 'strong' : 'ok', said)} ${style.paint('quiet', `(${duration(summary.ms)})`)}`
}

function changeSentence(summary: Summary, entries: readonly Entry[], trouble: boolean): string {
  const sum = (key: Count) => entries.reduce((total, [, host]) => total + host[key], 0)
  const [changed, maybe] = [sum('changed'), sum('maybe')]
  const touched = entries.filter(([, host]) => host.changed + host.maybe > 0).map(([name]) => printable(name))
  const on = touched.length === 1 ? touched[0] : count(touched.length, 'host')
  // what a step did that was cut off or failed, nobody knows
  if (changed + maybe === 0 && trouble && summary.mode === 'apply') return 'No change was completed.'
  if (changed + maybe === 0) return summary.mode === 'check' && !trouble ? 'Nothing would change.' : 'Nothing was changed.'
  if (summary.mode === 'apply') return `Changed ${changed} on ${on}.`
  return `Would change ${changed}${maybe > 0 ? `, maybe ${maybe}` : ''} on ${on}. Nothing was changed.`
}
