import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { Client } from 'ssh2'
import { type Trust, judgeHostKey, preferredTypes } from './host-key.ts'
import { appendKnownHost, hostName } from './known-hosts.ts'
import { type Credentials, prepareLogin } from './ssh-auth.ts'
import { HostLost } from './transport.ts'

/** One machine to log in to: the host, or one on the way to it. */
export interface Hop {
  readonly trust: Trust
  readonly user: string
  readonly credentials: Credentials
  /** Where accept-new writes. */
  readonly knownHostsFile: string
  readonly hashKnownHosts: boolean
  /** Seconds for the whole login. */
  readonly timeout: number
}

/** A login that is up. */
export interface Login {
  readonly ssh: NodeSSH
  readonly client: Client
  /** Why it is gone, once it is. */
  readonly lost: () => HostLost | undefined
  /** Says goodbye, and does not wait for the answer. */
  readonly end: () => void
}

/** Three unanswered questions, ten seconds apart, and a silent host is lost. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 }

/**
 * Logs in, over a new TCP connection or through `via`. Rejects with HostLost within the hop's timeout, in which the time a person
 * takes for a passphrase does not count.
 */
export async function logIn(hop: Hop, via: Duplex | undefined, signal: AbortSignal | undefined): Promise<Login> {
  const { name, host, port } = hop.trust
  const dialogue = await prepareLogin(hop.user, hop.credentials)
  const clock = new Deadline(hop.timeout, signal, name)
  let socket: Duplex | undefined = via
  try {
    socket ??= await clock.limit(openTcp(host, port, name, clock))
    return await clock.limit(dialog(hop, socket, dialogue, clock))
  } catch (error) {
    socket?.destroy()
    throw error
  } finally {
    clock.stop()
  }
}
