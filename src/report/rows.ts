import { unreachable } from '../diagnostic.ts'
import type { Event } from '../engine/event.ts'
import { clip, pad, padStart, widthOf } from './measure.ts'
import type { Style } from './style.ts'
import { count, linesOf, printable, roundDuration, titleOf } from './text.ts'

/** What is shown of one host while the run goes on; times in milliseconds of one clock. */
export interface Row {
  readonly host: string
  readonly state: 'waiting' | 'running' | 'ok' | 'failed' | 'unreachable' | 'interrupted'
  /** Tasks begun. */
  readonly begun: number
  readonly changed: number
  /** What it is doing, or did last when `idle`. */
  readonly title: string
  /** Between two tasks. */
  readonly idle: boolean
  /** Begin of what it is doing, or end of what it did. */
  readonly since: number
  /** When it last gave a sign. */
  readonly heard: number
  /** The last line of output of what it is doing. */
  readonly tail: string
}

export const newRow = (host: string): Row => ({
  host: printable(host),
  state: 'waiting',
  begun: 0,
  changed: 0,
  title: '',
  idle: true,
  since: 0,
  heard: 0,
  tail: '',
})

/** The row after an event of its host. */
export function nextRow(row: Row, event: Extract<Event, { host: string }>, now: number): Row {
  switch (event.type) {
    case 'host:start':
      return { ...row, state: 'running', title: 'connecting', idle: false, since: now, heard: now }
    case 'task:start': {
      const begun = row.begun + (event.task.handler ? 0 : 1)
      return { ...row, title: titleOf(event.task), idle: false, begun, since: now, heard: now, tail: '' }
    }
    case 'task:plan':
    case 'task:item':
      return { ...row, heard: now }
    case 'task:output': {
      const tail = linesOf(event.text).findLast((line) => line.trim() !== '')
      return { ...row, heard: now, ...(tail !== undefined && { tail: tail.trim() }) }
    }
    case 'task:retry':
      return { ...row, heard: now, tail: `not yet (${event.attempt} of ${event.retries}), again in ${event.delay} s` }
    case 'task:end':
      return { ...row, idle: true, since: now, tail: '', changed: row.changed + (event.status === 'changed' ? 1 : 0) }
    case 'host:end':
      return { ...row, state: event.status, idle: true, since: now, tail: '' }
    default:
      return unreachable(event)
  }
}

export interface View {
  readonly style: Style
  readonly columns: number
  /** Lines of the terminal. */
  readonly rows: number
  readonly now: number
  readonly total: (host: string) => number | undefined
}

const MOST_ROWS = 10
const MOST_TAILS = 5
const WIDEST_HOST = 24
const QUIET = 30_000
const IDLE = 1000
const LONG = 1000

/** The rows as they stand: at most ten, those at work first where there are more, and a line for the rest. No line reaches `columns`. */
export function drawRows(rows: readonly Row[], view: View): string[] {
  const most = Math.max(Math.min(MOST_ROWS, view.rows - 3), 1)
  const shown = rows.length <= most ? rows : rows.filter((row) => row.state === 'running').slice(0, most)
  const active = shown.filter((row) => row.state === 'running').length
  const tails = active <= MOST_TAILS && shown.length + active < view.rows - 2
  const hosts = Math.min(Math.max(...shown.map((row) => widthOf(row.host)), 0), WIDEST_HOST)
  const counters = Math.max(...shown.map((row) => counterOf(row, view).length), 0)
  const lines = shown.flatMap((row) => drawRow(row, view, hosts, counters, tails))
  const hidden = rows.filter((row) => !shown.includes(row))
  if (hidden.length > 0)
    lines.push(view.style.paint('quiet', clip(rest(hidden, view.style, shown.length > 0), view.columns - 1, view.style.ellipsis)))
  return lines
}

function counterOf(row: Row, view: View): string {
  if (row.begun === 0) return ''
  const total = view.total(row.host)
  return total !== undefined && row.begun <= total ? `[${row.begun}/${total}]` : `[${row.begun}]`
}

function drawRow(row: Row, view: View, hosts: number, counters: number, tails: boolean): string[] {
  const { style } = view
  const room = view.columns - 1
  const begin = `${iconOf(row, view)} ${style.paint('strong', pad(clip(row.host, hosts, style.ellipsis), hosts))}`
  const counter = counters > 0 ? `  ${style.paint('quiet', padStart(counterOf(row, view), counters))}` : ''
  const head = `${begin}${counter}  `
  const after = row.state === 'running' && !row.idle ? clockOf(row, view) : ''
  const left = room - widthOf(head) - widthOf(after)
  if (left < 8) return [clip(`${head}${row.title}`, room, style.ellipsis)]
  const line = `${head}${clip(doing(row, view), left, style.ellipsis)}${after}`
  if (!tails || row.state !== 'running' || row.tail === '') return [line]
  return [line, style.paint('quiet', clip(`  ${style.bar} ${row.tail}`, room, style.ellipsis))]
}

function iconOf(row: Row, { style, now }: View): string {
  if (row.state === 'waiting') return style.paint('quiet', style.icon('waiting'))
  if (row.state === 'running') return style.paint('hint', style.spinner[Math.floor(now / 200) % style.spinner.length] ?? '')
  const label = row.state === 'failed' ? 'FAILED' : row.state
  return style.paint(label, style.icon(label))
}

function doing(row: Row, { style, now }: View): string {
  if (row.state === 'waiting') return style.paint('quiet', 'waiting')
  if (row.state === 'running') return row.idle && now - row.since > IDLE ? style.paint('quiet', 'waiting for other hosts') : row.title
  if (row.state === 'ok') return style.paint('quiet', row.changed > 0 ? `done, ${row.changed} changed` : 'done')
  return style.paint(row.state === 'failed' ? 'FAILED' : row.state, row.state === 'failed' ? 'FAILED' : row.state)
}

function clockOf(row: Row, { style, now }: View): string {
  const elapsed = now - row.since
  if (elapsed < LONG) return ''
  const quiet = now - row.heard
  const clock = style.paint('quiet', `  ${roundDuration(elapsed)}`)
  return quiet >= QUIET ? `${clock}${style.paint('maybe', `  quiet for ${roundDuration(quiet)}`)}` : clock
}

function rest(hidden: readonly Row[], style: Style, more: boolean): string {
  const having = (...states: Row['state'][]) => hidden.filter((row) => states.includes(row.state)).length
  const parts = [
    [having('ok'), 'done'],
    [having('running'), 'at work'],
    [having('waiting'), 'waiting'],
    [having('failed'), 'FAILED'],
    [having('unreachable'), 'unreachable'],
    [having('interrupted'), 'interrupted'],
  ] as const
  const told = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`)
  return `${style.ellipsis} ${more ? `${hidden.length} more` : count(hidden.length, 'host')}: ${told.join(', ')}`
}
