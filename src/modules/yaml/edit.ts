import { isAlias, isMap, isSeq, type Node } from 'yaml'
import {
  allEntries,
  entriesOf,
  isMerge,
  isNothing,
  itemsOf,
  type KeyPath,
  nameOf,
  parse,
  place,
  Refusal,
  references,
  target,
  type Version,
  type Yaml,
} from './document.ts'
import { renderBlock } from './render.ts'
import { type Data, isMapping, nest, onlyChange, same } from './same.ts'
import { add, eolOf, extent, type Page, remove, replaceValue, type Slot, type Splice, slotsOf, splice, styleOf } from './splice.ts'

/** What is to be true of a file's data. */
export type YamlEdit =
  | { readonly state: 'present' | 'merged'; readonly path: KeyPath; readonly value: Data }
  | { readonly state: 'absent'; readonly path: KeyPath }

/** A path as people write it: `listeners.0.port`. */
export const pathText = (path: KeyPath): string => path.map((segment) => String(segment)).join('.')

/**
 * The text with one change to its data and every other byte as it was; the same text when nothing is to change. Throws a Refusal where
 * that cannot be done. The new text is read again under both versions of YAML: unless its data is the old with just this change, it is refused.
 */
export function editYaml(text: string, edit: YamlEdit, version: Version): string {
  const bom = text.startsWith('\ufeff') ? '\ufeff' : ''
  const plain = text.slice(bom.length)
  if (edit.state === 'absent') return bom + change(plain, edit.path, undefined, version)
  if (edit.state === 'present') return bom + change(plain, edit.path, edit.value, version)
  const doc = parse(plain, version)
  return bom + merges(doc, edit.path, edit.value).reduce((done, [path, value]) => change(done, path, value, version), plain)
}

/** What is to be set, key by key, for a mapping to hold another deeply; everything else is replaced as a whole. */
function merges(doc: Yaml, path: KeyPath, value: Data): [KeyPath, Data][] {
  const found = target(read(doc, path) ?? null, doc)
  if (!isMapping(value) || !isMap(found)) return [[path, value]]
  return Object.entries(value).flatMap(([key, item]) => merges(doc, [...path, key], item))
}

/** The value at a path, aliases and merges counted; undefined when there is none. */
function read(doc: Yaml, path: KeyPath): Node | null | undefined {
  let node: Node | null | undefined = doc.contents as Node | null
  for (const segment of path) {
    const at: Node | null = target(node ?? null, doc)
    if (isMap(at)) {
      const entry = allEntries(at, doc).find((one) => nameOf(one) === String(segment))
      node = entry && (entry.value ?? null)
    } else node = isSeq(at) && /^\d+$/.test(String(segment)) ? itemsOf(at)[Number(segment)] : undefined
    if (node === undefined) return undefined
  }
  return node
}

function change(text: string, path: KeyPath, value: Data | undefined, version: Version): string {
  const doc = parse(text, version)
  const is = read(doc, path)
  if (value === undefined ? is === undefined : is !== undefined && same(is, value, doc) && !ambiguous(doc, path)) return text
  const page: Page = { text, eol: eolOf(text), style: styleOf(text, doc) }
  const changed = splice(text, value === undefined ? removal(page, doc, path) : setting(page, doc, path, value))
  verify(text, changed, path, value, version)
  return changed
}

/** A name that stands twice is an answer only by the reader's choice. */
function ambiguous(doc: Yaml, path: KeyPath): boolean {
  let node = doc.contents as Node | null
  for (const segment of path) {
    if (!isMap(node)) return false
    const named = entriesOf(node).filter((entry) => !isMerge(entry) && nameOf(entry) === String(segment))
    if (named.length > 1) return true
    node = named[0]?.value ?? null
  }
  return false
}

function verify(text: string, changed: string, path: KeyPath, value: Data | undefined, version: Version): void {
  for (const reader of ['1.1', '1.2'] as const) {
    let old: Yaml
    try {
      old = parse(text, reader)
    } catch (error) {
      if (error instanceof Refusal && reader !== version) continue
      throw error
    }
    let now: Yaml
    try {
      now = parse(changed, reader)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new Refusal(`cannot be edited here: the result ${error.message}`)
    }
    const before = isNothing(old.contents as Node | null) ? null : (old.contents as Node)
    if (!onlyChange(before, now.contents as Node | null, path, value, now))
      throw new Refusal(`cannot be edited here: it would not hold the old data with just ${pathText(path)} changed`)
  }
}

interface Found {
  readonly node: Node | null
  /** The entry or item that `node` is the value of; undefined for the whole document. */
  readonly slot: Slot | undefined
  /** How far the path leads. */
  readonly depth: number
}

