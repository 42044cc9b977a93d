import test from 'ava'
import type { Event, Summary } from '../../src/engine/event.ts'
import { exitCodeOf, summarize } from '../../src/engine/summary.ts'
import { APPLY, CHECK, did, hostSummary, task } from '../report/events.ts'

const reduce = (events: readonly Event[]) => events.reduce<Summary | undefined>(summarize, undefined)
const START: readonly Event[] = [
  { type: 'run:start', mode: 'apply', playbook: 'site.yaml', hosts: ['a', 'b'] },
  { type: 'host:start', host: 'a' },
]
const ONE = task(1, 'one', 'command')

test('an apply is counted by host, with its changes in order and by name', (t) => {
  const summary = reduce(APPLY)!
  const { failure: lost, ...pi } = summary.hosts.pi!
  const { failure, ...vps } = summary.hosts.vps!
  t.deepEqual(
    { ...summary, hosts: { laptop: summary.hosts.laptop, vps, pi } },
    {
      mode: 'apply',
      ms: 15_400,
      hosts: {
        laptop: hostSummary({
          ok: 1,
          changed: 4,
          skipped: 1,
          ignored: 1,
          ms: 15_120,
          changes: [
            { task: 'Install Docker', changes: ['install docker.io'] },
            { task: 'Create the users', changes: ['create user bob', 'create user carol', 'add carol to docker'] },
            { task: 'Configure Synapse', changes: ['write /etc/matrix-synapse/homeserver.yaml', 'mode 0644 → 0640'] },
            { task: 'Restart Synapse', changes: ['restart matrix-synapse.service'] },
          ],
        }),
        vps: hostSummary({ status: 'failed', ok: 1, failed: 1, ms: 2500 }),
        pi: hostSummary({ status: 'unreachable', ms: 10_000 }),
      },
    },
  )
  t.is(failure?.message, 'E: Unable to locate package docker.i')
  t.is(lost?.message, 'connect ETIMEDOUT 10.0.0.7:22')
})

test('a dry run counts what would change and what is open', (t) => {
  const { ok, changed, maybe, skipped } = reduce(CHECK)!.hosts.laptop!
  t.deepEqual({ ok, changed, maybe, skipped }, { ok: 2, changed: 2, maybe: 1, skipped: 1 })
})

test('two tasks of one name are two changes; one that planned and then changed nothing is none', (t) => {
  const events = [
    ...START,
    ...did('a', ONE, 'changed', { changes: ['first'] }),
    ...did('a', ONE, 'ok', { changes: ['read'] }),
    ...did('a', ONE, 'changed', { changes: ['second'] }),
    ...did('a', ONE, 'changed'),
    ...did('a', ONE, 'failed', { changes: ['third'] }),
  ]
  t.deepEqual(reduce(events)!.hosts.a!.changes, [
    { task: 'one', changes: ['first'] },
    { task: 'one', changes: ['second'] },
    { task: 'one', changes: [] },
  ])
})

test('a turn that is tried again is planned once', (t) => {
  const plan: Event = { type: 'task:plan', host: 'a', task: ONE, changes: [{ summary: 'run it' }] }
  const [start, end] = did('a', ONE, 'changed')
  const events: Event[] = [
    ...START,
    start!,
    plan,
    { type: 'task:retry', host: 'a', task: ONE, attempt: 1, retries: 3, delay: 5 },
    plan,
    end!,
  ]
  t.deepEqual(reduce(events)!.hosts.a!.changes, [{ task: 'one', changes: ['run it'] }])
})

test('a task that ended with its host or with the run counts nowhere', (t) => {
  const events = [
    ...START,
    ...did('a', ONE, 'failed', { failure: { reason: 'unreachable', message: 'gone' } }),
    ...did('a', ONE, 'failed', { failure: { reason: 'aborted', message: 'stopped' } }),
  ]
  t.deepEqual(reduce(events)!.hosts.a, hostSummary({ status: 'interrupted' }))
})

test('a failure that is ignored or rescued counts as ignored', (t) => {
  const events = [...START, ...did('a', ONE, 'failed', { ignored: 'ignore_errors' }), ...did('a', ONE, 'failed', { ignored: 'rescue' })]
  t.deepEqual(reduce(events)!.hosts.a, hostSummary({ status: 'interrupted', ignored: 2 }))
})

test('the given summary is left as it was', (t) => {
  const before = reduce(START)!
  const copy = structuredClone(before)
  const after = summarize(before, { type: 'host:end', host: 'a', status: 'ok', ms: 5 })
  t.deepEqual(before, copy)
  t.is(after.hosts.a?.status, 'ok')
  t.is(after.ms, 5)
})

test('output of a task changes nothing, and costs no copy', (t) => {
  const before = reduce(START)!
  t.is(summarize(before, { type: 'task:output', host: 'a', task: ONE, stream: 'stdout', text: 'x' }), before)
})

const exits = test.macro({
  title: (_, states: string) => `the exit code of hosts that ended ${states || 'not at all'}`,
  exec: (t, states: string, code: 0 | 1 | 4 | 130) => {
    const hosts = states
      .split(' ')
      .filter(Boolean)
      .map((status, i) => [`h${i}`, hostSummary({ status: status as 'ok' })])
    t.is(exitCodeOf({ mode: 'apply', ms: 0, hosts: Object.fromEntries(hosts) }), code)
  },
})
test(exits, '', 0)
test(exits, 'ok ok', 0)
test(exits, 'ok failed', 1)
test(exits, 'ok unreachable', 4)
test(exits, 'unreachable failed ok', 1)
test(exits, 'failed unreachable interrupted', 130)

test('a host that never ended counts as interrupted', (t) => {
  t.is(exitCodeOf(reduce(START)!), 130)
})
