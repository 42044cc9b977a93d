import { join, raw, type Sh, sh } from '../../module/shell.ts'

const VARIABLE = /\$(?:\{([^}]+)\}|(\w+))/g
// with its slash: a quoted one would end the prefix too late (POSIX 2.6.1)
const HOME = /^~[A-Za-z0-9_.-]*(?:\/|$)/

/**
 * Words in which `$NAME`, `${NAME}` and a leading `~` or `~user` stand for what they are on the host, as Python's
 * os.path.expandvars and expanduser have it: only variables of the environment, and what is not known stays as it is written.
 * `before` are lines that must run first; printenv(1) tells the environment from the shell's own variables.
 */
export function expandWords(words: readonly string[]): { before: Sh; words: Sh[] } {
  const known = new Map<string, Sh>()
  const before: Sh[] = []
  const variable = (written: string, name: string): Sh => {
    const found = known.get(written)
    if (found) return found
    const held = raw(`mhprov_${known.size}`)
    known.set(written, held)
    // the x keeps a value's own newlines at its end
    before.push(sh`if ${held}=$(printenv -- ${name} && echo x); then ${held}=\${${held}%??}; else ${held}=${written}; fi`)
    return held
  }
  const expand = (word: string): Sh => {
    const home = HOME.exec(word)
    const parts: Sh[] = home ? [raw(home[0])] : []
    let from = home?.[0].length ?? 0
    const literal = (to: number) => {
      if (to > from) parts.push(sh`${word.slice(from, to)}`)
    }
    for (const match of word.slice(from).matchAll(VARIABLE)) {
      const at = (home?.[0].length ?? 0) + match.index
      literal(at)
      parts.push(sh`"$${variable(match[0], match[1] ?? match[2]!)}"`)
      from = at + match[0].length
    }
    literal(word.length)
    return parts.length === 0 ? sh`${''}` : join(parts, '')
  }
  const expanded = words.map(expand)
  return { before: join(before, '\n'), words: expanded }
}
