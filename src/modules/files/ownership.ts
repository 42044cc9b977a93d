import type { Creator } from '../../facts/creator.ts'
import type { Present } from '../../facts/stat.ts'
import { type Sh, sh } from '../../module/shell.ts'
import { chmodOperand, octal, settleMode } from './file-mode.ts'

/** What a task wants of a file's permissions and owner; unset is left alone. */
export interface WantedAttributes {
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

/** What will be set, already compared: only what differs is here. */
export interface Attributes {
  readonly mode?: number | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

type Owned = Pick<Present, 'mode' | 'uid' | 'user' | 'gid' | 'group'>

const NUMBER = /^\d+$/
const same = (wanted: string, id: number, name: string) => (NUMBER.test(wanted) ? Number(wanted) === id : wanted === name)

/** What differs from the wanted attributes; undefined when nothing does. A link has no mode of its own. */
export function differences(want: WantedAttributes, is: Owned, about: { type: Present['type']; umask: number }): Attributes | undefined {
  const owner = want.owner !== undefined && !same(want.owner, is.uid, is.user) ? want.owner : undefined
  const group = want.group !== undefined && !same(want.group, is.gid, is.group) ? want.group : undefined
  const mode =
    want.mode === undefined || about.type === 'link'
      ? is.mode
      : settleMode(want.mode, is.mode, { directory: about.type === 'directory', umask: about.umask })
  // chown(2) takes setuid and setgid away, so they are set anew after it
  const set = want.mode !== undefined && about.type !== 'link' && (mode !== is.mode || ((owner ?? group) !== undefined && mode & 0o6000))
  if (!set && owner === undefined && group === undefined) return undefined
  return { ...(set && { mode }), ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) }
}

/** In words for a person, "mode 0600 → 0644, owner root → www-data". */
export const describe = (set: Attributes, is: Owned): string =>
  [
    set.mode !== undefined && set.mode !== is.mode && `mode ${octal(is.mode)} → ${octal(set.mode)}`,
    set.owner !== undefined && `owner ${is.user || is.uid} → ${set.owner}`,
    set.group !== undefined && `group ${is.group || is.gid} → ${set.group}`,
  ]
    .filter((part) => part)
    .join(', ')

/** What will be there once they are set. The name of an id, and the id of a name, are not known beforehand. */
export const withAttributes = <T extends Owned>(set: Attributes | undefined, is: T): T => ({
  ...is,
  ...(set?.mode !== undefined && { mode: set.mode }),
  ...(set?.owner !== undefined && (NUMBER.test(set.owner) ? { uid: Number(set.owner), user: '' } : { uid: -1, user: set.owner })),
  ...(set?.group !== undefined && (NUMBER.test(set.group) ? { gid: Number(set.group), group: '' } : { gid: -1, group: set.group })),
})

/** A prediction of something made now by the task's user, before any attributes are set. */
export const made = (type: Present['type'], mode: number, by: Creator, size = 0): Present => ({
  exists: true,
  type,
  mode,
  size,
  uid: by.uid,
  user: by.user,
  gid: by.gid,
  group: by.group,
  inode: 0,
  device: 0,
  links: 1,
  atime: 0,
  mtime: 0,
  ctime: 0,
  blocks: 0,
  blockSize: 0,
  deviceType: 0,
})

const id = (name: string) => (NUMBER.test(name) ? `+${name}` : name)

/** Fails before anything was done when an owner or group is unknown on the host. Needs `fail` of `preamble`. */
export const lookUp = (want: Attributes): Sh => {
  const user = want.owner !== undefined && !NUMBER.test(want.owner)
  const group = want.group !== undefined && !NUMBER.test(want.group)
  return sh`${user ? sh`id -u -- ${want.owner!} >/dev/null 2>&1 || fail ${`chown failed: failed to look up user ${want.owner}`}` : sh`:`}
${group ? sh`getent group -- ${want.group!} >/dev/null || fail ${`chgrp failed: failed to look up group ${want.group}`}` : sh`:`}`
}

/** Sets them on paths, owner first. `paths` is shell text of one or more words; with `link` a link itself is meant. */
export function setAttributes(set: Attributes, paths: Sh, link = false): Sh {
  const owner = set.owner === undefined ? '' : id(set.owner)
  const spec = set.group === undefined ? owner : `${owner}:${id(set.group)}`
  return sh`${spec === '' ? sh`:` : sh`e=$(chown ${link ? sh`-h ` : sh``}-- ${spec} ${paths} 2>&1) || fail "chown failed: $e"`}
${set.mode === undefined || link ? sh`:` : sh`e=$(chmod -- ${chmodOperand(set.mode)} ${paths} 2>&1) || fail "chmod failed: $e"`}`
}

/** Defines `fail MESSAGE`, which ends the script with it. */
export const preamble: Sh = sh`fail() { printf '%s\\n' "$1" >&2; exit 1; }`

/** The keys of a task's result that tell what is at a path, named as Ansible names them. */
export const pathResult = (is: Present): Record<string, unknown> => ({
  mode: octal(is.mode),
  owner: is.user,
  group: is.group,
  uid: is.uid,
  gid: is.gid,
  size: is.size,
  state: is.type === 'directory' || is.type === 'link' ? is.type : is.links > 1 ? 'hard' : 'file',
})
