import { isIPv6 } from 'node:net'

/** One part of a host pattern: what it names, what becomes of that, and where it stands in the pattern's text. */
export interface Part {
  readonly operator: 'union' | 'intersection' | 'exclusion'
  /** A name, a glob, or a regular expression after `~`; without operator and subscript. */
  readonly name: string
  readonly subscript?: Subscript
  /** As written, with everything. */
  readonly text: string
  readonly start: number
}

/** `[first:last]`, both counted from 0 and included; negative ones from the end. */
export interface Subscript {
  readonly first: number
  readonly last: number
}

/**
 * Splits a host pattern at `,` and `:` (Ansible: "Patterns: targeting hosts and groups"). Not at those in brackets, in a regular
 * expression's parentheses, or in an IPv6 address or a host name of `names` that holds colons.
 */
export function splitPattern(pattern: string, names: Iterable<string>): Part[] {
  const whole = [...names].filter((name) => name.includes(':')).sort((a, b) => b.length - a.length)
  const parts: Part[] = []
  let at = 0
  while (at < pattern.length) {
    const end = endOfPart(pattern, at, whole)
    const text = pattern.slice(at, end).trim()
    if (text !== '') parts.push(readPart(text, at + pattern.slice(at, end).search(/\S/)))
    at = end + 1
  }
  return parts
}

function endOfPart(pattern: string, start: number, whole: readonly string[]): number {
  const name = start + (/^\s*[&!]?/.exec(pattern.slice(start))?.[0].length ?? 0)
  const known = whole.find((one) => pattern.startsWith(one, name) && /^\s*($|[,:])/.test(pattern.slice(name + one.length)))
  if (known !== undefined) return name + known.length
  const comma = pattern.indexOf(',', name)
  const listed = comma < 0 ? pattern.length : comma
  if (isIPv6(pattern.slice(name, listed).trim())) return listed
  const opening = pattern[name] === '~' ? '[({' : '['
  const closing = pattern[name] === '~' ? '])}' : ']'
  let depth = 0
  for (let at = name; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (character === '\\' && pattern[name] === '~') at++
    else if (opening.includes(character)) depth++
    else if (closing.includes(character)) depth = Math.max(depth - 1, 0)
    else if (depth === 0 && (character === ',' || character === ':')) return at
  }
  return pattern.length
}

function readPart(text: string, start: number): Part {
  const operator = text.startsWith('&') ? 'intersection' : text.startsWith('!') ? 'exclusion' : 'union'
  const rest = operator === 'union' ? text : text.slice(1).trim()
  const [, name = rest, inside] = rest.startsWith('~') ? [] : (/^(.+)\[([^\]]*)\]$/.exec(rest) ?? [])
  const subscript = inside === undefined ? undefined : readSubscript(inside)
  return subscript ? { operator, name, subscript, text, start } : { operator, name: rest, text, start }
}

/** `2`, `-1`, `0:2`, `0-2`, `1:`, `:3`; undefined for anything else, such as a glob's character class. */
function readSubscript(text: string): Subscript | undefined {
  if (/^-?\d+$/.test(text)) return { first: Number(text), last: Number(text) }
  const [, from, to] = /^(\d*)[:-](\d*)$/.exec(text) ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined
  return { first: Number(from), last: to === '' ? -1 : Number(to) }
}

/** The expression that a part's name stands for; the message of what is wrong with a regular expression. */
export function matcherOf(name: string): RegExp | string {
  try {
    return name.startsWith('~') ? new RegExp(`^(?:${name.slice(1)})`) : new RegExp(`^${globSource(name)}$`, 's')
  } catch (error) {
    return (error as Error).message
  }
}

export const isGlob = (name: string): boolean => /[*?[]/.test(name)

/** A shell's glob (glob(7)) as a regular expression: `*`, `?`, `[abc]`, `[!abc]`. */
function globSource(glob: string): string {
  return glob.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (one) => {
    if (one === '*') return '.*'
    if (one === '?') return '.'
    if (one.length > 1)
      return one
        .replace(/\\/g, '\\\\')
        .replace(/^\[!/, '[^')
        .replace(/^(\[\^?)\]/, '$1\\]')
    return one.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  })
}
