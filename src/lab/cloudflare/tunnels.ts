import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { accountOf, bodyOf, type Call, type Endpoint, Refusal } from './answer.ts'
import { newTunnel, type TunnelDocument, type TunnelState } from './world.ts'

const secret = z
  .base64()
  .refine((text) => Buffer.from(text, 'base64').length >= 32, { error: 'tunnel_secret must be at least 32 bytes in base64' })

const creation = z.strictObject({
  name: z.string().min(1),
  config_src: z.enum(['local', 'cloudflare']).default('local'),
  tunnel_secret: secret.optional(),
})

const originRequest = z.strictObject({
  access: z.strictObject({ audTag: z.array(z.string()), teamName: z.string(), required: z.boolean().optional() }).optional(),
  caPool: z.string().optional(),
  connectTimeout: z.int().optional(),
  disableChunkedEncoding: z.boolean().optional(),
  http2Origin: z.boolean().optional(),
  httpHostHeader: z.string().optional(),
  keepAliveConnections: z.int().optional(),
  keepAliveTimeout: z.int().optional(),
  matchSNItoHost: z.boolean().optional(),
  noHappyEyeballs: z.boolean().optional(),
  noTLSVerify: z.boolean().optional(),
  originServerName: z.string().optional(),
  proxyType: z.string().optional(),
  tcpKeepAlive: z.int().optional(),
  tlsTimeout: z.int().optional(),
})

const document = z.strictObject({
  config: z.strictObject({
    ingress: z
      .array(
        z.strictObject({
          hostname: z.string().optional(),
          path: z.string().optional(),
          service: z.string(),
          originRequest: originRequest.optional(),
        }),
      )
      .optional(),
    originRequest: originRequest.optional(),
    'warp-routing': z.strictObject({ enabled: z.boolean() }).optional(),
  }),
})

const bad = (why: string) => new Refusal(400, 1056, `Bad Configuration: ${why}`)

