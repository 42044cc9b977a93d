import { regex, search } from './line-edit.ts'
import type { Edit } from './text-edit.ts'

/** What blockinfile wants of a text, as its parameters say it. */
export interface BlockWant {
  readonly state: 'present' | 'absent'
  readonly block: string
  readonly marker: string
  readonly marker_begin: string
  readonly marker_end: string
  readonly insertafter?: string | undefined
  readonly insertbefore?: string | undefined
  readonly multiline_search: boolean
  readonly append_newline: boolean
  readonly prepend_newline: boolean
  readonly line_separator: 'lf' | 'cr' | 'crlf'
}

/** How a line can end, by Ansible's names. */
export const SEPARATORS = { lf: '\n', cr: '\r', crlf: '\r\n' } as const

const splitAny = (text: string): string[] => text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? []
const bare = (line: string): string => line.replace(/[\r\n]+$/, '')

/** What blockinfile makes of a text; undefined is a file that is not there yet. `msg` is '' when nothing changes. */
export function editBlock(before: string | undefined, want: BlockWant): Edit {
  const separator = SEPARATORS[want.line_separator]
  const present = want.state === 'present'
  const markers = [want.marker_begin, want.marker_end].map((word) => want.marker.replaceAll('{mark}', word))
  const block = want.block === '' || /(?:\r\n|\n|\r)$/.test(want.block) ? want.block : want.block + separator
  const wanted = present && block !== '' ? [markers[0]! + separator, ...splitAny(block), markers[1]! + separator] : []
  const lines = splitAny(before ?? '')

  const old = findBlock(lines, markers)
  const at = old ? old.from : findPlace(before ?? '', lines, want)
  const head = lines.slice(0, at)
  const tail = lines.slice(old ? old.to : at)
  const last = head.at(-1)
  if (last !== undefined && bare(last) === last) head[head.length - 1] = last + separator
  if (wanted.length > 0) {
    if (want.prepend_newline && head.length > 0 && bare(head.at(-1)!) !== '') head.push(separator)
    if (want.append_newline && tail.length > 0 && bare(tail[0]!) !== '') tail.unshift(separator)
  }
  const text = wanted.length === 0 && !old ? (before ?? '') : [...head, ...wanted, ...tail].join('')
  if (before === undefined) return { text, msg: 'File created' }
  return { text, msg: text === before ? '' : wanted.length === 0 ? 'Block removed' : 'Block inserted' }
}

/**
 * The lines from one marker to the other, in whichever order the last of each stand. Where both markers read the same, the last two
 * of them enclose the block.
 */
function findBlock(lines: readonly string[], markers: readonly string[]): { from: number; to: number } | undefined {
  const where = (marker: string | undefined, until = lines.length) => lines.slice(0, until).findLastIndex((line) => bare(line) === marker)
  const end = where(markers[1])
  const begin = markers[0] === markers[1] ? where(markers[0], Math.max(end, 0)) : where(markers[0])
  if (begin < 0 || end < 0) return undefined
  return { from: Math.min(begin, end), to: Math.max(begin, end) + 1 }
}

function findPlace(text: string, lines: readonly string[], want: BlockWant): number {
  const { insertafter: after, insertbefore: before } = want
  if (before === 'BOF' || after === 'BOF') return 0
  const anchor = after && after !== 'EOF' ? after : before
  if (!anchor || anchor === 'EOF') return lines.length
  const further = anchor === after ? 1 : 0
  if (want.multiline_search || /^\(\?[aisux]*m/.test(anchor)) {
    const match = search(regex(anchor, { multiline: true }), text)
    if (!match) return lines.length
    const upTo = text.slice(0, anchor === after ? match.index + match[0].length : match.index)
    return splitAny(upTo).filter((line) => bare(line) !== line).length + further
  }
  const compiled = regex(anchor)
  const found = lines.findLastIndex((line) => search(compiled, line) !== null)
  return found < 0 ? lines.length : found + further
}
