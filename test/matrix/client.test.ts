import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Client, clientOf, must } from '../../src/matrix/client.ts'
import type { Way } from '../../src/matrix/way.ts'
import { dial, serving, wayTo } from './server.ts'

// Servers and proxies that misbehave; a real Synapse behind a real Apache is in test/e2e/matrix.test.ts.

const clientTo = (way: Way, patience = { left: 1000, say: (_: string) => {} }, signal = new AbortController().signal): Client =>
  clientOf(way, signal, patience)

const json =
  (value: unknown, status = 200): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))

test('a request goes out whole, and its answer comes back', async (t) => {
  const way = await wayTo(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { host, authorization, 'content-type': type } = request.headers
    json({ method: request.method, path: request.url, host, authorization, type, body })(request, response)
  })
  const reply = await clientTo(way).ask({ method: 'PUT', path: '/a%2Fb?c=1', token: 'tok', json: { key: 'ü' } })
  t.like(reply, {
    ok: true,
    status: 200,
    json: {
      method: 'PUT',
      path: '/a%2Fb?c=1',
      host: 'matrix.example.com',
      authorization: 'Bearer tok',
      type: 'application/json',
      body: '{"key":"ü"}',
    },
  })
})

test('a rate limit is waited out as long as there is patience', async (t) => {
  let asked = 0
  const way = await wayTo(t, (request, response) =>
    (++asked < 3 ? json({ errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 120 }, 429) : json({ done: true }))(request, response),
  )
  const said: string[] = []
  const patience = { left: 1000, say: (line: string) => said.push(line) }
  t.like(await clientTo(way, patience).ask({ path: '/' }), { ok: true, json: { done: true } })
  t.is(patience.left, 760)
  t.deepEqual(said, ['rate limited: waiting 1 s', 'rate limited: waiting 1 s'])
})

test('one that lasts longer is told at once, and so is one in a header', async (t) => {
  const long = await wayTo(t, json({ retry_after_ms: 300_000 }, 429))
  t.like(await clientTo(long).ask({ path: '/' }), { ok: false, limited: true, detail: 'rate limited for another 300 s' })
  const header = await wayTo(t, (_request, response) => void response.writeHead(429, { 'Retry-After': '90' }).end())
  t.like(await clientTo(header).ask({ path: '/' }), { ok: false, detail: 'rate limited for another 90 s' })
})

test('an answer that is not the one wanted says what it is', async (t) => {
  const told = async (answer: RequestListener) => {
    const reply = await must(clientTo(await wayTo(t, answer)), { path: '/' }, 'asking', { M_SO: 'because' })
    if (reply.ok) return ['taken']
    const { detail, hint, errcode } = reply
    return [detail, hint, errcode]
  }
  t.deepEqual(await told(json({ errcode: 'M_SO', error: 'no' }, 403)), ['asking: 403 M_SO: no', 'because', 'M_SO'])
  const html: RequestListener = (_request, response) => void response.writeHead(200, { 'Content-Type': 'text/html; charset=x' }).end('<p>')
  t.deepEqual(await told(html), ['taken'])
  const gone: RequestListener = (_request, response) => void response.writeHead(404, { 'Content-Type': 'text/html' }).end('<p>')
  t.regex(String((await told(gone))[0]), /^asking: 404 an HTML page$/)
  const plain: RequestListener = (_request, response) =>
    void response.writeHead(530, { 'Content-Type': 'text/plain' }).end('error code: 1033\n')
  t.is((await told(plain))[0], 'asking: 530 error code: 1033')
  const long: RequestListener = json({ errcode: 'M_X', error: 'y'.repeat(5000) }, 400)
  t.is(String((await told(long))[0]).length, 'asking: 400 '.length + 161)
})

test('a server that closes, says nothing, or is not there', async (t) => {
  const closes = { ...(await wayTo(t, (request) => void request.socket.destroy())) }
  t.like(await clientTo(closes).ask({ path: '/' }), {
    detail: 'the connection was closed before the answer was whole',
    hint: 'is it running?',
  })
  const half = await wayTo(t, (_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('half')
    setTimeout(() => response.destroy(), 20)
  })
  t.like(await clientTo(half).ask({ path: '/' }), { detail: 'the connection was closed before the answer was whole' })
  const silent = await wayTo(t, () => undefined)
  t.like(await clientTo(silent).ask({ path: '/', within: 0.2 }), { detail: 'no whole answer within 0.2 s', hint: 'is it running?' })
  const nothing = {
    ...silent,
    port: await serving(t, createTcpServer()).then((port) => port),
    dial: () => new Promise<never>(() => undefined),
  }
  t.like(await clientTo(nothing).ask({ path: '/', within: 0.2 }), { detail: 'no whole answer within 0.2 s' })
  const garbage = {
    ...silent,
    port: await serving(
      t,
      createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')),
    ),
  }
  t.like(await clientTo(garbage).ask({ path: '/' }), { ok: false })
})

test('a body that is refused before it was read: the answer counts', async (t) => {
  const way = await wayTo(t, (request, response) => {
    response.writeHead(413, { 'Content-Type': 'application/json', Connection: 'close' }).end('{"errcode":"M_TOO_LARGE"}')
    response.on('finish', () => request.socket.destroySoon())
  })
  t.like(await clientTo(way).ask({ path: '/', bytes: Buffer.alloc(20_000_000) }), {
    ok: true,
    status: 413,
    json: { errcode: 'M_TOO_LARGE' },
  })
})

test('an interrupt ends a request, and the wait for a rate limit', async (t) => {
  for (const answer of [() => undefined, json({ retry_after_ms: 60_000 }, 429)] as RequestListener[]) {
    const stop = new AbortController()
    const way = await wayTo(t, (request, response) => {
      answer(request, response)
      setTimeout(() => stop.abort(), 50)
    })
    t.like(await clientTo(way, { left: 100_000, say: () => undefined }, stop.signal).ask({ path: '/' }), { detail: 'interrupted' })
    t.like(await clientTo(way, undefined, stop.signal).ask({ path: '/' }), { detail: 'interrupted' })
  }
})

/** A TLS server of this machine with a certificate for these names. */
async function tlsWay(t: ExecutionContext, name: string, tls: (pem: string) => Way['tls']): Promise<Way> {
  const dir = mkdtempSync(join(tmpdir(), 'mhprov-test-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const [key, cert] = [join(dir, 'key'), join(dir, 'cert')]
  const alternative = `subjectAltName=DNS:${name}`
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', `/CN=${name}`]
  execFileSync('openssl', ['req', '-x509', ...kind, '-addext', alternative, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const pem = readFileSync(cert, 'utf8')
  const server = createTlsServer({ key: readFileSync(key), cert: pem }, json({ secure: true }))
  // clients that do not trust it break off
  server.on('tlsClientError', () => undefined)
  const made = tls(pem)
  return { dial, port: await serving(t, server), host: name, unanswered: 'is it running?', ...(made && { tls: made }) }
}

test('TLS is checked: the name, and against the certificate to trust', async (t) => {
  const asked = async (name: string, tls: (pem: string) => Way['tls']) => {
    const reply = await clientTo(await tlsWay(t, name, tls)).ask({ path: '/' })
    return reply.ok ? reply.status : reply.detail
  }
  t.is(await asked('matrix.example.com', (ca) => ({ name: 'matrix.example.com', ca })), 200)
  t.is(await asked('matrix.example.com', () => ({ name: 'matrix.example.com' })), 'the certificate is self-signed')
  t.is(await asked('other.example.com', (ca) => ({ name: 'matrix.example.com', ca })), 'the certificate is not for matrix.example.com')
})
