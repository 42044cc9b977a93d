import test from 'ava'
import type { Unit } from '../../src/facts/unit.ts'
import type { Enablement } from '../../src/facts/unit-enabled.ts'
import type { Change, Output, Plan } from '../../src/module/define.ts'
import { systemdService } from '../../src/modules/systemd-service.ts'

const unit = (more: Partial<Unit> = {}): Unit => ({
  managed: true,
  load: 'loaded',
  active: 'active',
  enablement: 'enabled',
  stale: false,
  status: { Id: 'x.service', CanReload: 'yes' },
  ...more,
})
const missing = unit({ load: 'not-found', active: 'inactive', enablement: '', status: { Id: 'x.service' } })
const stopped = unit({ active: 'inactive' })

function plan(params: Record<string, unknown>, is?: Unit, file?: Enablement): Plan {
  const planned = systemdService.plan(systemdService.params.parse(params), { unit: is, file }, {}) as Plan | Change[]
  return Array.isArray(planned) ? { changes: planned } : planned
}
const summaries = ({ changes }: Plan) => changes.map((change) => change.summary)

const CASES: [title: string, params: Record<string, unknown>, is: Unit, summaries: string[], file?: Enablement][] = [
  ['leaves a running unit running', { state: 'started', enabled: true }, unit(), []],
  ['starts a stopped unit', { state: 'started' }, stopped, ['start x.service']],
  ['starts a failed unit', { state: 'started' }, unit({ active: 'failed' }), ['start x.service']],
  ['starts a unit that is about to stop', { state: 'started' }, unit({ active: 'deactivating' }), ['start x.service']],
  ['leaves a unit that is about to run', { state: 'started' }, unit({ active: 'activating' }), []],
  ['stops a running unit', { state: 'stopped' }, unit(), ['stop x.service']],
  ['stops a unit that is about to run', { state: 'stopped' }, unit({ active: 'activating' }), ['stop x.service']],
  ['leaves a failed unit stopped', { state: 'stopped' }, unit({ active: 'failed' }), []],
  ['restarts a running unit', { state: 'restarted' }, unit(), ['restart x.service']],
  ['restarts a stopped unit', { state: 'restarted' }, stopped, ['restart x.service']],
  ['reloads a running unit', { state: 'reloaded' }, unit(), ['reload x.service']],
  ['starts a stopped unit instead of reloading', { state: 'reloaded' }, stopped, ['start x.service']],
  ['restarts a running unit only', { state: 'tried-restart' }, unit(), ['restart x.service']],
  ['does not restart a stopped unit that way', { state: 'tried-restart' }, stopped, []],
  ['stops a unit whose file is gone', { state: 'stopped' }, unit({ load: 'not-found' }), ['stop x.service']],
  ['enables', { enabled: true }, unit({ enablement: 'disabled' }), ['enable x.service at boot']],
  ['disables', { enabled: false }, unit(), ['disable x.service at boot']],
  [
    'enables for good what is enabled until the next boot',
    { enabled: true },
    unit({ enablement: 'enabled-runtime' }),
    ['enable x.service at boot'],
  ],
  [
    'disables what is enabled until the next boot',
    { enabled: false },
    unit({ enablement: 'enabled-runtime' }),
    ['disable x.service at boot'],
  ],
  ['leaves a static unit alone when it should be enabled', { enabled: true }, unit({ enablement: 'static' }), []],
  ['leaves a static unit alone when it should be disabled', { enabled: false }, unit({ enablement: 'static' }), []],
  ['an init script is enabled by its links', { enabled: true }, unit({ enablement: 'generated' }), [], { state: 'enabled', links: [] }],
  [
    'an init script is disabled by its links',
    { enabled: false },
    unit({ enablement: 'generated' }),
    ['disable x.service at boot'],
    { state: 'enabled', links: [] },
  ],
  [
    'a unit with only Also= is enabled by the links of the other',
    { enabled: true },
    unit({ enablement: 'indirect' }),
    [],
    { state: 'indirect', links: ['/l'] },
  ],
  [
    'a unit with only Also= and no links is not enabled',
    { enabled: true },
    unit({ enablement: 'indirect' }),
    ['enable x.service at boot'],
    { state: 'indirect', links: [] },
  ],
  [
    'a file that was changed since is asked itself',
    { enabled: true },
    unit({ enablement: 'static', stale: true }),
    ['enable x.service at boot'],
    { state: 'disabled', links: [] },
  ],
  [
    'an alias stands for its unit',
    { enabled: true },
    unit({ enablement: 'disabled', status: { Id: 'real.service' } }),
    ['enable real.service at boot'],
  ],
  ['masks', { masked: true }, unit(), ['mask x.service']],
  ['masks what is not there', { masked: true }, missing, ['mask x.service']],
  [
    'leaves a masked unit masked, stopped and disabled',
    { masked: true, state: 'stopped', enabled: false },
    unit({ load: 'masked', active: 'inactive', enablement: 'masked' }),
    [],
  ],
  ['unmasks', { masked: false }, unit({ load: 'masked', enablement: 'masked' }), ['unmask x.service']],
  ['leaves an unmasked unit alone', { masked: false }, unit(), []],
  ['what is not there is not masked', { masked: false }, missing, []],
  [
    'unmasks before it enables and starts',
    { masked: false, enabled: true, state: 'started' },
    unit({ load: 'masked', active: 'inactive', enablement: 'masked' }),
    ['unmask x.service', 'enable x.service at boot', 'start x.service'],
  ],
  [
    'disables before it masks, and stops after that',
    { masked: true, enabled: false, state: 'stopped' },
    unit(),
    ['disable x.service at boot', 'mask x.service', 'stop x.service'],
  ],
]
for (const [title, params, is, expected, file] of CASES)
  test(title, (t) => t.deepEqual(summaries(plan({ name: 'x', ...params }, is, file)), expected))

