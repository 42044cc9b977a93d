import { setTimeout as sleep } from 'node:timers/promises'
import { assume } from '../playbook/assumed.ts'
import { RenderError, readsOf } from '../playbook/render.ts'
import type { Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { HostLost } from '../transport/transport.ts'
import { itemsOf } from './ahead.ts'
import { firstFalse, type HostContext, labelOf, numberOf, scopeOf, truthyOf } from './context.ts'
import type { Status, TaskRef } from './event.ts'
import type { Outcome } from './invoke.ts'
import { rememberFacts } from './memory.ts'
import { censored, shown, skippedBy, troubled, type Whole } from './outcome.ts'
import { oneTurn } from './turn.ts'

/** A task once for each item of its loop. */
export async function everyTurn(context: HostContext, task: Task, ref: TaskRef, scope: Scope): Promise<Whole> {
  let items: ReadonlyMap<string, unknown>[]
  try {
    items = itemsOf(task, scope)
  } catch (error) {
    throw error instanceof RenderError ? error : new RenderError(task.loop!.at, error)
  }
  const none: Outcome = {
    status: 'skipped',
    result: { changed: false, skipped: true, skipped_reason: 'No items in the list', results: [] },
    changes: [],
  }
  if (items.length === 0) return { outcome: none, turns: [] }
  const turns: { outcome: Outcome; scope: Scope }[] = []
  for (const [i, loop] of items.entries()) {
    if (i > 0 && task.loopPause)
      await sleep(numberOf(task.loopPause, 0, scope) * 1000, undefined, { signal: context.deps.stop }).catch(() => undefined)
    if (context.deps.stop.aborted) break
    context.turnsLeft = items.slice(i + 1)
    const inner = scopeOf(context, task, loop)
    const turn = { outcome: await turnOf(context, task, ref, loop, inner), scope: inner }
    turns.push(turn)
    rememberFacts(context, task, turn.outcome, ref)
    tell(context, task, ref, turn)
  }
  context.turnsLeft = []
  return {
    outcome: together(
      turns.map((turn) => turn.outcome),
      ref,
    ),
    turns,
  }
}

async function turnOf(context: HostContext, task: Task, ref: TaskRef, loop: ReadonlyMap<string, unknown>, scope: Scope): Promise<Outcome> {
  const named = (outcome: Outcome): Outcome => ({
    ...outcome,
    result: {
      changed: false,
      failed: outcome.status === 'failed',
      ...outcome.result,
      [task.loopVar]: loop.get(task.loopVar),
      ansible_loop_var: task.loopVar,
    },
  })
  try {
    const no = firstFalse(task.when, scope)
    return named(no ? skippedBy(no) : await oneTurn(context, task, ref, loop))
  } catch (error) {
    if (error instanceof HostLost) throw error
    return named(troubled(context, error, task))
  }
}

function tell(context: HostContext, task: Task, ref: TaskRef, { outcome, scope }: { outcome: Outcome; scope: Scope }): void {
  const secret = truthyOf(task.noLog, scope)
  context.deps.emit({
    type: 'task:item',
    host: context.host,
    task: ref,
    item: secret ? '(hidden)' : labelOf(task, scope),
    status: outcome.status,
    result: secret ? censored(outcome.result) : shown(context, task, outcome.result),
    ...(outcome.failure && !secret && { failure: outcome.failure }),
  })
}

function together(outcomes: readonly Outcome[], ref: TaskRef): Outcome {
  const having = (status: Status) => outcomes.find((one) => one.status === status)
  const first = having('failed') ?? having('maybe')
  const status: Status = (['failed', 'changed', 'maybe', 'ok'] as const).find(having) ?? 'skipped'
  const msg = status === 'failed' ? 'One or more items failed' : status === 'skipped' ? 'All items skipped' : 'All items completed'
  const results = outcomes.map((one) => (one.assumed ? assume(one.result, ref.name) : one.result))
  return {
    status,
    result: { changed: outcomes.some((one) => one.result.changed === true), results, msg, ...(status === 'skipped' && { skipped: true }) },
    changes: outcomes.flatMap((one) => one.changes),
    ...(first?.failure && { failure: first.failure }),
    ...(status === 'maybe' && first?.because && { because: first.because }),
    ...(outcomes.some((one) => one.assumed) && { assumed: true as const }),
    ...(outcomes.some((one) => one.opaque) && { opaque: true as const }),
  }
}

/** A loop that a condition leaves out still registers a skipped result for each item, where there are items. */
export function skippedLoop(task: Task, scope: Scope, condition: string): Outcome {
  const skipped = skippedBy(condition)
  if (!scope.ready(readsOf(task.loop!))) return skipped
  try {
    const results = itemsOf(task, scope).map((loop) => ({
      ...skipped.result,
      [task.loopVar]: loop.get(task.loopVar),
      ansible_loop_var: task.loopVar,
    }))
    return { ...skipped, result: { ...skipped.result, results } }
  } catch {
    return skipped // a list that cannot be made is no fault of a task that does not run
  }
}
