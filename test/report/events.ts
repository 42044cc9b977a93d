import type { Event, Failure, HostSummary, Place, PlannedChange, Status, Summary, TaskRef } from '../../src/engine/event.ts'
import { summarize } from '../../src/engine/summary.ts'
import type { Remark } from '../../src/report/frame.ts'
import type { ReporterOptions } from '../../src/report/reporter.ts'

/** A task of the play "Matrix server" in site.yaml. */
export const task = (id: number, name: string, module: string, more: Partial<TaskRef> = {}): TaskRef => ({
  id,
  name,
  module,
  play: 'Matrix server',
  tags: [],
  at: { path: 'site.yaml', line: id * 4, col: 7, endCol: 10 },
  ...more,
})

interface Ending {
  changes?: (string | PlannedChange)[]
  ms?: number
  failure?: Failure
  ignored?: 'ignore_errors' | 'rescue'
  because?: string
  result?: Record<string, unknown>
}

/** The events of one task on one host. */
export function did(host: string, one: TaskRef, status: Status, ending: Ending = {}): Event[] {
  const { changes, ms = 40, result = {}, ...rest } = ending
  const planned = (changes ?? []).map((change) => (typeof change === 'string' ? { summary: change } : change))
  return [
    { type: 'task:start', host, task: one },
    ...(planned.length > 0 ? [{ type: 'task:plan', host, task: one, changes: planned } as const] : []),
    { type: 'task:end', host, task: one, status, ms, result: { changed: status === 'changed', ...result }, ...rest },
  ]
}

/** With the closing `run:end`, whose summary is the reduced one. */
export function ended(events: readonly Event[], ms: number): Event[] {
  const summary = events.reduce<Summary | undefined>(summarize, undefined)
  return [...events, { type: 'run:end', summary: { ...(summary ?? { mode: 'apply', hosts: {} }), ms } }]
}

const GATHER = task(1, 'Gathering Facts', 'setup')
const DOCKER = task(2, 'Install Docker', 'apt', { role: 'docker' })
const USERS = task(3, 'Create the users', 'user')
const CONFIG = task(4, 'Configure Synapse', 'template')
const PROBE = task(5, 'Look for an old database', 'command')
const RESTART = task(6, 'Restart Synapse', 'systemd_service', { handler: true })

export const DIFF: NonNullable<PlannedChange['diff']> = {
  before: 'server_name: example.org\nreport_stats: true\nlisteners:\n',
  after: 'server_name: example.org\nreport_stats: false\nlisteners:\n',
  before_header: '/etc/matrix-synapse/homeserver.yaml',
  after_header: '/etc/matrix-synapse/homeserver.yaml (homeserver.yaml.ejs)',
}

const APT_FAILURE: Failure = {
  reason: 'step-failed',
  message: 'E: Unable to locate package docker.i',
  at: { path: 'site.yaml', line: 8, col: 7, endCol: 10 },
  exit: 100,
  stdoutTail: 'Reading package lists...\nBuilding dependency tree...',
  stderrTail: 'W: Some index files failed to download.\nE: Unable to locate package docker.i',
  hint: 'did you mean "docker.io"?',
}

