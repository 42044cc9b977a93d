import { readFileSync } from 'node:fs'
import { bad, type Diagnostic, fine, problem, type Result, type Source } from '../diagnostic.ts'
import { didYouMean } from '../did-you-mean.ts'
import { type Host, hostNamed, type Inventory, LOCALHOST } from './inventory.ts'
import { isGlob, matcherOf, type Part, splitPattern } from './pattern.ts'

/** Text that holds a pattern, and where it stands: in a file, or on the command line. */
interface Written {
  readonly text: string
  readonly at?: Source
}

/**
 * The hosts that a pattern means, of those the ones within `limit` (`--limit`, which may be `@FILE` with a pattern a line). As Ansible has
 * it: unions first, then intersections, then exclusions; hosts come in the order of the parts that name them, within a part in that of
 * the inventory. A part that matches nothing is an error: at its place within `at` for the pattern, without a place for the limit.
 */
export function selectHosts(inventory: Inventory, pattern: string, limit?: string, at?: Source): Result<Host[]> {
  const problems: Diagnostic[] = []
  const chosen = evaluate(inventory, [{ text: pattern, ...(at && { at }) }], problems, 'the pattern')
  if (limit === undefined) return problems.length > 0 ? bad(...problems) : fine(chosen)
  const limits = readLimit(limit, problems)
  const within = limits ? new Set(evaluate(inventory, limits, problems, '--limit')) : new Set<Host>()
  return problems.length > 0 ? bad(...problems) : fine(chosen.filter((host) => within.has(host)))
}

const ORDER = ['union', 'intersection', 'exclusion'] as const

function evaluate(inventory: Inventory, written: readonly Written[], problems: Diagnostic[], what: string): Host[] {
  const parts = written.flatMap((one) => splitPattern(one.text, inventory.hosts.keys()).map((part) => ({ ...part, from: one })))
  if (parts.length === 0) {
    problems.push(problem(codeOf(written[0]), `${what} names no hosts`, written[0]?.at, 'for every host it is "all"'))
    return []
  }
  // Only intersections and exclusions are meant of everything: `!web` is `all:!web`.
  let hosts = new Set(parts.some((part) => part.operator === 'union') ? [] : named(inventory, inventory.groups.get('all')?.hosts ?? []))
  for (const operator of ORDER)
    for (const part of parts) {
      if (part.operator !== operator) continue
      const found = match(inventory, part)
      if (!Array.isArray(found)) {
        const prefix = part.from.at ? '' : `${what}: `
        problems.push(problem(codeOf(part.from), prefix + found.message, placeOf(part, part.from), found.hint))
      } else if (operator === 'union') for (const host of found) hosts.add(host)
      else hosts = new Set([...hosts].filter((host) => found.includes(host) === (operator === 'intersection')))
    }
  return [...hosts]
}

const codeOf = (written: Written | undefined) => (written?.at ? 'unknown-host' : 'usage')

function placeOf(part: Part, { text, at }: Written): Source | undefined {
  if (!at) return undefined
  const inside = at.file.text.slice(at.start, at.end).indexOf(text)
  return inside < 0 ? at : { file: at.file, start: at.start + inside + part.start, end: at.start + inside + part.start + part.text.length }
}

interface Unmatched {
  readonly message: string
  readonly hint?: string
}

/** The hosts of one part in the inventory's order; a name is a host's before it is a group's, as in Ansible. */
function match(inventory: Inventory, { name, subscript, text }: Part): Host[] | Unmatched {
  const found = matchName(inventory, name)
  if (!Array.isArray(found) || !subscript) return found
  const [first, last] = [subscript.first, subscript.last].map((one) => (one < 0 ? found.length + one : one)) as [number, number]
  const picked = found.slice(Math.max(first, 0), last + 1)
  if (picked.length > 0 && first >= 0) return picked
  const has = found.length === 0 ? 'no hosts' : found.length === 1 ? '1 host, [0]' : `${found.length} hosts, [0] to [${found.length - 1}]`
  return { message: `"${text}" picks no host`, hint: `"${name}" has ${has}` }
}

function matchName(inventory: Inventory, name: string): Host[] | Unmatched {
  const { hosts, groups } = inventory
  const host = hosts.get(name)
  if (host) return [host]
  const group = groups.get(name === '*' ? 'all' : name)
  if (group) return named(inventory, group.hosts)
  const local = LOCALHOST.includes(name) ? hostNamed(inventory, name) : undefined
  if (local) return [local]
  if (isGlob(name) || name.startsWith('~')) {
    const matcher = matcherOf(name)
    if (typeof matcher === 'string') return { message: `"${name}" is no regular expression`, hint: matcher }
    const some = [...groups.values()].filter((one) => matcher.test(one.name)).flatMap((one) => one.hosts)
    const found = new Set([...some, ...[...hosts.keys()].filter((one) => matcher.test(one))])
    if (found.size > 0)
      return named(
        inventory,
        [...hosts.keys()].filter((one) => found.has(one)),
      )
    return { message: `no host or group matches "${name}"` }
  }
  const hint = didYouMean(name, [...groups.keys(), ...hosts.keys()])
  return { message: `the inventory has no host or group "${name}"`, ...(hint && { hint }) }
}

const named = (inventory: Inventory, names: readonly string[]): Host[] => names.flatMap((name) => inventory.hosts.get(name) ?? [])

/** The patterns of a limit: itself, or the lines of the file after `@`. Undefined when that cannot be read. */
function readLimit(limit: string, problems: Diagnostic[]): Written[] | undefined {
  if (!limit.startsWith('@')) return [{ text: limit }]
  const path = limit.slice(1)
  try {
    const file = { path, text: readFileSync(path, 'utf8') }
    let start = 0
    const lines = file.text.split('\n').map((line): Written => {
      const at = { file, start, end: start + line.length }
      start += line.length + 1
      return { text: line.replace(/^\s*#.*/, ''), at }
    })
    if (lines.some((line) => line.text.trim() !== '')) return lines
    problems.push(problem('usage', `--limit: ${path} names no hosts`))
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    problems.push(problem('missing-file', `--limit: cannot read ${path}: ${why}`))
  }
  return undefined
}
