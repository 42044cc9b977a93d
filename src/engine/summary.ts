import type { Event, Failure, HostSummary, Summary } from './event.ts'

/** A host counts as interrupted until its end is told: a run that is cut off has not done well. */
const BEGUN: HostSummary = {
  status: 'interrupted',
  ok: 0,
  changed: 0,
  maybe: 0,
  skipped: 0,
  failed: 0,
  ignored: 0,
  ms: 0,
  changes: [],
}

/**
 * What a run came to, one event at a time; pure. Hosts appear with their `host:start`. `ok` does not include `changed`; a task that ended
 * because its host was lost or the run was stopped counts nowhere, the host's status tells it. While a task runs, the last entry of
 * `changes` is its own. `ms` is the longest host's until `run:end` brings the engine's.
 */
export function summarize(summary: Summary | undefined, event: Event): Summary {
  if (event.type === 'run:start') return { mode: event.mode, ms: 0, hosts: {} }
  if (event.type === 'run:end') return event.summary
  const before = summary ?? { mode: 'apply', ms: 0, hosts: {} }
  if (!('host' in event)) return before
  const host = before.hosts[event.host] ?? BEGUN
  const after = ofHost(host, event)
  if (after === host && event.host in before.hosts) return before
  return { ...before, ms: Math.max(before.ms, after.ms), hosts: { ...before.hosts, [event.host]: after } }
}

function ofHost(host: HostSummary, event: Extract<Event, { host: string }>): HostSummary {
  switch (event.type) {
    case 'task:start':
      return { ...host, changes: [...host.changes, { task: event.task.name, changes: [] }] }
    case 'task:plan': {
      const open = host.changes.at(-1) ?? { task: event.task.name, changes: [] }
      // a retried turn plans the same again
      const summaries = new Set([...open.changes, ...event.changes.map((change) => change.summary)])
      return { ...host, changes: [...host.changes.slice(0, -1), { task: open.task, changes: [...summaries] }] }
    }
    case 'task:end': {
      const count = event.status === 'failed' ? failedAs(event.ignored, event.failure) : event.status
      return {
        ...host,
        ...(count && { [count]: host[count] + 1 }),
        ...(event.status !== 'changed' && { changes: host.changes.slice(0, -1) }),
      }
    }
    case 'host:end':
      return { ...host, status: event.status, ms: event.ms, ...(event.failure && { failure: event.failure }) }
    default:
      return host
  }
}

function failedAs(ignored: string | undefined, failure: Failure | undefined): 'failed' | 'ignored' | undefined {
  if (failure?.reason === 'unreachable' || failure?.reason === 'aborted') return undefined
  return ignored ? 'ignored' : 'failed'
}

/**
 * 130 when interrupted, else 1 when a host failed, else 4 when one was unreachable, else 0. What the user did comes before what
 * happened, and a playbook that fails says more than a host that is off.
 */
export function exitCodeOf(summary: Summary): 0 | 1 | 4 | 130 {
  const ends = new Set(Object.values(summary.hosts).map((host) => host.status))
  if (ends.has('interrupted')) return 130
  if (ends.has('failed')) return 1
  return ends.has('unreachable') ? 4 : 0
}
