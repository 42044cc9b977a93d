import { Resolver } from 'node:dns/promises'
import { connect, isIP, isIPv6, type Socket } from 'node:net'
import { DialError } from '../../module/program.ts'
import { type Fault, fault, isFault } from '../fault.ts'
import type { Names, Service } from './names.ts'

export interface WorldSettings {
  /** `address` or `address:port` of the DNS server to ask instead of this machine's. */
  readonly resolver?: string
  /** PEM of the authorities to trust instead of the well-known ones. */
  readonly ca?: string
}

/** The public network as the controller sees it. */
export interface World extends Names {
  readonly ca?: string
  /** Whether a DNS server was named, whose answers are then taken as the world's. */
  readonly named: boolean
  /** A connection to a name or address; of a name each address is tried. Rejects with a DialError, or with the error of the network. */
  readonly dial: (host: string, port: number) => Promise<Socket>
  /** This machine's own addresses on the connections made so far. */
  readonly own: ReadonlySet<string>
}

/** Milliseconds for one connection. */
const CONNECT = 10_000

/** DNS is asked directly: an entry of this machine's /etc/hosts is no one else's. */
export function worldOf({ resolver, ca }: WorldSettings, signal: AbortSignal): World {
  const dns = new Resolver({ timeout: 3000, tries: 2 })
  if (resolver !== undefined) dns.setServers([resolver])
  const pending = new Set<Socket>()
  const cancel = () => {
    dns.cancel()
    for (const socket of pending) socket.destroy(new Error('interrupted'))
  }
  signal.addEventListener('abort', cancel, { once: true })
  const own = new Set<string>()
  const open = async (address: string, port: number): Promise<Socket> => {
    const socket = await connected(address, port, pending)
    if (socket.localAddress !== undefined) own.add(socket.localAddress)
    return socket
  }
  const asked = <T>(work: Promise<T[]>, name: string): Promise<readonly T[] | Fault> =>
    work.catch((error: NodeJS.ErrnoException) => unresolved(error, name, resolver))
  const addresses: World['addresses'] = async (name) => {
    if (isIP(name)) return [name]
    const found = await Promise.all([asked(dns.resolve4(name), name), asked(dns.resolve6(name), name)])
    const list = found.flatMap((one) => (isFault(one) ? [] : one))
    return list.length > 0 ? list : (found.find(isFault) ?? [])
  }
  return {
    ...(ca !== undefined && { ca }),
    named: resolver !== undefined,
    own,
    addresses,
    services: async (name) => {
      const found = await asked<Service>(dns.resolveSrv(name), name)
      return isFault(found) ? found : [...found].sort((a, b) => a.priority - b.priority || b.weight - a.weight)
    },
    isAlias: async (name) => {
      const found = await asked(dns.resolveCname(name), name)
      return !isFault(found) && found.length > 0
    },
    dial: async (host, port) => {
      const list = await addresses(host)
      if (isFault(list)) throw new DialError(list.detail, list.hint)
      if (list.length === 0) throw new DialError(`${host} has no address in DNS`)
      let last: unknown
      for (const address of list) {
        try {
          return await open(address, port)
        } catch (error) {
          // what this machine cannot reach at all says less than the others
          if (last === undefined || !hasNoRoute(error, address)) last = error
        }
      }
      throw last
    },
  }
}

function connected(host: string, port: number, pending: Set<Socket>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })), CONNECT)
    const settled = () => {
      clearTimeout(timer)
      pending.delete(socket)
    }
    pending.add(socket)
    socket.once('close', settled)
    socket.once('connect', () => {
      settled()
      resolve(socket)
    })
    // once connected, whoever reads it is told
    socket.on('error', (error: NodeJS.ErrnoException) => reject(notConnected(error, host, port)))
  })
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  EADDRNOTAVAIL: 'no route to it',
}

const notConnected = (error: NodeJS.ErrnoException, host: string, port: number): Error =>
  Object.assign(new DialError(`${isIPv6(host) ? `[${host}]` : host}:${port}: ${WORDS[error.code ?? ''] ?? error.message}`), {
    code: error.code,
  })

/** Whether it is this machine that has no IPv6, so that nothing is known of the other end. */
export const hasNoRoute = (error: unknown, address: string): boolean =>
  isIPv6(address) && ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '')

/** No such name and no such record are answers. */
function unresolved({ code = '', message }: NodeJS.ErrnoException, name: string, resolver: string | undefined): [] | Fault {
  if (code === 'ENOTFOUND' || code === 'ENODATA') return []
  const server = resolver === undefined ? 'the DNS server of this machine' : `the DNS server ${resolver}`
  if (code === 'ETIMEOUT' || code === 'ECONNREFUSED')
    return fault(`${server} does not answer`, 'is this machine online? Or name another: resolver')
  return fault(`${server} fails on ${name} (${code || message})`, 'its zone may be broken: see https://dnsviz.net')
}
