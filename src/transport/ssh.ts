import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import type { Secret } from '../secrets/secret.ts'
import { connectionOver } from './connection.ts'
import { Deadline } from './deadline.ts'
import { refusedChannel } from './dial.ts'
import type { Trust } from './host-key.ts'
import { type KnownHost, readKnownHosts } from './known-hosts.ts'
import type { Credentials } from './ssh-auth.ts'
import { expandHome, readSshConfig } from './ssh-config.ts'
import { type Hop, type Login, logIn } from './ssh-login.ts'
import type { ShellStream } from './stream.ts'
import { type Connection, HostLost, type Target } from './transport.ts'

export interface SshOptions {
  /** Interrupts the login; a connection that is up is closed with `close()`. */
  readonly signal?: AbortSignal
  /** Asked for the passphrase of an encrypted key file, once per file and process. */
  readonly passphrase?: (file: string) => Promise<Secret | undefined>
  /** `ansible_password`: for the host itself, not for those on the way. */
  readonly password?: Secret
  /** The agent's socket instead of SSH_AUTH_SOCK; '' for none. */
  readonly agent?: string
  /** Tried when the target names no key, instead of ~/.ssh/id_ed25519, id_ecdsa and id_rsa. */
  readonly identityFiles?: readonly string[]
  /** Of the agent's keys, offer only those (IdentitiesOnly in ssh_config). */
  readonly identitiesOnly?: boolean
  /** Hash the names that accept-new writes (HashKnownHosts in ssh_config). */
  readonly hashKnownHosts?: boolean
}

/** Logs in over ssh, through the target's jump hosts if it has some. Rejects with HostLost, within the connect timeout for each of them. */
export async function connectSsh(target: Target, options: SshOptions = {}): Promise<Connection> {
  const known = await readKnownHosts(knownHostsFiles(target)).catch((error: Error) => {
    throw new HostLost('host-key', `the known hosts of ${target.name} cannot be read: ${error.message}`)
  })
  const hops = [
    ...(await Promise.all(target.proxyJump.map((jump) => jumpHop(jump, target, known, options)))),
    lastHop(target, known, options),
  ]
  const logins: Login[] = []
  const end = async () => {
    for (const login of logins.toReversed()) login.end()
    await goodbye(logins)
  }
  try {
    let via: Duplex | undefined
    for (const hop of hops) {
      const last = logins.at(-1)
      via = last && (await forward(last, hop, options.signal))
      logins.push(await logIn(hop, via, options.signal))
    }
  } catch (error) {
    await end()
    throw error instanceof HostLost && logins.length < target.proxyJump.length ? onTheWay(error, target) : error
  }
  const login = logins.at(-1)
  if (!login) throw new Error('a way to a host has at least one hop')
  const lost = () => logins.find((one) => one.lost())?.lost()
  const dial = async (host: string, port: number) => {
    try {
      return await login.ssh.forwardOut('127.0.0.1', 0, host, port)
    } catch (error) {
      throw refusedChannel(error as Error)
    }
  }
  return connectionOver({ loginUser: login.hop.user, start: (command) => start(login, command), dial, lost, end }, target)
}

const knownHostsFiles = (target: Target) =>
  target.knownHostsFiles.length > 0 ? target.knownHostsFiles.map(expandHome) : [join(homedir(), '.ssh', 'known_hosts')]

function lastHop(target: Target, known: readonly KnownHost[], options: SshOptions): Hop {
  const trust: Trust = {
    name: target.name,
    host: target.address,
    port: target.port,
    checking: target.hostKeyChecking,
    pins: target.hostKeys,
    known,
  }
  const { password, passphrase, identityFiles: identities, identitiesOnly } = options
  const credentials = { keyFile: target.privateKeyFile, identities, identitiesOnly, password, passphrase, agent: agentSocket(options) }
  return makeHop(target, options, trust, target.user ?? userInfo().username, credentials)
}

