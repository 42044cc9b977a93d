import { setTimeout as sleep } from 'node:timers/promises'
import { NotKnown } from '../playbook/assumed.ts'
import { RenderError, render } from '../playbook/render.ts'
import type { Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { HostLost } from '../transport/transport.ts'
import { itemsOf, needsHostFacts } from './ahead.ts'
import { firstFalse, type HostContext, placeOf, refOf, scopeOf, showsDiff, truthyOf } from './context.ts'
import type { Failure, Status, TaskRef } from './event.ts'
import type { Outcome } from './invoke.ts'
import { askHostFacts, notify, remember } from './memory.ts'
import { oneTurn } from './turn.ts'

export interface TaskEnd {
  readonly status: Status
  readonly result: Record<string, unknown>
  readonly failure?: Failure
  /** The task failed and what comes after it goes on. */
  readonly ignored: boolean
  readonly directive?: string
}

/** One task on one host, from its condition to its registered result. Throws HostLost, after telling that the task has ended. */
export async function runTask(context: HostContext, task: Task): Promise<TaskEnd> {
  const { emit } = context.deps
  const { host } = context
  const began = Date.now()
  const ref = refOf(context, task, scopeOf(context, task))
  emit({ type: 'task:start', host, task: ref })
  let outcome: Outcome
  try {
    outcome = await wholeTask(context, task, ref)
  } catch (error) {
    if (!(error instanceof HostLost)) outcome = troubled(context, error, task)
    else {
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
  }
  const failed = outcome.status === 'failed'
  const scope = scopeOf(context, task)
  const ignored = failed && truthyOf(task.ignoreErrors, scope) ? 'ignore_errors' : failed && context.rescuers > 0 ? 'rescue' : undefined
  const result: Record<string, unknown> = {
    changed: false,
    failed,
    ...outcome.result,
    ...(outcome.status === 'skipped' && { skipped: true }),
  }
  remember(context, task, outcome, result, ref)
  if (outcome.status === 'changed' || outcome.status === 'maybe')
    notify(context, task, scope, outcome.status === 'maybe' ? ref.name : undefined)
  if (context.program.options.check && outcome.opaque) context.cloudedBy = ref.name
  const secret = truthyOf(task.noLog, scope)
  emit({
    type: 'task:end',
    host,
    task: ref,
    status: outcome.status,
    ms: Date.now() - began,
    result: secret ? censored(result) : shown(context, task, result),
    ...(outcome.failure && {
      failure: { at: ref.at, ...(secret ? { reason: outcome.failure.reason, message: 'hidden by no_log' } : outcome.failure) },
    }),
    ...(ignored && { ignored }),
    ...(outcome.because && { because: outcome.because }),
  })
  return {
    status: outcome.status,
    result,
    ...(outcome.failure && { failure: { at: ref.at, ...outcome.failure } }),
    ignored: ignored === 'ignore_errors',
    ...(outcome.directive && { directive: outcome.directive }),
  }
}

/** Something went wrong before or beside the module: a value that cannot be had, or a bug of ours. */
function troubled(context: HostContext, error: unknown, task: Task): Outcome {
  const cause = error instanceof RenderError ? error.cause : error
  if (cause instanceof NotKnown && context.program.options.check)
    return { status: 'maybe', result: { changed: false, msg: cause.message }, changes: [], because: cause.task, assumed: true }
  const ours =
    !(error instanceof RenderError) && !(cause instanceof Error && /^(EvaluationError|UndefinedVariable)$/.test(cause.constructor.name))
  const message = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
  const at = placeOf(error instanceof RenderError ? error.at : task.at)
  return {
    status: 'failed',
    result: { failed: true, msg: message },
    changes: [],
    failure: {
      reason: ours ? 'bug' : 'invalid-value',
      message,
      at,
      ...(ours && cause instanceof Error && cause.stack && { stderrTail: cause.stack }),
    },
  }
}

const SKIPPED = { changed: false, skipped: true, skip_reason: 'Conditional result was False' }

async function wholeTask(context: HostContext, task: Task, ref: TaskRef): Promise<Outcome> {
  const scope = scopeOf(context, task)
  if (needsHostFacts(context, task, scope)) await askHostFacts(context, task, scope)
  const early = task.when.filter(
    (one) => !task.loop || one.condition.reads.names.every(({ name }) => name !== task.loopVar && name !== task.indexVar),
  )
  const no = firstFalse(early, scope)
  if (no) return { status: 'skipped', result: { ...SKIPPED, false_condition: no }, changes: [] }
  if (truthyOf(task.runOnce, scope) || task.module.once) return once(context, task, () => oneTurn(context, task, ref, new Map()))
  if (!task.loop) return oneTurn(context, task, ref, new Map())
  return everyTurn(context, task, ref, scope)
}

/** The first host to arrive does it; the others take over its outcome, or the work when that host is lost on the way. */
async function once(context: HostContext, task: Task, make: () => Promise<Outcome>): Promise<Outcome> {
  const { once: shared } = context.shared
  for (let under = shared.get(task); under; under = shared.get(task)) {
    const outcome = await (under as Promise<Outcome>).catch(() => undefined)
    if (outcome) return outcome
  }
  const made = make()
  shared.set(task, made)
  return made.catch((error: unknown) => {
    shared.delete(task)
    throw error
  })
}

async function everyTurn(context: HostContext, task: Task, ref: TaskRef, scope: Scope): Promise<Outcome> {
  let items: ReadonlyMap<string, unknown>[]
  try {
    items = itemsOf(task, scope)
  } catch (error) {
    throw error instanceof RenderError ? error : new RenderError(task.loop!.at, error)
  }
  if (items.length === 0)
    return {
      status: 'skipped',
      result: { changed: false, skipped: true, skipped_reason: 'No items in the list', results: [] },
      changes: [],
    }
  const outcomes: Outcome[] = []
  for (const [i, loop] of items.entries()) {
    if (context.deps.stop.aborted) break
    if (i > 0 && task.loopPause) await sleep(Number(render(task.loopPause, scope)) * 1000)
    const inner = scopeOf(context, task, loop)
    const no = firstFalse(task.when, inner)
    let outcome: Outcome
    try {
      outcome = no
        ? { status: 'skipped', result: { ...SKIPPED, false_condition: no }, changes: [] }
        : await oneTurn(context, task, ref, loop)
    } catch (error) {
      if (error instanceof HostLost) throw error
      outcome = troubled(context, error, task)
    }
    const item = loop.get(task.loopVar)
    const result = {
      changed: false,
      failed: outcome.status === 'failed',
      ...outcome.result,
      [task.loopVar]: item,
      ansible_loop_var: task.loopVar,
    }
    outcomes.push({ ...outcome, result })
    const label = task.label ? render(task.label, inner) : item
    const secret = truthyOf(task.noLog, inner)
    context.deps.emit({
      type: 'task:item',
      host: context.host,
      task: ref,
      item: secret ? '(hidden)' : typeof label === 'string' ? label : JSON.stringify(label),
      status: outcome.status,
      result: secret ? censored(result) : shown(context, task, result),
      ...(outcome.failure && !secret && { failure: outcome.failure }),
    })
  }
  return together(outcomes)
}

function together(outcomes: readonly Outcome[]): Outcome {
  const having = (status: Status) => outcomes.find((one) => one.status === status)
  const first = having('failed') ?? having('maybe')
  const status: Status = having('failed')
    ? 'failed'
    : having('changed')
      ? 'changed'
      : having('maybe')
        ? 'maybe'
        : having('ok')
          ? 'ok'
          : 'skipped'
  const msg = status === 'failed' ? 'One or more items failed' : status === 'skipped' ? 'All items skipped' : 'All items completed'
  return {
    status,
    result: {
      changed: outcomes.some((one) => one.result.changed === true),
      results: outcomes.map((one) => one.result),
      msg,
      ...(status === 'skipped' && { skipped: true }),
    },
    changes: outcomes.flatMap((one) => one.changes),
    ...(first?.failure && { failure: first.failure }),
    ...(status === 'maybe' && first?.because && { because: first.because }),
    ...(outcomes.some((one) => one.assumed) && { assumed: true as const }),
    ...(outcomes.some((one) => one.opaque) && { opaque: true as const }),
  }
}

const censored = (result: Record<string, unknown>): Record<string, unknown> => ({
  censored: "the output has been hidden due to the fact that 'no_log: true' was specified for this result",
  changed: result.changed ?? false,
  failed: result.failed ?? false,
})

function shown(context: HostContext, task: Task, result: Record<string, unknown>): Record<string, unknown> {
  if (!('diff' in result) || showsDiff(context, task, scopeOf(context, task))) return result
  const { diff: _, ...rest } = result
  return rest
}
