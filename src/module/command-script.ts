import { operand } from './host-path.ts'
import { raw, type Sh, sh } from './shell.ts'

/** Longest text given to a program as one word; Linux takes 128 KiB (execve(2), MAX_ARG_STRLEN). */
const LONGEST_WORD = 100 * 1024

/** What the script writes to stderr, before anything else and with no output, when the command could not be started. */
export const NOT_STARTED = 'mhprov: [Errno '

const LOSE = raw(`lose() { printf '${NOT_STARTED}%s] %s: %s\\n' "$@" >&2; exit "$1"; }`)

// Looked for beforehand, so that a command that is missing is told from one that ends with 127. The shell's own commands do not count.
const FIND = raw(`case $1 in
*/*) if ! [ -e "$1" ]; then lose 2 'No such file or directory' "'$1'"
elif [ -d "$1" ] || ! [ -x "$1" ]; then lose 13 'Permission denied' "'$1'"; fi ;;
*) (set -f; IFS=:; for d in $PATH; do [ -f "\${d:-.}/$1" ] && [ -x "\${d:-.}/$1" ] && exit 0; done; exit 1) ||
lose 2 'No such file or directory' "'$1'" ;;
esac`)

/** Enters a directory or says why not; the path has its links resolved, as after chdir(2). */
const enter = (dir: string): Sh => {
  const at = operand(dir)
  return sh`cd -P ${at} 2>/dev/null || if ! [ -e ${at} ]; then lose 2 'No such file or directory' ${`'${dir}': chdir`}
elif ! [ -d ${at} ]; then lose 20 'Not a directory' ${`'${dir}': chdir`}
else lose 13 'Permission denied' ${`'${dir}': chdir`}; fi`
}

/** Words that run a program text, and the lines they need before them: a long text is read from a descriptor, not from a word. */
export function programWords(executable: string, text: string): { before: Sh; words: Sh[] } {
  if (Buffer.byteLength(text) <= LONGEST_WORD) return { before: raw(':'), words: [sh`${executable}`, sh`-c`, sh`${text}`] }
  let end = 'MHPROV'
  while (text.includes(end)) end += '_'
  return { before: raw(`exec 9<<'${end}'\n${text}\n${end}`), words: [sh`${executable}`, raw('/dev/fd/9')] }
}

/**
 * Runs a command in a process of its own, in place of the script's subshell: its exit code is the script's, its stdin the step's.
 * Nothing of the script is seen by it.
 */
export const commandScript = (command: { before: Sh; words: readonly Sh[] }, dir: string | undefined): Sh => sh`(
${LOSE}
${command.before}
${dir === undefined ? raw(':') : enter(dir)}
set -- ${command.words}
${FIND}
exec "$@"
)`
