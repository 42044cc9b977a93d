import { unreachable } from '../diagnostic.ts'
import type { Event } from '../engine/event.ts'
import { type Board, openBoard } from './board.ts'
import { detailLines, failureRest } from './details.ts'
import { clip, fold, pad, widthOf } from './measure.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { drawRows, newRow, nextRow, type Row } from './rows.ts'
import { Screen } from './screen.ts'
import { type Label, styleOf } from './style.ts'
import { summaryTable } from './summary-table.ts'
import { gatherTasks, type TaskReport } from './task-report.ts'
import { duration, linesOf, printable, titleOf } from './text.ts'

/** Milliseconds between two frames. */
const EVERY = 200
const WIDEST_HOST = 24
const WORTH_TELLING = 1000

/** A terminal that a person watches: a row per host at the bottom, and above it what changed and what failed, as it happens. */
export function openTty(options: ReporterOptions): Reporter {
  const { verbosity, now = Date.now } = options
  const style = styleOf(options.colour, options.unicode ?? true)
  const screen = new Screen(options.write, options.columns)
  const gather = gatherTasks()
  const rows = new Map<string, Row>()
  const told = new Set<string>()
  let above: string[] = []
  let board: Board | undefined
  let state: 'before' | 'running' | 'over' = 'before'
  let asides = 0
  let labels = 7
  let hosts = 0
  let plays = 0

  const draw = () => {
    if (state !== 'running' || asides > 0) return
    const view = { style, columns: options.columns(), rows: options.rows?.() ?? 24, now: now(), total: options.total ?? (() => undefined) }
    const lines = above
    above = []
    screen.draw(lines, drawRows([...rows.values()], view))
  }
  const room = () => Math.max(options.columns() - 1, 20)
  const put = (...lines: string[]) => above.push(...lines.map((line) => clip(line, room(), style.ellipsis)))
  /** Where a task's name begins; less on a narrow terminal, so that room is left. */
  const column = () => Math.min(labels + hosts + 6, Math.floor(room() / 2))
  const headOf = (label: Label, host: string, text: string) =>
    `${style.paint(label, `${style.icon(label)} ${pad(label, labels)}`)}  ${style.paint('strong', pad(clip(printable(host), hosts, style.ellipsis), hosts))}  ${text}`
  const details = (columns: number) => ({ style, verbosity, diff: options.diff, frame: options.frame, columns })

  const end = (report: TaskReport) => {
    const { host, label, task, changes, items } = report
    if (report.failure && !report.ignored) told.add(host)
    const speaks = [report, ...items].some((one) => one.said.length + one.checks.length > 0)
    if ((label === 'ok' || label === 'skipped') && !speaks && verbosity < 1) return
    const time = report.ms >= WORTH_TELLING ? style.paint('quiet', `  ${duration(report.ms)}`) : ''
    const title = `${titleOf(task)}${task.handler ? style.paint('quiet', ' (handler)') : ''}`
    const head = headOf(label, host, title)
    const only = changes.length === 1 && items.length === 0 && !report.failure ? printable(changes[0]?.summary ?? '') : ''
    const inline = only === '' ? '' : `  ${style.paint('quiet', `(${only})`)}`
    const fits = only !== '' && widthOf(head) + widthOf(inline) + widthOf(time) <= room()
    put(`${head}${fits ? inline : ''}${time}`)
    // a failure and a diff need the width that the columns of the other lines take
    const hasDiff = options.diff && [report, ...items].some((one) => one.changes.some((change) => change.diff))
    const indent = (report.failure && !report.ignored) || report.checks.length > 0 ? 2 : hasDiff ? 4 : column()
    put(...detailLines(report, details(room() - indent), fits).map((line) => ' '.repeat(indent) + line))
  }

  const endHost = (event: Extract<Event, { type: 'host:end' }>) => {
    board?.settle(event.host, event.status === 'ok')
    if (event.status === 'ok' || told.has(event.host)) return
    const [first = '', ...more] = fold(linesOf(event.failure?.message ?? '')[0] ?? '', room() - column())
    put(headOf(event.status === 'failed' ? 'FAILED' : event.status, event.host, first), ...more.map((line) => ' '.repeat(column()) + line))
    if (event.failure) put(...failureRest(event.failure, details(room() - 2)).map((line) => `  ${line}`))
  }

  const begin = (event: Extract<Event, { type: 'run:start' }>) => {
    if (event.mode === 'check') labels = 'would change'.length
    for (const host of event.hosts) rows.set(host, newRow(host))
    hosts = Math.min(Math.max(...event.hosts.map((host) => widthOf(printable(host))), 0), WIDEST_HOST)
    state = 'running'
    board = openBoard(event.hosts, EVERY, draw)
  }

  const on = (event: Event): void => {
    const report = gather(event)
    if ('host' in event) rows.set(event.host, nextRow(rows.get(event.host) ?? newRow(event.host), event, now()))
    switch (event.type) {
      case 'run:start':
        return begin(event)
      case 'play:start':
        put(...(plays++ > 0 ? [''] : []), style.paint('strong', printable(event.play)))
        return
      case 'host:start':
      case 'task:start':
      case 'task:plan':
      case 'task:item':
      case 'task:output':
      case 'task:retry':
        return
      case 'task:end':
        if (report) end(report)
        return
      case 'host:end':
        return endHost(event)
      case 'run:end':
        screen.clear([...above, '', ...summaryTable(event.summary, style, room())])
        above = []
        state = 'over'
        return
      default:
        unreachable(event)
    }
  }

  return {
    on,
    close: async () => {
      if (state === 'running') {
        const busy = [...rows.values()].filter((row) => !row.idle).map((row) => `${row.host} (${row.title})`)
        if (busy.length > 0) put(style.paint('interrupted', 'Left while at work:'), ...busy.map((one) => `  ${one}`))
        screen.clear(above)
      }
      state = 'over'
      await board?.close()
    },
    aside: async (work) => {
      asides++
      screen.clear(above)
      above = []
      try {
        return await work()
      } finally {
        asides--
      }
    },
  }
}
