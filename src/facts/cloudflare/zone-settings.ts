import { factKind } from '../../module/fact.ts'
import type { Http } from '../../module/http.ts'
import { type Api, type Known, known, path, read, readAll } from './api.ts'
import type { DnsRecord } from './dns.ts'
import { findZone, type Zone } from './zone.ts'

/** A rule of the phase http_config_settings, of the keys that matter here. */
export interface ConfigRule {
  readonly expression: string
  readonly action: string
  readonly action_parameters?: Readonly<Record<string, unknown>>
  readonly enabled?: boolean
}

export interface ZoneSettings {
  readonly zone: Zone
  readonly fightMode: Known<boolean | undefined>
  /** on, off. */
  readonly browserCheck: Known<string>
  /** The phase's ruleset; without an id there is none yet. */
  readonly configRules: Known<{ readonly id?: string; readonly rules: readonly ConfigRule[] }>
  readonly normalization: Known<{ readonly type: string; readonly scope: string }>
  /** off, flexible, full, strict, origin_pull. */
  readonly tls: Known<string>
  readonly apex: Known<readonly DnsRecord[]>
}

interface BotManagement {
  readonly fight_mode?: boolean
  /** Of Super Bot Fight Mode, on paid plans: allow, block or managed_challenge. */
  readonly sbfm_definitely_automated?: string
  readonly sbfm_likely_automated?: string
}

/** Cloudflare's API documentation, "Bot Management": which of the fields are there depends on the plan. */
function keepsOut(bots: BotManagement): boolean | undefined {
  const modes = [bots.sbfm_definitely_automated, bots.sbfm_likely_automated].filter((mode) => mode !== undefined)
  if (bots.fight_mode === undefined && modes.length === 0) return undefined
  return bots.fight_mode === true || modes.some((mode) => mode !== 'allow')
}

/** What of a zone's settings lets Matrix through, or does not. Each by itself: the token may not be allowed to see them all. */
export const cloudflareZoneSettings = factKind<{ readonly api: Api; readonly zone: string; readonly apex: string }, Known<ZoneSettings>>({
  name: 'cloudflare-zone-settings',
  ask: async ({ api, zone: name, apex: apexName }, http) => {
    const zone = await findZone(http, api, name)
    if (!zone.ok) return zone
    const { id } = zone.value
    const [bots, browserCheck, configRules, normalization, tls, apex] = await Promise.all([
      read<BotManagement>(http, api, path`/zones/${id}/bot_management`),
      setting(http, api, id, 'browser_check'),
      rulesOf(http, api, id),
      read<{ type: string; scope: string }>(http, api, path`/zones/${id}/url_normalization`),
      setting(http, api, id, 'ssl'),
      readAll<DnsRecord>(http, api, path`/zones/${id}/dns_records?name.exact=${apexName}`),
    ])
    const fightMode = bots.ok ? known(keepsOut(bots.value)) : bots
    return known({ zone: zone.value, fightMode, browserCheck, configRules, normalization, tls, apex })
  },
})

async function setting(http: Http, api: Api, zone: string, name: string): Promise<Known<string>> {
  const found = await read<{ value: string }>(http, api, path`/zones/${zone}/settings/${name}`)
  return found.ok ? known(found.value.value) : found
}

/** A phase without rules has no ruleset: 404. */
async function rulesOf(http: Http, api: Api, zone: string): Promise<ZoneSettings['configRules']> {
  const where = path`/zones/${zone}/rulesets/phases/http_config_settings/entrypoint`
  const found = await read<{ id: string; rules?: ConfigRule[] }>(http, api, where)
  if (!found.ok) return found.missing ? known({ rules: [] }) : found
  return known({ id: found.value.id, rules: found.value.rules ?? [] })
}
