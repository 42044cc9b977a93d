import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { World, ZoneState } from '../cloudflare/world.ts'
import type { Authority } from './authority.ts'
import type { Connectors } from './connectors.ts'
import { forOrigin, isFought, lacksIntegrity } from './settings.ts'
import type { Runtime } from './workers.ts'
import { proxied, workerFor, zoneOf } from './zone-routes.ts'

export interface FrontOptions {
  readonly world: World
  readonly address: string
  readonly authority: Authority
  readonly connectors: Connectors
  readonly runtime: Runtime
}

/** Bytes of a request's body on the free plan. */
const LARGEST = 100_000_000
/** Seconds until an origin must have begun to answer. */
const PATIENCE = 120
/** Of one connection only (RFC 9110, 7.6.1), or said by the edge itself. */
const NOT_PASSED = /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|expect|cf-.*|x-forwarded-(for|proto))$/i

interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly host: string
  readonly client: string
  readonly ray: string
}

/** An error page, as curl sees it: the code, which Cloudflare's documentation explains ("Cloudflare 1xxx errors", "5xx errors"). */
function fail({ response, ray }: Visit, status: number, code: number, why = ''): void {
  if (response.headersSent) return void response.destroy()
  const text = `error code: ${code}${why && `\n${why}`}\n`
  response
    .writeHead(status, { server: 'cloudflare', 'cf-ray': ray, 'content-type': 'text/plain; charset=UTF-8', 'content-length': text.length })
    .end(text)
}

/** A page that only a browser gets past. */
function challenge({ response, ray }: Visit): void {
  const headers = { server: 'cloudflare', 'cf-ray': ray, 'cf-mitigated': 'challenge', 'content-type': 'text/html; charset=UTF-8' }
  response.writeHead(403, headers).end('<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>\n')
}

/** What is passed on of a request's headers, with what the edge adds. X-Forwarded-For is added to, as Cloudflare does: its beginning is whatever the visitor sent. */
function onward({ request, client, ray }: Visit): [string, string][] {
  const raw = request.rawHeaders
  const given = raw.flatMap((name, i): [string, string][] => (i % 2 === 0 && !NOT_PASSED.test(name) ? [[name, raw[i + 1]!]] : []))
  const before = request.headers['x-forwarded-for']
  return [
    ...given,
    ['X-Forwarded-For', before === undefined ? client : `${[before].flat().join(', ')}, ${client}`],
    ['X-Forwarded-Proto', 'https'],
    ['CF-Connecting-IP', client],
    ['CF-Ray', ray],
    ['CF-Visitor', '{"scheme":"https"}'],
  ]
}

