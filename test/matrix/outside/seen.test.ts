import type { RequestListener } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import type { Run } from '../../../src/matrix/check.ts'
import { clientAddress } from '../../../src/matrix/checks/accounts.ts'
import { clientOf } from '../../../src/matrix/client.ts'
import { worldOf } from '../../../src/matrix/outside/world.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { dial, wayTo } from '../server.ts'

// Which address Synapse notes behind a tunnel; with a real one: test/e2e/matrix.test.ts

/** Behind an edge that answers /cdn-cgi/trace so; `sees` are the addresses that Synapse has noted for the forged request. */
async function check(t: ExecutionContext, sees: string[], trace: RequestListener, tunnel = true) {
  const { signal } = new AbortController()
  const patience = { left: 0, say: () => undefined }
  let agent = ''
  let forged: unknown
  const way = await wayTo(t, (request, response) => {
    if (request.url === '/cdn-cgi/trace') return trace(request, response)
    const json = (value: unknown) => void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    if (request.url?.startsWith('/_matrix/client/v3/account/whoami')) {
      agent = String(request.headers['user-agent'])
      forged = request.headers['cf-connecting-ip']
      return json({})
    }
    json({ devices: { A: { sessions: [{ connections: sees.map((ip, i) => ({ ip, last_seen: i, user_agent: agent })) }] } } })
  })
  const client = clientOf(way, signal, patience)
  const account = { name: 'a', id: '@a:example.com', password: 'p', token: 't' }
  const run: Run = {
    want: {
      serverName: 'example.com',
      matrixHost: 'matrix.example.com',
      secret: new Secret('secret'),
      httpPort: 8008,
      httpsPort: 443,
      database: { wanted: 'psycopg2' },
      tunnel,
      uploadSize: 1,
    },
    context: { dial, signal, say: () => undefined },
    world: { ...worldOf({}, signal), own: new Set(['192.168.1.20']) },
    ...{ patience, synapse: client, rooms: [], admin: account, user: account },
  }
  const found = await clientAddress.run(run, clientOf({ ...way, outside: true }, signal, patience))
  t.is(forged === undefined, tunnel)
  return found
}

const nothing: RequestListener = (_request, response) => void response.writeHead(404).end()
const cloudflare =
  (ip: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'CF-RAY': '1-FRA', 'Content-Type': 'text/plain' }).end(`fl=1\nip=${ip}\nts=1\n`)

test('the address that Cloudflare saw, or any in the world, or one of this machine', async (t) => {
  t.like(await check(t, ['198.51.100.7'], cloudflare('198.51.100.7')), { ok: true, detail: '198.51.100.7, forged ones ignored' })
  t.like(await check(t, ['172.18.0.2', '2001:db8::7'], cloudflare('2001:db8::7')), { ok: true })
  t.like(await check(t, ['198.51.100.7'], nothing), { ok: true })
  t.like(await check(t, ['192.168.1.20'], nothing, false), { ok: true })
})

test('an address of the tunnel, of the edge, or a forged one', async (t) => {
  const edge = await check(t, ['162.158.0.1'], cloudflare('198.51.100.7'))
  t.like(edge, { ok: false, detail: 'Synapse saw 162.158.0.1, not 198.51.100.7 from which it was asked' })
  const tunnel = await check(t, ['172.18.0.2'], nothing)
  t.like(tunnel, { ok: false, detail: 'Synapse saw 172.18.0.2, not the one from which it was asked' })
  t.regex('hint' in tunnel ? String(tunnel.hint) : '', /from CF-Connecting-IP/)
  const proxy = await check(t, [], nothing, false)
  t.like(proxy, { ok: false, detail: 'Synapse saw no new address, not the one from which it was asked' })
  t.regex('hint' in proxy ? String(proxy.hint) : '', /tunnel: true/)
  t.regex(
    (await check(t, ['203.0.113.7', '198.51.100.7'], cloudflare('198.51.100.7'))).detail,
    /^Synapse believes a forged X-Forwarded-For/,
  )
})
