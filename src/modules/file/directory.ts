import { ABSENT, type Stat } from '../../facts/stat.ts'
import { type Change, changes, type Plan, run } from '../../module/define.ts'
import { operand } from '../../module/host-path.ts'
import { sh } from '../../module/shell.ts'
import { octal } from '../files/file-mode.ts'
import { makeDirectories, missingDirectories, type NewDirectory, willExist } from '../files/make-directory.ts'
import { lookUp, preamble } from '../files/ownership.ts'
import { willBe } from '../files/will-be.ts'
import { adjust, stateDiff, wantedTimes } from './attributes.ts'
import { type FileKnown, type FileWant, fails, stateOf, subject } from './known.ts'
import { adjustBelow } from './recurse.ts'
import { setTimes, timesToSet } from './times.ts'

/** `state: directory`: made with the directories it is in, or adjusted, with `recurse` together with everything below. */
export function planDirectory(want: FileWant, is: FileKnown): Plan | Change[] {
  const dangling = want.follow && is.link.exists && is.link.type === 'link' && !is.file.exists
  if (dangling) {
    return make(want, is, missingDirectories([[is.real ?? is.path, ABSENT]], want, is.creator))
  }
  const there = subject(want, is)
  if (!there) {
    const known: (readonly [string, Stat])[] = [[is.path, is.link], ...is.above]
    const nearest = known.find(([, one]) => one.exists)
    if (nearest?.[1].exists && nearest[1].type !== 'directory')
      return fails(`There was an issue creating ${want.path} as requested: [Errno 20] Not a directory: '${nearest[0]}'`)
    return make(want, is, missingDirectories(known, want, is.creator))
  }
  if (there.is.type !== 'directory') return fails(`${want.path} already exists as a ${stateOf(there.is)}`)
  return changes(want.recurse && adjustBelow(want, is, there.path), adjust(want, is, there))
}

function make(want: FileWant, is: FileKnown, directories: readonly NewDirectory[]): Change[] {
  const last = directories.at(-1)!
  const times = timesToSet(wantedTimes(want, is, 'preserve'), { atime: -1, mtime: -1 })
  const others = directories.length - 1
  return [
    {
      summary: `create directory${others > 0 ? ` and ${others} above it` : ''}, mode ${octal(last.becomes.mode)}`,
      diff: stateDiff(want.path, [`path: ${want.path}`, 'state: absent'], [`path: ${want.path}`, 'state: directory']),
      steps: [
        run(sh`(
${preamble}
${lookUp(last.set ?? {})}
${makeDirectories(directories)}
${times ? setTimes(times, sh`${operand(last.path)}`) : sh`:`}
)`),
      ],
      makes: [
        ...willExist(directories, is.creator),
        ...(last.path === is.path ? [] : willBe(is.path, last.becomes, is.creator).filter(({ fact }) => fact.kind.name !== 'lstat')),
      ],
    },
  ]
}