/** The rules of cloudflared's own `ingress validate` (cloudflared, ingress/ingress.go). */
export function checkIngress(rules: NonNullable<TunnelDocument['ingress']>): void {
  if (rules.length === 0) throw bad('No ingress rules were defined')
  for (const [i, { hostname = '', path = '', service }] of rules.entries()) {
    const last = i === rules.length - 1
    if (last && (hostname !== '' || path !== ''))
      throw bad('The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)')
    if (!last && (hostname === '' || hostname === '*') && path === '')
      throw bad(`Rule #${i + 1} is matching the hostname '${hostname}', but this will match every hostname, so later rules are never used`)
    if (hostname.includes(':')) throw bad('Hostname cannot contain a port')
    if (hostname.lastIndexOf('*') > 0)
      throw bad(
        'Hostname patterns can have at most one wildcard character ("*") and it can only be used for subdomains, e.g. "*.example.com"',
      )
    if (/^http_status:\d{3}$/.test(service) || /^(hello_world|bastion|socks-proxy)$/.test(service) || /^unix(\+tls)?:\//.test(service))
      continue
    if (!URL.canParse(service) || !/^\w+:\/\/[^/]/.test(service))
      throw bad(`${service} is not a valid service: it needs a scheme and an address`)
    if (/^\w+:\/\/[^/?#]+[/?#]/.test(service))
      throw bad(`${service} is an invalid address, ingress rules don't support proxying to a different path on the origin service`)
  }
}

const shown = (tunnel: TunnelState) => ({
  id: tunnel.id,
  account_tag: tunnel.account,
  name: tunnel.name,
  created_at: '2026-11-01T00:00:00Z',
  deleted_at: tunnel.deletedAt ?? null,
  status: tunnel.status,
  connections: tunnel.connections,
  tun_type: 'cfd_tunnel',
  config_src: tunnel.source,
  remote_config: tunnel.source === 'cloudflare',
  metadata: {},
})

export const tokenOf = (tunnel: TunnelState): string =>
  Buffer.from(JSON.stringify({ a: tunnel.account, t: tunnel.id, s: tunnel.secret })).toString('base64')

function found(call: Call): TunnelState {
  const account = accountOf(call)
  const tunnel = call.world.tunnels.find((one) => one.account === account && one.id === call.at.tunnel)
  if (!tunnel || tunnel.deletedAt !== undefined) throw new Refusal(404, 1003, 'Tunnel not found')
  return tunnel
}

const keyOf = ({ hostname, path }: { hostname?: string | undefined; path?: string | undefined }) => `${hostname ?? ''} ${path ?? ''}`

const COLLECTION = '/accounts/{account}/cfd_tunnel'
const ONE = `${COLLECTION}/{tunnel}`
const permission = 'Account → Cloudflare Tunnel'

export const tunnels: Endpoint[] = [
  {
    method: 'GET',
    path: COLLECTION,
    permission,
    query: ['name', 'is_deleted'],
    answer: (call) => {
      const account = accountOf(call)
      const name = call.url.searchParams.get('name')
      const deleted = call.url.searchParams.get('is_deleted')
      const list = call.world.tunnels.filter(
        (one) =>
          one.account === account &&
          (name === null || one.name === name) &&
          (deleted === null || String(one.deletedAt !== undefined) === deleted),
      )
      return { list: list.map(shown) }
    },
  },
  {
    method: 'POST',
    path: COLLECTION,
    permission,
    answer: (call) => {
      const account = accountOf(call)
      const body = bodyOf(call, creation)
      if (call.world.tunnels.some((one) => one.account === account && one.name === body.name && one.deletedAt === undefined))
        throw new Refusal(409, 1013, 'You already have a tunnel with this name. Choose a different name.')
      if (body.config_src === 'local' && body.tunnel_secret === undefined) throw new Refusal(400, 1001, 'tunnel_secret is required')
      const given = { account, source: body.config_src, secret: body.tunnel_secret ?? randomBytes(32).toString('base64') }
      const tunnel = newTunnel(call.world, body.name, given)
      const credentials = { AccountTag: tunnel.account, TunnelID: tunnel.id, TunnelName: tunnel.name, TunnelSecret: tunnel.secret }
      return { result: { ...shown(tunnel), credentials_file: credentials, token: tokenOf(tunnel) } }
    },
  },
  { method: 'GET', path: ONE, permission, answer: (call) => ({ result: shown(found(call)) }) },
  {
    method: 'PATCH',
    path: ONE,
    permission,
    answer: (call) => {
      const tunnel = found(call)
      const body = bodyOf(call, z.strictObject({ name: z.string().optional(), tunnel_secret: secret.optional() }))
      tunnel.name = body.name ?? tunnel.name
      tunnel.secret = body.tunnel_secret ?? tunnel.secret
      return { result: shown(tunnel) }
    },
  },
  {
    method: 'DELETE',
    path: ONE,
    permission,
    answer: (call) => {
      const tunnel = found(call)
      if (tunnel.connections.length > 0) throw new Refusal(400, 1022, 'Cannot delete tunnel because it has active connections')
      tunnel.deletedAt = '2026-11-27T00:00:00Z'
      return { result: shown(tunnel) }
    },
  },
  {
    method: 'DELETE',
    path: `${ONE}/connections`,
    permission,
    answer: (call) => {
      found(call).connections = []
      return { result: null }
    },
  },
  { method: 'GET', path: `${ONE}/token`, permission, write: true, answer: (call) => ({ result: tokenOf(found(call)) }) },
  {
    method: 'GET',
    path: `${ONE}/configurations`,
    permission,
    answer: (call) => {
      const { id, version, config, source } = found(call)
      return { result: { tunnel_id: id, version, config, source, created_at: '2026-11-01T00:00:00Z' } }
    },
  },
  {
    method: 'PUT',
    path: `${ONE}/configurations`,
    permission,
    answer: (call) => {
      const tunnel = found(call)
      if (tunnel.source === 'local') throw new Refusal(400, 1058, 'This tunnel is configured locally')
      const { config } = bodyOf(call, document)
      if (config.ingress) checkIngress(config.ingress)
      const kept = new Set((config.ingress ?? []).map(keyOf))
      const lost = (tunnel.config?.ingress ?? []).filter((one) => !kept.has(keyOf(one)))
      call.world.lost.push(...lost.map((one) => `ingress ${tunnel.name}: ${keyOf(one)}`))
      for (const key of Object.keys(tunnel.config ?? {})) if (!(key in config)) call.world.lost.push(`configuration ${tunnel.name}: ${key}`)
      tunnel.config = config
      tunnel.version += 1
      return { result: { tunnel_id: tunnel.id, version: tunnel.version, config, source: 'cloudflare' } }
    },
  },
]
