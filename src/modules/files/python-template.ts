/** A replacement text in Python's syntax, taken apart: text as it is, and groups by number or name. */
type Part = string | { readonly group: number | string }

/** A replacement that can be used, or why it cannot. */
export type PythonTemplate =
  | { readonly expand: (groups: readonly (string | undefined)[], named?: Readonly<Record<string, string | undefined>>) => string }
  | { readonly expand?: undefined; readonly why: string }

const CONTROL: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/**
 * Reads `\1`, `\g<1>`, `\g<name>` and the escapes of Python's re.sub (docs.python.org, library/re). A group that took no part gives ''.
 * `regex` is what the groups are of: one it does not have is a fault.
 */
export function pythonTemplate(text: string, regex: RegExp): PythonTemplate {
  const shape = new RegExp(`${regex.source}|`, regex.flags.replace('g', '')).exec('')!
  const parts: Part[] = []
  let at = 0
  while (at < text.length) {
    const slash = text.indexOf('\\', at)
    if (slash < 0) break
    parts.push(text.slice(at, slash))
    const rest = text.slice(slash + 1)
    const named = /^g<([^>]*)>/.exec(rest)
    const octal = /^(?:0[0-7]{0,2}|[0-3][0-7]{2})/.exec(rest)
    const numbered = /^[1-9]\d?/.exec(rest)
    const char = rest[0]
    if (char === undefined) return { why: 'bad escape (end of text)' }
    if (named ?? (numbered && !octal)) {
      const name = named ? named[1]! : numbered![0]
      const group = /^\d+$/.test(name) ? Number(name) : name
      const known = typeof group === 'number' ? group < shape.length : shape.groups !== undefined && group in shape.groups
      if (!known) return { why: `unknown group ${typeof group === 'number' ? group : `"${group}"`}` }
      parts.push({ group })
      at = slash + 1 + (named ?? numbered!)[0].length
    } else if (octal) {
      parts.push(String.fromCharCode(Number.parseInt(octal[0], 8)))
      at = slash + 1 + octal[0].length
    } else {
      if (/[A-Za-z]/.test(char) && !(char in CONTROL)) return { why: `bad escape \\${char}` }
      parts.push(char === '\\' ? '\\' : (CONTROL[char] ?? `\\${char}`))
      at = slash + 2
    }
  }
  parts.push(text.slice(at))
  return {
    expand: (groups, named = {}) =>
      parts
        .map((part) =>
          typeof part === 'string' ? part : ((typeof part.group === 'number' ? groups[part.group] : named[part.group]) ?? ''),
        )
        .join(''),
  }
}
