import { z } from 'zod'
import { apiOf, known, path } from '../facts/cloudflare/api.ts'
import { cloudflareZoneSettings, type ZoneSettings } from '../facts/cloudflare/zone-settings.ts'
import { type Change, defineModule, type Plan, type Step } from '../module/define.ts'
import { apiParams, hostName, refuse, unseen, zoneParam } from './cloudflare/params.ts'
import { send } from './cloudflare/send.ts'
import { checksOf, FIXABLE, type Fixable, fixed, integrityRule } from './cloudflare/zone-checks.ts'

const params = z
  .strictObject({
    zone: zoneParam(),
    host: hostName('a name').describe('The name by which the homeserver is reached.'),
    well_known_host: hostName('a name')
      .optional()
      .describe('The name whose .well-known a Worker answers, looked at as well; the domain itself without it, for its DNS record alone.'),
    fix: z
      .array(z.enum(FIXABLE))
      .default([])
      .describe(
        'What to set right when it is not: bot_fight_mode (off for the whole domain), browser_integrity_check (a rule for `host` and `well_known_host`), url_normalization (of incoming addresses only).',
      ),
    ...apiParams,
  })
  .superRefine((want, context) => {
    for (const key of ['host', 'well_known_host'] as const) {
      const name = want[key]
      if (name !== undefined && name !== want.zone && !name.endsWith(`.${want.zone}`))
        context.addIssue({ code: 'custom', path: [key], message: `${key} must be of the zone` })
    }
  })

type Want = z.output<typeof params>

const fact = (want: Want) => cloudflareZoneSettings({ api: apiOf(want), zone: want.zone, apex: want.well_known_host ?? want.zone })

/** Those that robots and people ask. */
const hostsOf = ({ host, well_known_host }: Want): string[] => [
  ...new Set([host, ...(well_known_host === undefined ? [] : [well_known_host])]),
]

/** Settings of a zone that break Matrix, found before its users do. */
export const cloudflareZoneCheck = defineModule({
  name: 'cloudflare_zone_check',
  summary: 'Check the settings of a domain at Cloudflare that stand in the way of Matrix.',
  notes: [
    'Works from the controller: nothing is asked of the host, and the API token never reaches it.',
    'The token takes Zone → Zone: Read for the domain; what else it may not read is reported as not known: Zone → Bot Management, Zone Settings, Config Rules, DNS: each Read, or Edit to fix it.',
    'What is to be fixed and is not known (a permission is missing) is left as it is, and told.',
    'Something that is not as it must be fails nothing: `ok` of the result is false, and `checks` says where to click.',
    'The rule for the host is added to those that are there; none is replaced.',
  ],
  params,
  examples: [
    {
      title: 'See, and set right what can be',
      params: {
        zone: 'example.com',
        host: 'matrix.example.com',
        fix: ['url_normalization', 'browser_integrity_check'],
        api_token: '<%= cloudflare_api_token %>',
      },
    },
  ],
  returns: {
    ok: 'Whether all that is known is as it must be.',
    checks:
      'A list: check (zone_active, bot_fight_mode, browser_integrity_check, url_normalization, tls_mode, apex_proxied), ok (true, false, or null when not known), value, why, where, fixable.',
    msg: 'What is wrong and what is not known, in one text.',
  },
  controller: true,
  facts: (want) => ({ settings: fact(want) }),
  plan: (want, { settings }): Plan | Change[] => {
    if (!settings.ok) return refuse(settings.why)
    const wrong = checksOf(settings.value, hostsOf(want)).filter((one) => want.fix.includes(one.check as Fixable))
    const due = FIXABLE.filter((fix) => wrong.some((one) => one.check === fix && one.ok === false))
    return due.map((fix) => ({
      summary: SUMMARIES[fix](want),
      steps: [stepFor(fix, want, settings.value)],
      makes: [fact(want).will((is) => (is.ok ? known(fixed(is.value, hostsOf(want), fix)) : is))],
    }))
  },
  result: (want, { settings }) => {
    if (!settings.ok) return unseen(settings.why)
    const checks = checksOf(settings.value, hostsOf(want))
    const bad = checks.filter((one) => one.ok !== true)
    const told = bad.map((one) => `${one.check}: ${one.value}: ${one.why}${one.ok === false ? ` (${one.where})` : ''}`)
    return { zone: want.zone, ok: !bad.some((one) => one.ok === false), checks, msg: told.join('\n') || 'all is as it must be' }
  },
})

const SUMMARIES: Readonly<Record<Fixable, (want: Want) => string>> = {
  bot_fight_mode: ({ zone }) => `${zone}: Bot Fight Mode on → off`,
  browser_integrity_check: (want) => `${hostsOf(want).join(', ')}: a rule against the Browser Integrity Check`,
  url_normalization: ({ zone }) => `${zone}: URL normalization to origin on → off`,
}

function stepFor(fix: Fixable, want: Want, { zone, normalization, configRules }: ZoneSettings): Step {
  if (fix === 'bot_fight_mode') return send(want, 'PUT', path`/zones/${zone.id}/bot_management`, { json: { fight_mode: false } })
  if (fix === 'url_normalization') {
    const type = normalization.ok ? normalization.value.type : 'cloudflare'
    return send(want, 'PUT', path`/zones/${zone.id}/url_normalization`, { json: { type, scope: 'incoming' } })
  }
  const rule = integrityRule(hostsOf(want))
  const ruleset = configRules.ok ? configRules.value.id : undefined
  // adding one rule cannot lose another, as a write of the whole phase could; a phase without rules has nothing to add to
  return ruleset === undefined
    ? send(want, 'PUT', path`/zones/${zone.id}/rulesets/phases/http_config_settings/entrypoint`, { json: { rules: [rule] } })
    : send(want, 'POST', path`/zones/${zone.id}/rulesets/${ruleset}/rules`, { json: rule })
}
