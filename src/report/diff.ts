import { structuredPatch } from 'diff'
import type { PlannedChange } from '../engine/event.ts'
import { widthOf } from './measure.ts'
import type { Style } from './style.ts'
import { count, printable, revealed } from './text.ts'

type Diff = NonNullable<PlannedChange['diff']>

const MOST_LINES = 400
const CONTEXT = 3
/** Milliseconds; two long texts that have nothing in common would take minutes. */
const PATIENCE = 1000

/** What changes inside a file, as a unified diff of printable lines that fit `columns`; longer ones are shown around what differs. */
export function diffLines(diff: Diff, style: Style, columns: number): string[] {
  const { before, after } = diff
  const [from, to] = [printable(diff.before_header ?? 'before'), printable(diff.after_header ?? 'after')]
  if (before === after) return []
  if (/\0/.test(before + after))
    return [
      style.paint('quiet', `binary content of ${to} differs: ${Buffer.byteLength(before)} bytes before, ${Buffer.byteLength(after)} after`),
    ]
  const patch = structuredPatch(from, to, before, after, undefined, undefined, { context: CONTEXT, timeout: PATIENCE })
  if (!patch) return [style.paint('quiet', `${to}: too much differs to show, ${linesIn(before)} lines before, ${linesIn(after)} after`)]
  const lines = [style.paint('strong', `--- ${from}`), style.paint('strong', `+++ ${to}`)]
  for (const hunk of patch.hunks) {
    lines.push(style.paint('hint', `@@ -${placeOf(hunk.oldStart, hunk.oldLines)} +${placeOf(hunk.newStart, hunk.newLines)} @@`))
    const starts = firstDifferences(hunk.lines)
    for (const [i, line] of hunk.lines.entries()) lines.push(paintLine(line, starts[i] ?? 0, style, columns))
  }
  if (lines.length <= MOST_LINES) return lines
  return [...lines.slice(0, MOST_LINES), style.paint('quiet', `${style.ellipsis} ${count(lines.length - MOST_LINES, 'more line')}`)]
}

/** Of an empty range the line before it is named (POSIX diff, "Diff Unified Output Format"). */
const placeOf = (start: number, lines: number): string => `${lines === 0 ? start - 1 : start},${lines}`

const linesIn = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

function paintLine(line: string, difference: number, style: Style, columns: number): string {
  const [mark = ' ', text] = [line[0], line.slice(1)]
  if (mark === '\\') return style.paint('quiet', line)
  const shown = mark + windowed(text, difference, columns - 1, style.ellipsis)
  return mark === '+' ? style.paint('added', shown) : mark === '-' ? style.paint('removed', shown) : shown
}

/** The stretch of a line that fits: from its beginning, unless what differs would then be cut off. */
function windowed(line: string, difference: number, columns: number, ellipsis: string): string {
  const whole = revealed(line)
  if (widthOf(whole) <= columns) return whole
  const lead = Math.floor(columns / 3)
  const begin = difference > columns - lead ? difference - lead : 0
  const rest = [...(begin > 0 ? revealed(line.slice(begin)) : whole)]
  const head = begin > 0 ? ellipsis : ''
  let shown = head
  let used = widthOf(head)
  for (const one of rest) {
    used += widthOf(one)
    if (used > columns - ellipsis.length) return shown + ellipsis
    shown += one
  }
  return shown
}

/** For each line of a hunk, where it first differs from the one it replaces or is replaced by; removed and added lines are paired in order. */
function firstDifferences(lines: readonly string[]): number[] {
  const starts = lines.map(() => 0)
  let block = { removed: [] as number[], added: [] as number[] }
  const settle = () => {
    for (const [i, a] of block.removed.entries()) {
      const b = block.added[i]
      if (b !== undefined) starts[a] = starts[b] = commonStart(lines[a]!, lines[b]!)
    }
    block = { removed: [], added: [] }
  }
  for (const [i, line] of lines.entries()) {
    if (line[0] === '+') block.added.push(i)
    else if (line[0] === '-') block.removed.push(i)
    // "No newline at end of file" stands between a removed line and the added one
    else if (line[0] !== '\\') settle()
  }
  settle()
  return starts
}

/** How much of two lines is the same from the left, not counting their marks. */
function commonStart(a: string, b: string): number {
  let i = 1
  while (i < a.length && a[i] === b[i]) i++
  return i - 1
}
