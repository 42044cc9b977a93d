import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { gzipSync } from 'node:zlib'

/** What a request was, as the server saw it. */
export interface Seen {
  method: string
  path: string
  headers: Record<string, unknown>
  body: Buffer
}

export interface WebServer {
  url: string
  port: number
  seen: Seen[]
  close(): void
}

/** Answers like the well-known echo services: /anything, /redirect-to, /status/N, /basic-auth/U/P … and the given files under /files/. */
export function routes(seen: Seen[], files: Record<string, Buffer | string> = {}): RequestListener {
  return async (request, response) => {
    const body = await whole(request)
    const url = new URL(request.url!, 'http://x')
    const one = { method: request.method!, path: request.url!, headers: request.headers, body }
    seen.push(one)
    const [, kind = '', ...rest] = url.pathname.split('/').map(decodeURIComponent)
    const json = (value: unknown, status = 200, headers: Record<string, string | string[]> = {}) =>
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value))
    if (kind === 'anything') json({ method: one.method, headers: one.headers, body: body.toString() })
    else if (kind === 'redirect-to')
      response.writeHead(Number(url.searchParams.get('status_code')), { Location: url.searchParams.get('url')! }).end('moved')
    else if (kind === 'status') response.writeHead(Number(rest[0])).end('said by the server')
    else if (kind === 'basic-auth' || kind === 'hidden-basic-auth') {
      const wanted = `Basic ${Buffer.from(rest.join(':')).toString('base64')}`
      if (one.headers.authorization === wanted) json({ user: rest[0] })
      else if (kind === 'hidden-basic-auth') response.writeHead(404).end()
      else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="here"' }).end()
    } else if (kind === 'digest-auth') digest(one, rest[0]!, rest[1]!, response)
    else if (kind === 'cookies') json({}, 200, { 'Set-Cookie': url.searchParams.getAll('set') })
    else if (kind === 'gzip') response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('{"gzipped": true}'))
    else if (kind === 'incomplete') {
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('not all of it')
      setTimeout(() => response.destroy(), 50)
    } else if (kind === 'slow') setTimeout(() => json({ slow: true }), Number(rest[0]))
    else if (kind === 'disposition')
      response.writeHead(200, { 'Content-Disposition': url.searchParams.get('value')! }).end('named by the server')
    else if (kind === 'typed') response.writeHead(200, { 'Content-Type': url.searchParams.get('type')! }).end(body)
    else if (kind === 'files' && files[rest.join('/')] !== undefined)
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(files[rest.join('/')])
    else response.writeHead(404).end('no such page')
  }
}

async function whole(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

// RFC 7616 with MD5 and no qop
function digest(one: Seen, user: string, password: string, response: ServerResponse): void {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex')
  const answer = md5(`${md5(`${user}:here:${password}`)}:n0nce:${md5(`${one.method}:${one.path}`)}`)
  if (String(one.headers.authorization).includes(`response="${answer}"`)) response.writeHead(200).end('welcome')
  else response.writeHead(401, { 'WWW-Authenticate': 'Digest realm="here", nonce="n0nce"' }).end()
}

/** Listens on loopback, or on a socket's path. */
export const listening = (server: Server, seen: Seen[], scheme = 'http', at: { path?: string; host?: string } = {}): Promise<WebServer> =>
  new Promise((done) => {
    const ready = () => {
      const { port = 0 } = (server.address() as AddressInfo | null) ?? {}
      const close = () => {
        server.close()
        ;(server as Server & { closeAllConnections?: () => void }).closeAllConnections?.()
      }
      done({ url: `${scheme}://127.0.0.1:${port}`, port, seen, close })
    }
    if (at.path) server.listen(at.path, ready)
    else server.listen(0, at.host ?? '127.0.0.1', ready)
  })

export const webServer = (files: Record<string, Buffer | string> = {}, at: { path?: string; host?: string } = {}): Promise<WebServer> => {
  const seen: Seen[] = []
  return listening(createServer(routes(seen, files)), seen, 'http', at)
}
