import { lstat, type Present, stat } from '../../facts/stat.ts'
import { type Change, run } from '../../module/define.ts'
import { operand } from '../../module/host-path.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { octal } from '../files/file-mode.ts'
import { type Attributes, describe, differences, lookUp, preamble, setAttributes, withAttributes } from '../files/ownership.ts'
import type { FileKnown, FileWant } from './known.ts'
import { setTimes, type Time, type Times, timesToSet } from './times.ts'

/** The times a task wants; `otherwise` for one it does not name. */
export const wantedTimes = (want: FileWant, is: FileKnown, otherwise: Time): { atime: Time; mtime: Time } => {
  const one = (word: string | undefined, time: number | undefined): Time =>
    word === undefined ? otherwise : word === 'preserve' || word === 'now' ? word : (time ?? 'preserve')
  return { atime: one(want.access_time, is.atime), mtime: one(want.modification_time, is.mtime) }
}

const withTimes = (times: Times | undefined, is: Present): Present => ({
  ...is,
  ...(typeof times?.atime === 'number' && { atime: times.atime }),
  ...(typeof times?.mtime === 'number' && { mtime: times.mtime }),
})

const timeWords = (times: Times | undefined): string =>
  [times?.atime !== undefined && 'access time', times?.mtime !== undefined && 'modification time'].filter((word) => word).join(' and ')

/** Of a thing that is there: mode, owner, group and times in one change; undefined when all are as wanted. */
export function adjust(
  want: FileWant,
  is: FileKnown,
  at: { readonly path: string; readonly is: Present },
  otherwise: Time = 'preserve',
): Change | undefined {
  const link = at.is.type === 'link'
  const set = differences(want, at.is, { type: at.is.type, umask: is.creator.umask })
  const times = timesToSet(wantedTimes(want, is, otherwise), at.is)
  if (!set && !times) return undefined
  const becomes = withTimes(times, withAttributes(set, at.is))
  const lines = (one: Present) => attributeLines(one, set, times)
  return {
    summary:
      [set && describe(set, at.is), times && `set ${timeWords(times)}`].filter((part) => part).join(', ') || `mode ${octal(becomes.mode)}`,
    diff: { before: lines(at.is), after: lines(becomes), before_header: want.path, after_header: want.path },
    steps: [run(script(at.path, set, times, link))],
    makes: [
      lstat(at.path).will(becomes),
      ...(link ? [] : [stat(at.path).will(becomes), ...(at.path === is.path ? [] : [stat(is.path).will(becomes)])]),
    ],
  }
}

const script = (path: string, set: Attributes | undefined, times: Times | undefined, link: boolean): Sh => sh`(
${preamble}
${set ? lookUp(set) : sh`:`}
p=${operand(path)}
${set ? setAttributes(set, sh`"$p"`, link) : sh`:`}
${times ? setTimes(times, sh`"$p"`, link) : sh`:`}
)`

const attributeLines = (is: Present, set: Attributes | undefined, times: Times | undefined): string =>
  [
    set?.mode !== undefined && `mode: ${octal(is.mode)}`,
    set?.owner !== undefined && `owner: ${is.user || is.uid}`,
    set?.group !== undefined && `group: ${is.group || is.gid}`,
    typeof times?.atime === 'number' && `atime: ${is.atime}`,
    typeof times?.mtime === 'number' && `mtime: ${is.mtime}`,
  ]
    .filter((line) => line)
    .map((line) => `${line}\n`)
    .join('')

/** The diff of a path whose state changes, as text. */
export const stateDiff = (path: string, before: readonly string[], after: readonly string[]) => ({
  before: before.map((line) => `${line}\n`).join(''),
  after: after.map((line) => `${line}\n`).join(''),
  before_header: path,
  after_header: path,
})
