import { bad, fine, problem, type Result } from '../diagnostic.ts'
import type { Binding } from '../playbook/scope.ts'
import { parseYaml, readYaml, type Value } from '../yaml.ts'

/** `-e`: `name=value` pairs, a YAML or JSON mapping, or `@file` of one; later ones win. Values of pairs are text, as in Ansible. */
export function extraVars(given: readonly string[]): Result<Map<string, Binding>> {
  const vars = new Map<string, Binding>()
  for (const one of given) {
    const text = one.trim()
    if (text.startsWith('@') || /^[[{]/.test(text) || /^[\w-]+:(\s|$)/.test(text)) {
      const read = text.startsWith('@') ? readYaml(text.slice(1)) : parseYaml({ path: '-e', text })
      if (!read.ok) return read
      const value: Value | undefined = read.value
      if (value && value.kind !== 'map')
        return bad(
          problem('usage', `-e needs a mapping of names to values, not ${value.kind === 'list' ? 'a list' : 'one value'}`, value.at),
        )
      for (const entry of value?.entries ?? []) vars.set(entry.key, { value: entry.value })
      continue
    }
    const pairs = [...text.matchAll(/([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)\s*/gy)]
    const length = pairs.reduce((sum, pair) => sum + pair[0].length, 0)
    if (pairs.length === 0 || length !== text.length)
      return bad(problem('usage', `-e does not understand "${one}"`, undefined, 'give name=value, \'{"name": "value"}\' or @file.yaml'))
    for (const [, name, value] of pairs) vars.set(name!, { data: unquote(value!) })
  }
  return fine(vars)
}

const unquote = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value.startsWith("'") ? value.slice(1, -1) : value
