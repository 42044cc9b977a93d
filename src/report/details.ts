import type { Failure, Place, PlannedChange } from '../engine/event.ts'
import { type CheckRow, checkTable } from './check-table.ts'
import { diffLines } from './diff.ts'
import type { Remark } from './frame.ts'
import { clip, fold } from './measure.ts'
import type { Style } from './style.ts'
import type { ItemReport, TaskReport } from './task-report.ts'
import { linesOf, printable } from './text.ts'

export interface FailureOptions {
  readonly style: Style
  /** The code frame of a place with what is to be said of it, already fit for a terminal. */
  readonly frame: (place: Place, remark: Remark) => string
  /** What a line may take. */
  readonly columns: number
}

/** How the lines below a task's own are made. */
export interface DetailOptions extends FailureOptions {
  readonly verbosity: number
  readonly diff: boolean
  /** What a line of a table may take, when that is less. */
  readonly tableColumns?: number
}

const TAIL = 20

/** What stands below a task's line: its changes, loop items, diffs, its failure; none wider than `columns`. `named` says that the line itself names the only change. */
export function detailLines(report: TaskReport, options: DetailOptions, named = false): string[] {
  const { style } = options
  const lines: string[] = []
  // what was planned explains a failure, but comes after it: it did not happen
  const tried = report.failure && report.items.length === 0
  // what a proof did is in its table
  const changes = report.checks.length > 0 ? [] : report.changes
  if (!tried) for (const change of changes) lines.push(...changeLines(change, options, named))
  lines.push(...spoken(report.said, options), ...proof(report.checks, options))
  for (const item of report.items) lines.push(...itemLines(item, report, options))
  if (report.because) lines.push(style.paint('maybe', `depends on: ${printable(report.because)}`))
  // a loop's failure is that of its first failed item, told there
  if (report.failure && !report.items.some((item) => item.failure)) {
    const { message } = report.failure
    // below a table, the first line of the message says which of its rows is meant
    const failure = report.checks.length > 0 ? { ...report.failure, message: message.split('\n')[0] ?? '' } : report.failure
    lines.push(...reportedFailure(failure, report, options))
  }
  if (tried && !report.ignored) for (const change of changes) lines.push(`  ${style.paint('quiet', 'tried:')} ${printable(change.summary)}`)
  if (options.verbosity >= 2) lines.push(style.paint('quiet', `=> ${printable(JSON.stringify(report.result))}`))
  return lines.map((line) => clip(line, options.columns, style.ellipsis))
}

function changeLines(change: PlannedChange, options: DetailOptions, named: boolean): string[] {
  const diff = options.diff && change.diff ? diffLines(change.diff, options.style, options.columns) : []
  return [...(named ? [] : [printable(change.summary)]), ...diff]
}

/** A table of checks stands by itself: blank lines part it from what is around it. */
const proof = (checks: readonly CheckRow[], { style, columns, tableColumns }: DetailOptions): string[] =>
  checks.length === 0 ? [] : [...checkTable(checks, style, Math.min(tableColumns ?? columns, columns)), '']

const spoken = (said: readonly string[], { columns }: DetailOptions): string[] => said.flatMap((line) => fold(printable(line), columns - 2))

function itemLines(item: ItemReport, report: TaskReport, options: DetailOptions): string[] {
  const { style, verbosity } = options
  const quiet = (item.label === 'ok' || item.label === 'skipped') && item.said.length + item.checks.length === 0
  if (quiet && verbosity < 1) return []
  const [only, ...more] = item.changes
  const summary = only && more.length === 0 ? style.paint('quiet', ` (${printable(only.summary)})`) : ''
  // the task's own line has the word already, unless its items ended differently
  const word = item.label === report.label && !item.failure ? '' : `${style.paint(item.label, item.label)} `
  const head = `${word}${style.paint('strong', printable(item.item))}${summary}`
  const lines = [
    ...item.changes.flatMap((change) => changeLines(change, options, summary !== '')),
    ...spoken(item.said, options),
    ...proof(item.checks, options),
  ]
  const failure = item.failure ? reportedFailure(item.failure, report, options) : []
  return [head, ...[...lines, ...failure].map((line) => `  ${line}`)]
}

/** A failure that is ignored takes one line; the others are told whole. */
function reportedFailure(failure: Failure, report: TaskReport, options: DetailOptions): string[] {
  if (!report.ignored || options.verbosity >= 1) return failureLines(failure, options)
  const why = report.ignored === 'rescue' ? 'rescue takes over' : 'ignore_errors'
  return [`${linesOf(failure.message)[0]} ${options.style.paint('quiet', `(${why})`)}`]
}

/** A failure as people read it: the code frame with the message, the last lines the step wrote, the way out. */
export function failureLines(failure: Failure, options: FailureOptions): string[] {
  const { style, columns } = options
  const [message = ''] = linesOf(failure.message)
  const head = failure.at
    ? options.frame(failure.at, { severity: 'error', message }).split('\n')
    : fold(message, columns - 7).map((line, i) => `${i === 0 ? style.paint('FAILED', 'error:') : '      '} ${line}`)
  return [...head, ...failureRest(failure, options)]
}

/** What there is to say of a failure besides the first line of its message. */
export function failureRest(failure: Failure, { style, columns }: FailureOptions): string[] {
  const lines = linesOf(failure.message)
    .slice(1)
    .flatMap((line) => fold(line, columns - 2).map((part) => `  ${part}`))
  const told = failure.message.trim()
  const bug = failure.reason === 'bug'
  const exit = failure.exit === undefined || told.includes(String(failure.exit)) ? undefined : `exit code ${failure.exit}`
  const tails = [
    { name: 'stdout', text: failure.stdoutTail ?? '' },
    { name: bug ? 'stack' : 'stderr', text: failure.stderrTail ?? '' },
  ].filter(({ text }) => text.trim() !== '' && text.trim() !== told)
  if (exit && tails.length === 0) lines.push(`  ${exit}`)
  for (const [i, { name, text }] of tails.entries()) {
    lines.push(style.paint('quiet', `  ${name}${exit && i === tails.length - 1 ? ` (${exit})` : ''}:`))
    for (const line of linesOf(text).slice(-TAIL))
      lines.push(...fold(line, columns - 4).map((part) => `  ${style.paint('quiet', style.bar)} ${part}`))
  }
  const hint = failure.hint ?? (bug ? 'this is a fault of mhprov: please report it with the lines above' : undefined)
  if (hint === undefined) return lines
  const parts = linesOf(hint).flatMap((line) => fold(line, columns - 8))
  return [...lines, ...parts.map((part, i) => `  ${i === 0 ? style.paint('hint', 'hint:') : '     '} ${part}`)]
}
