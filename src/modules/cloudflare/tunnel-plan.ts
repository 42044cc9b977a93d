import { apiOf, type Known, known, path } from '../../facts/cloudflare/api.ts'
import {
  cloudflareTunnel,
  type IngressRule,
  isRemotelyConfigured,
  type Tunnel,
  type TunnelConfig,
  type Tunnels,
} from '../../facts/cloudflare/tunnel.ts'
import { type Change, changes, type Plan } from '../../module/define.ts'
import { apiRule, mergeIngress, sameIngress } from './ingress.ts'
import { json, refuse } from './params.ts'
import { send } from './send.ts'
import type { TunnelWant } from './tunnel-params.ts'
import { decodeToken, encodeToken } from './tunnel-token.ts'

export const tunnelFact = (want: TunnelWant) =>
  cloudflareTunnel({ api: apiOf(want), account: want.account_id, zone: want.zone, name: want.name })

// What a dry run takes for the id and the token of a tunnel that is yet to be made.
const ID_TO_BE = '00000000-0000-0000-0000-000000000000'
export const TOKEN_TO_BE = 'known once the tunnel is made'

export function creation(want: TunnelWant, account: string): Change {
  const local = want.config_src === 'local'
  const where = path`/accounts/${account}/cfd_tunnel`
  const body = { name: want.name, config_src: want.config_src, ...(local && { tunnel_secret: want.tunnel_secret! }) }
  const rules = local || !want.ingress ? undefined : mergeIngress([], want.ingress.map(apiRule))
  const made: Tunnel = { id: ID_TO_BE, name: want.name, status: 'inactive', config_src: want.config_src, connections: [] }
  return {
    summary: `create tunnel ${want.name}${rules ? `, ${shown(rules)}` : ''}`,
    steps: [
      send(want, 'POST', where, { json: body, saves: { tunnel: 'result.id' } }),
      ...(rules ? [send(want, 'PUT', `${where}/{tunnel}/configurations`, { json: { config: { ingress: rules } } })] : []),
    ],
    makes: [
      tunnelFact(want).will(known({ account, found: [made], config: known(rules ? { ingress: rules } : {}), token: known(TOKEN_TO_BE) })),
    ],
    diff: { before: '', after: json({ name: want.name, ...(rules && { ingress: rules }) }) },
  }
}

/** What is there is taken over; only what differs is changed. */
export function adjustment(want: TunnelWant, tunnels: Tunnels, tunnel: Tunnel): Plan | Change[] {
  const remote = isRemotelyConfigured(tunnel)
  if (remote !== (want.config_src === 'cloudflare')) {
    const is = remote ? 'cloudflare' : 'local'
    return refuse(
      `the tunnel ${want.name} is made for config_src: ${is}, which cannot be changed: set that, another name, or remove it first`,
    )
  }
  for (const one of [tunnels.token, tunnels.config]) if (one && !one.ok) return refuse(one.why)
  return changes(
    !remote && replacedSecret(want, tunnels, tunnel),
    remote && want.ingress && replacedIngress(want, tunnels, tunnel, tunnels.config as Extract<Known<TunnelConfig>, { ok: true }>),
  )
}

function replacedSecret(want: TunnelWant, tunnels: Tunnels, tunnel: Tunnel): Change | undefined {
  const wanted = want.tunnel_secret!.reveal()
  const is = decodeToken(tunnels.token?.ok ? tunnels.token.value : '')
  if (!is || is.secret === wanted) return undefined
  return {
    summary: `tunnel ${want.name}: a new secret; cloudflared needs the new credentials`,
    steps: [
      send(want, 'PATCH', path`/accounts/${tunnels.account}/cfd_tunnel/${tunnel.id}`, { json: { tunnel_secret: want.tunnel_secret! } }),
    ],
    makes: [tunnelFact(want).will(known({ ...tunnels, token: known(encodeToken({ ...is, secret: wanted })) }))],
  }
}

function replacedIngress(want: TunnelWant, tunnels: Tunnels, tunnel: Tunnel, config: { readonly value: TunnelConfig }): Change | undefined {
  const before = config.value.ingress ?? []
  const after = mergeIngress(before, want.ingress!.map(apiRule))
  if (sameIngress(before, after)) return undefined
  const whole = { ...config.value, ingress: after }
  const where = path`/accounts/${tunnels.account}/cfd_tunnel/${tunnel.id}/configurations`
  return {
    summary: `tunnel ${want.name}: ${shown(after.filter((rule) => !before.some((one) => sameIngress([one], [rule]))))}`,
    steps: [send(want, 'PUT', where, { json: { config: whole } })],
    makes: [tunnelFact(want).will(known({ ...tunnels, config: known(whole) }))],
    diff: { before: json(before), after: json(after) },
  }
}

const shown = (rules: readonly IngressRule[]): string =>
  rules.map((rule) => `${rule.hostname ?? 'all else'}${rule.path ? ` ${rule.path}` : ''} → ${rule.service}`).join(', ') ||
  'rules in another order'

export function removal(want: TunnelWant, account: string, tunnel: Tunnel): Plan | Change[] {
  const count = tunnel.connections?.length ?? 0
  if (count > 0 && !want.force) {
    const how = 'stop cloudflared first, or set force: true'
    return refuse(`the tunnel ${want.name} is in use: cloudflared has ${count} connection${count === 1 ? '' : 's'}. ${how}`)
  }
  const where = path`/accounts/${account}/cfd_tunnel/${tunnel.id}`
  return [
    {
      summary: `remove tunnel ${want.name}`,
      steps: [send(want, 'DELETE', `${where}/connections`), send(want, 'DELETE', where)],
      makes: [tunnelFact(want).will(known({ account, found: [] }))],
      diff: { before: json({ name: want.name, id: tunnel.id }), after: '' },
    },
  ]
}