const asObject = (headers: readonly (readonly [string, string])[]): Record<string, string[]> => {
  const all: Record<string, string[]> = {}
  for (const [name, value] of headers) {
    const key = Object.keys(all).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name
    all[key] = [...(all[key] ?? []), value]
  }
  return all
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function byWorker(visit: Visit, runtime: Runtime, worker: Parameters<Runtime['ask']>[0]): Promise<void> {
  const { request, response, host, ray } = visit
  const body = await bodyOf(request)
  if (body === undefined) return fail(visit, 413, 413)
  const url = `https://${host}${request.url}`
  const answer = await runtime.ask(worker, { method: request.method!, url, headers: onward(visit), body })
  if ('thrown' in answer) return fail(visit, 500, 1101, answer.thrown)
  const headers = answer.headers.filter(([name]) => !['server', 'cf-ray', 'content-length', 'transfer-encoding'].includes(name))
  response.writeHead(answer.status, asObject([...headers, ['server', 'cloudflare'], ['cf-ray', ray]]))
  response.end(answer.body)
}

async function byTunnel(visit: Visit, { world, connectors }: FrontOptions, zone: ZoneState, id: string): Promise<void> {
  const { request, response, host, ray } = visit
  const tunnel = world.tunnels.find((one) => one.id === id && one.account === zone.account && one.deletedAt === undefined)
  if (!tunnel) return fail(visit, 530, 1016)
  const path = forOrigin(zone, request.url!)
  const origin = await connectors.reach(tunnel, host, path.replace(/\?.*$/s, ''))
  if (origin === undefined) return fail(visit, 530, 1033)
  if (!('socket' in origin)) return fail(visit, origin.status, origin.status, origin.reason)
  const passed = httpRequest({
    createConnection: () => origin.socket,
    method: request.method!,
    path,
    setHost: false,
    headers: asObject([...onward(visit).filter(([name]) => name.toLowerCase() !== 'host'), ['Host', origin.host]]),
  })
  const timer = setTimeout(() => {
    fail(visit, 524, 524)
    passed.destroy()
  }, PATIENCE * 1000)
  passed.on('close', () => clearTimeout(timer))
  passed.on('error', (error) => fail(visit, 502, 502, error.message))
  passed.on('response', (answer) => {
    clearTimeout(timer)
    const raw = answer.rawHeaders.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, answer.rawHeaders[i + 1]!]] : []))
    const kept = raw.filter(([name]) => !NOT_PASSED.test(name) && name.toLowerCase() !== 'server')
    response.writeHead(answer.statusCode!, asObject([...kept, ['Server', 'cloudflare'], ['CF-Ray', ray]]))
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  response.on('close', () => passed.destroy())
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= LARGEST) return
    fail(visit, 413, 413)
    passed.destroy()
  })
  request.pipe(passed)
}

async function visited(visit: Visit, options: FrontOptions): Promise<void> {
  const { request, host } = visit
  const zone = zoneOf(options.world, host)
  const [record] = zone ? proxied(zone, host) : []
  if (!zone || !record) return fail(visit, 409, 1001)
  const agent = request.headers['user-agent'] ?? ''
  if (isFought(zone, agent)) return challenge(visit)
  if (lacksIntegrity(zone, host, agent)) return fail(visit, 403, 1010)
  if (Number(request.headers['content-length'] ?? 0) > LARGEST) return fail(visit, 413, 413)
  const worker = workerFor(options.world, zone, `https://${host}${request.url}`)
  if (worker) return byWorker(visit, options.runtime, worker)
  const tunnel = record.type === 'CNAME' ? /^([0-9a-f-]{36})\.cfargotunnel\.com\.?$/.exec(record.content)?.[1] : undefined
  if (tunnel !== undefined) return byTunnel(visit, options, zone, tunnel)
  // no lab has another origin behind its edge
  return record.type === 'CNAME' ? fail(visit, 530, 1016) : fail(visit, 522, 522)
}

/** Serves HTTPS for the names of the world's zones, port 443. A certificate is for a zone and one level below it, as on the free plan. */
export async function serveFront(options: FrontOptions): Promise<{ close(): Promise<void> }> {
  const contexts = new Map<string, Promise<SecureContext>>()
  const contextFor = (name: string): Promise<SecureContext> => {
    const zone = zoneOf(options.world, name)
    if (!zone || (name !== zone.name && name.split('.').length !== zone.name.split('.').length + 1))
      return Promise.reject(new Error(`the edge has no certificate for ${name}`))
    const made =
      contexts.get(zone.name) ??
      options.authority
        .issue([zone.name, `*.${zone.name}`])
        .then(({ certificate, key }) => createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }))
    contexts.set(zone.name, made)
    return made
  }
  const server = createServer(
    {
      SNICallback: (name, done) =>
        contextFor(name.toLowerCase()).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        ),
    },
    (request, response) => {
      const client = request.socket.remoteAddress!.replace(/^::ffff:/, '')
      const host = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '')
      const visit = { request, response, host, client, ray: `${randomBytes(8).toString('hex')}-LAB` }
      request.on('error', () => response.destroy())
      visited(visit, options).catch((error: Error) => fail(visit, 500, 500, error.stack))
    },
  )
  // an upload of a large file takes its time; the edge's patience is the one above
  server.requestTimeout = 0
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.unref()
  server.listen(443, options.address)
  await once(server, 'listening')
  return {
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
