import type { Known } from '../facts/cloudflare/api.ts'
import type { Tunnels } from '../facts/cloudflare/tunnel.ts'
import { type Change, defineModule, type Plan } from '../module/define.ts'
import { fileIngress } from './cloudflare/ingress.ts'
import { refuse, unseen } from './cloudflare/params.ts'
import { tunnelParams } from './cloudflare/tunnel-params.ts'
import { adjustment, creation, removal, TOKEN_TO_BE, tunnelFact } from './cloudflare/tunnel-plan.ts'
import { credentialsFile, decodeToken } from './cloudflare/tunnel-token.ts'

/** Cloudflare tunnels that cloudflared on a host serves. */
export const cloudflareTunnel = defineModule({
  name: 'cloudflare_tunnel',
  summary: 'Keep a Cloudflare tunnel and what it leads to.',
  notes: [
    'Works from the controller: nothing is asked of the host, and the API token never reaches it.',
    'The token takes Account → Cloudflare Tunnel: Edit, and Zone → Zone: Read when the account is found by `zone`.',
    '`ingress` is merged: a rule of the same hostname and path is replaced, all others stay. A rule that left the playbook stays too.',
    'With `config_src: local` nothing of `ingress` is sent; the result has it as the file on the host must.',
    '`token` and `credentials` of the result are secrets: masked wherever they are shown, and refused in a file that others may read.',
  ],
  params: tunnelParams,
  examples: [
    {
      title: 'A tunnel to Apache on the host',
      params: {
        name: 'matrix',
        zone: 'example.com',
        api_token: '<%= cloudflare_api_token %>',
        ingress: [
          {
            hostname: 'matrix.example.com',
            service: 'https://host.docker.internal:443',
            originRequest: { originServerName: 'matrix.example.com', connectTimeout: 30 },
          },
        ],
      },
    },
    { title: 'A tunnel is gone', params: { name: 'old', zone: 'example.com', state: 'absent', api_token: '<%= cloudflare_api_token %>' } },
  ],
  returns: {
    id: 'Of the tunnel.',
    name: 'Of the tunnel.',
    account_id: 'The account it belongs to.',
    cname: 'What a CNAME record of a hostname must hold.',
    status: 'inactive (never connected), down, degraded or healthy.',
    connections: 'How many connections cloudflared has.',
    token: 'For `cloudflared tunnel run`: TUNNEL_TOKEN_FILE. A secret.',
    credentials: 'With `config_src: local`: the text of the credentials file. A secret.',
    ingress: 'With `config_src: local`: the rules for the configuration file.',
  },
  controller: true,
  facts: (want) => ({ tunnels: tunnelFact(want) }),
  plan: (want, { tunnels }): Plan | Change[] => {
    if (!tunnels.ok) return refuse(tunnels.why)
    const { account, found } = tunnels.value
    const [tunnel, ...twins] = found
    if (twins.length > 0) {
      const ids = found.map((one) => one.id).join(', ')
      return refuse(
        `there are ${found.length} tunnels called "${want.name}" (${ids}): delete all but one at https://one.dash.cloudflare.com`,
      )
    }
    if (want.state === 'absent') return tunnel ? removal(want, account, tunnel) : []
    if (!tunnel) return [creation(want, account)]
    return adjustment(want, tunnels.value, tunnel)
  },
  secrets: ({ tunnels }) => {
    const token = tokenIn(tunnels)
    const decoded = token === undefined ? undefined : decodeToken(token)
    return decoded ? [token!, decoded.secret, credentialsFile(decoded)] : []
  },
  result: (want, { tunnels }) => {
    if (!tunnels.ok) return unseen(tunnels.why)
    const [tunnel] = tunnels.value.found
    if (!tunnel) return { name: want.name, state: want.state }
    if (tunnels.value.token?.ok === false) return unseen(tunnels.value.token.why)
    const token = tokenIn(tunnels)
    const decoded = token === undefined ? undefined : decodeToken(token)
    return {
      name: want.name,
      state: want.state,
      id: tunnel.id,
      account_id: tunnels.value.account,
      config_src: want.config_src,
      cname: `${tunnel.id}.cfargotunnel.com`,
      status: tunnel.status ?? 'inactive',
      connections: tunnel.connections?.length ?? 0,
      token,
      ...(want.config_src === 'local' && {
        credentials: decoded ? credentialsFile(decoded) : TOKEN_TO_BE,
        ...(want.ingress && { ingress: fileIngress(want.ingress) }),
      }),
    }
  },
})

const tokenIn = (tunnels: Known<Tunnels>): string | undefined =>
  tunnels.ok && tunnels.value.token?.ok ? tunnels.value.token.value : undefined
