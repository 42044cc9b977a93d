import { z } from 'zod'
import { checksum } from '../facts/checksum.ts'
import { content } from '../facts/content.ts'
import { creator } from '../facts/creator.ts'
import { epoch } from '../facts/epoch.ts'
import { realpath } from '../facts/realpath.ts'
import { lstat, stat } from '../facts/stat.ts'
import { followedTree, tree } from '../facts/tree.ts'
import { type Change, defineModule, type Plan, run } from '../module/define.ts'
import { ancestors, operand, trimSlashes } from '../module/host-path.ts'
import { bool, fileParams, path, text } from '../module/params.ts'
import { sh } from '../module/shell.ts'
import { stateDiff } from './file/attributes.ts'
import { planDirectory } from './file/directory.ts'
import { type FileKnown, type FileWant, fails, stateOf, subject } from './file/known.ts'
import { planHardLink, planLink, targetOf } from './file/link.ts'
import { DEFAULT_FORMAT, readTime } from './file/times.ts'
import { planFile, planTouch } from './file/touch.ts'
import { pathResult } from './files/ownership.ts'
import { willBeAbsent } from './files/will-be.ts'

const STATES = ['absent', 'directory', 'file', 'hard', 'link', 'touch'] as const

const WORDS = ['preserve', 'now']
const timeKey = (time: string | undefined, format: string) =>
  time === undefined || WORDS.includes(time) ? undefined : readTime(time, format)

function planAbsent(want: FileWant, is: FileKnown): Plan | Change[] {
  if (is.path === '/' || /(^|\/)\.\.?$/.test(is.path)) return fails(`refusing to remove ${want.path}`)
  if (!is.link.exists) return []
  const before = stateOf(is.link)
  return [
    {
      summary: before === 'directory' ? 'remove directory and all in it' : `remove ${before === 'hard' ? 'file' : before}`,
      diff: stateDiff(want.path, [`path: ${want.path}`, `state: ${before}`], [`path: ${want.path}`, 'state: absent']),
      steps: [run(sh`rm -rf -- ${operand(is.path)}`)],
      makes: [
        ...willBeAbsent(is.path),
        content(is.path).will({ why: 'no file' }),
        checksum({ path: is.path, algorithm: 'sha1' }).will({ why: 'no file' }),
        tree(is.path).will([]),
      ],
    },
  ]
}

const PLANS = { absent: planAbsent, directory: planDirectory, file: planFile, hard: planHardLink, link: planLink, touch: planTouch }

