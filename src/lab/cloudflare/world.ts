import { randomBytes, randomUUID } from 'node:crypto'

/** What a stand-in of the API holds. Tests read it, and change it as a hand in the dashboard would. */
export interface World {
  readonly accounts: readonly { readonly id: string; readonly name: string }[]
  readonly zones: ZoneState[]
  readonly tunnels: TunnelState[]
  readonly workers: WorkerState[]
  /** Tokens by value. */
  readonly tokens: Map<string, Rights>
  /** Rules of others that a write of a whole document took away. */
  readonly lost: string[]
}

export interface Rights {
  /** As in `Zone → DNS: Edit`; Edit includes Read. */
  readonly permissions: 'all' | readonly string[]
  /** Names of the zones it is for; all when undefined. */
  readonly zones?: readonly string[]
  readonly status?: 'active' | 'disabled' | 'expired'
}

export interface ZoneState {
  readonly id: string
  readonly name: string
  status: string
  readonly account: string
  readonly records: RecordState[]
  readonly routes: { readonly id: string; pattern: string; script?: string | undefined }[]
  readonly settings: Record<string, string>
  bots: Record<string, unknown>
  normalization: { type: string; scope: string }
  /** By phase. */
  readonly rulesets: Map<string, RulesetState>
}

export interface RecordState {
  readonly id: string
  name: string
  type: string
  content: string
  proxied: boolean
  ttl: number
  comment: string | null
}

export interface RulesetState {
  readonly id: string
  version: number
  rules: { id: string; expression: string; action: string; [key: string]: unknown }[]
}

export interface TunnelState {
  readonly id: string
  readonly account: string
  name: string
  readonly source: 'local' | 'cloudflare'
  /** Base64. */
  secret: string
  status: string
  connections: { readonly id: string }[]
  deletedAt?: string
  config: TunnelDocument | null
  version: number
}

export interface TunnelDocument {
  ingress?: { hostname?: string | undefined; path?: string | undefined; service: string; originRequest?: unknown }[] | undefined
  [key: string]: unknown
}

export interface WorkerState {
  readonly name: string
  readonly account: string
  main: string
  modules: Record<string, string>
  compatibilityDate: string
}

export const newId = (): string => randomBytes(16).toString('hex')

/** An account with zones as a new one has them: a free plan's defaults. */
export function newWorld(options: { zones: readonly string[]; accounts?: number; tokens: Readonly<Record<string, Rights>> }): World {
  const accounts = Array.from({ length: options.accounts ?? 1 }, (_, i) => ({ id: newId(), name: `Account ${i + 1}` }))
  const zones = options.zones.map((name) => ({
    id: newId(),
    name,
    status: 'active',
    account: accounts[0]!.id,
    records: [],
    routes: [],
    settings: { browser_check: 'on', ssl: 'full' },
    bots: { fight_mode: false, enable_js: false, using_latest_model: true },
    normalization: { type: 'cloudflare', scope: 'incoming' },
    rulesets: new Map(),
  }))
  return { accounts, zones, tunnels: [], workers: [], tokens: new Map(Object.entries(options.tokens)), lost: [] }
}

export const newTunnel = (
  world: World,
  name: string,
  given: Partial<Pick<TunnelState, 'account' | 'source' | 'secret' | 'config'>> = {},
): TunnelState => {
  const tunnel: TunnelState = {
    id: randomUUID(),
    account: given.account ?? world.accounts[0]!.id,
    name,
    source: given.source ?? 'cloudflare',
    secret: given.secret ?? randomBytes(32).toString('base64'),
    status: 'inactive',
    connections: [],
    config: given.config ?? null,
    version: 0,
  }
  world.tunnels.push(tunnel)
  return tunnel
}

/** What a resolver would say of a name: contents of its records, of a type or all. A TXT's are without their quotes. */
export function lookUp(world: World, name: string, type?: string): string[] {
  const wanted = name.toLowerCase().replace(/\.$/, '')
  return world.zones
    .flatMap((zone) => zone.records)
    .filter((one) => one.name === wanted && (type === undefined || one.type === type))
    .map((one) => (one.type === 'TXT' ? one.content.replace(/^"|"$/g, '').replaceAll('" "', '') : one.content))
}
