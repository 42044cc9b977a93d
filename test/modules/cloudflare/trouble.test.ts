import test from 'ava'
import { httpClient } from '../../../src/transport/http.ts'
import { cloud, settles } from '../../helpers/cloudflare.ts'

const RULE = { hostname: 'matrix.example.com', service: 'https://host.docker.internal:443' }
const tunnel = { name: 'tunnel', register: 'tunnel', cloudflare_tunnel: { name: 'matrix', zone: 'example.com', ingress: [RULE] } }
const dns = { name: 'dns', cloudflare_dns: { zone: 'example.com', record: 'matrix', type: 'CNAME', value: '<%= tunnel.cname %>' } }
const apex = { name: 'apex', cloudflare_dns: { zone: 'example.com', record: '@', type: 'AAAA', value: '100::', proxied: true } }
const worker = {
  name: 'worker',
  cloudflare_worker: { name: 'well-known', zone: 'example.com', script: 'export default { fetch: () => new Response("") }' },
}
const route = (path: string) => ({
  name: path,
  cloudflare_worker_route: { zone: 'example.com', pattern: `example.com/.well-known/matrix/${path}*`, script: 'well-known' },
})
const EDGE = [tunnel, dns, apex, worker, route('client'), route('server')]
const DONE = ['tunnel', 'dns', 'apex', 'worker', 'client', 'server'].map((name) => `${name} changed`)

const TOKENS = 'https://dash.cloudflare.com/profile/api-tokens'

test('the whole edge, at once; again, nothing', async (t) => {
  const api = await cloud(t)
  const ran = await settles(t, api, EDGE)
  t.deepEqual(ran.statuses, DONE)
})

test('a token that is not known, or no token at all in its form', async (t) => {
  const api = await cloud(t)
  const unknown = await api.run([tunnel], { token: 'tok_ABCDEFGHIJKLMNOPQRSTUVWXYZ' })
  t.is(
    unknown.msg,
    `GET /client/v4/zones: 403 Invalid access token (code 9109): Cloudflare does not know this token: is it whole, and neither expired nor deleted? ${TOKENS}`,
  )
  const cut = await api.run([tunnel], { token: 'half a token' })
  t.regex(
    cut.msg,
    /400 Invalid request headers \(code 6003\), Invalid format for Authorization header \(code 6111\): Cloudflare does not know/,
  )
  const expired = await cloud(t, { rights: { permissions: 'all', status: 'expired' } })
  t.regex((await expired.run([tunnel])).msg, /\(the token is expired\)$/)
})

for (const [permission, task] of [
  ['Zone → Zone: Read', tunnel],
  ['Account → Cloudflare Tunnel: Read', tunnel],
  ['Account → Cloudflare Tunnel: Edit', tunnel],
  ['Zone → DNS: Edit', apex],
  ['Account → Workers Scripts: Edit', worker],
  ['Zone → Workers Routes: Read', route('client')],
] as const)
  test(`the permission that is missing is named: ${permission}, ${task.name}`, async (t) => {
    const all = ['Zone → Zone', 'Account → Cloudflare Tunnel', 'Zone → DNS', 'Account → Workers Scripts', 'Zone → Workers Routes']
    const name = permission.replace(/: .*/, '')
    const permissions = all.flatMap((one) => (one === name ? (permission.endsWith('Edit') ? [`${one}: Read`] : []) : [`${one}: Edit`]))
    const api = await cloud(t, { rights: { permissions } })
    const { msg, statuses } = await api.run([task])
    t.deepEqual(statuses, [`${task.name} failed`])
    t.regex(msg, /^(GET|POST|PUT) \/client\/v4\/\S+: 403 .* \(code (10000|9109)\): /)
    t.true(msg.includes(`the token lacks the permission "${permission}", or is not for this`), msg)
    t.true(msg.includes(TOKENS))
    api.world.tokens.set([...api.world.tokens.keys()][0]!, { permissions: 'all' })
    const now = await api.run([worker, ...(task === worker ? [] : [task])])
    t.false(
      now.statuses.some((one) => one.endsWith('failed')),
      now.msg,
    )
  })

