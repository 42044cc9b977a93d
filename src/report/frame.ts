import { isAbsolute, relative, sep } from 'node:path'
import { styleText } from 'node:util'
import { type Diagnostic, position } from '../diagnostic.ts'
import type { Place } from '../engine/event.ts'

/** How diagnostics are printed. Paths below `cwd` are shown relative to it. */
export interface FrameOptions {
  readonly colour: boolean
  readonly cwd?: string
}

/** What is said of a place. */
export interface Remark {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly code?: string
  readonly hint?: string
}

const COLUMNS = 100
const TAB = 4

/**
 * A problem as people read it: `path:line:col severity: message [code]`, the line, `~~~` under the place (its part on the first
 * line, one character at least) and the hint. No newline at the end.
 */
export function printDiagnostic(diagnostic: Diagnostic, options: FrameOptions): string {
  const { at } = diagnostic
  if (!at) return join(head(undefined, diagnostic, options), undefined, diagnostic, options)
  const { path, text } = at.file
  const { line, col } = position(text, at.start)
  return printPlace({ path, line, col, endCol: col + Math.max(at.end - at.start, 0) }, text, diagnostic, options)
}

/** The same frame for a place that an event names; without the file's `text`, or on a blank line, only the head and the hint. `endCol` may pass the line's end. */
export function printPlace(place: Place, text: string | undefined, remark: Remark, options: FrameOptions): string {
  const line = text?.split('\n')[place.line - 1]?.replace(/\r$/, '')
  return join(head(place, remark, options), line?.trim() ? drawLine(line, place) : undefined, remark, options)
}

/** Several problems: sorted by file and place, each once, closed by a line such as "3 errors, 1 warning". Nothing for none. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], options: FrameOptions): string {
  const ordered = [...diagnostics].sort(
    (a, b) => compare(a.at?.file.path ?? '', b.at?.file.path ?? '') || (a.at?.start ?? 0) - (b.at?.start ?? 0) || compare(a.code, b.code),
  )
  const seen = new Set<string>()
  const counts = { error: 0, warning: 0 }
  const printed: string[] = []
  for (const one of ordered) {
    const key = JSON.stringify([one.at?.file.path, one.at?.start, one.at?.end, one.severity, one.message])
    if (seen.has(key)) continue
    seen.add(key)
    counts[one.severity]++
    printed.push(printDiagnostic(one, options))
  }
  if (printed.length === 0) return ''
  const closing = (['error', 'warning'] as const)
    .filter((severity) => counts[severity] > 0)
    .map((severity) => paint(severity, `${counts[severity]} ${severity}${counts[severity] === 1 ? '' : 's'}`, options))
  return [...printed, closing.join(', ')].join('\n\n')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const STYLES = { error: ['bold', 'red'], warning: ['bold', 'yellow'], path: ['bold'], code: ['dim'], hint: ['cyan'] } as const

const paint = (what: keyof typeof STYLES, text: string, options: FrameOptions): string =>
  options.colour && text !== '' ? styleText([...STYLES[what]], text, { validateStream: false }) : text

function head(place: Place | undefined, remark: Remark, options: FrameOptions): string {
  const where = place ? `${paint('path', `${visible(shorten(place.path, options.cwd))}:${place.line}:${place.col}`, options)} ` : ''
  const code = remark.code ? ` ${paint('code', `[${remark.code}]`, options)}` : ''
  return `${where}${paint(remark.severity, `${remark.severity}:`, options)} ${visible(remark.message)}${code}`
}

function join(head: string, drawn: { line: string; mark: string } | undefined, remark: Remark, options: FrameOptions): string {
  const lines = [head]
  if (drawn)
    lines.push(
      drawn.line,
      drawn.mark.replace(/~+/, (mark) => paint(remark.severity, mark, options)),
    )
  const [first, ...more] = remark.hint?.split('\n') ?? []
  if (first !== undefined)
    lines.push(`  ${paint('hint', 'hint:', options)} ${visible(first)}`, ...more.map((line) => `        ${visible(line)}`))
  return lines.join('\n')
}

function shorten(path: string, cwd: string | undefined): string {
  if (cwd === undefined || !isAbsolute(path)) return path
  const short = relative(cwd, path)
  return short === '' || short === '..' || short.startsWith(`..${sep}`) || isAbsolute(short) ? path : short
}

/** One character as a reader sees it: what is printed for it, how many columns that takes, where it begins in the line. */
interface Cell {
  readonly text: string
  readonly width: number
  readonly start: number
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Characters of two columns: East Asian Wide and Fullwidth (Unicode Annex 11), and those shown as emoji. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])|\ufe0f/u

/** What must not reach a terminal as it is: controls, lone surrogates, and format characters that hide or reorder text (not the joiners). */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cs}\p{Cf}\u2028\u2029]/gu

/** Text with its control characters made visible: C0 as Unicode's control pictures, the others as \u{…}. */
const visible = (text: string): string =>
  text.replace(UNSEEN, (one) => {
    const code = one.codePointAt(0) ?? 0
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : `\\u{${code.toString(16)}}`
  })

function cellsOf(line: string): Cell[] {
  const cells: Cell[] = []
  let column = 0
  for (const { segment, index } of graphemes.segment(line)) {
    const shown = segment === '\t' ? ' '.repeat(TAB - (column % TAB)) : visible(segment)
    const width = WIDE.test(shown) ? 2 : shown === segment ? 1 : shown.length
    cells.push({ text: shown, width, start: index })
    column += width
  }
  return cells
}

const widthOf = (cells: readonly Cell[]): number => cells.reduce((sum, cell) => sum + cell.width, 0)

function drawLine(line: string, place: Place): { line: string; mark: string } {
  const cells = cellsOf(line)
  const index = (offset: number) => {
    const found = cells.findLastIndex((cell) => cell.start <= offset)
    return offset >= line.length ? cells.length : Math.max(found, 0)
  }
  const from = index(place.col - 1)
  const to = Math.max(index(Math.min(place.endCol - 1, line.trimEnd().length)), from)
  const { first, last } = view(cells, from, to)
  const before = first > 0 ? '…' : ''
  const shown = cells.slice(first, last)
  const marked = widthOf(cells.slice(from, Math.min(to, last)))
  return {
    line: `${before}${shown.map((cell) => cell.text).join('')}${last < cells.length ? '…' : ''}`.trimEnd(),
    mark: ' '.repeat(before.length + widthOf(cells.slice(first, from))) + '~'.repeat(Math.max(marked, 1)),
  }
}

/** The stretch of cells to show: all when they fit, else as much around the place as fits with the `…` of its cut ends. */
function view(cells: readonly Cell[], from: number, to: number): { first: number; last: number } {
  if (widthOf(cells) <= COLUMNS) return { first: 0, last: cells.length }
  let room = COLUMNS - 2
  let first = from
  let last = from
  const grow = (at: number): boolean => {
    const width = cells[at]?.width ?? Number.POSITIVE_INFINITY
    if (width > room) return false
    room -= width
    return true
  }
  while (last < to && room > COLUMNS / 2 && grow(last)) last++
  // What is left goes to both sides in turn: the text before a place explains it as much as the text after it.
  for (let moved = true; moved; ) {
    moved = false
    if (first > 0 && grow(first - 1)) {
      first--
      moved = true
    }
    if (last < cells.length && grow(last)) {
      last++
      moved = true
    }
  }
  return { first, last }
}
