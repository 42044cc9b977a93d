import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { DialError } from '../module/program.ts'
import { Deadline } from './deadline.ts'
import { HostLost } from './transport.ts'

/** An address as people write it: `web1:22`, `[::1]:22`. */
export const hostAndPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

/** A connection that is being made, within a time: one that comes after all is closed. Rejects with a DialError whose message is the reason alone. */
export async function dialWithin(seconds: number, dialled: Promise<Duplex>): Promise<Duplex> {
  const deadline = new Deadline(seconds, new HostLost('timeout', `no answer within ${seconds} s`))
  try {
    return await deadline.limit(dialled)
  } catch (error) {
    dialled.then(
      (late) => late.destroy(),
      () => undefined, // its reason is the one that is told, or came too late to be told
    )
    throw error instanceof DialError ? error : new DialError((error as Error).message)
  } finally {
    deadline.stop()
  }
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'Connection refused',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENOTFOUND: 'there is no such host name',
}

/** From this machine itself, its errors in the words that sshd has for the same. */
export function dialHere(host: string, port: number): Promise<Duplex> {
  const socket = connect({ host, port, noDelay: true })
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket.off('error', reject)))
    socket.once('error', (error: NodeJS.ErrnoException) => reject(new Error(REASONS[error.code ?? ''] ?? error.message)))
  })
}

// RFC 4254, 5.1
const ADMINISTRATIVELY_PROHIBITED = 1
const FORWARDING = 'set AllowTcpForwarding yes (local suffices) in its sshd_config; DisableForwarding and PermitOpen forbid it, too'

/** Why a server opened no channel for a TCP connection. */
export const refusedChannel = (error: Error & { readonly reason?: unknown }): DialError =>
  error.reason === ADMINISTRATIVELY_PROHIBITED
    ? new DialError('its SSH server forwards no connections for this user', FORWARDING)
    : new DialError(error.message.replace('(SSH) Channel open failure: ', ''))
