import { pythonRegex } from './python-regex.ts'
import { pythonTemplate } from './python-template.ts'
import type { Edit } from './text-edit.ts'

/** What lineinfile wants of a text, as its parameters say it. */
export interface LineWant {
  readonly state: 'present' | 'absent'
  readonly line?: string | undefined
  readonly regexp?: string | undefined
  readonly search_string?: string | undefined
  readonly backrefs: boolean
  readonly insertafter?: string | undefined
  readonly insertbefore?: string | undefined
  readonly firstmatch: boolean
}

/** Lines with their newline; the last may have none. */
export const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

const bare = (line: string): string => line.replace(/[\r\n]+$/, '')

/** A regular expression that was checked when the parameters were read. */
export function regex(source: string, flags: Parameters<typeof pythonRegex>[1] = {}): RegExp {
  const read = pythonRegex(source, flags)
  if (!read.regex) throw new Error(`unchecked regular expression: ${read.why}`)
  return read.regex
}

/** The first match, wherever the expression left off before. */
export function search(regex: RegExp, text: string): RegExpExecArray | null {
  regex.lastIndex = 0
  return regex.exec(text)
}

/** The index a list of matches decides for: the last, or with `firstmatch` the first; -1 when nothing matches. */
const pick = (lines: readonly string[], matches: (line: string) => boolean, first: boolean): number =>
  first ? lines.findIndex(matches) : lines.findLastIndex(matches)

const matcher = (want: LineWant): ((line: string) => boolean) | undefined => {
  const { regexp, search_string: literal } = want
  if (regexp !== undefined) {
    const compiled = regex(regexp)
    return (line) => search(compiled, line) !== null
  }
  return literal === undefined ? undefined : (line) => line.includes(literal)
}

/** What lineinfile makes of a text. `msg` is '' when nothing changes. */
export const editLines = (text: string, want: LineWant): Edit => (want.state === 'absent' ? without(text, want) : withLine(text, want))

function without(text: string, want: LineWant): Edit {
  const lines = splitLines(text)
  const goes = matcher(want) ?? ((line: string) => bare(line) === want.line)
  const kept = lines.filter((line) => !goes(line))
  const found = lines.length - kept.length
  return { text: kept.join(''), msg: found > 0 ? `${found} line(s) removed` : '', report: { found: String(found) } }
}

function withLine(text: string, want: LineWant): Edit {
  const lines = splitLines(text)
  const line = (want.line ?? '').replace(/\n$/, '')
  const matches = matcher(want)
  const found = matches ? pick(lines, matches, want.firstmatch) : -1
  if (found >= 0) {
    if (!want.backrefs || want.regexp === undefined) return replaceLine(lines, found, line)
    const compiled = regex(want.regexp)
    const match = search(compiled, lines[found]!)!
    const template = pythonTemplate(line, compiled)
    if (!template.expand) throw new Error(`unchecked replacement: ${template.why}`)
    return replaceLine(lines, found, template.expand(match, match.groups))
  }
  if (want.backrefs) return unchanged(lines)
  const there = lines.findLastIndex((_, at) => stands(lines, at, line.split('\n'), bare))
  if (there >= 0) return replaceLine(lines, there, line)
  return insertLine(lines, line, want)
}

const unchanged = (lines: readonly string[]): Edit => ({ text: lines.join(''), msg: '' })

/** Whether these lines stand at an index, one after another. */
const stands = (lines: readonly string[], at: number, wanted: readonly string[], form: (line: string) => string): boolean =>
  wanted.every((line, i) => lines[at + i] !== undefined && form(lines[at + i]!) === line)

/** Puts a line, which may hold newlines, for one that matched; not when the matched one is part of it already. */
function replaceLine(lines: readonly string[], at: number, line: string): Edit {
  const wanted = splitLines(`${line}\n`)
  const exact = (text: string) => text
  if (wanted.some((_, i) => at - i >= 0 && stands(lines, at - i, wanted, exact))) return unchanged(lines)
  const length = wanted.length > 1 && stands(lines, at, line.split('\n'), bare) ? wanted.length : 1
  return { text: [...lines.slice(0, at), ...wanted, ...lines.slice(at + length)].join(''), msg: 'line replaced' }
}

function insertLine(lines: readonly string[], line: string, want: LineWant): Edit {
  const { insertafter: after, insertbefore: before, firstmatch } = want
  const at = (index: number): Edit => {
    const head = lines.slice(0, index)
    const last = head.at(-1)
    if (last !== undefined && !/[\r\n]$/.test(last)) head[head.length - 1] = `${last}\n`
    return { text: [...head, `${line}\n`, ...lines.slice(index)].join(''), msg: 'line added' }
  }
  if (before === 'BOF' || after === 'BOF') return at(0)
  const anchor = after && after !== 'EOF' ? after : before
  if (!anchor || anchor === 'EOF') return at(lines.length)
  const compiled = regex(anchor)
  const found = pick(lines, (one) => search(compiled, one) !== null, firstmatch)
  if (found < 0) return at(lines.length)
  return at(anchor === after ? found + 1 : found)
}
