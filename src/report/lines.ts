import { unreachable } from '../diagnostic.ts'
import type { Event, TaskRef } from '../engine/event.ts'
import { detailLines, failureRest } from './details.ts'
import { clip, pad } from './measure.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { type Label, styleOf } from './style.ts'
import { summaryTable } from './summary-table.ts'
import { gatherTasks, type TaskReport } from './task-report.ts'
import { count, duration, linesOf, printable, roundDuration, titleOf } from './text.ts'

const WIDEST_HOST = 32
const TABLE_COLUMNS = 100
const NARROWEST_TABLE = 50
/** What a CI log shows whole; beyond it a line says nothing more. */
const LINE_COLUMNS = 500
/** Milliseconds. */
const SILENCE = 60_000
const WORTH_TELLING = 1000

/** One line at a time, each with its host in front: for pipes, files and CI logs. A task's lines come together when it ends. */
export function openLines(options: ReporterOptions): Reporter {
  const { write, verbosity, now = Date.now } = options
  const style = styleOf(options.colour, options.unicode ?? true)
  const gather = gatherTasks()
  const running = new Map<string, { title: string; since: number; heard: number; named: boolean }>()
  const told = new Set<string>()
  let labels = 7
  let hosts = 0
  let over = false

  const name = (host: string) => style.paint('strong', pad(clip(printable(host), WIDEST_HOST), hosts))
  const say = (host: string, text: string) => write(`${`${name(host)}  ${text}`.trimEnd()}\n`)
  const tell = (host: string, label: Label | 'running' | 'retry', text: string) =>
    say(host, `${style.paint(label === 'running' || label === 'retry' ? 'quiet' : label, pad(label, labels))}  ${text}`)
  const below = (host: string, lines: readonly string[]) => {
    for (const line of lines) say(host, `${' '.repeat(labels + 2)}${line}`)
  }
  const details = { style, verbosity, diff: options.diff, frame: options.frame, columns: LINE_COLUMNS }

  const end = (report: TaskReport) => {
    const { host, label, task } = report
    const title = label === 'skipped' ? style.paint('quiet', titleOf(task)) : titleOf(task)
    const time = report.ms >= WORTH_TELLING ? style.paint('quiet', `  ${duration(report.ms)}`) : ''
    tell(host, label, `${title}${task.handler ? style.paint('quiet', ' (handler)') : ''}${time}`)
    const tableColumns = Math.max(options.columns() - hosts - labels - 4, NARROWEST_TABLE)
    below(host, detailLines(report, { ...details, tableColumns }))
    running.delete(host)
    if (report.failure && !report.ignored) told.add(host)
  }

  const output = (event: Extract<Event, { type: 'task:output' }>) => {
    const task = running.get(event.host)
    if (task) task.heard = now()
    if (verbosity < 1) return
    if (task && !task.named) tell(event.host, 'running', task.title)
    if (task) task.named = true
    below(
      event.host,
      linesOf(event.text).map((line) => `${style.paint('quiet', style.bar)} ${line}`),
    )
  }

  /** A log that stands still looks dead, and some CI services end a job that is silent for minutes. */
  const breakSilence = () => {
    for (const [host, task] of running) {
      if (now() - task.heard < SILENCE) continue
      tell(
        host,
        'running',
        `${task.title}${style.paint('quiet', `  for ${roundDuration(now() - task.since)}, quiet for ${roundDuration(now() - task.heard)}`)}`,
      )
      task.heard = now()
    }
  }
  const watch = setInterval(breakSilence, SILENCE / 4)
  watch.unref()

  const start = (host: string, task: TaskRef) => running.set(host, { title: titleOf(task), since: now(), heard: now(), named: false })

  const on = (event: Event): void => {
    const report = gather(event)
    switch (event.type) {
      case 'run:start':
        hosts = Math.max(...event.hosts.map((host) => Math.min(printable(host).length, WIDEST_HOST)), 0)
        if (event.mode === 'check') labels = 'would change'.length
        return write(
          `${event.mode === 'check' ? 'Checking' : 'Applying'} ${printable(event.playbook)} on ${count(event.hosts.length, 'host')}\n`,
        )
      case 'play:start':
        return write(`\n${style.paint('strong', `Play: ${printable(event.play)}`)}  ${style.paint('quiet', hostList(event.hosts))}\n`)
      case 'host:start':
      case 'task:plan':
      case 'task:item':
        return
      case 'task:start':
        start(event.host, event.task)
        return
      case 'task:output':
        return output(event)
      case 'task:retry':
        if (event.attempt === 1 || verbosity >= 1)
          tell(
            event.host,
            'retry',
            `${titleOf(event.task)}${style.paint('quiet', `  ${event.attempt} of ${event.retries}, again in ${event.delay} s`)}`,
          )
        return
      case 'task:end':
        if (report) end(report)
        return
      case 'host:end':
        if (event.status === 'ok' || told.has(event.host)) return
        tell(event.host, event.status === 'failed' ? 'FAILED' : event.status, linesOf(event.failure?.message ?? '')[0] ?? '')
        if (event.failure) below(event.host, failureRest(event.failure, details))
        return
      case 'run:end':
        over = true
        return write(`\n${summaryTable(event.summary, style, Math.max(Math.min(options.columns(), TABLE_COLUMNS), 40)).join('\n')}\n`)
      default:
        unreachable(event)
    }
  }

  return {
    on,
    close: () => {
      clearInterval(watch)
      if (!over && running.size > 0)
        write(`\nLeft while at work: ${[...running].map(([host, { title }]) => `${printable(host)} (${title})`).join(', ')}\n`)
    },
    aside: (work) => work(),
  }
}

/** Names where they are few. */
const hostList = (hosts: readonly string[]): string => (hosts.length > 6 ? count(hosts.length, 'host') : hosts.map(printable).join(', '))
