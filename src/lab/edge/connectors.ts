import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { TunnelState, World } from '../cloudflare/world.ts'
import { readLines, writeLine } from './lines.ts'

// What a connector and the edge say to each other, in lines of JSON over TCP connections that the connector opens:
//
//   connector  {"register": {"account", "tunnel", "secret", "connector", "index"}}      on each of its four connections
//   edge       {"registered": true}  or  {"refused": why}, and the end
//   edge       {"configuration", "version"}                                             whenever it is another
//   edge       {"request": id, "host", "path"}                                          for each request of a visitor
//   connector  {"answer": id, "connected": true, "host"}                                on a connection of its own, from here on the
//                                                                                       one to the origin: HTTP/1.1 in the plain
//   connector  {"answer": id, "status": 404 | 502 | 503 …, "reason"?}                   instead, when no origin is to be had
//
// The real ones speak HTTP/2 or QUIC, with all requests on the four connections.

/** The edge's port for connectors. */
export const CONNECTOR_PORT = 7844
/** Names by which cloudflared finds the edge. */
export const CONNECTOR_NAMES = ['region1.v2.argotunnel.com', 'region2.v2.argotunnel.com']

const SECONDS = 35

export type Origin =
  | { readonly socket: Socket; readonly host: string }
  | { readonly status: number; readonly reason?: string }
  /** No connector is there. */
  | undefined

export interface Connectors {
  /** A way to the origin that the tunnel's ingress names for a host and a path. */
  reach(tunnel: TunnelState, host: string, path: string): Promise<Origin>
  /** Tells every connector of a configuration that is new to it. */
  push(): void
  close(): Promise<void>
}

interface Connection {
  readonly id: string
  readonly tunnel: TunnelState
  readonly socket: Socket
  sent: string
}

const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** Takes connectors at an address and shows their tunnels as connected in the world. It does not keep the process alive. */
export async function serveConnectors(world: World, address: string): Promise<Connectors> {
  const connections = new Set<Connection>()
  const sockets = new Set<Socket>()
  const waiting = new Map<string, (origin: Origin) => void>()
  /** The newest configuration of each tunnel as text, and which one it is: connections may tell of them out of order. */
  const newest = new Map<TunnelState, { text: string; revision: number }>()
  let turn = 0

  const show = (tunnel: TunnelState) => {
    tunnel.connections = [...connections].filter((one) => one.tunnel === tunnel).map(({ id }) => ({ id }))
    const count = tunnel.connections.length
    tunnel.status = count === 0 ? 'down' : count < 4 ? 'degraded' : 'healthy'
  }

  const tell = (connection: Connection) => {
    const { config, source } = connection.tunnel
    const text = JSON.stringify(config)
    if (source === 'local' || config === null || text === connection.sent) return
    const known = newest.get(connection.tunnel)
    const revision = known?.text === text ? known.revision : (known?.revision ?? 0) + 1
    newest.set(connection.tunnel, { text, revision })
    connection.sent = text
    writeLine(connection.socket, { configuration: config, version: revision })
  }

  const register = (socket: Socket, asked: Record<string, unknown>) => {
    const tunnel = world.tunnels.find((one) => one.id === asked.tunnel && one.account === asked.account && one.deletedAt === undefined)
    if (!tunnel || !same(String(asked.secret), tunnel.secret)) {
      const refused = tunnel ? 'Unauthorized: Invalid tunnel secret' : 'Unauthorized: Tunnel not found'
      return void socket.end(`${JSON.stringify({ refused })}\n`)
    }
    const connection = { id: randomUUID(), tunnel, socket, sent: '' }
    socket.setMaxListeners(0)
    writeLine(socket, { registered: true })
    tell(connection)
    connections.add(connection)
    show(tunnel)
    socket.on('close', () => {
      connections.delete(connection)
      show(tunnel)
    })
  }

  const server = createServer((socket) => {
    socket.unref()
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.setKeepAlive(true, 5000)
    readLines(socket, (message) => {
      if (typeof message.register === 'object' && message.register !== null) {
        register(socket, message.register as Record<string, unknown>)
        return 'more'
      }
      const done = waiting.get(String(message.answer))
      waiting.delete(String(message.answer))
      if (done === undefined) socket.destroy()
      else if (message.connected === true) done({ socket, host: String(message.host) })
      else done({ status: Number(message.status), ...(message.reason !== undefined && { reason: String(message.reason) }) })
      return 'rest'
    })
  })
  server.unref()
  server.listen(CONNECTOR_PORT, address)
  await once(server, 'listening')

  return {
    reach: (tunnel, host, path) => {
      const all = [...connections].filter((one) => one.tunnel === tunnel)
      const connection = all[turn++ % all.length]
      if (connection === undefined) return Promise.resolve(undefined)
      tell(connection)
      return new Promise((done) => {
        const request = randomBytes(16).toString('hex')
        const settle = (origin: Origin) => {
          clearTimeout(timer)
          connection.socket.off('close', lost)
          waiting.delete(request)
          done(origin)
        }
        const lost = () => settle(undefined)
        const timer = setTimeout(() => connection.socket.destroy(), SECONDS * 1000)
        connection.socket.on('close', lost)
        waiting.set(request, settle)
        writeLine(connection.socket, { request, host, path })
      })
    },
    push: () => {
      for (const connection of connections) tell(connection)
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
