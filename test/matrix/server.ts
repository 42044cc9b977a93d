import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ExecutionContext } from 'ava'
import type { Way } from '../../src/matrix/way.ts'
import { DialError } from '../../src/module/program.ts'

/** A server of this machine that ends with the test; its port. */
export async function serving(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    ;(server as Server & { closeAllConnections?: () => void }).closeAllConnections?.()
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

export const dial = (host: string, port: number): Promise<Duplex> => {
  const socket = connect({ host, port })
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket))
    socket.once('error', (error) => reject(new DialError(error.message)))
  })
}

/** The way to a server that answers so. */
export const wayTo = async (t: ExecutionContext, answer: RequestListener): Promise<Way> => ({
  dial,
  port: await serving(t, createServer(answer)),
  host: 'matrix.example.com',
  unanswered: 'is it running?',
})
