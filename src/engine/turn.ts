import { setTimeout as sleep } from 'node:timers/promises'
import type { Diagnostic } from '../diagnostic.ts'
import { assume, NotKnown } from '../playbook/assumed.ts'
import { RenderError, render } from '../playbook/render.ts'
import { dataLayer, type Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { lookAhead } from './ahead.ts'
import { becomeOf, firstFalse, type HostContext, placeOf, scopeOf, showsDiff, truthy, truthyOf } from './context.ts'
import type { Failure, TaskRef } from './event.ts'
import { invoke, type Outcome } from './invoke.ts'
import { prepare } from './prepare.ts'

/** The module's work for one item, repeated under `until`, judged by changed_when and failed_when. */
export async function oneTurn(context: HostContext, task: Task, ref: TaskRef, loop: ReadonlyMap<string, unknown>): Promise<Outcome> {
  const scope = scopeOf(context, task, loop)
  const retries = task.until.length === 0 ? 0 : Number(task.retries ? render(task.retries, scope) : 3)
  const delay = Number(task.delay ? render(task.delay, scope) : 5)
  for (let attempt = 1; ; attempt++) {
    const outcome = judge(task, scope, ref, await carryOut(context, task, scope, ref, loop))
    if (task.until.length === 0 || outcome.assumed) return outcome
    const done = firstFalse(task.until, after(scope, task, outcome, ref)) === undefined
    const result = { ...outcome.result, attempts: attempt }
    if (done) return { ...outcome, result }
    if (attempt > retries || context.deps.stop.aborted) {
      const message = outcome.failure?.message ?? `the until condition did not hold after ${attempt} attempts`
      return {
        ...outcome,
        status: 'failed',
        result: { ...result, failed: true },
        failure: outcome.failure ?? { reason: 'step-failed', message },
      }
    }
    context.deps.emit({ type: 'task:retry', host: context.host, task: ref, attempt, retries, delay })
    await sleep(delay * 1000, undefined, { signal: context.deps.stop }).catch(() => undefined)
  }
}

/** The scope of the conditions about a result: it goes by its registered name, and by `result`. */
function after(scope: Scope, task: Task, outcome: Outcome, ref: TaskRef): Scope {
  const plain = { changed: false, failed: outcome.status === 'failed', skipped: outcome.status === 'skipped', ...outcome.result }
  const value = outcome.assumed ? assume(plain, ref.name) : plain
  return scope.with(dataLayer(new Map(['result', ...(task.register ? [task.register] : [])].map((name) => [name, value]))))
}

function judge(task: Task, scope: Scope, ref: TaskRef, outcome: Outcome): Outcome {
  if (outcome.status === 'skipped' || (!task.changedWhen && !task.failedWhen)) return outcome
  try {
    const about = after(scope, task, outcome, ref)
    const failed = task.failedWhen ? firstFalse(task.failedWhen, about) === undefined : outcome.status === 'failed'
    const changed = task.changedWhen ? firstFalse(task.changedWhen, about) === undefined : outcome.result.changed === true
    const result = { ...outcome.result, changed, failed, ...(task.failedWhen && { failed_when_result: failed }) }
    if (outcome.status === 'maybe') return outcome
    if (!failed) {
      const { failure: _, ...rest } = outcome
      return { ...rest, status: changed ? 'changed' : 'ok', result }
    }
    return {
      ...outcome,
      status: 'failed',
      result,
      failure: outcome.failure ?? { reason: 'step-failed', message: String(outcome.result.msg ?? 'the failed_when condition holds') },
    }
  } catch (error) {
    const cause = error instanceof RenderError ? error.cause : error
    if (!(cause instanceof NotKnown)) throw error
    return { ...outcome, status: 'maybe', because: ref.name, assumed: true }
  }
}

async function carryOut(
  context: HostContext,
  task: Task,
  scope: Scope,
  ref: TaskRef,
  loop: ReadonlyMap<string, unknown>,
): Promise<Outcome> {
  const delegated = task.delegateTo !== undefined
  const place = delegated ? context.local : context.remote
  const become = becomeOf(context, task, scope, delegated)
  // a module that asks nothing of a host and does nothing there needs no connection
  const { shell, cache } = await place.as(become)
  const ready = await prepare(context, task, scope, shell.home)
  if ('problems' in ready) return unfit(ready.problems)
  const { options } = context.program
  const check = task.checkMode ? truthy(render(task.checkMode, scope)) : options.check
  const secret = truthyOf(task.noLog, scope)
  const item = loop.get(task.loopVar)
  const timeout = task.timeout ? Number(render(task.timeout, scope)) : undefined
  return invoke(ready.prepared, {
    shell,
    cache,
    check,
    onlyReads: task.changedWhen?.every((one) => one.condition.text.trim() === 'false') ?? false,
    clouded: context.cloudedBy,
    ahead: () => (delegated ? [] : lookAhead(context, task, become?.user ?? '', cache, shell.home)),
    onChange: () => {
      place.forget()
      context.window = 1
    },
    onPlan: (changes) =>
      context.deps.emit({
        type: 'task:plan',
        host: context.host,
        task: ref,
        ...(task.loop && !secret && { item: typeof item === 'string' ? item : JSON.stringify(item) }),
        changes: secret
          ? [{ summary: 'hidden by no_log' }]
          : changes.map(({ summary, diff }) => ({ summary, ...(diff && showsDiff(context, task, scope) && { diff }) })),
      }),
    step: {
      environment: environmentOf(task, scope),
      signal: context.deps.stop,
      ...(timeout !== undefined && { timeout }),
      ...(context.deps.ask && { ask: context.deps.ask }),
      ...(!secret && {
        onLine: (stream: 'stdout' | 'stderr', text: string) =>
          context.deps.emit({ type: 'task:output', host: context.host, task: ref, stream, text }),
      }),
    },
  })
}

function unfit(problems: readonly Diagnostic[]): Outcome {
  const [first] = problems
  const message = problems.map((one) => one.message).join('; ')
  const failure: Failure = {
    reason: 'invalid-value',
    message,
    ...(first?.at && { at: placeOf(first.at) }),
    ...(first?.hint && { hint: first.hint }),
  }
  return { status: 'failed', result: { failed: true, msg: message }, changes: [], failure }
}

function environmentOf(task: Task, scope: Scope): Record<string, string> {
  const merged: Record<string, string> = {}
  for (const value of task.environment)
    for (const [name, one] of Object.entries((render(value, scope) as Record<string, unknown> | null) ?? {})) merged[name] = String(one)
  return merged
}
