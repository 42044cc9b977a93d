import { Resolver } from 'node:dns/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { newId, newTunnel } from '../../src/lab/cloudflare/world.ts'
import { type Edge, openEdge } from '../../src/lab/edge/edge.ts'
import { forOrigin } from '../../src/lab/edge/settings.ts'
import { fits } from '../../src/lab/edge/zone-routes.ts'
import { type Ask, matrixClient } from '../../src/lab/matrix-client.ts'

// An address of its own, so that its ports are free.
const address = `127.${process.pid % 250}.7.10`
let dir: string
let edge: Edge & { close(): Promise<void> }

test.before('an edge', async () => {
  dir = await mkdtemp(join(tmpdir(), 'edge-'))
  edge = await openEdge({ address, dir, resolvers: [], zones: ['example.com', 'other.org'] })
})
test.after.always('closes it', async () => {
  await edge?.close()
  await rm(dir, { recursive: true, force: true })
})

const visitor = (host: string): Ask => matrixClient({ address, host, ca: edge.authority.certificate })

function record(name: string, content: string, { type = 'CNAME', proxied = true, zone = 0 } = {}): void {
  edge.world.zones[zone]!.records.push({ id: newId(), name, type, content, proxied, ttl: 1, comment: null })
}

function worker(name: string, text: string, pattern: string): void {
  const zone = edge.world.zones[0]!
  edge.world.workers.push({
    name,
    account: zone.account,
    main: 'worker.js',
    modules: { 'worker.js': text },
    compatibilityDate: '2026-01-01',
  })
  zone.routes.push({ id: newId(), pattern, script: name })
}

test('a pattern is held against the whole address', (t) => {
  const yes = [
    ['example.com/.well-known/matrix/client*', 'https://example.com/.well-known/matrix/client?x=1'],
    ['example.com/.well-known/matrix/client', 'https://example.com/.well-known/matrix/client'],
    ['https://example.com/*', 'https://example.com/'],
    ['*.example.com/a*', 'https://Matrix.Example.com/abc'],
    ['*example.com/a*', 'https://example.com/a'],
  ]
  const no = [
    ['example.com/.well-known/matrix/client', 'https://example.com/.well-known/matrix/client?x=1'],
    ['http://example.com/*', 'https://example.com/'],
    ['*.example.com/*', 'https://example.com/'],
    ['example.com/*', 'https://evil.org/example.com/'],
    ['example.com/a.b*', 'https://example.com/aXb'],
  ]
  for (const [pattern, url] of yes) t.true(fits(pattern!, url!), `${pattern} ${url}`)
  for (const [pattern, url] of no) t.false(fits(pattern!, url!), `${pattern} ${url}`)
})

test('a name without a proxied record, without a tunnel and without a connector: three errors', async (t) => {
  record('lost.example.com', '11111111-1111-4111-8111-111111111111.cfargotunnel.com')
  record('idle.example.com', `${newTunnel(edge.world, 'idle').id}.cfargotunnel.com`)
  record('grey.example.com', '192.0.2.1', { type: 'A', proxied: false })
  const expected = { nothing: [409, 1001], grey: [409, 1001], lost: [530, 1016], idle: [530, 1033] }
  for (const [name, [status, code]] of Object.entries(expected)) {
    const answer = await visitor(`${name}.example.com`)('GET', '/', { statuses: [status!] })
    t.is(answer.text, `error code: ${code}\n`)
    t.regex(String(answer.headers['cf-ray']), /^[0-9a-f]{16}-LAB$/)
  }
})

test('a Worker sees the request and answers it; the newest upload, and what it throws', async (t) => {
  record('w.example.com', '100::', { type: 'AAAA' })
  const text = `export default { async fetch(request) {
    const headers = Object.fromEntries(request.headers)
    return Response.json({ url: request.url, method: request.method, body: await request.text(), headers }, { status: 201, headers: { 'x-own': 'yes' } })
  } }`
  worker('echo', text, 'w.example.com/a*')
  const ask = visitor('w.example.com')
  const answer = await ask('POST', '/a%2Fb?q=%20', {
    json: { x: 1 },
    statuses: [201],
    headers: { 'CF-Connecting-IP': '1.2.3.4', 'X-Forwarded-For': '1.2.3.4' },
  })
  t.is(answer.headers['x-own'], 'yes')
  t.like(answer.json, { url: 'https://w.example.com/a%2Fb?q=%20', method: 'POST', body: '{"x":1}' })
  const sender = String((answer.json.headers as Record<string, string>)['cf-connecting-ip'])
  t.not(sender, '1.2.3.4')
  t.like(answer.json.headers, { 'x-forwarded-for': `1.2.3.4, ${sender}`, 'x-forwarded-proto': 'https' })

  const own = edge.world.workers.find((one) => one.name === 'echo')!
  own.modules = {
    'worker.js': `import { text } from './other.js'\nexport default { fetch: () => new Response(text) }`,
    'other.js': `export const text = 'second'`,
  }
  t.is((await ask('GET', '/a')).text, 'second')
  own.modules = { 'worker.js': `export default { fetch() { throw new Error('on purpose') } }` }
  t.regex((await ask('GET', '/a', { statuses: [500] })).text, /^error code: 1101\n.*on purpose/)
  t.is((await ask('GET', '/b', { statuses: [522] })).text, 'error code: 522\n')
})

