import type { Creator } from '../../facts/creator.ts'
import type { Present, Stat } from '../../facts/stat.ts'
import type { TreeEntry } from '../../facts/tree.ts'
import type { Plan } from '../../module/define.ts'

/** What the file module can be told to make of a path. */
export type State = 'file' | 'directory' | 'link' | 'hard' | 'touch' | 'absent'

/** The file module's parameters, as its plans read them. */
export interface FileWant {
  readonly path: string
  readonly state?: State | undefined
  readonly src?: string | undefined
  readonly recurse: boolean
  readonly force: boolean
  readonly follow: boolean
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
  readonly access_time?: string | undefined
  readonly modification_time?: string | undefined
}

/** What the file module knows of the host. */
export interface FileKnown {
  /** The path without slashes at its end. */
  readonly path: string
  readonly link: Stat
  /** Links followed. */
  readonly file: Stat
  /** The path's ancestors, nearest first, links followed. */
  readonly above: readonly (readonly [string, Stat])[]
  readonly creator: Creator
  /** What `src` leads to. */
  readonly source: Stat | undefined
  /** Where the path leads, when it is a link. */
  readonly real: string | undefined
  readonly tree: readonly TreeEntry[]
  readonly followed: readonly TreeEntry[]
  /** Seconds since the epoch of wanted times, where they are given. */
  readonly atime: number | undefined
  readonly mtime: number | undefined
}

/** A plan that cannot be carried out. */
export const fails = (failure: string): Plan => ({ changes: [], failure })

/** What Ansible calls the thing at a path: a file with several names is `hard`, and so is no device or pipe. */
export const stateOf = (is: Stat): 'absent' | 'link' | 'directory' | 'hard' | 'file' =>
  !is.exists ? 'absent' : is.type === 'link' || is.type === 'directory' ? is.type : is.links > 1 ? 'hard' : 'file'

/** What the task's attributes are of: the target of a followed link, or what is at the path itself. */
export function subject(want: FileWant, is: FileKnown): { readonly path: string; readonly is: Present } | undefined {
  if (is.link.exists && is.link.type === 'link' && want.follow)
    return is.file.exists ? { path: is.real ?? is.path, is: is.file } : undefined
  return is.link.exists ? { path: is.path, is: is.link } : undefined
}
