import test from 'ava'
import type { Group } from '../../src/facts/group.ts'
import type { Plan } from '../../src/module/define.ts'
import { group } from '../../src/modules/group.ts'

const GROUP: Group = { name: 'ops', gid: 1200, members: [] }

function plan(params: Record<string, unknown>, is?: Group, holder?: Group) {
  const planned = group.plan(group.params.parse({ name: 'ops', ...params }), { is, holder }, {}) as Plan
  return Array.isArray(planned) ? (planned as Plan['changes']) : planned
}

const CASES: [title: string, params: Record<string, unknown>, is: Group | undefined, scripts: string[]][] = [
  ['makes a missing group', {}, undefined, ['groupadd    -- ops']],
  ['makes it with a number', { gid: 7 }, undefined, ['groupadd -g 7   -- ops']],
  [
    'makes a system group within bounds',
    { system: true, gid_min: 100, gid_max: '200' },
    undefined,
    ['groupadd  -r -K GID_MIN=100 -K GID_MAX=200 -- ops'],
  ],
  ['may share a number', { gid: 7, non_unique: true }, undefined, ['groupadd -g 7 -o   -- ops']],
  ['leaves a group alone', {}, GROUP, []],
  ['leaves a group with the right number alone', { gid: '1200' }, GROUP, []],
  ['gives another number', { gid: 7 }, GROUP, ['groupmod -g 7 -- ops']],
  ['removes a group', { state: 'absent' }, GROUP, ['groupdel  -- ops']],
  ['removes the primary group of a user when forced', { state: 'absent', force: true }, GROUP, ['groupdel -f -- ops']],
  ['leaves a missing group missing', { state: 'absent' }, undefined, []],
  ['is not misled by a number that looks like its name', { state: 'absent' }, { ...GROUP, name: 'other' }, []],
]
for (const [title, params, is, scripts] of CASES)
  test(title, (t) => {
    const changes = plan(params, is) as Plan['changes']
    t.deepEqual(
      changes.flatMap((change) => change.steps.map((step) => step.do === 'run' && step.script.text)),
      scripts,
    )
  })

test('a number that another group has is refused before anything runs', (t) => {
  t.deepEqual(plan({ gid: 7 }, undefined, { name: 'other', gid: 7, members: [] }), { changes: [], failure: "GID '7' already exists" })
})

test('after a dry run the group is there, by name and by number', (t) => {
  const [change] = plan({ gid: 7 }) as Plan['changes']
  const made = Object.fromEntries(change!.makes!.map(({ fact, value }) => [fact.id, value(undefined)]))
  t.deepEqual(made['group "ops"'], { name: 'ops', gid: 7, members: [] })
  t.deepEqual(made['group "7"'], { name: 'ops', gid: 7, members: [] })
  t.deepEqual(made['local-group "ops"'], { name: 'ops', gid: 7, members: [] })
})

test('non_unique needs a number, bounds cannot be local', (t) => {
  t.is(group.params.safeParse({ name: 'x', non_unique: true }).error?.issues[0]?.message, 'non_unique requires gid')
  t.false(group.params.safeParse({ name: 'x', local: true, gid_min: 5 }).success)
})

test('the result says what Ansible says', (t) => {
  const want = group.params.parse({ name: 'ops' })
  t.deepEqual(group.result!(want, { is: GROUP, holder: undefined }, [], {}), { name: 'ops', state: 'present', system: false, gid: 1200 })
  t.deepEqual(group.result!(group.params.parse({ name: 'ops', state: 'absent' }), { is: undefined, holder: undefined }, [], {}), {
    name: 'ops',
    state: 'absent',
  })
})