test('of two routes the more specific one wins, and one without a Worker keeps all away', async (t) => {
  record('r.example.com', '100::', { type: 'AAAA' })
  const says = (what: string) => `export default { fetch: () => new Response('${what}') }`
  worker('wide', says('wide'), 'r.example.com/*')
  worker('narrow', says('narrow'), 'r.example.com/in/*')
  edge.world.zones[0]!.routes.push({ id: newId(), pattern: 'r.example.com/out/*' })
  const ask = visitor('r.example.com')
  t.is((await ask('GET', '/')).text, 'wide')
  t.is((await ask('GET', '/in/x')).text, 'narrow')
  t.is((await ask('GET', '/out/x', { statuses: [522] })).status, 522)
})

test('more than 100 MB are not taken', async (t) => {
  record('big.example.com', `${newTunnel(edge.world, 'big').id}.cfargotunnel.com`)
  const answer = await visitor('big.example.com')('POST', '/', { headers: { 'Content-Length': '100000001' }, statuses: [413] })
  t.is(answer.status, 413)
})

const names = (t: ExecutionContext, servername: string) =>
  new Promise<string>((done) => {
    const socket = connectTls({ host: address, port: 443, servername, ca: edge.authority.certificate }, () => {
      done(socket.getPeerCertificate().subjectaltname ?? '')
      socket.end()
    })
    socket.on('error', (error) => done(error.message))
    t.teardown(() => socket.destroy())
  })

test('its certificate is for a zone and one level below, as on the free plan', async (t) => {
  t.is(await names(t, 'other.org'), 'DNS:other.org, DNS:*.other.org')
  t.is(await names(t, 'any.example.com'), 'DNS:example.com, DNS:*.example.com')
  t.notRegex(await names(t, 'a.b.example.com'), /DNS:/)
  t.notRegex(await names(t, 'elsewhere.net'), /DNS:/)
})

test('the DNS of the lab leads proxied names and connectors to the edge', async (t) => {
  record('dns.example.com', '100::', { type: 'AAAA' })
  edge.names['neighbour.test'] = '10.1.2.3'
  const resolver = new Resolver()
  resolver.setServers([`${address}:53`])
  t.deepEqual(await resolver.resolve4('dns.example.com'), [address])
  t.deepEqual(await resolver.resolve4('region1.v2.argotunnel.com'), [address])
  t.deepEqual(await resolver.resolve4('neighbour.test'), ['10.1.2.3'])
  await t.throwsAsync(resolver.resolve4('absent.example.com'), { code: 'ENOTFOUND' })
})

test('a connector with another secret is refused', async (t) => {
  const tunnel = newTunnel(edge.world, 'guarded')
  const said = await new Promise<string>((done) => {
    const socket = connect(7844, address, () => {
      const { id, account } = tunnel
      socket.write(`${JSON.stringify({ register: { account, tunnel: id, secret: 'guessed', connector: 'x', index: 0 } })}\n`)
    })
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => done(text))
  })
  t.deepEqual(JSON.parse(said), { refused: 'Unauthorized: Invalid tunnel secret' })
  t.is(tunnel.status, 'inactive')
})

test('settings that break Matrix do so here', async (t) => {
  record('set.other.org', '100::', { type: 'AAAA', zone: 1 })
  const ask = visitor('set.other.org')
  const zone = edge.world.zones[1]!
  const got = async (agent: string, status: number) =>
    (await ask('GET', '/', { statuses: [status], headers: { 'User-Agent': agent } })).text
  t.is(await got('', 403), 'error code: 1010\n')
  zone.rulesets.set('http_config_settings', {
    id: newId(),
    version: 1,
    rules: [{ id: newId(), expression: '(http.host eq "set.other.org")', action: 'set_config', action_parameters: { bic: false } }],
  })
  t.is(await got('', 522), 'error code: 522\n')
  zone.bots.fight_mode = true
  t.regex(await got('Synapse/1.160.0', 403), /^<!DOCTYPE html>/)
  t.is(await got('Mozilla/5.0', 522), 'error code: 522\n')
  const path = '/_matrix/%23a%2Fb%3A%65x/%c3%bc//..?x=%65'
  t.is(forOrigin(zone, path), path)
  zone.normalization.scope = 'both'
  t.is(forOrigin(zone, path), '/_matrix/%23a%2Fb%3Aex/?x=%65')
})
