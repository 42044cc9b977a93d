import { factKind } from '../module/fact.ts'
import { operand } from '../module/host-path.ts'
import { join, raw, type Sh, sh } from '../module/shell.ts'

interface Key {
  readonly pattern: string
  /** What a relative pattern is relative to; the shell's directory without it. */
  readonly dir?: string
}

/**
 * Whether anything matches a pattern of `*`, `?` and `[…]`, as Python's glob.glob has it (docs.python.org, library/glob): a dot
 * at a name's start must be written, a backslash is an ordinary character, and a link that leads nowhere counts.
 * All are asked with the shell's own tests, so at one fork.
 */
export const glob = factKind<Key, boolean>({
  name: 'glob',
  script: (keys) => sh`(set +f
any() { for p do if [ -e "$p" ] || [ -L "$p" ]; then printf 1; return; fi; done; printf 0; }
${join(
  keys.map((key) => sh`any ${pathPattern(place(key))}`),
  '\n',
)})`,
  parse: (stdout, keys) => keys.map((_, at) => stdout[at] === 0x31),
})

const place = ({ pattern, dir }: Key) => operand(dir === undefined || pattern.startsWith('/') ? pattern : `${dir}/${pattern}`)

/** The pattern as shell text: only its wildcards are left unquoted. */
function pathPattern(pattern: string): Sh {
  const parts: Sh[] = []
  let at = 0
  for (const match of pattern.matchAll(/[*?]|\[(!?)(\]?[^\]/]*)\]/g)) {
    if (match.index > at) parts.push(sh`${pattern.slice(at, match.index)}`)
    const [whole, not, members] = match
    parts.push(members === undefined ? raw(whole) : sh`[${raw(not!)}${set(members)}]`)
    at = match.index + whole.length
  }
  if (at < pattern.length) parts.push(sh`${pattern.slice(at)}`)
  return join(parts, '')
}

// a dash between two members is a range; every other character stands for itself
const set = (members: string): Sh =>
  join(
    [...members].map((char, i, all) => (char === '-' && i > 0 && i < all.length - 1 ? raw('-') : raw(`'${char.replace("'", "'\\''")}'`))),
    '',
  )
