import { connect as connectTcp } from 'node:net'
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { Client, ServerHostKeyAlgorithm } from 'ssh2'
import { Deadline } from './deadline.ts'
import { hostAndPort } from './dial.ts'
import { judgeHostKey, preferredTypes, type Trust } from './host-key.ts'
import { appendKnownHost, hostName } from './known-hosts.ts'
import { type Credentials, type Dialogue, prepareLogin } from './ssh-auth.ts'
import { explainLogin, explainLoss, explainTcp } from './ssh-loss.ts'
import { HostLost } from './transport.ts'

/** One machine to log in to: the host, or one on the way to it. */
export interface Hop {
  readonly trust: Trust
  readonly user: string
  readonly credentials: Credentials
  /** Where accept-new writes, and whether names are hashed there. */
  readonly knownHostsFile: string
  readonly hashKnownHosts: boolean
  /** Seconds for the whole login. */
  readonly timeout: number
}

/** A login that is up. */
export interface Login {
  readonly hop: Hop
  readonly ssh: NodeSSH
  readonly client: Client
  /** Why it is gone, once it is. */
  readonly lost: () => HostLost | undefined
  /** Settles when it is gone. */
  readonly gone: Promise<void>
  /** Says goodbye without waiting for the answer. */
  readonly end: () => void
}

/** Three unanswered questions ten seconds apart, and a silent host is lost. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 }

/**
 * Logs in, over a new TCP connection or `via` a channel of another login. Rejects with HostLost within the hop's timeout; the time
 * a person takes for a passphrase does not count.
 */
export async function logIn(hop: Hop, via: Duplex | undefined, signal: AbortSignal | undefined): Promise<Login> {
  const { name, host, port } = hop.trust
  const deadline = new Deadline(hop.timeout, new HostLost('timeout', `${name} did not answer within ${hop.timeout} s`), signal)
  let socket = via
  try {
    const { passphrase } = hop.credentials
    const dialogue = await prepareLogin(hop.user, { ...hop.credentials, passphrase: passphrase && deadline.exempt(passphrase) })
    if (!socket) {
      // Nagle's algorithm would hold every second packet of the handshake back for 40 ms.
      const tcp = connectTcp({ host, port, noDelay: true })
      socket = tcp
      const connected = new Promise((resolve, reject) => tcp.once('connect', resolve).once('error', reject))
      await deadline.limit(
        connected.catch((error) => {
          throw explainTcp(error, name, hostAndPort(host, port))
        }),
      )
    }
    return await deadline.limit(negotiate(hop, socket, dialogue))
  } catch (error) {
    socket?.on('error', () => undefined)
    socket?.destroy()
    throw error
  } finally {
    deadline.stop()
  }
}

function negotiate(hop: Hop, sock: Duplex, dialogue: Dialogue): Promise<Login> {
  const { trust, user } = hop
  const ssh = new NodeSSH()
  let trusted: Buffer | undefined
  let refused: HostLost | undefined
  const hostVerifier = (key: Buffer, verify: (trusted: boolean) => void): void => {
    // Asked again whenever the connection changes its session keys.
    const verdict = trusted?.equals(key) ? 'known' : judgeHostKey(key, trust)
    const answer = (outcome: HostLost | undefined) => {
      trusted = key
      refused = outcome
      verify(outcome === undefined)
    }
    if (verdict instanceof HostLost) answer(verdict)
    else if (verdict === 'known') answer(undefined)
    else
      appendKnownHost(hop.knownHostsFile, hostName(trust.host, trust.port), key, hop.hashKnownHosts).then(
        () => answer(undefined),
        (error: Error) => answer(new HostLost('host-key', `the host key of ${trust.name} cannot be remembered: ${error.message}`)),
      )
  }
  const started = ssh.connect({
    sock,
    username: user,
    readyTimeout: 0,
    ...KEEPALIVE,
    algorithms: { serverHostKey: preferredTypes(trust) as ServerHostKeyAlgorithm[] },
    hostVerifier,
    authHandler: dialogue.handler,
  })
  // node-ssh rejects at any error, even one of an agent's key after which the login goes on, and stops listening once it is up:
  // an error then would end the process. So we listen ourselves, and never stop.
  started.catch(() => undefined)
  const client = ssh.connection
  if (!client) throw new Error('node-ssh made no connection')
  return new Promise((resolve, reject) => {
    let up = false
    let error: Error | undefined
    let loss: HostLost | undefined
    const gone = new Promise<void>((settle) => client.once('close', settle))
    const fail = () => reject(refused ?? explainLogin(error, trust.name, user, dialogue.tried(), dialogue.accepted().join(', ')))
    client.on('error', (met) => {
      if ((met as { level?: string }).level === 'agent') return
      error ??= met
      if (!up) fail()
    })
    client.on('close', () => {
      loss ??= explainLoss(error, trust.name)
      if (!up) fail()
    })
    client.on('change password', () =>
      reject(new HostLost('auth', `the password of ${user} on ${trust.name} has expired`, 'log in there once and change it')),
    )
    client.on('ready', () => {
      up = true
      const end = () => {
        client.end()
        if ('destroySoon' in sock) (sock as Duplex & { destroySoon(): void }).destroySoon()
      }
      resolve({ hop, ssh, client, lost: () => loss, gone, end })
    })
  })
}
