import { factKind } from '../../module/fact.ts'
import type { Http } from '../../module/http.ts'
import { type Api, type Known, known, path, read, readAll } from './api.ts'
import { findAccount } from './zone.ts'

/** A tunnel as the API has it, of the keys that matter here. */
export interface Tunnel {
  readonly id: string
  readonly name: string
  /** inactive (never connected), down, degraded, healthy. */
  readonly status?: string
  readonly config_src?: 'local' | 'cloudflare'
  readonly remote_config?: boolean
  readonly connections?: readonly unknown[]
}

export interface IngressRule {
  readonly hostname?: string
  readonly path?: string
  readonly service: string
  readonly originRequest?: Readonly<Record<string, unknown>>
}

/** A tunnel's remote configuration; keys besides `ingress` are kept as they are. */
export type TunnelConfig = Readonly<Record<string, unknown>> & { readonly ingress?: readonly IngressRule[] | null }

export interface Tunnels {
  readonly account: string
  /** All of the name; more than one is trouble. */
  readonly found: readonly Tunnel[]
  /** Of the only one: what it is configured by, and its token. */
  readonly config?: Known<TunnelConfig>
  readonly token?: Known<string>
}

interface Key {
  readonly api: Api
  readonly account?: string | undefined
  readonly zone?: string | undefined
  readonly name: string
}

export const isRemotelyConfigured = (tunnel: Tunnel): boolean =>
  tunnel.config_src === undefined ? tunnel.remote_config === true : tunnel.config_src === 'cloudflare'

/** The tunnels of a name that are not deleted. */
export const cloudflareTunnel = factKind<Key, Known<Tunnels>>({
  name: 'cloudflare-tunnel',
  ask: async ({ api, name, ...of }, http) => {
    const account = await findAccount(http, api, of)
    if (!account.ok) return account
    const tunnels = await readAll<Tunnel>(http, api, path`/accounts/${account.value}/cfd_tunnel?name=${name}&is_deleted=false`)
    if (!tunnels.ok) return tunnels
    // the filter of the name may be one for its beginning
    const found = tunnels.value.filter((one) => one.name === name)
    return known({ account: account.value, found, ...(found.length === 1 && (await about(http, api, account.value, found[0]!))) })
  },
})

async function about(http: Http, api: Api, account: string, tunnel: Tunnel): Promise<Pick<Tunnels, 'config' | 'token'>> {
  const [config, token] = await Promise.all([
    isRemotelyConfigured(tunnel)
      ? read<{ config?: TunnelConfig | null } | null>(http, api, path`/accounts/${account}/cfd_tunnel/${tunnel.id}/configurations`)
      : undefined,
    read<string>(http, api, path`/accounts/${account}/cfd_tunnel/${tunnel.id}/token`),
  ])
  return { token, ...(config && { config: config.ok ? known(config.value?.config ?? {}) : config }) }
}
