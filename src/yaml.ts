import { readFileSync } from 'node:fs'
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, Scalar, stringify, type YAMLMap } from 'yaml'
import { bad, type Diagnostic, fine, problem, type Result, type Source, type SourceFile } from './diagnostic.ts'

/** YAML as mhprov holds it: plain data in which every node and every key knows its place. */
export type Value = ScalarValue | ListValue | MapValue
export interface ScalarValue {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  readonly at: Source
}
export interface ListValue {
  readonly kind: 'list'
  readonly items: readonly Value[]
  readonly at: Source
}
export interface MapValue {
  readonly kind: 'map'
  readonly entries: readonly Entry[]
  readonly at: Source
}
export interface Entry {
  readonly key: string
  readonly keyAt: Source
  readonly value: Value
}

export const entry = (map: MapValue, key: string): Entry | undefined => map.entries.find((one) => one.key === key)

/** Reads a YAML file; one that is missing or unreadable is a problem at `at`, the place that named it. */
export function readYaml(path: string, at?: Source): Result<Value | undefined> {
  try {
    return parseYaml({ path, text: readFileSync(path, 'utf8') })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : (error as Error).message
    return bad(problem('missing-file', `cannot read ${path}: ${why}`, at))
  }
}

/** One YAML 1.2 document (core schema, `<<` merges) to a placed value; undefined when it is empty. All syntax errors at once. */
export function parseYaml(file: SourceFile): Result<Value | undefined> {
  const doc = parseDocument(file.text, { version: '1.2', merge: true, prettyErrors: false, strict: true, uniqueKeys: false })
  const place = (range: readonly number[] | null | undefined): Source => ({ file, start: range?.[0] ?? 0, end: range?.[1] ?? 0 })
  const problems: Diagnostic[] = doc.errors.map((error) =>
    problem('syntax', yamlMessage(error.code, error.message), place(error.pos), yamlHint(error.code, file.text, error.pos[0])),
  )
  // what ansible-vault encrypted is told by whoever reads the value: only there is it known what to say
  for (const { code, message, pos } of doc.warnings)
    if (code === 'TAG_RESOLVE_FAILED' && !message.includes('!vault'))
      problems.push(
        problem('syntax', 'this YAML tag means nothing here', place(pos), 'take it away; put the value in quotes if it is text'),
      )
  if (problems.length > 0) return bad(...problems)

  const open = new Set<Node>()
  const walk = (node: Node): Value => {
    const target = isAlias(node) ? node.resolve(doc) : node
    const at = place(node.range)
    if (!target || open.has(target)) {
      problems.push(problem('syntax', 'an alias must name an anchor that stands before it and does not contain it', at))
      return { kind: 'scalar', value: null, at }
    }
    open.add(target)
    let value: Value
    if (isMap(target)) value = { kind: 'map', at, entries: entries(target) }
    else if (isSeq(target)) value = { kind: 'list', at, items: target.items.map((item) => walk(item as Node)) }
    else value = { kind: 'scalar', at, value: scalar(isScalar(target) ? target.value : null) }
    open.delete(target)
    return value
  }
  const entries = (map: YAMLMap): Entry[] => {
    const own: Entry[] = []
    const merged: Entry[] = []
    for (const pair of map.items) {
      const keyNode = pair.key as Node
      const key = isScalar(keyNode) ? String(keyNode.value) : undefined
      if (key === undefined) {
        problems.push(problem('syntax', 'a key must be plain text', place(keyNode?.range), 'a value that begins with { must be quoted'))
        continue
      }
      const value = pair.value ? walk(pair.value as Node) : ({ kind: 'scalar', value: null, at: place(keyNode.range) } as const)
      if (own.some((one) => one.key === key))
        problems.push(problem('syntax', `the key "${key}" stands twice in the same mapping`, place(keyNode.range)))
      if (key !== '<<') own.push({ key, keyAt: place(keyNode.range), value })
      else for (const source of value.kind === 'list' ? value.items : [value]) if (source.kind === 'map') merged.push(...source.entries)
    }
    return [...own, ...merged.filter((one, i) => [...own, ...merged.slice(0, i)].every((other) => other.key !== one.key))]
  }

  if (!doc.contents) return fine(undefined)
  const value = walk(doc.contents as Node)
  return problems.length > 0 ? bad(...problems) : fine(value)
}

const scalar = (value: unknown): string | number | boolean | null =>
  typeof value === 'bigint'
    ? Number(value)
    : typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? value
      : null

function yamlMessage(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'YAML does not allow tabs for indentation'
  return message.split('\n')[0] ?? message
}

function yamlHint(code: string, text: string, offset: number): string | undefined {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces'
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n')[0] ?? ''
  if (/:\s*<%/.test(line) || /:\s*[^'"\s{[][^'"]*: /.test(line)) return 'a value that holds ": " must be quoted'
  if (/^\s*(- )?[\w.]+:\s*[%@`{[&*!|>]/.test(line)) return 'a value that begins with this character must be quoted'
  return undefined
}

/** A mapping's text with some keys set to texts, written as literal blocks, and others (undefined) taken away; the rest and its comments stay. */
export function editMapping(text: string, edits: ReadonlyMap<string, string | undefined>): string {
  const doc = parseDocument(text, { version: '1.2' })
  for (const [key, value] of edits) {
    if (value === undefined) {
      doc.delete(key)
      continue
    }
    const scalar = new Scalar(`${value.trimEnd()}\n`)
    scalar.type = Scalar.BLOCK_LITERAL
    doc.set(key, scalar)
  }
  return doc.toString({ lineWidth: 0 })
}

/** A mapping of names to texts; what reads back differently without quotes gets them. */
export const writeMapping = (values: ReadonlyMap<string, string>): string => stringify(Object.fromEntries(values), { lineWidth: 0 })
