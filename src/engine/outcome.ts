import { NotKnown } from '../playbook/assumed.ts'
import { RenderError } from '../playbook/render.ts'
import type { Scope } from '../playbook/scope.ts'
import type { Task } from '../playbook/tree.ts'
import { type HostContext, placeOf, scopeOf, showsDiff } from './context.ts'
import type { Outcome } from './invoke.ts'

/** The outcome of a task and the scope of each of its turns: what its keywords (`notify`, `no_log` …) are read in. */
export interface Whole {
  readonly outcome: Outcome
  readonly turns: readonly { readonly outcome: Outcome; readonly scope: Scope }[]
}

/** Something went wrong before or beside the module: a value that cannot be had, or a bug of ours. */
export function troubled(context: HostContext, error: unknown, task: Task): Outcome {
  const cause = error instanceof RenderError ? error.cause : error
  if (cause instanceof NotKnown && context.program.options.check)
    return { status: 'maybe', result: { changed: false, msg: cause.message }, changes: [], because: cause.task, assumed: true }
  const ours = !(error instanceof RenderError) && !(cause instanceof Error && cause.constructor.name === 'UndefinedVariable')
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

/** What a task's condition left out. */
export const skippedBy = (condition: string): Outcome => ({
  status: 'skipped',
  result: { changed: false, skipped: true, skip_reason: 'Conditional result was False', false_condition: condition },
  changes: [],
})

/** A result under no_log, in Ansible's words. */
export const censored = (result: Record<string, unknown>): Record<string, unknown> => ({
  censored: "the output has been hidden due to the fact that 'no_log: true' was specified for this result",
  changed: result.changed ?? false,
  failed: result.failed ?? false,
})

/** A result without its diff where none is wanted. */
export function shown(context: HostContext, task: Task, result: Record<string, unknown>): Record<string, unknown> {
  if (!('diff' in result) || showsDiff(context, task, scopeOf(context, task))) return result
  const { diff: _, ...rest } = result
  return rest
}
