import { ABSENT, lstat, type Present, stat } from '../../facts/stat.ts'
import { type Change, changes, type Plan, run } from '../../module/define.ts'
import { below, operand, parent } from '../../module/host-path.ts'
import { sh } from '../../module/shell.ts'
import { made } from '../files/ownership.ts'
import { placeLink } from '../files/place-link.ts'
import { adjust, stateDiff } from './attributes.ts'
import { type FileKnown, type FileWant, fails, stateOf, subject } from './known.ts'

/** Where a link's target is looked for: relative ones beside the link. */
export const targetOf = (path: string, src: string): string => (src.startsWith('/') ? src : below(parent(path), src))

/** `state: link`. Attributes are those of what it leads to, or with `follow: false` the link's own owner. */
export function planLink(want: FileWant, is: FileKnown): Plan | Change[] {
  const { path } = is
  const before = stateOf(is.link)
  const { src } = want
  if (src !== undefined && !want.force && !is.source?.exists)
    return fails(`src file does not exist, use "force=yes" if you really want to create the link: ${targetOf(path, src)}`)
  if (before === 'directory') {
    if (!want.force) return fails(`refusing to convert from directory to symlink for ${want.path}`)
    if (is.tree.length > 0) return fails(`the directory ${want.path} is not empty, refusing to convert it`)
  }
  if ((before === 'file' || before === 'hard') && !want.force)
    return fails(`refusing to convert from ${before} to symlink for ${want.path}`)
  if (src === undefined && before !== 'link') return fails('src is required for creating new symlinks')
  const old = is.link.exists ? is.link.target : undefined
  const changed = src !== undefined && (before !== 'link' || old !== src)
  const itself: Present = changed ? { ...made('link', 0o777, is.creator, Buffer.byteLength(src)), target: src } : (is.link as Present)
  const there = !changed
    ? subject(want, is)
    : want.follow
      ? is.source?.exists
        ? { path: targetOf(path, src), is: is.source }
        : undefined
      : { path, is: itself }
  return changes(
    changed && {
      summary:
        before === 'absent'
          ? `create link to ${src}`
          : before === 'link'
            ? `link to ${src} instead of ${old}`
            : `replace ${before} by a link to ${src}`,
      diff: stateDiff(
        want.path,
        [`path: ${want.path}`, ...(before === 'link' ? [`src: ${old}`] : [`state: ${before}`])],
        [`path: ${want.path}`, ...(before === 'link' ? [`src: ${src}`] : ['state: link'])],
      ),
      steps: [
        run(
          before === 'directory'
            ? sh`rmdir -- ${operand(path)} && ln -s -T -- ${src} ${operand(path)}`
            : placeLink(path, before !== 'absent', (at) => sh`ln -s -T -- ${src} ${at}`),
        ),
      ],
      makes: [lstat(path).will(itself), stat(path).will(is.source?.exists ? is.source : { exists: false, why: 'broken' })],
    },
    there && adjust(want, is, there),
  )
}

/** `state: hard`: another name of the file `src`. */
export function planHardLink(want: FileWant, is: FileKnown): Plan | Change[] {
  const { path } = is
  const { src } = want
  const before = stateOf(is.link)
  if (src === undefined) {
    if (before !== 'hard') return fails('src is required for creating new hardlinks')
    return changes(adjust(want, is, { path, is: is.link as Present }))
  }
  if (!is.source?.exists) return fails('src does not exist')
  const same = is.link.exists && is.link.type !== 'link' && is.link.inode === is.source.inode && is.link.device === is.source.device
  // predicted ones have no inode yet
  if (same && (is.source.inode !== 0 || path === src)) return changes(adjust(want, is, { path, is: is.link as Present }))
  if (before === 'directory') return fails(`Cannot link, ${before} exists at destination`)
  if (before === 'file' && !want.force) return fails(`Cannot link, ${before} exists at destination`)
  if (before === 'hard' && !want.force) return fails('Cannot link, different hard link exists at destination')
  const becomes: Present = { ...is.source, links: is.source.links + 1 }
  return changes(
    {
      summary: before === 'absent' ? `create hard link to ${src}` : `replace ${before} by a hard link to ${src}`,
      diff: stateDiff(want.path, [`path: ${want.path}`, `state: ${before}`], [`path: ${want.path}`, 'state: hard']),
      steps: [run(placeLink(path, before !== 'absent', (at) => sh`ln ${want.follow ? '-L' : '-P'} -T -- ${operand(src)} ${at}`))],
      makes: [
        lstat(path).will(becomes),
        stat(path).will(becomes),
        lstat(src).will((one) => (one === ABSENT || !one.exists ? becomes : { ...one, links: becomes.links })),
      ],
    },
    adjust(want, is, { path, is: becomes }),
  )
}
