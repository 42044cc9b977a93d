import type { Creator } from '../../facts/creator.ts'
import { ABSENT, lstat, type Present, type Stat } from '../../facts/stat.ts'
import { type Change, changes, type Plan, run } from '../../module/define.ts'
import { below } from '../../module/host-path.ts'
import { sh } from '../../module/shell.ts'
import { octal } from '../files/file-mode.ts'
import { shown } from '../files/host-text.ts'
import { makeDirectories, missingDirectories, type NewDirectory, willExist } from '../files/make-directory.ts'
import { differences, lookUp, made, preamble, withAttributes } from '../files/ownership.ts'
import { changeAttributes, placeFile } from '../files/place-file.ts'
import { placeLink } from '../files/place-link.ts'
import type { Item, There } from './items.ts'
import type { CopyWant } from './single.ts'

/** What is known of the place where a directory's items go. */
export interface DirectoryKnown {
  /** Where the items go; the directory of path ''. */
  readonly root: string
  /** The root and its ancestors, nearest first, links followed. */
  readonly known: readonly (readonly [string, Stat])[]
  readonly there: (path: string) => There
  readonly creator: Creator
  /** Old content for the diff, by path. */
  readonly old: ReadonlyMap<string, Buffer>
  /** New files and directories keep the source's mode where none is wanted (a copy from host to host). */
  readonly keepModes: boolean
  /** The root is the source itself and not what the task says of it: its owner is left alone. */
  readonly bare: boolean
}

/** Makes a directory of the host hold what the items are; what else is in it stays. */
export function planItems(want: CopyWant, is: DirectoryKnown, items: readonly Item[]): Plan {
  const problem = conflict(is, items)
  if (problem !== undefined) return { changes: [], failure: problem }
  const directories = newDirectories(want, is, items)
  const made = new Map(directories.map((one) => [one.path, one.becomes]))
  const adjusted = items
    .filter((item) => item.type === 'directory' && !(item.path === '' && is.bare))
    .map((item) => adjustDirectory(want, is, below(is.root, item.path), item.path === '' ? is.known[0]![1] : is.there(item.path).is))
  return {
    changes: changes(
      directories.length > 0 && createDirectories(directories, is.creator),
      ...adjusted,
      ...items.filter((item) => item.type === 'file').flatMap((item) => placeItem(want, is, item, made)),
      ...items.filter((item) => item.type === 'link').map((item) => linkItem(want, is, item)),
    ),
  }
}

function conflict(is: DirectoryKnown, items: readonly Item[]): string | undefined {
  const nearest = is.known.find(([, one]) => one.exists)
  if (nearest?.[1].exists && nearest[1].type !== 'directory') return `cannot copy a directory into ${nearest[0]}: it is not a directory`
  for (const item of items.filter(({ path }) => path !== '')) {
    const { is: there, link } = is.there(item.path)
    const path = below(is.root, item.path)
    if (item.type === 'directory' && link.exists && !(there.exists && (there.type === 'directory' || there.type === 'link')))
      return `cannot copy a directory to ${path}: it is a ${link.type}`
    if (item.type !== 'directory' && link.exists && link.type === 'directory') return `Destination ${path} is a directory`
  }
  return undefined
}

function newDirectories(want: CopyWant, is: DirectoryKnown, items: readonly Item[]): NewDirectory[] {
  const attributes = (item?: Item) => ({
    mode:
      want.directory_mode === 'preserve' || (want.directory_mode === undefined && is.keepModes)
        ? item && octal(item.mode)
        : want.directory_mode,
    owner: want.owner,
    group: want.group,
  })
  const above = missingDirectories(is.known.slice(1), attributes(), is.creator)
  const directories = [...above]
  const becomes = new Map(above.map((one) => [one.path, one.becomes]))
  for (const item of items.filter(({ type }) => type === 'directory').sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const path = below(is.root, item.path)
    if (item.path === '' ? is.known[0]![1].exists : is.there(item.path).link.exists) continue
    const parents: Stat | undefined = item.path === '' ? is.known[1]?.[1] : is.there(item.path.split('/').slice(0, -1).join('/')).is
    const holder = becomes.get(path.slice(0, path.lastIndexOf('/'))) ?? parents ?? ABSENT
    const made = missingDirectories(
      [
        [path, ABSENT],
        [`${path}/..`, holder],
      ],
      attributes(item),
      is.creator,
    ).at(-1)!
    directories.push(made)
    becomes.set(path, made.becomes)
  }
  return directories
}

const createDirectories = (directories: readonly NewDirectory[], by: Creator): Change => ({
  summary: directories.length === 1 ? `create directory ${directories[0]!.path}` : `create ${directories.length} directories`,
  steps: [
    run(sh`(
${preamble}
${lookUp({ ...directories.at(-1)!.set })}
${makeDirectories(directories)}
)`),
  ],
  makes: willExist(directories, by),
})

function adjustDirectory(want: CopyWant, is: DirectoryKnown, path: string, there: Stat): Change | undefined {
  if (!there.exists || there.type !== 'directory') return undefined
  const set = differences({ owner: want.owner, group: want.group }, there, { type: 'directory', umask: is.creator.umask })
  return set && changeAttributes(path, there, set, withAttributes(set, there))
}

function placeItem(want: CopyWant, is: DirectoryKnown, item: Item, made: ReadonlyMap<string, Present>): Change[] {
  const path = below(is.root, item.path)
  const { link, is: there, sum } = is.there(item.path)
  if (!want.force && there.exists) return []
  const replacesLink = link.exists && link.type === 'link' && !(want.follow && there.exists && there.type === 'file')
  const here = replacesLink ? ABSENT : there
  const holder = path.slice(0, path.lastIndexOf('/'))
  const mode = want.mode === 'preserve' || (want.mode === undefined && is.keepModes && !here.exists) ? octal(item.mode) : want.mode
  const old = is.old.get(item.path)
  return placeFile({
    path,
    is: here,
    want: { ...want, mode },
    creator: is.creator,
    above: made.get(holder) ?? (item.path.includes('/') ? is.there(item.path.split('/').slice(0, -1).join('/')).is : is.known[0]![1]),
    same: here.exists && sum.sum !== undefined && sum.sum === item.sha1,
    from: item.from!,
    size: item.size,
    bytes: item.bytes,
    sha1: item.sha1,
    summary: `${here.exists ? 'replace content of' : 'create'} ${path}`,
    diff: {
      before: !here.exists ? '' : old ? shown(old) : `(${here.size} bytes)\n`,
      after: item.bytes ? shown(item.bytes) : `(${item.size} bytes)\n`,
      before_header: path,
      after_header: want.src ?? path,
    },
  }).changes
}

function linkItem(want: CopyWant, is: DirectoryKnown, item: Item): Change | false {
  const path = below(is.root, item.path)
  const { link } = is.there(item.path)
  const target = item.target ?? ''
  if (link.exists && ((link.type === 'link' && link.target === target) || !want.force)) return false
  const becomes: Present = { ...made('link', 0o777, is.creator, Buffer.byteLength(target)), target }
  return {
    summary: `create link ${path} to ${target}`,
    steps: [run(placeLink(path, link.exists, (at) => sh`ln -s -T -- ${target} ${at}`))],
    makes: [lstat(path).will(becomes)],
  }
}
