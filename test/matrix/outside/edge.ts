import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { ExecutionContext } from 'ava'
import type { CheckResult } from '../../../src/matrix/check.ts'
import type { OutsideInput, VerifyInput } from '../../../src/matrix/programs.ts'
import { carryOutAll, checksOf } from '../../../src/matrix/verify.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { dial, serving } from '../server.ts'
import { type Authority, authority } from './authority.ts'
import { serveZone, type Zone } from './dns.ts'
import { keyDocument } from './keys.ts'

// The public half of a Matrix server on loopback: DNS, a web site at the server name, an edge before the host, all with certificates and keys that
// are checked; each may be broken.

export const SERVER_NAME = 'example.com'
export const MATRIX_HOST = 'matrix.example.com'

export interface Edge {
  readonly zone: Zone
  readonly authority: Authority
  /** The first three numbers of all addresses. */
  readonly net: string
  /** Serves the server name at NET.1. */
  readonly apex: Server
  /** Serves the host name at NET.2 and NET.3. */
  readonly hosts: readonly [Server, Server]
  /** Answers instead, by path without its query; what is none of its business it hands on. */
  readonly instead: Map<string, (...args: [...Parameters<RequestListener>, () => void]) => void>
  readonly key: KeyObject
  /** What the connector says of itself. */
  ready: { status: number; connections: number; release: string }
  outside: OutsideInput
  tunnelMetricsPort: number | undefined
  run(signal?: AbortSignal, say?: (line: string) => void): Promise<CheckResult[]>
}

const today = new Date()
/** Of the connector: this month's. */
export const RELEASE = `${today.getFullYear()}.${today.getMonth() + 1}.0`

const ANY = { 'Access-Control-Allow-Origin': '*' }

export const json = (response: ServerResponse, status: number, value: unknown, headers: Record<string, string | string[]> = ANY) =>
  void response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value))

const WELL_KNOWN: Record<string, unknown> = {
  '/.well-known/matrix/client': { 'm.homeserver': { base_url: `https://${MATRIX_HOST}` } },
  '/.well-known/matrix/server': { 'm.server': `${MATRIX_HOST}:443` },
}

const site: RequestListener = (request, response) => {
  const found = WELL_KNOWN[pathOf(request)]
  if (found) json(response, 200, found)
  else response.writeHead(404, { 'Content-Type': 'text/html' }).end('<p>no such page')
}

const synapse =
  (key: KeyObject): RequestListener =>
  (request, response) => {
    if (request.method === 'OPTIONS')
      return json(response, 200, {}, { ...ANY, 'Access-Control-Allow-Headers': 'X-Requested-With, Content-Type, Authorization, Date' })
    const path = pathOf(request)
    if (path === '/_matrix/client/versions') return json(response, 200, { versions: ['v1.1'] })
    if (path === '/_matrix/client/v3/login') return json(response, 200, { flows: [{ type: 'm.login.password' }] })
    if (path === '/_matrix/client/v3/account/whoami') return json(response, 401, { errcode: 'M_MISSING_TOKEN' })
    if (path === '/_matrix/federation/v1/version') return json(response, 200, { server: { name: 'Synapse', version: '1.150.0' } })
    if (path === '/_matrix/key/v2/server') return json(response, 200, keyDocument(key, SERVER_NAME, Date.now() + 86_400_000))
    const [, alias] = /^\/_matrix\/client\/v3\/directory\/room\/([^/]+)$/.exec(path) ?? []
    if (alias) return json(response, 404, { errcode: 'M_NOT_FOUND', error: `Room alias ${decodeURIComponent(alias)} not found` })
    json(response, 404, { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' })
  }

const pathOf = ({ url = '' }: { url?: string | undefined }): string => url.split('?')[0]!

/** Three numbers of loopback that no other test has: whoever listens at NET.254 owns them. */
async function ownNet(t: ExecutionContext): Promise<string> {
  const random = (below: number) => Math.floor(Math.random() * below)
  for (let tries = 1; ; tries++) {
    const net = `127.${64 + random(64)}.${random(256)}`
    const mark = createHttpServer().listen(443, `${net}.254`)
    try {
      await once(mark, 'listening')
      t.teardown(() => void mark.close())
      return net
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 20) throw error
    }
  }
}

/** All is well. */
export async function edge(t: ExecutionContext): Promise<Edge> {
  const made = authority()
  t.teardown(made.close)
  const net = await ownNet(t)
  const key = generateKeyPairSync('ed25519').privateKey
  const instead: Edge['instead'] = new Map()
  const zone: Zone = {
    [SERVER_NAME]: { a: [`${net}.1`] },
    [MATRIX_HOST]: { cname: 'tunnel.example.net' },
    'tunnel.example.net': { a: [`${net}.2`, `${net}.3`] },
  }
  const serve = async (address: string, name: string, answer: RequestListener): Promise<Server> => {
    const server = createServer(made.issue([name]), (request, response) => {
      // what the edge does not know it does not serve
      const served = request.headers.host?.replace(/:443$/, '') === name && (request.socket as { servername?: unknown }).servername === name
      if (!served) return void response.writeHead(421).end()
      const other = instead.get(pathOf(request))
      if (other) other(request, response, () => answer(request, response))
      else answer(request, response)
    })
    server.listen(443, address)
    await once(server, 'listening')
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    return server
  }
  const apex = await serve(`${net}.1`, SERVER_NAME, site)
  const hosts = [await serve(`${net}.2`, MATRIX_HOST, synapse(key)), await serve(`${net}.3`, MATRIX_HOST, synapse(key))] as const
  const httpPort = await serving(t, createHttpServer(synapse(key)))
  const metrics = createHttpServer((request, response) => {
    if (request.url === '/metrics') response.end(`build_info{goversion="go1.26",revision="",type="",version="${it.ready.release}"} 1\n`)
    else json(response, it.ready.status, { readyConnections: it.ready.connections })
  })
  const it: Edge = {
    ...{ zone, authority: made, net, apex, hosts, instead, key },
    ready: { status: 200, connections: 4, release: RELEASE },
    outside: { resolver: await serveZone(t, zone), ca: made.ca },
    tunnelMetricsPort: await serving(t, metrics),
    run: (signal = new AbortController().signal, say = () => undefined) => {
      const want: VerifyInput = {
        serverName: SERVER_NAME,
        matrixHost: MATRIX_HOST,
        secret: new Secret('secret'),
        httpPort,
        httpsPort: 443,
        database: { wanted: 'psycopg2' },
        tunnel: true,
        uploadSize: 1,
        outside: it.outside,
        ...(it.tunnelMetricsPort !== undefined && { tunnelMetricsPort: it.tunnelMetricsPort }),
      }
      // those that need accounts are made with a real Synapse: test/e2e/matrix.test.ts
      const checks = checksOf(want).filter(
        ({ id, from, needs }) =>
          (from === 'outside' && !needs.some((need) => ['register', 'message', 'media'].includes(need))) || id === 'tunnel',
      )
      return carryOutAll(checks, want, { dial, signal, say })
    },
  }
  return it
}
