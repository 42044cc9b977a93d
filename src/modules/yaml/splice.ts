import { type CST, isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml'
import { column, entriesOf, itemEnd, itemStart, itemsOf, itemTokens, lineEnd, lineStart, Refusal, tokenEnd, type Yaml } from './document.ts'
import { renderBlock, renderEntry, renderFlow, renderFlowEntry, renderInline, type Style } from './render.ts'
import { type Data, isList, isMapping } from './same.ts'

/** A stretch of the text and what it becomes. */
export interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

export function splice(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .sort((a, b) => b.from - a.from || b.to - a.to)
    .reduce((done, one) => done.slice(0, one.from) + one.text + done.slice(one.to), text)
}

/** A file's text with how it is written. */
export interface Page {
  readonly text: string
  /** LF or CR LF, as its first line ends. */
  readonly eol: string
  readonly style: Style
}

export const eolOf = (text: string): string => (/^[^\n]*\r\n/.test(text) ? '\r\n' : '\n')

const isFlow = (node: YAMLMap | YAMLSeq): boolean => node.srcToken?.type === 'flow-collection'

/** Its own way to indent: the first mapping in a mapping, and the first list in one, tell. */
export function styleOf(text: string, doc: Yaml): Style {
  const found: { step?: number; dash?: number } = {}
  const visit = (node: unknown): void => {
    if (isSeq(node)) for (const item of itemsOf(node)) visit(item)
    if (!isMap(node) || isFlow(node)) return
    for (const { key, value } of entriesOf(node)) {
      if ((isMap(value) || isSeq(value)) && !isFlow(value) && key?.range && value.range) {
        const deeper = column(text, value.range[0]) - column(text, key.range[0])
        if (isMap(value) && deeper > 0) found.step ??= deeper
        if (isSeq(value) && deeper >= 0) found.dash ??= deeper
      }
      visit(value)
    }
  }
  visit(doc.contents)
  return { step: found.step ?? 2, dash: found.dash ?? 2 }
}

/** Where a value stands: the entry or item it belongs to. */
export interface Slot {
  readonly item: CST.CollectionItem
  readonly flow: boolean
}

/** The slots of a collection's entries or items. */
export const slotsOf = (node: YAMLMap | YAMLSeq): Slot[] => itemTokens(node).map((item) => ({ item, flow: isFlow(node) }))

const endOf = (token: CST.SourceToken) => token.offset + token.source.length

/** Puts another value in place of one. What stands between and behind, comments above all, stays. */
export function replaceValue({ text, eol, style }: Page, { item, flow }: Slot, value: Data): Splice[] {
  if (item.start.some((token) => token.type === 'explicit-key-ind'))
    throw new Refusal('has a key written with `? ` here: its value cannot be edited')
  const list = item.key === undefined
  const tokens = list ? item.start : (item.sep ?? [])
  const at = tokens.findIndex((token) => token.type === (list ? 'seq-item-ind' : 'map-value-ind'))
  const behind = tokens.slice(at + 1)
  const props = behind.filter((token) => token.type === 'anchor' || token.type === 'tag')
  const old = tokenEnd(item.value) > (item.value?.offset ?? 0) ? item.value : undefined
  const end = Math.max(...props.map(endOf), tokenEnd(old))
  if (at < 0 && !list) return [{ from: tokenEnd(item.key), to: tokenEnd(item.key), text: `: ${renderFlow(value)}` }]
  const after = at < 0 ? itemStart(item) : endOf(tokens[at]!)
  const from = props[0]?.offset ?? old?.offset ?? after
  const to = Math.max(end, after)
  if (flow) return [{ from, to, text: (end < 0 && !list ? ' ' : '') + renderFlow(value) }]

  const inline = renderInline(value)
  const lines = (compact = false) => {
    if (compact) return renderBlock(value, column(text, itemStart(item)) + 2, style)
    const like = old?.type === 'block-map' ? isMapping(value) : old?.type === 'block-seq' && isList(value)
    const own = column(text, itemStart(item))
    const deeper = list ? 2 : isList(value) ? style.dash : style.step
    return renderBlock(value, like ? column(text, old!.offset) : own + deeper, style)
  }
  const broken = behind.findIndex((token) => token.type === 'newline')
  const later = [...behind.slice(broken < 0 ? behind.length : broken).filter((token) => props.includes(token)), ...(old ? [old] : [])][0]
  if (broken < 0 || !later) {
    if (inline !== undefined) return [from === after ? { from, to, text: ` ${inline}` } : { from, to, text: inline }]
    const [first, ...rest] = lines(list)
    const line = lineEnd(text, to)
    return list
      ? [
          { from: after, to, text: ` ${first!.trimStart()}` },
          { from: line, to: line, text: rest.map((one) => eol + one).join('') },
        ]
      : [
          { from: after, to, text: '' },
          { from: line, to: line, text: [first, ...rest].map((one) => eol + one).join('') },
        ]
  }
  // The old value begins on a line of its own: its lines go, comments before them stay.
  const gone = props.filter((token) => token.offset < later.offset).map((token) => ({ from: token.offset - 1, to: endOf(token), text: '' }))
  const body = { from: lineStart(text, later.offset), to: lineEnd(text, to) }
  if (inline === undefined) return [...gone, { ...body, text: lines().join(eol) }]
  return [{ from: after, to: after, text: ` ${inline}` }, ...gone, { ...wholeLines(text, body.from, body.to, eol), text: '' }]
}

/** Lines with the break after them; at the end of a text without one, with the break before them. */
function wholeLines(text: string, from: number, to: number, eol: string): { from: number; to: number } {
  const next = text.indexOf('\n', to)
  return next >= 0 ? { from, to: next + 1 } : { from: text.slice(0, from).endsWith(eol) ? from - eol.length : from, to }
}

/** Adds an entry to a mapping, or an item to a list (`key` undefined), behind its last one. */
export function add({ text, eol, style }: Page, node: YAMLMap | YAMLSeq, key: string | undefined, value: Data): Splice {
  const items = itemTokens(node)
  const last = items.at(-1)
  if (isFlow(node)) {
    const flow = key === undefined ? renderFlow(value) : renderFlowEntry(key, value)
    const at = last ? itemEnd(last) : node.srcToken!.offset + 1
    return { from: at, to: at, text: last ? `, ${flow}` : flow }
  }
  const indent = column(text, itemStart(items[0]!))
  const lines = key === undefined ? renderBlock([value], indent, style) : renderEntry(key, value, indent, style)
  const at = lineEnd(text, itemEnd(last!))
  return { from: at, to: at, text: lines.map((line) => eol + line).join('') }
}

/** Takes one of several entries or items away. */
export function remove({ text, eol }: Page, node: YAMLMap | YAMLSeq, index: number): Splice {
  const items = itemTokens(node)
  const [before, item, next] = [items[index - 1], items[index]!, items[index + 1]]
  const from = itemStart(item)
  const to = itemEnd(item)
  if (isFlow(node)) return next ? { from, to: itemStart(next), text: '' } : { from: before ? itemEnd(before) : from, to, text: '' }
  const line = lineStart(text, from)
  if (text.slice(line, from).trim() === '') {
    // the file's last line without a break at its end: the one before keeps its own
    const end = text.indexOf('\n', to)
    return end < 0 ? { from: line, to: text.length, text: '' } : { ...wholeLines(text, line, lineEnd(text, to), eol), text: '' }
  }
  // the first of a mapping that begins behind a dash: the next one moves up to it
  if (!next || text.slice(lineEnd(text, to), itemStart(next)).trim() !== '')
    throw new Refusal('has a comment between this entry and the next: where it belongs cannot be told')
  return { from, to: itemStart(next), text: '' }
}

/** The whole of a block collection's text, from its first item to the end of its last. */
export const extent = (node: YAMLMap | YAMLSeq): { from: number; to: number } => {
  const items = itemTokens(node)
  return { from: itemStart(items[0]!), to: itemEnd(items.at(-1)!) }
}
