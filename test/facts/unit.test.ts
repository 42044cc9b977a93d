import test from 'ava'
import { unit, unitName } from '../../src/facts/unit.ts'
import { unitEnabled } from '../../src/facts/unit-enabled.ts'

const SHOW = `Id=apache2.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ExecStart={ path=/x ; argv[]=/x a=b ; }
NeedDaemonReload=no

Id=nope.service
LoadState=not-found
ActiveState=inactive
SubState=dead
NeedDaemonReload=yes
`

const key = (name: string, scope: 'system' | 'user' = 'system') => ({ name, scope })

test('blocks of systemctl show are answers in the order of the questions', (t) => {
  const kind = unit('x').kind
  const [user, apache, nope] = kind.parse(Buffer.from(`\0${SHOW}\0`), [
    key('u.service', 'user'),
    key('apache2.service'),
    key('nope.service'),
  ])
  t.false(user!.managed)
  t.like(apache, { managed: true, load: 'loaded', active: 'active', enablement: 'enabled', stale: false })
  t.is(apache!.status.ExecStart, '{ path=/x ; argv[]=/x a=b ; }')
  t.like(nope, { managed: true, load: 'not-found', active: 'inactive', enablement: '', stale: true })
  t.true(kind.isAbsent!(nope!))
})

test('one systemctl answers for all units of a manager', (t) => {
  const script = unit('x').kind.script([key('a.service'), key('b.timer'), key('c.service', 'user')]).text
  t.is(script.match(/systemctl/g)?.length, 2)
  t.regex(script, /-- a\.service b\.timer/)
  t.regex(script, /systemctl --user show/)
})

test('without a running systemd no unit is managed', (t) => {
  t.deepEqual(unit('x').kind.parse(Buffer.from('\0'), [key('a.service'), key('b.service')]), [
    { managed: false, load: '', active: '', enablement: '', stale: false, status: {} },
    { managed: false, load: '', active: '', enablement: '', stale: false, status: {} },
  ])
})

test('is-enabled gives the state and the links behind it; nothing means no such file', (t) => {
  const keys = [key('a.service'), key('b.service'), key('c.service')]
  t.deepEqual(
    unitEnabled('x').kind.parse(Buffer.from('indirect\n  /etc/systemd/system/sockets.target.wants/a.socket\n\0\0not-found\n\0'), keys),
    [
      { state: 'indirect', links: ['/etc/systemd/system/sockets.target.wants/a.socket'] },
      { state: '', links: [] },
      { state: '', links: [] },
    ],
  )
})

for (const [name, full] of [
  ['ssh', 'ssh.service'],
  ['certbot.timer', 'certbot.timer'],
  ['foo@bar', 'foo@bar.service'],
  ['foo@1.2', 'foo@1.2.service'],
  ['suspend.target', 'suspend.target'],
] as const)
  test(`${name} is the unit ${full}`, (t) => t.is(unitName(name), full))