/** Three hosts: on laptop all goes well with a change, a loop and a handler, on vps a task fails, pi cannot be reached. */
export const APPLY: readonly Event[] = ended(
  [
    { type: 'run:start', mode: 'apply', playbook: 'site.yaml', hosts: ['laptop', 'vps', 'pi'] },
    { type: 'play:start', play: 'Matrix server', hosts: ['laptop', 'vps', 'pi'] },
    { type: 'host:start', host: 'laptop' },
    { type: 'host:start', host: 'vps' },
    { type: 'host:start', host: 'pi' },
    ...did('laptop', GATHER, 'ok'),
    ...did('vps', GATHER, 'ok'),
    {
      type: 'host:end',
      host: 'pi',
      status: 'unreachable',
      ms: 10_000,
      failure: { reason: 'unreachable', message: 'connect ETIMEDOUT 10.0.0.7:22', hint: 'is it switched on?' },
    },
    { type: 'task:start', host: 'laptop', task: DOCKER },
    { type: 'task:start', host: 'vps', task: DOCKER },
    { type: 'task:plan', host: 'laptop', task: DOCKER, changes: [{ summary: 'install docker.io' }] },
    { type: 'task:plan', host: 'vps', task: DOCKER, changes: [{ summary: 'install docker.i' }] },
    {
      type: 'task:output',
      host: 'laptop',
      task: DOCKER,
      stream: 'stdout',
      text: 'Get:1 http://deb.mirror.lan/debian bookworm/main docker.io',
    },
    { type: 'task:output', host: 'laptop', task: DOCKER, stream: 'stdout', text: 'Unpacking\t\x1b[32mdocker.io\x1b[0m \u202e(20.10)' },
    { type: 'task:end', host: 'vps', task: DOCKER, status: 'failed', ms: 2300, result: { failed: true }, failure: APT_FAILURE },
    { type: 'host:end', host: 'vps', status: 'failed', ms: 2500, failure: APT_FAILURE },
    { type: 'task:end', host: 'laptop', task: DOCKER, status: 'changed', ms: 12_340, result: { changed: true } },
    { type: 'task:start', host: 'laptop', task: USERS },
    { type: 'task:item', host: 'laptop', task: USERS, item: 'alice', status: 'ok', result: {} },
    { type: 'task:plan', host: 'laptop', task: USERS, item: 'bob', changes: [{ summary: 'create user bob' }] },
    { type: 'task:item', host: 'laptop', task: USERS, item: 'bob', status: 'changed', result: {} },
    {
      type: 'task:plan',
      host: 'laptop',
      task: USERS,
      item: 'carol',
      changes: [{ summary: 'create user carol' }, { summary: 'add carol to docker' }],
    },
    { type: 'task:item', host: 'laptop', task: USERS, item: 'carol', status: 'changed', result: {} },
    { type: 'task:end', host: 'laptop', task: USERS, status: 'changed', ms: 310, result: { changed: true, results: [] } },
    ...did('laptop', CONFIG, 'changed', {
      changes: [{ summary: 'write /etc/matrix-synapse/homeserver.yaml', diff: DIFF }, 'mode 0644 → 0640'],
    }),
    ...did('laptop', PROBE, 'failed', {
      failure: { reason: 'step-failed', message: 'no such file', at: PROBE.at, exit: 2 },
      ignored: 'ignore_errors',
    }),
    ...did('laptop', task(7, 'Remove the old database', 'file'), 'skipped'),
    ...did('laptop', RESTART, 'changed', { changes: ['restart matrix-synapse.service'], ms: 1800 }),
    { type: 'host:end', host: 'laptop', status: 'ok', ms: 15_120 },
  ],
  15_400,
)

/** A dry run on one host: what would change, and what depends on it. */
export const CHECK: readonly Event[] = ended(
  [
    { type: 'run:start', mode: 'check', playbook: 'site.yaml', hosts: ['laptop'] },
    { type: 'play:start', play: 'Matrix server', hosts: ['laptop'] },
    { type: 'host:start', host: 'laptop' },
    ...did('laptop', GATHER, 'ok'),
    ...did('laptop', DOCKER, 'changed', { changes: ['install docker.io'] }),
    ...did('laptop', CONFIG, 'changed', { changes: [{ summary: 'write /etc/matrix-synapse/homeserver.yaml', diff: DIFF }] }),
    ...did('laptop', task(8, 'Start the containers', 'command'), 'maybe', { because: 'Install Docker' }),
    ...did('laptop', task(7, 'Remove the old database', 'file'), 'skipped'),
    ...did('laptop', task(9, 'Show the address', 'debug'), 'ok', { result: { msg: 'https://chat.example.org\n\x1b[2Jready' } }),
    { type: 'host:end', host: 'laptop', status: 'ok', ms: 1120 },
  ],
  1200,
)

/** A frame such as `printPlace` makes of a playbook. */
export const frame = ({ path, line, col }: Place, { severity, message }: Remark): string =>
  `${path}:${line}:${col} ${severity}: ${message}\n      apt:\n      ~~~`

/** A reporter's options that collect what it writes. */
export function collector(more: Partial<ReporterOptions> = {}): { options: ReporterOptions; text: () => string } {
  let written = ''
  return {
    text: () => written,
    options: {
      write: (text) => {
        written += text
      },
      isTTY: false,
      columns: () => 80,
      colour: false,
      verbosity: 0,
      diff: false,
      frame,
      now: () => 0,
      ...more,
    },
  }
}

export const hostSummary = (more: Partial<HostSummary> = {}): HostSummary => ({
  status: 'ok',
  ok: 0,
  changed: 0,
  maybe: 0,
  skipped: 0,
  failed: 0,
  ignored: 0,
  ms: 0,
  changes: [],
  ...more,
})
