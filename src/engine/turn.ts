import { setTimeout as sleep } from 'node:timers/promises'
import type { Diagnostic } from '../diagnostic.ts'
import { LOCALHOST } from '../inventory/inventory.ts'
import { isRemote } from '../module/fact.ts'
import { OMIT } from '../playbook/arguments.ts'
import { assume, NotKnown } from '../playbook/assumed.ts'
import { RenderError, render } from '../playbook/render.ts'
import { dataLayer, type Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { HostLost, type Shell } from '../transport/transport.ts'
import { lookAhead } from './ahead.ts'
import { becomeOf, firstFalse, type HostContext, labelOf, numberOf, placeOf, scopeOf, showsDiff, truthy, truthyOf } from './context.ts'
import type { Failure, TaskRef } from './event.ts'
import { invoke, type Outcome } from './invoke.ts'
import { prepare } from './prepare.ts'

/** The module's work for one item, repeated under `until`, judged by changed_when and failed_when. */
export async function oneTurn(context: HostContext, task: Task, ref: TaskRef, loop: ReadonlyMap<string, unknown>): Promise<Outcome> {
  const scope = scopeOf(context, task, loop)
  const retries = task.until.length === 0 ? 0 : numberOf(task.retries, 3, scope)
  const delay = numberOf(task.delay, 5, scope)
  for (let attempt = 1; ; attempt++) {
    const outcome = judge(task, scope, ref, await carryOut(context, task, scope, ref))
    if (task.until.length === 0 || outcome.assumed) return outcome
    const done = firstFalse(task.until, after(scope, task, outcome, ref)) === undefined
    const result = { ...outcome.result, attempts: attempt }
    if (done) return { ...outcome, result }
    if (attempt > retries) {
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
    if (context.deps.stop.aborted) return { ...outcome, result }
    context.remote.forget()
    context.local.forget()
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

async function carryOut(context: HostContext, task: Task, scope: Scope, ref: TaskRef): Promise<Outcome> {
  const delegated = isDelegated(task, scope)
  const place = delegated ? context.local : context.remote
  const become = becomeOf(context, task, scope, delegated)
  const opened = task.module.controller
    ? { shell: NO_SHELL, cache: place.cacheOf(become) }
    : await place.as(become).catch((error: unknown) => withoutUser(context, error))
  if (!('shell' in opened)) return opened
  const { shell, cache } = opened
  const ready = await prepare(context, task, scope, shell.home)
  if ('problems' in ready) return unfit(ready.problems)
  const { options } = context.program
  const check = task.checkMode ? truthy(render(task.checkMode, scope)) : options.check
  const secret = truthyOf(task.noLog, scope)
  const timeout = task.timeout ? numberOf(task.timeout, 0, scope) : undefined
  return invoke(ready.prepared, {
    shell,
    cache,
    check,
    foresee: options.check,
    onlyReads: task.changedWhen?.every((one) => one.condition.text.trim() === 'false') ?? false,
    secrets: context.deps.secrets,
    clouded: context.cloudedBy,
    leftOut: context.leftOut,
    ahead: () => {
      if (delegated) return []
      const facts = lookAhead(context, task, become?.user ?? '', cache, shell.home)
      return task.module.controller ? facts.filter((fact) => isRemote(fact.kind)) : facts
    },
    onChange: () => {
      // the controller and the host may be one machine, or reach the same thing
      context.remote.forget()
      context.local.forget()
      context.window = 1
    },
    onPlan: (changes) =>
      context.deps.emit({
        type: 'task:plan',
        host: context.host,
        task: ref,
        ...(task.loop && !secret && { item: labelOf(task, scope) }),
        changes: secret
          ? [{ summary: 'hidden by no_log' }]
          : changes.map(({ summary, diff }) => ({ summary, ...(diff && showsDiff(context, task, scope) && { diff }) })),
      }),
    step: {
      http: context.deps.http,
      environment: environmentOf(task, scope),
      signal: context.deps.stop,
      programs: context.deps.programs ?? {},
      dial: async (host, port) => (await place.connection()).dial(host, port),
      ...(timeout !== undefined && { timeout }),
      ...(context.deps.ask && { ask: context.deps.ask }),
      ...(!secret && {
        onLine: (stream: 'stdout' | 'stderr', text: string) =>
          context.deps.emit({ type: 'task:output', host: context.host, task: ref, stream, text }),
      }),
    },
  })
}

/** Stands where a module of the controller has no host to ask. */
const NO_SHELL: Shell = {
  user: '',
  uid: -1,
  home: '',
  request: () => Promise.reject(new Error('a module that works from the controller has asked for a shell of the host')),
}

/** Nobody can work as a user who is not there; in a dry run an earlier task may be about to make it. */
function withoutUser(context: HostContext, error: unknown): Outcome {
  if (!(error instanceof HostLost && error.reason === 'no-user')) throw error
  const { message } = error
  if (context.program.options.check && context.changedBy)
    return { status: 'maybe', result: { changed: false, msg: message }, changes: [], because: context.changedBy, assumed: true }
  return { status: 'failed', result: { failed: true, msg: message }, changes: [], failure: { reason: 'step-failed', message } }
}

/** Tasks can be handed to the controller only; nothing (or omit) is not handed over. */
function isDelegated(task: Task, scope: Scope): boolean {
  if (!task.delegateTo) return false
  const to = render(task.delegateTo, scope)
  if (to === '' || to === null || to === OMIT || to === scope.get('inventory_hostname')) return false
  if (LOCALHOST.includes(String(to))) return true
  throw new RenderError(task.delegateTo.at, new Error(`a task can be delegated to localhost only, not to "${String(to)}"`))
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
    for (const [name, one] of Object.entries((render(value, scope) as Record<string, unknown> | null) ?? {})) {
      if (!/^[A-Za-z_]\w*$/.test(name))
        throw new RenderError(value.at, new Error(`"${name}" cannot be the name of an environment variable`))
      if (one !== OMIT) merged[name] = String(one)
    }
  return merged
}
