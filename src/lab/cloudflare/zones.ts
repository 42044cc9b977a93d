import { z } from 'zod'
import { bodyOf, type Call, type Endpoint, Refusal, zoneOf } from './answer.ts'
import { newId, type RulesetState } from './world.ts'

const rule = z.strictObject({
  id: z.string().optional(),
  ref: z.string().optional(),
  version: z.string().optional(),
  last_updated: z.string().optional(),
  action: z.literal('set_config'),
  action_parameters: z.strictObject({ bic: z.boolean().optional(), ssl: z.string().optional(), rocket_loader: z.boolean().optional() }),
  expression: z.string().min(1),
  description: z.string().optional(),
  enabled: z.boolean().default(true),
})

const PHASE = 'http_config_settings'

function phaseOf(call: Call): string {
  if (call.at.phase !== PHASE) throw new Refusal(400, 10001, `the stand-in knows the phase ${PHASE} only`)
  return PHASE
}

const shown = (ruleset: RulesetState) => ({
  ...ruleset,
  version: String(ruleset.version),
  name: 'default',
  kind: 'zone',
  phase: PHASE,
  last_updated: '2026-11-01T00:00:00Z',
})

const ENTRYPOINT = '/zones/{zone}/rulesets/phases/{phase}/entrypoint'
const SETTING = '/zones/{zone}/settings/{setting}'

function settingOf(call: Call): { zone: ReturnType<typeof zoneOf>; value: string } {
  const zone = zoneOf(call)
  const value = zone.settings[call.at.setting!]
  if (value === undefined) throw new Refusal(400, 1006, 'Unrecognized zone setting name')
  return { zone, value }
}

export const zones: Endpoint[] = [
  {
    method: 'GET',
    path: '/user/tokens/verify',
    answer: ({ rights }) => ({ result: { id: newId(), status: rights.status ?? 'active' } }),
  },
  { method: 'GET', path: '/accounts', query: ['direction'], answer: ({ world }) => ({ list: world.accounts }) },
  {
    method: 'GET',
    path: '/zones',
    permission: 'Zone → Zone',
    query: ['name'],
    answer: ({ world, url, rights }) => {
      const name = url.searchParams.get('name')
      const seen = world.zones.filter((one) => (name === null || one.name === name) && (rights.zones?.includes(one.name) ?? true))
      return {
        list: seen.map(({ id, name: called, status, account }) => ({
          id,
          name: called,
          status,
          account: { id: account, name: 'Account' },
        })),
      }
    },
  },
  {
    method: 'GET',
    path: SETTING,
    permission: 'Zone → Zone Settings',
    answer: (call) => ({ result: { id: call.at.setting, value: settingOf(call).value, editable: true } }),
  },
  {
    method: 'PATCH',
    path: SETTING,
    permission: 'Zone → Zone Settings',
    answer: (call) => {
      const { zone } = settingOf(call)
      const { value } = bodyOf(call, z.strictObject({ value: z.string() }))
      zone.settings[call.at.setting!] = value
      return { result: { id: call.at.setting, value, editable: true } }
    },
  },
  {
    method: 'GET',
    path: '/zones/{zone}/bot_management',
    permission: 'Zone → Bot Management',
    answer: (call) => ({ result: zoneOf(call).bots }),
  },
  {
    method: 'PUT',
    path: '/zones/{zone}/bot_management',
    permission: 'Zone → Bot Management',
    answer: (call) => {
      const zone = zoneOf(call)
      const body = bodyOf(call, z.strictObject({ fight_mode: z.boolean().optional(), enable_js: z.boolean().optional() }))
      zone.bots = { ...zone.bots, ...body }
      return { result: zone.bots }
    },
  },
  {
    method: 'GET',
    path: '/zones/{zone}/url_normalization',
    permission: 'Zone → Config Rules',
    answer: (call) => ({ result: zoneOf(call).normalization }),
  },
  {
    method: 'PUT',
    path: '/zones/{zone}/url_normalization',
    permission: 'Zone → Config Rules',
    answer: (call) => {
      const shape = z.strictObject({ type: z.enum(['cloudflare', 'rfc3986']), scope: z.enum(['incoming', 'both', 'none']) })
      const zone = zoneOf(call)
      zone.normalization = bodyOf(call, shape)
      return { result: zone.normalization }
    },
  },
  {
    method: 'GET',
    path: ENTRYPOINT,
    permission: 'Zone → Config Rules',
    answer: (call) => {
      const ruleset = zoneOf(call).rulesets.get(phaseOf(call))
      if (!ruleset) throw new Refusal(404, 10003, `could not find entrypoint ruleset in the "${PHASE}" phase`)
      return { result: shown(ruleset) }
    },
  },
  {
    method: 'PUT',
    path: ENTRYPOINT,
    permission: 'Zone → Config Rules',
    answer: (call) => {
      const zone = zoneOf(call)
      const phase = phaseOf(call)
      const body = bodyOf(call, z.strictObject({ rules: z.array(rule), description: z.string().optional(), name: z.string().optional() }))
      const before = zone.rulesets.get(phase)
      const kept = new Set(body.rules.map((one) => one.expression))
      call.world.lost.push(...(before?.rules ?? []).filter((one) => !kept.has(one.expression)).map((one) => `rule ${one.expression}`))
      const rules = body.rules.map((one) => ({ ...one, id: one.id ?? newId() }))
      const made = { id: before?.id ?? newId(), version: (before?.version ?? 0) + 1, rules }
      zone.rulesets.set(phase, made)
      return { result: shown(made) }
    },
  },
  {
    method: 'POST',
    path: '/zones/{zone}/rulesets/{ruleset}/rules',
    permission: 'Zone → Config Rules',
    answer: (call) => {
      const ruleset = [...zoneOf(call).rulesets.values()].find((one) => one.id === call.at.ruleset)
      if (!ruleset) throw new Refusal(404, 10003, 'could not find ruleset')
      ruleset.rules.push({ ...bodyOf(call, rule), id: newId() })
      ruleset.version += 1
      return { result: shown(ruleset) }
    },
  },
]
