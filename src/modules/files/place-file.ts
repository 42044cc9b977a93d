import { createHash } from 'node:crypto'
import { ALGORITHMS, checksum, sha1 } from '../../facts/checksum.ts'
import { content } from '../../facts/content.ts'
import type { Creator } from '../../facts/creator.ts'
import { lstat, type Present, type Stat, stat } from '../../facts/stat.ts'
import { type Change, changes, type Diff, run } from '../../module/define.ts'
import type { Prediction } from '../../module/fact.ts'
import { operand } from '../../module/host-path.ts'
import { sh } from '../../module/shell.ts'
import { octal } from './file-mode.ts'
import { type NewDirectory, willExist } from './make-directory.ts'
import {
  type Attributes,
  describe,
  differences,
  lookUp,
  made,
  preamble,
  setAttributes,
  type WantedAttributes,
  withAttributes,
} from './ownership.ts'
import { willBe } from './will-be.ts'
import { type HostFile, writeFile } from './write-file.ts'

/** A file that a task wants, and what is there instead. */
export interface Placement {
  /** Where it is written. */
  readonly path: string
  /** What the task calls it, when that is a link to the path. */
  readonly named?: string
  /** What is there now, links followed. */
  readonly is: Stat
  readonly want: WantedAttributes & { backup?: boolean; validate?: string | undefined; unsafe_writes?: boolean }
  readonly creator: Creator
  /** The directory it is in: a new file takes its group from one with setgid. */
  readonly above?: Stat | undefined
  /** Whether the content is as wanted already. */
  readonly same: boolean
  readonly from: HostFile['from']
  /** Bytes it will have. */
  readonly size: number
  /** Whether to keep the old one; `want.backup` where something is, when left out. */
  readonly backup?: boolean
  /** What it will hold, where that is known here. */
  readonly bytes?: Buffer | undefined
  readonly sha1?: string | undefined
  /** Made first. */
  readonly directories?: readonly NewDirectory[]
  /** For a person: "line added". */
  readonly summary: string
  readonly diff: Diff | undefined
  readonly report?: Readonly<Record<string, string>>
  /** Said in the summary, and in the report's `msg`, when attributes change as well. */
  readonly also?: string
}

/** At most one change: content and attributes at once, or attributes alone. `message` is the result's `msg`. */
export function placeFile(file: Placement): { changes: Change[]; message: string } {
  const { is, creator, want } = file
  const setgid = file.above?.exists && file.above.mode & 0o2000 ? file.above : undefined
  const fresh: Present = {
    ...made('file', 0o666 & ~creator.umask, creator),
    ...(setgid && { gid: setgid.gid, group: setgid.group }),
  }
  const now = is.exists ? (file.same ? is : rewritten(is, creator)) : fresh
  const set = differences(want, now, { type: 'file', umask: creator.umask })
  const becomes = { ...withAttributes(set, now), type: 'file' as const }
  const joined = (first: string) => [first, set && is.exists && file.also].filter((part) => part).join(' and ')
  if (file.same) {
    if (!set) return { changes: [], message: '' }
    return { changes: [changeAttributes(file.path, is, set, becomes, file.named, file.also)], message: file.also ?? '' }
  }
  const message = joined(file.report?.msg ?? '')
  const step = writeFile({
    path: file.path,
    from: file.from,
    mode: becomes.mode,
    owner: set?.owner,
    group: set?.group,
    keep: is.exists && (is.uid !== creator.uid || is.gid !== creator.gid) ? { uid: is.uid, gid: is.gid } : undefined,
    directories: file.directories ?? [],
    validate: want.validate,
    backup: file.backup ?? (want.backup && is.exists),
    unsafe: want.unsafe_writes,
    report: { ...file.report, ...(message && { msg: message }) },
  })
  const attributes = is.exists ? set && describe(set, is) : `mode ${octal(becomes.mode)}`
  return {
    message,
    changes: changes({
      summary: attributes ? `${file.summary}, ${attributes}` : file.summary,
      steps: [step],
      ...(file.diff && { diff: file.diff }),
      makes: [
        ...willExist(file.directories ?? [], creator),
        ...[file.path, ...(file.named && file.named !== file.path ? [file.named] : [])].flatMap((path) =>
          willHold(path, { ...becomes, size: file.size }, file, path !== file.path),
        ),
      ],
    }),
  }
}

/** What a file's owner is once it was replaced: only root may give a file to someone else, and a group may be one of the user's own. */
const rewritten = (is: Present, by: Creator): Present =>
  by.uid === 0 || is.uid === by.uid ? is : { ...is, uid: by.uid, user: by.user, ...(is.gid !== by.gid && { gid: -1, group: '' }) }

function willHold(path: string, becomes: Present, { bytes, sha1: sum, creator }: Placement, link: boolean): Prediction[] {
  return [
    ...willBe(path, becomes, creator).filter(({ fact }) => !link || fact.kind.name !== 'lstat'),
    ...(bytes
      ? [
          content(path).will({ bytes }),
          ...ALGORITHMS.map((algorithm) =>
            checksum({ path, algorithm }).will(() => ({ sum: createHash(algorithm).update(bytes).digest('hex') })),
          ),
        ]
      : sum === undefined
        ? []
        : [sha1(path).will({ sum })]),
  ]
}

/** A change of mode, owner or group alone. */
export function changeAttributes(path: string, is: Stat, set: Attributes, becomes: Present, named = path, also?: string): Change {
  const before = is.exists ? is : becomes
  const lines = (one: Pick<Present, 'mode' | 'uid' | 'user' | 'gid' | 'group'>) =>
    [
      set.mode !== undefined && `mode: ${octal(one.mode)}`,
      set.owner !== undefined && `owner: ${one.user || one.uid}`,
      set.group !== undefined && `group: ${one.group || one.gid}`,
    ]
      .filter((line) => line)
      .map((line) => `${line}\n`)
      .join('')
  return {
    summary: describe(set, before) || `mode ${octal(becomes.mode)}`,
    diff: {
      before: lines(before),
      after: lines(becomes),
      before_header: `${named} (file attributes)`,
      after_header: `${named} (file attributes)`,
    },
    steps: [
      run(sh`(
${preamble}
${lookUp(set)}
p=${operand(path)}
${setAttributes(set, sh`"$p"`, becomes.type === 'link')}
${also === undefined ? sh`:` : sh`printf '%s\\0' msg ${also}`}
)`),
    ],
    makes: [
      lstat(path).will((old) => (old.exists && old.type !== becomes.type ? old : becomes)),
      ...(becomes.type === 'link' ? [] : [stat(path).will(becomes), ...(named === path ? [] : [stat(named).will(becomes)])]),
    ],
  }
}
