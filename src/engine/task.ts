import type { Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { HostLost } from '../transport/transport.ts'
import type { Value } from '../yaml.ts'
import { needsHostFacts } from './ahead.ts'
import { firstFalse, type HostContext, refOf, scopeOf, truthyOf } from './context.ts'
import type { Failure, Status, TaskRef } from './event.ts'
import type { Outcome } from './invoke.ts'
import { everyTurn, skippedLoop } from './loop.ts'
import { askHostFacts, notify, remember } from './memory.ts'
import { censored, shown, skippedBy, troubled, type Whole } from './outcome.ts'
import { oneTurn } from './turn.ts'

export interface TaskEnd {
  readonly status: Status
  readonly result: Record<string, unknown>
  /** As events may show it: masked under no_log. */
  readonly failure?: Failure
  /** The task failed and what comes after it goes on. */
  readonly ignored: boolean
  readonly directive?: string
}

/**
 * One task on one host, from its condition to its registered result. Throws HostLost, after telling that the task has ended.
 * `doubtful` names the task that decides whether this handler runs at all, when a dry run cannot tell.
 */
export async function runTask(context: HostContext, task: Task, doubtful?: string): Promise<TaskEnd> {
  const { emit } = context.deps
  const { host } = context
  const began = Date.now()
  const ref = refOf(context, task, scopeOf(context, task))
  emit({ type: 'task:start', host, task: ref })
  const lost = (error: HostLost): never => {
    const failure: Failure = { reason: 'unreachable', message: error.message, at: ref.at, ...(error.hint && { hint: error.hint }) }
    emit({
      type: 'task:end',
      host,
      task: ref,
      status: 'failed',
      ms: Date.now() - began,
      result: { failed: true, unreachable: true, msg: error.message },
      failure,
    })
    throw error
  }
  let whole: Whole
  try {
    whole = inDoubt(await wholeTask(context, task, ref), doubtful)
    for (const { outcome, scope } of whole.turns)
      if (outcome.status === 'changed' || outcome.status === 'maybe')
        notify(context, task, scope, outcome.status === 'maybe' ? ref.name : undefined)
  } catch (error) {
    if (error instanceof HostLost) return lost(error)
    whole = { outcome: troubled(context, error, task), turns: [] }
    // what a dry run cannot tell of the task it cannot tell of its handlers either
    if (whole.outcome.status === 'maybe' && !task.loop) notify(context, task, scopeOf(context, task), ref.name)
  }
  const { outcome } = whole
  const failed = outcome.status === 'failed'
  const failedTurns = whole.turns.filter((turn) => turn.outcome.status === 'failed')
  // what cannot be told is hidden, and is not excused
  const secret = inTurns(context, task, task.noLog, whole.turns, true).includes(true)
  const excused = failed && !inTurns(context, task, task.ignoreErrors, failedTurns, false).includes(false)
  const ignored = excused ? ('ignore_errors' as const) : failed && context.rescuers > 0 ? ('rescue' as const) : undefined
  const result: Record<string, unknown> = {
    changed: false,
    failed,
    ...outcome.result,
    ...(outcome.status === 'skipped' && { skipped: true }),
  }
  remember(context, task, outcome, result, ref)
  if (outcome.status === 'changed') context.changedBy = ref.name
  if (context.program.options.check && outcome.opaque) context.cloudedBy = ref.name
  const failure: Failure | undefined = outcome.failure && {
    at: ref.at,
    ...(secret ? { reason: outcome.failure.reason, message: 'hidden by no_log' } : outcome.failure),
  }
  emit({
    type: 'task:end',
    host,
    task: ref,
    status: outcome.status,
    ms: Date.now() - began,
    result: secret ? censored(result) : shown(context, task, result),
    ...(failure && { failure }),
    ...(ignored && { ignored }),
    ...(outcome.because && { because: outcome.because }),
  })
  return {
    status: outcome.status,
    result,
    ...(failure && { failure }),
    ignored: ignored === 'ignore_errors',
    ...(outcome.directive && { directive: outcome.directive }),
  }
}

/** What a dry run says of a handler that may not be called: at most `maybe`. */
function inDoubt(whole: Whole, because: string | undefined): Whole {
  if (because === undefined) return whole
  const doubt = (outcome: Outcome): Outcome => (outcome.status === 'changed' ? { ...outcome, status: 'maybe', because } : outcome)
  return { outcome: doubt(whole.outcome), turns: whole.turns.map((turn) => ({ ...turn, outcome: doubt(turn.outcome) })) }
}

/** A keyword in the scope of each turn, or in the task's own when there was none; `inDoubt` where it names what is not there. */
function inTurns(context: HostContext, task: Task, keyword: Value | undefined, turns: Whole['turns'], inDoubt: boolean): boolean[] {
  const scopes = turns.length > 0 ? turns.map((turn) => turn.scope) : [scopeOf(context, task)]
  return scopes.map((scope) => {
    try {
      return truthyOf(keyword, scope)
    } catch {
      return inDoubt
    }
  })
}

async function wholeTask(context: HostContext, task: Task, ref: TaskRef): Promise<Whole> {
  const scope = scopeOf(context, task)
  if (needsHostFacts(context, task, scope)) await askHostFacts(context, task, scope)
  const ofItem = (names: readonly string[]) =>
    names.includes(task.loopVar) || (task.indexVar !== undefined && names.includes(task.indexVar))
  const early = task.loop
    ? task.when.filter((one) => !ofItem([...one.condition.reads.names.map(({ name }) => name), ...scope.unbound(one.condition.reads)]))
    : task.when
  const no = firstFalse(early, scope)
  if (no) return { outcome: task.loop ? skippedLoop(task, scope, no) : skippedBy(no), turns: [] }
  if (truthyOf(task.runOnce, scope) || task.module.once) return once(context, task, () => turnsOf(context, task, ref, scope))
  return turnsOf(context, task, ref, scope)
}

async function turnsOf(context: HostContext, task: Task, ref: TaskRef, scope: Scope): Promise<Whole> {
  if (task.loop) return everyTurn(context, task, ref, scope)
  const outcome = await oneTurn(context, task, ref, new Map())
  return { outcome, turns: [{ outcome, scope }] }
}

/** The first host to arrive does it; the others take over its outcome, or the work when that host is lost on the way. */
async function once(context: HostContext, task: Task, make: () => Promise<Whole>): Promise<Whole> {
  const { once: shared } = context.shared
  const arrival = (context.arrivals.get(task) ?? 0) + 1
  context.arrivals.set(task, arrival)
  const key = `${task.id} ${arrival}`
  for (let under = shared.get(key); under; under = shared.get(key)) {
    const whole = await (under as Promise<Whole>).catch(() => undefined)
    // what was changed once is notified of once, by the host that did it
    if (whole) return { outcome: whole.outcome, turns: [] }
  }
  const made = make()
  shared.set(key, made)
  return made.catch((error: unknown) => {
    shared.delete(key)
    throw error
  })
}
