import test from 'ava'
import type { Unit } from '../../src/facts/unit.ts'
import type { Plan } from '../../src/module/define.ts'
import { service } from '../../src/modules/service.ts'

const STOPPED: Unit = {
  managed: true,
  load: 'loaded',
  active: 'inactive',
  enablement: 'disabled',
  stale: false,
  status: { ActiveState: 'inactive' },
}

test('a service is the systemd unit of its name', (t) => {
  const want = service.params.parse({
    name: 'apache2',
    state: 'started',
    enabled: 'yes',
    pattern: 'httpd',
    sleep: 3,
    arguments: '-x',
    runlevel: 'default',
    use: 'systemd',
  })
  t.is(service.facts!(want, {}).unit!.id, 'unit {"name":"apache2.service","scope":"system"}')
  const planned = service.plan(want, { unit: STOPPED, file: undefined }, {}) as Plan
  t.deepEqual(
    planned.changes.map((change) => change.summary),
    ['enable apache2.service at boot', 'start apache2.service'],
  )
  t.deepEqual(service.result!(want, { unit: STOPPED, file: undefined }, [], {}), {
    name: 'apache2',
    status: { ActiveState: 'inactive' },
    enabled: true,
    state: 'started',
  })
})

test('neither state nor enabled is nothing to do', (t) => t.false(service.params.safeParse({ name: 'x' }).success))
test('another service manager is refused', (t) => t.false(service.params.safeParse({ name: 'x', state: 'started', use: 'openrc' }).success))
