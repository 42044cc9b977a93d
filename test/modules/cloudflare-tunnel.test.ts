import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { newTunnel, type TunnelState } from '../../src/lab/cloudflare/world.ts'
import { cloudflareTunnel } from '../../src/modules/cloudflare-tunnel.ts'
import { connectLocal, localTarget } from '../../src/transport/local.ts'
import { cloud, settles, TOKEN } from '../helpers/cloudflare.ts'

const RULE = {
  hostname: 'matrix.example.com',
  service: 'https://host.docker.internal:443',
  originRequest: { originServerName: 'matrix.example.com', connectTimeout: '30s' },
}
const ALL = { service: 'http_status:404' }
const SENT = { ...RULE, originRequest: { originServerName: 'matrix.example.com', connectTimeout: 30 } }
const task = (params: object = {}) => ({
  name: 'tunnel',
  cloudflare_tunnel: { name: 'matrix', zone: 'example.com', ingress: [RULE], ...params },
})
const SECRET = randomBytes(32).toString('base64')

test('a tunnel is made with its ingress, and left alone the second time', async (t) => {
  const api = await cloud(t)
  const ran = await settles(t, api, [task()])
  t.deepEqual(ran.planned, ['create tunnel matrix, matrix.example.com → https://host.docker.internal:443, all else → http_status:404'])
  const [tunnel] = api.world.tunnels
  t.deepEqual(tunnel!.config, { ingress: [SENT, ALL] })
  const { id, cname, status, connections, account_id, token } = ran.result
  t.deepEqual(
    { id, cname, status, connections, account_id, token },
    {
      id: tunnel!.id,
      cname: `${tunnel!.id}.cfargotunnel.com`,
      status: 'inactive',
      connections: 0,
      account_id: tunnel!.account,
      token: '********',
    },
  )
})

test('the token and the credentials reach a later task as secrets', async (t) => {
  const api = await cloud(t)
  const into = (mode: string) => [
    { ...task({ config_src: 'local', tunnel_secret: SECRET }), register: 'tunnel' },
    { name: 'token', copy: { dest: '<%= playbook_dir %>/token', content: '<%= tunnel.token %>', mode } },
    { name: 'credentials', copy: { dest: '<%= playbook_dir %>/c.json', content: '<%= tunnel.credentials %>', mode } },
  ]
  const local = { connect: (host: string) => connectLocal(localTarget(host)), diff: true }
  const open = await api.run(into('0644'), local)
  t.regex(String(open.results.token!.msg), /every user of the host may read/)
  const ran = await api.run(into('0600'), local)
  t.deepEqual(ran.statuses, ['tunnel ok', 'token changed', 'credentials changed'])
  const [tunnel] = api.world.tunnels
  const file = (name: string) => readFileSync(join(ran.dir, name), 'utf8')
  t.deepEqual(JSON.parse(Buffer.from(file('token'), 'base64').toString()), { a: tunnel!.account, t: tunnel!.id, s: SECRET })
  t.deepEqual(JSON.parse(file('c.json')), { AccountTag: tunnel!.account, TunnelID: tunnel!.id, TunnelSecret: SECRET })
  const told = JSON.stringify([open.events, ran.events])
  t.false(told.includes(SECRET) || told.includes(file('token')))
  const line = await api.run(
    [
      { ...task({ config_src: 'local', tunnel_secret: SECRET }), register: 'tunnel' },
      { name: 'argv', command: 'echo <%= tunnel.token %>' },
    ],
    local,
  )
  t.regex(String(line.results.argv!.msg), /command line/)
})

test('a dry run goes on with what will be known of a tunnel', async (t) => {
  const api = await cloud(t)
  const dns = { zone: 'example.com', record: 'matrix', type: 'CNAME', value: '<%= tunnel.cname %>' }
  const both = [
    { ...task(), register: 'tunnel' },
    { name: 'dns', cloudflare_dns: dns },
  ]
  const dry = await api.run(both, { check: true })
  t.deepEqual(dry.statuses, ['tunnel changed', 'dns changed'])
  t.deepEqual((await api.run(both)).statuses, ['tunnel changed', 'dns changed'])
  t.is(api.world.zones[0]!.records[0]!.content, `${api.world.tunnels[0]!.id}.cfargotunnel.com`)
})

