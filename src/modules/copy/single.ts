import { type Checksum, sha1 } from '../../facts/checksum.ts'
import { type Content, content } from '../../facts/content.ts'
import { type Creator, creator } from '../../facts/creator.ts'
import { realpath } from '../../facts/realpath.ts'
import { ABSENT, lstat, type Stat, stat } from '../../facts/stat.ts'
import type { Plan } from '../../module/define.ts'
import { ancestors, below, parent, trimSlashes } from '../../module/host-path.ts'
import { octal } from '../files/file-mode.ts'
import { SHOWN_BYTES, shown } from '../files/host-text.ts'
import { missingDirectories } from '../files/make-directory.ts'
import { placeFile } from '../files/place-file.ts'
import type { HostFile } from '../files/write-file.ts'

/** What copy and template want of one file. */
export interface CopyWant {
  readonly dest: string
  readonly src?: string | undefined
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
  readonly force: boolean
  readonly backup: boolean
  readonly follow: boolean
  readonly validate?: string | undefined
  readonly directory_mode?: string | undefined
  readonly checksum?: string | undefined
  readonly unsafe_writes: boolean
}

/** The file that is copied. */
export interface Source {
  /** What it is called in a directory; undefined for content of the task itself. */
  readonly base: string | undefined
  readonly sha1: string | undefined
  readonly size: number
  readonly mode: number
  readonly from: HostFile['from']
  readonly bytes?: Buffer | undefined
}

/** Asks about `dest`, and about the file of the source's name in it, should it be a directory. */
export const singleFacts = (dest: string, base: string | undefined) => {
  const at = trimSlashes(dest)
  const inner = base === undefined ? undefined : below(at, base)
  return {
    dest: stat(at),
    destLink: lstat(at),
    destSum: sha1(at),
    inner: inner === undefined ? undefined : stat(inner),
    innerLink: inner === undefined ? undefined : lstat(inner),
    innerSum: inner === undefined ? undefined : sha1(inner),
    above: ancestors(at).map((one) => stat(one)),
    creator: creator(''),
  }
}

/** The answers to `singleFacts`. */
export interface SingleKnown {
  readonly dest: Stat
  readonly destLink: Stat
  readonly destSum: Checksum
  readonly inner: Stat | undefined
  readonly innerLink: Stat | undefined
  readonly innerSum: Checksum | undefined
  readonly above: readonly Stat[]
  readonly creator: Creator
}

/** Where the file goes, and what is there. */
export interface Target {
  readonly path: string
  readonly is: Stat
  readonly link: Stat
  readonly sum: Checksum
  /** The directories it is in, nearest first. */
  readonly above: readonly (readonly [string, Stat])[]
}

/** Decides between `dest` and the file of the source's name in it; or why there is no place for it. */
export function locate(dest: string, is: SingleKnown, base: string | undefined): Target | { readonly failure: string } {
  const at = trimSlashes(dest)
  const above = ancestors(at).map((path, i) => [path, is.above[i]!] as const)
  const directory = is.dest.exists && is.dest.type === 'directory'
  if (directory || dest.endsWith('/')) {
    if (base === undefined) return { failure: 'can not use content with a dir as dest' }
    if (is.dest.exists && !directory) return { failure: `Destination ${at} is not a directory` }
    return {
      path: below(at, base),
      is: is.inner ?? ABSENT,
      link: is.innerLink ?? ABSENT,
      sum: is.innerSum ?? { why: 'no file' },
      above: [[at, is.dest], ...above],
    }
  }
  if (!is.destLink.exists && is.destLink.why === 'denied') return { failure: `Destination ${at} not accessible: permission denied` }
  const holder = above[0]?.[1]
  if (holder && !(holder.exists && holder.type === 'directory')) return { failure: `Destination directory ${parent(at)} does not exist` }
  return { path: at, is: is.dest, link: is.destLink, sum: is.destSum, above }
}

/** Asks where a link leads that is to be followed, and for the old text when it will be shown; for the new one too when that is on the host. */
export const singleMore = (
  want: CopyWant,
  is: SingleKnown,
  source: Pick<Source, 'base' | 'sha1' | 'size'> & { readonly path?: string },
) => {
  const target = locate(want.dest, is, source.base)
  if ('failure' in target) return { real: undefined, old: undefined, fresh: undefined }
  const changes = target.sum.sum === undefined || (want.force && target.sum.sum !== source.sha1)
  const small = changes && source.size <= SHOWN_BYTES
  const here = target.is.exists && target.is.type === 'file' && target.is.size <= SHOWN_BYTES
  return {
    real: want.follow && target.link.exists && target.link.type === 'link' ? realpath(target.path) : undefined,
    old: small && here ? content(target.path) : undefined,
    fresh: small && source.path !== undefined ? content(source.path) : undefined,
  }
}

/** The plan that makes one file of the host what the source is. */
export function planSingle(want: CopyWant, is: SingleKnown & { real: string | undefined; old: Content | undefined }, source: Source): Plan {
  const fails = (failure: string): Plan => ({ changes: [], failure })
  const target = locate(want.dest, is, source.base)
  if ('failure' in target) return fails(target.failure)
  if (want.checksum !== undefined && source.sha1 !== undefined && want.checksum !== source.sha1)
    return fails(`Copied file does not match the expected checksum. Transfer failed. It has ${source.sha1}, ${want.checksum} was expected.`)
  if (!want.force && target.is.exists) return { changes: [], message: 'file already exists' }
  if (target.is.exists && target.is.type === 'directory') return fails(`Destination ${target.path} is a directory`)
  const replacesLink = target.link.exists && target.link.type === 'link' && !want.follow
  if (target.is.exists && target.is.type !== 'file' && !replacesLink) return fails(`Destination ${target.path} is not a regular file`)
  if (target.is.exists && target.sum.sum === undefined && target.sum.why === 'denied' && !replacesLink)
    return fails(`Destination ${target.path} not readable`)
  const path = want.follow ? (is.real ?? target.path) : target.path
  const here = replacesLink ? ABSENT : target.is
  const directories = missingDirectories(target.above, { mode: want.directory_mode, owner: want.owner, group: want.group }, is.creator)
  const placed = placeFile({
    path,
    named: target.path,
    is: here,
    want: { ...want, ...(want.mode === 'preserve' && { mode: octal(source.mode) }) },
    backup: want.backup && target.is.exists,
    creator: is.creator,
    above: directories.at(-1)?.becomes ?? target.above[0]?.[1],
    same: here.exists && target.sum.sum !== undefined && target.sum.sum === source.sha1,
    from: source.from,
    size: source.size,
    bytes: source.bytes,
    sha1: source.sha1,
    directories,
    summary: replacesLink ? 'replace link by a file' : here.exists ? 'replace content' : 'create file',
    diff: {
      before: !here.exists ? '' : is.old?.bytes ? shown(is.old.bytes) : `(${here.size} bytes)\n`,
      after: source.bytes ? shown(source.bytes) : `(${source.size} bytes)\n`,
      before_header: target.path,
      after_header: want.src ?? target.path,
    },
  })
  return { changes: placed.changes }
}
