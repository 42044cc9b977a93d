import { type FactKind, factKind } from '../module/fact.ts'
import { operand } from '../module/host-path.ts'
import { join, sh } from '../module/shell.ts'
import type { FileType } from './stat.ts'

/** One thing below a directory. */
export interface TreeEntry {
  /** Relative to the directory. */
  readonly path: string
  readonly type: FileType
  readonly mode: number
  readonly uid: number
  readonly user: string
  readonly gid: number
  readonly group: string
  readonly size: number
  /** Of a link, as it is written there. */
  readonly target: string
}

const TYPES: Record<string, FileType> = { f: 'file', d: 'directory', l: 'link', p: 'fifo', s: 'socket', b: 'block', c: 'char' }
const PER_ENTRY = 7

// One find per directory: a script for several cannot tell which start a name belongs to when one lies in another.
const kind = (name: string, option: string): FactKind<string, TreeEntry[]> => ({
  name,
  isAbsent: (is) => is.length === 0,
  script: (keys) =>
    join(
      keys.map(
        (key) => sh`find ${option} ${`${operand(key)}/`} -mindepth 1 -printf '%P\\0%y %m %s\\0%U\\0%u\\0%G\\0%g\\0%l\\0'; printf '\\0'`,
      ),
      '\n',
    ),
  parse: (stdout, keys) => {
    const words = stdout.toString().split('\0')
    let at = 0
    return keys.map(() => {
      const entries: TreeEntry[] = []
      for (; words[at]; at += PER_ENTRY) {
        const [path, kind, uid, user, gid, group, target] = words.slice(at, at + PER_ENTRY) as [string, ...string[]]
        const [letter, mode, size] = kind!.split(' ')
        entries.push({
          path,
          // with -L a link that is still one leads nowhere: find says N
          type: TYPES[letter!] ?? 'link',
          mode: Number.parseInt(mode!, 8),
          uid: Number(uid),
          user: user!,
          gid: Number(gid),
          group: group!,
          size: Number(size),
          target: target!,
        })
      }
      at += 1
      return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
    })
  },
})

/** Everything below a directory, sorted by path; links are links (find -P, findutils). [] when there is no directory. */
export const tree = factKind(kind('tree', '-P'))

/** The same with links followed, also into directories; a link that leads nowhere stays one, one in a circle is left out (find -L). */
export const followedTree = factKind(kind('followed-tree', '-L'))

/** SHA-1 of every regular file below a directory by its relative path; links followed where the key says so. */
export const treeSums = factKind<{ readonly path: string; readonly follow: boolean }, ReadonlyMap<string, string>>({
  name: 'tree-sums',
  isAbsent: (is) => is.size === 0,
  script: (keys) =>
    join(
      keys.map(
        ({ path, follow }) =>
          sh`(cd ${`${operand(path)}/`} && find ${follow ? '-L' : '-P'} . -type f -exec sha1sum -z -- {} +); printf '\\0'`,
      ),
      '\n',
    ),
  parse: (stdout, keys) => {
    const words = stdout.toString().split('\0')
    let at = 0
    return keys.map(() => {
      const sums = new Map<string, string>()
      for (; words[at]; at += 1) sums.set(words[at]!.slice(44), words[at]!.slice(0, 40))
      at += 1
      return sums
    })
  },
})
