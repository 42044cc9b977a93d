/** A path as an operand that no tool takes for an option or for stdin: a relative one gets a leading `./`. */
export const operand = (path: string): string =>
  path.startsWith('/') || path.startsWith('./') || path.startsWith('../') ? path : `./${path}`

/** Without slashes at its end; they would make a symbolic link mean what it points to. The root stays `/`. */
export const trimSlashes = (path: string): string => path.replace(/\/+$/, '') || (path.startsWith('/') ? '/' : '.')

/** The directory a path is in, as dirname(1) has it. */
export function parent(path: string): string {
  const trimmed = trimSlashes(path)
  const slash = trimmed.lastIndexOf('/')
  return slash < 0 ? '.' : trimSlashes(trimmed.slice(0, slash + 1))
}

/** The last component, as basename(1) has it. */
export const basename = (path: string): string => {
  const trimmed = trimSlashes(path)
  return trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

/** A path below a directory; '' is the directory itself. */
export const below = (directory: string, path: string): string => (path === '' ? directory : `${directory.replace(/\/+$/, '')}/${path}`)

/** Every directory above a path, nearest first, down to but without the root. */
export function ancestors(path: string): string[] {
  const found: string[] = []
  for (let at = parent(path); at !== '/' && at !== '.' && at !== './'; at = parent(at)) found.push(at)
  return found
}

/** Lists of words that together fit on a command line (POSIX ARG_MAX leaves far more). */
export function batches(words: readonly string[], bytes = 60_000): string[][] {
  const found: string[][] = []
  let room = 0
  for (const word of words) {
    const needs = Buffer.byteLength(word) + 8
    if (found.length === 0 || needs > room) {
      found.push([])
      room = bytes
    }
    found.at(-1)!.push(word)
    room -= needs
  }
  return found
}
