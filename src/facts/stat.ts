import { type FactKind, factKind } from '../module/fact.ts'
import { batches, operand } from '../module/host-path.ts'
import { join, raw, type Sh, sh } from '../module/shell.ts'

/** What kind of thing is at a path (inode(7)). */
export type FileType = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'block' | 'char'

/** What stat(2) says of something that is there. */
export interface Present {
  readonly exists: true
  readonly type: FileType
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  /** 'UNKNOWN' when no user has this id. */
  readonly user: string
  readonly gid: number
  readonly group: string
  /** Bytes. */
  readonly size: number
  readonly inode: number
  readonly device: number
  readonly links: number
  /** Seconds since the epoch, with a fraction. */
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  readonly blocks: number
  readonly blockSize: number
  /** Of a device file. */
  readonly deviceType: number
  /** Of a link, as it is written there. */
  readonly target?: string
}

/** Nothing there; or a directory on the way may not be searched; or a link (followed) whose target is missing. */
export interface Missing {
  readonly exists: false
  readonly why: 'absent' | 'denied' | 'broken'
}

/** What stat(2) answers. */
export type Stat = Present | Missing

/** Nothing there. */
export const ABSENT: Missing = { exists: false, why: 'absent' }

// The type bits of st_mode, in octal (inode(7)).
const TYPES: Record<string, FileType> = {
  '100000': 'file',
  '40000': 'directory',
  '120000': 'link',
  '10000': 'fifo',
  '140000': 'socket',
  '60000': 'block',
  '20000': 'char',
}

// %N with QUOTING_STYLE=literal is the name, and ` -> target` after a link's (coreutils, stat invocation).
const FORMAT = '%N\\0%f %u %g %s %i %d %h %b %o %t %T %.9X %.9Y %.9Z\\0%U\\0%G\\0'
const AFTER_NAME = 3

// A name that stat could not answer for: W says why, asking only the shell's own test.
const MISSING = raw(`missing() {
for p do
[ -e "$p" ] || { [ -L "$p" ] && [ -z "$follow" ]; } || {
w=absent; [ -L "$p" ] && w=broken
d=$p
while case $d in ?*/*) true ;; *) false ;; esac; do
d=\${d%/*}
[ -d "$d/" ] && { [ -x "$d/" ] || w=denied; break; }
done
printf '%s\\0%s\\0' "$p" "$w"; }
done
}`)

const kind = (name: string, follow: boolean): FactKind<string, Stat> => ({
  name,
  isAbsent: (is) => !is.exists,
  script: (keys) => {
    const asked = batches(keys.map(operand))
    const stat = raw(`QUOTING_STYLE=literal stat ${follow ? '-L ' : ''}--printf='${FORMAT}' --`)
    return sh`${MISSING}
follow=${follow ? 'yes' : ''}
${join(
  asked.map((paths) => sh`${stat} ${paths}`),
  '\n',
)}
printf '\\0'
${join(
  asked.map((paths): Sh => sh`missing ${paths}`),
  '\n',
)}`
  },
  parse: (stdout, keys) => {
    const found = new Map<string, Stat>()
    const words = stdout.toString().split('\0')
    let at = 0
    for (const key of keys) {
      const path = operand(key)
      const name = words[at]
      if (name === undefined || (name !== path && !name.startsWith(`${path} -> `))) continue
      const seen = present(words.slice(at + 1, at + 1 + AFTER_NAME))
      if ((seen.type === 'link') === (name === path)) continue
      found.set(path, seen.type === 'link' ? { ...seen, target: name.slice(path.length + 4) } : seen)
      at += 1 + AFTER_NAME
    }
    for (at += 1; at + 1 < words.length; at += 2)
      found.set(words[at]!, {
        exists: false,
        why: words[at + 1] === 'denied' ? 'denied' : words[at + 1] === 'broken' ? 'broken' : 'absent',
      })
    return keys.map((key) => found.get(operand(key)) ?? ABSENT)
  },
})

function present([numbers, user, group]: readonly string[]): Present {
  const [raw = '0', ...rest] = (numbers ?? '').split(' ')
  const mode = Number.parseInt(raw, 16)
  const [uid, gid, size, inode, device, links, blocks, blockSize] = rest.slice(0, 8).map(Number)
  const [major, minor] = rest.slice(8, 10).map((digits) => Number.parseInt(digits, 16))
  const [atime, mtime, ctime] = rest.slice(10).map(Number)
  return {
    exists: true,
    type: TYPES[(mode & 0o170000).toString(8)] ?? 'file',
    mode: mode & 0o7777,
    uid: uid!,
    user: user!,
    gid: gid!,
    group: group!,
    size: size!,
    inode: inode!,
    device: device!,
    links: links!,
    atime: atime!,
    mtime: mtime!,
    ctime: ctime!,
    blocks: blocks!,
    blockSize: blockSize!,
    // gnu_dev_makedev(3), for numbers that fit its low half
    deviceType: ((minor! & 0xff) | (major! << 8) | ((minor! & ~0xff) << 12)) >>> 0,
  }
}

/** What is at a path itself: a symbolic link is a link (lstat(2), through stat(1)). */
export const lstat = factKind(kind('lstat', false))

/** What a path leads to: links are followed (stat(2)); one that leads nowhere is missing, 'broken'. */
export const stat = factKind(kind('stat', true))
