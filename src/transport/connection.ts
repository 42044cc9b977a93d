import type { Duplex } from 'node:stream'
import { DialError } from '../module/program.ts'
import { asLoginUser, asOtherUser } from './become.ts'
import { dialWithin, hostAndPort } from './dial.ts'
import { greet } from './greeting.ts'
import { FramedShell, type Traffic } from './shell.ts'
import type { ShellStream } from './stream.ts'
import { type Connection, HostLost, type Target } from './transport.ts'

/** A logged-in way to a host, on which commands can be started: what differs between ssh and local. */
export interface Way {
  readonly loginUser: string
  /** Starts one command line in the login shell. Rejects with HostLost. */
  start(command: string): Promise<ShellStream>
  /** A TCP connection from the host. Rejects with an Error whose message is the reason alone. */
  dial(host: string, port: number): Promise<Duplex>
  /** Why the way as a whole is gone, once it is. */
  lost(): HostLost | undefined
  /** Gives the way up. Never rejects. */
  end(): Promise<void>
}

/** The shells of a host over one way to it: one per user, opened when first asked for. */
export function connectionOver(way: Way, target: Target): Connection {
  const traffic: Traffic = { counts: { shells: 0, roundTrips: 0, requests: 0 }, underWay: 0 }
  const shells = new Map<string, Promise<FramedShell>>()
  let closed: HostLost | undefined

  const open = async (user: string, password: { reveal(): string } | undefined): Promise<FramedShell> => {
    if (closed) throw closed
    const opening =
      user === way.loginUser
        ? asLoginUser(user, target.name)
        : asOtherUser({ user, ...(password && { password }) }, way.loginUser, target.name)
    const gone = () => closed ?? way.lost()
    traffic.counts.shells++
    const stream = await way.start(opening.command)
    const greeting = await greet(stream, opening, target.connectTimeout).catch((error) => {
      throw gone() ?? error
    })
    return new FramedShell(stream, greeting, traffic, (code) => {
      const exit = code === undefined ? '' : ` (exit code ${code})`
      return gone() ?? new HostLost('disconnected', `the shell of ${greeting.user} on ${target.name} ended${exit}`)
    })
  }

  return {
    counts: traffic.counts,
    shell: (become) => {
      const user = become?.user ?? way.loginUser
      const known = shells.get(user)
      if (known) return known
      const opened = open(user, become?.password)
      shells.set(user, opened)
      // One that could not be opened may be asked for again, with another password.
      opened.catch(() => shells.delete(user))
      return opened
    },
    dial: async (host, port) => {
      const gone = () => closed ?? way.lost()
      if (closed) throw closed
      return dialWithin(target.connectTimeout, way.dial(host, port)).catch((error: DialError) => {
        throw gone() ?? new DialError(`${target.name} could not connect to ${hostAndPort(host, port)}: ${error.message}`, error.hint)
      })
    },
    close: async () => {
      closed ??= new HostLost('disconnected', `the connection to ${target.name} was closed`)
      const loss = closed
      for (const shell of shells.values()) shell.then((opened) => opened.end(loss)).catch(() => undefined)
      await way.end()
    },
  }
}
