import { type Diagnostic, problem } from '../diagnostic.ts'
import type { LocalFile } from '../module/local-file.ts'
import { type Arguments, parseArguments, renderProblem } from '../playbook/arguments.ts'
import { findInput, inputsOf, missingInput, readInput, renderInput } from '../playbook/inputs.ts'
import type { Reads } from '../playbook/names.ts'
import type { Scope } from '../playbook/scope.ts'
import { readsToPlan } from '../playbook/task-reads.ts'
import type { Task } from '../playbook/tree.ts'
import type { HostContext } from './context.ts'
import type { Prepared } from './questions.ts'

/** Everything a task reads before it can be planned. */
export const readsBefore = (context: HostContext, task: Task): Reads => readsToPlan(task, argumentsOf(context, task))

export const argumentsOf = (context: HostContext, task: Task): Arguments => context.play.args.get(task)!

export type Preparation = { readonly prepared: Prepared } | { readonly problems: readonly Diagnostic[] }

/** A task's parameters rendered and checked, and the controller's files it names, read. */
export async function prepare(context: HostContext, task: Task, scope: Scope, home: string): Promise<Preparation> {
  const parsed = parseArguments(task.module, argumentsOf(context, task), scope, undefined, home)
  if ('problems' in parsed) return parsed
  for (const { path, as } of inputsOf(task.module, parsed.want)) {
    const { found } = findInput(task, path, as)
    if (found && as === 'file' && !context.files.has(found)) context.files.set(found, await readInput(found))
  }
  return withInputs(context, task, parsed.want, scope)
}

/** The same without waiting: undefined when it cannot be told yet. */
export function prepareAhead(context: HostContext, task: Task, scope: Scope, home: string): Prepared | undefined {
  const parsed = parseArguments(task.module, argumentsOf(context, task), scope, undefined, home)
  if ('problems' in parsed) return undefined
  const done = withInputs(context, task, parsed.want, scope)
  return 'prepared' in done ? done.prepared : undefined
}

function withInputs(context: HostContext, task: Task, want: unknown, scope: Scope): Preparation {
  const inputs: Record<string, LocalFile[]> = {}
  for (const { name, path, as } of inputsOf(task.module, want)) {
    const { found, looked } = findInput(task, path, as)
    const at = argumentsOf(context, task).entries.find((one) => one.key === name)?.value.at ?? task.at
    if (!found) return { problems: [missingInput({ path, as }, looked, at)] }
    try {
      const loaded = as === 'template' ? renderInput(found, scope) : context.files.get(found)
      if (!loaded) return { problems: [problem('missing-file', `${found} has not been read yet`, at)] }
      inputs[name] = loaded
    } catch (error) {
      return { problems: [renderProblem(error, at, scope)] }
    }
  }
  return { prepared: { module: task.module, want, inputs } }
}