test('a zone that the token does not see', async (t) => {
  const api = await cloud(t, { zones: ['example.org'] })
  t.regex((await api.run([apex])).msg, /^the token sees no zone "example\.com": give the domain itself/)
  const other = await cloud(t, { zones: ['example.com', 'example.org'], rights: { permissions: 'all', zones: ['example.org'] } })
  t.regex((await other.run([apex])).msg, /^the token sees no zone "example\.com"/)
})

test('an API that is busy for a while is waited for; each request only so often', async (t) => {
  const api = await cloud(t)
  api.faults.push(
    { kind: 429, times: 3, retryAfter: 0 },
    { kind: 500, times: 2 },
    { method: 'POST', kind: 429, times: 2, retryAfter: 0 },
    { method: 'PUT', kind: 503, times: 2 },
  )
  t.deepEqual((await api.run(EDGE)).statuses, DONE)
  t.true(api.faults.every((fault) => fault.times === 0))
  api.faults.push({ method: 'GET', path: /zones\?/, kind: 502, times: 100 })
  const { msg } = await api.run([apex])
  t.regex(msg, /^GET \/client\/v4\/zones: 502 .*: given up after 6 tries: run it again later$/)
})

test('an API that wants to be left alone for long is', async (t) => {
  const api = await cloud(t)
  api.faults.push({ kind: 429, times: 1, retryAfter: 300 })
  const { msg } = await api.run([apex])
  t.regex(msg, /: 429 Please wait .*\(code 971\): the server wants to be left alone for 300 s: run it again then$/)
})

test('an API that goes down half-way: one message, and the next run goes on from there', async (t) => {
  for (let after = 0; after < 14; after++) {
    const api = await cloud(t)
    api.faults.push({ kind: 'cut', times: 1000, after })
    const broken = await api.run(EDGE)
    const failed = broken.statuses.filter((one) => one.endsWith(' failed'))
    t.is(failed.length, 1)
    t.regex(
      String(Object.values(broken.results).at(-1)!.msg),
      /^\w+ \/client\/v4\/\S+: the connection was cut \(\w+\): given up after 6 tries: run it again later$/,
    )
    api.faults.length = 0
    const { statuses } = await api.run(EDGE)
    t.false(
      statuses.some((one) => one.endsWith('failed')),
      `${after} ${statuses}`,
    )
    const { tunnels, workers, zones, lost } = api.world
    t.deepEqual([tunnels.length, workers.length, zones[0]!.records.length, zones[0]!.routes.length, lost], [1, 1, 2, 2, []])
    t.true((await api.run(EDGE)).statuses.every((one) => one.endsWith(' ok')))
  }
})

test('nobody at the address, and somebody else', async (t) => {
  const api = await cloud(t)
  await api.close()
  t.regex((await api.run([apex])).msg, /^GET \/client\/v4\/zones: nobody listens at that address \(ECONNREFUSED\): given up/)
  const here = await cloud(t)
  const aside = { ...apex, cloudflare_dns: { ...apex.cloudflare_dns, api_url: here.url.replace('/client/v4', '/elsewhere') } }
  t.regex((await here.run([aside])).msg, /^GET \/elsewhere\/zones: 404 No route for that URI \(code 7000\)$/)
})

test('what several tasks ask for is asked once', async (t) => {
  const api = await cloud(t)
  await api.run(EDGE)
  api.seen.length = 0
  await api.run(EDGE)
  const zones = api.seen.filter((one) => one.path.startsWith('/client/v4/zones?'))
  t.true(zones.length <= 2, JSON.stringify(api.seen.map((one) => one.path)))
})

test('a run that is to stop does not go on trying', async (t) => {
  const api = await cloud(t)
  api.faults.push({ kind: 500, times: 100 })
  const stop = new AbortController()
  const http = httpClient({ firstDelay: 600_000, stop: stop.signal })
  const answer = http({ method: 'GET', url: `${api.url}/zones` })
  setImmediate(() => stop.abort())
  const got = await answer
  t.regex(got.ok ? '' : got.why, /interrupted$/)
  t.is(api.seen.length, 1)
})
