import type { Payload, Step } from '../../module/define.ts'
import { run } from '../../module/define.ts'
import { operand, parent } from '../../module/host-path.ts'
import { join, raw, type Sh, sh } from '../../module/shell.ts'
import { chmodOperand } from './file-mode.ts'
import { makeDirectories, type NewDirectory } from './make-directory.ts'
import { type Attributes, lookUp, preamble, setAttributes } from './ownership.ts'
import { splitWords } from './words.ts'

/** A file as it is to be on the host. */
export interface HostFile {
  readonly path: string
  /** What it will hold: bytes that travel with the step, or another file of the host. */
  readonly from: { readonly bytes: Payload; readonly size: number } | { readonly path: string }
  /** Permission bits. */
  readonly mode: number
  /** Must be set, or the step fails. */
  readonly owner?: string | undefined
  readonly group?: string | undefined
  /** Ids of the file it replaces: kept where the user may. */
  readonly keep?: { readonly uid: number; readonly gid: number } | undefined
  /** Made first, outermost first. */
  readonly directories?: readonly NewDirectory[]
  /** A command that must accept the new file, owner and mode set, before it replaces the old; `%s` stands for its path. */
  readonly validate?: string | undefined
  /** The old file is copied to `PATH.PID.YYYY-MM-DD@HH:MM:SS~`. */
  readonly backup?: boolean | undefined
  /** When the file cannot be replaced (a mount point), it is overwritten in place instead. */
  readonly unsafe?: boolean | undefined
  /** What `readReport` gives back besides `backup_file`. */
  readonly report?: Readonly<Record<string, string>>
}

/** The words of a `validate` command, `%s` put to the new file; undefined when it has no `%s` or its quotes are not closed. */
export const validateWords = (command: string): string[] | undefined => (command.includes('%s') ? splitWords(command) : undefined)

const validator = (command: string): Sh => {
  const word = (text: string) =>
    join(
      text.split('%s').map((part) => (part === '' ? raw('') : sh`${part.replaceAll('%%', '%')}`)),
      '"$t"',
    )
  return sh`${join((validateWords(command) ?? []).map(word), ' ')} </dev/null >&2 || fail "failed to validate: rc:$?"`
}

/**
 * One step that puts a file in place whole or not at all: written beside the old one under a name nobody can guess, readable to
 * nobody else, measured, given its owner and mode, checked, and only then moved over it (rename(2)).
 */
export function writeFile(file: HostFile): Step {
  const { from, keep } = file
  const wants: Attributes = {
    ...(file.owner !== undefined && { owner: file.owner }),
    ...(file.group !== undefined && { group: file.group }),
  }
  const inherit =
    keep && (file.owner === undefined || file.group === undefined)
      ? sh`chown -- ${`+${keep.uid}:+${keep.gid}`} "$t" 2>/dev/null || chgrp -- ${`+${keep.gid}`} "$t" 2>/dev/null || :`
      : sh`:`
  const written =
    'path' in from
      ? sh`cat <${operand(from.path)} >"$t" || fail ${`cannot copy ${from.path} to ${file.path}`}`
      : sh`cat >"$t" || fail ${`cannot write ${file.path}: it was left as it was`}
[ "$(stat -c %s -- "$t")" = ${from.size} ] || fail ${`cannot write ${file.path}: not all of it arrived, it was left as it was`}`
  const backup = sh`b=$f.$(exec sh -c 'echo "$PPID"').$(date '+%Y-%m-%d@%H:%M:%S~')
cp -p -- "$f" "$b" || fail ${`cannot make a backup of ${file.path}`}`
  const replace = sh`mv -f -T -- "$t" "$f"`
  const script = sh`(
${preamble}
f=${operand(file.path)}
t= b=
trap '[ -z "$t" ] || rm -f -- "$t"' EXIT
trap 'exit 1' HUP INT TERM
${lookUp(wants)}
${makeDirectories(file.directories ?? [])}
umask 077
t=$(mktemp -- ${`${operand(parent(file.path)).replace(/\/$/, '')}/.mhprov.XXXXXXXXXX`}) || fail ${`cannot write into ${parent(file.path)}`}
${written}
${inherit}
${setAttributes(wants, raw('"$t"'))}
chmod -- ${chmodOperand(file.mode)} "$t" || fail ${`cannot set the mode of ${file.path}`}
${file.validate === undefined ? sh`:` : validator(file.validate)}
${file.backup ? backup : sh`:`}
${file.unsafe ? sh`${replace} 2>/dev/null || { cat <"$t" >"$f" && rm -f -- "$t"; }` : replace} || fail ${`cannot replace ${file.path}`}
t=
${join(
  Object.entries(file.report ?? {}).map(([key, value]) => sh`printf '%s\\0' ${key} ${value}`),
  '\n',
)}
[ -z "$b" ] || printf '%s\\0' backup_file "$b"
)`
  return run(script, 'path' in from ? {} : { stdin: from.bytes })
}

/** What executed `writeFile` steps reported, by key. */
export function readReport(outputs: readonly { readonly stdout: Buffer }[]): Record<string, string> {
  const report: Record<string, string> = {}
  for (const { stdout } of outputs) {
    const words = stdout.toString().split('\0')
    for (let at = 0; at + 1 < words.length; at += 2) report[words[at]!] = words[at + 1]!
  }
  return report
}
