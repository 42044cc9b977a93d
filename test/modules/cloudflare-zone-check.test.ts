import test from 'ava'
import { newId } from '../../src/lab/cloudflare/world.ts'
import { type Cloud, cloud, settles } from '../helpers/cloudflare.ts'

interface Check {
  check: string
  ok: boolean | null
  value: string
  why: string
  where: string
}

const task = (params: object = {}) => ({
  name: 'zone',
  cloudflare_zone_check: { zone: 'example.com', host: 'matrix.example.com', ...params },
})

const checks = (result: Record<string, unknown>) =>
  Object.fromEntries((result.checks as Check[]).map(({ check, ok, value }) => [check, `${ok} ${value}`]))

const spoil = (api: Cloud) => {
  const zone = api.world.zones[0]!
  Object.assign(zone, { status: 'pending', bots: { fight_mode: true }, normalization: { type: 'rfc3986', scope: 'both' } })
  zone.settings.ssl = 'flexible'
  zone.rulesets.set('http_config_settings', {
    id: newId(),
    version: 3,
    rules: [
      {
        id: newId(),
        expression: '(http.host eq "blog.example.com")',
        action: 'set_config',
        action_parameters: { bic: false },
        enabled: true,
      },
    ],
  })
  return zone
}

test('what is wrong is told with where to click; nothing is changed unasked', async (t) => {
  const api = await cloud(t)
  spoil(api)
  const { result, statuses } = await api.run([task()])
  t.deepEqual(statuses, ['zone ok'])
  t.is(result.ok, false)
  t.deepEqual(checks(result), {
    zone_active: 'false pending',
    bot_fight_mode: 'false on',
    browser_integrity_check: 'false on for matrix.example.com',
    url_normalization: 'false both',
    tls_mode: 'false flexible',
    apex_proxied: 'false no record',
  })
  t.regex(
    String(result.msg),
    /bot_fight_mode: on: it turns away other servers.* \(https:\/\/dash\.cloudflare\.com, example\.com: Security → Bots/,
  )
  t.deepEqual(api.writes(), [])
})

test('what can be set right is, without the loss of a rule', async (t) => {
  const api = await cloud(t)
  const zone = spoil(api)
  const ran = await settles(t, api, [task({ fix: ['bot_fight_mode', 'browser_integrity_check', 'url_normalization'] })])
  t.is(ran.planned.length, 3)
  t.deepEqual(zone.normalization, { type: 'rfc3986', scope: 'incoming' })
  t.is(zone.bots.fight_mode, false)
  t.deepEqual(
    zone.rulesets.get('http_config_settings')!.rules.map((one) => one.expression),
    ['(http.host eq "blog.example.com")', '(http.host eq "matrix.example.com")'],
  )
  t.like(checks(ran.result), {
    bot_fight_mode: 'true off',
    browser_integrity_check: 'true off for matrix.example.com',
    url_normalization: 'true incoming',
  })
})

test('the name whose .well-known a Worker answers is looked at as well', async (t) => {
  const api = await cloud(t)
  const zone = spoil(api)
  const record = (name: string, proxied: boolean) =>
    zone.records.push({ id: newId(), name, type: 'A', content: '192.0.2.1', proxied, ttl: 1, comment: null })
  record('example.com', true)
  record('chat.example.com', false)
  const params = { well_known_host: 'chat.example.com', fix: ['browser_integrity_check'] }
  const ran = await settles(t, api, [task(params)])
  t.is(zone.rulesets.get('http_config_settings')!.rules.at(-1)!.expression, '(http.host in {"matrix.example.com" "chat.example.com"})')
  t.like(checks(ran.result), {
    browser_integrity_check: 'true off for matrix.example.com, chat.example.com',
    apex_proxied: 'false A 192.0.2.1, not proxied',
  })
})

test('a rule for a part of the host, or with an exception, does not turn the check off for it', async (t) => {
  for (const expression of [
    'http.host in {"matrix.example.com"} and http.request.uri.path eq "/x"',
    '(http.host eq "matrix.example.com" and not starts_with(http.request.uri.path, "/_matrix"))',
  ]) {
    const api = await cloud(t)
    spoil(api).rulesets.get('http_config_settings')!.rules[0]!.expression = expression
    t.is(checks((await api.run([task()])).result).browser_integrity_check, 'false on for matrix.example.com', expression)
  }
})

test('Super Bot Fight Mode keeps servers out, too, unless it allows', async (t) => {
  for (const [mode, found] of [
    ['block', 'false on'],
    ['managed_challenge', 'false on'],
    ['allow', 'true off'],
  ] as const) {
    const api = await cloud(t)
    api.world.zones[0]!.bots = { sbfm_definitely_automated: mode, sbfm_likely_automated: 'allow' }
    t.is(checks((await api.run([task()])).result).bot_fight_mode, found)
  }
})

test('a phase without rules gets its first one', async (t) => {
  const api = await cloud(t)
  await settles(t, api, [task({ fix: ['browser_integrity_check'] })])
  t.is(api.world.zones[0]!.rulesets.get('http_config_settings')!.rules.length, 1)
})

test('all is well', async (t) => {
  const api = await cloud(t)
  const zone = api.world.zones[0]!
  zone.settings.browser_check = 'off'
  zone.settings.ssl = 'strict'
  zone.records.push({ id: newId(), name: 'example.com', type: 'AAAA', content: '100::', proxied: true, ttl: 1, comment: null })
  const { result } = await api.run([task()])
  t.like(result, { ok: true, msg: 'all is as it must be' })
  t.is(checks(result).apex_proxied, 'true AAAA 100::, proxied')
})

test('what the token may not read is not known, with the permission, and left as it is', async (t) => {
  const api = await cloud(t, { rights: { permissions: ['Zone → Zone: Read', 'Zone → DNS: Read'] } })
  const { result, statuses } = await api.run([task()])
  t.deepEqual(statuses, ['zone ok'])
  t.deepEqual(checks(result), {
    zone_active: 'true active',
    bot_fight_mode: 'null not known',
    browser_integrity_check: 'null not known',
    url_normalization: 'null not known',
    tls_mode: 'null not known',
    apex_proxied: 'false no record',
  })
  const why = Object.fromEntries((result.checks as Check[]).map((one) => [one.check, /"(Zone → [^"]+)"/.exec(one.why)?.[1]]))
  t.like(why, {
    bot_fight_mode: 'Zone → Bot Management: Read',
    url_normalization: 'Zone → Config Rules: Read',
    tls_mode: 'Zone → Zone Settings: Read',
  })
  const fixing = await api.run([task({ fix: ['bot_fight_mode'] })])
  t.deepEqual(fixing.statuses, ['zone ok'])
  t.regex(String(fixing.result.msg), /bot_fight_mode: not known: .*Bot Management: Read/)
})

test('a permission to read is not one to fix', async (t) => {
  const api = await cloud(t, { rights: { permissions: ['Zone → Zone: Read', 'Zone → Bot Management: Read'] } })
  spoil(api)
  t.regex(
    (await api.run([task({ fix: ['bot_fight_mode'] })])).msg,
    /^PUT .*\/bot_management: 403 .*lacks the permission "Zone → Bot Management: Edit"/,
  )
})