const withRules = (tunnel: TunnelState, ingress: object[], more: object = {}) => {
  tunnel.config = { ingress, ...more } as TunnelState['config']
}

test('rules of others are kept, in their order, and ours go where they are reached', async (t) => {
  const api = await cloud(t)
  const tunnel = newTunnel(api.world, 'matrix')
  const foreign = [
    { hostname: 'git.example.com', service: 'http://localhost:3000' },
    { hostname: '*.example.com', service: 'http://localhost:80', originRequest: {} },
  ]
  withRules(tunnel, [...foreign, { service: 'http_status:503' }], { 'warp-routing': { enabled: true } })
  const ran = await settles(t, api, [task()])
  t.deepEqual(ran.planned, ['tunnel matrix: matrix.example.com → https://host.docker.internal:443'])
  t.deepEqual(tunnel.config, {
    ingress: [foreign[0], SENT, foreign[1], { service: 'http_status:503' }],
    'warp-routing': { enabled: true },
  } as TunnelState['config'])
})

test('our rule is replaced by its hostname and path when it has drifted', async (t) => {
  const api = await cloud(t)
  const tunnel = newTunnel(api.world, 'matrix')
  withRules(tunnel, [
    { ...SENT, service: 'http://localhost:1' },
    { hostname: 'matrix.example.com', path: '^/x', service: 'http://localhost:2' },
    ALL,
  ])
  await settles(t, api, [task({ ingress: [RULE, { ...RULE, path: '^/admin', service: 'http_status:403' }] })])
  t.deepEqual(
    tunnel.config!.ingress!.map(({ path, service }) => [path, service]),
    [
      ['^/admin', 'http_status:403'],
      [undefined, 'https://host.docker.internal:443'],
      ['^/x', 'http://localhost:2'],
      [undefined, 'http_status:404'],
    ],
  )
})

test('a tunnel that was only half made is taken over', async (t) => {
  const api = await cloud(t)
  api.faults.push({ method: 'PUT', path: /configurations/, kind: 500, times: 6 })
  const broken = await api.run([task()])
  t.deepEqual(broken.statuses, ['tunnel failed'])
  t.regex(broken.msg, /^PUT .*\/configurations: 500 .*\(code 10013\): given up after 6 tries: run it again later$/)
  t.is(api.world.tunnels.length, 1)
  await settles(t, api, [task()])
  t.is(api.world.tunnels.length, 1)
  t.deepEqual(api.world.tunnels[0]!.config, { ingress: [SENT, ALL] })
})

test('a creation that nobody heard of is not made twice', async (t) => {
  const api = await cloud(t)
  api.faults.push({ method: 'POST', kind: 'deaf', times: 1 })
  const broken = await api.run([task()])
  t.regex(broken.msg, /already have a tunnel with this name.* \(code 1013\): an earlier try of 2 may have succeeded unheard: run it again/)
  await settles(t, api, [task()])
  t.is(api.world.tunnels.length, 1)
})

test('two tunnels of a name, and one of the other kind, are refused with the way out', async (t) => {
  const api = await cloud(t)
  newTunnel(api.world, 'matrix', { source: 'local' })
  t.regex((await api.run([task()])).msg, /made for config_src: local, which cannot be changed: set that, another name, or remove it first/)
  newTunnel(api.world, 'matrix')
  t.regex((await api.run([task()])).msg, /there are 2 tunnels called "matrix" \(.*\): delete all but one/)
  t.deepEqual(api.writes(), [])
})

test('a deleted tunnel of the name does not count', async (t) => {
  const api = await cloud(t)
  newTunnel(api.world, 'matrix').deletedAt = '2026-01-01T00:00:00Z'
  await settles(t, api, [task()])
  t.is(api.world.tunnels.length, 2)
})

