import { randomBytes } from 'node:crypto'
import type { Opening } from './greeting.ts'
import { remoteLoop } from './loop.ts'
import { type Become, HostLost } from './transport.ts'

/** Opens the shell of the login user. */
export function asLoginUser(user: string, host: string): Opening {
  const { program, mark } = remoteLoop()
  return {
    command: `exec /bin/sh -c '${program}'`,
    mark,
    explain: (end, stderr, stdout) => {
      const said = lastLine(stderr) || lastLine(stdout)
      if (end === 'timeout')
        return new HostLost(
          'timeout',
          `${user} on ${host} got no shell in time${quoted(said)}`,
          'does a start-up file of theirs wait for input?',
        )
      return new HostLost('disconnected', `the login shell of ${user} on ${host} ended at once${quoted(said)}`)
    },
  }
}

// sudo(8): -H sets HOME, -S reads the password from stdin, -p gives the prompt, -k asks even if a password was given lately.
// Without sudo, root needs none: runuser(1) starts the command as it is, so HOME and the names are ours to set.
// LANGUAGE picks the messages that are recognised below, and leaves LC_* alone, which sudo would hand on.
const SWITCH = [
  'if command -v sudo >/dev/null 2>&1',
  'then LANGUAGE=en; export LANGUAGE; exec sudo -H -S -k -p "$1" -u "$2" -- /bin/sh -c "unset LANGUAGE; $0"',
  'elif [ "$(id -u)" = 0 ]; then exec runuser -u "$2" -- /bin/sh -c "HOME=~$2 USER=$2 LOGNAME=$2; export HOME USER LOGNAME; $0"',
  'else echo mhprov: no sudo >&2; exit 127',
  'fi',
].join('; ')

/** Opens the shell of another user, by sudo, or as root by runuser where there is no sudo. `login` is who asks. */
export function asOtherUser(become: Become, login: string, host: string): Opening {
  const { user, password } = become
  if (!/^[\p{L}\p{N}_.@#][\p{L}\p{N}_.@#$-]*$/u.test(user)) throw new HostLost('become', `"${user}" cannot be the name of a user`)
  const { program, mark } = remoteLoop()
  const prompt = `mhprov-${randomBytes(12).toString('hex')}:`
  const lost = (message: string, hint?: string) => new HostLost('become', message, hint)
  const wrong = () => lost(`sudo did not accept the password of ${login} on ${host}`, WAYS_OUT)
  let answered = false
  return {
    command: `exec /bin/sh -c '${SWITCH}' '${program}' '${prompt}' '${user}'`,
    mark,
    hear: (stderr, write) => {
      const asked = stderr.split(prompt).length - 1
      if (asked > 1) throw wrong()
      if (asked === 0 || answered) return
      if (!password) throw lost(`sudo on ${host} asks for the password of ${login}, and none is at hand`, WAYS_OUT)
      answered = true
      write(`${password.reveal()}\n`)
    },
    explain: (end, stderr) => {
      const said = stderr.replaceAll(prompt, '').replaceAll(program, '…')
      if (end === 'timeout') return lost(`sudo on ${host} gave no shell of ${user} in time${quoted(lastLine(said))}`)
      if (/^mhprov: no sudo$/m.test(said))
        return lost(`there is no sudo on ${host}, and ${login} is not root`, 'log in as root (ansible_user: root), or install sudo there')
      if (/unknown user|user .* (does not exist|not found)/i.test(said))
        return new HostLost('no-user', `there is no user "${user}" on ${host}`)
      if (/must have a tty/.test(said))
        return lost(`sudo on ${host} wants a terminal`, `remove "requiretty" for ${login} from the sudoers file there`)
      if (/not in the sudoers file|is not allowed to|may not run sudo|can't do that/i.test(said))
        return lost(`${login} may not become ${user} on ${host}: its sudoers file does not allow it`)
      if (answered && /incorrect password|try again|authentication fail|incorrect authentication/i.test(said)) return wrong()
      return lost(`${login} could not become ${user} on ${host}${quoted(lastLine(said))}`)
    },
  }
}

const WAYS_OUT = 'set ansible_become_password, or give it when asked: --ask-become-pass (-K)'

/** What a host said is data: without control characters, and not too much of it. */
const lastLine = (text: string): string =>
  text
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '')
    .at(-1)
    ?.slice(0, 200) ?? ''

const quoted = (said: string): string => (said === '' ? '' : `: ${said}`)
