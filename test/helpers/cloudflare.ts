import type { ExecutionContext } from 'ava'
import { stringify } from 'yaml'
import type { Event } from '../../src/engine/event.ts'
import { type StandIn, standIn } from '../../src/lab/cloudflare/server.ts'
import { newWorld, type Rights } from '../../src/lab/cloudflare/world.ts'
import { httpClient } from '../../src/transport/http.ts'
import { type Played, type PlayOptions, play } from './play.ts'

export const TOKEN = 'tok_0123456789abcdefghijklmnopqrstuvwxyz-AB'
export const ZONE = 'example.com'

export interface Ran extends Pick<Played, 'connections' | 'dir' | 'results' | 'ends' | 'events'> {
  /** `task status` of each. */
  readonly statuses: string[]
  /** The registered result of the only task, or of the first. */
  readonly result: Record<string, unknown>
  readonly msg: string
  /** What was planned, of all tasks. */
  readonly planned: string[]
}

export interface Cloud extends StandIn {
  /** Runs tasks (a module's name and its parameters) through the engine; no host is connected to. */
  run(tasks: readonly Record<string, unknown>[], options?: Omit<PlayOptions, 'secrets'> & { token?: string }): Promise<Ran>
}

/** A stand-in of the API for one test, with the zone example.com. */
export async function cloud(
  t: ExecutionContext,
  options: { rights?: Rights; zones?: string[]; accounts?: number; tries?: number } = {},
): Promise<Cloud> {
  const api = await standIn(
    newWorld({
      zones: options.zones ?? [ZONE],
      tokens: { [TOKEN]: options.rights ?? { permissions: 'all' } },
      ...(options.accounts && { accounts: options.accounts }),
    }),
  )
  t.teardown(() => api.close())
  const run: Cloud['run'] = async (tasks, { token = TOKEN, ...rest } = {}) => {
    const list = tasks.map((task) => withApi(task, api.url))
    const text = stringify([{ hosts: 'here', gather_facts: false, tasks: list }], { lineWidth: 0 })
    const played = await play(text, {
      connect: () => Promise.reject(new Error('the host must not be connected to')),
      ...rest,
      secrets: { cf_token: token },
      deps: { http: httpClient({ firstDelay: 1 }), ...rest.deps },
    })
    if (played.problems.length > 0) throw new Error(played.problems.map((one) => one.message).join('\n'))
    t.false(JSON.stringify(played.events).includes(token), 'the API token is in an event')
    const [first] = Object.values(played.results)
    return {
      ...played,
      statuses: played.ends.map((end) => end.replace(/^here /, '')),
      result: first ?? {},
      msg: String(first?.msg),
      planned: plannedIn(played.events),
    }
  }
  return { ...api, run }
}

function withApi(task: Record<string, unknown>, url: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(task).map(([key, value]) =>
      key.startsWith('cloudflare_') ? [key, { api_token: '<%= cf_token %>', api_url: url, ...(value as object) }] : [key, value],
    ),
  )
}

const plannedIn = (events: readonly Event[]): string[] =>
  events.flatMap((event) => (event.type === 'task:plan' ? event.changes.map((change) => change.summary) : []))

/** Runs tasks that change something: a dry run foresees it and writes nothing, and a second run has nothing to do. */
export async function settles(t: ExecutionContext, api: Cloud, tasks: readonly Record<string, unknown>[]): Promise<Ran> {
  const before = api.writes().length
  const dry = await api.run(tasks, { check: true })
  t.is(api.writes().length, before, 'the dry run has written')
  const first = await api.run(tasks)
  t.deepEqual(dry.statuses, first.statuses, first.msg)
  // the name of a tunnel that is yet to be made is not known beforehand
  const anyId = (text: string) => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'ID')
  t.deepEqual(dry.planned.map(anyId), first.planned.map(anyId))
  t.true(first.planned.length > 0, `nothing was planned: ${first.statuses.join()} ${first.msg}`)
  const after = api.writes().length
  const again = await api.run(tasks)
  t.deepEqual(
    again.statuses,
    first.statuses.map((one) => one.replace(/ changed$/, ' ok')),
  )
  t.is(api.writes().length, after, 'the second run has written')
  t.deepEqual(api.world.lost, [])
  return first
}