/** Follows a path as far as there is something, without going through an alias or a merge: what is behind them is said elsewhere. */
function follow({ text }: Page, doc: Yaml, path: KeyPath): Found & { index?: number; holder?: Found } {
  let found: Found & { index?: number; holder?: Found } = { node: doc.contents as Node | null, slot: undefined, depth: 0 }
  for (const [depth, segment] of path.entries()) {
    const { node } = found
    const where = `${depth === 0 ? 'the document' : pathText(path.slice(0, depth))} (${place(text, node?.range?.[0] ?? 0)})`
    if (isAlias(node)) throw new Refusal(`has an alias at ${where}: name the key that has the anchor &${node.source} instead`)
    if (isNothing(node)) return found
    let index: number
    if (isMap(node)) {
      const entries = entriesOf(node)
      const named = entries.filter((entry) => !isMerge(entry) && nameOf(entry) === String(segment))
      if (named.length > 1) {
        const places = named.map((entry) => place(text, entry.key?.range?.[0] ?? 0)).join(' and ')
        throw new Refusal(`has the key ${pathText(path.slice(0, depth + 1))} more than once (${places}): remove all but one`)
      }
      if (!named[0]) {
        const inherited = allEntries(node, doc).some((entry) => nameOf(entry) === String(segment))
        if (inherited && depth + 1 < path.length)
          throw new Refusal(`takes ${pathText(path.slice(0, depth + 1))} from a merge (<<): what is in it cannot be edited there`)
        return found
      }
      index = entries.indexOf(named[0])
      found = { node: named[0].value ?? null, slot: slotsOf(node)[index], depth: depth + 1, index, holder: found }
    } else if (isSeq(node)) {
      if (!/^\d+$/.test(String(segment))) throw new Refusal(`has a list at ${where}: "${segment}" is no position in it`)
      index = Number(segment)
      const length = node.items.length
      if (index > length) throw new Refusal(`has a list of ${length} at ${where}: there is no position ${index}`)
      if (index === length) return found
      found = { node: itemsOf(node)[index] ?? null, slot: slotsOf(node)[index], depth: depth + 1, index, holder: found }
    } else throw new Refusal(`has a single value at ${where}: it cannot hold "${segment}"`)
  }
  return found
}

/** Refuses to take away an anchor that an alias elsewhere needs. */
function releases(text: string, doc: Yaml, found: Found, extra: readonly string[]): void {
  const inside = references(found.node)
  const all = references(doc.contents as Node | null)
  for (const anchor of [...inside.anchors, ...extra])
    if (all.aliases.filter((one) => one === anchor).length > inside.aliases.filter((one) => one === anchor).length)
      throw new Refusal(
        `has the anchor &${anchor} in this value (${place(text, found.node?.range?.[0] ?? 0)}), and *${anchor} elsewhere needs it: put the value there in place of the alias first`,
      )
}

function setting(page: Page, doc: Yaml, path: KeyPath, value: Data): Splice[] {
  const found = follow(page, doc, path)
  const rest = path.slice(found.depth)
  const below = isSeq(found.node) || isMap(found.node) ? rest.slice(1) : rest
  if (rest.length > 0 && below.some((segment) => typeof segment === 'number'))
    throw new Refusal(
      `has no list ${pathText(
        path.slice(
          0,
          path.findIndex((one, i) => i >= found.depth && typeof one === 'number'),
        ),
      )}: set the list as a whole`,
    )
  const { node, slot } = found
  if (rest.length > 0 && (isMap(node) || isSeq(node)) && (node.items.length > 0 || !slot || slot.flow))
    return [add(page, node, isMap(node) ? String(rest[0]) : undefined, nest(rest.slice(1), value))]
  if (slot) {
    releases(page.text, doc, found, [])
    return replaceValue(page, slot, isSeq(node) && rest.length > 0 ? [nest(rest.slice(1), value)] : nest(rest, value))
  }
  return [append(page, nest(rest, value))]
}

/** A document of nothing but comments gets its first data behind them, before the mark of its end. */
function append({ text, eol, style }: Page, value: Data): Splice {
  const end = /^\.\.\.(?:\s|$)/m.exec(text)?.index ?? text.length
  const ended = end === 0 || text[end - 1] === '\n'
  return { from: end, to: end, text: (ended ? '' : eol) + renderBlock(value, 0, style).join(eol) + (ended ? eol : '') }
}

function removal(page: Page, doc: Yaml, path: KeyPath): Splice[] {
  const found = follow(page, doc, path)
  const { holder, index } = found
  if (found.depth < path.length || !holder || index === undefined)
    throw new Refusal(`takes ${pathText(path)} from a merge (<<): it cannot be removed there`)
  const { node } = holder
  if (!isMap(node))
    throw new Refusal(
      `has a list at ${pathText(path.slice(0, -1))}: an item removed by its position would be another at the next run; set the list as a whole`,
    )
  releases(page.text, doc, found, references(entriesOf(node)[index]!.key).anchors)
  if (node.items.length > 1) return [remove(page, node, index)]
  if (holder.slot?.flow || node.srcToken?.type === 'flow-collection') return [{ ...extent(node), text: '' }]
  return holder.slot ? replaceValue(page, holder.slot, {}) : [{ ...extent(node), text: '{}' }]
}

/** What a failed edit says of a file; any other error is a bug. */
export function attempt(path: string, edit: () => string): { readonly text: string } | { readonly failure: string } {
  try {
    return { text: edit() }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { failure: `${path} ${error.message}` }
  }
}
