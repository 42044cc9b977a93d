import type { Known } from '../../facts/cloudflare/api.ts'
import type { ConfigRule, ZoneSettings } from '../../facts/cloudflare/zone-settings.ts'

export const FIXABLE = ['bot_fight_mode', 'browser_integrity_check', 'url_normalization'] as const
export type Fixable = (typeof FIXABLE)[number]

export interface Check {
  readonly check: string
  /** null: not known. */
  readonly ok: boolean | null
  readonly value: string
  /** Why it matters, or why it is not known. */
  readonly why: string
  /** Where in the dashboard it is set. */
  readonly where: string
  /** `fix` can set it right. */
  readonly fixable: boolean
}

interface Sort {
  readonly why: string
  /** Below https://dash.cloudflare.com/?to=/:account/ZONE/. */
  readonly where: string
}

const SORTS = {
  zone_active: { why: 'until the registrar names the servers of Cloudflare, nobody sees what is set here', where: 'Overview' },
  bot_fight_mode: { why: 'it turns away other servers, and no rule makes an exception', where: 'Security → Bots → Bot Fight Mode' },
  browser_integrity_check: {
    why: 'it turns away clients and servers with unusual headers',
    where: 'Security → Settings, or a configuration rule',
  },
  url_normalization: {
    why: 'with "Normalize URLs to origin" the signed requests of other servers arrive altered, and their signatures are wrong',
    where: 'Rules → Settings → URL Normalization',
  },
  tls_mode: { why: 'Cloudflare must speak TLS to the origin and check its certificate: Full (strict)', where: 'SSL/TLS → Overview' },
  apex_proxied: { why: 'routes of Workers fire only where the name has a proxied DNS record', where: 'DNS → Records' },
} as const satisfies Record<string, Sort>

type Name = keyof typeof SORTS

/** `hosts`: the names by which the homeserver and its .well-known are reached. */
export function checksOf(settings: ZoneSettings, hosts: readonly string[]): Check[] {
  const { zone, fightMode, normalization, tls, apex } = settings
  const one = (check: Name, ok: boolean, value: string): Check => ({
    check,
    ok,
    value,
    ...said(check, zone.name),
    fixable: (FIXABLE as readonly string[]).includes(check),
  })
  const judged = <T>(check: Name, known: Known<T>, judge: (value: T) => readonly [boolean, string]): Check =>
    known.ok ? one(check, ...judge(known.value)) : notKnown(check, zone.name, known.why)
  return [
    one('zone_active', zone.status === 'active', zone.status),
    judged('bot_fight_mode', fightMode, (on) => [on !== true, on === true ? 'on' : 'off']),
    integrityCheck(settings, hosts, one),
    judged('url_normalization', normalization, ({ scope }) => [scope !== 'both', scope]),
    judged('tls_mode', tls, (mode) => [mode === 'full' || mode === 'strict', mode]),
    judged('apex_proxied', apex, (records) => {
      const addresses = records.filter((record) => ['A', 'AAAA', 'CNAME'].includes(record.type))
      const proxied = addresses.find((record) => record.proxied)
      const first = proxied ?? addresses[0]
      return [proxied !== undefined, first ? `${first.type} ${first.content}${proxied ? ', proxied' : ', not proxied'}` : 'no record']
    }),
  ]
}

const said = (check: Name, zone: string) => ({
  why: SORTS[check].why,
  where: `https://dash.cloudflare.com, ${zone}: ${SORTS[check].where}`,
})

const notKnown = (check: Name, zone: string, why: string): Check => ({
  check,
  ok: null,
  value: 'not known',
  ...said(check, zone),
  why,
  fixable: false,
})

/** Off for the whole zone, or by a rule for the host. A rule that cannot be read does not matter when it is off anyway. */
function integrityCheck(
  { zone, browserCheck, configRules }: ZoneSettings,
  hosts: readonly string[],
  one: (check: Name, ok: boolean, value: string) => Check,
): Check {
  const name = 'browser_integrity_check'
  if (browserCheck.ok && browserCheck.value === 'off') return one(name, true, 'off')
  if (configRules.ok && hosts.every((host) => configRules.value.rules.some((rule) => turnsOff(rule, host))))
    return one(name, true, `off for ${hosts.join(', ')}`)
  if (!configRules.ok) return notKnown(name, zone.name, configRules.why)
  return browserCheck.ok ? one(name, false, `${browserCheck.value} for ${hosts.join(', ')}`) : notKnown(name, zone.name, browserCheck.why)
}

export const hostsExpression = (hosts: readonly string[]): string =>
  hosts.length === 1 ? `(http.host eq "${hosts[0]}")` : `(http.host in {${hosts.map((host) => `"${host}"`).join(' ')}})`

/** Whether a rule turns the check off for all of the host. Wider expressions than these are taken for others'. */
function turnsOff({ expression, action, action_parameters, enabled }: ConfigRule, host: string): boolean {
  const plain = expression.replace(/\s+/g, ' ').replace(/^\((.*)\)$/, '$1')
  const applies =
    plain === 'true' || plain === `http.host eq "${host}"` || (/^http\.host in \{[^{}]*\}$/.test(plain) && plain.includes(`"${host}"`))
  return applies && action === 'set_config' && action_parameters?.bic === false && enabled !== false
}

/** The settings after one of the checks is set right. */
export function fixed(is: ZoneSettings, hosts: readonly string[], fix: Fixable): ZoneSettings {
  if (fix === 'bot_fight_mode') return { ...is, fightMode: { ok: true, value: false } }
  if (fix === 'url_normalization') {
    const type = is.normalization.ok ? is.normalization.value.type : 'cloudflare'
    return { ...is, normalization: { ok: true, value: { type, scope: 'incoming' } } }
  }
  const { rules, ...rest } = is.configRules.ok ? is.configRules.value : { rules: [] }
  return { ...is, configRules: { ok: true, value: { ...rest, rules: [...rules, integrityRule(hosts)] } } }
}

export const integrityRule = (hosts: readonly string[]) => ({
  action: 'set_config',
  action_parameters: { bic: false },
  expression: hostsExpression(hosts),
  description: `No Browser Integrity Check for ${hosts.join(', ')} (managed by mhprov)`,
  enabled: true,
})
