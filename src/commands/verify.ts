import type { Event } from '../engine/event.ts'
import { type CheckRow, checksIn } from '../report/check-table.ts'
import { harmlessJson } from '../report/json.ts'
import { execute } from './apply.ts'
import { EXIT } from './exit-code.ts'
import type { RunArguments } from './options.ts'
import { openSession } from './session.ts'
import type { Terminal } from './terminal.ts'

const TAG = 'verify'

type TaskEnd = Extract<Event, { type: 'task:end' }>
type HostEnd = Extract<Event, { type: 'host:end' }>

/**
 * `mhprov verify`: the playbook's tasks tagged `verify`, and nothing an earlier run owes. Well only when checks were made on every host
 * that was reached, and all succeeded. With `-o json` one document, `{ HOST: { ok, checks } }`, instead of the events.
 */
export async function verify(args: RunArguments, terminal: Terminal): Promise<number> {
  const session = await openSession({ ...args, tags: [TAG] }, terminal)
  if (!session) return EXIT.input
  const ends: (TaskEnd | HostEnd)[] = []
  const listen = (event: Event) => {
    if (event.type === 'task:end' || event.type === 'host:end') ends.push(event)
  }
  const document = args.output === 'json'
  const code = await execute(session, args, document ? { ...terminal, out: () => undefined } : terminal, listen, false)
  const found = reportOf(ends)
  if (document) terminal.out(`${harmlessJson(JSON.stringify(found, null, 2))}\n`)
  if (code !== EXIT.ok) return code
  const unproven = Object.entries(found).filter(([, host]) => !host.ok)
  for (const [host, { checks }] of unproven) if (checks.length === 0) terminal.err(`verify: no check was made on ${host}\n`)
  if (Object.keys(found).length === 0) terminal.err('verify: no check was made\n')
  return unproven.length > 0 || Object.keys(found).length === 0 ? EXIT.failed : EXIT.ok
}

type Report = Record<string, { ok: boolean; checks: CheckRow[]; failure?: string }>

/** The checks of every host that had some to make, or failed, from the ends of its tasks and its own. */
function reportOf(ends: readonly (TaskEnd | HostEnd)[]): Report {
  const report: Report = {}
  for (const end of ends) {
    const host = report[end.host] ?? { ok: false, checks: [] }
    if (end.type === 'task:end') {
      if (!end.task.tags.includes(TAG) || end.status === 'skipped') continue
      report[end.host] = host
      // in a loop each item has its own
      const results = Array.isArray(end.result.results) ? (end.result.results as Record<string, unknown>[]) : [end.result]
      host.checks.push(...results.flatMap(checksIn))
    } else {
      host.ok = end.status === 'ok' && host.checks.length > 0 && host.checks.every((one) => one.ok !== false)
      if (end.failure) report[end.host] = { ...host, failure: end.failure.message }
    }
  }
  return report
}
