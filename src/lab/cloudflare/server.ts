import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Call, type Endpoint, Refusal, type Reply } from './answer.ts'
import { dns } from './dns.ts'
import { tunnels } from './tunnels.ts'
import { workers } from './workers.ts'
import type { Rights, World } from './world.ts'
import { zones } from './zones.ts'

/** What goes wrong on purpose. Used up by the requests that meet it. */
export interface Fault {
  readonly method?: string
  readonly path?: RegExp
  /** `cut` ends the connection without an answer; `deaf` does what was asked first. */
  readonly kind: number | 'cut' | 'deaf'
  /** How often. */
  times: number
  /** Requests that fit and pass before it begins. */
  after?: number
  /** Seconds, for the header Retry-After. */
  readonly retryAfter?: number
}

export interface Seen {
  readonly method: string
  readonly path: string
  readonly status: number
}

export interface StandIn {
  /** The API's address, for `api_url`. */
  readonly url: string
  readonly world: World
  readonly seen: Seen[]
  readonly faults: Fault[]
  /** Every request so far that was to change something. */
  writes(): Seen[]
  close(): Promise<void>
}

interface Listen {
  readonly host?: string
  readonly port?: number
  /** Called after a request that may have changed the world, before it is answered. */
  readonly changed?: () => void
}

const BASE = '/client/v4'
const ENDPOINTS = [...zones, ...dns, ...tunnels, ...workers].map((one) => ({
  ...one,
  pattern: new RegExp(`^${one.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}))

/** A strict stand-in of Cloudflare's API, over plain HTTP: its state is in memory, its envelope, codes and refusals are those of the real one. */
export async function standIn(world: World, listen: Listen = {}): Promise<StandIn> {
  const seen: Seen[] = []
  const faults: Fault[] = []
  const server = createServer(async (request, response) => {
    const body = await whole(request)
    const path = request.url!
    const note = (status: number) => seen.push({ method: request.method!, path, status })
    const fault = faults.find((one) => meets(one, request.method!, path))
    if (fault && fault.kind !== 'deaf') {
      note(typeof fault.kind === 'number' ? fault.kind : 0)
      return fault.kind === 'cut' ? request.socket.destroy() : send(response, fault.kind, failed(fault.kind), fault.retryAfter)
    }
    const { status, answer } = await carriedOut(world, request, body)
    note(status)
    if (request.method !== 'GET') listen.changed?.()
    if (fault) return request.socket.destroy()
    if (answer instanceof Response) {
      response.writeHead(status, Object.fromEntries(answer.headers))
      return response.end(Buffer.from(await answer.arrayBuffer()))
    }
    return send(response, status, answer)
  })
  await new Promise<void>((ready) => server.listen(listen.port ?? 0, listen.host ?? '127.0.0.1', ready))
  const { port, address } = server.address() as AddressInfo
  return {
    url: `http://${address}:${port}${BASE}`,
    world,
    seen,
    faults,
    writes: () => seen.filter((one) => one.method !== 'GET'),
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

function meets(fault: Fault, method: string, path: string): boolean {
  if (fault.times <= 0 || (fault.method && fault.method !== method) || (fault.path && !fault.path.test(path))) return false
  if ((fault.after ?? 0) > 0) {
    fault.after! -= 1
    return false
  }
  fault.times -= 1
  return true
}

async function whole(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function send(response: ServerResponse, status: number, answer: unknown, retryAfter?: number): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', ...(retryAfter !== undefined && { 'Retry-After': retryAfter }) })
    .end(JSON.stringify(answer))
}

const failed = (status: number) =>
  refused(
    status === 429
      ? new Refusal(429, 971, 'Please wait and consider throttling your request speed')
      : new Refusal(status, 10013, 'An unknown error has occurred. Please contact support if this issue persists.'),
  )

const refused = ({ code, message, chain }: Refusal) => ({
  success: false,
  errors: [{ code, message, ...(chain.length > 0 && { error_chain: chain }) }],
  messages: [],
  result: null,
})

async function carriedOut(world: World, request: IncomingMessage, body: Buffer): Promise<{ status: number; answer: unknown }> {
  try {
    const url = new URL(request.url!, 'http://api')
    const rights = rightsOf(world, request.headers.authorization)
    if (!url.pathname.startsWith(`${BASE}/`)) throw new Refusal(404, 7000, 'No route for that URI')
    const { endpoint, at } = route(request.method!, url.pathname.slice(BASE.length))
    allow(rights, endpoint, url.pathname)
    const unknown = [...url.searchParams.keys()].filter((name) => ![...(endpoint.query ?? []), 'page', 'per_page'].includes(name))
    if (unknown.length > 0) throw new Refusal(400, 1012, `unknown query parameter ${unknown[0]}`)
    const call: Call = { world, rights, url, at, type: request.headers['content-type'] ?? '', body }
    return { status: 200, answer: wrapped(await endpoint.answer(call), url) }
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, answer: refused(error) }
    return { status: 500, answer: refused(new Refusal(500, 10013, (error as Error).stack ?? String(error))) }
  }
}

function rightsOf(world: World, header: string | undefined): Rights {
  if (header === undefined) throw new Refusal(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers')
  if (!/^Bearer [\w-]{20,}$/.test(header))
    throw new Refusal(400, 6003, 'Invalid request headers', [{ code: 6111, message: 'Invalid format for Authorization header' }])
  const rights = world.tokens.get(header.slice('Bearer '.length))
  if (!rights) throw new Refusal(403, 9109, 'Invalid access token')
  return rights
}

function route(method: string, path: string): { endpoint: Endpoint; at: Record<string, string> } {
  const here = ENDPOINTS.filter((one) => one.pattern.test(path))
  if (here.length === 0) throw new Refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`)
  const endpoint = here.find((one) => one.method === method)
  if (!endpoint) throw new Refusal(405, 7001, `Method ${method} not available for that URI.`)
  const groups = endpoint.pattern.exec(path)!.groups ?? {}
  return { endpoint, at: Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)])) }
}

function allow(rights: Rights, { permission, method, write }: Endpoint, path: string): void {
  if (permission === undefined) return
  const status = rights.status ?? 'active'
  const wanted = method === 'GET' && !write ? ['Read', 'Edit'] : ['Edit']
  const may = rights.permissions === 'all' || wanted.some((level) => rights.permissions.includes(`${permission}: ${level}`))
  if (may && status === 'active') return
  if (path.includes('/accounts/') || path.includes('/dns_records')) throw new Refusal(403, 10000, 'Authentication error')
  throw new Refusal(403, 9109, 'Unauthorized to access requested resource')
}

/** The envelope, and a page of a list. */
function wrapped(reply: Reply, url: URL): unknown {
  if ('response' in reply) return reply.response
  const envelope = { success: true, errors: [], messages: [] }
  if ('result' in reply) return { ...envelope, result: reply.result }
  const page = Number(url.searchParams.get('page') ?? 1)
  const perPage = Number(url.searchParams.get('per_page') ?? 20)
  // documented as 5 to 50; certbot's plugin asks for 1, and gets it
  if (!(perPage >= 1 && perPage <= 50)) throw new Refusal(400, 1007, 'per_page must be 5 to 50')
  const result = reply.list.slice((page - 1) * perPage, page * perPage)
  const total = reply.list.length
  const info = { page, per_page: perPage, count: result.length, total_count: total, total_pages: Math.ceil(total / perPage) }
  return { ...envelope, result, result_info: info }
}
