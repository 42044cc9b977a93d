import { checksum, sha1 } from '../../facts/checksum.ts'
import { content } from '../../facts/content.ts'
import { type Present, stat } from '../../facts/stat.ts'
import { type Change, changes, type Plan, run } from '../../module/define.ts'
import { operand, parent } from '../../module/host-path.ts'
import { sh } from '../../module/shell.ts'
import { octal } from '../files/file-mode.ts'
import { differences, lookUp, made, preamble, setAttributes, withAttributes } from '../files/ownership.ts'
import { willBe } from '../files/will-be.ts'
import { adjust, stateDiff, wantedTimes } from './attributes.ts'
import { type FileKnown, type FileWant, fails, stateOf, subject } from './known.ts'
import { setTimes, timesToSet } from './times.ts'

/** `state: file`: attributes of a file that must be there. */
export function planFile(want: FileWant, is: FileKnown): Plan | Change[] {
  const there = subject(want, is)
  const state = there ? stateOf(there.is) : 'absent'
  if (!there || (state !== 'file' && state !== 'hard')) return fails(`file (${want.path}) is ${state}, cannot continue`)
  return changes(adjust(want, is, there))
}

/** `state: touch`: an empty file where nothing is, and new times unless they are to be preserved. */
export function planTouch(want: FileWant, is: FileKnown): Plan | Change[] {
  const there = subject(want, is)
  if (there) return changes(adjust(want, is, there, 'now'))
  const path = is.real ?? is.path
  const above = path === is.path ? is.above[0]?.[1] : undefined
  if (above && !(above.exists && above.type === 'directory'))
    return fails(`Error, could not touch target: the directory ${parent(path)} does not exist`)
  const setgid = above?.exists && above.mode & 0o2000 ? { gid: above.gid, group: above.group } : {}
  const plain: Present = { ...made('file', 0o666 & ~is.creator.umask, is.creator), ...setgid }
  const set = differences(want, plain, { type: 'file', umask: is.creator.umask })
  const becomes = withAttributes(set, plain)
  // a new file's times are now; only given ones have to be set
  const wanted = wantedTimes(want, is, 'preserve')
  const given = (time: typeof wanted.atime) => (time === 'now' ? 'preserve' : time)
  const times = timesToSet({ atime: given(wanted.atime), mtime: given(wanted.mtime) }, { atime: -1, mtime: -1 })
  return [
    {
      summary: `create empty file, mode ${octal(becomes.mode)}`,
      diff: stateDiff(want.path, [`path: ${want.path}`, 'state: absent'], [`path: ${want.path}`, 'state: touch']),
      steps: [
        run(sh`(
${preamble}
${lookUp(set ?? {})}
p=${operand(path)}
trap '[ -z "$new" ] || rm -f -- "$p"' EXIT
new=
${set?.mode === undefined ? sh`:` : sh`umask 077`}
(set -C; : >"$p") || fail ${`Error, could not touch target ${want.path}`}
new=yes
${set ? setAttributes(set, sh`"$p"`) : sh`:`}
${times ? setTimes(times, sh`"$p"`) : sh`:`}
new=
)`),
      ],
      makes: [
        ...willBe(path, becomes, is.creator),
        ...(path === is.path ? [] : [stat(is.path).will(becomes)]),
        content(is.path).will({ bytes: Buffer.alloc(0) }),
        sha1(is.path).will({ sum: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' }),
        checksum({ path: is.path, algorithm: 'md5' }).will({ sum: 'd41d8cd98f00b204e9800998ecf8427e' }),
      ],
    },
  ]
}
