import {
  type Alias,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

// What a file on a host says, with the place of every token in it. Text is only ever read here: writing goes by splices of the text
// itself, because a document that the library writes anew can change values and loses spacing (`mode: 0644` becomes 644).

export type Version = '1.1' | '1.2'

/** Names of nested mappings and positions in lists, outermost first. A number means a position, text a name, or a position where a list is. */
export type KeyPath = readonly (string | number)[]

/** Why a file cannot be edited as asked, for the user. */
export class Refusal extends Error {}

export type Yaml = Document.Parsed

/** `key` and `value` as their nodes; what no node stands for is null. */
export type Entry = Pair<Node | null, Node | null>

const OPTIONS = { prettyErrors: false, strict: true, uniqueKeys: false, keepSourceTokens: true, logLevel: 'error' } as const

/** A file's one document. Throws a Refusal that names the place where it is no YAML, or more than one document. */
export function parse(text: string, version: Version): Yaml {
  const doc = parseDocument(text, { ...OPTIONS, version })
  const [error] = doc.errors
  if (!error) return doc
  if (error.code === 'MULTIPLE_DOCS') throw new Refusal(`holds more than one document (the second begins in ${place(text, error.pos[0])})`)
  throw new Refusal(`is not valid YAML: ${error.message.split('\n')[0]} (${place(text, error.pos[0])})`)
}

/** "line 3, column 7". */
export function place(text: string, offset: number): string {
  const start = lineStart(text, offset)
  return `line ${text.slice(0, start).split('\n').length}, column ${offset - start + 1}`
}

export const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1

/** Where the line ends, before its CR LF or LF. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  if (end < 0) return text.length
  return end > offset && text[end - 1] === '\r' ? end - 1 : end
}

export const column = (text: string, offset: number): number => offset - lineStart(text, offset)

/** A key as the file writes it: `on`, `0755` and `8080` are these names, whatever type a reader takes them for. */
export const nameOf = (entry: Entry): string | undefined => {
  const { key } = entry
  if (key === null) return ''
  return isScalar(key) ? (key.source ?? String(key.value ?? '')) : undefined
}

/** `<<: *base`, which brings the entries of another mapping. */
export const isMerge = (entry: Entry): boolean => isScalar(entry.key) && entry.key.type === 'PLAIN' && entry.key.source === '<<'

export const entriesOf = (map: YAMLMap): readonly Entry[] => map.items as Entry[]
export const itemsOf = (seq: YAMLSeq): readonly (Node | null)[] => seq.items as (Node | null)[]

/** What an alias stands for; every other node is itself. */
export const target = (node: Node | null, doc: Yaml): Node | null => (isAlias(node) ? ((node as Alias).resolve(doc) ?? null) : node)

/** An empty value: nothing at all is written there. */
export const isNothing = (node: Node | null): boolean =>
  node === null || (isScalar(node) && node.value === null && (node as Scalar).type === 'PLAIN')

/** The entries of a mapping with those that `<<` brings, each name once: its own first, then the sources in their order. */
export function allEntries(map: YAMLMap, doc: Yaml, within: readonly YAMLMap[] = []): Entry[] {
  if (within.includes(map)) return []
  const own = entriesOf(map)
  const sources = own.filter(isMerge).flatMap((entry) => {
    const value = target(entry.value, doc)
    return (isSeq(value) ? itemsOf(value).map((item) => target(item, doc)) : [value]).filter((one) => isMap(one))
  })
  const found = own.filter((entry) => !isMerge(entry))
  for (const entry of sources.flatMap((source) => allEntries(source, doc, [...within, map])))
    if (found.every((one) => nameOf(one) !== nameOf(entry))) found.push(entry)
  return found
}

/** The names of anchors in a value, and of the anchors that its aliases name. */
export function references(node: Node | null, found = { anchors: [] as string[], aliases: [] as string[] }): typeof found {
  if (isAlias(node)) found.aliases.push(node.source)
  else if (node) {
    if ((node as { anchor?: string }).anchor !== undefined) found.anchors.push((node as { anchor: string }).anchor)
    if (isMap(node)) for (const entry of entriesOf(node)) for (const part of [entry.key, entry.value]) references(part, found)
    if (isSeq(node)) for (const item of itemsOf(node)) references(item, found)
  }
  return found
}

type Tokens = readonly CST.SourceToken[]
const TRIVIA = new Set(['space', 'comment', 'newline', 'comma'])
const endsOf = (tokens: Tokens): number => {
  const last = tokens.findLast((token) => !TRIVIA.has(token.type))
  return last ? last.offset + last.source.length : -1
}

/** Where the text of a token ends, without the spaces, comments and blank lines after it; -1 when it has none. */
export function tokenEnd(token: CST.Token | null | undefined): number {
  if (!token) return -1
  if (token.type === 'block-map' || token.type === 'block-seq')
    return Math.max(-1, ...token.items.slice(-2).map((item) => itemEnd(item)), ...token.items.slice(0, -2).slice(-1).map(itemEnd))
  if (token.type === 'flow-collection') return Math.max(endsOf(token.end.slice(0, 1)), token.offset + 1, ...token.items.map(itemEnd))
  if (token.type === 'block-scalar') {
    const header = token.props.reduce((end, prop) => Math.max(end, 'source' in prop ? prop.offset + prop.source.length : -1), -1)
    const keeps = token.props.some((prop) => prop.type === 'block-scalar-header' && prop.source.includes('+'))
    // the blank lines after it are its own only with `+`; its last line break is that of the line, as for any other value
    const body = keeps ? token.source.replace(/\r?\n$/, '') : token.source.trimEnd()
    const inHeader = token.props.findLast((prop) => prop.type !== 'newline')
    return body === '' && inHeader && 'source' in inHeader ? inHeader.offset + inHeader.source.length : header + body.length
  }
  return 'source' in token ? token.offset + token.source.length : -1
}

/** Where an entry of a mapping or an item of a list ends. */
export const itemEnd = (item: CST.CollectionItem): number =>
  Math.max(endsOf(item.start), tokenEnd(item.key), item.sep ? endsOf(item.sep) : -1, tokenEnd(item.value))

/** Where it begins: at its dash, its `?`, its anchor or its key. */
export function itemStart(item: CST.CollectionItem): number {
  const first = item.start.find((token) => !TRIVIA.has(token.type))
  if (first) return first.offset
  if (item.key) return item.key.offset
  return (item.sep?.find((token) => !TRIVIA.has(token.type)) ?? item.value)?.offset ?? -1
}

/** The tokens of a list's items or a mapping's entries, as many as it has: comments after the last are none. */
export const itemTokens = (node: YAMLMap | YAMLSeq): CST.CollectionItem[] => {
  const token = node.srcToken
  const items: CST.CollectionItem[] = token && 'items' in token ? token.items : []
  return items.filter((item) => itemStart(item) >= 0)
}