const FAILURES: [title: string, params: Record<string, unknown>, is: Unit, failure: string][] = [
  [
    'a missing unit cannot be stopped',
    { state: 'stopped' },
    missing,
    'Could not find the requested service x: there is no unit x.service on the host',
  ],
  [
    'a missing unit cannot be enabled',
    { enabled: true },
    missing,
    'Could not find the requested service x: there is no unit x.service on the host',
  ],
  [
    'a masked unit cannot be started',
    { state: 'started' },
    unit({ load: 'masked', active: 'inactive', enablement: 'masked' }),
    'Unable to start service x: unit x.service is masked',
  ],
  [
    'a masked unit cannot be enabled',
    { enabled: true },
    unit({ load: 'masked', enablement: 'masked' }),
    'Unable to enable service x: unit x.service is masked',
  ],
  [
    'a unit cannot be masked and restarted',
    { masked: true, state: 'restarted' },
    unit(),
    'Unable to restart service x: unit x.service is masked',
  ],
  ['a unit cannot be masked and enabled', { masked: true, enabled: true }, unit(), 'Unable to enable service x: unit x.service is masked'],
  [
    'a unit without ExecReload cannot be reloaded',
    { state: 'reloaded' },
    unit({ status: { CanReload: 'no' } }),
    'Unable to reload service x: unit x.service has no way to reload (no ExecReload=), restart it instead',
  ],
  [
    'a broken file is named',
    { state: 'started' },
    unit({ load: 'bad-setting', active: 'inactive', status: { LoadError: 'bad' } }),
    "Error loading unit file 'x': bad",
  ],
  [
    'without systemd nothing can be managed',
    { state: 'started' },
    unit({ managed: false, load: '' }),
    'unit x cannot be managed: systemd is not running on this host',
  ],
  [
    'a user without a manager is told how to get one',
    { state: 'started', scope: 'user' },
    unit({ managed: false, load: '' }),
    'unit x cannot be managed: this user has no service manager running (a login session or "loginctl enable-linger" starts one)',
  ],
]
for (const [title, params, is, failure] of FAILURES)
  test(title, (t) => t.deepEqual(plan({ name: 'x', ...params }, is), { changes: [], failure }))

test('a manager reload alone needs no name and never counts as a change', (t) => {
  const planned = plan({ daemon_reload: true, daemon_reexec: true })
  t.deepEqual(summaries(planned), ['reload the systemd manager', 're-execute the systemd manager'])
  t.true(planned.changes.every((change) => change.reads))
})

test('units of all users are known by their files alone', (t) => {
  const want = systemdService.params.parse({ name: 'x', scope: 'global', enabled: true })
  t.deepEqual(
    Object.keys(systemdService.facts!(want, {})).filter((name) => systemdService.facts!(want, {})[name as 'unit'] !== undefined),
    ['file'],
  )
  t.deepEqual(summaries(plan({ name: 'x', scope: 'global', enabled: true }, undefined, { state: 'disabled', links: [] })), [
    'enable x.service for all users',
  ])
  t.regex(
    plan({ name: 'x', scope: 'global', enabled: true }, undefined, { state: '', links: [] }).failure!,
    /^Could not find the requested service x/,
  )
})

test('what a dry run makes satisfies the same task', (t) => {
  for (const [title, params, is] of CASES.filter(([, params]) => !/restart|reload/.test(String(params.state)))) {
    const makes = plan({ name: 'x', ...params }, is).changes.flatMap((change) => change.makes ?? [])
    const after = makes.filter(({ fact }) => fact.kind.name === 'unit').reduce((before, { value }) => value(before), is)
    const file = makes
      .filter(({ fact }) => fact.kind.name === 'unit-enabled')
      .reduce((before, { value }) => value(before), undefined as Enablement | undefined)
    if (makes.length > 0) t.deepEqual(summaries(plan({ name: 'x', ...params }, after, file)), [], title)
  }
})

test('a start that fails is told with the reason and the journal', (t) => {
  const output: Output = {
    code: 1,
    stdout: Buffer.alloc(0),
    stderr: Buffer.from('x.service failed right after it was started\nNov 24 boom\n'),
    start: 0,
    end: 1,
  }
  const want = systemdService.params.parse({ name: 'x', state: 'started' })
  t.deepEqual(systemdService.result!(want, { unit: unit({ active: 'failed' }), file: undefined }, [output], {}), {
    name: 'x',
    status: { Id: 'x.service', CanReload: 'yes' },
    state: 'started',
    failed: true,
    changed: false,
    msg: 'Unable to start service x: x.service failed right after it was started',
    rc: 1,
    stderr: 'x.service failed right after it was started\nNov 24 boom\n',
    stderr_lines: ['x.service failed right after it was started', 'Nov 24 boom'],
  })
})

for (const [title, params] of [
  ['nothing to do', { name: 'x' }],
  ['a state without a name', { state: 'started' }],
  ['a glob', { name: 'x*', state: 'started' }],
  ['a path', { name: '/etc/x.service', state: 'started' }],
] as const)
  test(`${title} is refused`, (t) => t.false(systemdService.params.safeParse(params).success))