/** Ansible's file. */
export const file = defineModule({
  name: 'file',
  summary: 'Keep a file, directory or link in a wanted state, or keep it away.',
  notes: [
    'Without `state`, what is at the path stays what it is; nothing there is a failure, or with `recurse` a new directory.',
    'Missing directories above a new one are made as well, with the same mode and owner; those that are there are left alone.',
    'Octal modes are meant exactly: "0755" takes setuid and setgid away. Symbolic ones do what chmod(1) does, which on directories keeps them unless `s` is said.',
    "With `recurse` and `follow` (the default) also what links lead to is changed, even outside of the directory, as Ansible does; a link's own owner is changed too.",
    'Different from Ansible: a path that may not be looked at is a failure, also for `state: absent`; `state: hard` replaces a symbolic link that is there; `diff` is text. SELinux contexts and `attributes` (chattr) are not managed.',
  ],
  params: z
    .strictObject({
      path: path()
        .meta({ aliases: ['dest', 'name'] })
        .describe('The path. A slash at its end means nothing.'),
      state: z
        .enum(STATES)
        .optional()
        .describe('What is to be there: `file` must exist, `touch` makes an empty one, `absent` removes, also a directory with all in it.'),
      src: text().optional().describe('What a link leads to; relative to the link. For `hard`, the file that gets another name.'),
      recurse: bool().default(false).describe('Mode, owner and group also of everything below a directory.'),
      force: bool()
        .default(false)
        .describe('Make a link whose target is missing; let a link replace a file, another link or an empty directory.'),
      follow: bool().default(true).describe('At a symbolic link, work on what it leads to.'),
      access_time: text()
        .optional()
        .describe('`preserve`, `now`, or a time of the host. For `touch` the default is `now`, otherwise `preserve`.'),
      access_time_format: z.string().default(DEFAULT_FORMAT).describe('How `access_time` is written: %Y %m %d %H %M %S.'),
      modification_time: text()
        .optional()
        .describe('`preserve`, `now`, or a time of the host. For `touch` the default is `now`, otherwise `preserve`.'),
      modification_time_format: z.string().default(DEFAULT_FORMAT).describe('How `modification_time` is written: %Y %m %d %H %M %S.'),
      ...fileParams,
      unsafe_writes: bool().default(false).describe('Accepted for the sake of existing playbooks; means nothing here.'),
    })
    .superRefine((want, context) => {
      const issue = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
      if (want.recurse && want.state !== undefined && want.state !== 'directory' && want.state !== 'absent')
        issue('recurse', "recurse option requires state to be 'directory'")
      if (want.src !== undefined && !['link', 'hard', 'absent'].includes(want.state ?? ''))
        issue('src', "src option requires state to be 'link' or 'hard'")
      if (want.mode === 'preserve') issue('mode', '`preserve` is for modules that copy a file')
      for (const key of ['access_time', 'modification_time'] as const) {
        const time = want[key]
        if (time !== undefined && !WORDS.includes(time) && timeKey(time, want[`${key}_format`]) === undefined)
          issue(key, `Error while obtaining timestamp for time ${time} using format ${want[`${key}_format`]}`)
      }
    }),
  examples: [
    { title: 'A directory of a service', params: { path: '/srv/matrix', state: 'directory', owner: 'root', group: 'root', mode: '0750' } },
    { title: 'Permissions of a file that is there', params: { path: '/etc/ssh/sshd_config', mode: 'u=rw,go=' } },
    { title: 'A link', params: { path: '/etc/apache2/sites-enabled/chat.conf', src: '../sites-available/chat.conf', state: 'link' } },
    {
      title: 'Executable directories, but not files, for everyone below',
      params: { path: '/srv/www', recurse: true, mode: 'u=rwX,go=rX' },
    },
    {
      title: 'An empty file, its times kept once it is there',
      params: { path: '/srv/www/.stamp', state: 'touch', access_time: 'preserve', modification_time: 'preserve' },
    },
    { title: 'Nothing there', params: { path: '/etc/motd', state: 'absent' } },
  ],
  returns: {
    path: 'The path; also as `dest`.',
    src: 'What the link leads to.',
    state: '`file`, `directory`, `link`, `hard` or `absent`.',
    mode: 'Permissions, such as `0644`; with `owner`, `group`, `uid`, `gid` and `size`.',
  },
  facts: (want) => {
    const at = trimSlashes(want.path)
    const maybeDirectory = want.recurse && (want.state ?? 'directory') === 'directory'
    const time = (which: 'access_time' | 'modification_time') => {
      const key = timeKey(want[which], want[`${which}_format`])
      return key === undefined ? undefined : epoch(key)
    }
    return {
      link: lstat(at),
      file: stat(at),
      above: want.state === 'absent' ? [] : ancestors(at).map((one) => stat(one)),
      creator: creator(''),
      source: want.src === undefined ? undefined : stat(want.state === 'hard' ? want.src : targetOf(at, want.src)),
      tree: maybeDirectory ? tree(at) : undefined,
      followed: maybeDirectory && want.follow ? followedTree(at) : undefined,
      atime: time('access_time'),
      mtime: time('modification_time'),
    }
  },
  more: (want, { link }) => {
    const at = trimSlashes(want.path)
    return {
      real: link.exists && link.type === 'link' ? realpath(at) : undefined,
      // to tell whether a directory in the way of a link is empty
      inTheWay: want.state === 'link' && want.force && link.exists && link.type === 'directory' ? tree(at) : undefined,
    }
  },
  plan: (want, is) => {
    const at = trimSlashes(want.path)
    if (!is.link.exists && is.link.why === 'denied') return fails(`Cannot access ${want.path}: permission denied`)
    const known: FileKnown = {
      ...is,
      path: at,
      above: is.above.map((one, i) => [ancestors(at)[i]!, one] as const),
      tree: is.tree ?? is.inTheWay ?? [],
      followed: is.followed ?? [],
    }
    const before = stateOf(is.link)
    const state =
      want.state ??
      (want.recurse && (before === 'absent' || subject(want, known)?.is.type === 'directory')
        ? 'directory'
        : before === 'absent'
          ? 'file'
          : before)
    if (want.recurse && state !== 'directory' && state !== 'absent') return fails("recurse option requires state to be 'directory'")
    return PLANS[state](want, known)
  },
  result: (want, { link, file: followed }) => {
    const shown = want.follow && want.state !== 'link' && want.state !== 'hard' && followed.exists ? followed : link
    const src = want.src ?? (link.exists ? link.target : undefined)
    return {
      path: want.path,
      dest: want.path,
      ...(shown.exists ? pathResult(shown) : { state: 'absent' }),
      ...((want.state === 'link' || want.state === 'hard') && src !== undefined && { src }),
    }
  },
})
