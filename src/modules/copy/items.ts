import type { Checksum } from '../../facts/checksum.ts'
import { ABSENT, type Present, type Stat } from '../../facts/stat.ts'
import type { TreeEntry } from '../../facts/tree.ts'
import { below, operand } from '../../module/host-path.ts'
import type { LocalFile } from '../../module/local-file.ts'
import { made } from '../files/ownership.ts'
import type { HostFile } from '../files/write-file.ts'

/** One thing of a directory that is copied. */
export interface Item {
  /** Relative to the directory; '' is the directory itself. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'link'
  readonly mode: number
  readonly size: number
  readonly sha1: string | undefined
  readonly from?: HostFile['from']
  readonly bytes?: Buffer | undefined
  /** Of a link. */
  readonly target?: string
}

/** The step's payload for a file of the controller: its bytes, or where to stream them from. */
export const payload = (file: LocalFile): HostFile['from'] => ({
  bytes: file.bytes ?? { file: file.source, size: file.size },
  size: file.size,
})

const localItem = (file: LocalFile, path: string): Item => ({
  path,
  type: file.type,
  mode: file.mode,
  size: file.size,
  sha1: file.type === 'file' ? file.sha1 : undefined,
  ...(file.type === 'file' && { from: payload(file), bytes: file.bytes }),
  ...(file.target !== undefined && { target: file.target }),
})

/** A path without `.` and `..`; undefined when it leads out of where it starts. */
function normalize(path: string): string | undefined {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

/**
 * A local directory's entries. With `follow`, a link is replaced by what it leads to; one that leads nowhere or in a circle stays a
 * link. `outside` are links that lead out of the directory: what is there has not been read.
 */
export function localItems(files: readonly LocalFile[], follow: boolean): { items: Item[]; outside: LocalFile[] } {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const root = byPath.get('')?.source ?? ''
  const outside: LocalFile[] = []
  const items: Item[] = []
  const add = (file: LocalFile, path: string, through: readonly string[]) => {
    if (file.type !== 'link' || !follow) {
      items.push(localItem(file, path))
      return
    }
    const target = file.target ?? ''
    const within = target.startsWith('/')
      ? target === root || target.startsWith(`${root}/`)
        ? normalize(target.slice(root.length))
        : undefined
      : normalize(`${file.path.split('/').slice(0, -1).join('/')}/${target}`)
    if (within === undefined) {
      outside.push(file)
      return
    }
    const found = byPath.get(within)
    const circular = within === '' || [file.path, path, ...through].some((one) => one === within || one.startsWith(`${within}/`))
    if (!found || (circular && found.type !== 'file')) items.push(localItem(file, path))
    else if (found.type === 'directory') {
      items.push(localItem(found, path))
      for (const child of files.filter((one) => one.path.startsWith(`${within}/`)))
        add(child, `${path}${child.path.slice(within.length)}`, [...through, file.path])
    } else add(found, path, [...through, file.path])
  }
  for (const file of files) add(file, file.path, [])
  return { items, outside }
}

/** The same of a directory of the host. */
export const hostItems = (src: string, root: Present, tree: readonly TreeEntry[], sums: ReadonlyMap<string, string>): Item[] => [
  { path: '', type: 'directory', mode: root.mode, size: 0, sha1: undefined },
  ...tree
    .filter((entry) => entry.type === 'file' || entry.type === 'directory' || entry.type === 'link')
    .map(
      (entry): Item => ({
        path: entry.path,
        type: entry.type as Item['type'],
        mode: entry.mode,
        size: entry.size,
        sha1: sums.get(entry.path),
        ...(entry.type === 'file' && { from: { path: operand(below(src, entry.path)) } }),
        ...(entry.type === 'link' && { target: entry.target }),
      }),
    ),
]

/** What is where an item goes. */
export interface There {
  readonly link: Stat
  /** Links followed. */
  readonly is: Stat
  readonly sum: Checksum
}

/** What is there, from the tree of the destination. A link's target is not known of it. */
export function thereOf(tree: readonly TreeEntry[], sums: ReadonlyMap<string, string>): (path: string) => There {
  const byPath = new Map(tree.map((entry) => [entry.path, entry]))
  return (path) => {
    const entry = byPath.get(path)
    const sum: Checksum = sums.has(path) ? { sum: sums.get(path)! } : { why: 'no file' }
    if (!entry) return { link: ABSENT, is: ABSENT, sum }
    const { mode, uid, user, gid, group, size, target } = entry
    const link: Present = {
      ...made(entry.type, mode, { umask: 0, uid, user, gid, group }, size),
      ...(entry.type === 'link' && { target }),
    }
    return { link, is: link, sum }
  }
}
