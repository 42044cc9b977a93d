import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, fault } from './fault.ts'
import { strangerHint } from './stranger.ts'
import { connection, explain, type Way } from './way.ts'

export interface Request {
  /** GET, or POST with something to send. */
  readonly method?: string
  readonly path: string
  readonly token?: string
  readonly json?: unknown
  readonly bytes?: Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds for the whole exchange. */
  readonly within?: number
}

export interface Reply {
  readonly ok: true
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  /** The body, when it is a JSON object. */
  readonly json?: Readonly<Record<string, unknown>>
}

export interface Client {
  readonly way: Way
  readonly signal: AbortSignal
  /** Asks; a rate limit is waited out within the patience. Never rejects. */
  ask(request: Request): Promise<Reply | Fault>
}

/** Milliseconds that may go into waiting for rate limits; shared by the clients of a run, and used up. */
export interface Patience {
  left: number
  readonly say: (line: string) => void
}

const WITHIN = 20
const INTERRUPTED = fault('interrupted')

/** A client of one server. Each request has a connection of its own. */
export const clientOf = (way: Way, signal: AbortSignal, patience: Patience): Client => ({
  way,
  signal,
  ask: async (request) => {
    for (;;) {
      const reply = await exchange(way, request, signal)
      if (!reply.ok || reply.status !== 429) return reply
      const wait = retryAfter(reply)
      if (wait > patience.left)
        return {
          ...fault(`rate limited for another ${Math.ceil(wait / 1000)} s`, 'wait, or raise the limit in homeserver.yaml (rc_login …)'),
          limited: true,
        }
      patience.left -= wait
      patience.say(`rate limited: waiting ${Math.ceil(wait / 1000)} s`)
      await sleep(wait, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return INTERRUPTED
    }
  },
})

/** Milliseconds: `retry_after_ms`, else the Retry-After header (Matrix client-server API, rate limiting), else a second; at least a tenth of one. */
function retryAfter({ json, headers }: Reply): number {
  const ms = Number(json?.retry_after_ms ?? Number(headers['retry-after'] ?? 1) * 1000)
  return Math.max(Number.isFinite(ms) ? ms : 1000, 100)
}

async function exchange(way: Way, one: Request, signal: AbortSignal): Promise<Reply | Fault> {
  if (signal.aborted) return INTERRUPTED
  const ending = new AbortController()
  const seconds = one.within ?? WITHIN
  let late = false
  const timer = setTimeout(() => {
    late = true
    ending.abort()
  }, seconds * 1000)
  const interrupt = () => ending.abort()
  signal.addEventListener('abort', interrupt, { once: true })
  try {
    return await transfer(way, one, ending.signal)
  } catch (error) {
    if (late) return fault(`no whole answer within ${seconds} s`, way.unanswered)
    return signal.aborted ? INTERRUPTED : explain(error as NodeJS.ErrnoException, way)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', interrupt)
    // ends the connection, too
    ending.abort()
  }
}

function transfer(way: Way, { method, path, token, json, bytes, headers }: Request, signal: AbortSignal): Promise<Reply> {
  const body = bytes ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)))
  return new Promise((resolve, reject) => {
    let answered: IncomingMessage | undefined
    // a request that has no socket yet does not tell that it was ended
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    const request = httpRequest({
      method: method ?? (body ? 'POST' : 'GET'),
      path,
      signal,
      headers: {
        Host: way.host,
        'User-Agent': 'mhprov',
        Connection: 'close',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body && { 'Content-Type': bytes ? 'application/octet-stream' : 'application/json', 'Content-Length': body.length }),
        ...headers,
      },
      createConnection: (_options, connected) => {
        connection(way, signal).then(
          (socket) => connected(null, socket),
          // the socket is not looked at beside an error
          (error: Error) => connected(error, undefined as never),
        )
        return undefined
      },
    })
    // a server that refuses a body answers before it has read it, and closes: the answer counts
    request.on('error', (error) => answered ?? reject(error))
    request.on('response', (response) => {
      answered = response
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => undefined)
      response.on('close', () => {
        const { statusCode: status = 0, complete } = response
        if (!complete && status < 400) return reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))
        resolve({ ok: true, status, headers: response.headers, ...bodyOf(Buffer.concat(chunks)) })
      })
    })
    request.end(body)
  })
}

/** A file that someone wrote may begin with a line end. */
const BLANKS = Buffer.from(' \t\r\n')

function bodyOf(bytes: Buffer): Pick<Reply, 'bytes' | 'json'> {
  if (bytes.find((byte) => !BLANKS.includes(byte)) !== 0x7b) return { bytes }
  try {
    return { bytes, json: JSON.parse(bytes.toString()) as Record<string, unknown> }
  } catch {
    return { bytes } // whoever expects JSON says that it is none
  }
}

/** Further hints, by Matrix's error code. */
export type Hints = Readonly<Record<string, string>>

/** Asks for something that must succeed. `what` begins the message when it does not: "creating the room". */
export async function must(client: Client, request: Request, what: string, hints: Hints = {}): Promise<Reply | Fault> {
  const reply = await client.ask(request)
  if (!reply.ok) return { ...reply, detail: `${what}: ${reply.detail}` }
  if (reply.status === 200) return reply
  return refusal(client, reply, what, hints)
}

/** An answer as a fault: `creating the room: 403 M_FORBIDDEN: …`. */
export function refusal({ way }: Client, reply: Reply, what: string, hints: Hints = {}): Fault {
  const errcode = typeof reply.json?.errcode === 'string' ? reply.json.errcode : undefined
  const hint = (errcode && hints[errcode]) ?? hints[String(reply.status)] ?? (errcode ? undefined : strangerHint(way, reply))
  return { ...fault(`${what}: ${describe(reply)}`, hint), ...(errcode && { errcode }) }
}

const LONGEST = 160

/** An answer in a few words: its status and what it is. */
export function describe({ status, json, headers, bytes }: Reply): string {
  const type = String(headers['content-type'] ?? '').split(';')[0]
  const said = json ? [json.errcode, json.error].filter((one) => typeof one === 'string').join(': ') : ''
  // Cloudflare's own errors are a line of text
  const text = type === 'text/plain' ? bytes.toString('utf8', 0, LONGEST + 1).trim() : ''
  const what = said || text || (json ? 'JSON' : type === 'text/html' ? 'an HTML page' : bytes.length === 0 ? 'nothing' : type || 'no JSON')
  return `${status} ${what.length > LONGEST ? `${what.slice(0, LONGEST)}…` : what}`
}
