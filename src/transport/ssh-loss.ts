import { HostLost } from './transport.ts'

interface SocketError extends Error {
  readonly code?: string | number
  /** Where ssh2 met the error: `client-socket`, `client-authentication`, `client-timeout`, `handshake`, `protocol`, `agent`. */
  readonly level?: string
}

/** Why no TCP connection came about. `name` is the host's, `at` its address and port. */
export function explainTcp(error: SocketError, name: string, at: string): HostLost {
  switch (error.code) {
    case 'ECONNREFUSED':
      return new HostLost('refused', `${name} refused the connection (${at})`, 'does sshd run there, and is the port right (ansible_port)?')
    case 'ENOTFOUND':
      return new HostLost('unresolvable', `${name}: there is no such host name (${at})`, 'correct ansible_host, or the name server')
    case 'EAI_AGAIN':
      return new HostLost('unresolvable', `${name}: the name server does not answer (${at})`, 'is this machine online?')
    case 'ETIMEDOUT':
      return new HostLost('timeout', `${name} does not answer (${at})`)
    default:
      return new HostLost('refused', `${name} cannot be reached (${at}): ${error.message}`)
  }
}

/** Why a login failed, from what ssh2 said of it. `tried` is what was offered, `accepted` what the host would take. */
export function explainLogin(error: SocketError | undefined, name: string, user: string, tried: string, accepted: string): HostLost {
  const offered = tried === '' ? 'there was no key and no password to try' : `tried ${tried}`
  if (error?.level === 'client-authentication')
    return new HostLost(
      'auth',
      `${name} did not let ${user} in: ${offered}${accepted && `; it accepts ${accepted}`}`,
      'set ansible_user, ansible_ssh_private_key_file or ansible_password; or load a key into the agent with ssh-add',
    )
  if (/too many authentication failures/i.test(error?.message ?? ''))
    return new HostLost(
      'auth',
      `${name} broke off after too many tries as ${user}: ${offered}`,
      'name the right key with ansible_ssh_private_key_file',
    )
  if (error?.level === 'protocol')
    return new HostLost(
      'disconnected',
      `${name} closed the connection without a word`,
      'is it a ssh port? sshd does this too when it has too many logins at once (MaxStartups) or has banned us',
    )
  if (error?.level === 'handshake') return new HostLost('disconnected', `no ssh with ${name}: ${error.message}`)
  return new HostLost('disconnected', `${name} ended the login as ${user}${error ? `: ${error.message}` : ''}`)
}

/** Why a login that was up is gone. */
export function explainLoss(error: SocketError | undefined, name: string): HostLost {
  const closed = error === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE'
  const why = error?.level === 'client-timeout' ? 'it no longer answers' : closed ? 'it was closed at the other end' : error.message
  return new HostLost('disconnected', `the connection to ${name} was lost: ${why}`)
}
