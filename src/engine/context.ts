import { position, type Source } from '../diagnostic.ts'
import type { Fact } from '../module/fact.ts'
import type { Http } from '../module/http.ts'
import type { LocalFile } from '../module/local-file.ts'
import type { Programs } from '../module/program.ts'
import type { Program, ProgramPlay } from '../playbook/compile.ts'
import { type hostScope, type Knowledge, taskScope } from '../playbook/host-scope.ts'
import { RenderError, render } from '../playbook/render.ts'
import type { Scope } from '../playbook/scope.ts'
import type { Placed, Task } from '../playbook/tree.ts'
import type { Redactor } from '../secrets/redact.ts'
import type { Become, Connection } from '../transport/transport.ts'
import type { Value } from '../yaml.ts'
import type { Event, Place as EventPlace, TaskRef } from './event.ts'
import type { OwedHandlers } from './owed.ts'
import type { Place } from './place.ts'

/** What the engine is given to work with. It opens no connection and prints nothing by itself. */
export interface Dependencies {
  readonly connect: (host: string) => Promise<Connection>
  readonly connectLocal: () => Promise<Connection>
  /** How a host's tasks become another user. */
  readonly becomeOf: (host: string) => BecomeRules
  readonly emit: (event: Event) => void
  /** Masks what is shown; learns of the secrets that tasks are given. */
  readonly secrets: Redactor
  /** The requests of the controller. */
  readonly http: Http
  /** Hosts at a time. */
  readonly forks: number
  /** Finish the step under way, then stop. */
  readonly stop: AbortSignal
  /** Do not even wait for that. */
  readonly leave?: AbortSignal
  /** Asks the person at the terminal; undefined when nobody is there. */
  readonly ask?: (prompt: string, echo: boolean) => Promise<string>
  /** The fact that answers `ansible_facts`. */
  readonly hostFact: Fact<Record<string, unknown>>
  /** What program steps call. */
  readonly programs?: Programs
  /** Handlers that an earlier run was notified of and did not come to run. */
  readonly owed?: OwedHandlers
}

/** As in Ansible, the host's connection variables win over a task's keywords, and those over the command line. */
export interface BecomeRules {
  readonly host: { readonly become?: boolean; readonly user?: string }
  readonly otherwise: { readonly become: boolean; readonly user: string }
  readonly password?: { reveal(): string }
}

/** One host in one play. */
export interface HostContext {
  readonly host: string
  readonly program: Program
  readonly play: ProgramPlay
  readonly deps: Dependencies
  readonly shared: SharedByPlay
  readonly knowledge: Knowledge
  readonly vars: ReturnType<typeof hostScope>
  readonly remote: Place
  readonly local: Place
  /** Controller's files by path, read once. */
  readonly files: Map<string, LocalFile[]>
  /** Tasks of the section being walked, in order: what lies ahead. */
  upcoming: readonly Task[]
  /** How many tasks ahead the next question looks; 1 after a change, then doubling. */
  window: number
  /** In a dry run: the latest task whose effects nobody can name. */
  cloudedBy: string | undefined
  /** In a dry run: --tags or --skip-tags left out earlier tasks, which may make what a later one misses. */
  leftOut: boolean
  /** Handlers to run, with the `maybe` task that notified them when no other did. */
  readonly notified: Map<Task, { maybe?: string }>
  /** How often a run_once task was come by: a handler may be due again. */
  readonly arrivals: Map<Task, number>
  /** Of the loop being run: the items still to come. */
  turnsLeft: readonly ReadonlyMap<string, unknown>[]
  /** Blocks with a rescue around the task being run. */
  rescuers: number
  ended: boolean
  /** In a dry run: the latest task that would change something. */
  changedBy: string | undefined
  endedRole: number | undefined
}

/** What the hosts of a play share. */
export interface SharedByPlay {
  /** Results of `run_once` tasks, the first host's. */
  readonly once: Map<string, Promise<unknown>>
  /** meta: end_batch. */
  ended: boolean
  /** meta: end_play; shared by all batches. */
  readonly play: { ended: boolean }
}

export const scopeOf = (context: HostContext, task: Task, loop?: ReadonlyMap<string, unknown>): Scope => taskScope(context.vars, task, loop)

export function placeOf(at: Source): EventPlace {
  const { line, col } = position(at.file.text, at.start)
  const end = at.file.text.indexOf('\n', at.start)
  const stop = Math.max(at.start + 1, Math.min(at.end, end < 0 ? at.file.text.length : end))
  return { path: at.file.path, line, col, endCol: col + stop - at.start }
}

/** The task as events name it. A name that cannot be rendered yet is shown as it is written. */
export function refOf(context: HostContext, task: Task, scope: Scope): TaskRef {
  return {
    id: task.id,
    name: nameOf(task, scope),
    module: task.module.name,
    play: context.play.play.name,
    ...(task.role && { role: task.role.name }),
    tags: task.tags,
    ...(context.play.play.handlers.includes(task) && { handler: true as const }),
    at: placeOf(task.at),
  }
}

function nameOf(task: Task, scope: Scope): string {
  if (!task.name) return task.module.name
  try {
    return String(render(task.name, scope))
  } catch {
    return task.name.kind === 'scalar' ? String(task.name.value) : task.module.name
  }
}

/** Whether a task's own keywords make it run as another user, and whom. */
export function becomeOf(context: HostContext, task: Task, scope: Scope, delegated: boolean): Become | undefined {
  const { host, otherwise, password } = context.deps.becomeOf(context.host)
  // a delegated task runs on the controller: what the inventory says of the host is not for it
  const own = delegated ? {} : host
  const byTask = task.become && truthy(render(task.become, scope))
  if (!(own.become ?? byTask ?? (!delegated && otherwise.become))) return undefined
  const user = own.user ?? (task.becomeUser ? String(render(task.becomeUser, scope)) : delegated ? 'root' : otherwise.user)
  return { user, ...(password && { password }) }
}

/** A keyword's value as a boolean, with Ansible's spellings. */
export const truthy = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && /^(yes|on|true|1)$/i.test(value)) || value === 1

export const truthyOf = (value: Value | undefined, scope: Scope): boolean => value !== undefined && truthy(render(value, scope))

/** Diffs are shown when the run asks for them and the task does not say no. */
export const showsDiff = (context: HostContext, task: Task, scope: Scope): boolean =>
  context.program.options.diff && (task.diff === undefined || truthy(render(task.diff, scope)))

/** The first of these conditions that does not hold, as written. */
export function firstFalse(conditions: readonly Placed[], scope: Scope): string | undefined {
  for (const { condition, at } of conditions) {
    try {
      const value = condition.evaluate(scope)
      if (typeof value !== 'boolean') throw new Error(`a condition must be true or false; this one is ${JSON.stringify(value)}`)
      if (!value) return condition.text
    } catch (error) {
      throw new RenderError(at, error)
    }
  }
  return undefined
}

/** A keyword that must be a number of something, zero or more. */
export function numberOf(value: Value | undefined, otherwise: number, scope: Scope): number {
  if (!value) return otherwise
  const found = render(value, scope)
  const number = typeof found === 'string' && found.trim() === '' ? Number.NaN : Number(found)
  if (!(number >= 0) || !Number.isFinite(number))
    throw new RenderError(value.at, new Error(`expected a number, not ${JSON.stringify(found)}`))
  return number
}

/** How a turn of a loop is called in events: its label, or the item itself. */
export function labelOf(task: Task, scope: Scope): string {
  const label = task.label ? render(task.label, scope) : scope.get(task.loopVar)
  return typeof label === 'string' ? label : JSON.stringify(label)
}