test('a tunnel with a local configuration: the result has the file, and another secret is set', async (t) => {
  const api = await cloud(t)
  const local = (secret: string) => task({ config_src: 'local', tunnel_secret: secret })
  const ran = await settles(t, api, [local(SECRET)])
  t.deepEqual(ran.result.ingress, [RULE, ALL])
  t.is(ran.result.credentials, '********')
  t.is(api.world.tunnels[0]!.config, null)
  const other = randomBytes(32).toString('base64')
  const dry = await api.run([local(other)], { check: true })
  t.deepEqual([dry.result.token, dry.result.credentials], ['********', '********'])
  const changed = await settles(t, api, [local(other)])
  t.deepEqual(changed.planned, ['tunnel matrix: a new secret; cloudflared needs the new credentials'])
  t.is(api.world.tunnels[0]!.secret, other)
})

test('a tunnel is removed with what is left of its connections, but not while it is in use', async (t) => {
  const api = await cloud(t)
  const tunnel = newTunnel(api.world, 'matrix')
  tunnel.connections = [{ id: 'a' }, { id: 'b' }]
  const gone = (params = {}) => ({ name: 'tunnel', cloudflare_tunnel: { name: 'matrix', zone: 'example.com', state: 'absent', ...params } })
  t.regex((await api.run([gone()])).msg, /is in use: cloudflared has 2 connections\. stop cloudflared first, or set force: true/)
  await settles(t, api, [gone({ force: true })])
  t.truthy(tunnel.deletedAt)
})

test('the account is the only one that the token sees, or has to be named', async (t) => {
  const api = await cloud(t, { accounts: 2 })
  const bare = (params = {}) => ({ name: 'tunnel', cloudflare_tunnel: { name: 'matrix', ...params } })
  t.regex((await api.run([bare()])).msg, /the token sees 2 accounts: set account_id/)
  await settles(t, api, [bare({ account_id: api.world.accounts[1]!.id })])
  t.is(api.world.tunnels[0]!.account, api.world.accounts[1]!.id)
  const one = await cloud(t)
  await settles(t, one, [bare()])
})

for (const [what, ingress, reason] of [
  ['an unknown key', [{ ...RULE, originRequest: { originServer: 'x' } }], /originServer/],
  ['a hostname with a port', [{ ...RULE, hostname: 'matrix.example.com:443' }], /without scheme, port and path/],
  ['a service with a path', [{ ...RULE, service: 'https://host:443/x' }], /a path cannot be part of it/],
  ['a service without a scheme', [{ ...RULE, service: 'localhost:80' }], /expected an address such as/],
  ['a catch-all that is not the last', [ALL, RULE], /it must be the last/],
  ['a rule twice', [RULE, RULE], /rule 1 has the same hostname and path/],
  ['a part of a second', [{ ...RULE, originRequest: { connectTimeout: '500ms' } }], /whole seconds/],
] as const)
  test(`ingress: ${what} is refused before anything is asked`, (t) => {
    const parsed = cloudflareTunnel.params.safeParse({ name: 'matrix', api_token: TOKEN, ingress })
    t.false(parsed.success)
    t.regex(parsed.error!.message, reason)
  })

test('times are understood as a configuration file has them', (t) => {
  const { ingress } = cloudflareTunnel.params.parse({
    name: 'matrix',
    api_token: TOKEN,
    ingress: [{ ...RULE, originRequest: { connectTimeout: '1m30s', tlsTimeout: 5, keepAliveTimeout: '90' } }],
  })
  t.deepEqual(ingress![0]!.originRequest, { connectTimeout: 90, tlsTimeout: 5, keepAliveTimeout: 90 })
})

test('the token never travels in the clear to the world', (t) => {
  const url = (api_url: string) => cloudflareTunnel.params.safeParse({ name: 'm', api_token: TOKEN, api_url }).success
  t.deepEqual(
    ['http://api.cloudflare.com/client/v4', 'http://10.example/x', 'ftp://localhost/', 'http://10.1.2.3:80/x', 'https://x.example/'].map(
      url,
    ),
    [false, false, false, true, true],
  )
})