/** A host on the way is reached as `ssh -J` would: by what ssh_config says of it; with the target's key when that names none. */
async function jumpHop(jump: string, target: Target, known: readonly KnownHost[], options: SshOptions): Promise<Hop> {
  const [, user, bracketed, plain, port] = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?\/?$/.exec(jump) ?? []
  const name = bracketed ?? plain
  if (!name) throw new HostLost('jump', `"${jump}" is not a jump host of the form user@host:port`)
  const config = await readSshConfig(name)
  const trust: Trust = {
    name,
    host: config.hostname ?? name,
    port: Number(port ?? config.port ?? 22),
    checking: target.hostKeyChecking,
    pins: [],
    known,
  }
  const identities = [...(target.privateKeyFile ? [expandHome(target.privateKeyFile)] : []), ...(config.identityFile ?? [])]
  const { identitiesOnly } = config
  const credentials = { identities, identitiesOnly, passphrase: options.passphrase, agent: agentSocket(options) }
  return makeHop(target, options, trust, user ?? config.user ?? userInfo().username, credentials)
}

const agentSocket = (options: SshOptions) => options.agent ?? process.env.SSH_AUTH_SOCK

const makeHop = (target: Target, options: SshOptions, trust: Trust, user: string, credentials: Credentials): Hop => ({
  trust,
  user,
  credentials,
  knownHostsFile: knownHostsFiles(target)[0] ?? '',
  hashKnownHosts: options.hashKnownHosts ?? false,
  timeout: target.connectTimeout,
})

async function forward(login: Login, next: Hop, signal: AbortSignal | undefined): Promise<Duplex> {
  const { name, host, port } = next.trust
  const from = login.hop.trust.name
  const failed = (why: string) => new HostLost('jump', `${from} could not connect to ${name} (${host}:${port}): ${why}`)
  const deadline = new Deadline(next.timeout, failed(`no answer within ${next.timeout} s`), signal)
  try {
    return await deadline.limit(login.ssh.forwardOut('127.0.0.1', 0, host, port))
  } catch (error) {
    throw error instanceof HostLost ? error : failed(refusedChannel(error as Error).message)
  } finally {
    deadline.stop()
  }
}

const NETWORK = ['refused', 'unresolvable', 'timeout', 'disconnected']
const onTheWay = (loss: HostLost, target: Target) =>
  new HostLost(NETWORK.includes(loss.reason) ? 'jump' : loss.reason, `on the way to ${target.name}: ${loss.message}`, loss.hint)

/** Starts a command without a terminal, on a channel of its own. */
async function start(login: Login, command: string): Promise<ShellStream> {
  const { trust, timeout } = login.hop
  const refuse = (why: string) => login.lost() ?? new HostLost('disconnected', `${trust.name} opens no session: ${why}`)
  const deadline = new Deadline(timeout, refuse(`no answer within ${timeout} s`))
  const opened = new Promise<ClientChannel>((resolve, reject) => {
    // Throws when the connection is gone already.
    login.client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)))
  })
  try {
    return channelStream(await deadline.limit(opened), login)
  } catch (error) {
    throw error instanceof HostLost ? error : refuse((error as Error).message)
  } finally {
    deadline.stop()
  }
}

function channelStream(channel: ClientChannel, login: Login): ShellStream {
  // What goes wrong on a channel is followed by its end, which is what is reported.
  channel.on('error', () => undefined)
  channel.stderr.on('error', () => undefined)
  const ended = new Promise<number | undefined>((resolve) => {
    channel.on('close', (code: number | null | undefined) => resolve(code ?? undefined))
    // With a background process of a script still holding its streams, 'close' would not come.
    channel.on('exit', (code: number | null) => setTimeout(resolve, 500, code ?? undefined).unref())
    login.gone.then(() => resolve(undefined))
  })
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended, close: () => channel.close() }
}

/** Until the sockets are closed on this side, which takes no answer; a dead network may hold the last packets back, but not us. */
async function goodbye(logins: readonly Login[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000)
  })
  await Promise.race([Promise.all(logins.map((login) => login.gone)), patience])
  clearTimeout(timer)
  for (const login of logins) login.client.destroy()
}
