import type { Duplex } from 'node:stream'
import type { Payload } from '../module/define.ts'

/** One script for a shell to run. Requests on one shell run one after another, in the order they were written. */
export interface Request {
  readonly script: string
  /** What the script reads on stdin; /dev/null without it. Always consumed whole, whether the script reads it or not. */
  readonly stdin?: Payload
  /** Called with each piece of output while the script runs. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void
}

export interface Reply {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** A long-lived POSIX shell on a host, run as one user. */
export interface Shell {
  /** Who it runs as, what `~` is, and the id. Known from the line with which the shell reports for work. */
  readonly user: string
  readonly uid: number
  readonly home: string
  /** Writes the request at once, without waiting for earlier ones. Rejects with HostLost when the connection dies. */
  request(request: Request): Promise<Reply>
}

/** One connection to one host. */
export interface Connection {
  /** The shell of the login user, or of `become`; opened at the first call and kept. */
  shell(become?: Become): Promise<Shell>
  /**
   * A TCP connection as a program on the host would open it, to a name or address as the host sees it. Rejects with a
   * DialError that says why the host could not connect; with HostLost when the host is gone.
   */
  dial(host: string, port: number): Promise<Duplex>
  /** Counted for the laws on cost: channels opened, and times the engine waited for an answer with nothing already under way. */
  readonly counts: { shells: number; roundTrips: number; requests: number }
  /** Ends every shell and the connection; a script still running on the host is left to finish. Never rejects. */
  close(): Promise<void>
}

export interface Become {
  readonly user: string
  readonly password?: { reveal(): string }
}

/** How to reach a host; made by the inventory, read by a transport. */
export interface Target {
  readonly name: string
  readonly connection: 'ssh' | 'local'
  readonly address: string
  readonly port: number
  readonly user?: string
  readonly privateKeyFile?: string
  /** Hosts to go through, nearest first: `user@host:port`. */
  readonly proxyJump: readonly string[]
  readonly hostKeyChecking: 'strict' | 'accept-new'
  /** Pinned host keys (`ssh-ed25519 AAAA…` or `SHA256:…`); with one, known_hosts is not read. */
  readonly hostKeys: readonly string[]
  readonly knownHostsFiles: readonly string[]
  /** Seconds. */
  readonly connectTimeout: number
}

export type LossReason =
  | 'refused'
  | 'unresolvable'
  | 'timeout'
  | 'host-key'
  | 'auth'
  | 'key-file'
  | 'become'
  | 'no-user'
  | 'jump'
  | 'disconnected'

/** The host cannot be reached, logged into, or was lost. The one error of the transport: caught once per host by the engine. */
export class HostLost extends Error {
  readonly reason: LossReason
  readonly hint: string | undefined

  constructor(reason: LossReason, message: string, hint?: string) {
    super(message)
    this.reason = reason
    this.hint = hint
  }
}
