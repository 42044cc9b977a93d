import test from 'ava'
import { newId, newTunnel } from '../../src/lab/cloudflare/world.ts'
import { cloud, TOKEN } from '../helpers/cloudflare.ts'

/** Sends to the stand-in what a client of no great care would. */
async function send(base: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(base + path, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const answer = (await response.json()) as { success: boolean; errors: { code: number; message: string }[]; result: unknown }
  return { status: response.status, code: answer.errors[0]?.code, message: answer.errors[0]?.message ?? '', result: answer.result }
}

test('what the API would not take, the stand-in does not take', async (t) => {
  const api = await cloud(t)
  const zone = api.world.zones[0]!.id
  const account = api.world.accounts[0]!.id
  const tunnel = newTunnel(api.world, 'matrix').id
  const record = { type: 'A', name: 'x.example.com', content: '192.0.2.1' }
  const ingress = (...rules: object[]) => ({ config: { ingress: rules } })
  const all = { service: 'http_status:404' }
  const configurations = `/accounts/${account}/cfd_tunnel/${tunnel}/configurations`
  const cases: [string, string, string, unknown, number, number, RegExp][] = [
    ['unknown path', 'GET', '/zone', undefined, 404, 7003, /Could not route/],
    ['wrong method', 'PUT', `/zones/${zone}/dns_records`, record, 405, 7001, /Method PUT not available/],
    ['unknown query', 'GET', '/zones?nam=x', undefined, 400, 1012, /nam/],
    ['unknown zone', 'GET', `/zones/${newId()}/dns_records`, undefined, 404, 7003, /identifier/],
    ['unknown field', 'POST', `/zones/${zone}/dns_records`, { ...record, proxy: true }, 400, 1004, /proxy/],
    ['no JSON', 'POST', `/zones/${zone}/dns_records`, '{', 400, 6007, /Malformed/],
    ['bad address', 'POST', `/zones/${zone}/dns_records`, { ...record, content: 'x' }, 400, 9005, /Content/],
    ['name taken', 'POST', `/accounts/${account}/cfd_tunnel`, { name: 'matrix', config_src: 'cloudflare' }, 409, 1013, /already/],
    [
      'weak secret',
      'POST',
      `/accounts/${account}/cfd_tunnel`,
      { name: 'b', config_src: 'local', tunnel_secret: 'eA==' },
      400,
      1004,
      /32 bytes/,
    ],
    ['no rules', 'PUT', configurations, ingress(), 400, 1056, /No ingress rules/],
    [
      'no catch-all',
      'PUT',
      configurations,
      ingress({ hostname: 'a.b', service: 'http://x' }),
      400,
      1056,
      /last ingress rule must match all/,
    ],
    ['early catch-all', 'PUT', configurations, ingress(all, all), 400, 1056, /later rules are never used/],
    ['port', 'PUT', configurations, ingress({ hostname: 'a.b:1', service: 'http://x' }, all), 400, 1056, /port/],
    ['path', 'PUT', configurations, ingress({ hostname: 'a.b', service: 'http://x/y' }, all), 400, 1056, /different path/],
    ['unknown origin key', 'PUT', configurations, ingress({ ...all, originRequest: { sni: 'x' } }), 400, 1004, /sni/],
    ['time as text', 'PUT', configurations, ingress({ ...all, originRequest: { connectTimeout: '30s' } }), 400, 1004, /connectTimeout/],
    ['script as text', 'PUT', `/accounts/${account}/workers/scripts/w`, 'export default {}', 415, 10025, /Content-Type/],
    ['route of another zone', 'POST', `/zones/${zone}/workers/routes`, { pattern: 'example.org/*' }, 400, 10022, /zone/],
  ]
  for (const [what, method, path, body, status, code, message] of cases) {
    const answer = await send(api.url, method, path, body)
    t.deepEqual([answer.status, answer.code], [status, code], `${what}: ${answer.message}`)
    t.regex(answer.message, message, what)
  }
  t.is((await send(api.url, 'POST', `/zones/${zone}/dns_records`, JSON.stringify(record), { 'Content-Type': 'text/plain' })).status, 415)
  t.is((await send(api.url, 'GET', '/zones', undefined, { Authorization: 'Token x' })).code, 6003)
  t.is((await fetch(`${api.url}/zones`)).status, 400)
  t.deepEqual(api.world.zones[0]!.records, [])
})

test('records that exclude each other, twice the same, and routes twice', async (t) => {
  const api = await cloud(t)
  const zone = `/zones/${api.world.zones[0]!.id}`
  const record = { type: 'A', name: 'x', content: '192.0.2.1' }
  t.is((await send(api.url, 'POST', `${zone}/dns_records`, record)).status, 200)
  t.is((await send(api.url, 'POST', `${zone}/dns_records`, record)).code, 81058)
  t.is((await send(api.url, 'POST', `${zone}/dns_records`, { ...record, type: 'CNAME', content: 'a.example.org' })).code, 81053)
  t.is((await send(api.url, 'POST', `${zone}/workers/routes`, { pattern: 'example.com/*' })).status, 200)
  t.is((await send(api.url, 'POST', `${zone}/workers/routes`, { pattern: 'example.com/*' })).code, 10020)
})

test('a write of a whole document that loses what others made is recorded', async (t) => {
  const api = await cloud(t)
  const all = { service: 'http_status:404' }
  const tunnel = newTunnel(api.world, 'matrix', {
    config: { ingress: [{ hostname: 'git.example.com', service: 'http://g' }, all], 'warp-routing': {} },
  })
  const zone = api.world.zones[0]!
  const rule = { expression: 'true', action: 'set_config', action_parameters: { bic: true } }
  zone.rulesets.set('http_config_settings', { id: newId(), version: 1, rules: [{ id: newId(), ...rule }] })
  await send(api.url, 'PUT', `/accounts/${tunnel.account}/cfd_tunnel/${tunnel.id}/configurations`, { config: { ingress: [all] } })
  await send(api.url, 'PUT', `/zones/${zone.id}/rulesets/phases/http_config_settings/entrypoint`, { rules: [] })
  t.deepEqual(api.world.lost, ['ingress matrix: git.example.com ', 'configuration matrix: warp-routing', 'rule true'])
})
