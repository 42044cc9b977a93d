import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { allEntries, entriesOf, isMerge, isNothing, itemsOf, type KeyPath, nameOf, target, type Yaml } from './document.ts'

/** What JSON can hold. */
export type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data }

export const isList = (value: Data): value is readonly Data[] => Array.isArray(value)
export const isMapping = (value: Data): value is { readonly [key: string]: Data } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// Readers of YAML 1.1 do not agree on these: PyYAML reads y, 1e3 and 1.5e3 as text. No value is taken to be the same as one of them.
const DISPUTED = /^(?:[yn]|[-+]?\d[\d_.]*e\d+|[-+]?\d[\d_]*e[-+]?\d+)$/i

const KNOWN_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/

/** Whether a value of the file is this data, in whatever style; aliases and merges count for what they stand for. Keys are compared as text. */
export function same(node: Node | null, value: Data, doc: Yaml): boolean {
  const is = target(node, doc)
  if (is?.tag !== undefined && !KNOWN_TAG.test(is.tag)) return false
  if (isList(value)) {
    if (!isSeq(is)) return false
    const items = itemsOf(is)
    return items.length === value.length && value.every((item, i) => same(items[i] ?? null, item, doc))
  }
  if (isMapping(value)) {
    if (!isMap(is)) return false
    const entries = allEntries(is, doc)
    return (
      entries.length === Object.keys(value).length &&
      entries.every((entry) => {
        const name = nameOf(entry)
        return name !== undefined && Object.hasOwn(value, name) && same(entry.value, value[name]!, doc)
      })
    )
  }
  if (is === null) return value === null
  if (!isScalar(is) || (is.type === 'PLAIN' && DISPUTED.test(is.source ?? ''))) return false
  return is.value === value
}

/** Whether two nodes say the same in every respect but style: values, types, anchors, aliases, order. */
function alike(a: Node | null, b: Node | null): boolean {
  if (a === null || b === null) return isNothing(a) && isNothing(b)
  if (isAlias(a)) return isAlias(b) && a.source === b.source
  if (a.tag !== b.tag || (a as { anchor?: string }).anchor !== (b as { anchor?: string }).anchor) return false
  if (isScalar(a)) return isScalar(b) && a.source === b.source && a.type === b.type && typeof a.value === typeof b.value
  if (isSeq(a)) return isSeq(b) && a.items.length === b.items.length && itemsOf(a).every((item, i) => alike(item, itemsOf(b)[i]!))
  if (!isMap(a) || !isMap(b) || a.items.length !== b.items.length) return false
  const others = entriesOf(b)
  return entriesOf(a).every((entry, i) => alike(entry.key, others[i]!.key) && alike(entry.value, others[i]!.value))
}

/** The data of a path that is not there yet: mappings in one another around the value. */
export const nest = (path: KeyPath, value: Data): Data => path.reduceRight<Data>((inner, segment) => ({ [segment]: inner }), value)

/** Whether a document is the old one with the value at a path set to this (undefined: removed), and nothing else is different. */
export function onlyChange(old: Node | null, now: Node | null, path: KeyPath, value: Data | undefined, doc: Yaml): boolean {
  const [segment, ...rest] = path
  if (segment === undefined) return value !== undefined && same(now, value, doc)
  if (isSeq(old)) {
    if (!isSeq(now)) return false
    const at = Number(segment)
    const [before, after] = [itemsOf(old), itemsOf(now)]
    return value !== undefined || rest.length > 0
      ? after.length === Math.max(before.length, at + 1) &&
          after.every((item, i) => {
            if (i !== at) return alike(before[i] ?? null, item)
            return i < before.length
              ? onlyChange(before[i]!, item, rest, value, doc)
              : value !== undefined && same(item, nest(rest, value), doc)
          })
      : false
  }
  if (!isMap(old)) return value !== undefined && isNothing(old) && same(now, nest(path, value), doc)
  if (!isMap(now)) return false
  const mine = (entry: Parameters<typeof nameOf>[0]) => !isMerge(entry) && nameOf(entry) === String(segment)
  const [before, after] = [entriesOf(old), entriesOf(now)]
  const others = after.filter((entry) => !mine(entry))
  const kept = before.filter((entry) => !mine(entry))
  if (others.length !== kept.length) return false
  if (!kept.every((entry, i) => alike(entry.key, others[i]!.key) && alike(entry.value, others[i]!.value))) return false
  const [was, is] = [before.find(mine), after.filter(mine)]
  if (value === undefined && rest.length === 0) return is.length === 0
  if (is.length !== 1) return false
  return was ? onlyChange(was.value, is[0]!.value, rest, value, doc) : value !== undefined && same(is[0]!.value, nest(rest, value), doc)
}
