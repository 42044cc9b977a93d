import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import type { HttpAnswer, HttpRequest } from '../../src/module/http.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { httpClient } from '../../src/transport/http.ts'

async function server(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const made = createServer(listener)
  await new Promise<void>((ready) => made.listen(0, '127.0.0.1', ready))
  t.teardown(() => {
    made.closeAllConnections()
    made.close()
  })
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`
}

const ask = (request: HttpRequest): Promise<HttpAnswer> => httpClient({ firstDelay: 1 })(request)
const why = (answer: HttpAnswer): string => (answer.ok ? '' : answer.why)

test('a secret is in what is sent, and in nothing else', async (t) => {
  const got: string[] = []
  const url = await server(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    got.push(`${request.headers.authorization} ${body}`)
    response.writeHead(400).end('no')
  })
  const request: HttpRequest = {
    method: 'POST',
    url,
    bearer: new Secret('tok-en'),
    json: { name: 'x', deep: [{ secret: new Secret('s3"cret') }] },
  }
  const answer = await ask(request)
  t.deepEqual(got, ['Bearer tok-en {"name":"x","deep":[{"secret":"s3\\"cret"}]}'])
  t.notRegex(JSON.stringify([request, answer]), /tok-en|s3/)
})

test('a redirect is an answer, and the token stays here', async (t) => {
  let elsewhere = 0
  const other = await server(t, (_, response) => {
    elsewhere++
    response.end()
  })
  const url = await server(t, (_, response) => response.writeHead(302, { Location: other }).end())
  t.is(why(await ask({ method: 'GET', url: `${url}/x`, bearer: new Secret('token') })), 'GET /x: 302')
  t.is(elsewhere, 0)
})

test('what is refused is not asked again; what is busy is, up to a point', async (t) => {
  const counts = new Map<string, number>()
  const url = await server(t, (request, response) => {
    const count = (counts.get(request.url!) ?? 0) + 1
    counts.set(request.url!, count)
    const status = Number(request.url!.slice(1))
    response
      .writeHead(status === 503 && count === 3 ? 200 : status, status === 429 ? { 'Retry-After': new Date().toUTCString() } : {})
      .end('fine')
  })
  for (const [status, times, ok] of [
    [404, 1, false],
    [403, 1, false],
    [429, 6, false],
    [500, 6, false],
    [503, 3, true],
  ] as const) {
    const answer = await ask({ method: 'GET', url: `${url}/${status}` })
    t.deepEqual([answer.ok, counts.get(`/${status}`)], [ok, times], `${status}`)
  }
})

test('what an earlier try has deleted unheard is gone; what was never there is not', async (t) => {
  let tries = 0
  const url = await server(t, (request, response) => {
    if (request.url === '/heard') return response.writeHead(404).end()
    // done, and the answer is lost
    return ++tries === 1 ? request.socket.destroy() : response.writeHead(404).end('{"errors":[{"code":81044}]}')
  })
  t.like(await ask({ method: 'DELETE', url: `${url}/record` }), { ok: true, status: 404 })
  t.is(tries, 2)
  t.false((await ask({ method: 'DELETE', url: `${url}/heard` })).ok)
})

test('the first hint that fits is said', async (t) => {
  const errors = [{ code: 7, message: 'seven', error_chain: [{ code: 8, message: 'eight' }] }]
  const url = await server(t, (_, response) => response.writeHead(400).end(JSON.stringify({ errors })))
  const hints = [
    { code: 9, text: 'nine' },
    { code: 8, says: 'other', text: 'other' },
    { code: 8, says: 'eight', text: 'do this' },
    { text: 'any' },
  ]
  t.is(why(await ask({ method: 'PUT', url: `${url}/a?b=c`, hints })), 'PUT /a: 400 seven (code 7), eight (code 8): do this')
})

test('parts of an answer are told apart, and parts are sent with their types', async (t) => {
  const url = await server(t, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    response.writeHead(200, { 'Content-Type': request.headers['content-type']! }).end(Buffer.concat(chunks))
  })
  const parts = [
    { name: 'meta', type: 'application/json', text: '{}' },
    { name: 'w.js', type: 'application/javascript+module', text: 'ü\r\n"', filename: 'w.js' },
  ]
  const answer = await ask({ method: 'PUT', url, parts })
  t.deepEqual(answer.ok && answer.parts, { meta: '{}', 'w.js': 'ü\r\n"' })
})

test('an address that is none, and a name that is none, are answers', async (t) => {
  t.regex(why(await ask({ method: 'GET', url: 'no address' })), /^GET no address: .*/)
  t.regex(
    why(await ask({ method: 'GET', url: 'http://nowhere.invalid/x' })),
    /^GET \/x: (the name does not resolve|names cannot be resolved)/,
  )
})
