import test from 'ava'
import type { Plan } from '../../src/module/define.ts'
import type { Setting } from '../../src/modules/postgresql/setting.ts'
import { namesOf, type SettingKind, sameValue, valueProblem } from '../../src/modules/postgresql/setting-value.ts'
import { postgresqlAlterSystem } from '../../src/modules/postgresql-alter-system.ts'

const kind = (vartype: SettingKind['vartype'], unit: string | null = null, name = 'x'): SettingKind => ({ name, vartype, unit })

const SAME: [one: string, other: string, kind: SettingKind, same: boolean][] = [
  ['128MB', '131072', kind('integer', 'kB'), true],
  ['128MB', '16384', kind('integer', '8kB'), true],
  ['1GB', '64', kind('integer', '16MB'), true],
  ['10min', '600', kind('integer', 's'), true],
  ['1.5s', '1500', kind('integer', 'ms'), true],
  ['-1', '-1', kind('integer', 'ms'), true],
  ['0x10', '16', kind('integer'), true],
  ['1.10', '1.1', kind('real'), true],
  ['5MB', '5120', kind('integer', 'MB'), false],
  ['on', 'true', kind('bool'), true],
  ['1', 'off', kind('bool'), false],
  ['OFF', 'off', kind('enum'), true],
  ['a, b', '"a",b', kind('string', null, 'search_path'), true],
  ['a,b', 'a, b', kind('string', null, 'listen_addresses'), false],
]
for (const [one, other, of, same] of SAME)
  test(`${one} ${same ? 'is' : 'is not'} ${other} (${of.vartype} ${of.unit ?? ''})`, (t) => {
    t.is(sameValue(one, other, of), same)
    t.is(sameValue(other, one, of), same)
  })

test('values that cannot be are told before', (t) => {
  t.regex(valueProblem('128Mb', kind('integer', 'kB'))!, /counted in kB/)
  t.is(valueProblem('maybe', kind('bool')), 'it takes on or off')
  t.is(valueProblem('5s', kind('integer')), 'it takes a number')
  t.is(valueProblem('5 s', kind('integer', 'ms')), undefined)
})

test('names of a list may be quoted', (t) => {
  t.deepEqual(namesOf('"$user", public, "a,""b"'), ['$user', 'public', 'a,"b'])
})

const SETTING: Setting = {
  ...kind('integer', '8kB', 'shared_buffers'),
  setting: '16384',
  context: 'postmaster',
  min_val: '16',
  max_val: '1073741823',
  boot_val: '16384',
  enumvals: null,
  source: 'configuration file',
  pending_restart: false,
  in_auto_conf: false,
  from_auto_conf: false,
  auto_conf: null,
}

const plan = (value: unknown, is: Partial<Setting> = {}, param = 'shared_buffers'): Plan =>
  postgresqlAlterSystem.plan(
    postgresqlAlterSystem.params.parse({ param, value }),
    { setting: { rows: [{ ...SETTING, ...is } as Readonly<Record<string, unknown>>] } },
    {},
  ) as Plan
const summaries = ({ changes }: Plan): string[] => changes.map(({ summary }) => summary)

test('what is in force is left alone, what differs is set', (t) => {
  t.deepEqual(summaries(plan('128MB')), [])
  t.deepEqual(summaries(plan('256MB')), ['shared_buffers: 16384 × 8kB → 256MB (in force after a restart)'])
})

test('a value that waits for a restart is not set again', (t) => {
  t.deepEqual(summaries(plan('256MB', { in_auto_conf: true, auto_conf: '256MB', pending_restart: true })), [])
  t.deepEqual(summaries(plan('128MB', { in_auto_conf: true, auto_conf: '256MB', pending_restart: true })), [
    'shared_buffers: 256MB → 128MB (in force after a restart)',
  ])
})

test('a reset is needed only where something was set', (t) => {
  t.deepEqual(summaries(plan('_RESET')), [])
  t.deepEqual(summaries(plan('_RESET', { in_auto_conf: true, auto_conf: '256MB' })), ['reset shared_buffers (in force after a restart)'])
})

test('a reset that was cut off before the server read its files anew is done again', (t) => {
  const still = { from_auto_conf: true, context: 'sighup' }
  t.deepEqual(summaries(plan('_RESET', still)), ['reset shared_buffers'])
  t.deepEqual(summaries(plan('_RESET', { from_auto_conf: true, pending_restart: true })), [])
  const [made] = plan('_RESET', still).changes[0]!.makes!
  const after = made!.value({ rows: [{ ...SETTING, ...still }] }) as { rows: [Setting] }
  t.deepEqual(summaries(plan('_RESET', after.rows[0])), [])
})

test('each name of a list is a literal of its own', (t) => {
  const [change] = plan('a, b', { ...kind('string', null, 'shared_preload_libraries'), setting: '' }, 'shared_preload_libraries').changes
  const [step] = change!.steps
  t.is(step!.do === 'run' && step!.stdin, `ALTER SYSTEM SET "shared_preload_libraries" = 'a', 'b';\nSELECT pg_reload_conf();\n`)
})

test('a dry run of a second task believes the first', (t) => {
  const [change] = plan('256MB').changes
  const [made] = change!.makes!
  const after = made!.value({ rows: [SETTING] }) as { rows: [Setting] }
  t.deepEqual(summaries(plan('256MB', after.rows[0])), [])
  t.true(after.rows[0].pending_restart)
})

test('what cannot be is refused', (t) => {
  t.regex(plan('8kB', { context: 'internal' }).failure!, /cannot be changed/)
  t.regex(plan('lots').failure!, /it takes a number/)
  t.false(postgresqlAlterSystem.params.safeParse({ param: 'a; DROP', value: 'x' }).success)
  t.false(postgresqlAlterSystem.params.safeParse({ param: 'a', value: 'x\ny' }).success)
  t.is(postgresqlAlterSystem.params.parse({ param: 'a', value: true }).value, 'on')
})
