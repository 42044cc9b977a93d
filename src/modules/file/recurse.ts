import { lstat, type Present, stat } from '../../facts/stat.ts'
import { type TreeEntry, tree } from '../../facts/tree.ts'
import { type Change, run } from '../../module/define.ts'
import { batches, below, operand } from '../../module/host-path.ts'
import { join, sh } from '../../module/shell.ts'
import { octal } from '../files/file-mode.ts'
import { type Attributes, differences, lookUp, preamble, setAttributes, withAttributes } from '../files/ownership.ts'
import { stateDiff } from './attributes.ts'
import type { FileKnown, FileWant } from './known.ts'

interface Stray {
  readonly path: string
  readonly is: TreeEntry
  readonly set: Attributes
}

// A prediction for each would cost more than it tells; the tree itself is always predicted.
const MANY = 2000

/**
 * Everything below a directory that has other attributes than wanted, in one change; a link's own owner, and with `follow` what it
 * leads to. Undefined when all is as wanted.
 */
export function adjustBelow(want: FileWant, is: FileKnown, directory: string): Change | undefined {
  const strays = [...strayEntries(want, is.tree, is.creator.umask), ...strayEntries(want, reached(is), is.creator.umask)]
  if (strays.length === 0) return undefined
  // What lies deepest goes first: a directory that loses its x would shut out the user who may still change what is in it.
  const depth = ({ path }: Stray) => path.split('/').length
  strays.sort((a, b) => depth(b) - depth(a))
  const groups = new Map<string, { set: Attributes; link: boolean; paths: string[] }>()
  for (const type of ['other', 'directory'] as const)
    for (const stray of strays.filter((one) => (one.is.type === 'directory') === (type === 'directory'))) {
      const link = stray.is.type === 'link'
      const key = `${type} ${link} ${JSON.stringify(stray.set)}`
      const group = groups.get(key) ?? { set: stray.set, link, paths: [] }
      groups.set(key, group)
      group.paths.push(operand(below(directory, stray.path)))
    }
  const wanted = { ...(want.owner !== undefined && { owner: want.owner }), ...(want.group !== undefined && { group: want.group }) }
  const lines = [...groups.values()].flatMap(({ set, link, paths }) => batches(paths).map((some) => setAttributes(set, sh`${some}`, link)))
  const shown = (one: TreeEntry | (TreeEntry & Attributes)) =>
    `${octal(one.mode)} ${one.user || one.uid} ${one.group || one.gid} ${one.path}`
  return {
    summary: `permissions or owner of ${strays.length} below`,
    diff: stateDiff(
      want.path,
      strays.slice(0, MANY).map(({ is: entry }) => shown(entry)),
      strays.slice(0, MANY).map(({ is: entry, set }) => shown(withAttributes(set, entry))),
    ),
    steps: [
      run(sh`(
${preamble}
${lookUp(wanted)}
${join(lines, '\n')}
)`),
    ],
    makes: [
      tree(is.path).will((entries) => {
        const sets = new Map(strays.map(({ path, is: entry, set }) => [`${entry.type} ${path}`, set]))
        return entries.map((entry) => withAttributes(sets.get(`${entry.type} ${entry.path}`), entry))
      }),
      ...strays.slice(0, MANY).flatMap(({ path, set, is: entry }) => {
        const after = (old: Present) => withAttributes(set, old)
        return [
          lstat(below(directory, path)).will((old) => (old.exists && old.type === entry.type ? after(old) : old)),
          ...(entry.type === 'link' ? [] : [stat(below(directory, path)).will((old) => (old.exists ? after(old) : old))]),
        ]
      }),
    ],
  }
}

function strayEntries(want: FileWant, entries: readonly TreeEntry[], umask: number): Stray[] {
  return entries.flatMap((entry) => {
    const set = differences(want, entry, { type: entry.type, umask })
    return set ? [{ path: entry.path, is: entry, set }] : []
  })
}

/** What only following links leads to: the targets of links, and what is below those that are directories. */
function reached({ tree: own, followed }: FileKnown): TreeEntry[] {
  const direct = new Map(own.map((entry) => [entry.path, entry.type]))
  return followed.filter((entry) => entry.type !== 'link' && (direct.get(entry.path) ?? 'link') === 'link')
}
