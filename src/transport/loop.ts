import { randomBytes } from 'node:crypto'

/** What a remote shell is started with, and the text by which it says that it is ready. */
export interface Loop {
  /** POSIX sh on one line without single quotes, backslashes and exclamation marks: single-quoted, it is one word to sh, bash, fish and tcsh alike. */
  readonly program: string
  /** Stands around the greeting on stdout and is all of it on stderr. Not in the program as such, so that a shell which echoes commands does not print it. */
  readonly mark: string
}

/**
 * The program that answers requests on a host. It greets, reads the token from the first line of stdin, then, per request,
 * a line `id scriptBytes stdinBytes`, the script, and the payload with a line after it.
 *
 * The script and the payload each end with the token. Without it the connection broke while they were on their way: a script
 * cut short is not run, and one that reads a payload cut short is killed before it can take the end for the real one.
 * Hence the shell must lead its own process group, which sshd sees to for every channel.
 *
 * Bytes are counted off by dd(1) with count_bytes and fullblock: head(1) of busybox reads more than it was asked for.
 */
export function remoteLoop(): Loop {
  const [one, two] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')]
  const take = (count: string) => `dd bs=65536 count="${count}" iflag=fullblock,count_bytes 2>/dev/null`
  const script = '(eval "unset _k _f _i _n _m _s _r _d;$_s")'
  const program = [
    'for _d in /usr/local/sbin /usr/sbin /sbin; do case :$PATH: in *:$_d:*) ;; *) PATH=$PATH:$_d; export PATH;; esac; done',
    // A directory that cannot be entered (the home of the login user, after sudo) makes many tools fail.
    '[ -x . ] || cd 2>/dev/null || cd /',
    `printf %s%s ${one} ${two} >&2`,
    `printf %s%s%s%s%s ${one} ${two} "$(LC_ALL=C id) HOME=$HOME" ${one} ${two}`,
    'read -r _k _f || exit',
    [
      'while read -r _i _n _m',
      `do _s=$(${take('$_n')})`,
      'case $_s in *"$_k") ;; *) exit 1;; esac',
      '_s=${_s%"$_k"}',
      `if [ "$_m" -gt 0 ]`,
      `then { ${take('$_m')}; read -r _d; [ "$_d" = "$_k" ] || kill -9 0; } | ( ${script}; _r=$?; cat >/dev/null; exit "$_r")`,
      `else ${script} </dev/null`,
      'fi',
      '_r=$?',
      'printf "$_f" "$_i" "$_r" || exit',
      'printf "$_f" "$_i" "$_r" >&2 || exit',
      'done',
    ].join('; '),
  ].join('; ')
  return { program, mark: one + two }
}

/** A script as the loop reads it: its header line, itself, the token. */
export function requestHead(id: number, script: string, payloadBytes: number, token: string): Buffer {
  const body = Buffer.from(script + token)
  return Buffer.concat([Buffer.from(`${id} ${body.length} ${payloadBytes}\n`), body])
}

/** A fresh secret between us and one shell: the line that tells it, and how the frames it will print begin. */
export function newToken(): { token: string; line: string; marker: Buffer } {
  const token = randomBytes(16).toString('hex')
  // `<` keeps the digits of the token from being taken for more octal digits.
  return { token, line: `${token} \\000<${token} %s %s\\n\n`, marker: Buffer.from(`\0<${token} `) }
}
